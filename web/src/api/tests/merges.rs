//! Two contacts become one and two again: conversations, tags, refusals, runs, history, erasure.

use axum::http::{Method, StatusCode};
use connectors::sandbox::{Act, Play};
use serde_json::{Value, json};

use crate::testing::{Place, Staged};

/// Tags whoever writes, and answers what is said within two days.
const ASKS: &str = "
format: 1
flow: asks
on: whatsapp.message_received
steps:
  - do: contact.add_tags
    with: { tags: [wrote] }
  - do: whatsapp.send_text
    with: { text: hello }
  - wait_for: whatsapp.message_received
    take: true
    timeout: 1h
";

async fn says(staged: &Staged, from: &str, name: &str, text: &str) {
    let act = Act::Message { text: text.into() };
    let play = Play { from: from.into(), name: name.into(), act, ..Play::default() };
    assert_eq!(staged.sandbox.play(play).await.unwrap().webhook_status, Some(200));
    staged.rest().await;
}

async fn contact(place: &Place, who: &str) -> Value {
    place.get(&format!("/contacts/{}", who.replace('+', "%2B"))).await
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

fn kinds(timeline: &Value) -> Vec<String> {
    let entries = timeline["timeline"].as_array().unwrap().iter();
    entries.map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_contacts_become_one_and_two_again() {
    let staged = Staged::open(&[]).await;
    let place = &staged.place;
    place.publish(&[ASKS]).await;
    says(&staged, "393330000001", "Ada Byron", "hi").await;
    says(&staged, "393330000002", "Byron Ada", "hello").await;
    place.post("/contacts/%2B393330000002/tags", &json!({ "add": ["vip"], "remove": ["cold"] })).await;
    let (one, two) = (contact(place, "+393330000001").await, contact(place, "+393330000002").await);
    let (one_id, two_id) = (id(&one), id(&two));

    let found = place.get("/duplicates").await;
    assert_eq!((&found["groups"][0]["why"], found["looked"].as_u64()), (&json!("name"), Some(2)));
    let pair = json!({ "stays": one_id, "joins": two_id });
    let preview = place.post("/merges/preview", &pair).await;
    assert_eq!((&preview["conversations"], &preview["tags"]), (&json!(1), &json!(["vip"])));
    assert_eq!(preview["runs"][0]["flow"], "asks", "what runs with the one that joins is said before");

    let merge = place.post("/merges", &json!({ "stays": one_id, "joins": two_id, "theirs": ["name"] })).await;
    staged.rest().await;
    let whole = contact(place, &one_id).await;
    assert_eq!((&whole["name"], whole["conversations"].as_array().unwrap().len()), (&json!("Byron Ada"), 2));
    assert_eq!((&whole["joined"], &whole["tags_off"]), (&json!([two_id]), &json!(["cold"])));
    assert_eq!(id(&contact(place, "+393330000002").await), one_id, "its number leads to the one that stays");
    assert_eq!(contact(place, &two_id).await["merged_into"], json!(one_id));
    assert_eq!(place.get("/contacts").await["contacts"].as_array().unwrap().len(), 1);
    assert_eq!(place.get("/duplicates").await["groups"], json!([]));
    let (status, _) = place.ask(Method::POST, "/merges", Some(&pair)).await;
    assert_eq!(status, StatusCode::CONFLICT, "it is a part already");

    // What the second number writes is heard by the one that stays; the run that began before waits on alone.
    says(&staged, "393330000002", "Byron Ada", "and now?").await;
    let waiting = place.get(&format!("/runs?contact={two_id}")).await;
    assert_eq!((waiting["runs"].as_array().unwrap().len(), &waiting["runs"][0]["status"]), (1, &json!("waiting")));
    assert_eq!(
        place.get(&format!("/runs?contact={one_id}")).await["runs"].as_array().unwrap().len(),
        1,
        "it was answered"
    );
    let history = kinds(&place.get(&format!("/contacts/{one_id}/timeline")).await);
    assert_eq!(history.iter().filter(|kind| **kind == "run").count(), 2, "the runs of both: {history:?}");
    assert!(history.contains(&"joined".to_owned()));
    let file = place.get(&format!("/people/{one_id}")).await;
    assert!(file["events"].as_array().unwrap().len() >= 3, "the events of both");

    // Two again.
    let path = format!("/merges/{}/part", merge["id"].as_str().unwrap());
    place.post(&path, &json!({})).await;
    staged.rest().await;
    let (one, two) = (contact(place, &one_id).await, contact(place, "+393330000002").await);
    assert_eq!((id(&two), &one["name"], &two["name"]), (two_id.clone(), &json!("Ada Byron"), &json!("Byron Ada")));
    let talks = |of: &Value| of["conversations"].as_array().unwrap().len();
    assert_eq!((talks(&one), talks(&two), &one["tags_off"]), (1, 1, &json!([])));
    assert!(!one["tags"].to_string().contains("vip") && two["tags"].to_string().contains("vip"));
    assert_eq!(place.ask(Method::POST, &path, Some(&json!({}))).await.0, StatusCode::CONFLICT, "once only");

    // Its run hears again.
    says(&staged, "393330000002", "Byron Ada", "there?").await;
    let waiting = place.get(&format!("/runs?contact={two_id}")).await;
    assert!(waiting["runs"].as_array().unwrap().iter().any(|run| run["status"] == "done"), "{waiting}");
    staged.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_is_erased_whole() {
    let staged = Staged::open(&[]).await;
    let place = &staged.place;
    says(&staged, "393330000001", "Ada Byron", "a secret").await;
    says(&staged, "393330000002", "Byron Ada", "another secret").await;
    let (one, two) = (id(&contact(place, "+393330000001").await), id(&contact(place, "+393330000002").await));
    let merge = place.post("/merges", &json!({ "stays": one, "joins": two })).await;
    staged.rest().await;
    let (status, erased) = place.ask(Method::DELETE, "/people/%2B393330000002", None).await;
    assert_eq!((status, erased["erased"].as_array().unwrap().len()), (StatusCode::OK, 2), "{erased}");
    for who in [&one, &two] {
        let left = contact(place, who).await;
        assert!(!left["erased_at"].is_null() && left["phone"].is_null() && left["name"] == "", "{left}");
    }
    let path = format!("/merges/{}/part", merge["id"].as_str().unwrap());
    assert_eq!(place.ask(Method::POST, &path, Some(&json!({}))).await.0, StatusCode::CONFLICT);
    staged.close().await;
}
