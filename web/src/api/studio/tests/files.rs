//! Documents that belong to files.

use axum::http::Method;
use serde_json::json;

use super::{Desk, FLOW, code};
use crate::flows::folder;

fn folder_with(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("greet.yaml");
    std::fs::write(&file, text).unwrap();
    (dir, file)
}

#[tokio::test]
async fn a_flow_of_a_file_is_shown_and_not_changed() {
    let (data, (flows, _)) = (tempfile::tempdir().unwrap(), folder_with(FLOW));
    let desk = Desk::with_flows(data.path(), Some(flows.path().into()), false).await;
    let draft = desk.get("/flows/greet/draft").await;
    assert_eq!((&draft["text"], &draft["read_only"]), (&json!(FLOW), &json!("file")));
    let (status, answer) = desk.ask(Method::PUT, "/flows/greet/draft", Some("0"), json!({ "text": "x" })).await;
    assert_eq!((status, code(&answer)), (409, "read_only"));
    let version = draft["in_force"].clone();
    let (status, answer) = desk.ask(Method::POST, "/flows/greet/rollback", None, json!({ "version": version })).await;
    assert_eq!((status, code(&answer)), (409, "read_only"));
    desk.close().await;
}

#[tokio::test]
async fn a_writable_file_holds_what_is_published() {
    let (data, (flows, file)) = (tempfile::tempdir().unwrap(), folder_with(FLOW));
    let desk = Desk::with_flows(data.path(), Some(flows.path().into()), true).await;
    let changed = FLOW.replace("a: 1", "a: 2");
    let first = desk.get("/flows/greet/draft").await["in_force"].clone();
    desk.save("greet", &changed).await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), FLOW, "a draft is nobody's file");
    let second = desk.publish("greet", &changed, "two").await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), changed);
    let loaded = folder::load(&desk.started.app, flows.path()).await.unwrap();
    assert_eq!(loaded.changes[0].what, crate::flows::What::Same, "what the watcher finds is in force");
    desk.post("/flows/greet/rollback", json!({ "version": first })).await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), FLOW);
    desk.close().await;

    let desk = Desk::with_flows(data.path(), Some(flows.path().into()), true).await;
    let versions = desk.get("/flows/greet/versions").await;
    assert_eq!(versions["versions"][0]["version"], json!(second));
    assert_eq!((&versions["versions"][0]["state"], &versions["versions"][1]["state"]), (&json!("old"), &json!("live")));
    desk.close().await;
}

#[tokio::test]
async fn other_files_stay_as_they_are_when_one_is_published() {
    let (data, (flows, _)) = (tempfile::tempdir().unwrap(), folder_with(FLOW));
    std::fs::write(flows.path().join("other.yaml"), FLOW.replace("greet", "other")).unwrap();
    let desk = Desk::with_flows(data.path(), Some(flows.path().into()), true).await;
    desk.publish("greet", &FLOW.replace("a: 1", "a: 2"), "").await;
    assert_eq!(desk.started.app.engine.live().len(), 2);
    desk.close().await;
}

#[tokio::test]
async fn a_file_with_the_id_of_a_draft_is_a_problem() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path()).await;
    desk.post("/flows", json!({ "text": FLOW })).await;
    let (flows, _) = folder_with(FLOW);
    let refused = folder::load(&desk.started.app, flows.path()).await.unwrap_err().to_string();
    assert!(refused.contains("flow_taken"), "{refused}");
    let draft = desk.get("/flows/greet/draft").await;
    let (status, _) = desk.ask(Method::DELETE, "/flows/greet/draft", draft["revision"].as_str(), json!({})).await;
    assert_eq!(status, 200);
    folder::load(&desk.started.app, flows.path()).await.unwrap();
    desk.close().await;
}
