//! Webhooks at the door: what is let in, what is not, and what happens to a delivery that comes often or half broken.

use std::collections::BTreeSet;

use connectors::sandbox::Config;
use futures_util::future::join_all;
use serde_json::json;
use tests::stage::staged;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::process::{Installation, delivery, list, order, signature, signature_by, text, until};

/// Everything a webhook could leave behind.
const STORED: &str = "select (select count(*) from event) + (select count(*) from contact) + (select count(*) from input) \
     + (select count(*) from message) + (select count(*) from bad_item) + (select count(*) from run) \
     + (select count(*) from conversation)";

/// One that answers who asks for the price. These tests play the customers themselves, so the sandbox does not know whose window
/// is open.
async fn answering() -> Installation {
    Installation::with(Config { enforce_window: false, ..Config::default() }, &["price"]).await
}

#[test]
fn a_webhook_with_a_wrong_or_missing_signature_is_refused_and_leaves_nothing() {
    staged(async {
        let place = answering().await;
        let server = place.serve().await;
        let body = delivery(&[("393331234567", "Ugo")], vec![text("wamid.A", "393331234567", "price")]).to_string();
        let right = signature(body.as_bytes());
        let other = signature_by("another-secret", body.as_bytes());
        let of_other_bytes = signature(format!("{body} ").as_bytes());
        let wrong = ["", "sha256=", "sha256=00", "sha1=00", &other, &of_other_bytes, &right[..right.len() - 1]];
        for signature in wrong.into_iter().map(Some).chain([None]) {
            let answered = place.hook("wa-main", body.clone().into_bytes(), signature).await.unwrap();
            assert_eq!(answered, 401, "{signature:?}");
        }
        assert_eq!(place.hook("nowhere", body.clone().into_bytes(), Some(&right)).await.unwrap(), 404);
        assert_eq!(place.count(STORED).await, 0);
        assert_eq!(place.hook("wa-main", body.into_bytes(), Some(&right)).await.unwrap(), 200);
        server.api.until_runs("", 1, "done").await;
        assert!(place.count(STORED).await > 0, "the same bytes, well signed, do arrive");
    });
}

#[test]
fn a_body_over_3_mb_is_refused_and_one_of_just_3_mb_is_not() {
    staged(async {
        let place = answering().await;
        let server = place.serve().await;
        let mut body = delivery(&[("393331234567", "Ugo")], vec![text("wamid.A", "393331234567", "price")])
            .to_string()
            .into_bytes();
        body.resize(3 * 1024 * 1024 + 1, b' ');
        let signed = signature(&body);
        // Whoever refuses early may close while the rest is still on its way.
        if let Ok(answered) = place.hook("wa-main", body.clone(), Some(&signed)).await {
            assert_eq!(answered, 413);
        }
        assert_eq!(chunked(&place, &body, &signed).await, 413);
        assert_eq!(place.count(STORED).await, 0);
        body.pop();
        let signed = signature(&body);
        assert_eq!(place.hook("wa-main", body, Some(&signed)).await.unwrap(), 200);
        server.api.until_runs("", 1, "done").await;
    });
}

/// Posts a body without saying before how long it is, and stops at the answer.
async fn chunked(place: &Installation, body: &[u8], signature: &str) -> u16 {
    let address = place.url().trim_start_matches("http://").to_owned();
    let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "POST /hooks/wa-main HTTP/1.1\r\nhost: {address}\r\nx-hub-signature-256: {signature}\r\n\
         transfer-encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut read, mut write) = stream.split();
    let sending = async {
        for part in body.chunks(64 * 1024) {
            let chunk = [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
            if write.write_all(&chunk).await.is_err() {
                return;
            }
        }
        drop(write.write_all(b"0\r\n\r\n").await);
    };
    let mut answer = [0; 12];
    let (_, got) = tokio::join!(sending, read.read_exact(&mut answer));
    got.expect("it answers before it closes");
    let answer = std::str::from_utf8(&answer).unwrap();
    answer.strip_prefix("HTTP/1.1 ").unwrap().parse().unwrap()
}

#[test]
fn the_same_delivery_ten_times_at_the_same_instant_is_one_event_and_one_run() {
    staged(async {
        let place = Installation::new(&["order-to-ticket"]).await;
        let server = place.serve().await;
        let once = delivery(&[("8613800138000", "Li Wei")], vec![order("wamid.ORDER1", "8613800138000", 19.5)]);
        let answers = join_all((0..10).map(|_| place.deliver(&once))).await;
        assert!(answers.iter().all(|answer| matches!(answer, Ok(200))), "{answers:?}");
        server.api.until_runs("", 1, "waiting").await;
        place.sandbox.idle().await;
        // And once more, when everything is over.
        assert_eq!(place.deliver(&once).await.unwrap(), 200);
        assert_eq!(place.count("select count(*) from event where kind = 'whatsapp.order_received'").await, 1);
        assert_eq!(place.count("select count(*) from input").await, 0);
        assert_eq!(server.api.runs("").await.len(), 1);
        let books = place.sandbox.books();
        assert_eq!(books.tickets().len(), 1);
        assert_eq!(books.templates_sent("order_confirmation").count(), 1);
    });
}

#[test]
fn of_a_thousand_updates_in_one_post_the_good_ones_run_and_the_bad_ones_are_kept_raw() {
    staged(async {
        let place = answering().await;
        // So many at once would be held in the first hour of a trigger.
        let server = place.serve_with(&["--first-hour", "off"]).await;
        let people: Vec<(String, String)> =
            (0..1_000).map(|n| (format!("39333{n:07}"), format!("Person {n}"))).collect();
        let broken = [
            json!("no object"),
            json!({ "id": "wamid.BAD1", "type": "text", "timestamp": "1760000000" }),
            json!({ "from": "39333999999", "type": "text", "text": { "body": "price" } }),
            json!(null),
            json!([{ "from": 1 }]),
        ];
        let good = |n: usize| text(&format!("wamid.M{n}"), &people[n].0, "What is the price?");
        let messages = (0..1_000).map(|n| if n % 40 == 7 { broken[n / 40 % broken.len()].clone() } else { good(n) });
        let messages: Vec<_> = messages.collect();
        let bad = (0..1_000).filter(|n| n % 40 == 7).count();
        let names: Vec<(&str, &str)> = people.iter().map(|(phone, name)| (&**phone, &**name)).collect();
        assert_eq!(place.deliver(&delivery(&names, messages)).await.unwrap(), 200);

        let listed = server.api.get("/bad-items?limit=500").await;
        let items = list(&listed, "bad_items");
        assert_eq!(items.len(), bad);
        for item in items {
            let raw: serde_json::Value = serde_json::from_str(item["raw"].as_str().unwrap()).unwrap();
            assert!(broken.contains(&raw), "{raw} is not as it came");
            assert!(!item["why"].as_str().unwrap().is_empty());
        }
        let runs = server.api.until_runs("&flow=price", 1_000 - bad, "done").await;
        assert_eq!(runs.len(), 1_000 - bad);
        let books = place.sandbox.books();
        let reached: BTreeSet<&str> = books.messages.iter().map(|message| &*message.to).collect();
        assert_eq!((reached.len(), books.messages.len()), (1_000 - bad, 1_000 - bad), "each once");
        let doctor = place.cli(&["doctor"]).await;
        assert_eq!(doctor.code, Some(1), "{}", doctor.out);
        assert!(doctor.out.contains(&format!("{bad} item(s) are kept")), "{}", doctor.out);
    });
}

#[test]
fn what_is_no_delivery_at_all_is_refused_with_400() {
    staged(async {
        let place = Installation::new(&["price"]).await;
        let _server = place.serve().await;
        for body in ["", "{", "[]", "{\"entry\":{}}", "\u{0}"] {
            let signed = signature(body.as_bytes());
            assert_eq!(place.hook("wa-main", body.into(), Some(&signed)).await.unwrap(), 400, "{body:?}");
        }
        assert_eq!(place.count(STORED).await, 0);
    });
}

#[test]
fn the_address_proves_to_meta_that_it_is_ours() {
    staged(async {
        let place = Installation::new(&["price"]).await;
        let _server = place.serve().await;
        let token = Config::default().cloud_api.verify_token;
        let ask = async |query: String| {
            let answer = place.http().get(format!("{}/hooks/wa-main?{query}", place.url())).send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        };
        let right = format!("hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1158201444");
        assert_eq!(ask(right).await, (200, "1158201444".to_owned()));
        let (status, text) = ask("hub.mode=subscribe&hub.verify_token=guess&hub.challenge=1158201444".into()).await;
        assert_eq!(status, 403);
        assert!(!text.contains("1158201444"), "{text}");
        // The sandbox does it as Meta does before it stores an address.
        let verified = place.http().post(format!("{}/_sandbox/verify", place.sandbox.url())).send().await.unwrap();
        assert!(verified.status().is_success());
    });
}

#[test]
fn a_message_of_another_number_of_the_app_starts_nothing_here() {
    staged(async {
        let place = Installation::new(&["price"]).await;
        let server = place.serve().await;
        let mut other = delivery(&[("393331234567", "Ugo")], vec![text("wamid.A", "393331234567", "price")]);
        other["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = json!("1");
        assert_eq!(place.deliver(&other).await.unwrap(), 200);
        let listed = until("it is listed", async || {
            let listed = server.api.get("/bad-items").await;
            (!list(&listed, "bad_items").is_empty()).then_some(listed)
        });
        assert!(listed.await["bad_items"][0]["why"].as_str().unwrap().contains("another number"));
        assert!(server.api.runs("").await.is_empty());
    });
}
