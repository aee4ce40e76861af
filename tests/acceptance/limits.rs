//! Limits of a flow in the real binary: who waits for whom is told, and outlives the process.

use connectors::sandbox::{CallFault, Faults, Provider};
use serde_json::Value;
use tests::stage::staged;

use crate::process::{Installation, delivery, list, order, text, until};

const PHONE: &str = "4915112345678";

#[test]
fn a_run_that_waits_for_its_turn_says_so_and_gets_it_after_a_kill_too() {
    staged(async {
        let place = Installation::new(&["in-turn"]).await;
        let server = place.serve().await;
        place.cli(&["connection", "setup", "hubspot-main"]).await.good();
        let down = CallFault { down: true, ..CallFault::default() };
        place.sandbox.set_faults(Faults::default().on(Provider::Hubspot, down));
        for (id, phone) in [("wamid.1", PHONE), ("wamid.2", "393331234567")] {
            assert_eq!(
                place.deliver(&delivery(&[(phone, "Somebody")], vec![order(id, phone, 10.0)])).await.unwrap(),
                200
            );
        }
        // Both ask for the place first; whoever has it keeps it, as the CRM is down.
        let working = server.api.until_runs("&status=working", 1, "working").await;
        let waiting = server.api.until_runs("&status=waiting", 1, "waiting").await;
        let id = waiting[0]["id"].as_str().unwrap();
        let told = place.cli(&["run", "show", id]).await.good();
        assert!(told.contains("key = \"all\"") && told.contains("waits for its turn"), "{told}");
        assert_ne!(waiting[0]["id"], working[0]["id"]);

        server.kill().await;
        place.sandbox.set_faults(Faults::default());
        let server = place.serve().await;
        server.api.until_runs("&flow=in-turn", 2, "done").await;
        let told = place.cli(&["run", "show", id]).await.good();
        assert!(told.contains("its turn has come"), "{told}");
        assert_eq!(place.sandbox.books().tickets().len(), 2);
        place.cli(&["audit", "verify"]).await.good();
    });
}

#[test]
fn a_burst_starts_one_run_and_what_a_throttle_stopped_is_told() {
    staged(async {
        let place = Installation::new(&["seldom"]).await;
        let server = place.serve().await;
        let say = async |messages: Vec<Value>| {
            assert_eq!(place.deliver(&delivery(&[(PHONE, "Anna")], messages)).await.unwrap(), 200);
        };
        say(vec![text("wamid.1", PHONE, "how much"), text("wamid.2", PHONE, "is the small one?")]).await;
        let shown = server.api.until_runs("&flow=seldom", 1, "done").await;
        let told = place.cli(&["run", "show", shown[0]["id"].as_str().unwrap()]).await.good();
        assert!(told.contains("how much\\nis the small one?"), "{told}");

        say(vec![text("wamid.3", PHONE, "hello?")]).await;
        until("the throttle is told", async || {
            let answer = server.api.get("/flows/seldom/misses").await;
            list(&answer, "misses").iter().any(|miss| miss["why"] == "throttled").then_some(())
        })
        .await;
        let told = place.cli(&["flow", "misses", "seldom"]).await.good();
        assert!(told.contains("throttled"), "{told}");
        assert_eq!(server.api.runs("&flow=seldom").await.len(), 1);
    });
}
