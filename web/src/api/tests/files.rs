//! Files that people here send: taken in, given to the provider, sent, and looked at.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use connectors::sandbox::{CallFault, Fail, Faults, Provider};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::answers::cart;
use crate::peer::Peer;
use crate::testing::Staged;

const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n--not a boundary";

/// Takes a file to the conversation.
async fn take(stage: &Staged, talk: &str, name: &str, kind: &str, bytes: &'static [u8]) -> (StatusCode, Value) {
    let request =
        Request::builder().method(Method::POST).uri(format!("/api/v1/conversations/{talk}/files?name={name}"));
    let mut request = request.header(header::CONTENT_TYPE, kind).body(Body::from(bytes)).unwrap();
    request.extensions_mut().insert(Peer::Control);
    let (head, answer) = stage.place.router().oneshot(request).await.unwrap().into_parts();
    let bytes = answer.collect().await.unwrap().to_bytes();
    (head.status, serde_json::from_slice(&bytes).unwrap_or_default())
}

async fn talk(stage: &Staged) -> String {
    stage.play(cart()).await;
    let talks = stage.place.get("/conversations?box=all").await;
    talks["conversations"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_reaches_the_customers_phone_and_is_seen_here() {
    let stage = Staged::open(&["order-to-ticket"]).await;
    let talk = talk(&stage).await;
    let (status, taken) = take(&stage, &talk, "shoe.png", "image/png", PICTURE).await;
    assert_eq!((status, &taken["kind"], &taken["size"]), (StatusCode::OK, &json!("image"), &json!(PICTURE.len())));
    let file = json!({ "file": taken["file"], "caption": "This one?" });
    let said = stage.place.post(&format!("/conversations/{talk}/messages"), &json!({ "key": "a", "file": file })).await;
    let said = &said["message"];
    assert_eq!(
        (&said["type"], &said["text"], &said["media"]["name"]),
        (&json!("image"), &json!("This one?"), &json!("shoe.png"))
    );
    stage.rest().await;
    let books = stage.sandbox.books();
    let sent = books.messages.iter().find(|message| message.kind == "image").unwrap();
    assert_eq!(sent.content.as_ref().unwrap()["caption"], "This one?");
    let shown = stage.place.get("/play/chat?from=8613800138000").await;
    let last = shown["messages"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["file"]["kind"], &last["file"]["media"]), (&json!("image"), &said["id"]));
    let media = format!("/api/v1/media/{}", said["id"].as_str().unwrap());
    let looked = stage.place.send(Method::GET, &media, None).await;
    assert_eq!(looked.headers()[header::CONTENT_TYPE], "image/png");
    assert_eq!(looked.into_body().collect().await.unwrap().to_bytes(), PICTURE);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_whatsapp_does_not_take_and_what_nobody_took_in_is_refused() {
    let stage = Staged::open(&["order-to-ticket"]).await;
    let talk = talk(&stage).await;
    for (kind, bytes, status) in [
        ("image/svg+xml", PICTURE, StatusCode::BAD_REQUEST),
        ("application/zip", PICTURE, StatusCode::BAD_REQUEST),
        ("image/png", b"", StatusCode::BAD_REQUEST),
        ("image/png", &[0; 5 * 1024 * 1024 + 1], StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        assert_eq!(take(&stage, &talk, "x", kind, bytes).await.0, status, "{kind}");
    }
    let (_, sound) = take(&stage, &talk, "a.mp3", "audio/mpeg", b"ID3").await;
    for file in [json!({ "file": "AAAA" }), json!({ "file": sound["file"], "caption": "listen" })] {
        let message = json!({ "key": "b", "file": file });
        let (status, _) =
            stage.place.ask(Method::POST, &format!("/conversations/{talk}/messages"), Some(&message)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{file}");
    }
    assert!(stage.sandbox.books().messages.iter().all(|message| message.kind != "audio"));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_failed_is_sent_again_without_being_taken_in_again() {
    let stage = Staged::open(&["order-to-ticket"]).await;
    let talk = talk(&stage).await;
    let (_, taken) = take(&stage, &talk, "offer.pdf", "application/pdf", b"%PDF-1.1").await;
    let fail = Fail { status: 400, ..Fail::default() };
    let refusing = CallFault { fail: Some(fail), ..CallFault::default() };
    stage.sandbox.set_faults(Faults::default().on(Provider::CloudApi, refusing));
    let lost = take(&stage, &talk, "offer.pdf", "application/pdf", b"%PDF-1.1").await;
    assert_eq!((lost.0, &lost.1["error"]["code"]), (StatusCode::CONFLICT, &json!("no_file")), "the reason is told");
    let at = format!("/conversations/{talk}/messages");
    let said = stage.place.post(&at, &json!({ "key": "c", "file": { "file": taken["file"] } })).await;
    stage.rest().await;
    let listed = stage.place.get(&at).await;
    assert_eq!(
        (&listed["messages"][0]["status"], &listed["messages"][0]["type"]),
        (&json!("failed"), &json!("document"))
    );
    stage.sandbox.set_faults(Faults::default());
    let again = format!("{at}/{}/resend", said["message"]["id"].as_str().unwrap());
    stage.place.post(&again, &json!({})).await;
    stage.rest().await;
    let books = stage.sandbox.books();
    let sent = books.messages.iter().find(|message| message.kind == "document").unwrap();
    assert_eq!(sent.content.as_ref().unwrap()["filename"], "offer.pdf");
    stage.close().await;
}
