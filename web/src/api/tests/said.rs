//! What people see of messages: the lines of an order, the words of a template, flows by their name; and for what runs wait.

use serde_json::{Value, json};

use super::answers::cart;
use crate::testing::Staged;

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

const NAME: &str = "WhatsApp order → CRM ticket";

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_its_lines_and_a_template_what_the_customer_read() {
    let staged = Staged::open(&["order-to-ticket"]).await;
    staged.play(cart()).await;
    let place = &staged.place;
    let talk = place.get("/conversations?box=all").await["conversations"][0].clone();
    let id = talk["id"].as_str().unwrap();
    let page = place.get(&format!("/conversations/{id}/messages")).await;
    let [template, order] = list(&page, "messages") else { panic!("two messages: {page}") };
    let read = staged.sandbox.phones().sent_to("8613800138000").into_iter().find_map(|message| message.text).unwrap();
    assert_eq!((&template["text"], &template["template"]), (&json!(read), &json!("order_confirmation")));
    assert_eq!(template["flow_name"], NAME, "{template}");
    assert_eq!(talk["last_message"]["text"], json!(read), "the list shows the same");
    let line = json!({ "sku": "TEA-1", "quantity": 2, "price": 750.0, "currency": "CNY" });
    let wanted = json!({ "total": 1500.0, "currency": "CNY", "items": [line] });
    assert_eq!(order["order"], wanted);

    let contact = talk["contact"]["id"].as_str().unwrap();
    let timeline = place.get(&format!("/contacts/{contact}/timeline")).await;
    let happened = list(&timeline, "timeline");
    assert!(happened.iter().any(|one| one["kind"] == "message" && one["order"] == wanted), "{timeline}");
    assert!(happened.iter().any(|one| one["kind"] == "message" && one["text"] == json!(read)), "{timeline}");
    assert!(happened.iter().any(|one| one["kind"] == "run" && one["flow_name"] == NAME), "{timeline}");

    let run = place.get("/runs?status=waiting").await["runs"][0].clone();
    assert_eq!(run["wait"]["event"], "whatsapp.message_received", "{run}");
    assert!(run["wait"]["until"].as_str().is_some_and(|until| until > run["started_at"].as_str().unwrap()), "{run}");
    staged.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_that_sends_what_the_account_does_not_have_is_told_before_it_is_published() {
    let staged = Staged::open(&[]).await;
    let text = "format: 1\nflow: one\non: [whatsapp.message_received]\nsteps:\n  - do: whatsapp.send_template\n    with: { template: order_confirmatoin }\n";
    let told = staged.place.post("/flows/validate", &json!({ "text": text })).await;
    let [problem] = list(&told, "problems") else { panic!("one problem: {told}") };
    assert_eq!(
        (&problem["code"], &problem["severity"], &problem["path"], &problem["hint"]),
        (
            &json!("unknown_template"),
            &json!("warning"),
            &json!("steps/0/with/template"),
            &json!("did you mean `order_confirmation`?")
        )
    );
    let planned = json!({ "documents": [{ "path": "one.yaml", "text": text }] });
    let plan = staged.place.post("/workspace/plan", &planned).await;
    assert_eq!(plan["problems"][0]["code"], "unknown_template", "an import says it, too: {plan}");
    staged.close().await;
}
