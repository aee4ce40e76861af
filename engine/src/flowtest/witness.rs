//! What a store would hold: every commit is applied to rows as a store does it, and checked against the mailbox in memory.
//!
//! After each commit: the state of every run is the fold of its journal, and the mailbox read back from the rows is the one
//! in memory. So every test that is run with a witness also shows that a process may end after any commit.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::event::{Event, Origin};
use crate::flow::Version;
use crate::handle::{encode_event, mailbox_from, place_of, places};
use crate::ids::VersionId;
use crate::ids::{ContactId, ConversationId, EffectId, EscalationId, EventId, MailboxId, MessageId, RunId, WaitId};
use crate::letter::Rule;
use crate::mailbox::{Mailbox, RECENT};
use crate::run::{Entry, State, journal};
use crate::store::{
    ContactRow, ConversationRow, EffectOp, EffectRow, EffectState, EscalationRow, EventRow, MailboxRows, MessageRow,
    RunRow, TagOp, TagRow, WaitKind, WaitOp, WaitRow, Work,
};

/// The rows of all mailboxes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Rows {
    contacts: BTreeMap<ContactId, ContactRow>,
    conversations: BTreeMap<ConversationId, ConversationRow>,
    tags: BTreeMap<(ContactId, String, i64, String), TagRow>,
    runs: BTreeMap<RunId, RunRow>,
    waits: BTreeMap<WaitId, WaitRow>,
    effects: BTreeMap<EffectId, EffectRow>,
    escalations: BTreeMap<EscalationId, EscalationRow>,
    events: BTreeMap<EventId, EventRow>,
    messages: BTreeMap<MessageId, MessageRow>,
    /// What was told, by subject.
    journal: BTreeMap<i64, Vec<Entry>>,
}

impl Rows {
    /// Whether anything was told to the desk, whose turns are apart from the contacts'.
    pub(super) fn told_the_desk(&self) -> bool {
        let echoed = self.events.values().any(|event| event.origin == Origin::AppEcho);
        echoed || !self.escalations.is_empty()
    }

    /// What was told of runs, in order of their ids.
    pub(super) fn of_runs(&self) -> Vec<Entry> {
        self.runs.keys().filter_map(|run| self.journal.get(&run.0)).flatten().cloned().collect()
    }
}

/// Watches every commit.
#[derive(Default)]
pub(super) struct Witness {
    /// Whether the mailbox is thrown away after each commit and read back, as after a crash.
    forgets: bool,
    pub(super) rows: Rows,
    versions: HashMap<VersionId, Arc<Version>>,
    pub(super) commits: usize,
}

impl Witness {
    /// Knows these versions.
    pub(super) fn new(versions: HashMap<VersionId, Arc<Version>>, forgets: bool) -> Self {
        Self { forgets, versions, ..Self::default() }
    }

    /// A contact who is there before anything happens.
    pub(super) fn knows(&mut self, mail: &mut Mailbox) {
        let facts = &mut mail.facts;
        facts.contact_changed = true;
        facts.changed.extend(facts.conversations.iter().map(|known| known.id));
        if let Some(contact) = &facts.contact {
            for (tag, source) in contact.tags.iter().flat_map(|(tag, all)| all.iter().map(move |one| (tag, one))) {
                let (tag, source_id) = (tag.clone(), source.id.clone());
                let row = TagRow {
                    contact_id: contact.id,
                    tag,
                    source: source.kind as i64,
                    source_id,
                    event_id: None,
                    at: source.at,
                };
                self.tag(TagOp::Add(row));
            }
        }
    }

    /// Another version is stored.
    pub(super) fn keeps(&mut self, version: &Arc<Version>) {
        self.versions.insert(version.id, Arc::clone(version));
    }

    /// An event was stored, as every door does before it answers.
    pub(super) fn arrived(&mut self, event: &Event) {
        let row = EventRow {
            id: event.id,
            key: event.key,
            mailbox: event.mailbox,
            contact_id: event.contact,
            conversation_id: event.conversation,
            connection: event.connection.to_string(),
            kind: event.kind.to_string(),
            origin: event.origin,
            at: event.at,
            provider_at: event.provider_at,
            depth: event.depth,
            format: 1,
            body: Some(encode_event(&event.fields())),
        };
        self.rows.events.insert(row.id, row);
    }

    /// A commit: `mail` is the mailbox after it, in memory. Gives the mailbox to go on with.
    pub(super) fn committed(&mut self, work: &Work, mail: Mailbox, entries: &BTreeMap<RunId, Vec<Entry>>) -> Mailbox {
        self.commits += 1;
        self.apply(work.clone());
        for run in mail.runs.values() {
            let folded = State::fold(&run.version, run.state.event.clone(), &entries[&run.id]);
            assert_eq!(folded, run.state, "the journal of {} tells another story than its state", run.id);
        }
        for row in work.runs.iter().filter(|row| row.status.ended()) {
            let version = &self.versions[&row.version_id];
            let folded = State::fold(version, serde_json::Value::Null, &entries[&row.id]);
            assert_eq!(folded.status(), row.status);
        }
        keeps_to_limits(&mail);
        let stored = self.read(mail.id, &mail);
        same(&stored, &mail);
        if self.forgets { stored } else { mail }
    }

    fn apply(&mut self, work: Work) {
        let rows = &mut self.rows;
        for row in &work.journal {
            rows.journal.entry(row.subject).or_default().extend(journal::decode(row).expect("just written"));
        }
        rows.events.extend(work.events.into_iter().map(|row| (row.id, row)));
        rows.runs.extend(work.runs.into_iter().map(|row| (row.id, row)));
        rows.contacts.extend(work.contact.into_iter().map(|row| (row.id, row)));
        rows.conversations.extend(work.conversations.into_iter().map(|row| (row.id, row)));
        rows.escalations.extend(work.escalations.into_iter().map(|row| (row.id, row)));
        rows.messages.extend(work.messages.into_iter().map(|row| (row.id, row)));
        for op in work.effects {
            match op {
                EffectOp::Plan(row) => drop(rows.effects.insert(row.id, *row)),
                EffectOp::Withdraw(id) | EffectOp::Finish(id) => drop(rows.effects.remove(&id)),
                EffectOp::Park { id, why, deadline, attempts } => {
                    let row = rows.effects.get_mut(&id).expect("what is parked was planned");
                    *row = EffectRow { state: EffectState::Parked, error: why, deadline, attempts, ..row.clone() };
                }
            }
        }
        for op in work.waits {
            match op {
                WaitOp::Arm(wait) => {
                    rows.waits
                        .retain(|_, armed| wait.key.is_none() || (armed.kind, &armed.key) != (wait.kind, &wait.key));
                    rows.waits.insert(wait.id, *wait);
                }
                WaitOp::Close { id, .. } => drop(rows.waits.remove(&id)),
            }
        }
        for op in work.tags {
            self.tag(op);
        }
    }

    fn tag(&mut self, op: TagOp) {
        let key = |row: &TagRow| (row.contact_id, row.tag.clone(), row.source, row.source_id.clone());
        match op {
            TagOp::Add(row) => drop(self.rows.tags.entry(key(&row)).or_insert(row)),
            TagOp::Remove(row) => drop(self.rows.tags.remove(&key(&row))),
        }
    }

    fn read(&self, id: MailboxId, mail: &Mailbox) -> Mailbox {
        let contact = mail.facts.contact.as_ref().map(|contact| contact.id);
        let rows = &self.rows;
        let recent: Vec<_> = rows.events.values().filter(|row| row.mailbox == id).cloned().collect();
        let found = MailboxRows {
            contact: contact.and_then(|id| rows.contacts.get(&id).cloned()),
            conversations: rows.conversations.values().filter(|row| Some(row.contact_id) == contact).cloned().collect(),
            tags: rows.tags.values().filter(|row| Some(row.contact_id) == contact).cloned().collect(),
            runs: rows.runs.values().filter(|row| row.mailbox == id && !row.status.ended()).cloned().collect(),
            waits: rows.waits.values().filter(|row| row.mailbox == id).cloned().collect(),
            effects: rows.effects.values().filter(|row| row.mailbox == id).cloned().collect(),
            escalations: rows.escalations.values().filter(|row| row.mailbox == id && !row.done).cloned().collect(),
            recent: recent[recent.len().saturating_sub(RECENT)..].to_vec(),
            gathered: rows
                .events
                .values()
                .filter(|row| {
                    let waits = |wait: &WaitRow| wait.kind == WaitKind::Debounce && wait.since == row.id;
                    row.mailbox == id && rows.waits.values().any(waits)
                })
                .cloned()
                .collect(),
            erased: Vec::new(),
        };
        mailbox_from(id, found, &self.versions).expect("what was written can be read")
    }
}

/// No more runs hold a place at a gate than may, and every run that works where runs are counted holds one.
fn keeps_to_limits(mail: &Mailbox) {
    for run in mail.runs.values().filter(|run| run.state.gate.is_some() && run.state.works()) {
        assert!(place_of(mail, run.id).is_some_and(|place| place.held), "{} works without a place", run.id);
    }
    for place in places(mail).filter(|place| place.here) {
        let Rule::AtOnce { limit, .. } = place.ask.rule else { panic!("{place:?} is no place") };
        let held = places(mail).filter(|other| other.here && other.held && other.ask.gate == place.ask.gate).count();
        assert!(held <= limit as usize, "{held} runs hold a place where {limit} may: {place:?}");
    }
}

/// Whether a mailbox read back is the one in memory.
fn same(stored: &Mailbox, mail: &Mailbox) {
    assert_eq!(stored.facts.contact, mail.facts.contact);
    assert_eq!(stored.facts.conversations, mail.facts.conversations);
    assert_eq!(stored.waits, mail.waits);
    assert_eq!(stored.gathered, mail.gathered);
    assert_eq!(stored.escalations, mail.escalations);
    assert!(stored.effects.keys().eq(mail.effects.keys()));
    let runs = |mail: &Mailbox| -> Vec<_> {
        mail.runs
            .values()
            .map(|run| (run.id, run.state.clone(), run.turns, run.event, run.contact, run.conversation))
            .collect()
    };
    assert_eq!(runs(stored), runs(mail));
}
