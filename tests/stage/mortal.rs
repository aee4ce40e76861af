//! A store that dies: after a chosen number of writes the process behind it counts as killed, and nothing answers any more.

use std::collections::BTreeMap;
use std::future::{Future, pending};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use engine::account::StaffRows;
use engine::audit::{Aged, Anchor};
use engine::clock::At;
use engine::erasure::{Names, Traces};
use engine::event::EventKey;
use engine::first_hour::HourRow;
use engine::ids::{
    ContactId, ConversationId, EffectId, EscalationId, EventId, InputId, JournalId, MailboxId, RunId, VersionId, WaitId,
};
use engine::publication::Publication;
use engine::stops::Stop;
use engine::store::*;
use tokio::sync::watch;

/// Whether the fatal write reaches the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The process dies just before the commit.
    Before,
    /// It dies just after the commit, before anybody hears of it.
    After,
}

/// A store that dies at its `at`-th write.
#[derive(Clone)]
pub struct Mortal<S> {
    inner: S,
    writes: Arc<AtomicU64>,
    at: u64,
    moment: Moment,
    dead: watch::Sender<bool>,
    begun: watch::Sender<bool>,
    asking: Asking,
}

/// How many questions are open, and the most that ever were.
#[derive(Clone, Default)]
struct Asking(Arc<(AtomicU64, AtomicU64)>);

impl Asking {
    fn another(&self) -> Open {
        let (now, most) = &*self.0;
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        Open(self.clone())
    }
}

/// One open question.
struct Open(Asking);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl<S> Mortal<S> {
    /// Dies at write `at` (1 = the first; 0 = never).
    pub fn new(inner: S, at: u64, moment: Moment) -> Self {
        Self {
            inner,
            writes: Arc::default(),
            at,
            moment,
            dead: watch::channel(false).0,
            begun: watch::channel(false).0,
            asking: Asking::default(),
        }
    }

    /// From now on it may die: the engine has started, and whoever waited for that knows of its life.
    pub fn begin(&self) {
        self.begun.send_replace(true);
    }

    /// The most that it was ever asked at once.
    pub fn most_at_once(&self) -> u64 {
        self.asking.0.1.load(Ordering::SeqCst)
    }

    /// Tells when it died.
    pub fn death(&self) -> watch::Receiver<bool> {
        self.dead.subscribe()
    }

    async fn read<T>(&self, reading: impl Future<Output = T>) -> T {
        let _open = self.asking.another();
        let answer = reading.await;
        if *self.dead.borrow() {
            pending::<()>().await;
        }
        answer
    }

    async fn write<T>(&self, writing: impl Future<Output = T>) -> T {
        let _open = self.asking.another();
        if *self.dead.borrow() {
            pending::<()>().await;
        }
        let fatal = self.writes.fetch_add(1, Ordering::SeqCst) + 1 == self.at;
        if fatal {
            // What fell due before the start is written while the engine starts.
            let _ = self.begun.subscribe().wait_for(|begun| *begun).await;
        }
        if fatal && self.moment == Moment::Before {
            self.dead.send_replace(true);
            pending::<()>().await;
        }
        let answer = writing.await;
        if fatal {
            self.dead.send_replace(true);
        }
        if *self.dead.borrow() {
            pending::<()>().await;
        }
        answer
    }
}

impl<S: Store> Store for Mortal<S> {
    async fn receive(&self, arrivals: Vec<Arrival>) -> Result<Vec<Receipt>, Error> {
        self.write(self.inner.receive(arrivals)).await
    }

    async fn commit(&self, work: Work) -> Result<(), Error> {
        self.write(self.inner.commit(work)).await
    }

    async fn dispatch(&self, ops: Vec<DispatchOp>) -> Result<Vec<EffectId>, Error> {
        self.write(self.inner.dispatch(ops)).await
    }

    async fn anchor(&self, at: At, key: [u8; 32]) -> Result<Option<Anchor>, Error> {
        self.read(self.inner.anchor(at, key)).await
    }

    async fn inputs(&self, after: InputId, limit: u32) -> Result<Vec<InputRow>, Error> {
        self.read(self.inner.inputs(after, limit)).await
    }

    async fn mailbox(&self, id: MailboxId) -> Result<MailboxRows, Error> {
        self.read(self.inner.mailbox(id)).await
    }

    async fn event(&self, id: EventId) -> Result<Option<EventRow>, Error> {
        self.read(self.inner.event(id)).await
    }

    async fn event_by_key(&self, key: EventKey) -> Result<Option<EventRow>, Error> {
        self.read(self.inner.event_by_key(key)).await
    }

    async fn due(&self, after: (At, WaitId), until: At, limit: u32) -> Result<Vec<DueRow>, Error> {
        self.read(self.inner.due(after, until, limit)).await
    }

    async fn effects(&self, state: EffectState, after: EffectId, limit: u32) -> Result<Vec<EffectRow>, Error> {
        self.read(self.inner.effects(state, after, limit)).await
    }

    async fn effect(&self, id: EffectId) -> Result<Option<EffectRow>, Error> {
        self.read(self.inner.effect(id)).await
    }

    async fn evidence(&self, keys: Vec<String>) -> Result<Vec<Evidence>, Error> {
        self.read(self.inner.evidence(keys)).await
    }

    async fn versions(&self) -> Result<Vec<VersionRow>, Error> {
        self.read(self.inner.versions()).await
    }

    async fn version(&self, id: VersionId) -> Result<Option<VersionRow>, Error> {
        self.read(self.inner.version(id)).await
    }

    async fn stops(&self) -> Result<Vec<Stop>, Error> {
        self.read(self.inner.stops()).await
    }

    async fn publications(&self) -> Result<Vec<Publication>, Error> {
        self.read(self.inner.publications()).await
    }

    async fn hours(&self) -> Result<Vec<HourRow>, Error> {
        self.read(self.inner.hours()).await
    }

    async fn staff(&self) -> Result<StaffRows, Error> {
        self.read(self.inner.staff()).await
    }

    async fn last_id(&self) -> Result<i64, Error> {
        self.read(self.inner.last_id()).await
    }

    async fn run(&self, id: RunId) -> Result<Option<RunRow>, Error> {
        self.read(self.inner.run(id)).await
    }
}

impl<S: Reads> Reads for Mortal<S> {
    async fn flows(&self) -> Result<Vec<VersionRow>, Error> {
        self.read(self.inner.flows()).await
    }

    async fn traces(&self, names: Names) -> Result<Traces, Error> {
        self.read(self.inner.traces(names)).await
    }

    async fn runs(&self, filter: RunFilter) -> Result<Vec<RunRow>, Error> {
        self.read(self.inner.runs(filter)).await
    }

    async fn journal(&self, subject: i64) -> Result<Vec<JournalRow>, Error> {
        self.read(self.inner.journal(subject)).await
    }

    async fn effects_of(&self, run: RunId) -> Result<Vec<EffectRow>, Error> {
        self.read(self.inner.effects_of(run)).await
    }

    async fn bad_items(&self, limit: u32) -> Result<Vec<BadItemRow>, Error> {
        self.read(self.inner.bad_items(limit)).await
    }

    async fn escalations(&self, filter: EscalationFilter) -> Result<Vec<EscalationRow>, Error> {
        self.read(self.inner.escalations(filter)).await
    }

    async fn conversation(&self, id: ConversationId) -> Result<Option<ConversationRow>, Error> {
        self.read(self.inner.conversation(id)).await
    }

    async fn last_inbound(&self, conversations: Vec<ConversationId>) -> Result<Vec<MessageRow>, Error> {
        self.read(self.inner.last_inbound(conversations)).await
    }

    async fn contacts(&self, ids: Vec<ContactId>) -> Result<Vec<ListedContact>, Error> {
        self.read(self.inner.contacts(ids)).await
    }

    async fn desk(&self) -> Result<MailboxRows, Error> {
        self.read(self.inner.desk()).await
    }

    async fn desk_day(&self, since: At) -> Result<DeskDay, Error> {
        self.read(self.inner.desk_day(since)).await
    }

    async fn escalation(&self, id: EscalationId) -> Result<Option<EscalationRow>, Error> {
        self.read(self.inner.escalation(id)).await
    }

    async fn find_contact(&self, who: &str) -> Result<Option<ContactRow>, Error> {
        self.read(self.inner.find_contact(who)).await
    }

    async fn same_person(&self, contact: ContactId) -> Result<Vec<ContactId>, Error> {
        self.read(self.inner.same_person(contact)).await
    }

    async fn person(&self, contact: ContactId) -> Result<PersonRows, Error> {
        self.read(self.inner.person(contact)).await
    }

    async fn messages_of(&self, run: RunId) -> Result<Vec<MessageRow>, Error> {
        self.read(self.inner.messages_of(run)).await
    }

    async fn versions_of(&self, flow: &str) -> Result<Vec<VersionRow>, Error> {
        self.read(self.inner.versions_of(flow)).await
    }

    async fn blocks(&self, after: (i64, i64), limit: u32) -> Result<Vec<BlockRow>, Error> {
        self.read(self.inner.blocks(after, limit)).await
    }

    async fn block_rows(&self, strand: i64, n: i64) -> Result<Vec<SaltedRow>, Error> {
        self.read(self.inner.block_rows(strand, n)).await
    }

    async fn journal_count(&self, heads: Vec<(i64, i64)>) -> Result<u64, Error> {
        self.read(self.inner.journal_count(heads)).await
    }

    async fn removals(&self, after: JournalId, limit: u32) -> Result<Vec<JournalRow>, Error> {
        self.read(self.inner.removals(after, limit)).await
    }

    async fn active_contacts(&self, since: At, after: ContactId, limit: u32) -> Result<Vec<ContactId>, Error> {
        self.read(self.inner.active_contacts(since, after, limit)).await
    }

    async fn members(&self, tag: Option<String>, after: ContactId, limit: u32) -> Result<Vec<Member>, Error> {
        self.read(self.inner.members(tag, after, limit)).await
    }

    async fn unmatched(&self, limit: u32) -> Result<Vec<UnmatchedGroup>, Error> {
        self.read(self.inner.unmatched(limit)).await
    }

    async fn rule_hits(&self, day: i64) -> Result<Vec<RuleHits>, Error> {
        self.read(self.inner.rule_hits(day)).await
    }

    async fn history(&self, range: (EventId, EventId), facts: bool, limit: u32) -> Result<Vec<HistoryRow>, Error> {
        self.read(self.inner.history(range, facts, limit)).await
    }

    async fn event_range(&self) -> Result<Option<(EventId, EventId)>, Error> {
        self.read(self.inner.event_range()).await
    }

    async fn mailboxes_of(&self, flow: &str, after: MailboxId, limit: u32) -> Result<Vec<MailboxId>, Error> {
        self.read(self.inner.mailboxes_of(flow, after, limit)).await
    }

    async fn waiting(&self, flow: &str, range: (MailboxId, MailboxId)) -> Result<WaitingRows, Error> {
        self.read(self.inner.waiting(flow, range)).await
    }

    async fn held(&self, prefix: &str, after: &str, limit: u32) -> Result<Vec<WaitRow>, Error> {
        self.read(self.inner.held(prefix, after, limit)).await
    }

    async fn figures(&self) -> Result<Figures, Error> {
        self.read(self.inner.figures()).await
    }
}

impl<S: Retention> Retention for Mortal<S> {
    async fn aged(&self, of: Aged, before: At, after: i64) -> Result<AgedPage, Error> {
        self.read(self.inner.aged(of, before, after)).await
    }

    async fn remove(&self, removal: Removal) -> Result<BTreeMap<String, u64>, Error> {
        self.write(self.inner.remove(removal)).await
    }

    async fn oldest(&self) -> Result<Option<At>, Error> {
        self.read(self.inner.oldest()).await
    }

    async fn used(&self) -> Result<u64, Error> {
        self.read(self.inner.used()).await
    }

    async fn give_back(&self, pages: u32) -> Result<u64, Error> {
        self.write(self.inner.give_back(pages)).await
    }
}
