//! What changed, for whoever watches: the newest changes, in order, told after their commit.
//!
//! Whoever watches reads at their own speed from a place of their own, so nobody holds the engine up. Who falls behind what is
//! kept is told that something was missed, and looks at everything anew.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::watch;

use crate::alarm;
use crate::clock::At;
use crate::desk::{Progress, Stage, State};
use crate::handle::{agent_of, alarm_of};
use crate::ids::{AlarmId, ContactId, ConversationId, EffectId, EscalationId, RunId, UserId};
use crate::store::{EditOp, EffectOp, RetagOp, RunStatus, WaitKind, WaitOp, WaitRow, Work};

/// Changes that are kept: at 1 000 a second, what somebody missed who was away for four seconds.
const KEPT: usize = 4_096;
/// Most who watch at once.
const MOST_WATCHERS: usize = 500;

/// Something that is different now. It says what to look at, and nothing personal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "LiveChange")]
pub enum Change {
    /// A run began or moved.
    Run {
        /// Which.
        id: RunId,
        /// Of which flow.
        flow: String,
        /// Where it stands.
        status: RunStatus,
        /// Whom it concerns.
        contact: Option<ContactId>,
    },
    /// A call needs attention, or does not any more.
    Attention {
        /// Which call.
        id: EffectId,
        /// Whether it does.
        open: bool,
    },
    /// Somebody asked for a human, or one came, or none did.
    Escalation {
        /// Which.
        id: EscalationId,
        /// Whether nobody took it yet.
        open: bool,
        /// Where it stands.
        state: Stage,
        /// Of whom it is asked.
        team: String,
        /// Until when somebody must have taken it.
        deadline: At,
        /// To whom it is offered now.
        to: Vec<UserId>,
        /// The server's time when this was told.
        now: At,
    },
    /// An agent came, went, or chose to be something else.
    Presence {
        /// Who.
        id: UserId,
        /// What the agent is.
        state: State,
        /// Whether a page of theirs is there.
        online: bool,
        /// Conversations they hold.
        load: usize,
    },
    /// Something needs a person who works here, or does no longer.
    Alarm {
        /// Which.
        id: AlarmId,
        /// Whether nobody has said that they look at it.
        open: bool,
    },
    /// A document was saved, published, switched or removed.
    Flow {
        /// Its id.
        id: String,
    },
    /// A contact, its tags, conversations or messages changed.
    Contact {
        /// Whose.
        id: ContactId,
    },
    /// Something was said in a conversation or got further, or somebody else has it now.
    Conversation {
        /// Which.
        id: ConversationId,
        /// With whom; nothing when only a message got further.
        contact: Option<ContactId>,
    },
    /// Somebody writes in a conversation, or stopped.
    Typing {
        /// Which conversation.
        id: ConversationId,
        /// Who.
        user: UserId,
        /// That one's name.
        name: String,
    },
    /// A connection went down, or is back.
    Connection {
        /// Which.
        id: String,
        /// Whether it works.
        up: bool,
    },
}

impl Change {
    /// What changed, in one word.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Run { .. } => "run",
            Self::Attention { .. } => "attention",
            Self::Escalation { .. } => "escalation",
            Self::Presence { .. } => "presence",
            Self::Alarm { .. } => "alarm",
            Self::Flow { .. } => "flow",
            Self::Contact { .. } => "contact",
            Self::Conversation { .. } => "conversation",
            Self::Typing { .. } => "typing",
            Self::Connection { .. } => "connection",
        }
    }

    /// Which one changed: a newer change of the same kind and id makes this one stale.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Run { id, .. } => id.to_string(),
            Self::Attention { id, .. } => id.to_string(),
            Self::Escalation { id, .. } => id.to_string(),
            Self::Presence { id, .. } => id.to_string(),
            Self::Alarm { id, .. } => id.to_string(),
            Self::Flow { id } | Self::Connection { id, .. } => id.clone(),
            Self::Contact { id } => id.to_string(),
            Self::Conversation { id, .. } => id.to_string(),
            Self::Typing { id, user, .. } => format!("{id}/{user}"),
        }
    }

    /// What a commit changes.
    pub(super) fn of(work: &Work) -> Vec<Self> {
        let mut changes: Vec<Self> = Vec::with_capacity(work.runs.len() + 1);
        changes.extend(work.runs.iter().map(|run| Self::Run {
            id: run.id,
            flow: run.flow.clone(),
            status: run.status,
            contact: run.contact_id,
        }));
        changes.extend(work.effects.iter().filter_map(|op| match op {
            EffectOp::Park { id, .. } => Some(Self::Attention { id: *id, open: true }),
            EffectOp::Withdraw(id) => Some(Self::Attention { id: *id, open: false }),
            EffectOp::Plan(_) | EffectOp::Finish(_) => None,
        }));
        changes.extend(work.escalations.iter().map(|row| Self::Escalation {
            id: row.id,
            open: row.accepted_at.is_none() && row.stage != Stage::Closed,
            state: row.stage,
            team: row.team.clone(),
            deadline: row.deadline,
            to: offered(work, row.id),
            now: work.at,
        }));
        let agents = armed(work).filter_map(agent_of);
        changes.extend(agents.map(|(id, agent)| Self::Presence {
            id,
            state: agent.state(work.at),
            online: agent.online,
            load: agent.held.len(),
        }));
        changes.extend(work.versions.iter().map(|row| Self::Flow { id: row.flow.clone() }));
        changes.extend(alarms_of(work));
        changes.extend(work.edits.iter().filter_map(edited).map(|id| Self::Flow { id: id.to_owned() }));
        changes.extend(contact_of(work).map(|id| Self::Contact { id }));
        let talks: BTreeSet<ConversationId> =
            work.conversations.iter().map(|row| row.id).chain(work.touched.iter().copied()).collect();
        // A conversation lies in the mailbox of its contact.
        let contact = Some(ContactId(work.mailbox.0));
        changes.extend(talks.into_iter().map(|id| Self::Conversation { id, contact }));
        changes
    }
}

fn armed(work: &Work) -> impl Iterator<Item = &WaitRow> {
    work.waits.iter().filter_map(|op| match op {
        WaitOp::Arm(wait) => Some(&**wait),
        WaitOp::Close { .. } => None,
    })
}

/// To whom an escalation is offered after a commit.
fn offered(work: &Work, id: EscalationId) -> Vec<UserId> {
    let key = id.to_string();
    let rows = armed(work).filter(|wait| wait.kind == WaitKind::Escalation && wait.key.as_deref() == Some(&key));
    let last = rows.last().and_then(|wait| serde_json::from_slice::<Progress>(&wait.data).ok());
    last.map(|progress| progress.offered).unwrap_or_default()
}

/// The alarms that a commit changes.
fn alarms_of(work: &Work) -> impl Iterator<Item = Change> {
    let alarms = armed(work).filter_map(alarm_of);
    alarms.map(|(_, alarm)| Change::Alarm { id: alarm.id, open: alarm.stage == alarm::Stage::Open })
}

/// The document that an edit is about.
fn edited(op: &EditOp) -> Option<&str> {
    Some(match op {
        EditOp::Draft(row) => &row.flow,
        EditOp::Published(row) => &row.flow,
        EditOp::Meta(row) => &row.flow,
        EditOp::Review(row) => &row.flow,
        EditOp::Retag(RetagOp::Begin(row, _)) => &row.rules,
        // Named by the operation, which tells of itself.
        EditOp::Retag(_) | EditOp::Contacts(_) => return None,
        EditOp::Deleted(flow) => flow,
    })
}

/// The contact that a commit changes: a mailbox is one contact's, or nobody's.
fn contact_of(work: &Work) -> Option<ContactId> {
    let row = work.contact.as_ref().map(|row| row.id);
    row.or(work.conversations.first().map(|row| row.contact_id)).or(work.erase)
}

/// The changes that are kept, and who is told.
pub(super) struct Feed {
    kept: Mutex<Kept>,
    /// The place behind the newest change; touched by each, and when the feed closes.
    newest: watch::Sender<u64>,
}

struct Kept {
    changes: VecDeque<Change>,
    /// The place behind the newest change.
    next: u64,
    closed: bool,
}

impl Feed {
    /// Places begin at the microsecond of the start: a process makes fewer changes than microseconds pass, so every place of an
    /// earlier one is older than all of these.
    pub(super) fn new(now: At) -> Self {
        let next = u64::try_from(now.0).unwrap_or(0).saturating_mul(1_000);
        let kept = Kept { changes: VecDeque::new(), next, closed: false };
        Self { kept: Mutex::new(kept), newest: watch::channel(next).0 }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps changes and wakes whoever watches.
    pub(super) fn tell(&self, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        let mut kept = self.lock();
        kept.next += changes.len() as u64;
        kept.changes.extend(changes);
        let old = kept.changes.len().saturating_sub(KEPT);
        kept.changes.drain(..old);
        // Under the lock, so that the newest place is never told before an older one.
        self.newest.send_replace(kept.next);
    }

    /// Whether anybody watches.
    pub(super) fn is_watched(&self) -> bool {
        self.newest.receiver_count() > 0
    }

    /// Nobody watches any more.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.newest.send_modify(|_| {});
    }

    /// One more that watches from `place` on, or from now on; `None` when there are too many.
    pub(super) fn watch(self: &Arc<Self>, place: Option<u64>) -> Option<Watcher> {
        // Before the place is read, so that no change falls between.
        let news = self.newest.subscribe();
        if self.newest.receiver_count() > MOST_WATCHERS {
            return None;
        }
        let place = place.unwrap_or_else(|| self.lock().next);
        Some(Watcher { feed: Arc::clone(self), place, news })
    }
}

/// What a watcher is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// These changed, in this order; with the place behind each.
    Changes(Vec<(u64, Change)>),
    /// More changed than is kept, or the place is not one of this process: look at everything anew.
    Missed,
    /// The engine closes.
    Closed,
}

/// One who watches.
pub struct Watcher {
    feed: Arc<Feed>,
    place: u64,
    news: watch::Receiver<u64>,
}

impl Watcher {
    /// Up to where this one was told.
    #[must_use]
    pub fn place(&self) -> u64 {
        self.place
    }

    /// Waits for something new. Nothing is lost when the wait is abandoned.
    pub async fn next(&mut self) -> News {
        loop {
            self.news.mark_unchanged();
            if let Some(news) = self.look() {
                return news;
            }
            if self.news.changed().await.is_err() {
                return News::Closed;
            }
        }
    }

    fn look(&mut self) -> Option<News> {
        let kept = self.feed.lock();
        if kept.closed {
            return Some(News::Closed);
        }
        let from = std::mem::replace(&mut self.place, kept.next);
        let oldest = kept.next - kept.changes.len() as u64;
        if from == kept.next {
            return None;
        }
        if from < oldest || from > kept.next {
            return Some(News::Missed);
        }
        let skipped = usize::try_from(from - oldest).unwrap_or(usize::MAX);
        Some(News::Changes((from + 1..).zip(kept.changes.iter().skip(skipped).cloned()).collect()))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn contact(id: i64) -> Change {
        Change::Contact { id: ContactId(id) }
    }

    fn feed() -> Arc<Feed> {
        Arc::new(Feed::new(At(1_000)))
    }

    #[test]
    fn who_watches_hears_what_comes_after_and_once() {
        let feed = feed();
        feed.tell(vec![contact(1)]);
        let mut watcher = feed.watch(None).unwrap();
        assert_eq!(watcher.next().now_or_never(), None);
        feed.tell(vec![contact(2), contact(3)]);
        let told = News::Changes(vec![(1_000_002, contact(2)), (1_000_003, contact(3))]);
        assert_eq!(watcher.next().now_or_never(), Some(told));
        assert_eq!((watcher.next().now_or_never(), watcher.place()), (None, 1_000_003));
    }

    #[test]
    fn who_comes_back_hears_what_was_missed() {
        let feed = feed();
        feed.tell(vec![contact(1), contact(2)]);
        let mut watcher = feed.watch(Some(1_000_001)).unwrap();
        assert_eq!(watcher.next().now_or_never(), Some(News::Changes(vec![(1_000_002, contact(2))])));
    }

    #[test]
    fn who_was_away_too_long_or_comes_from_another_process_is_told_so_and_goes_on() {
        let feed = feed();
        for n in 0..=KEPT {
            feed.tell(vec![contact(i64::try_from(n).unwrap())]);
        }
        for place in [1_000_000, 5, 999_999_999] {
            let mut watcher = feed.watch(Some(place)).unwrap();
            assert_eq!(watcher.next().now_or_never(), Some(News::Missed), "{place}");
            feed.tell(vec![contact(7)]);
            let told = watcher.next().now_or_never();
            assert!(matches!(told, Some(News::Changes(changes)) if changes.len() == 1), "{place}");
        }
        let mut oldest = feed.watch(Some(feed.lock().next - KEPT as u64)).unwrap();
        assert!(matches!(oldest.next().now_or_never(), Some(News::Changes(changes)) if changes.len() == KEPT));
    }

    #[test]
    fn watchers_are_bounded_and_let_go_when_the_engine_closes() {
        let feed = feed();
        let mut watchers: Vec<Watcher> = (0..MOST_WATCHERS).map_while(|_| feed.watch(None)).collect();
        assert_eq!(watchers.len(), MOST_WATCHERS);
        assert!(feed.watch(None).is_none());
        watchers.pop();
        let mut last = feed.watch(None).unwrap();
        feed.close();
        assert_eq!(last.next().now_or_never(), Some(News::Closed));
    }
}
