//! The server as a process: who may ask it, how it stops, and that there is one of it in a data folder.

use serde_json::json;
use tests::stage::staged;

use crate::process::{Installation, delivery, list, order, text, until};

#[test]
fn the_api_answers_nobody_without_its_token() {
    staged(async {
        let place = Installation::new(&["price"]).await;
        let server = place.serve().await;
        let token = std::fs::read_to_string(place.path("data/api-token")).unwrap();
        for path in ["/runs", "/people/+390000000000", "/audit/export", "/system", "/nothing"] {
            let address = format!("{}/api/v1{path}", place.url());
            let half = &token.trim()[..20];
            for given in [None, Some(""), Some("guess"), Some(half)] {
                let mut request = place.http().get(&address);
                if let Some(given) = given {
                    request = request.bearer_auth(given);
                }
                let answer = request.send().await.unwrap();
                assert_eq!(answer.status().as_u16(), 401, "{path} {given:?}");
                let body: serde_json::Value = answer.json().await.unwrap();
                assert_eq!(body["error"]["code"], "unauthorized");
            }
        }
        assert_eq!(server.api.raw("/nothing").await.0, 404);
        assert_eq!(server.api.raw("/runs").await.0, 200);
        // The token is a file of its owner, and printed at start.
        use std::os::unix::fs::PermissionsExt;
        let mode = |name: &str| std::fs::metadata(place.path(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("data"), mode("data/api-token"), mode("data/audit.key")), (0o700, 0o600, 0o600));
        assert!(server.log().contains(token.trim()));
    });
}

#[test]
fn health_and_readiness_need_no_token_and_figures_do() {
    staged(async {
        let place = Installation::new(&["complaint"]).await;
        let server = place.serve().await;
        let said = delivery(&[("393331234567", "Ugo")], vec![text("wamid.A", "393331234567", "complaint")]);
        assert_eq!(place.deliver(&said).await.unwrap(), 200);
        server.api.until_runs("", 1, "done").await;
        let token = std::fs::read_to_string(place.path("data/api-token")).unwrap();
        for (path, word) in [
            ("/healthz", "ok"),
            ("/readyz", "ready"),
            ("/metrics", "switchboard_connection_up{connection=\"wa-main\"} 1"),
        ] {
            let mut request = place.http().get(format!("{}{path}", place.url()));
            if path == "/metrics" {
                assert_eq!(request.try_clone().unwrap().send().await.unwrap().status().as_u16(), 401);
                request = request.bearer_auth(token.trim());
            }
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status().as_u16(), 200);
            let text = answer.text().await.unwrap();
            assert!(text.contains(word), "{path}: {text}");
            assert!(!text.contains("393331234567"));
        }
    });
}

#[test]
fn sigterm_lets_what_is_under_way_end_and_exits_0() {
    staged(async {
        let place = Installation::new(&["order-to-ticket"]).await;
        let server = place.serve().await;
        let one = delivery(&[("8613800138000", "Li Wei")], vec![order("wamid.ORDER1", "8613800138000", 19.5)]);
        assert_eq!(place.deliver(&one).await.unwrap(), 200);
        let (code, log) = server.stop().await;
        assert_eq!(code, Some(0), "{log}");
        assert!(place.deliver(&one).await.is_err(), "nobody listens any more");
        assert!(!log.contains("ERROR") && !log.contains("panicked"), "{log}");
        // What was taken in is done at the next start, once.
        let server = place.serve().await;
        server.api.until_runs("", 1, "waiting").await;
        assert_eq!(place.sandbox.books().tickets().len(), 1);
        assert_eq!(place.sandbox.books().templates_sent("order_confirmation").count(), 1);
        assert_eq!(server.stop().await.0, Some(0));
    });
}

#[test]
fn a_second_server_on_the_same_data_is_refused_and_the_first_does_not_notice() {
    staged(async {
        let place = Installation::new(&["price"]).await;
        let server = place.serve().await;
        let second = place.cli(&["serve", "--listen", "127.0.0.1:0"]).await;
        assert_eq!(second.code, Some(1), "{}", second.out);
        assert!(second.out.is_empty(), "{}", second.out);
        let data = place.path("data").display().to_string();
        assert!(second.err.contains("another switchboard (process ") && second.err.contains(&data), "{}", second.err);
        assert!(second.err.contains("--data"), "it says what to do: {}", second.err);
        // The command line works beside it, and so does the first.
        assert_eq!(list(&place.cli(&["flow", "list", "--json"]).await.json(), "flows").len(), 1);
        assert_eq!(server.api.raw("/runs").await.0, 200);
    });
}

#[test]
fn a_flow_with_a_mistake_keeps_the_server_from_starting_and_names_the_line() {
    staged(async {
        let place = Installation::new(&["price"]).await;
        std::fs::copy(crate::process::flow_file("../seven-mistakes"), place.path("flows/bad.yaml")).unwrap();
        let flows = place.path("flows").display().to_string();
        let said = place.cli(&["serve", "--listen", "127.0.0.1:0", "--flows", &flows]).await;
        assert_eq!(said.code, Some(1), "{}", said.out);
        assert!(said.err.contains("bad.yaml:6:") && said.err.contains("bad.yaml:22:"), "{}", said.err);
        assert!(!said.out.contains("listening"), "{}", said.out);
    });
}

#[test]
fn an_order_is_told_step_by_step_in_plain_words() {
    staged(async {
        let place = Installation::new(&["order-to-ticket"]).await;
        let server = place.serve().await;
        let one = delivery(&[("8613800138000", "Li Wei")], vec![order("wamid.ORDER1", "8613800138000", 1500.0)]);
        assert_eq!(place.deliver(&one).await.unwrap(), 200);
        let runs = server.api.until_runs("", 1, "waiting").await;
        let id = runs[0]["id"].as_str().unwrap();
        let told = place.cli(&["run", "show", id]).await.good();
        let ticket = place.sandbox.books().tickets()[0].id.clone();
        for words in [
            "whatsapp.order_received came in",
            "trigger whatsapp.order_received of order-to-ticket matched",
            "the condition holds: event.order.total = 1500",
            "crm.create_ticket through hubspot-main",
            "attempt 1: done",
            &ticket,
            "contact.add_tags done",
            "a human was asked for",
            "whatsapp.send_template through wa-main",
            "waits for whatsapp.message_received",
        ] {
            assert!(told.contains(words), "no `{words}` in:\n{told}");
        }
        // A person takes the escalation by a call, and the log says so.
        let escalation = until("the desk has it", async || {
            let open = server.api.get("/escalations?open=true").await;
            list(&open, "escalations").first().map(|open| open["id"].as_str().unwrap().to_owned())
        })
        .await;
        server.api.post(&format!("/escalations/{escalation}/take"), &json!({ "agent": "Mia" })).await;
        assert!(list(&server.api.get("/escalations?open=true").await, "escalations").is_empty());
    });
}
