//! What is done with texts alone: trying them out, comparing them, looking at their expressions.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Desk, FLOW, code};
use crate::flows::library;

#[tokio::test]
async fn a_library_flow_is_simulated_over_two_days_with_the_text_of_its_template() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path()).await;
    let order = json!({ "whatsapp.order_received": { "order": { "id": "A1", "total": 30, "currency": "EUR" } } });
    let asked = json!({
        "text": library::text("order-to-ticket"), "contact": { "name": "Ann", "language": "en" }, "zone": "Europe/Rome",
        "start": "2026-01-05T09:00:00Z", "events": [{ "at": "0s", "event": order }],
        "fakes": { "crm.create_ticket": { "id": "T77" } },
    });
    let shown = desk.post("/flows/simulate", asked).await;
    let moments = shown["timeline"].as_array().unwrap();
    assert_eq!((&moments[0]["what"], &moments[1]["what"]), (&json!("event"), &json!("started")));
    let text = |moment: &Value| moment["message"]["text"].as_str().map(str::to_owned);
    let messages: Vec<String> = moments.iter().filter_map(text).collect();
    assert!(messages[0].contains("T77") && !messages[0].contains("{{"), "{messages:?}");
    assert!(moments.iter().any(|moment| moment["offset"] == "2d" && moment["what"] == "woke"), "{shown}");
    assert!(moments.iter().any(|moment| moment["path"] == "steps/0"), "{shown}");
    assert_eq!(shown["end"], "done");
    assert!(shown["coverage"].as_array().unwrap().contains(&json!("steps/0")), "{shown}");
    assert!(desk.get("/runs").await["runs"].as_array().unwrap().is_empty(), "it is no run");
    desk.close().await;
}

#[tokio::test]
async fn what_cannot_be_simulated_is_said() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path()).await;
    let ask = async |body: Value| desk.ask(Method::POST, "/flows/simulate", None, body).await;
    let event = json!({ "at": "0s", "event": { "manual": {} } });
    let (status, answer) = ask(json!({ "text": "flow: a", "events": [event] })).await;
    assert_eq!((status, code(&answer)), (422, "problems"));
    assert!(answer["error"]["details"][0]["end_column"].is_number(), "{answer}");
    let wrong = [
        json!({ "text": FLOW, "events": [{ "at": "soon", "event": { "manual": {} } }] }),
        json!({ "text": FLOW, "events": [event], "start": "yesterday" }),
        json!({ "text": FLOW, "events": [event], "fakes": { "crm.nothing": {} } }),
    ];
    for body in wrong {
        assert_eq!(ask(body.clone()).await.0, 422, "{body}");
    }
    for body in
        [json!({ "text": FLOW, "events": [], "until": "x" }), json!({ "text": FLOW, "events": [], "zone": "x" })]
    {
        assert_eq!(ask(body.clone()).await.0, 400, "{body}");
    }
    let many: Vec<_> = (0..201).map(|_| event.clone()).collect();
    assert_eq!(ask(json!({ "text": FLOW, "events": many })).await.0, 400);
    let (status, shown) = ask(json!({ "text": FLOW, "events": [] })).await;
    assert_eq!((status, &shown["notes"][0]["code"], &shown["end"]), (200, &json!("nothing_started"), &Value::Null));
    desk.close().await;
}

#[tokio::test]
async fn the_tests_of_a_text_are_run() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path()).await;
    let text = format!(
        "{FLOW}tests:\n  - {{ name: good, at: {{ 0s: {{ manual: {{}} }} }}, vars: {{ a: 1 }} }}\n  - {{ name: bad, at: {{ 0s: {{ manual: {{}} }} }}, vars: {{ a: 2 }} }}\n"
    );
    let shown = desk.post("/flows/test", json!({ "text": text })).await;
    assert_eq!((&shown["passed"], &shown["failed"]), (&json!(1), &json!(1)));
    assert_eq!((&shown["tests"][1]["name"], &shown["coverage"][0]["percent"]), (&json!("bad"), &json!(100)));
    desk.close().await;
}

#[tokio::test]
async fn two_texts_are_compared_in_words() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path()).await;
    let asked = json!({ "old": FLOW, "new": FLOW.replace("a: 1", "a: 2") });
    let found = desk.post("/flows/diff", asked).await;
    assert_eq!(found["meaning_changed"], true);
    let change = &found["changes"][0];
    assert_eq!((&change["kind"], &change["field"]), (&json!("changed"), &json!("set/a")));
    assert_eq!((&change["old"], &change["new"], &change["path_new"]), (&json!(1), &json!(2), &json!("steps/0")));
    let (status, _) = desk.ask(Method::POST, "/flows/diff", None, json!({ "old": "a: [", "new": FLOW })).await;
    assert_eq!(status, 422);
    desk.close().await;
}

#[tokio::test]
async fn an_expression_is_looked_at_as_text_and_as_parts() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path()).await;
    let good = desk.post("/flows/expression", json!({ "kind": "condition", "text": "event.text == \"a\"" })).await;
    assert_eq!((&good["problems"], &good["ast"]["op"]), (&json!([]), &json!("==")));
    let back = desk.post("/flows/expression", json!({ "kind": "condition", "ast": good["ast"] })).await;
    assert_eq!(back["text"], "event.text == \"a\"");
    let formula = desk.post("/flows/expression", json!({ "kind": "condition", "text": "1 + 1 > 3" })).await;
    assert_eq!((&formula["problems"], &formula["ast"]), (&json!([]), &Value::Null));
    let asked = json!({ "kind": "value", "text": "vars.nowhere + 1", "flow": FLOW, "path": "steps/0/set/a" });
    let unknown = desk.post("/flows/expression", asked).await;
    let problem = &unknown["problems"][0];
    assert_eq!((&problem["code"], &problem["end_column"]), (&json!("unknown_name"), &json!(13)), "{unknown}");
    let forged = json!({ "kind": "condition", "ast": { "name": "a; delete()" } });
    assert_eq!(desk.ask(Method::POST, "/flows/expression", None, forged).await.0, 400);
    desk.close().await;
}
