//! The book: every version that matters now. Swapped whole when something is published, so a turn sees one state of affairs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::calendar::{Calendar, Calendars};
use crate::clock::At;
use crate::crm::Crm;
use crate::desk::Staff;
use crate::duration;
use crate::event::{self, Event};
use crate::first_hour::Hours;
use crate::flow::{FirstHour, Op, Trigger, Version};
use crate::ids::VersionId;
use crate::matching;
use crate::rules::RuleFile;
use crate::segment::{Segment, Segments};
use crate::trigger::{NoReply, Silent};

/// A document's version in the form in which it takes effect.
#[derive(Clone, Debug)]
pub enum Published {
    /// Events start its runs.
    Flow(Arc<Version>),
    /// Events are judged by it.
    Rules(Arc<RuleFile>),
    /// Waits look at it.
    Calendar(PublishedCalendar),
    /// Schedules and searches look at it.
    Segment(PublishedSegment),
}

/// A calendar at one version.
#[derive(Clone, Debug)]
pub struct PublishedCalendar {
    /// The stored version.
    pub id: VersionId,
    /// The calendar.
    pub calendar: Arc<Calendar>,
}

/// A segment at one version.
#[derive(Clone, Debug)]
pub struct PublishedSegment {
    /// The stored version.
    pub id: VersionId,
    /// The segment.
    pub segment: Arc<Segment>,
}

impl Published {
    /// The stored version.
    #[must_use]
    pub fn id(&self) -> VersionId {
        match self {
            Self::Flow(version) => version.id,
            Self::Rules(rules) => rules.id,
            Self::Calendar(published) => published.id,
            Self::Segment(published) => published.id,
        }
    }

    /// The document's id.
    #[must_use]
    pub fn document(&self) -> &Arc<str> {
        match self {
            Self::Flow(version) => &version.flow,
            Self::Rules(rules) => &rules.file,
            Self::Calendar(published) => &published.calendar.name,
            Self::Segment(published) => &published.segment.name,
        }
    }
}

/// A version that events start.
#[derive(Clone, Debug)]
pub struct Live {
    /// The version.
    pub version: Arc<Version>,
    /// Since when it is live: silences that crossed their threshold before do not start it.
    pub since: At,
}

/// A file of tag rules that events are judged by.
#[derive(Clone, Debug)]
pub struct LiveRules {
    /// The rules.
    pub rules: Arc<RuleFile>,
    /// Since when they are live.
    pub since: At,
}

/// A threshold of silence that somebody waits for.
#[derive(Clone, Debug)]
pub struct Silence {
    /// Who.
    pub listener: Listener,
    /// How long the silence lasts.
    pub after: Duration,
    /// Whose silence.
    pub silent: Silent,
}

/// Who waits for a silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listener {
    /// A trigger of a live flow.
    Flow {
        /// Index into [`Book::live`].
        live: usize,
        /// Index into the version's triggers.
        trigger: usize,
    },
    /// Those rules of a file that name this threshold.
    Rules {
        /// Index into [`Book::rules`].
        rules: usize,
        /// The threshold as written, which is what their event shows.
        after: Arc<str>,
    },
}

/// Everything that is published.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// Live versions.
    pub live: Vec<Live>,
    /// Live tag rules, in the order of their ids, which is that in which files judge.
    pub rules: Vec<LiveRules>,
    /// Versions by id: the live ones, and those that unfinished runs are on.
    pub versions: HashMap<VersionId, Arc<Version>>,
    /// The connection that tells teams about escalations.
    pub notify: Option<Arc<str>>,
    /// The CRM that the engine itself calls.
    pub crm: Crm,
    /// Teams, and everybody who works here.
    pub staff: Arc<Staff>,
    /// Whether what needs a person is told to the alarms' mailbox. Not in tests and previews of flows.
    pub alarms: bool,
    /// Business hours, by name.
    pub calendars: Calendars,
    /// Groups of contacts, by name.
    pub segments: Segments,
    /// Flows that others may call: those with the trigger `flow.called`.
    pub callable: BTreeMap<Arc<str>, Arc<Version>>,
    /// The first hours of triggers.
    pub hours: Hours,
    /// How many runs a trigger starts in its first hour where its flow does not say.
    pub first_hour: FirstHour,
    /// Triggers by the kind they listen to, as indexes into `live` and the version's triggers.
    by_kind: BTreeMap<Arc<str>, Vec<(usize, usize)>>,
    silences: Vec<Silence>,
    /// Kinds of events that runs may wait for.
    awaited: BTreeSet<Arc<str>>,
    /// `webhook.received` triggers of versions that can answer the caller, as indexes like those.
    answering: Vec<(usize, usize)>,
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
                if *trigger.kind == *event::WEBHOOK_RECEIVED && live.version.program.can_answer() {
                    book.answering.push((index, place));
                }
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

    /// The same with these first hours, and so many starts in one where the flow does not say.
    #[must_use]
    pub fn with_hours(mut self, hours: Hours, first_hour: FirstHour) -> Self {
        (self.hours, self.first_hour) = (hours, first_hour);
        self
    }

    /// The same with these teams and people.
    #[must_use]
    pub fn with_staff(mut self, staff: Arc<Staff>) -> Self {
        self.staff = staff;
        self
    }

    /// The same with this CRM.
    #[must_use]
    pub fn with_crm(mut self, crm: Crm) -> Self {
        self.crm = crm;
        self
    }

    /// The same, in which what needs a person is told to the alarms' mailbox, or not.
    #[must_use]
    pub fn with_alarms(mut self, alarms: bool) -> Self {
        self.alarms = alarms;
        self
    }

    /// The same with these calendars.
    #[must_use]
    pub fn with_calendars(mut self, calendars: impl IntoIterator<Item = Arc<Calendar>>) -> Self {
        self.calendars = calendars.into_iter().map(|calendar| (Arc::clone(&calendar.name), calendar)).collect();
        self
    }

    /// The same with these segments.
    #[must_use]
    pub fn with_segments(mut self, segments: impl IntoIterator<Item = Arc<Segment>>) -> Self {
        self.segments = segments.into_iter().map(|segment| (Arc::clone(&segment.name), segment)).collect();
        self
    }

    /// The same with these tag rules.
    #[must_use]
    pub fn with_rules(mut self, mut rules: Vec<LiveRules>) -> Self {
        rules.sort_by(|one, other| one.rules.file.cmp(&other.rules.file));
        let of_rules: Vec<Silence> = rules.iter().enumerate().flat_map(|(index, live)| silences(index, live)).collect();
        // Before those of flows, which then see the tags.
        self.silences.splice(0..0, of_rules);
        self.rules = rules;
        self
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

    /// Whether `event` could start a flow that answers its caller. What the trigger's conditions say is not asked.
    #[must_use]
    pub fn can_answer(&self, event: &Event) -> bool {
        *event.kind == *event::WEBHOOK_RECEIVED
            && self
                .answering
                .iter()
                .filter_map(|(live, trigger)| self.at(*live, *trigger))
                .any(|(_, trigger)| matching::params_match(&trigger.kind, &trigger.params, event))
    }

    /// Every threshold of `conversation.no_reply`; those of tag rules come first.
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
    let (_, after, silent) = threshold(trigger)?;
    Some(Silence { listener: Listener::Flow { live, trigger: place }, after, silent })
}

/// The thresholds of a file of rules, each once.
fn silences(index: usize, live: &LiveRules) -> Vec<Silence> {
    let mut found: Vec<Silence> = Vec::new();
    for (text, after, silent) in live.rules.rules.iter().flat_map(|rule| &rule.on).filter_map(threshold) {
        let listener = Listener::Rules { rules: index, after: text.into() };
        if !found.iter().any(|known| known.listener == listener && known.silent == silent) {
            found.push(Silence { listener, after, silent });
        }
    }
    found
}

/// The threshold of a `conversation.no_reply`: as written, how long, whose silence.
fn threshold(trigger: &Trigger) -> Option<(String, Duration, Silent)> {
    if *trigger.kind != *event::NO_REPLY {
        return None;
    }
    let NoReply { after, silent } = serde_json::from_value(trigger.params.clone()).ok()?;
    let span = duration::parse(&after).ok()?;
    Some((after, span, silent))
}
