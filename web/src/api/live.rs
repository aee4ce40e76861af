//! `GET /events`: what changes, as it changes. One connection for each page that is open; nobody asks again and again.
//!
//! An event says what changed and nothing of what it is now: the page asks for what it shows. Whoever comes back names the last
//! event it saw and gets what came since, or `reset` when that is too long ago.

use std::collections::{HashMap, HashSet, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use engine::runner::{Change, News, Watcher};
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
/// Most things of one kind that a group names: beyond, that there are many is all that a page can use. Under load there are
/// thousands of changes a second, and every open page would be told of each.
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
    let watcher = app.engine.watch(place).ok_or_else(|| ApiError::too_many("too many pages are open", RETRY))?;
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
                        News::Changes(changes) => self.ready.extend(told(newest(changes)).iter().map(Told::event)),
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
#[derive(Debug, PartialEq, Eq)]
enum Told {
    One(u64, Change),
    /// Many of a kind changed up to this place.
    Many(u64, &'static str),
}

impl Told {
    fn event(&self) -> Event {
        let (place, kind, data) = match self {
            Self::One(place, change) => (place, change.kind(), json!(change)),
            Self::Many(place, kind) => (place, *kind, json!({})),
        };
        Event::default().event(kind).id(place.to_string()).data(data.to_string())
    }
}

/// Names those of a kind that has few.
fn told(newest: Vec<(u64, Change)>) -> Vec<Told> {
    let mut left: HashMap<&str, usize> = HashMap::new();
    newest.iter().for_each(|(_, change)| *left.entry(change.kind()).or_default() += 1);
    let many: HashSet<&str> = left.iter().filter(|(_, count)| **count > FEW).map(|(kind, _)| *kind).collect();
    let tell = |(place, change): (u64, Change)| {
        let kind = change.kind();
        if !many.contains(kind) {
            return Some(Told::One(place, change));
        }
        let left = left.get_mut(kind)?;
        *left -= 1;
        // At the place of the last one: whoever comes back has heard of all before it.
        (*left == 0).then_some(Told::Many(place, kind))
    };
    newest.into_iter().filter_map(tell).collect()
}

/// The newest change of each thing, in their order.
fn newest(changes: Vec<(u64, Change)>) -> Vec<(u64, Change)> {
    let mut seen = HashSet::new();
    let mut newest: Vec<_> =
        changes.into_iter().rev().filter(|(_, change)| seen.insert((change.kind(), change.id()))).collect();
    newest.reverse();
    newest
}

#[cfg(test)]
mod tests {
    use engine::ids::ContactId;

    use super::*;

    #[test]
    fn of_many_changes_of_one_thing_the_newest_is_told() {
        let contact = |id| Change::Contact { id: ContactId(id) };
        let up = |up| Change::Connection { id: "wa".into(), up };
        let told = newest(vec![(1, contact(1)), (2, up(false)), (3, contact(2)), (4, contact(1)), (5, up(true))]);
        assert_eq!(told, [(3, contact(2)), (4, contact(1)), (5, up(true))]);
    }

    #[test]
    fn of_many_things_of_a_kind_it_is_told_that_there_are_many() {
        let contact = |id: i64| (id.cast_unsigned(), Change::Contact { id: ContactId(id) });
        let line = (900, Change::Connection { id: "wa".into(), up: true });
        let few: Vec<_> = (1..=20).map(contact).collect();
        assert_eq!(
            told(few.clone()),
            few.into_iter().map(|(place, change)| Told::One(place, change)).collect::<Vec<_>>()
        );
        let many = (1..=10).chain(901..=911).map(contact).chain([line.clone()]).collect();
        assert_eq!(told(many), [Told::Many(911, "contact"), Told::One(line.0, line.1)]);
    }
}
