//! What is old enough goes while the server works: the file becomes smaller, the log stays whole, and what is not over stays.

use std::time::Duration;

use connectors::sandbox::{Act, Play};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::stage::staged;

use crate::chaos::WallClock;
use crate::process::{Api, Installation, delivery, list, text, until, until_told};

/// People who asked for a price, each with as many words as a message may have.
const CUSTOMERS: usize = 300;
const WORDS: usize = 4_000;
/// How long is waited before it is tidied up.
const LATER: Duration = Duration::from_secs(40 * 24 * 60 * 60);

#[test]
fn finished_runs_and_messages_go_with_their_age_and_their_room_is_given_back() {
    staged(async {
        let place = Installation::new(&["price", "patient"]).await;
        let clock = WallClock::make(&place.path(".")).expect("a C compiler is here");
        let anchors = place.path("anchors.jsonl");
        let args = ["--first-hour", "off", "--anchors", anchors.to_str().unwrap()];
        let server = place.serve_with(&args).await;
        for few in (0..CUSTOMERS).collect::<Vec<_>>().chunks(20) {
            let asks = few.iter().map(|n| {
                let text = format!("What is the price? {}", format!("{n} ").repeat(WORDS / 4));
                let from = format!("39333{n:07}");
                place.sandbox.play(Play {
                    from,
                    name: "Giulia Rossi".into(),
                    act: Act::Message { text },
                    ..Play::default()
                })
            });
            join_all(asks).await.into_iter().for_each(|played| assert_eq!(played.unwrap().webhook_status, Some(200)));
        }
        let patient = "4915112345678";
        let later = || Play {
            from: patient.into(),
            name: "Anna".into(),
            message_id: Some("wamid.later".into()),
            act: Act::Message { text: "Ask me later".into() },
            ..Play::default()
        };
        assert_eq!(place.sandbox.play(later()).await.unwrap().webhook_status, Some(200));
        server.api.until_runs("&flow=price", CUSTOMERS, "done").await;
        server.api.until_runs("&flow=patient", 1, "waiting").await;
        place.sandbox.idle().await;
        place.cli(&["audit", "anchor"]).await.good();
        assert_eq!(server.stop().await.0, Some(0));

        clock.ahead(LATER);
        let server = place.spawn_with(|command| clock.give(command), &args).ready(&place).await;
        let before = size(&place);
        let preview = server.api.get("/settings/retention?runs_days=7&messages_days=30").await;
        assert_eq!((&preview["runs"], &preview["more"]), (&json!(CUSTOMERS), &json!(false)), "{preview}");
        assert!(preview["messages"].as_u64() >= Some(2 * CUSTOMERS as u64), "{preview}");
        assert_eq!(server.api.runs("&flow=price").await.len(), CUSTOMERS, "looking removes nothing");
        keep(&server.api, json!({ "runs_days": 7, "messages_days": 30, "most_mb": 0 })).await;
        until_told("the runs are gone", async || match server.api.runs("&flow=price").await.len() {
            0 => Ok(()),
            left => Err(format!("{left} are left")),
        })
        .await;
        until("the file is smaller by half", async || (size(&place) * 2 < before).then_some(())).await;

        let left = server.api.until_runs("&flow=patient", 1, "waiting").await;
        let run = left[0]["id"].as_str().unwrap();
        assert!(!list(&server.api.get(&format!("/runs/{run}")).await, "journal").is_empty());
        assert_eq!(place.sandbox.play(later()).await.unwrap().webhook_status, Some(200));
        assert_eq!(server.api.runs("&flow=patient").await.len(), 1, "a repeated delivery is known while it is needed");
        let log = server.api.get("/audit?limit=100").await.to_string();
        assert!(log.contains("settings.changed") && log.contains("\"removed\""), "{log}");
        for against in
            [&["audit", "verify", "--json"][..], &["audit", "verify", "--json", "--against", "anchors.jsonl"]]
        {
            let report = place.cli(against).await.json();
            assert_eq!(report["clean"], true, "{report}");
            assert!(report["removed"].as_u64() >= Some(3 * CUSTOMERS as u64), "{report}");
        }
        let fresh = delivery(&[(patient, "Anna")], vec![text("wamid.now", patient, "What is the price?")]);
        assert_eq!(place.deliver(&fresh).await.unwrap(), 200);
        until("it goes on", async || (server.api.runs("&flow=price").await.len() == 1).then_some(())).await;
        assert_eq!(server.stop().await.0, Some(0));
    });
}

/// Sets for how long what happened is kept.
async fn keep(api: &Api, retention: Value) {
    let mut settings = api.get("/settings").await;
    let revision = settings["revision"].as_str().unwrap().to_owned();
    let fields = settings.as_object_mut().unwrap();
    for shown in ["revision", "changed_by", "changed_at"] {
        fields.remove(shown);
    }
    fields.insert("retention".to_owned(), retention);
    api.put("/settings", &settings, &revision).await;
}

/// Bytes of the database file.
fn size(place: &Installation) -> u64 {
    std::fs::metadata(place.path("data/switchboard.db")).unwrap().len()
}
