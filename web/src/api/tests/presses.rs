//! Buttons pressed in other services: by whom nobody here knows, and by whom somebody is linked to.

use connectors::sandbox::{Act, Play, Provider};
use serde_json::json;

use super::alarms::put;
use super::answers::cart;
use crate::testing::Staged;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_linked_is_told_so_and_how_that_is_mended() {
    let stage = Staged::open(&["order-to-ticket"]).await;
    let team = json!({ "name": "Care", "fallback": ["team-slack"] });
    let (status, answer) = put(&stage, "/teams/care", "0", &team).await;
    assert!(status.is_success(), "{answer}");
    stage.play(cart()).await;
    let talks = stage.place.get("/conversations?box=all").await;
    let talk = talks["conversations"][0]["id"].as_str().unwrap();
    let wanted = json!({ "team": "care", "reason": "wants a human" });
    stage.place.post(&format!("/conversations/{talk}/escalate"), &wanted).await;
    let books = stage.sandbox.wait_until(|books| books.posts.iter().any(|post| !post.buttons.is_empty())).await;
    let before = books.posts.len();
    let act = Act::Press { button: "take".into(), post: None };
    let play = Play { provider: Provider::Slack, from: "U0LEO".into(), name: "Leo".into(), act, ..Play::default() };
    assert_eq!(stage.sandbox.play(play).await.unwrap().webhook_status, Some(200));
    let books = stage.sandbox.wait_until(|books| books.posts.len() > before).await;
    let told = &books.posts[before];
    assert_eq!(told.place, "U0LEO", "to them alone");
    assert!(told.text.contains("not linked") && told.text.contains("U0LEO"), "{}", told.text);
    stage.rest().await;
    let open = stage.place.get("/escalations").await;
    let all = open["escalations"].as_array().unwrap();
    assert!(all.iter().all(|one| one["accepted_by"].is_null()), "nobody has it: {open}");
    stage.close().await;
}
