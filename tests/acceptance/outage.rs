//! The CRM is down: its calls wait in order and say so, nothing else slows down, and nothing is lost or doubled.

use std::time::Duration;

use connectors::sandbox::{CallFault, Faults, Provider, Times};
use serde_json::{Value, json};
use tests::stage::staged;
use tokio::time::Instant;

use crate::process::{Api, Installation, delivery, list, order, text, until};

/// What a complaint may take to reach the team: the budget is 1 s, a debug build on a busy machine gets more. Never 20.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Customers and their orders, in the order they came.
const ORDERS: [(&str, &str, &str); 5] = [
    ("wamid.A1", "8613800138000", "Li Wei"),
    ("wamid.B1", "393331234567", "Giulia"),
    ("wamid.A2", "8613800138000", "Li Wei"),
    ("wamid.A3", "8613800138000", "Li Wei"),
    ("wamid.B2", "393331234567", "Giulia"),
];

#[test]
fn while_the_crm_is_down_orders_wait_in_line_and_nothing_else_does() {
    staged(async {
        let place = Installation::new(&["order-to-ticket", "complaint", "price"]).await;
        let server = place.serve().await;
        place.cli(&["connection", "setup", "hubspot-main"]).await.good();
        let down = CallFault { down: true, ..CallFault::default() };
        place.sandbox.set_faults(Faults::default().on(Provider::Hubspot, down));
        for (id, phone, name) in ORDERS {
            assert_eq!(place.deliver(&delivery(&[(phone, name)], vec![order(id, phone, 10.0)])).await.unwrap(), 200);
        }

        let since = until("every order says what it waits for", async || waiting(&server.api).await).await;
        let listed = place.cli(&["run", "list"]).await.good();
        assert_eq!(
            listed.matches(&format!("waiting for hubspot-main since {since}")).count(),
            ORDERS.len(),
            "{listed}"
        );

        // Somebody complains and somebody asks for the price meanwhile.
        let began = Instant::now();
        let both =
            vec![text("wamid.C", "4915112345678", "A complaint!"), text("wamid.P", "4915112345678", "The price?")];
        assert_eq!(place.deliver(&delivery(&[("4915112345678", "Udo")], both)).await.unwrap(), 200);
        until("the care team hears of it", async || {
            let open = server.api.get("/escalations?open=true").await;
            list(&open, "escalations").iter().any(|escalation| escalation["team"] == "care").then_some(())
        })
        .await;
        assert!(began.elapsed() < AT_ONCE, "the escalation took {:?}", began.elapsed());

        // A probe or two later nothing was used up.
        let probes = place.sandbox.totals().requests;
        place.sandbox.wait_until(|books| books.totals.requests > probes).await;
        for run in server.api.runs("&flow=order-to-ticket").await {
            let shown = server.api.get(&format!("/runs/{}", run["id"].as_str().unwrap())).await;
            let call = &shown["effects"][0];
            assert_eq!((&call["failed_attempts"], &call["action"]), (&0.into(), &"crm.create_ticket".into()), "{call}");
        }
        assert!(place.sandbox.books().tickets().is_empty());

        place.sandbox.set_faults(Faults::default());
        server.api.until_runs("&flow=order-to-ticket", ORDERS.len(), "waiting").await;
        for phone in ["8613800138000", "393331234567"] {
            let came: Vec<&str> = ORDERS.iter().filter(|order| order.1 == phone).map(|order| order.0).collect();
            assert_eq!(made(&place, &came), came, "in order, each once");
        }
        assert_eq!(place.sandbox.books().tickets().len(), ORDERS.len());
        for run in server.api.runs("&flow=order-to-ticket").await {
            let shown = server.api.get(&format!("/runs/{}", run["id"].as_str().unwrap())).await;
            assert_eq!(shown["waiting_for"], Value::Null);
            assert!(attempts(&shown).iter().all(|attempt| *attempt == 1), "{shown}");
        }
    });
}

#[test]
fn a_ticket_that_may_have_been_made_is_listed_for_a_person_who_decides() {
    staged(async {
        // The portal has no property of ours, so HubSpot cannot tell whether a call whose answer was lost was carried out.
        let place = Installation::new(&["order-to-ticket"]).await;
        let server = place.serve().await;
        let doctor = place.cli(&["doctor"]).await;
        assert_eq!(doctor.code, Some(1));
        assert!(doctor.out.contains("calls are not repeated when unclear"), "{}", doctor.out);
        let lost = Some(Times { times: Some(1) });
        let fault =
            CallFault { path: "/crm/v3/objects/tickets".into(), drop_after_acting: lost, ..CallFault::default() };
        place.sandbox.set_faults(Faults::default().on(Provider::Hubspot, fault));
        let one = delivery(&[("393331234567", "Giulia")], vec![order("wamid.A1", "393331234567", 10.0)]);
        assert_eq!(place.deliver(&one).await.unwrap(), 200);

        let runs = server.api.until_runs("", 1, "needs_attention").await;
        let attention = server.api.get("/attention").await;
        let [call] = list(&attention, "calls") else { panic!("{attention}") };
        assert_eq!((&call["action"], &call["state"]), (&"crm.create_ticket".into(), &"parked".into()), "{call}");
        assert!(call["why"].as_str().unwrap().contains("may_have_happened"), "{call}");
        let told = place.cli(&["run", "show", runs[0]["id"].as_str().unwrap()]).await.good();
        assert!(told.contains("waits for a person: may have happened"), "{told}");
        assert_eq!(place.cli(&["doctor"]).await.code, Some(1), "somebody must look");

        // The person looks into the CRM, finds the ticket and says so: the run goes on with it, and nothing is made twice.
        let made = place.sandbox.books().tickets()[0].id.clone();
        let settle = format!("/attention/{}/settle", call["id"].as_str().unwrap());
        server.api.post(&settle, &json!({ "output": { "id": made, "created": true } })).await;
        server.api.until_runs("", 1, "waiting").await;
        let books = place.sandbox.books();
        assert_eq!(books.tickets().len(), 1);
        let confirmed: Vec<&str> =
            books.templates_sent("order_confirmation").map(|sent| &*sent.params["ticket"]).collect();
        assert_eq!(confirmed, [made]);
        assert!(list(&server.api.get("/attention").await, "calls").is_empty());
    });
}

/// Since when, once all order runs wait for the CRM.
async fn waiting(api: &Api) -> Option<String> {
    let runs = api.runs("&flow=order-to-ticket").await;
    let waits = |run: &Value| run["waiting_for"]["connection"] == "hubspot-main";
    (runs.len() == ORDERS.len() && runs.iter().all(waits))
        .then(|| runs[0]["waiting_for"]["since"].as_str().unwrap().to_owned())
}

/// Those of `orders` that have a ticket, oldest first.
fn made<'a>(place: &Installation, orders: &[&'a str]) -> Vec<&'a str> {
    let books = place.sandbox.books();
    let subjects = books.tickets().iter().map(|ticket| ticket.properties["subject"].as_str());
    subjects.filter_map(|subject| orders.iter().find(|id| subject.contains(**id)).copied()).collect()
}

/// Numbers of the attempts that a run's journal tells.
fn attempts(run: &Value) -> Vec<u64> {
    let entries = list(run, "journal").iter().flat_map(|row| list(row, "entries"));
    let tried = entries.filter(|entry| entry["what"]["did"] == "attempted");
    tried.map(|entry| entry["what"]["attempt"].as_u64().unwrap()).collect()
}
