//! Connections made in the editor, from the outside: what is refused, what is shown, what works at once.

use axum::http::StatusCode;
use engine::account::{Accounts, Role};
use engine::secret::Secret;
use serde_json::{Value, json};

use crate::accounts::stage::{Browser, Stage};
use crate::config::connections::{Connections as OfFile, Declared, Limits};
use crate::keys;

const TOKEN: &str = "a token that callers send";

async fn stage() -> (Stage, Browser) {
    let stage = Stage::new().await;
    let admin = stage.signed_in(&stage.somebody(Role::Admin, false).await).await;
    (stage, admin)
}

async fn put(stage: &Stage, admin: &Browser, rev: Option<&str>, body: Value) -> crate::accounts::stage::Answered {
    let more: Vec<(&'static str, &str)> = rev.map(|rev| ("if-match", rev)).into_iter().collect();
    stage.send(admin, "PUT /connections/alerts", body, &more).await
}

/// What a caller of the webhook hears.
async fn called(stage: &Stage, token: &str) -> StatusCode {
    stage.hook(&format!("/hooks/alerts?token={}", token.replace(' ', "%20"))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_written_and_never_read() {
    let (stage, admin) = stage().await;
    for (wrong, words) in [
        (json!({ "connector": "webhook", "settings": { "token": TOKEN } }), "`token` is a secret"),
        (json!({ "connector": "webhook", "secrets": { "tokn": TOKEN } }), "no secret `tokn`"),
        (json!({ "connector": "webhok" }), "unknown `webhok`"),
        (json!({ "connector": "webhook", "secrets": { "token": "short" } }), "at least 16"),
        (json!({ "connector": "webhook", "settings": { "path": "/x" }, "secrets": { "token": TOKEN } }), "path"),
    ] {
        let refused = put(&stage, &admin, None, wrong).await;
        assert_eq!(refused.bad().0, 400);
        let text = refused.body.to_string();
        assert!(text.contains(words) && !text.contains(TOKEN), "{text}");
    }
    let made = put(&stage, &admin, None, json!({ "connector": "webhook", "secrets": { "token": TOKEN } })).await.good();
    let shown = stage.ask(&admin, "GET /connections/alerts", Value::Null).await.good();
    let listed = stage.ask(&admin, "GET /connections", Value::Null).await.good();
    assert_eq!((&shown["secrets"], &shown["revision"], &shown["open"]), (&json!(["token"]), &json!("1"), &json!(true)));
    for answer in [&made, &shown, &listed] {
        assert!(!answer.to_string().contains(TOKEN), "{answer}");
    }
    assert_eq!(listed["connections"][0]["owner"], "editor");
    let row = stage.app.engine.store().connections().await.unwrap().remove(0);
    assert!(!format!("{row:?}").contains(TOKEN) && !row.sealed.windows(5).any(|part| part == b"token"));
    let log = stage.log().await;
    let told = log.iter().find(|row| row.0 == "connection.made").unwrap();
    assert!(told.2.starts_with("user:usr_") && told.3["secrets"] == "token" && !format!("{log:?}").contains(TOKEN));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_works_before_the_answer_and_after_a_restart_and_not_once_it_is_gone() {
    let (stage, admin) = stage().await;
    assert_eq!(called(&stage, TOKEN).await, StatusCode::NOT_FOUND);
    put(&stage, &admin, None, json!({ "connector": "webhook", "secrets": { "token": TOKEN } })).await.good();
    assert_eq!(called(&stage, TOKEN).await, StatusCode::OK);
    let stage = stage.again().await;
    assert_eq!(called(&stage, TOKEN).await, StatusCode::OK);
    // A change says what it is based on; secrets that it does not name stay.
    let other = json!({ "connector": "webhook", "secrets": { "secret": "a key of signatures" } });
    assert_eq!(put(&stage, &admin, None, other.clone()).await.bad(), (428, "revision_needed"));
    assert_eq!(put(&stage, &admin, Some("\"7\""), other.clone()).await.bad(), (409, "changed"));
    let changed = put(&stage, &admin, Some("\"1\""), other).await.good();
    assert_eq!((&changed["secrets"], &changed["revision"]), (&json!(["secret", "token"]), &json!("2")));
    assert_eq!(called(&stage, TOKEN).await, StatusCode::UNAUTHORIZED, "a signature is asked for now");
    let back = json!({ "connector": "webhook", "secrets": { "secret": null } });
    put(&stage, &admin, Some("\"2\""), back).await.good();
    assert_eq!(called(&stage, TOKEN).await, StatusCode::OK);
    // With another connector, no secret goes along.
    let http = json!({ "connector": "http", "settings": { "base_url": "https://a.example" } });
    let changed = put(&stage, &admin, Some("\"3\""), http).await.good();
    assert_eq!(changed["secrets"], json!([]));
    assert_eq!(called(&stage, TOKEN).await, StatusCode::NOT_FOUND);
    let gone = stage.send(&admin, "DELETE /connections/alerts", Value::Null, &[("if-match", "\"4\"")]).await;
    gone.good();
    assert_eq!(stage.ask(&admin, "GET /connections/alerts", Value::Null).await.bad().0, 404);
    assert!(stage.again().await.app.connections.all().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_wins_and_says_so() {
    let (stage, admin) = stage().await;
    put(&stage, &admin, None, json!({ "connector": "webhook", "secrets": { "token": TOKEN } })).await.good();
    let declared = Declared {
        id: "alerts".into(),
        connector: "webhook".to_owned(),
        allow_private_network: false,
        limits: Limits::default(),
        settings: json!({ "token": "the token of the file" }),
    };
    let stage = stage.again_with(OfFile { declared: vec![declared], ..OfFile::default() }).await;
    assert_eq!(called(&stage, TOKEN).await, StatusCode::UNAUTHORIZED);
    assert_eq!(called(&stage, "the token of the file").await, StatusCode::OK);
    let listed = stage.ask(&admin, "GET /connections", Value::Null).await.good();
    assert_eq!(listed["connections"].as_array().unwrap().len(), 1);
    assert_eq!(listed["connections"][0]["owner"], "file");
    assert!(listed["connections"][0]["problem"].as_str().unwrap().contains("declares the same id"), "{listed}");
    let body = json!({ "connector": "webhook", "secrets": { "token": TOKEN } });
    assert_eq!(put(&stage, &admin, Some("\"1\""), body).await.bad(), (409, "refused"));
    let shown = stage.ask(&admin, "GET /connections/alerts", Value::Null).await.good();
    assert_eq!((&shown["read_only"], &shown["settings"]), (&json!(true), &Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_key_a_connection_is_a_problem_and_the_server_starts() {
    let (stage, admin) = stage().await;
    put(&stage, &admin, None, json!({ "connector": "webhook", "secrets": { "token": TOKEN } })).await.good();
    let file = stage.dir.path().join("seal.key");
    let key = keys::seal_key(stage.dir.path(), None).unwrap();
    std::fs::write(&file, "ab".repeat(32)).unwrap();
    let stage = stage.again().await;
    assert_eq!(called(&stage, TOKEN).await, StatusCode::NOT_FOUND);
    let listed = stage.ask(&admin, "GET /connections", Value::Null).await.good();
    assert!(listed["connections"][0]["problem"].as_str().unwrap().contains("SWITCHBOARD_SEAL_KEY"), "{listed}");
    // Written anew, it works with the key there is now; what cannot be read is not asked for.
    let anew = json!({ "connector": "webhook", "secrets": { "token": "a new token of callers" } });
    put(&stage, &admin, Some("\"1\""), anew).await.good();
    assert_eq!(called(&stage, "a new token of callers").await, StatusCode::OK);
    // The same key from the environment is as good as the file.
    assert_eq!(keys::seal_key(stage.dir.path(), Some(&Secret::new(hex::encode(key)))).unwrap(), key);
}
