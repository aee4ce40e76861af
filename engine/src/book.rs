//! The book: every version that matters now. Swapped whole when something is published, so a turn sees one state of affairs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::calendar::Calendars;
use crate::clock::At;
use crate::duration;
use crate::event;
use crate::flow::{Op, Trigger, Version};
use crate::ids::VersionId;
use crate::matching;
use crate::trigger::{NoReply, Silent};

/// A version that events start.
#[derive(Clone, Debug)]
pub struct Live {
    /// The version.
    pub version: Arc<Version>,
    /// Since when it is live: silences that crossed their threshold before do not start it.
    pub since: At,
}

/// A `conversation.no_reply` trigger of a live version.
#[derive(Clone, Debug)]
pub struct Silence {
    /// Index into [`Book::live`].
    pub live: usize,
    /// Index into the version's triggers.
    pub trigger: usize,
    /// How long the silence lasts.
    pub after: Duration,
    /// Whose silence.
    pub silent: Silent,
}

/// Everything that is published.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// Live versions.
    pub live: Vec<Live>,
    /// Versions by id: the live ones, and those that unfinished runs are on.
    pub versions: HashMap<VersionId, Arc<Version>>,
    /// The connection that tells teams about escalations.
    pub notify: Option<Arc<str>>,
    /// Business hours, by name.
    pub calendars: Calendars,
    /// Flows that others may call: those with the trigger `flow.called`.
    pub callable: BTreeMap<Arc<str>, Arc<Version>>,
    /// Triggers by the kind they listen to, as indexes into `live` and the version's triggers.
    by_kind: BTreeMap<Arc<str>, Vec<(usize, usize)>>,
    silences: Vec<Silence>,
    /// Kinds of events that runs may wait for.
    awaited: BTreeSet<Arc<str>>,
}

impl Book {
    /// The book of these live versions and of others that runs are on.
    #[must_use]
    pub fn new(live: Vec<Live>, others: Vec<Arc<Version>>, notify: Option<Arc<str>>) -> Self {
        let mut book = Self { notify, ..Self::default() };
        for version in others.into_iter().chain(live.iter().map(|live| Arc::clone(&live.version))) {
            book.awaited.extend(awaited(&version));
            book.versions.insert(version.id, version);
        }
        for (index, live) in live.iter().enumerate() {
            book.add_callable(&live.version);
            for (place, trigger) in live.version.triggers.iter().enumerate() {
                book.by_kind.entry(Arc::clone(&trigger.kind)).or_default().push((index, place));
                book.silences.extend(silence(index, place, trigger));
            }
        }
        book.live = live;
        book
    }

    /// Lets other flows call `version`, if it has the trigger for that.
    pub fn add_callable(&mut self, version: &Arc<Version>) {
        if version.triggers.iter().any(|trigger| *trigger.kind == *event::FLOW_CALLED) {
            self.callable.insert(Arc::clone(&version.flow), Arc::clone(version));
        }
    }

    /// Triggers that hear events of `kind`, in the order of the flows' ids.
    pub fn hearing<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a Live, &'a Trigger)> {
        let heard = self.by_kind.iter().filter(move |(listened, _)| matching::hears(listened, kind));
        heard.flat_map(|(_, places)| places).filter_map(|(live, trigger)| self.at(*live, *trigger))
    }

    /// Whether a run on some version may wait for an event of `kind`.
    #[must_use]
    pub fn may_await(&self, kind: &str) -> bool {
        self.awaited.contains(kind)
    }

    /// Every `conversation.no_reply` trigger.
    #[must_use]
    pub fn silences(&self) -> &[Silence] {
        &self.silences
    }

    /// Every `schedule.cron` trigger.
    pub fn schedules(&self) -> impl Iterator<Item = (&Live, &Trigger)> {
        self.by_kind.get(event::CRON).into_iter().flatten().filter_map(|(live, trigger)| self.at(*live, *trigger))
    }

    /// One trigger by flow and id, if it is live.
    #[must_use]
    pub fn trigger(&self, flow: &str, id: &str) -> Option<(&Live, &Trigger)> {
        let live = self.live.iter().find(|live| *live.version.flow == *flow)?;
        live.version.triggers.iter().find(|trigger| *trigger.id == *id).map(|trigger| (live, trigger))
    }

    /// The trigger at these indexes.
    #[must_use]
    pub fn at(&self, live: usize, trigger: usize) -> Option<(&Live, &Trigger)> {
        let live = self.live.get(live)?;
        live.version.triggers.get(trigger).map(|trigger| (live, trigger))
    }
}

/// The kinds of events that a version's `wait_for` steps name.
fn awaited(version: &Version) -> impl Iterator<Item = Arc<str>> {
    version.program.steps.iter().filter_map(|step| match &step.op {
        Op::WaitFor(wait) => Some(Arc::clone(&wait.kind)),
        _ => None,
    })
}

fn silence(live: usize, place: usize, trigger: &Trigger) -> Option<Silence> {
    if *trigger.kind != *event::NO_REPLY {
        return None;
    }
    let NoReply { after, silent } = serde_json::from_value(trigger.params.clone()).ok()?;
    Some(Silence { live, trigger: place, after: duration::parse(&after).ok()?, silent })
}
