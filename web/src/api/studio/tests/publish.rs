//! Putting drafts in force, and older versions again.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Desk, FLOW, code};

fn states(versions: &Value) -> Vec<(u64, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let one =
        |version: &Value| (version["number"].as_u64().unwrap(), text(&version["state"]), text(&version["comment"]));
    versions["versions"].as_array().unwrap().iter().map(one).collect()
}

#[tokio::test]
async fn a_draft_goes_live_with_a_comment_and_an_older_version_comes_back() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path()).await;
    desk.post("/flows", json!({ "text": FLOW })).await;
    let first = desk.publish("greet", FLOW, "the first").await;
    let changed = FLOW.replace("a: 1", "a: 2");
    let second = desk.publish("greet", &changed, "two is better").await;
    assert_ne!(first, second);
    assert_eq!(desk.started.app.engine.live()[0].id.to_string(), second);
    let versions = desk.get("/flows/greet/versions").await;
    assert_eq!(states(&versions), [(2, "live".into(), "two is better".into()), (1, "old".into(), "the first".into())]);
    assert_eq!(versions["versions"][0]["by"], "cli");

    let revision = desk.save("greet", "a draft in between").await;
    let body = json!({ "version": first, "comment": "two was worse" });
    assert_eq!(desk.post("/flows/greet/rollback", body).await["version"], json!(first));
    assert_eq!(desk.started.app.engine.live()[0].id.to_string(), first);
    let versions = desk.get("/flows/greet/versions").await;
    assert_eq!(
        states(&versions),
        [(2, "old".into(), "two is better".into()), (1, "live".into(), "two was worse".into())]
    );
    let draft = desk.get("/flows/greet/draft").await;
    assert_eq!((&draft["text"], &draft["revision"]), (&json!("a draft in between"), &json!(revision)));
    assert_eq!(draft["in_force"], json!(first));
    let old = desk.get(&format!("/flows/greet/versions/{second}")).await;
    assert_eq!((&old["text"], &old["number"]), (&json!(changed), &json!(2)));
    desk.close().await;

    let desk = Desk::open(data.path()).await;
    assert_eq!(desk.started.app.engine.live()[0].id.to_string(), first, "it stays so");
    desk.close().await;
}

#[tokio::test]
async fn what_has_problems_or_was_not_seen_is_not_published() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path()).await;
    desk.post("/flows", json!({ "text": FLOW })).await;
    let publish = async |body: Value| desk.ask(Method::POST, "/flows/greet/publish", None, body).await;
    let (status, answer) = publish(json!({ "revision": "7" })).await;
    assert_eq!((status, code(&answer)), (409, "changed"));
    let broken = desk.save("greet", "flow: greet\nsteps: 5\n").await;
    let (status, answer) = publish(json!({ "revision": broken })).await;
    assert_eq!((status, code(&answer)), (422, "problems"));
    assert!(answer["error"]["details"].as_array().unwrap().iter().any(|found| found["path"] == "steps"), "{answer}");
    let other = desk.save("greet", &FLOW.replace("greet", "other")).await;
    let (status, answer) = publish(json!({ "revision": other })).await;
    assert_eq!((status, &answer["error"]["details"][0]["code"]), (422, &json!("other_id")));
    let good = desk.save("greet", FLOW).await;
    let moved = json!({ "revision": good, "waiting": { "steps/0": "restart" } });
    assert_eq!(publish(moved).await.0, 400, "no such choice");
    assert!(desk.started.app.engine.live().is_empty());
    let stays = json!({ "revision": good, "waiting": { "steps/0": "finish" } });
    assert_eq!(publish(stays).await.0, 200);
    let now = desk.get("/flows/greet/draft").await["revision"].clone();
    let (status, answer) = publish(json!({ "revision": now })).await;
    assert_eq!((status, code(&answer)), (409, "refused"), "there is no draft");
    let over = json!({ "revision": desk.save("greet", FLOW).await, "over": "ver_0000000000000" });
    let (status, answer) = publish(over).await;
    assert_eq!((status, code(&answer)), (409, "changed"), "{answer}");
    desk.close().await;
}

#[tokio::test]
async fn what_is_switched_off_stays_off_whatever_is_published() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path()).await;
    desk.post("/flows", json!({ "text": FLOW })).await;
    let first = desk.publish("greet", FLOW, "").await;
    desk.ask(Method::PUT, "/flows/greet/state", None, json!({ "on": false })).await;
    let second = desk.publish("greet", &FLOW.replace("a: 1", "a: 2"), "").await;
    assert!(desk.started.app.engine.live().is_empty());
    let states =
        |flow: &Value| flow["flows"].as_array().unwrap().iter().map(|flow| flow["version"].clone()).collect::<Vec<_>>();
    assert_eq!(states(&desk.get("/flows").await), [json!(second)]);
    desk.post("/flows/greet/rollback", json!({ "version": first })).await;
    assert_eq!(states(&desk.get("/flows").await), [json!(first)]);
    assert_eq!(desk.get("/flows").await["flows"][0]["state"], "off");
    desk.ask(Method::PUT, "/flows/greet/state", None, json!({ "on": true })).await;
    assert_eq!(desk.started.app.engine.live()[0].id.to_string(), first);
    desk.close().await;
}

#[tokio::test]
async fn an_imported_draft_is_published_and_a_deed_is_in_the_audit_log() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path()).await;
    let import = json!({ "documents": [{ "path": "a", "text": FLOW }] });
    desk.post("/workspace/import", import).await;
    let draft = desk.get("/flows/greet/draft").await;
    assert_eq!((&draft["text"], &draft["in_force"]), (&json!(FLOW), &Value::Null));
    desk.post("/flows/greet/publish", json!({ "revision": draft["revision"], "comment": "go" })).await;
    assert_eq!(desk.started.app.engine.live().len(), 1);
    let audit = desk.post("/audit/verify", json!({})).await;
    assert_eq!(audit["clean"], true, "{audit}");
    desk.close().await;
}
