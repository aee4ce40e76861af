//! Signing in through a provider that runs on loopback: who comes in, and everything that is refused.

use axum::http::header;
use engine::account::{Role, UserRow, UserState};
use reqwest::Url;
use serde_json::{Value, json};

use super::simulated::{CLIENT, Simulated};
use crate::accounts::stage::{Answered, Browser, Stage};
use crate::accounts::totp;

/// A server with one provider, and an admin's browser.
struct Scene {
    stage: Stage,
    provider: Simulated,
    admin: Browser,
}

/// A browser that was sent to the provider.
struct Sent {
    to: Url,
    cookie: String,
}

impl Scene {
    async fn new(more: Value) -> Self {
        let (stage, provider) = (Stage::new().await, Simulated::start().await);
        let admin = stage.somebody(Role::Admin, true).await;
        let admin = stage.signed_in(&admin).await;
        let mut about = json!({
            "id": "work", "name": "Work account", "issuer": provider.issuer, "client_id": CLIENT.0, "secret": CLIENT.1,
        });
        about.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let scene = Self { stage, provider, admin };
        scene.configure(json!([about])).await.good();
        scene
    }

    /// Puts providers into the settings.
    async fn configure(&self, providers: Value) -> Answered {
        let settings = self.stage.ask(&self.admin, "GET /settings", Value::Null).await.good();
        let revision = format!("\"{}\"", settings["revision"].as_str().unwrap());
        let mut body = settings;
        for field in ["revision", "changed_by", "changed_at"] {
            body.as_object_mut().unwrap().remove(field);
        }
        body["oidc"] = providers;
        self.stage.send(&self.admin, "PUT /settings", body, &[("if-match", &revision)]).await
    }

    /// Presses the button.
    async fn press(&self) -> Sent {
        let answered = self.stage.ask(&Browser::default(), "GET /oidc/work", Value::Null).await;
        let cookie = carried(&answered).unwrap();
        Sent { to: Url::parse(location(&answered)).unwrap(), cookie }
    }

    /// What an honest provider says of `email`, with changes.
    fn claims(&self, sent: &Sent, email: &str, changes: &Value) -> Value {
        let now = self.stage.app.clock.now().0 / 1000;
        let mut claims = json!({
            "iss": self.provider.issuer, "aud": CLIENT.0, "sub": format!("of {}", email.to_lowercase()), "iat": now, "exp": now + 300,
            "nonce": query(&sent.to, "nonce"), "email": email, "email_verified": true, "name": "Mia Rossi",
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    }

    /// Comes back with a code.
    async fn come_back(&self, sent: &Sent, code: &str) -> Answered {
        let what = format!("GET /oidc/work/callback?code={code}&state={}", query(&sent.to, "state"));
        let cookie = format!("oidc={}", sent.cookie);
        self.stage.send(&Browser::default(), &what, Value::Null, &[("cookie", &cookie)]).await
    }

    /// The whole way with what the provider says changed.
    async fn enter(&self, email: &str, changes: Value) -> Answered {
        let sent = self.press().await;
        let code = self.provider.code(&sent.to, self.claims(&sent, email, &changes));
        self.come_back(&sent, &code).await
    }

    async fn invited(&self, email: &str) -> UserRow {
        let body = json!({ "name": "Mia", "email": email, "role": "ops" });
        let made = self.stage.ask(&self.admin, "POST /users", body).await.good();
        self.stage.user(made["user"]["id"].as_str().unwrap().parse().unwrap()).await
    }

    /// What the log says of sign-ins: (what, why or provider).
    async fn told(&self) -> Vec<(String, String)> {
        let log = self.stage.log().await.into_iter();
        let of = |data: &Value| data["why"].as_str().or(data["provider"].as_str()).unwrap_or_default().to_owned();
        log.filter(|(what, ..)| what.starts_with("user.") && what != "user.invited")
            .map(|(what, _, _, data)| (what, of(&data)))
            .collect()
    }
}

fn location(answered: &Answered) -> &str {
    assert_eq!(answered.status, 303, "{}", answered.body);
    answered.headers[header::LOCATION].to_str().unwrap()
}

fn query(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned()
}

fn set(answered: &Answered, name: &str) -> Option<String> {
    let all = answered.headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    let found = all.filter_map(|value| value.strip_prefix(name)?.strip_prefix('=')?.split(';').next()).next()?;
    Some(found.to_owned()).filter(|value| !value.is_empty())
}

fn carried(answered: &Answered) -> Option<String> {
    set(answered, "oidc")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_who_was_invited_comes_in_by_a_verified_address() {
    let scene = Scene::new(json!({})).await;
    let user = scene.invited("mia@example.com").await;
    let outside = scene.stage.ask(&Browser::default(), "GET /session", Value::Null).await;
    assert_eq!(outside.body["error"]["details"]["oidc"], json!([{ "id": "work", "name": "Work account" }]));

    let sent = scene.press().await;
    assert!(sent.to.as_str().starts_with(&format!("{}/authorize?tenant=a&", scene.provider.issuer)));
    assert_eq!(query(&sent.to, "redirect_uri"), "https://flows.example.com/api/v1/oidc/work/callback");
    let code = scene.provider.code(&sent.to, scene.claims(&sent, "Mia@Example.com", &json!({})));
    let answered = scene.come_back(&sent, &code).await;
    assert_eq!(location(&answered), "/");
    assert_eq!(carried(&answered), None);

    let browser = Browser { cookie: set(&answered, "session"), ..Browser::default() };
    let session = scene.stage.ask(&browser, "GET /session", Value::Null).await.good();
    assert_eq!(
        (session["user"]["email"].as_str(), session["user"]["role"].as_str()),
        (Some("mia@example.com"), Some("ops"))
    );
    let after = scene.stage.user(user.id).await;
    assert_eq!((after.state, after.password), (UserState::Active, None));
    let told = |what: &str| (what.to_owned(), "work".to_owned());
    assert_eq!(scene.told().await, [told("user.bound"), told("user.signed_in")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_the_subjects_that_came_first_whatever_becomes_of_the_address() {
    let scene = Scene::new(json!({})).await;
    let user = scene.invited("mia@example.com").await;
    let enters = async |email: &str, changes: Value| location(&scene.enter(email, changes).await).to_owned();
    assert_eq!(enters("mia@example.com", json!({ "sub": "s-1" })).await, "/");
    // The address changed at the provider, or is not told any more.
    let answered = scene.enter("m.rossi@example.com", json!({ "sub": "s-1" })).await;
    let browser = Browser { cookie: set(&answered, "session"), ..Browser::default() };
    let session = scene.stage.ask(&browser, "GET /session", Value::Null).await.good();
    assert_eq!(session["user"]["email"], "mia@example.com");
    assert_eq!(enters("", json!({ "sub": "s-1", "email_verified": null })).await, "/");
    // Somebody else got the old address there.
    assert_eq!(enters("mia@example.com", json!({ "sub": "s-2" })).await, "/sign-in?refused=bound_to_another");

    let unbind = async |revision: String| {
        let what = format!("DELETE /users/{}/identity", user.id);
        scene.stage.send(&scene.admin, &what, Value::Null, &[("if-match", &format!("\"{revision}\""))]).await
    };
    let now = scene.stage.user(user.id).await;
    assert_eq!(unbind((now.rev - 1).to_string()).await.bad(), (409, "changed"));
    let unbound = unbind(now.rev.to_string()).await.good();
    assert_eq!(unbound["bound_to"], Value::Null);
    assert_eq!(scene.stage.ask(&browser, "GET /session", Value::Null).await.bad(), (401, "signed_out"));
    assert_eq!(unbind(unbound["revision"].as_str().unwrap().to_owned()).await.bad(), (409, "refused"));
    assert_eq!(enters("mia@example.com", json!({ "sub": "s-2" })).await, "/");
    assert_eq!(enters("mia@example.com", json!({ "sub": "s-1" })).await, "/sign-in?refused=bound_to_another");
    let issuer = scene.stage.user(user.id).await.identity.unwrap().issuer;
    assert_eq!(issuer, scene.provider.issuer);
    let told: Vec<String> = scene.told().await.into_iter().map(|(what, _)| what).collect();
    assert_eq!(told.iter().filter(|what| *what == "user.bound").count(), 2, "{told:?}");
    assert!(told.contains(&"user.unbound".to_owned()), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_not_to_be_believed_lets_nobody_in() {
    let scene = Scene::new(json!({})).await;
    scene.invited("mia@example.com").await;
    let now = scene.stage.app.clock.now().0 / 1000;
    for (changes, why) in [
        (json!({ "nonce": "another" }), "not_believed"),
        (json!({ "nonce": null }), "not_believed"),
        (json!({ "aud": "somebody-else" }), "not_believed"),
        (json!({ "aud": [CLIENT.0, "somebody-else"] }), "not_believed"),
        (json!({ "azp": "somebody-else" }), "not_believed"),
        (json!({ "iss": "https://evil.example.com" }), "not_believed"),
        (json!({ "exp": now - 61 }), "not_believed"),
        (json!({ "iat": now + 120 }), "not_believed"),
        (json!({ "iat": now - 3600 }), "not_believed"),
        (json!({ "nbf": now + 120 }), "not_believed"),
        (json!({ "sub": "" }), "not_believed"),
        (json!({ "email_verified": false }), "email_unverified"),
        (json!({ "email_verified": null }), "email_unverified"),
        (json!({ "email": "" }), "email_unverified"),
        (json!({ "email": "stranger@example.com" }), "not_invited"),
    ] {
        let answered = scene.enter("mia@example.com", changes.clone()).await;
        assert_eq!(location(&answered), format!("/sign-in?refused={why}"), "{changes}");
        assert_eq!(set(&answered, "session"), None);
    }
    let told = scene.told().await;
    assert_eq!(told.len(), 15);
    assert!(told.iter().all(|(what, _)| what == "user.sign_in_failed"));
    let answered = scene.enter("mia@example.com", json!({ "aud": [CLIENT.0], "email_verified": "true" })).await;
    assert_eq!(location(&answered), "/");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_another_providers_key_is_refused() {
    let scene = Scene::new(json!({})).await;
    scene.invited("mia@example.com").await;
    let (sent, other) = (scene.press().await, Simulated::start().await);
    // Both know the code; the keys are asked from ours, the token comes from the other.
    let code = other.code(&sent.to, scene.claims(&sent, "mia@example.com", &json!({})));
    let answered = scene.come_back(&sent, &code).await;
    assert_eq!(location(&answered), "/sign-in?refused=provider_failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_counts_once_and_only_in_the_browser_that_was_sent() {
    let scene = Scene::new(json!({})).await;
    scene.invited("mia@example.com").await;
    let sent = scene.press().await;
    let code = scene.provider.code(&sent.to, scene.claims(&sent, "mia@example.com", &json!({})));
    let refused = |answered: &Answered| location(answered).to_owned();

    let other = Sent { to: sent.to.clone(), cookie: scene.press().await.cookie };
    assert_eq!(refused(&scene.come_back(&other, &code).await), "/sign-in?refused=stale");
    let none = Sent { to: sent.to.clone(), cookie: String::new() };
    assert_eq!(refused(&scene.come_back(&none, &code).await), "/sign-in?refused=stale");
    assert_eq!(location(&scene.come_back(&sent, &code).await), "/");
    assert_eq!(refused(&scene.come_back(&sent, &code).await), "/sign-in?refused=provider_failed");
    // A code that was asked for with another verifier.
    let (one, two) = (scene.press().await, scene.press().await);
    let stolen = scene.provider.code(&one.to, scene.claims(&two, "mia@example.com", &json!({})));
    assert_eq!(refused(&scene.come_back(&two, &stolen).await), "/sign-in?refused=provider_failed");
    // Too late.
    let late = scene.press().await;
    let code = scene.provider.code(&late.to, scene.claims(&late, "mia@example.com", &json!({})));
    scene.stage.later(601);
    assert_eq!(refused(&scene.come_back(&late, &code).await), "/sign-in?refused=stale");
    // The person said no.
    let denied = scene.press().await;
    let what = format!("GET /oidc/work/callback?error=access_denied&state={}", query(&denied.to, "state"));
    let cookie = format!("oidc={}", denied.cookie);
    let answered = scene.stage.send(&Browser::default(), &what, Value::Null, &[("cookie", &cookie)]).await;
    assert_eq!(refused(&answered), "/sign-in?refused=denied");
    // Strangers without the cookie do not fill the log.
    let told = scene.told().await;
    assert!(!told.iter().any(|(_, why)| why == "stale"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn newcomers_of_a_domain_get_its_role_and_others_stay_outside() {
    let scene = Scene::new(json!({ "domains": ["example.com"], "newcomers": "agent" })).await;
    assert_eq!(location(&scene.enter("li@example.com", json!({})).await), "/");
    assert_eq!(location(&scene.enter("li@other.com", json!({})).await), "/sign-in?refused=domain_refused");
    let users = scene.stage.ask(&scene.admin, "GET /users", Value::Null).await.good();
    let li = users["users"].as_array().unwrap().iter().find(|user| user["email"] == "li@example.com").unwrap();
    assert_eq!((li["role"].as_str(), li["name"].as_str()), (Some("agent"), Some("Mia Rossi")));
    // A subject we know does not come in any more from another domain.
    let moved = json!({ "sub": "of li@example.com" });
    assert_eq!(location(&scene.enter("li@other.com", moved).await), "/sign-in?refused=domain_refused");
    // Whoever was switched off stays off.
    let what = format!("PATCH /users/{}", li["id"].as_str().unwrap());
    let revision = format!("\"{}\"", li["revision"].as_str().unwrap());
    scene.stage.send(&scene.admin, &what, json!({ "active": false }), &[("if-match", &revision)]).await.good();
    assert_eq!(location(&scene.enter("li@example.com", json!({})).await), "/sign-in?refused=switched_off");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_factor_of_ours_is_asked_for_besides() {
    let scene = Scene::new(json!({})).await;
    let user = scene.stage.somebody(Role::Ops, false).await;
    let browser = scene.stage.signed_in(&user).await;
    let begun = scene.stage.ask(&browser, "POST /me/totp", json!({})).await.good();
    let secret = totp_rs::Secret::try_from_base32(begun["secret"].as_str().unwrap()).unwrap();
    let code = |stage: &Stage| totp::code(&secret, stage.app.clock.now());
    scene.stage.ask(&browser, "POST /me/totp/confirm", json!({ "code": code(&scene.stage) })).await.good();
    scene.stage.later(60);

    let answered = scene.enter(&user.email, json!({})).await;
    assert_eq!(location(&answered), "/sign-in?code=work");
    assert_eq!(set(&answered, "session"), None);
    assert_eq!(scene.stage.user(user.id).await.identity, None, "the provider's word alone binds nothing");
    let cookie = format!("oidc={}", carried(&answered).unwrap());
    let finish = async |code: &str, cookie: &str| {
        scene.stage.send(&Browser::default(), "POST /oidc/work", json!({ "code": code }), &[("cookie", cookie)]).await
    };
    assert_eq!(finish("000000", &cookie).await.bad(), (401, "code_needed"));
    assert_eq!(finish(&code(&scene.stage), "oidc=none").await.bad(), (410, "link_gone"));
    let entered = finish(&code(&scene.stage), &cookie).await;
    assert!(set(&entered, "session").is_some());
    assert_eq!(entered.good()["user"]["email"], user.email.as_str());
    assert!(scene.stage.user(user.id).await.identity.is_some());
    // The code was used.
    assert_eq!(finish(&code(&scene.stage), &cookie).await.bad(), (401, "code_needed"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_secret_is_only_ever_written_and_goes_to_no_other_issuer() {
    let scene = Scene::new(json!({})).await;
    let settings = scene.stage.ask(&scene.admin, "GET /settings", Value::Null).await.good();
    let shown = &settings["oidc"][0];
    assert_eq!((&shown["secret"], &shown["sealed"]), (&Value::Null, &Value::Null));
    assert!(!scene.stage.log().await.iter().any(|(.., data)| data.to_string().contains("sealed")));
    // Left out, it stays.
    scene.configure(json!([shown])).await.good();
    scene.invited("mia@example.com").await;
    assert_eq!(location(&scene.enter("mia@example.com", json!({})).await), "/");
    // With another issuer it is gone: the provider does not know us any more.
    let mut other = shown.clone();
    other["client_id"] = json!("somebody-else");
    scene.configure(json!([other])).await.good();
    assert!(scene.stage.app.sign_in.settings().oidc[0].sealed.is_empty());

    for (field, value) in [
        ("issuer", json!("http://id.example.com")),
        ("id", json!("A b")),
        ("newcomers", json!("agent")),
        ("domains", json!(["Example.com"])),
        ("client_id", json!(" ")),
        ("name", json!("")),
    ] {
        let mut wrong = shown.clone();
        wrong[field] = value;
        assert_eq!(scene.configure(json!([wrong])).await.bad(), (400, "bad_request"), "{field}");
    }
    assert_eq!(scene.configure(json!([shown, shown])).await.bad(), (400, "bad_request"));
}
