//! Tag rules in the real binary: loaded beside flows, judged before them, overruled by people, tried on the past.

use connectors::sandbox::Config;
use serde_json::{Value, json};
use tests::stage::staged;

use crate::process::{Api, Installation, delivery, list, text, until};

const PHONE: &str = "393331234567";
const OTHER: &str = "4915112345678";

async fn say(place: &Installation, id: &str, from: &str, words: &str) {
    let said = delivery(&[(from, "Somebody")], vec![text(id, from, words)]);
    assert_eq!(place.deliver(&said).await.unwrap(), 200);
}

/// Waits until so many messages of a contact were taken up, and gives the contact.
async fn after(api: &Api, phone: &str, unread: i64) -> Value {
    let path = format!("/contacts/%2B{phone}");
    until("the messages are handled", async || {
        let (status, body) = api.raw(&path).await;
        let contact: Value = serde_json::from_str(&body).ok()?;
        (status == 200 && contact["unread_count"] == unread).then_some(contact)
    })
    .await
}

fn tags(contact: &Value) -> Vec<&str> {
    list(contact, "tags").iter().filter_map(|tag| tag["tag"].as_str()).collect()
}

#[test]
fn a_complaint_is_tagged_reaches_a_human_and_what_a_person_took_stays_off() {
    staged(async {
        let place = Installation::new(&["customer-care"]).await;
        let server = place.serve().await;
        say(&place, "wamid.1", PHONE, "Voglio fare un RECLAMO!").await;
        let contact = after(&server.api, PHONE, 1).await;
        assert_eq!((tags(&contact), &contact["priority"]), (vec!["complaint"], &json!("high")));
        assert_eq!(contact["tags"][0]["from"], "customer-care/complaint");
        let escalation = until("the desk has it", async || {
            list(&server.api.get("/escalations").await, "escalations").first().cloned()
        })
        .await;
        assert_eq!((&escalation["team"], &escalation["run"]), (&json!("care"), &Value::Null));
        assert_eq!(escalation["reason"], "Complaint: Voglio fare un RECLAMO!");
        let id = escalation["id"].as_str().unwrap();
        server.api.post(&format!("/escalations/{id}/take"), &json!({ "agent": "anna" })).await;

        let who = format!("+{PHONE}");
        let said = place.cli(&["person", "tags", &who, "--remove", "complaint", "--add", "checked"]).await.good();
        assert!(said.contains("tags: checked; kept off: complaint"), "{said}");
        say(&place, "wamid.2", PHONE, "Reclamo, reclamo").await;
        let contact = after(&server.api, PHONE, 2).await;
        assert_eq!((tags(&contact), &contact["tags_off"]), (vec!["checked"], &json!(["complaint"])));

        // The same after a new start, and until somebody allows it.
        assert_eq!(server.stop().await.0, Some(0));
        let server = place.serve().await;
        say(&place, "wamid.3", PHONE, "Reclamo!").await;
        assert_eq!(tags(&after(&server.api, PHONE, 3).await), ["checked"]);
        place.cli(&["person", "tags", &who, "--allow", "complaint"]).await.good();
        say(&place, "wamid.4", PHONE, "Reclamo ancora").await;
        assert_eq!(tags(&after(&server.api, PHONE, 4).await), ["checked", "complaint"]);
        place.cli(&["audit", "verify"]).await.good();
    });
}

#[test]
fn rules_are_listed_switched_and_replaced_like_flows() {
    staged(async {
        let place = Installation::new(&["customer-care", "price"]).await;
        let server = place.serve().await;
        let flows = server.api.get("/flows").await;
        assert_eq!(list(&flows, "flows").len(), 1, "{flows}");
        let listed = place.cli(&["rules", "list"]).await.good();
        for word in ["customer-care", "complaint", "+complaint", "-hot", "live"] {
            assert!(listed.contains(word), "{word} is not in\n{listed}");
        }
        place.cli(&["rules", "off", "customer-care"]).await.good();
        say(&place, "wamid.1", PHONE, "A complaint").await;
        assert!(tags(&after(&server.api, PHONE, 1).await).is_empty());
        place.cli(&["rules", "on", "customer-care"]).await.good();
        say(&place, "wamid.2", PHONE, "A complaint").await;
        assert_eq!(tags(&after(&server.api, PHONE, 2).await), ["complaint"]);

        // A flow may not take the id of rules.
        let clash = "format: 1\nflow: customer-care\non: [manual]\nsteps: []\n";
        std::fs::write(place.path("clash.yaml"), clash).unwrap();
        let refused = place.cli(&["import", "clash.yaml", "--json"]).await;
        assert_eq!(refused.code, Some(1));
        assert!(refused.out.contains("flow_taken"), "{}", refused.out);
    });
}

#[test]
fn messages_that_nothing_understood_are_shown_in_groups() {
    staged(async {
        let place = Installation::new(&["customer-care", "price"]).await;
        let server = place.serve().await;
        say(&place, "wamid.1", PHONE, "Where is my parcel").await;
        say(&place, "wamid.2", PHONE, "A complaint").await;
        say(&place, "wamid.3", OTHER, "WHERE is  my parcel").await;
        after(&server.api, OTHER, 1).await;
        after(&server.api, PHONE, 2).await;
        let answer = place.cli(&["messages", "unmatched", "--json"]).await.json();
        let groups = list(&answer, "groups");
        assert_eq!(groups.len(), 1, "{answer}");
        assert_eq!((&groups[0]["messages"], &groups[0]["people"]), (&json!(2), &json!(2)));
        assert_eq!(groups[0]["normalised"], "where is my parcel");
        assert!(place.cli(&["messages", "unmatched"]).await.good().contains("my parcel"));
        place.cli(&["person", "erase", &format!("+{OTHER}")]).await.good();
        let answer = place.cli(&["messages", "unmatched", "--json"]).await.json();
        assert_eq!(answer["groups"][0]["messages"], 1, "{answer}");
    });
}

#[test]
fn a_draft_is_tried_on_the_past_with_a_server_and_without() {
    staged(async {
        let place = Installation::new(&["customer-care"]).await;
        let server = place.serve().await;
        say(&place, "wamid.1", PHONE, "A complaint").await;
        say(&place, "wamid.2", PHONE, "This is outrageous").await;
        say(&place, "wamid.3", OTHER, "Please refund me, it is a complaint").await;
        after(&server.api, PHONE, 2).await;
        after(&server.api, OTHER, 1).await;
        let shipped = std::fs::read_to_string(place.path("flows/customer-care.yaml")).unwrap();
        let draft = shipped.replace("\"complaint\", \"complain\", ", "\"outrageous\", ");
        assert_ne!(draft, shipped);
        std::fs::write(place.path("draft.yaml"), draft).unwrap();

        let check = |report: &Value| {
            assert_eq!((&report["events"], &report["assumed"]), (&json!(3), &json!(0)), "{report}");
            let rule = list(report, "rules").iter().find(|rule| rule["rule"] == "complaint").unwrap().clone();
            let counts = ["now", "draft", "gained", "lost"].map(|name| rule[name].as_u64().unwrap());
            assert_eq!(counts, [2, 2, 1, 1], "{report}");
            let why: Vec<&str> = list(&rule, "examples").iter().filter_map(|one| one["why"].as_str()).collect();
            assert!(why[0].starts_with("now: false is `text.mentions(") && why[1].starts_with("draft: "), "{why:?}");
        };
        check(&place.cli(&["rules", "backtest", "draft.yaml", "--json"]).await.json());
        let shown = place.cli(&["rules", "backtest", "draft.yaml"]).await.good();
        assert!(shown.contains("This is outrageous") && shown.contains("3 event(s)"), "{shown}");
        // Nothing was changed by it.
        assert!(tags(&after(&server.api, PHONE, 2).await).contains(&"complaint"));
        assert_eq!(server.stop().await.0, Some(0));
        check(&place.cli(&["rules", "backtest", "draft.yaml", "--json"]).await.json());

        let broken = place.cli(&["rules", "backtest", "connections.yaml"]).await;
        assert_eq!(broken.code, Some(1), "{}", broken.out);
    });
}

#[test]
fn a_flow_draft_is_tried_on_the_past() {
    staged(async {
        let config = Config { enforce_window: false, ..Config::default() };
        let place = Installation::with(config, &["price-autoreply"]).await;
        let server = place.serve().await;
        say(&place, "wamid.1", PHONE, "The price?").await;
        say(&place, "wamid.2", OTHER, "How much does it cost").await;
        server.api.until_runs("", 1, "done").await;
        after(&server.api, OTHER, 1).await;
        let shipped = std::fs::read_to_string(place.path("flows/price-autoreply.yaml")).unwrap();
        std::fs::write(place.path("draft.yaml"), shipped.replace("keywords: [price,", "keywords: [cost,")).unwrap();
        let report = place.cli(&["flow", "backtest", "draft.yaml", "--json"]).await.json();
        let counts = ["now", "draft", "gained", "lost"].map(|name| report["starts"][name].as_u64().unwrap());
        assert_eq!((counts, &report["waiting"]), ([1, 1, 1, 1], &json!(0)), "{report}");
        // Nobody answered that customer then.
        let calls = [&report["calls_recorded"], &report["calls_assumed"]];
        assert_eq!(calls, [&json!(0), &json!(1)], "{report}");
        assert_eq!(report["actions"][0]["what"], "whatsapp.send_text", "{report}");
        let shown = place.cli(&["flow", "backtest", "draft.yaml"]).await.good();
        assert!(shown.contains("How much does it cost") && shown.contains("1 (100 %) assumed"), "{shown}");
        std::fs::write(place.path("draft.yaml"), shipped).unwrap();
        let same = place.cli(&["flow", "backtest", "draft.yaml", "--json"]).await.json();
        let calls = [&same["calls_recorded"], &same["calls_assumed"]];
        assert_eq!((calls, &same["starts"]["gained"]), ([&json!(1), &json!(0)], &json!(0)), "{same}");
        let since = async |when: &str| place.cli(&["flow", "backtest", "draft.yaml", "--since", when, "--json"]).await;
        assert_eq!(since("7d").await.json()["events"], same["events"]);
        let none = since("2100-01-01T00:00:00Z").await.json();
        assert_eq!((&none["events"], &none["starts"]["draft"]), (&json!(0), &json!(0)), "{none}");
        assert_eq!(since("last week").await.code, Some(2));
        let other = place.cli(&["rules", "backtest", "draft.yaml"]).await;
        assert_eq!(other.code, Some(2), "a flow is no file of rules: {}", other.err);
        let runs = server.api.runs("").await;
        assert_eq!(runs.len(), 1, "nothing was started by it");
    });
}
