//! A browser's push service on loopback: what it is sent, and what becomes of a browser that is gone.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use engine::account::{Op, Role, UserRow};
use engine::alarm::Raise;
use engine::clock::At;
use engine::desk::Presence;
use engine::ids::{MailboxId, UserId};
use engine::order::{DeskOrder, Order};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey};
use ring::rand::SystemRandom;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::*;
use crate::testing::Staged;

const AUTH: [u8; AUTH_BYTES] = [7; AUTH_BYTES];

/// What the service was sent: which browser, the headers, the body.
type Sent = (String, HeaderMap, Bytes);

/// A service that takes everything, but for the browser `gone`.
async fn service() -> (SocketAddr, UnboundedReceiver<Sent>) {
    async fn take(
        State(told): State<UnboundedSender<Sent>>,
        Path(browser): Path<String>,
        headers: HeaderMap,
        body: Bytes,
    ) -> StatusCode {
        let status = if browser == "gone" { StatusCode::GONE } else { StatusCode::CREATED };
        told.send((browser, headers, body)).unwrap();
        status
    }
    let (told, hears) = unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = Router::new().route("/p/{browser}", axum::routing::post(take)).with_state(told);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (address, hears)
}

async fn somebody(app: &App, language: &str) -> UserId {
    let now = app.clock.now();
    let id = UserId(app.ids.next(now));
    let user = UserRow {
        language: language.into(),
        ..UserRow::new(id, format!("{id}@example.com"), "Ana".into(), Role::Agent, now)
    };
    app.engine.account("test", Vec::new(), vec![Op::PutUser(Box::new(user))]).await.unwrap().unwrap();
    id
}

/// A browser of `user`, with its private key.
fn browser(service: SocketAddr, name: &str, user: UserId, alarms: bool) -> (PushRow, EphemeralPrivateKey) {
    let own = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).unwrap();
    let row = PushRow {
        endpoint: format!("http://{service}/p/{name}"),
        user,
        p256dh: own.compute_public_key().unwrap().as_ref().to_vec(),
        auth: AUTH.to_vec(),
        alarms,
        agent: "test".into(),
        at: At(1),
    };
    (row, own)
}

fn read(row: &PushRow, own: EphemeralPrivateKey, body: &[u8]) -> Value {
    serde_json::from_slice(&encrypt::tests::decrypt(own, &row.p256dh, &row.auth, body)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_reaches_the_browsers_that_want_alarms_and_only_they_can_read_it() {
    let stage = Staged::open(&[]).await;
    let app = &stage.place.app;
    let (address, mut sent) = service().await;
    let ana = somebody(app, "it").await;
    let (wants, own) = browser(address, "one", ana, true);
    add(app, "test", wants.clone()).await.unwrap();
    add(app, "test", browser(address, "two", ana, false).0).await.unwrap();
    let running = tokio::spawn(run(Arc::clone(app)));
    app.devices.watching().await;
    app.engine.raise_alarm(Raise::starts_held("orders", "message", 50));
    let (name, headers, body) = sent.recv().await.unwrap();
    assert_eq!(name, "one");
    assert_eq!(headers[header::CONTENT_ENCODING], "aes128gcm");
    assert_eq!(headers["urgency"], "high");
    assert!(headers[header::AUTHORIZATION].to_str().unwrap().starts_with("vapid t=ey"));
    let told = read(&wants, own, &body);
    assert_eq!((&told["title"], &told["body"]), (&json!("Allarme"), &json!("Avvii del flusso orders trattenuti")));
    assert!(told["path"].as_str().unwrap().starts_with("/alarms?alarm=alm_"), "{told}");
    running.abort();
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_is_told_of_a_demand_though_no_page_is_open_and_reads_no_customer() {
    let stage = Staged::open(&["order-to-ticket"]).await;
    let app = &stage.place.app;
    let (address, mut sent) = service().await;
    let (ana, away) = (somebody(app, "").await, somebody(app, "").await);
    let team = json!({ "name": "Care", "members": [{ "user": ana }, { "user": away }], "fallback": ["team-slack"] });
    let (status, answer) = crate::api::tests::alarms::put(&stage, "/teams/care", "0", &team).await;
    assert!(status.is_success(), "{answer}");
    for (user, presence) in [(ana, Presence::Available), (away, Presence::Away)] {
        let order = Order::Desk(DeskOrder::Presence { user, presence });
        app.engine.order(MailboxId::DESK, "test", order).await.unwrap();
    }
    let (hers, own) = browser(address, "ana", ana, false);
    add(app, "test", hers.clone()).await.unwrap();
    add(app, "test", browser(address, "away", away, false).0).await.unwrap();
    let running = tokio::spawn(run(Arc::clone(app)));
    app.devices.watching().await;
    stage.play(crate::api::tests::answers::cart()).await;
    let talks = stage.place.get("/conversations?box=all").await;
    let talk = talks["conversations"][0]["id"].as_str().unwrap();
    let wanted = json!({ "team": "care", "reason": "wants a human" });
    stage.place.post(&format!("/conversations/{talk}/escalate"), &wanted).await;
    let (name, _, body) = sent.recv().await.unwrap();
    let told = read(&hers, own, &body);
    assert_eq!((name.as_str(), &told["path"]), ("ana", &json!(format!("/inbox/{talk}"))));
    assert!(!told.to_string().contains("Li Wei") && !told.to_string().contains("human"), "{told}");
    running.abort();
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_named_in_a_note_is_told_and_nobody_else() {
    let stage = Staged::open(&["order-to-ticket"]).await;
    let app = &stage.place.app;
    let (address, mut sent) = service().await;
    let (ana, other) = (somebody(app, "ru").await, somebody(app, "").await);
    let (hers, own) = browser(address, "ana", ana, false);
    add(app, "test", hers.clone()).await.unwrap();
    add(app, "test", browser(address, "other", other, true).0).await.unwrap();
    let running = tokio::spawn(run(Arc::clone(app)));
    app.devices.watching().await;
    stage.play(crate::api::tests::answers::cart()).await;
    let talks = stage.place.get("/conversations?box=all").await;
    let talk = talks["conversations"][0]["id"].as_str().unwrap();
    let note = json!({ "text": "Ask @Ana about the parcel", "mentions": [ana] });
    stage.place.post(&format!("/conversations/{talk}/notes"), &note).await;
    let (name, _, body) = sent.recv().await.unwrap();
    let told = read(&hers, own, &body);
    assert_eq!((name.as_str(), &told["path"]), ("ana", &json!(format!("/inbox/{talk}"))));
    assert_eq!(told["title"], "Коллега упоминает вас в заметке");
    assert!(!told.to_string().contains("parcel"), "{told}");
    running.abort();
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_is_gone_is_forgotten_and_all_are_when_every_session_ends() {
    let stage = Staged::open(&[]).await;
    let app = &stage.place.app;
    let (address, mut sent) = service().await;
    let ana = somebody(app, "").await;
    let (gone, _) = browser(address, "gone", ana, false);
    let (here, _) = browser(address, "here", ana, false);
    for row in [&gone, &here] {
        add(app, "test", row.clone()).await.unwrap();
    }
    assert!(!trial(app, gone.clone(), "").await);
    assert_eq!(of(app, ana).await.unwrap(), std::slice::from_ref(&here));
    assert!(trial(app, here, "").await);
    assert_eq!((sent.recv().await.unwrap().0, sent.recv().await.unwrap().0), ("gone".to_owned(), "here".to_owned()));
    app.engine.account("test", Vec::new(), vec![Op::EndSessions(ana, None)]).await.unwrap().unwrap();
    assert!(of(app, ana).await.unwrap().is_empty());
    for n in 0..=MOST {
        add(app, "test", browser(address, &n.to_string(), ana, false).0).await.unwrap();
    }
    assert_eq!(of(app, ana).await.unwrap().len(), MOST, "the oldest went");
    stage.close().await;
}
