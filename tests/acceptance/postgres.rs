//! The whole server on PostgreSQL: what was taken in survives it, another process takes its place, and a file moves there.

use std::time::Duration;

use serde_json::Value;
use tests::postgres;
use tests::stage::staged;
use tokio::time::Instant;

use crate::process::{Installation, WHATSAPP, delivery, free_port, order, signature, until};

/// An order of a thing by a new customer.
fn bought(id: &str) -> Value {
    let phone = format!("39333000{:04}", id.bytes().map(u32::from).sum::<u32>());
    delivery(&[(&phone, "Giulia")], vec![order(id, &phone, 20.0)])
}

async fn buy(place: &Installation, id: &str) {
    assert_eq!(place.deliver(&bought(id)).await.unwrap(), 200);
}

/// The same at another server of the installation; what it answers.
async fn buy_at(place: &Installation, listen: &str, id: &str) -> u16 {
    let body = bought(id).to_string().into_bytes();
    let request = place.http().post(format!("http://{listen}/hooks/{WHATSAPP}"));
    let request = request.header("x-hub-signature-256", signature(&body)).header("content-type", "application/json");
    request.body(body).send().await.unwrap().status().as_u16()
}

#[test]
fn an_order_becomes_a_ticket_and_a_killed_server_goes_on() {
    staged(async {
        let Some(server) = postgres::server_or_skip() else { return };
        let url = server.database().await.url();
        let on = ["--database", &url];
        let place = Installation::new(&["order-to-ticket"]).await;
        let server = place.serve_with(&on).await;
        buy(&place, "wamid.A1").await;
        server.api.until_runs("", 1, "waiting").await;
        assert_eq!(place.sandbox.books().tickets().len(), 1);
        // Taken in and not yet done when it dies.
        buy(&place, "wamid.A2").await;
        let log = server.kill().await;
        assert!(!log.contains("panicked") && !log.contains("ERROR"), "{log}");
        let server = place.serve_with(&on).await;
        server.api.until_runs("", 2, "waiting").await;
        assert_eq!(place.sandbox.books().tickets().len(), 2, "each once");
        assert_eq!(place.cli(&["audit", "verify", "--json", "--database", &url]).await.json()["clean"], true);
        assert!(!place.path("data/switchboard.db").exists());
        assert_eq!(server.stop().await.0, Some(0));
        place.cli(&["audit", "verify", "--database", &url]).await.good();
    });
}

#[test]
fn a_second_server_is_refused_or_stands_by_and_carries_on() {
    staged(async {
        let Some(server) = postgres::server_or_skip() else { return };
        let url = server.database().await.url();
        let on = ["--database", &url];
        let place = Installation::new(&["order-to-ticket"]).await;
        let first = place.serve_with(&on).await;
        let refused = place.cli(&["doctor", "--data", "other", "--database", &url]).await;
        assert_eq!(refused.code, Some(1), "{}", refused.out);
        assert!(refused.err.contains("another process writes this database"), "{}", refused.err);
        let second = place.spawn(&["--database", &url, "--standby"]);
        buy(&place, "wamid.B1").await;
        first.kill().await;
        let killed = Instant::now();
        let second = second.ready(&place).await;
        assert!(killed.elapsed() < Duration::from_secs(5), "{:?}", killed.elapsed());
        buy(&place, "wamid.B2").await;
        second.api.until_runs("", 2, "waiting").await;
        assert_eq!(place.sandbox.books().tickets().len(), 2, "each once");
        place.cli(&["audit", "verify", "--database", &url]).await.good();
        assert_eq!(second.stop().await.0, Some(0));
    });
}

#[test]
fn a_server_that_stands_by_passes_requests_on_and_answers_what_it_held() {
    staged(async {
        let Some(server) = postgres::server_or_skip() else { return };
        let url = server.database().await.url();
        let place = Installation::new(&["order-to-ticket"]).await;
        let first = place.serve_with(&["--database", &url]).await;
        let (listen, flows) = (free_port().to_string(), place.path("flows"));
        let serve = ["serve", "--listen", &listen, "--flows", flows.to_str().unwrap()];
        let second = place.begin(&[&serve[..], &["--database", &url, "--standby"]].concat());
        second.says("standing by on").await;
        let other = place
            .cli(&[&serve[..2], &["127.0.0.1:0", "--data", "other", "--database", &url, "--standby"]].concat())
            .await;
        assert_eq!((other.code, other.err.contains("has other keys")), (Some(1), true), "{}{}", other.out, other.err);
        let tickets = async |count| {
            until("the tickets", async || (place.sandbox.books().tickets().len() == count).then_some(())).await;
        };
        assert_eq!(buy_at(&place, &listen, "wamid.D1").await, 200);
        tickets(1).await;
        let seen = first.api.get("/system").await;
        let token = std::fs::read_to_string(place.path("data/api-token")).unwrap();
        let through = place.http().get(format!("http://{listen}/api/v1/system")).bearer_auth(token.trim());
        let through: Value = through.send().await.unwrap().json().await.unwrap();
        assert_eq!(through["started_at"], seen["started_at"], "the same server answers");
        first.kill().await;
        assert_eq!(buy_at(&place, &listen, "wamid.D2").await, 200, "it was held until there was a server");
        tickets(2).await;
        drop(second);
        place.cli(&["audit", "verify", "--database", &url]).await.good();
    });
}

#[test]
fn a_file_moves_to_postgresql_and_goes_on_there() {
    staged(async {
        let Some(server) = postgres::server_or_skip() else { return };
        let url = server.database().await.url();
        let place = Installation::new(&["order-to-ticket"]).await;
        let server = place.serve().await;
        buy(&place, "wamid.C1").await;
        server.api.until_runs("", 1, "waiting").await;
        place.cli(&["audit", "anchor"]).await.good();
        let busy = place.cli(&["migrate", "--to", &url]).await;
        assert_eq!(busy.code, Some(1), "while a server writes it: {}", busy.out);
        assert_eq!(server.stop().await.0, Some(0));
        let said = place.cli(&["migrate", "--to", &url]).await.good();
        assert!(said.contains("proved before and after"), "{said}");
        let again = place.cli(&["migrate", "--to", &url]).await;
        assert!(again.code == Some(1) && again.err.contains("not empty"), "{}{}", again.out, again.err);
        let server = place.serve_with(&["--database", &url]).await;
        buy(&place, "wamid.C2").await;
        server.api.until_runs("", 2, "waiting").await;
        assert_eq!(place.sandbox.books().tickets().len(), 2);
        place.cli(&["audit", "verify", "--database", &url]).await.good();
        assert_eq!(server.stop().await.0, Some(0));
    });
}
