//! An account over real HTTP: against the sandbox, with its faults, and what agents do back through the door.

use std::collections::BTreeMap;

use bytes::Bytes;
use engine::capability::crm::{Record, TicketPriority};
use engine::clock::At;
use engine::connector::{Call, DoorError, HookRequest, Item, Performs, Scope, Verdict};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value, json};

use super::*;
use crate::notice::tests::context;
use crate::sandbox::{Act, CallFault, ChatwootBooks, Config, Fail, Faults, Play, Provider, RateLimit, Sandbox, Times};

const PHONE: &str = "+8613800138000";
const SECRET: &str = "sandbox-chatwoot-secret";

async fn account() -> (Sandbox, Chatwoot) {
    let context = context();
    let config = Config::default();
    let (token, inbox, id) =
        (config.chatwoot.access_token.clone(), config.chatwoot.inbox_id, config.chatwoot.account_id);
    let sandbox = Sandbox::start(config).await.unwrap();
    let settings = json!({
        "base_url": format!("{}/chatwoot", sandbox.url()), "account_id": id, "access_token": token, "inbox_id": inbox,
        "webhook_secret": SECRET, "team_id": 2, "calls_per_second": 0,
    });
    let chatwoot = open(serde_json::from_value(settings).unwrap(), &context).unwrap();
    (sandbox, chatwoot)
}

fn call(key: &str, tries: u16) -> Call {
    Call { key: key.into(), attempt: tries + 1, tries, now: At(0), address: None, phone: Some(PHONE.into()) }
}

fn order() -> CreateTicket {
    CreateTicket {
        subject: "Order A1".into(),
        text: Some("two of SKU-12".into()),
        priority: TicketPriority::High,
        pipeline: None,
        stage: None,
        fields: BTreeMap::from([("order".to_owned(), "A1".to_owned())]),
    }
}

fn id(verdict: Verdict<Record>) -> String {
    match verdict {
        Verdict::Done(done) => done.output.id,
        other => panic!("{other:?}"),
    }
}

fn held(sandbox: &Sandbox) -> ChatwootBooks {
    sandbox.books().chatwoot
}

fn weather(path: &str, fault: CallFault) -> Faults {
    Faults::default().on(Provider::Chatwoot, CallFault { path: path.into(), ..fault })
}

fn once() -> Option<Times> {
    Some(Times { times: Some(1) })
}

#[tokio::test]
async fn a_ticket_is_a_conversation_of_its_contact_with_a_private_note() {
    let (sandbox, chatwoot) = account().await;
    assert!(chatwoot.check().await.iter().all(|finding| finding.good));
    let first = id(chatwoot.perform(order(), &call("run_1/1", 0)).await);
    let second = id(chatwoot.perform(order(), &call("run_2/1", 0)).await);
    assert_ne!(first, second);
    let books = held(&sandbox);
    assert_eq!((books.contacts.len(), books.conversations.len(), books.messages.len()), (1, 2, 2));
    let conversation = &books.conversations[0];
    assert_eq!(conversation["custom_attributes"], json!({ "order": "A1", "switchboard_key": "run_1/1" }));
    let kept = (&conversation["priority"], &conversation["status"], &conversation["meta"]["team"]["id"]);
    assert_eq!(kept, (&json!("high"), &json!("open"), &json!(2)));
    let note = &books.messages[0];
    assert_eq!((&note["content"], &note["private"]), (&json!("Order A1\n\ntwo of SKU-12"), &json!(true)));
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_next_try_finds_the_conversation() {
    for path in ["/conversations", "/contacts"] {
        let (sandbox, chatwoot) = account().await;
        sandbox.set_faults(weather(path, CallFault { drop_after_acting: once(), ..CallFault::default() }));
        assert_eq!(chatwoot.perform(order(), &call("run_1/1", 0)).await.name(), "unknown", "{path}");
        id(chatwoot.perform(order(), &call("run_1/1", 1)).await);
        let books = held(&sandbox);
        assert_eq!((books.contacts.len(), books.conversations.len(), books.messages.len()), (1, 1, 1), "{path}");
    }
}

#[tokio::test]
async fn a_failure_after_the_conversation_was_made_does_not_say_that_nothing_happened() {
    let (sandbox, chatwoot) = account().await;
    let fail = Fail { status: 404, times: Some(1), ..Fail::default() };
    let made = id(chatwoot.perform(order(), &call("run_1/1", 0)).await);
    let next = made.parse::<u64>().unwrap() + 2;
    let path = format!("/conversations/{next}");
    sandbox.set_faults(weather(&path, CallFault { fail: Some(fail), ..CallFault::default() }));
    let told = chatwoot.perform(order(), &call("run_2/1", 0)).await;
    assert!(told.name() == "unknown" && told.problem().unwrap().message.contains("was made, but"), "{told:?}");
    id(chatwoot.perform(order(), &call("run_2/1", 1)).await);
    let books = held(&sandbox);
    assert_eq!((books.conversations.len(), books.messages.len()), (2, 2));
}

#[tokio::test]
async fn refusals_and_limits_become_verdicts() {
    let (sandbox, chatwoot) = account().await;
    let staged = CreateTicket { stage: Some("new".into()), ..order() };
    assert_eq!(chatwoot.perform(staged, &call("run_1/1", 0)).await.problem().unwrap().code, "no_pipelines");
    let nobody = Call { phone: None, ..call("run_1/1", 0) };
    assert_eq!(chatwoot.perform(order(), &nobody).await.problem().unwrap().code, "no_phone");
    let limit = RateLimit { times: Some(1), retry_after_s: 7 };
    sandbox.set_faults(weather("", CallFault { rate_limit: Some(limit), ..CallFault::default() }));
    let later = chatwoot.perform(order(), &call("run_1/1", 0)).await;
    assert!(matches!(later, Verdict::Later { scope: Scope::Connection, .. }), "{later:?}");
    let strange = HandOver { conversation: "1/../2".into(), team: None, agent: None };
    assert_eq!(chatwoot.perform(strange, &call("run_1/2", 0)).await.name(), "refused");
    let wrong = Chatwoot { token: Secret::new("wrong-token"), ..chatwoot };
    let auth = wrong.perform(order(), &call("run_1/1", 0)).await;
    assert!(auth.name() == "auth" && !format!("{auth:?}").contains("wrong-token"), "{auth:?}");
    assert!(!wrong.check().await[0].good);
}

#[tokio::test]
async fn a_conversation_is_handed_over_and_noted() {
    let (sandbox, chatwoot) = account().await;
    let conversation = id(chatwoot.perform(order(), &call("run_1/1", 0)).await);
    let hand_over = || HandOver { conversation: conversation.clone(), team: Some(9), agent: Some(3) };
    for _ in 0..2 {
        assert_eq!(chatwoot.perform(hand_over(), &call("run_1/2", 0)).await.name(), "done");
    }
    let note = AddNote { conversation: conversation.clone(), text: "call back".into() };
    assert_eq!(chatwoot.perform(note, &call("run_1/3", 0)).await.name(), "done");
    let books = held(&sandbox);
    let meta = &books.conversations[0]["meta"];
    assert_eq!((&meta["team"]["id"], &meta["assignee"]["id"]), (&json!(9), &json!(3)));
    assert_eq!(books.messages[1]["content"], "call back");
}

fn request(body: &[u8], time: &str, signature: &str) -> HookRequest {
    let header = |name, value: &str| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    let headers =
        HeaderMap::from_iter([header("x-chatwoot-timestamp", time), header("x-chatwoot-signature", signature)]);
    let url = "https://flows.test/hooks/cw".to_owned();
    HookRequest { method: Method::POST, url, query: String::new(), headers, body: Bytes::copy_from_slice(body) }
}

/// Computed apart: `printf '1760000000.{"event":"message_created","id":9}' | openssl dgst -sha256 -hmac cw-secret-1`.
#[test]
fn the_signature_is_what_other_programs_compute_and_grows_old() {
    let door = ChatwootDoor::new(Secret::new("cw-secret-1"));
    let body = br#"{"event":"message_created","id":9}"#;
    let signature = "sha256=0cd24fac1f0fc011cdad9ac72f5fa67c6eb022aeac4bdc1dd52cc24b98924ef8";
    let receive = |body: &[u8], signature: &str, second: i64| {
        door.receive(&request(body, "1760000000", signature), At(second * 1_000))
    };
    assert!(receive(body, signature, 1_760_000_000).is_ok());
    assert!(receive(body, signature, 1_760_000_300).is_ok());
    for (body, signature, second) in [
        (&body[..], signature, 1_760_000_301),
        (&body[..], signature, 1_759_999_699),
        (&body[1..], signature, 1_760_000_000),
        (&body[..], "sha256=00", 1_760_000_000),
        (&body[..], &signature[7..], 1_760_000_000),
    ] {
        assert!(matches!(receive(body, signature, second), Err(DoorError::Unsigned(_))), "{second} {signature}");
    }
}

#[tokio::test]
async fn what_agents_do_comes_back_signed() {
    use axum::{Router, routing::post};
    let (sandbox, chatwoot) = account().await;
    let conversation: u64 = id(chatwoot.perform(order(), &call("run_1/1", 0)).await).parse().unwrap();
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let catch = post(move |headers: HeaderMap, body: Bytes| async move {
        let _ = told.send((headers, body));
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    sandbox.set_webhook_url(Provider::Chatwoot, Some(format!("http://{}/hook", listener.local_addr().unwrap())));
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/hook", catch)).await });
    let mut events = Vec::new();
    for act in [Act::AgentWrites { conversation, text: "on its way".into() }, Act::AgentResolves { conversation }] {
        let play = Play { provider: Provider::Chatwoot, name: "Leo".into(), act, ..Play::default() };
        assert_eq!(sandbox.play(play).await.unwrap().webhook_status, Some(200));
        let (headers, body) = heard.recv().await.unwrap();
        let time: i64 = headers["x-chatwoot-timestamp"].to_str().unwrap().parse().unwrap();
        let request = HookRequest { headers, body, ..request(b"", "0", "") };
        let items = chatwoot.door().unwrap().receive(&request, At(time * 1_000)).unwrap().items;
        let [Item::Event(event)] = items.as_slice() else { panic!("{items:?}") };
        events.push((**event).clone());
    }
    assert_eq!((events[0].kind, &events[0].body["path"]), ("webhook.received", &json!("agent_message")));
    let told = &events[0].body["body"];
    assert_eq!(
        (&told["text"], &told["agent"]["name"], &told["phone"]),
        (&json!("on its way"), &json!("Leo"), &json!(PHONE))
    );
    assert_eq!(events[1].kind, "crm.field_changed");
    let change = (&events[1].body["field"], &events[1].body["old"], &events[1].body["new"]);
    assert_eq!(change, (&json!("status"), &json!("open"), &json!("resolved")));
}

#[test]
fn notes_customers_and_programs_are_not_told_and_a_message_told_twice_is_one() {
    let message = |change: Value| {
        let mut body = json!({
            "event": "message_created", "id": 911, "content": "Hi", "message_type": "outgoing", "private": false,
            "sender": { "id": 3, "name": "Leo", "type": "user" }, "conversation": { "id": 42 },
        });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        door::message(&body)
    };
    let Some(Item::Event(first)) = message(json!({})) else { panic!("no event") };
    let Some(Item::Event(again)) = message(json!({ "message_type": 1 })) else { panic!("no event") };
    assert_eq!(first.external_id, again.external_id);
    for change in [
        json!({ "private": true }),
        json!({ "message_type": "incoming" }),
        json!({ "sender": { "type": "agent_bot" } }),
    ] {
        assert!(message(change.clone()).is_none(), "{change}");
    }
    assert!(matches!(message(json!({ "id": null })), Some(Item::Bad { .. })));
}
