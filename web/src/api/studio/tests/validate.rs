//! `POST /flows/validate`.

use serde_json::json;

use super::{Desk, FLOW};

#[tokio::test]
async fn a_problem_comes_with_its_range_and_path_and_a_text_with_its_summary() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path()).await;
    let good = desk.post("/flows/validate", json!({ "text": FLOW })).await;
    assert_eq!(good["problems"], json!([]));
    assert_eq!(
        good["summary"],
        json!({ "kind": "flow", "id": "greet", "name": "greet", "triggers": ["manual"], "steps": 1 })
    );
    let text = FLOW.replace("set: { a: 1 }", "sett: { a: 1 }");
    let found = desk.post("/flows/validate", json!({ "text": text })).await;
    let problem = &found["problems"][0];
    let place = ["line", "column", "end_line", "end_column"].map(|name| problem[name].as_u64().unwrap());
    assert_eq!(place, [6, 5, 6, 9], "{problem}");
    assert_eq!((&problem["path"], &problem["severity"]), (&json!("steps/0/sett"), &json!("error")));
    let elsewhere = desk.post("/flows/validate", json!({ "text": text, "path": "steps/1" })).await;
    assert_eq!(elsewhere["problems"], json!([]));
    let other = desk.post("/flows/validate", json!({ "text": FLOW, "id": "other" })).await;
    assert_eq!((&other["problems"][0]["code"], &other["problems"][0]["path"]), (&json!("other_id"), &json!("flow")));
    desk.close().await;
}

#[tokio::test]
async fn any_text_is_answered() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path()).await;
    for text in ["", "\u{0}", "a: [", "- ", "{{", &"[".repeat(999_999), &"é: ".repeat(300_000), &"#".repeat(1_000_001)]
    {
        let found = desk.post("/flows/validate", json!({ "text": text })).await;
        let problem = &found["problems"][0];
        assert!(problem["code"].is_string(), "{found}");
    }
    desk.close().await;
}
