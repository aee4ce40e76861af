//! Starting: what is stored becomes what is in memory, and what was under way is resolved.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::activity::Activity;
use super::core::Core;
use super::desk::Beats;
use super::feed::Feed;
use super::line::{self, Line, LineHandle};
use super::memory::{self, Boxes};
use super::misses::Misses;
use super::queue::by_connection;
use super::{Error, Parts, find, timers};
use crate::audit::Anchor;
use crate::book::{Book, Live, LiveRules, Published};
use crate::first_hour::{Hour, Hours};
use crate::ids::InputId;
use crate::store::{self, EffectRow, EffectState, FIRST_EFFECT, Reads, Store, VersionState};

/// How often the chain is sealed when something changed.
const ANCHOR_EVERY: Duration = Duration::from_secs(60);
/// Rows read at a time.
const PAGE: u32 = 1_000;

pub(super) async fn start<S: Store + Reads>(mut parts: Parts<S>) -> Result<(Arc<Core<S>>, JoinSet<()>), Error> {
    parts.ids.after(parts.store.last_id().await?);
    let book = Arc::new(ArcSwap::from_pointee(stored_book(&parts).await?));
    if !parts.quiet {
        parts.connections.push(find::open(parts.store.clone(), Arc::clone(&book)));
    }
    let stops = super::sending::stops_of(parts.store.stops().await?);
    let mut handles = HashMap::new();
    let mut ends = HashMap::new();
    for open in &parts.connections {
        let (handle, messages) = LineHandle::new(open);
        handles.insert(Arc::clone(&open.id), Arc::new(handle));
        ends.insert(Arc::clone(&open.id), messages);
    }
    let mut stored = Vec::new();
    for state in [EffectState::Planned, EffectState::InFlight, EffectState::InDoubt, EffectState::Parked] {
        stored.extend(effects(&parts.store, state).await?);
    }
    // In their order, whatever their state: those behind an interrupted one go on waiting for it.
    stored.sort_by_key(|row| row.id);
    let mut stored = by_connection(stored);
    let (armed, timer_messages) = mpsc::unbounded_channel();
    let core = Arc::new(Core {
        book,
        boxes: Boxes::new(),
        lines: ArcSwap::from_pointee(handles),
        timers: armed,
        callers: Arc::default(),
        feed: Arc::new(Feed::new(parts.clock.now())),
        activity: Activity::default(),
        misses: Misses::default(),
        fatal: watch::channel(None).0,
        publishing: tokio::sync::Mutex::default(),
        beats: Beats::default(),
        stops: watch::channel(Arc::new(stops)).0,
        closing: watch::channel(false).0,
        parts,
    });
    let mut loops = JoinSet::new();
    let lines = core.lines.load_full();
    for open in core.parts.connections.clone() {
        let Some((messages, handle)) = ends.remove(&open.id).zip(lines.get(&open.id)) else { continue };
        let id = open.id.to_string();
        let line = Line::new(Arc::clone(&core), open, handle.shown(), stored.remove(&id).unwrap_or_default());
        loops.spawn(core.vital("a connection", line.run(messages)));
    }
    for connection in stored.keys().filter(|_| !core.parts.quiet) {
        tracing::error!(connection, "calls are stored for a connection that is not open; they wait until it is");
    }
    if core.parts.quiet {
        return Ok((core, loops));
    }
    core.remember_pages().await?;
    resume_inputs(&core).await?;
    loops.spawn(core.vital("presence", super::desk::watch(Arc::clone(&core))));
    loops.spawn(core.vital("timers", timers::run(Arc::clone(&core), timer_messages)));
    loops.spawn(core.vital("mailboxes", memory::grow_older(Arc::clone(&core))));
    loops.spawn(core.vital("anchors", seal_each_minute(Arc::clone(&core))));
    core.look_after_schedules(&Book::default());
    // A publication's own look at silent conversations ends with its process.
    core.look_after_silences(&Book::default());
    let under_way = core.parts.store.publications().await?;
    core.tell_runs(under_way);
    Ok((core, loops))
}

async fn stored_book<S: Store + Reads>(parts: &Parts<S>) -> Result<Book, Error> {
    let (mut live, mut others, mut rules, mut calendars) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut segments = Vec::new();
    for row in parts.store.versions().await? {
        let flow = row.flow.clone();
        let version = (parts.compile)(&row).map_err(|why| Error::Version { flow, why })?;
        match (version, row.state) {
            (Published::Flow(version), VersionState::Live) => live.push(Live { version, since: row.at }),
            (Published::Flow(version), _) => others.push(version),
            (Published::Rules(file), VersionState::Live) => rules.push(LiveRules { rules: file, since: row.at }),
            (Published::Calendar(found), VersionState::Live) => calendars.push(found.calendar),
            (Published::Segment(found), VersionState::Live) => segments.push(found.segment),
            // Nothing stays on what else is not live: no run is on it.
            (Published::Rules(_) | Published::Calendar(_) | Published::Segment(_), _) => {}
        }
    }
    live.sort_by(|one, other| one.version.flow.cmp(&other.version.flow));
    let stored = parts.store.hours().await?.into_iter();
    let hours: Hours = stored.map(|row| ((row.flow.clone(), row.trigger.clone()), Arc::new(Hour::new(row)))).collect();
    let book = Book::new(live, others, parts.notify.clone()).with_rules(rules);
    let staff = super::desk::staff_of(parts.store.staff().await?);
    let book = book.with_calendars(calendars).with_segments(segments).with_hours(hours, parts.first_hour);
    Ok(book.with_staff(Arc::new(staff)).with_crm(parts.crm.clone()).with_alarms(!parts.quiet))
}

/// All stored effects in a state.
pub(super) async fn effects<S: Store>(store: &S, state: EffectState) -> Result<Vec<EffectRow>, store::Error> {
    let mut rows = Vec::new();
    let mut after = FIRST_EFFECT;
    loop {
        let page = store.effects(state, after, PAGE).await?;
        let full = page.len() == PAGE as usize;
        after = page.last().map_or(after, |row| row.id);
        rows.extend(page);
        if !full {
            return Ok(rows);
        }
    }
}

async fn resume_inputs<S: Store + Reads>(core: &Arc<Core<S>>) -> Result<(), store::Error> {
    let mut after = InputId(i64::MIN);
    loop {
        let page = core.parts.store.inputs(after, PAGE).await?;
        let full = page.len() == PAGE as usize;
        for input in page {
            after = input.id;
            core.resume(input).await?;
        }
        if !full {
            return Ok(());
        }
    }
}

async fn seal_each_minute<S: Store + Reads>(core: Arc<Core<S>>) {
    let mut doubted = false;
    loop {
        tokio::select! {
            () = line::closed(&core.closing) => break,
            () = tokio::time::sleep(ANCHOR_EVERY) => {}
        }
        if let Err(problem) = core.seal().await {
            tracing::error!(%problem, "the audit chain could not be sealed");
        }
        doubted = core.look_at_clock(doubted);
    }
}

impl<S: Store + Reads> Core<S> {
    /// Seals the chain and hands the anchor out.
    pub(super) async fn seal(&self) -> Result<Option<Anchor>, store::Error> {
        let anchor = self.watched(self.parts.store.anchor(self.parts.clock.now(), self.parts.audit_key).await)?;
        if let Some(anchor) = &anchor {
            (self.parts.on_anchor)(anchor);
        }
        Ok(anchor)
    }
}
