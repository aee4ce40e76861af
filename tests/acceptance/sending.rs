//! *Stop all sending*: nothing goes out until a person releases it, over a restart too, and then it does, in order.

use serde_json::json;
use tests::stage::staged;

use crate::process::{Installation, delivery, list, order, until};

const PHONE: &str = "4915112345678";

#[test]
fn what_is_stopped_waits_over_a_restart_and_goes_out_when_it_is_released() {
    staged(async {
        let place = Installation::new(&["order-to-ticket"]).await;
        let server = place.serve().await;
        place.cli(&["connection", "setup", "hubspot-main"]).await.good();
        place.cli(&["sending", "stop"]).await.good();
        for id in ["wamid.P1", "wamid.P2"] {
            let ordered = vec![order(id, PHONE, 10.0)];
            assert_eq!(place.deliver(&delivery(&[(PHONE, "Udo")], ordered)).await.unwrap(), 200);
        }
        let held = until("both confirmations are held", async || {
            let stops = server.api.get("/sending").await;
            let held = list(&stops["stops"][0], "held").to_vec();
            (held.len() == 2).then_some(held)
        })
        .await;
        assert!(held.iter().all(|call| call["state"] == "planned"), "{held:?}");
        server.stop().await;

        let server = place.serve().await;
        let shown = place.cli(&["sending", "show"]).await.good();
        assert!(shown.starts_with("all is stopped by cli since "), "{shown}");
        server.api.until_runs("&flow=order-to-ticket", 2, "working").await;
        assert_eq!(place.sandbox.books().messages.len(), 0);

        let released = place.cli(&["sending", "release"]).await.good();
        assert!(released.starts_with("sending goes on (all); 2 message(s) were held"), "{released}");
        server.api.until_runs("&flow=order-to-ticket", 2, "waiting").await;
        assert_eq!(place.sandbox.books().messages.len(), 2);
        assert_eq!(server.api.get("/sending").await, json!({ "stops": [] }));
    });
}

#[test]
fn a_stopped_flow_holds_its_own_messages_and_no_others() {
    staged(async {
        let place = Installation::new(&["order-to-ticket"]).await;
        let server = place.serve().await;
        place.cli(&["connection", "setup", "hubspot-main"]).await.good();
        place.cli(&["sending", "stop", "--flow", "another"]).await.good();
        let ordered = vec![order("wamid.P1", PHONE, 10.0)];
        assert_eq!(place.deliver(&delivery(&[(PHONE, "Udo")], ordered)).await.unwrap(), 200);
        server.api.until_runs("&flow=order-to-ticket", 1, "waiting").await;
        let stopped = server.api.get("/sending").await;
        assert_eq!((&stopped["stops"][0]["scope"], &stopped["stops"][0]["held"]), (&json!("flow:another"), &json!([])));
    });
}
