//! A workspace over real HTTP: against the sandbox, with its faults, and presses back through the door.

use bytes::Bytes;
use engine::capability::notify::{AlarmState, ButtonPressed};
use engine::clock::At;
use engine::connector::{DoorError, HookRequest, Item, Scope};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::*;
use crate::notice::tests::{alarm, call, context, escalation, said};
use crate::sandbox::{Act, CallFault, Config, Faults, Play, Post, Provider, RateLimit, Sandbox, Times};

/// A sandbox and an app in it.
async fn workspace() -> (Sandbox, Slack) {
    let context = context();
    let config = Config::default();
    let (token, secret) = (config.slack.bot_token.clone(), config.slack.signing_secret.clone());
    let sandbox = Sandbox::start(config).await.unwrap();
    let settings = json!({
        "bot_token": token, "signing_secret": secret, "channel": "C0CARE", "teams": { "sales": "C0SALES" },
        "base_url": format!("{}/slack", sandbox.url()),
    });
    let slack = open(serde_json::from_value(settings).unwrap(), &context).unwrap();
    (sandbox, slack)
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
    Faults::default().on(Provider::Slack, fault)
}

#[tokio::test]
async fn an_offer_has_its_buttons_until_somebody_took_it() {
    let (sandbox, slack) = workspace().await;
    let id = message_of(slack.perform(escalation("offered"), &call()).await);
    let post = only_post(&sandbox);
    assert_eq!((post.place.as_str(), id.as_str()), ("C0CARE", format!("C0CARE:{}", post.id).as_str()));
    let data: Vec<_> = post.buttons.iter().map(|button| button.data.as_str()).collect();
    assert_eq!(data, ["take:esc_0000000000001", "decline:esc_0000000000001"]);
    let taken = NotifyEscalation { earlier: Some(id.clone()), by: Some("Ana".into()), ..escalation("taken") };
    assert_eq!(message_of(slack.perform(taken, &call()).await), id);
    let post = only_post(&sandbox);
    assert!(post.buttons.is_empty() && post.edits == 1 && post.text.contains("Taken: Ana"), "{post:?}");
}

#[tokio::test]
async fn a_message_that_is_gone_is_sent_anew() {
    let (sandbox, slack) = workspace().await;
    let taken = NotifyEscalation { earlier: Some("C0CARE:1.000001".into()), ..escalation("taken") };
    assert!(message_of(slack.perform(taken, &call()).await).starts_with("C0CARE:"));
    assert_eq!(only_post(&sandbox).edits, 0);
}

#[tokio::test]
async fn teams_have_channels_of_their_own_and_a_flow_names_any() {
    let (sandbox, slack) = workspace().await;
    let sales = NotifyEscalation { team: "sales".into(), ..escalation("team") };
    assert!(message_of(slack.perform(sales, &call()).await).starts_with("C0SALES:"));
    let person = Send { to: Some("U0ANA".into()), ..said("five left") };
    assert!(message_of(slack.perform(person, &call()).await).starts_with("U0ANA:"));
    let open = slack.perform(alarm(AlarmState::Open), &call()).await;
    assert!(message_of(open).starts_with("C0CARE:"));
    assert_eq!(sandbox.books().posts[2].buttons[0].data, "acknowledge:alm_0000000000001");
    let nowhere = Send { to: Some("#care".into()), ..said("x") };
    assert_eq!(slack.perform(nowhere, &call()).await.name(), "refused");
}

#[tokio::test]
async fn refusals_limits_and_lost_answers_become_verdicts() {
    let (sandbox, slack) = workspace().await;
    let unknown = Send { to: Some("C0NONE".into()), ..said("x") };
    let refused = slack.perform(unknown, &call()).await;
    let problem = refused.problem().unwrap();
    assert_eq!((refused.name(), problem.code.as_str()), ("refused", "channel_not_found"));
    assert!(problem.message.contains("invite the app"), "{}", problem.message);
    let limit = RateLimit { times: Some(1), retry_after_s: 7 };
    sandbox.set_faults(weather(CallFault { rate_limit: Some(limit), ..CallFault::default() }));
    let later = slack.perform(said("x"), &call()).await;
    let seconds = Some(std::time::Duration::from_secs(7));
    assert!(matches!(&later, Verdict::Later { after, scope: Scope::Connection, .. } if *after == seconds), "{later:?}");
    let lost = CallFault { drop_after_acting: Some(Times { times: Some(1) }), ..CallFault::default() };
    sandbox.set_faults(weather(lost));
    assert_eq!(slack.perform(said("x"), &call()).await.name(), "unknown");
    let wrong = Slack { token: Secret::new("xoxb-wrong"), ..slack };
    let auth = wrong.perform(said("x"), &call()).await;
    assert!(auth.name() == "auth" && !auth.problem().unwrap().message.contains("xoxb"), "{auth:?}");
    assert!(!wrong.check().await[0].good);
}

#[tokio::test]
async fn a_check_proves_the_token_and_asks_for_the_signing_secret() {
    let (_sandbox, slack) = workspace().await;
    assert!(slack.check().await.iter().all(|finding| finding.good));
    let without = Slack { door: None, ..slack };
    assert!(!without.check().await[1].good && without.door().is_none());
}

fn settings_with(channel: &str) -> Result<Slack, String> {
    open(serde_json::from_value(json!({ "bot_token": "xoxb-1", "channel": channel })).unwrap(), &context())
}

#[test]
fn a_channels_name_is_not_its_id() {
    assert!(settings_with("C0CARE").is_ok());
    assert!(settings_with("#care").is_err_and(|why| why.contains("C0123ABCD")));
}

fn request(body: &[u8], time: &str, signature: &str) -> HookRequest {
    let header = |name, value: &str| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    let headers =
        HeaderMap::from_iter([header("x-slack-request-timestamp", time), header("x-slack-signature", signature)]);
    let url = "https://flows.test/hooks/team-slack".to_owned();
    HookRequest { method: Method::POST, url, query: String::new(), headers, body: Bytes::copy_from_slice(body) }
}

/// The example of Slack, "Verifying requests from Slack": a form without `payload`, so its signature alone is asked for.
#[test]
fn slacks_own_example_is_signed_right_and_grows_old() {
    let body = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    let door = SlackDoor::new(Secret::new("8f742231b10e8888abcd99yyyzzz85a5"));
    let signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    let receive = |body: &[u8], signature: &str, second: i64| {
        door.receive(&request(body, "1531420618", signature), At(second * 1_000))
    };
    assert!(matches!(receive(body, signature, 1_531_420_618), Err(DoorError::Unreadable(_))), "signed, but no press");
    assert!(matches!(receive(body, signature, 1_531_420_918), Err(DoorError::Unreadable(_))));
    for (body, signature, second) in [
        (&body[..], signature, 1_531_420_919),
        (&body[..], signature, 1_531_420_317),
        (&body[1..], signature, 1_531_420_618),
        (&body[..], "v0=00", 1_531_420_618),
        (&body[..], "a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503", 1_531_420_618),
    ] {
        assert!(matches!(receive(body, signature, second), Err(DoorError::Unsigned(_))), "{second} {signature}");
    }
}

/// `payload` as a signed press.
fn signed(door: &SlackDoor, payload: &Value) -> Result<engine::connector::Intake, DoorError> {
    use hmac::{Hmac, KeyInit, Mac};
    let text = payload.to_string();
    let body = url::form_urlencoded::Serializer::new(String::new()).append_pair("payload", &text).finish();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"k").unwrap();
    mac.update(format!("v0:1760000000:{body}").as_bytes());
    let signature = format!("v0={}", hex::encode(mac.finalize().into_bytes()));
    door.receive(&request(body.as_bytes(), "1760000000", &signature), At(1_760_000_000_000))
}

fn press(action: &Value) -> Value {
    json!({
        "type": "block_actions", "user": { "id": "U0ANA", "username": "ana" }, "channel": { "id": "C0CARE" },
        "message": { "ts": "1760000000.000001" }, "actions": [action],
    })
}

#[test]
fn a_press_becomes_an_event_and_a_repeated_one_is_the_same() {
    let door = SlackDoor::new(Secret::new("k"));
    let action =
        |time: &str| json!({ "type": "button", "action_id": "take", "value": "esc_0000000000001", "action_ts": time });
    let event = |time: &str| match signed(&door, &press(&action(time))).unwrap().items.remove(0) {
        Item::Event(event) => *event,
        other => panic!("{other:?}"),
    };
    let first = event("1760000000.123456");
    assert_eq!((first.kind, first.provider_at), ("notify.button_pressed", Some(At(1_760_000_000_123))));
    let pressed: ButtonPressed = serde_json::from_value(first.body.clone()).unwrap();
    assert_eq!((pressed.escalation.as_deref(), pressed.person.id.as_str()), (Some("esc_0000000000001"), "U0ANA"));
    assert_eq!(pressed.service, "slack");
    assert_eq!((pressed.channel.as_str(), pressed.message.as_str()), ("C0CARE", "C0CARE:1760000000.000001"));
    assert_eq!(event("1760000000.123456").external_id, first.external_id);
    assert_ne!(event("1760000001.123456").external_id, first.external_id);
}

#[test]
fn what_is_not_ours_or_cannot_be_read_harms_nothing() {
    let door = SlackDoor::new(Secret::new("k"));
    let link = json!({ "type": "button", "action_id": "open", "action_ts": "1.0" });
    let foreign = json!({ "type": "button", "action_id": "take", "value": "order-7", "action_ts": "1.0" });
    for action in [link, foreign] {
        assert!(signed(&door, &press(&action)).unwrap().items.is_empty(), "{action}");
    }
    let broken = signed(&door, &press(&json!({ "action_id": "take" }))).unwrap();
    assert!(matches!(broken.items.as_slice(), [Item::Bad { .. }]), "{broken:?}");
    assert!(signed(&door, &json!({ "type": "view_submission" })).unwrap().items.is_empty());
}

#[tokio::test]
async fn a_press_in_the_simulated_slack_reaches_the_door_signed() {
    use axum::{Router, routing::post};
    let (sandbox, slack) = workspace().await;
    slack.perform(escalation("offered"), &call()).await;
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let catch = post(move |headers: HeaderMap, body: Bytes| async move {
        let _ = told.send((headers, body));
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    sandbox.set_webhook_url(Provider::Slack, Some(format!("http://{}/hook", listener.local_addr().unwrap())));
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/hook", catch)).await });
    let play = Play {
        provider: Provider::Slack,
        from: "U0ANA".into(),
        name: "Ana".into(),
        act: Act::Press { button: "take".into(), post: None },
        ..Play::default()
    };
    assert_eq!(sandbox.play(play).await.unwrap().webhook_status, Some(200));
    let (headers, body) = heard.recv().await.unwrap();
    let time = headers["x-slack-request-timestamp"].to_str().unwrap().parse::<i64>().unwrap();
    let signature = headers["x-slack-signature"].to_str().unwrap().to_owned();
    let request = request(&body, &time.to_string(), &signature);
    let intake = slack.door().unwrap().receive(&request, At(time * 1_000)).unwrap();
    let Item::Event(event) = &intake.items[0] else { panic!("{intake:?}") };
    assert_eq!((&event.body["press"], &event.body["person"]["name"]), (&json!("take"), &json!("Ana")));
}
