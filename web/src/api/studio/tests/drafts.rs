//! Drafts, locks, new documents.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Desk, FLOW, code};
use crate::peer::Peer;

const ANNA: Peer = Peer::Control;

fn marco() -> Peer {
    Peer::Network("127.0.0.1:9".parse().unwrap())
}

#[tokio::test]
async fn a_draft_is_kept_byte_for_byte_valid_or_not_and_survives_a_crash() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path()).await;
    let created = desk.post("/flows", json!({ "text": FLOW })).await;
    assert_eq!((&created["id"], &created["draft"]["revision"]), (&json!("greet"), &json!("1")));
    assert_eq!(created["draft"]["based_on"], Value::Null);

    let broken = "flow: greet\r\n\tsteps: [\u{feff}é\n\n\n";
    let (status, saved) = desk.ask(Method::PUT, "/flows/greet/draft", Some("1"), json!({ "text": broken })).await;
    assert_eq!((status, &saved["revision"]), (200, &json!("2")), "{saved}");
    assert_eq!(saved["problems"][0]["code"], "yaml_syntax");
    // Nobody says goodbye: what was answered is on disk.
    drop(desk);

    let desk = Desk::open(data.path()).await;
    let draft = desk.get("/flows/greet/draft").await;
    assert_eq!((draft["text"].as_str(), &draft["revision"]), (Some(broken), &json!("2")));
    assert_eq!(
        (&draft["changed_by"], &draft["lock"], &draft["read_only"]),
        (&json!("cli"), &Value::Null, &Value::Null)
    );
    assert_eq!(desk.get("/rules/greet/draft").await["text"], draft["text"], "one address is as good as the other");
    desk.close().await;
}

#[tokio::test]
async fn a_flow_that_is_only_a_draft_is_in_the_list_with_its_labels() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path()).await;
    desk.post("/flows", json!({ "text": FLOW })).await;
    let labels = json!({ "labels": ["shop"], "folder": "orders" });
    desk.ask(Method::PUT, "/flows/greet/meta", Some("0"), labels).await;
    let listed = async || desk.get("/flows").await["flows"].clone();
    let flow = &listed().await[0];
    assert_eq!(
        [&flow["id"], &flow["state"], &flow["labels"][0], &flow["folder"]],
        ["greet", "draft", "shop", "orders"]
    );
    desk.publish("greet", FLOW, "").await;
    assert_eq!(
        (listed().await[0]["state"].clone(), listed().await[0]["has_draft"].clone()),
        (json!("live"), json!(false))
    );
    desk.save("greet", &FLOW.replace("a: 1", "a: 2")).await;
    assert_eq!(listed().await[0]["has_draft"], true);
    desk.close().await;
}

#[tokio::test]
async fn a_draft_and_the_version_it_becomes_name_everybody_who_wrote() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path()).await;
    desk.post("/flows", json!({ "text": FLOW })).await;
    let first = desk.publish("greet", FLOW, "").await;
    let write = async |peer: Peer, text: &str| {
        let read = desk.get("/flows/greet/draft").await["revision"].clone();
        desk.ask_as(peer, Method::PUT, "/flows/greet/draft", read.as_str(), json!({ "text": text })).await
    };
    let authors = async || desk.get("/flows/greet/draft").await["authors"].clone();
    assert_eq!(authors().await, json!([]), "nothing is there to publish");
    for (peer, text) in [(marco(), "a"), (ANNA, "b"), (marco(), "c"), (ANNA, &FLOW.replace("a: 1", "a: 2"))] {
        assert_eq!(write(peer, text).await.0, 200);
    }
    assert_eq!(authors().await, json!(["api", "cli"]));
    let log = desk.get("/audit?limit=100").await.to_string();
    assert_eq!(log.matches("draft.edited").count(), 2, "each once for each draft: {log}");

    let read = desk.get("/flows/greet/draft").await["revision"].clone();
    desk.post("/flows/greet/publish", json!({ "revision": read })).await;
    assert_eq!(authors().await, json!([]));
    desk.post("/flows/greet/rollback", json!({ "version": first })).await;
    let versions = desk.get("/flows/greet/versions").await;
    let of = |at: usize| versions["versions"][at]["authors"].clone();
    assert_eq!((of(0), of(1)), (json!(["api", "cli"]), json!(["cli"])));
    assert_eq!(versions["versions"][1]["rollback"], true);
    desk.close().await;
}

#[tokio::test]
async fn a_change_is_made_over_the_revision_that_was_read() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path()).await;
    desk.post("/flows", json!({ "text": FLOW })).await;
    let put = async |revision: Option<&str>, text: &str| {
        desk.ask(Method::PUT, "/flows/greet/draft", revision, json!({ "text": text })).await
    };
    let (status, answer) = put(None, "a").await;
    assert_eq!((status, code(&answer)), (428, "revision_needed"));
    for wrong in ["0", "2"] {
        let (status, answer) = put(Some(wrong), "a").await;
        assert_eq!((status, code(&answer), &answer["error"]["details"]), (409, "changed", &json!({ "current": "1" })));
    }
    assert_eq!(put(Some("1"), "a").await.0, 200);
    let (status, _) = desk.ask(Method::PUT, "/flows/nowhere/draft", Some("0"), json!({ "text": "a" })).await;
    assert_eq!(status, 404);
    assert_eq!(put(Some("2"), &"a".repeat(1_000_001)).await.0, 413);

    // Of many that read the same, one wins.
    let (one, other) = tokio::join!(put(Some("2"), "one"), put(Some("2"), "other"));
    assert_eq!([one.0, other.0].iter().filter(|status| **status == 200).count(), 1);
    desk.close().await;
}

#[tokio::test]
async fn a_draft_that_is_thrown_away_leaves_the_text_in_force_and_its_revision_never_comes_back() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path()).await;
    desk.post("/flows", json!({ "text": FLOW })).await;
    let version = desk.publish("greet", FLOW, "").await;
    let before = desk.get("/flows/greet/draft").await;
    assert_eq!((&before["saved"], &before["based_on"]), (&json!(false), &json!(version)));
    let revision = desk.save("greet", "nonsense").await;
    let (status, _) = desk.ask(Method::DELETE, "/flows/greet/draft", Some(&revision), Value::Null).await;
    assert_eq!(status, 200);
    let after = desk.get("/flows/greet/draft").await;
    assert_eq!((&after["text"], &after["saved"]), (&json!(FLOW), &json!(false)));
    assert_ne!(after["revision"], before["revision"]);
    let (status, _) = desk.ask(Method::DELETE, "/flows/greet/draft", after["revision"].as_str(), Value::Null).await;
    assert_eq!(status, 404, "there is no draft any more");
    desk.close().await;
}

#[tokio::test]
async fn whoever_read_a_text_that_is_not_in_force_any_more_does_not_write_over_the_new_one() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path()).await;
    let import = async |text: &str| {
        desk.post("/workspace/import", json!({ "documents": [{ "path": "a", "text": text }], "publish": true })).await
    };
    import(FLOW).await;
    let read = desk.get("/flows/greet/draft").await;
    assert_eq!(read["revision"], "0");
    import(&FLOW.replace("a: 1", "a: 2")).await;
    let (status, _) =
        desk.ask(Method::PUT, "/flows/greet/draft", read["revision"].as_str(), json!({ "text": FLOW })).await;
    assert_eq!(status, 409);
    desk.close().await;
}

#[tokio::test]
async fn a_lock_keeps_others_from_saving_until_they_take_over() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path()).await;
    desk.post("/flows", json!({ "text": FLOW })).await;
    let lock = async |peer, body| desk.ask_as(peer, Method::PUT, "/flows/greet/lock", None, body).await;
    let save = async |peer, revision| {
        desk.ask_as(peer, Method::PUT, "/flows/greet/draft", Some(revision), json!({ "text": "x" })).await
    };
    let (status, taken) = lock(ANNA, json!({ "session": "1" })).await;
    assert_eq!((status, &taken["lock"]["yours"]), (200, &json!(true)));
    let (status, refused) = lock(marco(), json!({})).await;
    assert_eq!((status, code(&refused), &refused["error"]["details"]["lock"]["by"]), (409, "locked", &json!("cli")));
    let (status, refused) = save(marco(), "1").await;
    assert_eq!((status, code(&refused)), (409, "locked"));
    assert_eq!(lock(ANNA, json!({ "session": "2" })).await.0, 409, "their other window");
    assert_eq!(save(ANNA, "1").await.0, 200);

    assert_eq!(lock(marco(), json!({ "take_over": true })).await.0, 200);
    assert_eq!(save(ANNA, "2").await.0, 409);
    assert_eq!(save(marco(), "2").await.0, 200);
    let seen = desk.get("/flows/greet/draft").await;
    assert_eq!((&seen["lock"]["by"], &seen["lock"]["yours"]), (&json!("api"), &json!(false)));
    desk.ask_as(marco(), Method::DELETE, "/flows/greet/lock", None, Value::Null).await;
    assert_eq!(desk.get("/flows/greet/draft").await["lock"], Value::Null);
    desk.close().await;
}

#[tokio::test]
async fn a_document_begins_with_a_text_the_library_or_another_one() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path()).await;
    let post = async |body: Value| desk.ask(Method::POST, "/flows", None, body).await;
    let (status, created) = post(json!({ "from": "order-to-ticket" })).await;
    assert_eq!((status, &created["id"]), (201, &json!("order-to-ticket")));
    assert_eq!(created["draft"]["text"].as_str(), crate::flows::library::text("order-to-ticket"));
    let (status, copy) = post(json!({ "from": { "flow": "order-to-ticket" }, "name": "Mine" })).await;
    assert_eq!((status, &copy["id"]), (201, &json!("order-to-ticket-2")));
    let text = copy["draft"]["text"].as_str().unwrap();
    assert!(text.contains("\nflow: order-to-ticket-2\n") && text.contains("\nname: \"Mine\"\n"), "{text}");

    assert_eq!(post(json!({ "text": FLOW, "id": "mine" })).await.1["draft"]["text"], FLOW.replace("greet", "mine"));
    let (status, taken) = post(json!({ "text": FLOW, "id": "mine" })).await;
    assert_eq!((status, code(&taken)), (409, "taken"));
    for wrong in
        [json!({}), json!({ "text": "x" }), json!({ "text": FLOW, "id": "A b" }), json!({ "text": "", "from": "x" })]
    {
        assert_eq!(post(wrong.clone()).await.0, 400, "{wrong}");
    }
    assert_eq!(post(json!({ "from": "nowhere" })).await.0, 404);
    desk.close().await;
}

#[tokio::test]
async fn a_flow_may_be_called_as_an_address_is() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path()).await;
    let text = FLOW.replace("greet", "validate");
    desk.post("/flows", json!({ "text": text })).await;
    desk.publish("validate", &text, "").await;
    assert_eq!(desk.get("/flows/validate").await["flow"], "validate");
    let text = FLOW.replace("greet", "backtest");
    desk.post("/rules", json!({ "text": text })).await;
    desk.publish("backtest", &text, "").await;
    assert_eq!(desk.get("/flows/backtest").await["flow"], "backtest");
    for address in ["/flows/validate", "/rules/backtest"] {
        assert_eq!(desk.ask(Method::DELETE, address, None, Value::Null).await.0, 200);
        assert_eq!(desk.ask(Method::DELETE, address, None, Value::Null).await.0, 404);
    }
    desk.close().await;
}
