//! Questions and answers: a caller of a webhook hears what the flow says, a customer chooses by tapping or by number.

use std::time::Duration;

use connectors::sandbox::{Act, Message, Play, Provider};
use serde_json::{Value, json};
use tests::stage::staged;
use tokio::time::Instant;

use crate::process::{Installation, WHATSAPP, until};

const TOKEN: &str = "0123456789abcdef";
/// How long a caller waits at most (README, "Connections").
const HELD: Duration = Duration::from_secs(10);

/// One whose callers come in at `/hooks/shop/…`.
async fn called() -> Installation {
    let place = Installation::connected(Default::default(), &["quote", "size"], &[WHATSAPP]).await;
    let file = place.path("connections.yaml");
    let known = std::fs::read_to_string(&file).unwrap();
    let shop = format!("  - {{ id: shop, connector: webhook, token: {TOKEN} }}\ndefaults:");
    std::fs::write(file, known.replacen("defaults:", &shop, 1)).unwrap();
    place
}

/// Calls; status, content type and body of the answer.
async fn call(place: &Installation, path: &str, id: &str, item: &str) -> (u16, String, String) {
    let post = place.http().post(format!("{}/hooks/shop/{path}", place.url())).bearer_auth(TOKEN);
    let answer = post.header("idempotency-key", id).json(&json!({ "item": item })).send().await.unwrap();
    let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    (answer.status().as_u16(), kind.unwrap_or_default(), answer.text().await.unwrap())
}

#[test]
fn a_caller_hears_what_the_flow_answers_and_hears_the_same_again() {
    staged(async {
        let place = called().await;
        let server = place.serve().await;
        let (first, second) = tokio::join!(call(&place, "quote", "a", "tea"), call(&place, "quote", "a", "tea"));
        assert_eq!((first.0, first.1.as_str()), (200, "application/json"), "{first:?}");
        assert_eq!(serde_json::from_str::<Value>(&first.2).unwrap(), json!({ "item": "tea", "price": 12.5 }));
        assert_eq!(second, first, "the same delivery at the same instant");
        let text = call(&place, "quote", "b", "coffee").await;
        assert_eq!(text, (404, "text/plain; charset=utf-8".into(), "There is no coffee.".into()));
        assert_eq!(server.api.runs("").await.len(), 2);
        // What was said is in the journal, so another process says the same.
        server.kill().await;
        let server = place.serve().await;
        assert_eq!(call(&place, "quote", "a", "tea").await, first);
        assert_eq!(server.api.runs("").await.len(), 2);
    });
}

#[test]
fn only_a_caller_whom_a_flow_can_answer_is_held_and_ten_seconds_at_most() {
    staged(async {
        let place = called().await;
        let server = place.serve().await;
        let received = (200, "application/json".to_owned(), r#"{"received":true}"#.to_owned());
        let began = Instant::now();
        let slow = call(&place, "quote", "slow", "gold");
        let quick = async {
            assert_eq!(call(&place, "elsewhere", "a", "tea").await, received, "no flow listens there");
            let (status, _, body) = call(&place, "quote", "b", "nothing").await;
            assert_eq!(status, 202, "its run ended without an answer: {body}");
            assert!(began.elapsed() < HELD, "nobody is held for what cannot come");
        };
        let ((status, _, body), ()) = tokio::join!(slow, quick);
        assert!(began.elapsed() >= HELD, "{:?}", began.elapsed());
        let waiting = server.api.runs("&status=waiting").await;
        assert_eq!(waiting.len(), 1);
        let told: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, told), (202, json!({ "received": true, "runs": [waiting[0]["id"]] })));
        let token = std::fs::read_to_string(place.path("data/api-token")).unwrap();
        let metrics = place.http().get(format!("{}/metrics", place.url())).bearer_auth(token.trim()).send().await;
        let metrics = metrics.unwrap().text().await.unwrap();
        assert!(metrics.contains("switchboard_callers_waiting 0"), "{metrics}");
        assert!(metrics.contains("switchboard_callers_total{outcome=\"later\"} 2"), "{metrics}");
    });
}

#[test]
fn a_server_that_stops_does_not_wait_for_its_callers() {
    staged(async {
        let place = called().await;
        let server = place.serve().await;
        let began = Instant::now();
        let stopping = async {
            server.api.until_runs("", 1, "waiting").await;
            server.stop().await
        };
        let ((status, ..), (code, _)) = tokio::join!(call(&place, "quote", "slow", "gold"), stopping);
        assert_eq!((status, code), (202, Some(0)));
        assert!(began.elapsed() < HELD, "{:?}", began.elapsed());
    });
}

fn customer(provider: Provider, act: Act) -> Play {
    Play { provider, from: "8613800138000".into(), name: "Li Wei".into(), act, ..Play::default() }
}

async fn told(place: &Installation, what: &str, fits: impl Fn(&Message) -> bool) {
    until(what, async || place.sandbox.books().messages.iter().any(&fits).then_some(())).await;
}

#[test]
fn a_customer_chooses_by_tapping_a_button() {
    staged(async {
        let place = called().await;
        let server = place.serve().await;
        let says = |text: &str| customer(Provider::CloudApi, Act::Message { text: text.into() });
        place.sandbox.play(says("What size?")).await.unwrap();
        told(&place, "the question", |message| message.kind == "interactive").await;
        let tap = ["play", "tap", "2", "--from", "+8613800138000", "--sandbox-url", place.sandbox.url()];
        place.cli(&tap).await.good();
        told(&place, "the answer", |message| message.text.as_deref() == Some("You chose M.")).await;
        server.api.until_runs("&flow=size", 1, "done").await;
    });
}

#[test]
fn a_customer_at_twilio_chooses_by_number() {
    staged(async {
        let place = Installation::new(&["size"]).await;
        let server = place.serve().await;
        let says = |text: &str| customer(Provider::Twilio, Act::Message { text: text.into() });
        place.sandbox.play(says("What size?")).await.unwrap();
        told(&place, "the question", |message| message.text.as_deref() == Some("Which size?\n1. S\n2. M\n3. L")).await;
        place.sandbox.play(says("3")).await.unwrap();
        told(&place, "the answer", |message| message.text.as_deref() == Some("You chose L.")).await;
        server.api.until_runs("&flow=size", 1, "done").await;
    });
}
