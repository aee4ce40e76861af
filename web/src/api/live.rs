//! `GET /events`: what changes, as it changes. One connection for each page that is open; nobody asks again and again.
//!
//! An event says what changed and nothing of what it is now: the page asks for what it shows. Whoever comes back names the last
//! event it saw and gets what came since, or `reset` when that was an event of another process.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use engine::runner::{Change, News, Told, Watcher};
use futures_util::stream;
use serde_json::json;
use tokio::time::{Instant, Interval, interval, sleep_until};

use super::view;
use crate::app::App;
use crate::error::ApiError;
use crate::openapi::{Gives, Operation};

/// How often a page that nothing happens on hears that we are there, and what time it is.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// After how long a browser that lost us comes back.
const RETRY: Duration = Duration::from_millis(500);
/// Least time between two groups of changes: a page cannot show more.
const PACE: Duration = Duration::from_millis(100);
/// Most things of one kind that a page is told by name at once: beyond, that there are many is all that it can use.
const FEW: usize = 20;
/// How long a connection lasts: whoever may not see this any more is turned away at the next.
const LASTS: Duration = Duration::from_secs(15 * 60);

/// `GET /events`: changes as server-sent events: `run`, `attention`, `escalation`, `presence`, `alarm`, `flow`, `contact`, `conversation`, `mention`,
/// `typing`, `connection`, each with its `id`, or with none when many of a kind changed at once; `heartbeat` with `now`; `reset` when something
/// was missed.
pub(crate) async fn stream(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Events, ApiError> {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    // A place that cannot be read is none of ours: it is answered like one that is too old.
    let place = last.map(|text| text.parse().unwrap_or(0));
    let watcher = app.engine.watch(place, FEW).ok_or_else(|| ApiError::too_many("too many pages are open", RETRY))?;
    let reader = Reader {
        app,
        watcher,
        beat: interval(HEARTBEAT),
        began: false,
        ready: VecDeque::new(),
        rests_until: Instant::now(),
        ends_at: Instant::now() + LASTS,
    };
    let events = stream::unfold(reader, async |mut reader| Some((Ok::<_, Infallible>(reader.next().await?), reader)));
    // A proxy that collects answers before it passes them on would make this useless.
    Ok(Events(([("x-accel-buffering", "no")], Sse::new(events)).into_response()))
}

/// Server-sent events.
pub(crate) struct Events(Response);

impl IntoResponse for Events {
    fn into_response(self) -> Response {
        self.0
    }
}

impl Gives for Events {
    fn describe(operation: &mut Operation<'_>) {
        let schema = operation.schema::<Change>();
        let about = "Changes as server-sent events, named by what changed: `run`, `attention`, `escalation`, `presence`, `alarm`, `flow`, \
            `contact`, `conversation`, `mention`, `typing`, `connection`; an empty one when many of a kind changed at once; `heartbeat` with `now` each 15 s; `reset` when something \
            was missed.";
        operation.gives("text/event-stream", &schema, Some(about.into()));
    }
}

/// One open page.
struct Reader {
    app: Arc<App>,
    watcher: Watcher,
    beat: Interval,
    began: bool,
    /// To be sent.
    ready: VecDeque<Event>,
    rests_until: Instant,
    ends_at: Instant,
}

impl Reader {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let news = async {
                sleep_until(self.rests_until).await;
                self.watcher.next().await
            };
            tokio::select! {
                () = sleep_until(self.ends_at) => return None,
                _ = self.beat.tick() => {
                    let heartbeat = self.heartbeat();
                    self.ready.push_back(heartbeat);
                }
                news = news => {
                    self.rests_until = Instant::now() + PACE;
                    match news {
                        News::Changes(changes) => self.ready.extend(changes.into_iter().map(event)),
                        News::Missed => self.reset(),
                        News::Closed => return None,
                    }
                }
            }
        }
    }

    /// Also names the place: who loses us before anything changed comes back to it.
    fn heartbeat(&mut self) -> Event {
        let data = json!({ "now": view::time(self.app.clock.now()) });
        let event = Event::default().event("heartbeat").id(self.watcher.place().to_string()).data(data.to_string());
        if std::mem::replace(&mut self.began, true) { event } else { event.retry(RETRY) }
    }

    fn reset(&mut self) {
        self.ready.push_back(Event::default().event("reset").id(self.watcher.place().to_string()).data("{}"));
    }
}

/// What a page is told.
fn event((place, told): (u64, Told)) -> Event {
    let (kind, data) = match told {
        Told::One(change) => (change.kind(), json!(change)),
        Told::Many(kind) => (kind, json!({})),
    };
    Event::default().event(kind).id(place.to_string()).data(data.to_string())
}
