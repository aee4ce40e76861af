//! People who sign in, from the first link to what the log says of them; and accounts made without a file.

use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tests::stage::staged;

use crate::process::{CRM, Installation, WHATSAPP, delivery, list, order, until};

const PASSWORD: &str = "four words or so";

/// A browser that is signed in.
pub(super) struct Browser {
    http: reqwest::Client,
    url: String,
    cookie: String,
    csrf: String,
}

impl Browser {
    /// Opens a link of ours: whoever has it chooses a password, and is signed in.
    pub(super) async fn open(place: &Installation, link: &str, more: Value) -> Self {
        let (address, token) = link.trim().split_once('#').unwrap();
        let path = address.rsplit('/').next().unwrap();
        let mut body = json!({ "token": token, "password": PASSWORD });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let sent = place.http().post(format!("{}/api/v1/{path}", place.url())).json(&body).send().await.unwrap();
        Self::of(place, sent).await
    }

    async fn sign_in(place: &Installation, email: &str) -> Self {
        let body = json!({ "email": email, "password": PASSWORD });
        let sent = place.http().post(format!("{}/api/v1/session", place.url())).json(&body).send().await.unwrap();
        Self::of(place, sent).await
    }

    async fn of(place: &Installation, answer: reqwest::Response) -> Self {
        let status = answer.status();
        let cookie = answer.headers().get("set-cookie").map(|set| set.to_str().unwrap().to_owned());
        let body: Value = answer.json().await.unwrap();
        assert!(status.is_success(), "{status} {body}");
        let cookie = cookie.unwrap().split(';').next().unwrap().to_owned();
        let csrf = body["csrf"].as_str().unwrap().to_owned();
        Self { http: place.http().clone(), url: place.url(), cookie, csrf }
    }

    /// `GET`, however it ends.
    pub(super) async fn get(&self, path: &str) -> (u16, Value) {
        self.send(self.http.get(self.at(path))).await
    }

    /// `POST`, however it ends.
    pub(super) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send(self.http.post(self.at(path)).json(body)).await
    }

    /// `PUT`, however it ends.
    pub(super) async fn put(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send(self.http.put(self.at(path)).json(body)).await
    }

    /// The type and the bytes of a file.
    pub(super) async fn file(&self, path: &str) -> (String, Vec<u8>) {
        let answer = self.http.get(self.at(path)).header("cookie", &self.cookie).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        (kind, answer.bytes().await.unwrap().to_vec())
    }

    /// Changes what has this revision.
    pub(super) async fn change(&self, path: &str, revision: &str, body: &Value) -> (u16, Value) {
        self.send(self.http.put(self.at(path)).header("if-match", format!("\"{revision}\"")).json(body)).await
    }

    fn at(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.url)
    }

    async fn send(&self, request: RequestBuilder) -> (u16, Value) {
        let answer = request.header("cookie", &self.cookie).header("x-csrf-token", &self.csrf).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
    }
}

/// The log, line by line.
async fn log(place: &Installation) -> Vec<Value> {
    let text = place.cli(&["audit", "export"]).await.good();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Who did what, as the log has it: (what, id, by).
fn changes(log: &[Value]) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of = |row: &Value| {
        let what = &row["entries"][0]["what"];
        (what["did"] == "changed").then(|| (text(&what["what"]), text(&what["id"]), text(&row["by"])))
    };
    log.iter().filter(|line| line["line"] == "row").filter_map(of).collect()
}

#[test]
fn people_sign_in_see_what_their_role_may_and_the_log_says_who_read_what() {
    staged(async {
        let place = Installation::new(&["order-to-ticket"]).await;
        let server = place.serve().await;
        assert!(server.log().contains("/setup#"), "a first start prints the link:\n{}", server.log());
        let link = place.cli(&["user", "setup-link"]).await.good();
        assert!(link.starts_with(&place.url()), "{link}");
        let admin = Browser::open(&place, &link, json!({ "name": "Mia", "email": "mia@example.com" })).await;
        let add = ["user", "add", "ada@example.com", "--name", "Ada", "--role", "auditor"];
        let auditor = Browser::open(&place, &place.cli(&add).await.good(), json!({})).await;

        let one = delivery(&[("8613800138000", "Li Wei")], vec![order("wamid.ORDER1", "8613800138000", 1500.0)]);
        assert_eq!(place.deliver(&one).await.unwrap(), 200);
        let run = server.api.until_runs("", 1, "waiting").await.remove(0);
        let (id, contact) = (run["id"].as_str().unwrap(), run["contact"].as_str().unwrap());

        let (status, seen) = admin.get(&format!("/runs/{id}")).await;
        assert!(status == 200 && seen.to_string().contains("8613800138000"));
        let (status, masked) = auditor.get(&format!("/runs/{id}")).await;
        assert_eq!((status, &masked["id"], &masked["status"]), (200, &json!(id), &json!("waiting")));
        assert_eq!(list(&masked, "journal").len(), list(&seen, "journal").len(), "the structure is whole");
        let (_, person) = auditor.get(&format!("/contacts/{contact}")).await;
        for shown in [masked.to_string(), person.to_string()] {
            assert!(!shown.contains("8613800138000") && !shown.contains("Li Wei"), "{shown}");
        }
        assert_eq!(auditor.post(&format!("/runs/{id}/cancel"), &json!({})).await.0, 403);
        assert_eq!(auditor.get(&format!("/people/{contact}")).await.0, 403);
        assert_eq!(admin.post(&format!("/runs/{id}/cancel"), &json!({})).await.0, 200);

        let log = log(&place).await;
        let told = changes(&log);
        let by = |what: &str, id: &str| {
            let of = told.iter().filter(|row| row.0 == what && (id.is_empty() || row.1 == id));
            of.map(|row| row.2.split_once(' ').map_or("", |(_, name)| name).to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(by("run.read", id), ["Mia", "Ada"]);
        assert_eq!(by("contact.read", contact), ["Ada"]);
        let cancelled = log
            .iter()
            .any(|row| row["by"].as_str().is_some_and(|by| by.ends_with(" Mia")) && row.to_string().contains("cancel"));
        assert!(cancelled, "the order carries who gave it");
        place.cli(&["audit", "verify"]).await.good();
        // What the auditor takes out has no values, whatever is asked for.
        let raw = auditor.http.get(auditor.at("/audit/export?values=true")).header("cookie", &auditor.cookie);
        let taken = raw.send().await.unwrap().text().await.unwrap();
        assert!(taken.contains("run.read") && !taken.contains("Li Wei") && !taken.contains("8613800138000"));
    });
}

#[test]
fn what_was_answered_is_there_after_kill_9_and_a_person_can_be_put_out() {
    staged(async {
        let place = Installation::new(&["price"]).await;
        let server = place.serve().await;
        let link = place.cli(&["user", "setup-link"]).await.good();
        let admin = Browser::open(&place, &link, json!({ "name": "Mia", "email": "mia@example.com" })).await;
        let add = ["user", "add", "ugo@example.com", "--name", "Ugo", "--role", "ops", "--publisher"];
        let invitation = place.cli(&add).await.good();
        server.kill().await;
        let server = place.serve().await;
        assert!(!server.log().contains("/setup#"), "somebody can sign in: no link");
        assert_eq!(admin.get("/users").await.0, 200, "the session goes on");
        let ugo = Browser::open(&place, &invitation, json!({})).await;
        assert_eq!(ugo.put("/flows/price/state", &json!({ "on": false })).await.0, 200);
        assert_eq!(ugo.get("/users").await.0, 403);
        let users = place.cli(&["user", "list", "--json"]).await.json();
        assert_eq!(list(&users, "users").len(), 2);

        place.cli(&["user", "role", "ugo@example.com", "viewer"]).await.good();
        assert_eq!(ugo.get("/flows").await.0, 401, "signed out by the change");
        let ugo = Browser::sign_in(&place, "ugo@example.com").await;
        assert_eq!((ugo.get("/flows").await.0, ugo.get("/runs").await.0), (200, 403));
        place.cli(&["user", "sign-out", "ugo@example.com"]).await.good();
        assert_eq!(ugo.get("/flows").await.0, 401);
        let refused = place.cli(&["user", "remove", "mia@example.com"]).await;
        assert!(refused.code == Some(1) && refused.err.contains("active admin"), "{}", refused.err);
        place.cli(&["user", "remove", "ugo@example.com"]).await.good();
        // Without a server, too.
        assert_eq!(server.stop().await.0, Some(0));
        assert!(place.cli(&["user", "list"]).await.good().contains("mia@example.com"));
        let reset = place.cli(&["user", "reset-password", "mia@example.com"]).await.good();
        let server = place.serve().await;
        Browser::open(&place, &reset, json!({})).await;
        assert_eq!(admin.get("/users").await.0, 401, "a new password ends what was open");
        place.cli(&["audit", "verify"]).await.good();
        drop(server);
    });
}

#[test]
fn an_account_made_in_the_editor_is_used_without_a_restart() {
    staged(async {
        let config = connectors::sandbox::Config::default();
        let place = Installation::connected(config.clone(), &["price"], &[WHATSAPP]).await;
        let server = place.serve().await;
        let link = place.cli(&["user", "setup-link"]).await.good();
        let admin = Browser::open(&place, &link, json!({ "name": "Mia", "email": "mia@example.com" })).await;
        let flow = crate::process::shipped_flows().join("order-to-ticket.yaml").display().to_string();
        assert_eq!(place.cli(&["import", &flow, "--publish"]).await.code, Some(1), "there is no CRM yet");

        let put = |token: &str| {
            json!({
                "connector": "hubspot",
                "settings": {
                    "base_url": format!("{}/hubspot", place.sandbox.url()), "calls_per_second": 0,
                    "allow_private_network": true, "limits": { "per_second": 0 },
                },
                "secrets": { "access_token": token, "client_secret": config.hubspot.client_secret },
            })
        };
        let at = format!("/connections/{CRM}");
        let (status, made) = admin.put(&at, &put(&config.hubspot.access_token)).await;
        assert_eq!((status, &made["secrets"]), (200, &json!(["access_token", "client_secret"])), "{made}");
        assert_eq!(admin.post(&format!("{at}/setup"), &json!({})).await.0, 200);
        place.cli(&["import", &flow, "--publish"]).await.good();
        let one = delivery(&[("8613800138000", "Li Wei")], vec![order("wamid.ORDER1", "8613800138000", 19.5)]);
        assert_eq!(place.deliver(&one).await.unwrap(), 200);
        server.api.until_runs("", 1, "waiting").await;
        assert_eq!(place.sandbox.books().tickets().len(), 1);

        // A token that does not work any more brings it down; a new one is tried at once, and the call that waited goes out.
        assert_eq!(admin.change(&at, "1", &put("a token of yesterday")).await.0, 200);
        let two = delivery(&[("393331234567", "Ugo")], vec![order("wamid.ORDER2", "393331234567", 20.0)]);
        assert_eq!(place.deliver(&two).await.unwrap(), 200);
        until("the connection is down", async || {
            let (_, answer) = admin.get("/connections").await;
            list(&answer, "connections")
                .iter()
                .any(|one| one["id"] == CRM && one["down_since"].is_string())
                .then_some(())
        })
        .await;
        assert_eq!(admin.change(&at, "2", &put(&config.hubspot.access_token)).await.0, 200);
        server.api.until_runs("", 2, "waiting").await;
        assert_eq!(place.sandbox.books().tickets().len(), 2);
        let gone = admin.http.delete(admin.at(&at)).header("if-match", "\"3\"");
        let (status, refused) = admin.send(gone).await;
        assert_eq!((status, &refused["error"]["details"]["flows"]), (409, &json!(["order-to-ticket"])));

        // Neither the database nor any other file holds what was written; the file's own account cannot be changed.
        let kept = tests::remains::all(&place.path("data"), "switchboard.db").await;
        let token = config.hubspot.access_token.as_bytes();
        assert!(!kept.windows(token.len()).any(|part| part == token));
        assert_eq!(admin.put(&format!("/connections/{WHATSAPP}"), &put("x")).await.0, 409);

        server.kill().await;
        let server = place.serve().await;
        let three = delivery(&[("5511987654321", "Ana")], vec![order("wamid.ORDER3", "5511987654321", 20.0)]);
        assert_eq!(place.deliver(&three).await.unwrap(), 200);
        server.api.until_runs("", 3, "waiting").await;
        assert_eq!(place.sandbox.books().tickets().len(), 3);
    });
}
