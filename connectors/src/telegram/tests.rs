//! A bot over real HTTP: against the sandbox, with its faults, and presses back through the door.

use std::time::Duration;

use bytes::Bytes;
use engine::capability::notify::{AlarmState, ButtonPressed};
use engine::clock::At;
use engine::connector::{DoorError, HookRequest, Item, Scope};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::*;
use crate::notice::tests::{alarm, call, context, escalation, said};
use crate::sandbox::{Act, CallFault, Config, Fail, Faults, Play, Post, Provider, RateLimit, Sandbox, Times};

const SECRET: &str = "sandbox-telegram-secret";

async fn bot(change: impl FnOnce(&mut Config)) -> (Sandbox, Telegram) {
    let context = context();
    let mut config = Config::default();
    change(&mut config);
    let token = config.telegram.token.clone();
    let sandbox = Sandbox::start(config).await.unwrap();
    let settings = json!({
        "bot_token": token, "secret_token": SECRET, "chat": "-1001234567", "teams": { "sales": "4242" },
        "base_url": format!("{}/telegram", sandbox.url()),
    });
    let telegram = open(serde_json::from_value(settings).unwrap(), &context).unwrap();
    (sandbox, telegram)
}

fn message_of(verdict: Verdict<Told>) -> String {
    match verdict {
        Verdict::Done(done) => done.output.message.unwrap(),
        other => panic!("{other:?}"),
    }
}

fn only_post(sandbox: &Sandbox) -> Post {
    let books = sandbox.books();
    let [post] = books.posts.as_slice() else { panic!("{:?}", books.posts) };
    post.clone()
}

fn weather(fault: CallFault) -> Faults {
    Faults::default().on(Provider::Telegram, fault)
}

#[tokio::test]
async fn an_offer_has_its_buttons_until_somebody_took_it() {
    let (sandbox, telegram) = bot(|_| ()).await;
    let id = message_of(telegram.perform(escalation("offered"), &call()).await);
    let post = only_post(&sandbox);
    assert_eq!(id, format!("-1001234567:{}", post.id));
    let data: Vec<_> = post.buttons.iter().map(|button| button.data.as_str()).collect();
    assert_eq!(data, ["take:esc_0000000000001", "decline:esc_0000000000001"]);
    assert_eq!(post.content["reply_markup"]["inline_keyboard"][1][0]["url"], "https://flows.test/inbox/cnv_1");
    assert!(post.text.contains("complaint <!channel> & more") && post.content["parse_mode"].is_null());
    let taken = || NotifyEscalation { earlier: Some(id.clone()), by: Some("Ana".into()), ..escalation("taken") };
    assert_eq!(message_of(telegram.perform(taken(), &call()).await), id);
    let post = only_post(&sandbox);
    assert!(post.buttons.is_empty() && post.edits == 1 && post.text.contains("Taken: Ana"), "{post:?}");
    assert_eq!(message_of(telegram.perform(taken(), &call()).await), id, "said already");
}

#[tokio::test]
async fn a_message_that_is_gone_is_sent_anew_and_a_moved_group_is_followed() {
    let moved = |config: &mut Config| {
        config.telegram.migrated = Some(("-55".into(), "-1001234567".into()));
    };
    let (sandbox, telegram) = bot(moved).await;
    let taken = NotifyEscalation { earlier: Some("-1001234567:7".into()), ..escalation("taken") };
    assert!(message_of(telegram.perform(taken, &call()).await).starts_with("-1001234567:"));
    for _ in 0..2 {
        let to_old = Send { to: Some("-55".into()), ..said("x") };
        assert!(message_of(telegram.perform(to_old, &call()).await).starts_with("-1001234567:"));
    }
    let tries = sandbox.books().requests.iter().filter(|request| request.status == 400).count();
    assert_eq!(tries, 2, "the edit, and the old group once");
    assert!(telegram.check().await.iter().any(|finding| finding.text.contains("-55 became -1001234567")));
}

#[tokio::test]
async fn teams_have_chats_of_their_own_and_a_local_address_is_text() {
    let (sandbox, telegram) = bot(|_| ()).await;
    let url = Some("http://localhost:8080/inbox".to_owned());
    let sales = NotifyEscalation { team: "sales".into(), url, ..escalation("team") };
    assert!(message_of(telegram.perform(sales, &call()).await).starts_with("4242:"));
    let post = only_post(&sandbox);
    assert!(post.text.contains("http://localhost:8080/inbox"), "{}", post.text);
    let told = telegram.perform(alarm(AlarmState::Open), &call()).await;
    assert!(message_of(told).starts_with("-1001234567:"));
    let nowhere = Send { to: Some("care team".into()), ..said("x") };
    assert_eq!(telegram.perform(nowhere, &call()).await.name(), "refused");
}

#[tokio::test]
async fn refusals_limits_and_lost_answers_become_verdicts() {
    let (sandbox, telegram) = bot(|_| ()).await;
    let unknown = telegram.perform(Send { to: Some("99".into()), ..said("x") }, &call()).await;
    assert!(
        unknown.name() == "refused" && unknown.problem().unwrap().message.contains("chat not found"),
        "{unknown:?}"
    );
    let limit = RateLimit { times: Some(1), retry_after_s: 7 };
    sandbox.set_faults(weather(CallFault { rate_limit: Some(limit), ..CallFault::default() }));
    let later = telegram.perform(said("x"), &call()).await;
    let pause = Some(Duration::from_secs(7));
    assert!(matches!(&later, Verdict::Later { after, scope: Scope::Connection, .. } if *after == pause), "{later:?}");
    let lost = CallFault { drop_after_acting: Some(Times { times: Some(1) }), ..CallFault::default() };
    sandbox.set_faults(weather(lost));
    assert_eq!(telegram.perform(said("x"), &call()).await.name(), "unknown");
    let blocked =
        json!({ "ok": false, "error_code": 403, "description": "Forbidden: bot was kicked from the group chat" });
    let fail = Fail { status: 403, body: Some(blocked), ..Fail::default() };
    sandbox.set_faults(weather(CallFault { fail: Some(fail), ..CallFault::default() }));
    assert_eq!(telegram.perform(said("x"), &call()).await.name(), "refused");
    sandbox.set_faults(Faults::default());
    let wrong = Telegram { token: Secret::new("42:other"), ..telegram };
    let auth = wrong.perform(said("x"), &call()).await;
    assert!(auth.name() == "auth" && !format!("{auth:?}").contains("42:other"), "{auth:?}");
}

#[tokio::test]
async fn setup_tells_telegram_where_presses_go() {
    let (_sandbox, telegram) = bot(|_| ()).await;
    assert!(!telegram.check().await[1].good, "told to nobody");
    assert!(telegram.setup().await.iter().all(|finding| finding.good));
    let without = Telegram { door: None, ..telegram };
    assert!(!without.check().await[1].good && without.door().is_none());
}

#[test]
fn settings_are_explained() {
    let with = |name: &str, value: &str| {
        let mut settings = json!({ "bot_token": "42:abc", "chat": "-100" });
        settings[name] = value.into();
        open(serde_json::from_value(settings).unwrap(), &context()).err().unwrap_or_default()
    };
    assert!(with("chat", "care").contains("-1001234567890"));
    assert!(with("secret_token", "short").contains("16 to 256"));
    assert!(with("secret_token", "sixteen letters!").contains("16 to 256"));
    assert!(with("bot_token", "42/../x").contains("123456:ABC"));
    assert_eq!(with("chat", "@alerts"), "");
}

fn request(secret: Option<&str>, body: &Value) -> HookRequest {
    let name = HeaderName::from_static("x-telegram-bot-api-secret-token");
    let headers = secret.map(|secret| (name, HeaderValue::from_str(secret).unwrap()));
    HookRequest {
        method: Method::POST,
        url: "https://flows.test/hooks/n".into(),
        query: String::new(),
        headers: HeaderMap::from_iter(headers),
        body: Bytes::from(body.to_string()),
    }
}

fn press(update: i64, data: &str) -> Value {
    json!({ "update_id": update, "callback_query": {
        "id": "4382bfdwdsb323b2d9", "data": data, "chat_instance": "1",
        "from": { "id": 4242, "is_bot": false, "first_name": "Ana", "last_name": "Lima" },
        "message": { "message_id": 5, "date": 1_760_000_000, "chat": { "id": -1_001_234_567, "type": "supergroup" } },
    } })
}

#[test]
fn a_press_becomes_an_event_its_answer_stops_the_spinning_and_a_repeat_is_the_same() {
    let door = TelegramDoor::new(Secret::new(SECRET));
    let receive = |update: &Value| door.receive(&request(Some(SECRET), update), At(0)).unwrap();
    let intake = receive(&press(77, "acknowledge:alm_0000000000001"));
    let answer: Value = serde_json::from_str(&intake.answer).unwrap();
    assert_eq!(answer, json!({ "method": "answerCallbackQuery", "callback_query_id": "4382bfdwdsb323b2d9" }));
    let [Item::Event(event)] = intake.items.as_slice() else { panic!("{intake:?}") };
    let pressed: ButtonPressed = serde_json::from_value(event.body.clone()).unwrap();
    assert_eq!((pressed.alarm.as_deref(), pressed.escalation), (Some("alm_0000000000001"), None));
    assert_eq!((pressed.person.id.as_str(), pressed.person.name.as_str()), ("4242", "Ana Lima"));
    assert_eq!((pressed.service.as_str(), pressed.message.as_str()), ("telegram", "-1001234567:5"));
    let again = receive(&press(77, "acknowledge:alm_0000000000001"));
    assert_eq!(again.items, intake.items);
    let [Item::Event(other)] = &receive(&press(78, "acknowledge:alm_0000000000001")).items[..] else { panic!("none") };
    assert_ne!(other.external_id, event.external_id);
}

#[test]
fn only_telegram_knows_the_secret_and_what_is_not_ours_harms_nothing() {
    let door = TelegramDoor::new(Secret::new(SECRET));
    let good = press(1, "take:esc_0000000000001");
    for secret in [None, Some("sandbox-telegram-secreT"), Some("")] {
        let refused = door.receive(&request(secret, &good), At(0));
        assert!(matches!(refused, Err(DoorError::Unsigned(_))), "{secret:?}");
    }
    let receive = |update: &Value| door.receive(&request(Some(SECRET), update), At(0)).unwrap().items;
    for update in [press(1, "take:order-7"), press(1, "like"), json!({ "update_id": 1, "message": {} })] {
        assert!(receive(&update).is_empty(), "{update}");
    }
    let broken = json!({ "update_id": 1, "callback_query": { "id": "x", "from": {} } });
    assert!(matches!(&receive(&broken)[..], [Item::Bad { .. }]));
}

#[tokio::test]
async fn a_press_in_the_simulated_telegram_reaches_the_door_and_is_answered() {
    use axum::{Router, routing::post};
    let (sandbox, telegram) = bot(|_| ()).await;
    telegram.perform(escalation("offered"), &call()).await;
    let telegram = std::sync::Arc::new(telegram);
    let door = std::sync::Arc::clone(&telegram);
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let catch = post(move |headers: HeaderMap, body: Bytes| async move {
        let request = HookRequest { headers, body, ..request(None, &Value::Null) };
        let intake = door.door().unwrap().receive(&request, At(0)).unwrap();
        let answer = intake.answer.clone();
        let _ = told.send(intake);
        answer
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    sandbox.set_webhook_url(Provider::Telegram, Some(format!("http://{}/hook", listener.local_addr().unwrap())));
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/hook", catch)).await });
    let act = Act::Press { button: "decline".into(), post: None };
    let play = Play { provider: Provider::Telegram, from: "4242".into(), name: "Ana".into(), act, ..Play::default() };
    assert_eq!(sandbox.play(play).await.unwrap().webhook_status, Some(200));
    let intake = heard.recv().await.unwrap();
    assert!(matches!(&intake.items[..], [Item::Event(event)] if event.body["press"] == "decline"), "{intake:?}");
    let called = sandbox.books().requests.into_iter().any(|request| request.path == "/answerCallbackQuery");
    assert!(called, "the answer was made as a call");
}
