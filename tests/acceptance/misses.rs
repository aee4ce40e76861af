//! "Why did it not fire?": the last events a trigger passed over, and why; forgotten with the person.

use serde_json::json;
use tests::stage::staged;

use crate::process::{Installation, delivery, list, order, text, until};

const PHONE: &str = "4915112345678";

#[test]
fn an_event_that_started_nothing_is_told_with_the_reason_until_the_person_is_erased() {
    staged(async {
        let place = Installation::new(&["order-to-ticket", "price-autoreply"]).await;
        let server = place.serve().await;
        let people = [(PHONE, "Anna")];
        for message in [order("wamid.1", PHONE, 0.0), text("wamid.2", PHONE, "Hello")] {
            assert_eq!(place.deliver(&delivery(&people, vec![message])).await.unwrap(), 200);
        }
        let misses = async |flow: &str, count: usize| {
            until("the events are handled", async || {
                let answer = server.api.get(&format!("/flows/{flow}/misses")).await;
                let misses = list(&answer, "misses");
                (misses.len() == count).then(|| misses.to_vec())
            })
            .await
        };
        let orders = misses("order-to-ticket", 1).await;
        assert_eq!((&orders[0]["why"], &orders[0]["trigger"]), (&json!("when"), &json!("whatsapp.order_received")));
        assert_eq!(orders[0]["saw"], json!({ "event.order.total": 0.0 }));
        let prices = misses("price-autoreply", 2).await;
        assert!(prices.iter().all(|miss| miss["why"] == "params" && miss["saw"].is_null()), "{prices:?}");
        assert!(prices[0]["at"].as_str() >= prices[1]["at"].as_str(), "newest first");

        let told = place.cli(&["flow", "misses", "order-to-ticket"]).await.good();
        assert!(told.contains("when") && told.contains("event.order.total"), "{told}");
        let nothing = place.cli(&["flow", "misses", "no-such-flow"]).await;
        assert_eq!(nothing.code, Some(1), "{}", nothing.out);

        place.cli(&["person", "erase", &format!("+{PHONE}")]).await.good();
        assert_eq!(place.cli(&["flow", "misses", "price-autoreply", "--json"]).await.json()["misses"], json!([]));
        assert_eq!(server.stop().await.0, Some(0));
        let stopped = place.cli(&["flow", "misses", "price-autoreply"]).await;
        assert!(stopped.code == Some(1) && stopped.err.contains("no server runs"), "{}", stopped.err);
    });
}
