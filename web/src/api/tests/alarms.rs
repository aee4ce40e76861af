//! Alarms from end to end: a connection refuses, the team hears of it in Slack, somebody presses a button there.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use connectors::sandbox::{Act, CallFault, Fail, Faults, Play, Provider};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::answers::cart;
use crate::peer::Peer;
use crate::testing::Staged;

/// Changes the policy, based on `revision`.
async fn change(stage: &Staged, revision: &str, policy: &Value) -> (StatusCode, Value) {
    put(stage, "/alarms/policy", revision, policy).await
}

/// Puts something in the place of what had this `revision`.
pub(crate) async fn put(stage: &Staged, path: &str, revision: &str, body: &Value) -> (StatusCode, Value) {
    let request = Request::builder().method(Method::PUT).uri(format!("/api/v1{path}"));
    let request = request.header(header::CONTENT_TYPE, "application/json").header(header::IF_MATCH, revision);
    let mut request = request.body(Body::from(body.to_string())).unwrap();
    request.extensions_mut().insert(Peer::Control);
    let (head, answer) = stage.place.router().oneshot(request).await.unwrap().into_parts();
    let bytes = answer.collect().await.unwrap().to_bytes();
    (head.status, serde_json::from_slice(&bytes).unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_connection_is_told_in_slack_and_acknowledged_there() {
    let stage = Staged::open(&["order-to-ticket"]).await;
    let policy = json!({ "routes": [{ "level": "warning", "connection": "team-slack" }] });
    assert_eq!(change(&stage, "\"0\"", &policy).await.1["revision"], "1");
    let fail = Fail { status: 401, ..Fail::default() };
    let refusing = CallFault { fail: Some(fail), ..CallFault::default() };
    stage.sandbox.set_faults(Faults::default().on(Provider::Hubspot, refusing));
    stage.play(cart()).await;
    let books = stage.sandbox.wait_until(|books| !books.posts.is_empty()).await;
    assert!(books.posts[0].text.contains("The connection hubspot-main is down"), "{}", books.posts[0].text);
    assert_eq!(books.posts[0].content["blocks"][2]["elements"][1]["url"], "http://localhost/connections");
    let found = stage.place.get("/alarms?open=true").await;
    assert_eq!((&found["open"], &found["alarms"][0]["kind"]), (&json!(1), &json!("connection_down")));
    let act = Act::Press { button: "acknowledge".into(), post: None };
    let play = Play { provider: Provider::Slack, from: "U0ANA".into(), name: "Ana".into(), act, ..Play::default() };
    assert_eq!(stage.sandbox.play(play).await.unwrap().webhook_status, Some(200));
    let books = stage.sandbox.wait_until(|books| books.posts[0].edits > 0).await;
    assert!(books.posts[0].buttons.is_empty() && books.posts[0].text.contains("Ana"), "{}", books.posts[0].text);
    let found = stage.place.get("/alarms").await;
    let alarm = &found["alarms"][0];
    let state = (&found["open"], &alarm["state"], &alarm["acknowledged_by"]);
    assert_eq!(state, (&json!(0), &json!("acknowledged"), &json!("Ana (team-slack)")));
    let at = format!("/alarms/{}/acknowledge", alarm["id"].as_str().unwrap());
    assert_eq!(stage.place.post(&at, &json!({})).await["acknowledged_by"], "Ana (team-slack)", "twice is once");
    stage.rest().await;
    let story = stage.place.get(at.trim_end_matches("/acknowledge")).await["story"].clone();
    let lines = story.as_array().unwrap().iter().map(|line| json!([line["what"], line["by"], line["connection"]]));
    let expected = [
        json!(["raised", null, null]),
        json!(["told", null, "team-slack"]),
        json!(["acknowledged", "Ana (team-slack)", null]),
        json!(["changed", null, "team-slack"]),
    ];
    assert_eq!(lines.collect::<Vec<_>>(), expected);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_names_what_is_there_and_a_trial_says_how_it_went() {
    let stage = Staged::open(&[]).await;
    assert_eq!(stage.place.get("/alarms/policy").await["revision"], "0");
    let with = |connection: &str| json!({ "routes": [{ "connection": connection }] });
    for (wrong, status, form) in [
        (with("nobody"), 404, "{what} is not there"),
        (with("hubspot-main"), 400, "the connection `{id}` cannot tell alarms"),
        (json!({ "working_hours": "office" }), 400, "working_hours: there is no calendar `{name}`"),
        (json!({ "repeat_minutes": 0 }), 400, "{name} must be {least} to {most}, not {value}"),
        (with(""), 400, "a route must name a connection"),
    ] {
        let (refused, answer) = change(&stage, "0", &wrong).await;
        let said = &answer["error"]["said"]["form"];
        assert_eq!((refused.as_u16(), said), (status, &json!(form)), "{wrong}");
    }
    assert_eq!(change(&stage, "0", &with("team-bell")).await.0, StatusCode::OK);
    let (status, answer) = change(&stage, "0", &with("team-slack")).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::CONFLICT, &json!("changed")));
    assert_eq!(answer["error"]["details"]["current"]["routes"][0]["connection"], "team-bell");
    let told = stage.place.post("/alarms/test", &json!({ "connection": "team-telegram" })).await;
    assert_eq!(told, json!({ "told": true, "problem": null }));
    assert!(stage.sandbox.books().posts[0].text.contains("a trial"));
    let elsewhere = json!({ "connection": "team-slack", "to": "C0NONE" });
    assert_eq!(stage.place.post("/alarms/test", &elsewhere).await["problem"]["code"], "channel_not_found");
    let (status, watched) = stage.place.ask(Method::PUT, "/flows/orders/alarm", Some(&json!({ "on": true }))).await;
    assert_eq!((status, watched), (StatusCode::OK, json!({ "on": true })));
    assert_eq!(stage.place.get("/alarms/policy").await["flows"], json!(["orders"]));
    let (status, _) = stage.place.ask(Method::POST, "/alarms/alm_0000000000001/acknowledge", Some(&json!({}))).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    stage.close().await;
}
