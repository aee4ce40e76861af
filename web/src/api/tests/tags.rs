//! The dictionary of tags: meaning, other names, texts that follow.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::retag;
use crate::testing::Place;

const RULES: &str = "
format: 1
rules: shop
list:
  - rule: price
    on: whatsapp.message_received
    when: text.mentions(event.text, \"price\") && !contact.tags.contains(\"vip\")
    then: { add_tags: [vip, vip-lost] } # vip
";

async fn tagged(place: &Place, rows: &str) {
    let opened = place.post("/imports", &json!({ "name": "a.csv" })).await;
    let path = format!("/imports/{}", opened["id"].as_str().unwrap());
    let id = opened["id"].as_str().unwrap().parse().unwrap();
    place.app.imports.add(id, 0, format!("phone,tags\n{rows}").as_bytes(), place.app.clock.now()).unwrap();
    place.post(&format!("{path}/begin"), &json!({})).await;
    while place.get("/imports").await["imports"][0]["state"] == "running" {
        tokio::task::yield_now().await;
    }
}

async fn tags(place: &Place, phone: &str) -> Vec<String> {
    let contact = place.get(&format!("/contacts/%2B{phone}")).await;
    contact["tags"].as_array().unwrap().iter().map(|tag| tag["tag"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_gets_another_name_everywhere() {
    let place = Place::open().await;
    place.publish(&[RULES]).await;
    tagged(&place, "+393330000001,vip\n+393330000002,vip;gold\n+393330000003,other\n").await;
    place.post("/contacts/%2B393330000003/tags", &json!({ "remove": ["vip"] })).await;
    let told = json!({ "group": "value", "meaning": "buys a lot", "colour": "green", "crm_field": "tier" });
    let (status, list) = place.ask(Method::PUT, "/tags/vip", Some(&told)).await;
    assert_eq!(status, StatusCode::OK, "{list}");
    let vip = list["tags"].as_array().unwrap().iter().find(|tag| tag["tag"] == "vip").unwrap();
    assert_eq!((&vip["contacts"], &vip["written"], &vip["meaning"]), (&json!(2), &json!(true), &json!("buys a lot")));
    let (status, _) = place.ask(Method::PUT, "/tags/vip", Some(&json!({ "colour": "mauve" }))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);

    let plan = place.post("/tags/vip/rename/preview", &json!({ "to": "gold" })).await;
    assert_eq!((&plan["contacts"], &plan["merges"]), (&json!(3), &json!(true)), "who took it counts too");
    let shop = &plan["documents"][0];
    assert_eq!((&shop["id"], &shop["editable"]), (&json!("shop"), &json!(true)), "{plan}");
    assert_eq!(tags(&place, "393330000001").await, ["vip"], "a preview changes nothing");

    place.post("/tags/vip/rename", &json!({ "to": "gold", "documents": ["shop"] })).await;
    while retag::step(&place.app).await.unwrap() {}
    assert_eq!(
        (tags(&place, "393330000001").await, tags(&place, "393330000002").await),
        (vec!["gold".to_owned()], vec!["gold".to_owned()])
    );
    let third = place.get("/contacts/%2B393330000003").await;
    assert_eq!(third["tags_off"], json!(["gold"]), "what a person took stays off under the new name");
    let draft = place.get("/rules/shop/draft").await["text"].as_str().unwrap().to_owned();
    assert!(draft.contains("contains(\"gold\")") && draft.contains("[gold, vip-lost] } # gold"), "{draft}");
    let list = place.get("/tags").await;
    let gold = list["tags"].as_array().unwrap().iter().find(|tag| tag["tag"] == "gold").unwrap();
    assert_eq!((&gold["meaning"], &gold["contacts"]), (&json!("buys a lot"), &json!(2)));
    assert!(!list["renamings"][0]["ended_at"].is_null());
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_of_the_dictionary_is_no_misspelling() {
    let asks = "format: 1\nflow: asks\non: whatsapp.message_received\nwhen: contact.tags.contains(\"complant\")\n\
                steps:\n  - do: contact.add_tags\n    with: { tags: [complaint] }\n";
    let place = Place::open().await;
    let documents = json!({ "documents": [{ "path": "a.yaml", "text": asks }] });
    let warned = place.post("/workspace/plan", &documents).await.to_string();
    assert!(warned.contains("no flow and no rule gives the tag `complant`"), "{warned}");
    place.ask(Method::PUT, "/tags/complant", Some(&json!({ "meaning": "plants" }))).await;
    let warned = place.post("/workspace/plan", &documents).await.to_string();
    assert!(!warned.contains("no flow and no rule"), "{warned}");
    assert!(warned.contains("the dictionary of tags does not know `complaint`"), "now one is kept: {warned}");
    place.ask(Method::PUT, "/tags/complaint", Some(&json!({ "meaning": "is cross" }))).await;
    let warned = place.post("/workspace/plan", &documents).await.to_string();
    assert!(!warned.contains("unknown_tag"), "{warned}");
    place.close().await;
}
