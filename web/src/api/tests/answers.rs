//! The description of the API: it is the one that is checked in, and real answers are as it says.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use connectors::sandbox::{Act, Item, Order};
use serde_json::{Value, json};

use super::live::NOTE;
use crate::testing::Staged;

const FILE: &str = include_str!("../../../ui/openapi.json");
const TEXTS: &str = include_str!("../../../ui/src/server/catalog/texts.txt");

pub(crate) fn cart() -> Act {
    let item = Item { sku: "TEA-1".into(), quantity: 2, price: 750.into(), currency: "CNY".into() };
    Act::Order { order: Order { catalog_id: "demo".into(), items: vec![item], text: None } }
}

#[test]
fn the_description_that_is_checked_in_is_the_one_of_the_code() {
    let file: Value = serde_json::from_str(FILE).unwrap();
    assert!(file == crate::router::document(), "web/ui/openapi.json is stale: run `make api`");
}

#[test]
fn the_texts_that_are_translated_are_those_of_the_catalogue() {
    let texts = engine::flow::texts(&connectors::registry().catalog());
    assert!(TEXTS.lines().eq(&texts), "web/ui/src/server/catalog/texts.txt is stale: run `make api`");
}

#[test]
fn every_operation_and_every_schema_has_a_name_of_its_own() {
    let document = crate::router::document();
    let mut ids = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{method} {path}: {id} is there twice");
            assert!(operation["responses"]["200"].is_object(), "{method} {path} answers nothing");
        }
    }
    // Two types of one name get numbers.
    let numbered = |name: &&String| name.ends_with(|last: char| last.is_ascii_digit());
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert_eq!(schemas.keys().filter(numbered).collect::<Vec<_>>(), [""; 0]);
}

/// Operations that no story below asks for: those need a call that waits for a person, or a run that failed.
const NOT_ASKED: [&str; 6] = [
    "attention_fail",
    "attention_retry",
    "attention_settle",
    "flows_switch_rules",
    "flows_switch_segments",
    "runs_retry",
];

/// Modules whose operations have tests of their own: in `accounts`, `api/studio/tests`, beside this one and `tests/acceptance`.
const ELSEWHERE: [&str; 38] = [
    "acts",
    "list",
    "mentions",
    "messages",
    "more",
    "snippets",
    "desk",
    "alarms",
    "diff",
    "documents",
    "drafts",
    "escalations",
    "files",
    "held",
    "imports",
    "labels",
    "locks",
    "made_connections",
    "me",
    "merges",
    "oidc",
    "publish",
    "push",
    "review",
    "roles",
    "rule_changes",
    "scope",
    "segments",
    "session",
    "settings",
    "simulate",
    "tags",
    "teams",
    "tokens",
    "users",
    "validate",
    "versions",
    "waiting",
];

/// Every answer is compared with the description by [`crate::testing::Place::ask`].
#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_as_described() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut answered = what_comes_of_an_order().await;
    answered.extend(what_a_person_decides().await);
    let document = crate::router::document();
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    let elsewhere =
        |id: &str| ELSEWHERE.iter().any(|module| id.strip_prefix(module).is_some_and(|rest| rest.starts_with('_')));
    let in_json = operations.filter(|one| !one["responses"]["200"]["content"]["application/json"].is_null());
    let never: Vec<&str> = in_json
        .filter_map(|one| one["operationId"].as_str())
        .filter(|id| !answered.contains(*id) && !elsewhere(id))
        .collect();
    assert_eq!(never.into_iter().collect::<BTreeSet<_>>(), NOT_ASKED.into());
}

/// What is read of a place at which an order was handled.
const READ: [&str; 31] = [
    "/system",
    "/catalog",
    "/schema",
    "/openapi.json",
    "/flows",
    "/flows/order-to-ticket",
    "/rules",
    "/workspace",
    "/flows/order-to-ticket/misses",
    "/messages/unmatched",
    "/sending",
    "/attention",
    "/settings/retention?runs_days=7&messages_days=30",
    "/escalations",
    "/escalations?missed=true&team=care",
    "/desk",
    "/teams",
    "/figures/people",
    "/figures/people?by=day",
    "/figures/staffing",
    "/bad-items",
    "/connections",
    "/contacts",
    "/audit",
    "/search?q=tea",
    "/uses?kind=tag&name=vip",
    "/templates",
    "/reviews",
    "/library",
    "/library/order-to-ticket",
    "/play/chat",
];

async fn what_comes_of_an_order() -> BTreeSet<String> {
    let staged = Staged::open(&["order-to-ticket", "customer-care", "price-autoreply"]).await;
    let place = &staged.place;
    place.publish(&[NOTE]).await;
    staged.play(cart()).await;
    staged.play(Act::Message { text: "hmm, 17".into() }).await;
    let runs = place.get("/runs").await;
    let run = runs["runs"].as_array().unwrap().iter().find(|run| run["flow"] == "order-to-ticket").unwrap();
    let id = run["id"].as_str().unwrap();
    let shown = place.get(&format!("/runs/{id}")).await;
    assert_eq!(shown["trigger"]["type"], "whatsapp.order_received");
    let contact = run["contact"].as_str().unwrap();
    for path in READ {
        place.get(path).await;
    }
    place.get(&format!("/contacts/{contact}")).await;
    place.get(&format!("/people/{contact}")).await;
    place.get(&format!("/contacts/{contact}/timeline")).await;
    place.post("/play", &json!({ "what": "read" })).await;
    staged.rest().await;
    place.post(&format!("/contacts/{contact}/tags"), &json!({ "add": ["vip"] })).await;
    place.post("/connections/wa-main/check", &json!({})).await;
    place.post("/connections/hubspot-main/setup", &json!({})).await;
    place.post("/audit/anchor", &json!({})).await;
    assert_eq!(place.post("/audit/verify", &json!({})).await["clean"], true);
    place.post("/flows/note/runs", &json!({})).await;
    staged.rest().await;
    let (status, _) = place.ask(Method::PUT, "/flows/price-autoreply/state", Some(&json!({ "on": false }))).await;
    assert_eq!(status, StatusCode::OK);
    for path in [
        "/runs/run_0000000000000",
        "/runs/what",
        "/flows/nothing",
        "/runs?since=yesterday",
        "/uses?kind=what&name=x",
        "/library/nothing",
        "/contacts/nobody",
        "/runs?limit=x",
    ] {
        let (status, answer) = place.ask(Method::GET, path, None).await;
        assert!(status.is_client_error(), "{path}: {status} {answer}");
    }
    let answered = place.answered();
    staged.close().await;
    answered
}

async fn what_a_person_decides() -> BTreeSet<String> {
    let staged = Staged::open(&["order-to-ticket"]).await;
    let place = &staged.place;
    let text = place.get("/flows/order-to-ticket").await["source"].clone();
    let document = json!({ "path": "order-to-ticket.yaml", "text": text });
    place.post("/workspace/plan", &json!({ "documents": [document] })).await;
    place.post("/workspace/needs", &json!({ "documents": [document] })).await;
    place.post("/flows/backtest", &json!({ "document": document })).await;
    let rules = include_str!("../../../../flows/customer-care.yaml");
    place.post("/rules/backtest", &json!({ "document": { "path": "rules.yaml", "text": rules } })).await;
    place.post("/sending/stop", &json!({ "scope": "all" })).await;
    staged.play(cart()).await;
    assert_eq!(place.get("/sending").await["stops"][0]["held"].as_array().unwrap().len(), 1);
    place.post("/sending/release", &json!({ "scope": "all" })).await;
    staged.rest().await;
    let run = place.get("/runs").await["runs"][0]["id"].as_str().unwrap().to_owned();
    place.post(&format!("/runs/{run}/replay"), &json!({})).await;
    staged.rest().await;
    let escalation = place.get("/escalations").await["escalations"][0]["id"].as_str().unwrap().to_owned();
    place.get(&format!("/escalations/{escalation}")).await;
    place.post(&format!("/escalations/{escalation}/take"), &json!({ "agent": "Mia" })).await;
    place.post(&format!("/runs/{run}/cancel"), &json!({})).await;
    let replayed = place.get("/runs?status=waiting").await["runs"][0]["id"].as_str().unwrap().to_owned();
    place.post(&format!("/runs/{replayed}/kill"), &json!({})).await;
    place.post("/runs/bulk", &json!({ "do": "cancel", "flow": "order-to-ticket" })).await;
    let contact = place.get("/runs").await["runs"][0]["contact"].as_str().unwrap().to_owned();
    let (status, _) = place.ask(Method::DELETE, &format!("/people/{contact}"), None).await;
    assert_eq!(status, StatusCode::OK);
    place.get(&format!("/runs/{run}")).await;
    let answered = place.answered();
    staged.close().await;
    answered
}
