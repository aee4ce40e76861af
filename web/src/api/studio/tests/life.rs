//! The editor beside flows at work: samples of runs, runs that wait, labels, deleting, reviews.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Desk, FLOW, code};
use crate::peer::Peer;

const WAITS: &str = "\
format: 1
flow: patient
on: [manual]
steps:
  - set: { given: \"= event.input.n\" }
  - if: event.input.n > 1
    then:
      - { name: Two days, wait: 48h }
";

#[tokio::test]
async fn names_have_the_values_of_the_last_run_that_went_well() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path()).await;
    desk.post("/flows", json!({ "text": WAITS })).await;
    desk.publish("patient", WAITS, "").await;
    desk.post("/flows/patient/runs", json!({ "input": { "n": 1 } })).await;
    desk.started.app.engine.idle().await;
    let scope = desk.post("/flows/scope", json!({ "text": WAITS, "path": "steps/1/if" })).await;
    let find = |name: &str| scope["names"].as_array().unwrap().iter().find(|found| found["name"] == name).cloned();
    let given = find("vars.given").unwrap();
    assert_eq!((&given["sample"], &given["sure"], &given["from"]), (&json!(1), &json!(true), &json!("vars")));
    assert_eq!(find("event.input").unwrap()["sample"], json!({ "n": 1 }));
    assert!(scope["sample_run"].is_string());
    let broken = desk.post("/flows/scope", json!({ "text": "a: [", "path": "steps/0" })).await;
    assert_eq!(broken["names"], json!([]));
    desk.close().await;
}

#[tokio::test]
async fn runs_that_wait_are_counted_where_they_do_and_keep_their_flow_from_being_deleted() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path()).await;
    desk.post("/flows", json!({ "text": WAITS })).await;
    let version = desk.publish("patient", WAITS, "").await;
    for n in [1, 2, 3] {
        desk.post("/flows/patient/runs", json!({ "input": { "n": n } })).await;
    }
    desk.started.app.engine.idle().await;
    let waiting = desk.get("/flows/patient/waiting").await;
    assert_eq!((&waiting["runs"], &waiting["places"][0]["on_publish"]), (&json!(2), &json!("finish")), "{waiting}");
    let place = &waiting["places"][0];
    assert_eq!((&place["path"], &place["count"]), (&json!("steps/1/then/0"), &json!(2)));
    assert_eq!((&place["label"], &place["version"]), (&json!("Two days"), &json!(version)));
    assert!(place["next_due"].is_string());

    let remove =
        async |query: &str| desk.ask(Method::DELETE, &format!("/flows/patient{query}"), None, Value::Null).await;
    let (status, answer) = remove("").await;
    assert_eq!((status, code(&answer), &answer["error"]["details"]["runs"]), (409, "runs_open", &json!(2)));
    assert_eq!(remove("?runs=finish").await.0, 200);
    assert!(desk.started.app.engine.live().is_empty());
    assert!(desk.get("/flows").await["flows"].as_array().unwrap().is_empty());
    assert_eq!(desk.get("/flows/patient/waiting").await["runs"], 2, "they go on");
    // The id is free again.
    desk.post("/flows", json!({ "text": WAITS })).await;
    desk.close().await;
}

/// The publisher says it by the step's path in the text, or by the name that runs have for it.
#[tokio::test]
async fn runs_that_wait_stop_or_go_on_in_the_new_version_as_the_publisher_says() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path()).await;
    let text = "format: 1\nflow: patient\non: [manual]\nsteps:\n  - id: rest\n    wait: 2d\n  - set: { a: 1 }\n";
    desk.post("/flows", json!({ "text": text })).await;
    let old = desk.publish("patient", text, "").await;
    let start = async || {
        desk.post("/flows/patient/runs", json!({})).await;
        desk.started.app.engine.idle().await;
    };
    let publish = async |text: &str, waiting: Value| {
        let revision = desk.save("patient", text).await;
        let body = json!({ "revision": revision, "waiting": waiting });
        let (status, answer) = desk.ask(Method::POST, "/flows/patient/publish", None, body).await;
        assert_eq!(status, 200, "{answer}");
        desk.started.app.engine.idle().await;
        answer["version"].clone()
    };
    let run = async || desk.get("/runs?flow=patient").await["runs"][0].clone();
    start().await;
    assert_eq!(run().await["version"], json!(old));
    let new = publish(&text.replace("a: 1", "a: 2"), json!({ "steps/0": "continue" })).await;
    assert_eq!(run().await["version"], new, "it goes on there");
    publish(&text.replace("a: 1", "a: 3"), json!({ "rest": "stop" })).await;
    assert_eq!(run().await["status"], "cancelled");
    desk.close().await;
}

#[tokio::test]
async fn a_draft_is_deleted_and_labels_are_kept() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path()).await;
    desk.post("/flows", json!({ "text": FLOW })).await;
    let over = async |read, body: Value| desk.ask(Method::PUT, "/flows/greet/meta", read, body).await;
    let (status, kept) = over(Some("0"), json!({ "labels": [" sales ", "sales", "vip"], "folder": "Italy" })).await;
    assert_eq!((status, kept), (200, json!({ "labels": ["sales", "vip"], "folder": "Italy", "revision": "1" })));
    assert_eq!(over(Some("1"), json!({ "labels": [""] })).await.0, 400);
    assert_eq!(over(Some("1"), json!({ "labels": ["x".repeat(41)] })).await.0, 400);

    let (status, answer) = over(None, json!({ "folder": "Spain" })).await;
    assert_eq!((status, code(&answer)), (428, "revision_needed"));
    let (status, answer) = over(Some("0"), json!({ "folder": "Spain" })).await;
    assert_eq!((status, code(&answer), &answer["error"]["details"]), (409, "changed", &json!({ "current": "1" })));
    assert_eq!(desk.get("/flows").await["flows"][0]["meta_revision"], "1");
    assert_eq!(desk.ask(Method::DELETE, "/flows/greet", None, Value::Null).await.0, 200);
    assert_eq!(desk.ask(Method::DELETE, "/flows/greet", None, Value::Null).await.0, 404);
    assert_eq!(desk.ask(Method::GET, "/flows/greet/draft", None, Value::Null).await.0, 404);
    desk.close().await;
}

#[tokio::test]
async fn where_drafts_need_approval_a_second_person_gives_it_for_just_this_revision() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::with_approval(data.path()).await;
    let marco = || Peer::Network("127.0.0.1:9".parse().unwrap());
    let review = async |peer, action: &str, revision: &str| {
        let body = json!({ "action": action, "revision": revision, "comment": "c" });
        desk.ask_as(peer, Method::POST, "/flows/greet/review", None, body).await
    };
    let publish = async |revision: &str| {
        desk.ask(Method::POST, "/flows/greet/publish", None, json!({ "revision": revision })).await
    };
    desk.post("/flows", json!({ "text": FLOW })).await;
    let (status, answer) = publish("1").await;
    assert_eq!((status, code(&answer)), (409, "approval_needed"));
    assert_eq!(review(Peer::Control, "ask", "1").await.0, 200);
    let (status, answer) = review(Peer::Control, "approve", "1").await;
    assert_eq!((status, code(&answer)), (409, "own_draft"));
    assert_eq!(review(marco(), "decline", "1").await.1["review"]["state"], "declined");
    assert_eq!(publish("1").await.0, 409);
    assert_eq!(review(marco(), "approve", "1").await.1["review"]["answered_by"], "api");
    let revision = desk.save("greet", &FLOW.replace("a: 1", "a: 2")).await;
    assert_eq!(publish(&revision).await.0, 409, "what was approved is not what is published");
    let seen = desk.get("/flows/greet/draft").await;
    assert_eq!((&seen["review"]["state"], &seen["review"]["outdated"]), (&json!("approved"), &json!(true)));
    assert_eq!(review(marco(), "approve", "1").await.0, 409);
    assert_eq!(review(marco(), "approve", &revision).await.0, 200);
    assert_eq!(publish(&revision).await.0, 200);
    desk.close().await;
}

#[tokio::test]
async fn what_waits_for_a_second_person_is_listed_for_each_as_it_concerns_them() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::with_approval(data.path()).await;
    let marco = || Peer::Network("127.0.0.1:9".parse().unwrap());
    let act = async |peer, action: &str, revision: &str| {
        let body = json!({ "action": action, "revision": revision, "comment": action });
        assert_eq!(desk.ask_as(peer, Method::POST, "/flows/greet/review", None, body).await.0, 200);
    };
    let list = async |peer| desk.ask_as(peer, Method::GET, "/reviews", None, Value::Null).await.1;
    desk.post("/flows", json!({ "text": FLOW })).await;
    assert_eq!(list(marco()).await, json!({ "reviews": [], "waiting": 0 }));
    act(Peer::Control, "ask", "1").await;
    let his = list(marco()).await;
    assert_eq!((&his["waiting"], &his["reviews"][0]["yours"]), (&json!(1), &json!("answer")));
    assert_eq!((&his["reviews"][0]["name"], &his["reviews"][0]["review"]["comment"]), (&json!("greet"), &json!("ask")));
    let own = list(Peer::Control).await;
    assert_eq!((&own["waiting"], &own["reviews"][0]["yours"]), (&json!(0), &json!("wait")));

    act(marco(), "decline", "1").await;
    assert_eq!(list(marco()).await["reviews"], json!([]));
    let own = list(Peer::Control).await;
    assert_eq!((&own["waiting"], &own["reviews"][0]["yours"]), (&json!(1), &json!("hear")));
    assert_eq!(own["reviews"][0]["review"]["answer"], "decline");

    let revision = desk.save("greet", &FLOW.replace("a: 1", "a: 2")).await;
    let own = list(Peer::Control).await;
    assert_eq!((&own["waiting"], &own["reviews"][0]["review"]["outdated"]), (&json!(0), &json!(true)));
    act(Peer::Control, "ask", &revision).await;
    act(marco(), "approve", &revision).await;
    assert_eq!(list(Peer::Control).await["waiting"], 1);
    desk.post("/flows/greet/publish", json!({ "revision": revision })).await;
    let own = list(Peer::Control).await;
    assert_eq!((&own["waiting"], &own["reviews"][0]["review"]["state"]), (&json!(0), &json!("approved")));
    desk.close().await;
}
