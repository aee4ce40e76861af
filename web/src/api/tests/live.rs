//! Live updates over real HTTP.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::testing::{Place, Served};

/// A test that has waited so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) const NOTE: &str = "
format: 1
flow: note
name: Note
on: manual
steps:
  - set: { seen: true }
";

/// A page that listens.
struct Page {
    body: Incoming,
    text: String,
}

#[derive(Debug, Default)]
struct Told {
    event: String,
    id: String,
    data: Value,
    retry: Option<String>,
}

impl Page {
    async fn open(place: &Place, door: &Served, last: Option<&str>) -> Self {
        let stream = TcpStream::connect(door.address).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let mut request = Request::get("/api/v1/events")
            .header(header::HOST, "localhost")
            .header(header::AUTHORIZATION, format!("Bearer {}", place.app.token.expose()));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = sender.send_request(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        Self { body: response.into_body(), text: String::new() }
    }

    /// The next event; `None` at the end of the connection.
    async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some((whole, rest)) = self.text.split_once("\n\n") {
                let mut told = Told::default();
                for line in whole.lines() {
                    match line.split_once(": ").unwrap() {
                        ("event", value) => told.event = value.to_owned(),
                        ("id", value) => told.id = value.to_owned(),
                        ("data", value) => told.data = serde_json::from_str(value).unwrap(),
                        ("retry", value) => told.retry = Some(value.to_owned()),
                        _ => panic!("{line}"),
                    }
                }
                self.text = rest.to_owned();
                return Some(told);
            }
            let frame = timeout(PATIENCE, self.body.frame()).await.expect("something comes in time")?;
            self.text.push_str(std::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap());
        }
    }

    /// The next event of this kind for which `wanted` holds.
    async fn until(&mut self, event: &str, wanted: impl Fn(&Value) -> bool) -> Told {
        loop {
            let told = self.next().await.expect("the connection stays open");
            if told.event == event && wanted(&told.data) {
                return told;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_hears_what_changes_and_after_a_break_what_it_missed() {
    let place = Place::open().await;
    let door = place.serve().await;
    let mut page = Page::open(&place, &door, None).await;
    let hello = page.next().await.unwrap();
    assert_eq!((&*hello.event, hello.retry.as_deref()), ("heartbeat", Some("500")));
    assert!(hello.data["now"].as_str().unwrap().ends_with('Z'), "{hello:?}");

    place.publish(&[NOTE]).await;
    assert_eq!(page.until("flow", |_| true).await.data, json!({ "id": "note" }));
    place.post("/flows/note/runs", &json!({})).await;
    let run = page.until("run", |run| run["status"] == "done").await;
    assert_eq!(run.data["flow"], "note");
    place.post("/flows", &json!({ "text": NOTE.replace("flow: note", "flow: draft") })).await;
    page.until("flow", |flow| flow["id"] == "draft").await;
    drop(page);

    // What happened before it lost us is not told again; what happened meanwhile is.
    place.post("/flows/note/runs", &json!({})).await;
    let mut page = Page::open(&place, &door, Some(&run.id)).await;
    let next = page.until("run", |run| run["status"] == "done").await;
    assert_ne!(next.data["id"], run.data["id"]);

    // A place of another process, or no place at all.
    for last in ["17", "what"] {
        let mut page = Page::open(&place, &door, Some(last)).await;
        let reset = page.until("reset", |_| true).await;
        assert_eq!(reset.id, next.id, "it goes on from here");
    }
    door.stop.cancel();
    place.app.engine.let_callers_go();
    while page.next().await.is_some() {}
    timeout(PATIENCE, door.server).await.expect("nobody holds the door open").unwrap();
    place.close().await;
}
