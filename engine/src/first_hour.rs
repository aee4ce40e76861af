//! The first hour of a trigger: a flow that went live by mistake, or with a condition that is too wide, must not write to
//! everybody before somebody looks.
//!
//! Each trigger counts its matches in the hour after it went live. Beyond its bound, matches are held: the start waits on disk
//! for a person, who releases it or drops it. Events are handled all the same: rules, waits and other flows see them. The
//! hour belongs to the trigger and not to a version of the flow; a trigger that listens to something else is another one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::clock::At;
use crate::event;
use crate::flow::{FirstHour, Trigger, Version};

/// How long a trigger is new.
const HOUR: Duration = Duration::from_secs(60 * 60);
/// How many runs it starts in that time when neither the flow nor the installation says.
pub const MOST: FirstHour = FirstHour::Most(100);

/// How far a trigger is. Only ever rises, while it is the same trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Phase {
    /// It counts its matches.
    Counting = 0,
    /// There were too many: what matches is held until a person releases it, also after the hour.
    Holding = 1,
    /// A person released it: it starts whatever matches.
    Released = 2,
}

impl Phase {
    /// The phase that is stored as `code`; one that nobody knows holds.
    #[must_use]
    pub fn from_code(code: i64) -> Self {
        match code {
            0 => Self::Counting,
            2 => Self::Released,
            _ => Self::Holding,
        }
    }
}

/// What is stored of it. A row of the same meaning never goes back: the greater count and phase stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HourRow {
    /// The flow.
    pub flow: String,
    /// The trigger in it.
    pub trigger: String,
    /// SHA-256 of what it listens to: with another one it is another trigger.
    pub meaning: [u8; 32],
    /// When it went live.
    pub since: At,
    /// Matches counted.
    pub matches: u32,
    /// How far it is.
    pub phase: Phase,
}

/// The same in memory, shared by all mailboxes. The count may be ahead of the disk by matches whose commit failed: then it holds
/// sooner, never later.
#[derive(Debug)]
pub struct Hour {
    flow: String,
    trigger: String,
    meaning: [u8; 32],
    since: At,
    matches: AtomicU32,
    phase: AtomicU8,
}

/// The hours of triggers, by flow and trigger; those of flows that were removed stay.
pub type Hours = BTreeMap<(String, String), Arc<Hour>>;

/// What becomes of a match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It starts.
    Starts,
    /// It starts, and counts: the row to store with it.
    Counts(HourRow),
    /// It is held. With the row when it is the first one.
    Held(Option<HourRow>),
}

impl Hour {
    /// As it is stored.
    #[must_use]
    pub fn new(row: HourRow) -> Self {
        let HourRow { flow, trigger, meaning, since, matches, phase } = row;
        let (matches, phase) = (matches.into(), (phase as u8).into());
        Self { flow, trigger, meaning, since, matches, phase }
    }

    /// How far it is.
    #[must_use]
    pub fn phase(&self) -> Phase {
        Phase::from_code(self.phase.load(Ordering::SeqCst).into())
    }

    /// What is stored of it.
    #[must_use]
    pub fn row(&self) -> HourRow {
        HourRow {
            flow: self.flow.clone(),
            trigger: self.trigger.clone(),
            meaning: self.meaning,
            since: self.since,
            matches: self.matches.load(Ordering::SeqCst),
            phase: self.phase(),
        }
    }

    /// One more match, at `now`, where `most` may start.
    pub fn admit(&self, most: FirstHour, now: At) -> Admission {
        let FirstHour::Most(most) = most else { return Admission::Starts };
        match self.phase() {
            Phase::Released => return Admission::Starts,
            Phase::Holding => return Admission::Held(None),
            Phase::Counting if now.since(self.since) >= HOUR => return Admission::Starts,
            Phase::Counting => {}
        }
        let matches = self.matches.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        if matches <= most {
            return Admission::Counts(HourRow { matches, ..self.row() });
        }
        let first = self.phase.fetch_max(Phase::Holding as u8, Ordering::SeqCst) == Phase::Counting as u8;
        Admission::Held(first.then(|| self.row()))
    }

    /// A person released it; stored first.
    pub fn release(&self) {
        self.phase.store(Phase::Released as u8, Ordering::SeqCst);
    }
}

/// The hours after `live` versions went live at the times beside them, where `known` were there: a trigger that is the same keeps
/// its own. Gives those that began, too.
#[must_use]
pub fn after<'a>(known: &Hours, live: impl IntoIterator<Item = (&'a Version, At)>) -> (Hours, Vec<HourRow>) {
    let (mut hours, mut begun) = (known.clone(), Vec::new());
    for (version, since) in live {
        // Whoever starts a flow by hand, or by a step of another flow, means it.
        let guarded = |trigger: &&Trigger| ![event::MANUAL, event::FLOW_CALLED].contains(&&*trigger.kind);
        for trigger in version.triggers.iter().filter(guarded) {
            let (flow, id, meaning) = (version.flow.to_string(), trigger.id.to_string(), meaning(trigger));
            let key = (flow.clone(), id.clone());
            if hours.get(&key).is_some_and(|hour| hour.meaning == meaning) {
                continue;
            }
            let row = HourRow { flow, trigger: id, meaning, since, matches: 0, phase: Phase::Counting };
            begun.push(row.clone());
            hours.insert(key, Arc::new(Hour::new(row)));
        }
    }
    (hours, begun)
}

/// What a trigger listens to: its type, its parameters, its conditions.
fn meaning(trigger: &Trigger) -> [u8; 32] {
    let mut hash = Sha256::new();
    let params = trigger.params.to_string();
    for part in [&*trigger.kind, &params].into_iter().chain(trigger.when.iter().map(|when| when.source())) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{Environment, check};
    use crate::ids::VersionId;

    const BEGIN: At = At(1_800_000_000_000);

    fn version(on: &str) -> Version {
        let catalog = crate::connector::Catalog { triggers: crate::trigger::all(), ..Default::default() };
        let text = format!("format: 1\nflow: tried\non:\n{on}\nsteps: []\n");
        let checked = check(&text, &Environment::new(&catalog));
        checked.version.unwrap_or_else(|| panic!("{:#?}", checked.problems)).into_version(VersionId(1))
    }

    fn hour(hours: &Hours, trigger: &str) -> Arc<Hour> {
        Arc::clone(&hours[&("tried".to_owned(), trigger.to_owned())])
    }

    const MESSAGES: &str = "  - whatsapp.message_received: { keywords: [price] }";
    const TWO: FirstHour = FirstHour::Most(2);

    #[test]
    fn what_comes_beyond_the_bound_is_held_and_the_first_of_it_says_so() {
        let (hours, begun) = after(&Hours::new(), [(&version(MESSAGES), BEGIN)]);
        let hour = hour(&hours, "whatsapp.message_received");
        assert_eq!(begun, [hour.row()]);
        for matches in [1, 2] {
            let counted = HourRow { matches, ..hour.row() };
            assert_eq!(hour.admit(TWO, BEGIN), Admission::Counts(counted));
        }
        assert!(matches!(hour.admit(TWO, BEGIN), Admission::Held(Some(row)) if row.phase == Phase::Holding));
        assert_eq!(hour.admit(TWO, BEGIN), Admission::Held(None));
        assert_eq!(hour.admit(TWO, BEGIN.plus(HOUR * 30)), Admission::Held(None), "until a person looked");
        assert_eq!(hour.admit(FirstHour::Off, BEGIN), Admission::Starts);
        hour.release();
        assert_eq!(hour.admit(TWO, BEGIN), Admission::Starts);
    }

    #[test]
    fn after_its_hour_a_trigger_starts_what_comes() {
        let (hours, _) = after(&Hours::new(), [(&version(MESSAGES), BEGIN)]);
        let hour = hour(&hours, "whatsapp.message_received");
        let later = BEGIN.plus(HOUR);
        assert!((0..10).all(|_| hour.admit(TWO, later) == Admission::Starts));
    }

    #[test]
    fn the_hour_is_the_triggers_and_another_version_does_not_begin_it_anew() {
        let (hours, _) = after(&Hours::new(), [(&version(MESSAGES), BEGIN)]);
        hour(&hours, "whatsapp.message_received").admit(TWO, BEGIN);
        let later = BEGIN.plus(HOUR / 2);
        let both = format!("{MESSAGES}\n  - whatsapp.order_received");
        let (again, begun) = after(&hours, [(&version(&both), later)]);
        assert_eq!(hour(&again, "whatsapp.message_received").row().matches, 1, "the same one goes on");
        assert_eq!(begun.len(), 1, "{begun:?}");
        assert_eq!((begun[0].trigger.as_str(), begun[0].since), ("whatsapp.order_received", later));
        let wider = MESSAGES.replace("[price]", "[price, order]");
        let (_, begun) = after(&again, [(&version(&wider), later)]);
        assert_eq!((begun.len(), begun[0].matches), (1, 0), "one that hears more is another");
    }

    #[test]
    fn a_flow_that_is_started_by_hand_or_by_another_has_no_first_hour() {
        let (hours, _) = after(&Hours::new(), [(&version("  - manual\n  - flow.called"), BEGIN)]);
        assert!(hours.is_empty());
    }
}
