//! Signing in, seen from the outside: HTTP through the router, the log read back, a clock that stands still.

use engine::account::{Accounts, Role, UserState};
use serde_json::{Value, json};

use super::stage::{Browser, PASSWORD, Stage, cookie_of};
use super::totp;

const HERE: &str = "192.0.2.10";

/// What the log says of changes, without the times: `what id by`.
async fn said(stage: &Stage, about: &str) -> Vec<String> {
    let log = stage.log().await;
    log.into_iter().filter(|row| row.0.starts_with(about)).map(|(what, _, by, _)| format!("{what} by {by}")).collect()
}

/// The token of a link such as `/setup#…`.
fn token(link: &Value) -> String {
    link.as_str().unwrap().split_once('#').unwrap().1.to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_admin_comes_through_a_link_that_works_once() {
    let stage = Stage::new().await;
    let out = stage.ask(&Browser::default(), "GET /session", Value::Null).await;
    assert_eq!((out.bad(), &out.body["error"]["details"]["setup_needed"]), ((401, "signed_out"), &json!(true)));
    let old = token(&stage.trusted("POST /setup/link", json!({})).await.good()["setup"]);
    let link = token(&stage.trusted("POST /setup/link", json!({})).await.good()["setup"]);
    let body = |token: &str| json!({ "token": token, "name": "Mia", "email": "Mia@Example.com", "password": PASSWORD });
    let nobody = Browser::default();
    assert_eq!(stage.ask(&nobody, "POST /setup", body(&old)).await.bad(), (410, "link_gone"));
    assert_eq!(stage.ask(&nobody, "POST /setup", body("guess")).await.bad(), (410, "link_gone"));
    let weak = json!({ "token": link, "name": "Mia", "email": "mia@example.com", "password": "short" });
    assert_eq!(stage.ask(&nobody, "POST /setup", weak).await.bad(), (400, "bad_request"));

    let set_up = stage.ask(&nobody, "POST /setup", body(&link)).await;
    let cookie = set_up.headers["set-cookie"].to_str().unwrap().to_owned();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Secure", "Max-Age=604800"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let mia =
        Browser { cookie: cookie_of(&set_up), csrf: set_up.body["csrf"].as_str().map(str::to_owned), address: None };
    assert_eq!(set_up.good()["user"]["email"], "mia@example.com");
    assert_eq!(stage.ask(&nobody, "POST /setup", body(&link)).await.bad(), (410, "link_gone"));
    let session = stage.ask(&mia, "GET /session", Value::Null).await.good();
    assert_eq!((&session["user"]["role"], &session["csrf"]), (&json!("admin"), &json!(mia.csrf)));
    assert!(stage.ask(&nobody, "GET /session", Value::Null).await.body["error"]["details"]["setup_needed"] == false);
    assert_eq!(said(&stage, "setup").await, ["setup.link_made by cli", "setup.link_made by cli"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_told_whether_there_is_somebody() {
    let stage = Stage::new().await;
    let mia = stage.somebody(Role::Ops, false).await;
    let off = stage.somebody(Role::Ops, false).await;
    let admin = stage.signed_in(&stage.somebody(Role::Admin, false).await).await;
    let at = format!("PATCH /users/{}", off.id);
    stage.send(&admin, &at, json!({ "active": false }), &[("if-match", "\"1\"")]).await.good();
    let mut answers = Vec::new();
    for (email, password) in
        [(mia.email.as_str(), "not the password"), ("nobody@example.com", PASSWORD), (off.email.as_str(), PASSWORD)]
    {
        let (_, answer) = stage.sign_in(email, password, None, HERE).await;
        assert_eq!(answer.headers.get("set-cookie"), None);
        answers.push((answer.status, answer.body));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(answers[0].0, 401);
    let (_, good) = stage.sign_in(&mia.email.to_uppercase(), PASSWORD, None, HERE).await;
    good.good();
    // The log knows whom it concerned, and nothing that was typed.
    let log = stage.log().await;
    let failed: Vec<_> = log.iter().filter(|row| row.0 == "user.sign_in_failed").collect();
    assert_eq!(
        failed.iter().map(|row| row.1.clone()).collect::<Vec<_>>(),
        [mia.id.to_string(), "unknown".into(), off.id.to_string()]
    );
    assert!(failed.iter().all(|row| row.3["from"] == HERE && row.2 == "nobody"), "{failed:?}");
    let text = format!("{log:?}");
    assert!(!text.contains("nobody@example.com") && !text.contains("not the password") && !text.contains(PASSWORD));
    assert_eq!(said(&stage, "user.signed_in").await, [format!("user.signed_in by user:{} {}", mia.id, mia.name)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_is_slowed_and_the_log_is_told_once() {
    let stage = Stage::new().await;
    let mia = stage.somebody(Role::Ops, false).await;
    for _ in 0..5 {
        assert_eq!(stage.sign_in(&mia.email, "a wrong password", None, HERE).await.1.bad().0, 401);
    }
    for _ in 0..3 {
        let (_, answer) = stage.sign_in(&mia.email, PASSWORD, None, HERE).await;
        assert_eq!(answer.bad(), (429, "too_many_tries"), "the right password does not help");
        assert_eq!(answer.headers["retry-after"], "2");
    }
    assert_eq!(said(&stage, "user.throttled").await, ["user.throttled by nobody"]);
    stage.later(2);
    stage.sign_in(&mia.email, PASSWORD, None, HERE).await.1.good();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ends_when_it_rests_and_when_it_is_old() {
    let stage = Stage::new().await;
    let mia = stage.somebody(Role::Ops, false).await;
    let hour = 60 * 60;
    let browser = stage.signed_in(&mia).await;
    stage.later(12 * hour - 1);
    stage.ask(&browser, "GET /session", Value::Null).await.good();
    stage.later(12 * hour);
    assert_eq!(stage.ask(&browser, "GET /session", Value::Null).await.bad(), (401, "signed_out"));
    assert_eq!(stage.ask(&browser, "GET /flows", Value::Null).await.bad(), (401, "unauthorized"));
    // Used all the time, it ends after a week.
    let browser = stage.signed_in(&mia).await;
    for _ in 0..16 {
        stage.ask(&browser, "GET /session", Value::Null).await.good();
        stage.later(10 * hour);
    }
    stage.ask(&browser, "GET /session", Value::Null).await.good();
    stage.later(8 * hour);
    assert_eq!(stage.ask(&browser, "GET /session", Value::Null).await.bad(), (401, "signed_out"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_ends_this_session_or_all_of_them() {
    let stage = Stage::new().await;
    let mia = stage.somebody(Role::Viewer, false).await;
    let (one, two, three) = (stage.signed_in(&mia).await, stage.signed_in(&mia).await, stage.signed_in(&mia).await);
    let out = stage.ask(&one, "DELETE /session", Value::Null).await;
    assert!(out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(stage.ask(&one, "GET /session", Value::Null).await.bad().0, 401);
    stage.ask(&two, "GET /session", Value::Null).await.good();
    stage.ask(&two, "POST /me/sign-out-everywhere", json!({})).await.good();
    assert_eq!(stage.ask(&three, "GET /session", Value::Null).await.bad().0, 401);
    // An admin does the same for others; a restart brings nothing back.
    let four = stage.signed_in(&mia).await;
    stage.trusted(&format!("POST /users/{}/sign-out", mia.id), json!({})).await.good();
    assert_eq!(stage.ask(&four, "GET /session", Value::Null).await.bad().0, 401);
    let five = stage.signed_in(&mia).await;
    let stage = stage.again().await;
    assert_eq!(stage.ask(&one, "GET /session", Value::Null).await.bad().0, 401);
    stage.ask(&five, "GET /session", Value::Null).await.good();
    let by = format!("user:{} {}", mia.id, mia.name);
    assert_eq!(
        said(&stage, "user.signed_out").await,
        [format!("user.signed_out by {by}"), format!("user.signed_out by {by}"), "user.signed_out by cli".into()]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_needs_the_sessions_token_and_no_other_site_may_write() {
    let stage = Stage::new().await;
    let mia = stage.somebody(Role::Ops, true).await;
    let browser = stage.signed_in(&mia).await;
    let other = stage.signed_in(&mia).await;
    for csrf in [None, Some("guess".to_owned()), other.csrf] {
        let forged = Browser { csrf, ..browser.clone() };
        assert_eq!(stage.ask(&forged, "PATCH /me", json!({ "theme": "dark" })).await.bad(), (403, "csrf"));
    }
    let body = json!({ "email": mia.email, "password": PASSWORD });
    for site in ["cross-site", "same-site"] {
        let there = [("sec-fetch-site", site)];
        assert_eq!(stage.send(&Browser::default(), "POST /session", body.clone(), &there).await.bad().0, 403);
    }
    stage.send(&browser, "PATCH /me", json!({ "theme": "dark" }), &[("sec-fetch-site", "same-origin")]).await.good();
    assert_eq!(stage.user(mia.id).await.theme, "dark");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_is_taken_once_and_a_new_one_replaces_it() {
    let stage = Stage::new().await;
    let admin = stage.signed_in(&stage.somebody(Role::Admin, false).await).await;
    let invite = json!({ "name": "Ugo", "email": "ugo@example.com", "role": "agent" });
    let invited = stage.ask(&admin, "POST /users", invite.clone()).await.good();
    assert_eq!(invited["user"]["state"], "invited");
    assert_eq!(stage.ask(&admin, "POST /users", invite).await.bad(), (409, "taken"));
    let first = token(&invited["invitation"]);
    let id = invited["user"]["id"].as_str().unwrap().to_owned();
    let renewed = stage.ask(&admin, &format!("POST /users/{id}/invitation"), json!({})).await.good();
    let second = token(&renewed["invitation"]);
    let nobody = Browser::default();
    let accept = |token: &str| json!({ "token": token, "password": PASSWORD, "name": "Ugo Bianchi" });
    assert_eq!(stage.ask(&nobody, "POST /invitation", accept(&first)).await.bad(), (410, "link_gone"));
    assert_eq!(
        stage
            .ask(
                &nobody,
                "POST /setup",
                json!({ "token": second, "name": "U", "email": "u@example.com", "password": PASSWORD })
            )
            .await
            .bad(),
        (410, "link_gone")
    );
    let welcome = stage.ask(&nobody, "POST /invitation", accept(&second)).await;
    assert!(cookie_of(&welcome).is_some());
    assert_eq!(welcome.good()["user"]["name"], "Ugo Bianchi");
    assert_eq!(stage.ask(&nobody, "POST /invitation", accept(&second)).await.bad(), (410, "link_gone"));
    stage.sign_in("ugo@example.com", PASSWORD, None, HERE).await.1.good();
    // A link ends after a week.
    let late = token(&stage.trusted(&format!("POST /users/{id}/invitation"), json!({})).await.good()["invitation"]);
    stage.later(7 * 24 * 60 * 60);
    assert_eq!(stage.ask(&nobody, "POST /invitation", accept(&late)).await.bad(), (410, "link_gone"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_password_ends_all_other_sessions() {
    let stage = Stage::new().await;
    let mia = stage.somebody(Role::Viewer, false).await;
    let (here, there) = (stage.signed_in(&mia).await, stage.signed_in(&mia).await);
    let new = "another four words";
    let wrong = json!({ "old": "not the password", "new": new });
    assert_eq!(stage.ask(&here, "POST /me/password", wrong).await.bad(), (401, "wrong_credentials"));
    stage.ask(&here, "POST /me/password", json!({ "old": PASSWORD, "new": new })).await.good();
    stage.ask(&here, "GET /session", Value::Null).await.good();
    assert_eq!(stage.ask(&there, "GET /session", Value::Null).await.bad().0, 401);
    assert_eq!(stage.sign_in(&mia.email, PASSWORD, None, HERE).await.1.bad().0, 401);
    stage.sign_in(&mia.email, new, None, HERE).await.1.good();
    // The new one is kept at its full cost.
    assert!(stage.user(mia.id).await.password.unwrap().expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
}

/// Sets up a second factor; its secret and recovery codes.
async fn enrol(stage: &Stage, browser: &Browser) -> (Vec<u8>, Vec<String>) {
    let begun = stage.ask(browser, "POST /me/totp", json!({})).await.good();
    assert!(begun["otpauth"].as_str().unwrap().starts_with("otpauth://totp/"));
    let secret = totp_rs::Secret::try_from_base32(begun["secret"].as_str().unwrap()).unwrap();
    let secret = secret.as_ref().to_vec();
    assert_eq!(stage.ask(browser, "POST /me/totp/confirm", json!({ "code": "000000" })).await.bad().0, 400);
    let code = totp::code(&secret, stage.app.clock.now());
    let done = stage.ask(browser, "POST /me/totp/confirm", json!({ "code": code })).await.good();
    let codes: Vec<String> = serde_json::from_value(done["recovery_codes"].clone()).unwrap();
    (secret, codes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_factor_counts_once_and_a_recovery_code_too() {
    let stage = Stage::new().await;
    let mia = stage.somebody(Role::Ops, false).await;
    let browser = stage.signed_in(&mia).await;
    let (secret, codes) = enrol(&stage, &browser).await;
    // The database holds neither the secret nor a code.
    let row = stage.user(mia.id).await;
    assert!(row.totp_on && !row.totp.windows(secret.len()).any(|part| part == secret));

    assert_eq!(stage.sign_in(&mia.email, PASSWORD, None, HERE).await.1.bad(), (401, "code_needed"));
    assert_eq!(
        stage.sign_in(&mia.email, "a wrong password", Some("123456"), HERE).await.1.bad(),
        (401, "wrong_credentials")
    );
    let used = totp::code(&secret, stage.app.clock.now());
    let (_, again) = stage.sign_in(&mia.email, PASSWORD, Some(&used), HERE).await;
    assert_eq!(
        (again.bad(), &again.body["error"]["details"]["wrong"]),
        ((401, "code_needed"), &json!(true)),
        "it confirmed the factor already"
    );
    stage.later(30);
    let fresh = totp::code(&secret, stage.app.clock.now());
    stage.sign_in(&mia.email, PASSWORD, Some(&fresh), HERE).await.1.good();
    assert_eq!(stage.sign_in(&mia.email, PASSWORD, Some(&fresh), HERE).await.1.bad(), (401, "code_needed"));

    stage.sign_in(&mia.email, PASSWORD, Some(&codes[3].to_uppercase()), HERE).await.1.good();
    assert_eq!(stage.sign_in(&mia.email, PASSWORD, Some(&codes[3]), HERE).await.1.bad(), (401, "code_needed"));
    assert_eq!(stage.app.engine.store().codes_left(mia.id).await.unwrap(), 9);
    // Taken away with the password; then it is not asked for.
    let (browser, _) = stage.sign_in(&mia.email, PASSWORD, Some(&codes[4]), HERE).await;
    assert_eq!(stage.ask(&browser, "DELETE /me/totp", json!({ "password": "no" })).await.bad().0, 401);
    stage.ask(&browser, "DELETE /me/totp", json!({ "password": PASSWORD })).await.good();
    stage.sign_in(&mia.email, PASSWORD, None, HERE).await.1.good();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_needs_a_second_factor_may_nothing_before_it_has_one() {
    let stage = Stage::new().await;
    let ops = stage.somebody(Role::Ops, false).await;
    let admin = stage.signed_in(&stage.somebody(Role::Admin, false).await).await;
    let mut settings = stage.ask(&admin, "GET /settings", Value::Null).await.good();
    for shown in ["revision", "changed_by", "changed_at"] {
        settings.as_object_mut().unwrap().remove(shown);
    }
    settings["require_totp"] = json!(["ops"]);
    assert_eq!(stage.ask(&admin, "PUT /settings", settings.clone()).await.bad(), (428, "revision_needed"));
    stage.send(&admin, "PUT /settings", settings.clone(), &[("if-match", "\"0\"")]).await.good();
    assert_eq!(stage.send(&admin, "PUT /settings", settings, &[("if-match", "\"0\"")]).await.bad(), (409, "changed"));

    let stage = stage.again().await;
    let (browser, signed_in) = stage.sign_in(&ops.email, PASSWORD, None, HERE).await;
    let session = signed_in.good();
    assert_eq!((&session["must_enrol"], &session["permissions"]), (&json!(true), &json!([])));
    assert_eq!(stage.ask(&browser, "GET /flows", Value::Null).await.bad(), (403, "second_factor_needed"));
    enrol(&stage, &browser).await;
    stage.ask(&browser, "GET /flows", Value::Null).await.good();
    assert_eq!(stage.ask(&browser, "DELETE /me/totp", json!({ "password": PASSWORD })).await.bad(), (409, "refused"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_active_admin_cannot_be_lost() {
    let stage = Stage::new().await;
    let admin = stage.somebody(Role::Admin, false).await;
    let browser = stage.signed_in(&admin).await;
    let at = format!("/users/{}", admin.id);
    for change in [json!({ "role": "ops" }), json!({ "active": false })] {
        let answer = stage.send(&browser, &format!("PATCH {at}"), change, &[("if-match", "\"1\"")]).await;
        assert_eq!(answer.bad(), (409, "last_admin"));
    }
    assert_eq!(stage.ask(&browser, &format!("DELETE {at}"), Value::Null).await.bad(), (409, "last_admin"));
    // Somebody who was only invited cannot administer.
    let invite = json!({ "name": "Two", "email": "two@example.com", "role": "admin" });
    let invited = stage.ask(&browser, "POST /users", invite).await.good();
    assert_eq!(stage.ask(&browser, &format!("DELETE {at}"), Value::Null).await.bad(), (409, "last_admin"));
    let accept = json!({ "token": token(&invited["invitation"]), "password": PASSWORD });
    stage.ask(&Browser::default(), "POST /invitation", accept).await.good();
    // Two admins remove each other at the same moment: one of them stays.
    let other = invited["user"]["id"].as_str().unwrap();
    let (one, two) = (format!("DELETE {at}"), format!("DELETE /users/{other}"));
    let (one, two) = tokio::join!(stage.trusted(&one, json!({})), stage.trusted(&two, json!({})));
    assert_eq!([one.status, two.status].iter().filter(|status| status.is_success()).count(), 1);
    let left = stage.app.engine.store().users().await.unwrap();
    assert_eq!(left.iter().filter(|user| user.state == UserState::Active).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_role_counts_at_once_and_says_what_it_was_based_on() {
    let stage = Stage::new().await;
    let admin = stage.signed_in(&stage.somebody(Role::Admin, false).await).await;
    let mia = stage.somebody(Role::Viewer, false).await;
    let before = stage.signed_in(&mia).await;
    assert_eq!(stage.ask(&before, "GET /runs", Value::Null).await.bad(), (403, "forbidden"));
    let at = format!("PATCH /users/{}", mia.id);
    assert_eq!(stage.ask(&admin, &at, json!({ "role": "ops" })).await.bad(), (428, "revision_needed"));
    let changed = stage.send(&admin, &at, json!({ "role": "ops" }), &[("if-match", "\"1\"")]).await.good();
    assert_eq!(changed["revision"], "2");
    let late = stage.send(&admin, &at, json!({ "role": "auditor" }), &[("if-match", "\"1\"")]).await;
    assert_eq!((late.bad(), &late.body["error"]["details"]["current"]["role"]), ((409, "changed"), &json!("ops")));
    assert_eq!(stage.ask(&before, "GET /session", Value::Null).await.bad().0, 401, "old sessions end with a new role");
    let after = stage.signed_in(&stage.user(mia.id).await).await;
    stage.ask(&after, "GET /runs", Value::Null).await.good();
    stage.ask(&admin, &format!("DELETE /users/{}", mia.id), Value::Null).await.good();
    assert_eq!(stage.ask(&after, "GET /runs", Value::Null).await.bad().0, 401);
    assert_eq!(stage.sign_in(&mia.email, PASSWORD, None, HERE).await.1.bad().0, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_may_what_its_scopes_say_until_it_ends() {
    let stage = Stage::new().await;
    let admin = stage.signed_in(&stage.somebody(Role::Admin, false).await).await;
    let none = stage.ask(&admin, "POST /tokens", json!({ "name": "x", "scopes": [] })).await;
    assert_eq!(none.bad().0, 400);
    for past in ["2026-03-02T08:59:00Z", "tomorrow"] {
        let body = json!({ "name": "x", "scopes": ["flows.read"], "expires_at": past });
        assert_eq!(stage.ask(&admin, "POST /tokens", body).await.bad().0, 400);
    }
    let make = json!({ "name": "Grafana", "scopes": ["figures.read", "flows.read"], "expires_at": "2026-04-01T11:00:00+02:00" });
    let made = stage.ask(&admin, "POST /tokens", make).await.good();
    let secret = format!("Bearer {}", made["secret"].as_str().unwrap());
    let machine = [("authorization", secret.as_str())];
    let nobody = Browser { address: Some("203.0.113.9"), ..Browser::default() };
    stage.send(&nobody, "GET /flows", Value::Null, &machine).await.good();
    assert_eq!(stage.send(&nobody, "GET /runs", Value::Null, &machine).await.bad(), (403, "forbidden"));
    assert_eq!(stage.send(&nobody, "GET /session", Value::Null, &machine).await.bad().0, 401);
    let listed = stage.ask(&admin, "GET /tokens", Value::Null).await.good();
    assert!(listed["tokens"][0]["last_used_at"].is_string() && !listed.to_string().contains(&secret[7..]), "{listed}");
    // A wrong token does not fall back to a cookie that comes with it.
    assert_eq!(
        stage.send(&admin, "GET /flows", Value::Null, &[("authorization", "Bearer sb_guess")]).await.bad().0,
        401
    );
    let id = made["id"].as_str().unwrap();
    let stage = stage.again().await;
    stage.send(&nobody, "GET /flows", Value::Null, &machine).await.good();
    stage.later(30 * 24 * 60 * 60);
    assert_eq!(stage.send(&nobody, "GET /flows", Value::Null, &machine).await.bad(), (401, "unauthorized"));
    stage.trusted(&format!("DELETE /tokens/{id}"), json!({})).await.good();
    assert_eq!(stage.trusted(&format!("DELETE /tokens/{id}"), json!({})).await.bad().0, 404);
    let told = said(&stage, "token").await;
    assert!(told[0].starts_with("token.made by user:usr_") && told[1] == "token.revoked by cli", "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_of_the_folder_is_good_on_loopback_only() {
    let stage = Stage::new().await;
    let secret = format!("Bearer {}", stage.app.token.expose());
    let with = [("authorization", secret.as_str())];
    let from = |address| Browser { address: Some(address), ..Browser::default() };
    stage.send(&from("127.0.0.1"), "GET /users", Value::Null, &with).await.good();
    assert_eq!(stage.send(&from("192.0.2.1"), "GET /users", Value::Null, &with).await.bad(), (401, "unauthorized"));
    assert_eq!(stage.ask(&from("127.0.0.1"), "GET /users", Value::Null).await.bad(), (401, "unauthorized"));
    assert_eq!(stage.ask(&from("127.0.0.1"), "GET /nothing", Value::Null).await.bad(), (401, "unauthorized"));
    assert_eq!(stage.send(&from("127.0.0.1"), "GET /nothing", Value::Null, &with).await.bad(), (404, "not_found"));
}
