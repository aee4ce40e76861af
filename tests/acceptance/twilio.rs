//! The same product on another provider: a question comes in through Twilio and is answered through Twilio.

use connectors::sandbox::{Act, Config, Play, Provider};
use serde_json::Value;
use tests::stage::staged;

use crate::process::{Installation, TWILIO, list, until};

fn asks(id: &str, words: &str) -> Play {
    Play {
        provider: Provider::Twilio,
        from: "393331234567".into(),
        name: "Giulia".into(),
        message_id: Some(id.into()),
        act: Act::Message { text: words.into() },
    }
}

const SID: &str = "SM0123456789abcdef0123456789abcdef";

#[test]
fn a_question_through_twilio_is_answered_there_and_the_status_finds_its_call() {
    staged(async {
        // With a default that is another number: an answer goes out where the question came in.
        let place = Installation::new(&["price-autoreply"]).await;
        let server = place.serve().await;
        let played = place.sandbox.play(asks(SID, "Qual è il prezzo?")).await.unwrap();
        assert_eq!(played.webhook_status, Some(200));
        let runs = server.api.until_runs("", 1, "done").await;
        let books = place.sandbox.books();
        let [answer] = &books.messages[..] else { panic!("{:?}", books.messages) };
        assert_eq!((answer.provider, &*answer.to), (Provider::Twilio, "393331234567"));
        assert!(answer.text.as_deref().unwrap().starts_with("Ecco il nostro listino prezzi"), "{answer:?}");
        let path = format!("/runs/{}", runs[0]["id"].as_str().unwrap());
        let run = until("the customer read it", async || {
            let run = server.api.get(&path).await;
            list(&run, "messages").iter().any(|message| message["status"] == "read").then_some(run)
        })
        .await;
        let sent: Vec<&Value> = list(&run, "messages").iter().filter(|message| message["inbound"] == false).collect();
        assert_eq!(sent.len(), 1, "{run}");
        // The callback's address carries the key of the call, and came back with it.
        let key = sent[0]["call"].as_str().unwrap();
        assert_eq!(key, format!("{}/1", run["id"].as_str().unwrap()));
        assert!(answer.callback.as_deref().unwrap().ends_with(&format!("?key={}", key.replace('/', "%2F"))));
        place.sandbox.idle().await;
        let statuses = place.sandbox.books().webhooks.into_iter().filter(|webhook| webhook.kind == "status");
        let statuses: Vec<_> = statuses.map(|webhook| webhook.status).collect();
        assert_eq!(statuses, [Some(200); 3], "sent, delivered, read");

        // The same message again is no second question.
        assert_eq!(place.sandbox.play(asks(SID, "Qual è il prezzo?")).await.unwrap().webhook_status, Some(200));
        assert_eq!(server.api.runs("").await.len(), 1);
        assert_eq!(place.sandbox.books().messages.len(), 1);
    });
}

#[test]
fn a_form_that_twilio_did_not_sign_is_refused() {
    staged(async {
        let place = Installation::connected(Config::default(), &["price-autoreply"], &[TWILIO]).await;
        let server = place.serve().await;
        let form = "MessageSid=SM1&From=whatsapp%3A%2B393331234567&To=whatsapp%3A%2B14155238886&Body=price";
        for signature in [None, Some(""), Some("igmpq7EtgWC1hhJ/ez+vOROWvVQ=")] {
            let mut request = place.http().post(format!("{}/hooks/tw-backup", place.url())).body(form);
            request = request.header("content-type", "application/x-www-form-urlencoded");
            if let Some(signature) = signature {
                request = request.header("x-twilio-signature", signature);
            }
            assert_eq!(request.send().await.unwrap().status().as_u16(), 401, "{signature:?}");
        }
        assert_eq!(place.count("select (select count(*) from event) + (select count(*) from bad_item)").await, 0);
        assert!(server.api.runs("").await.is_empty());
    });
}
