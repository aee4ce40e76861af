//! The mailbox: the unit of order and of writing.
//!
//! An event goes to its contact's mailbox; without a contact to its source object's, which keeps the order of one CRM
//! record; without either to one of its own. Turns of one mailbox are serial; mailboxes do not wait for each other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::clock::At;
use crate::contact::{Contact, Conversation};
use crate::event::Event;
use crate::ids::{ContactId, ConversationId, EffectId, EscalationId, EventId, MailboxId, RunId, WaitId};
use crate::run::Run;
use crate::store::{EffectRow, EscalationRow, WaitRow};

/// How many shards the mailboxes are divided into; fixed for ever, as it is stored.
pub const SHARDS: u8 = 64;
/// How many of its last events a mailbox remembers, for waits that look back.
pub const RECENT: usize = 32;

impl MailboxId {
    /// Where changes of the engine's own settings (flows, connections) are written from.
    pub const SYSTEM: Self = Self(0);
    /// The desk's: it alone decides who is asked when a human is wanted, and whose it is then.
    pub const DESK: Self = Self(1);

    /// The mailbox of a person.
    #[must_use]
    pub fn of_contact(contact: ContactId) -> Self {
        Self(contact.0)
    }

    /// The mailbox of an event that concerns nobody and nothing known.
    #[must_use]
    pub fn of_event(event: EventId) -> Self {
        Self(event.0)
    }

    /// The mailbox of an object outside (a CRM record, a schedule): negative, so that it is never a contact's.
    #[must_use]
    pub fn of_object(connection: &str, kind: &str, external_id: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [connection, kind, external_id] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&hash.finalize()[..8]);
        Self(i64::from_be_bytes(bytes) | i64::MIN)
    }

    /// The shard it belongs to, 0 to 63.
    #[must_use]
    pub fn shard(self) -> u8 {
        // Fibonacci hashing: ids that follow each other in time fall into different shards.
        let mixed = self.0.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed >> 58) as u8 % SHARDS
    }
}

/// What a turn knows of the customer, and what it changed.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The contact, in a contact's mailbox.
    pub contact: Option<Contact>,
    /// Its conversations.
    pub conversations: Vec<Conversation>,
    /// Whether the contact was changed since it was last written.
    pub contact_changed: bool,
    /// Conversations changed since they were last written.
    pub changed: BTreeSet<ConversationId>,
}

impl Facts {
    /// One conversation.
    #[must_use]
    pub fn conversation(&self, id: ConversationId) -> Option<&Conversation> {
        self.conversations.iter().find(|conversation| conversation.id == id)
    }

    /// Changes the contact, if there is one.
    pub fn change_contact(&mut self, change: impl FnOnce(&mut Contact)) {
        if let Some(contact) = &mut self.contact {
            change(contact);
            contact.rev += 1;
            self.contact_changed = true;
        }
    }

    /// Changes one conversation, if it is there.
    pub fn change_conversation(&mut self, id: ConversationId, change: impl FnOnce(&mut Conversation)) {
        if let Some(conversation) = self.conversations.iter_mut().find(|conversation| conversation.id == id) {
            change(conversation);
            conversation.rev += 1;
            self.changed.insert(id);
        }
    }
}

/// An event that a trigger heard and did not start on.
#[derive(Clone, Debug, PartialEq)]
pub struct Missed {
    /// The flow.
    pub flow: Arc<str>,
    /// The trigger in it.
    pub trigger: Arc<str>,
    /// When it was handled.
    pub at: At,
    /// The event.
    pub event: EventId,
    /// Whom it concerns.
    pub contact: Option<ContactId>,
    /// Why: `origin`, `depth`, `params`, `when`, `error`, `taken`, `throttled`, `busy`, `queue_full`, `replaced`, `gone`.
    pub why: Arc<str>,
    /// What the conditions saw, or the error's words; null when none was asked.
    pub saw: Value,
}

/// A mailbox in memory: everything its turns need. Thrown away and read anew after a failed commit.
#[derive(Clone, Debug)]
pub struct Mailbox {
    /// Whose.
    pub id: MailboxId,
    /// The customer.
    pub facts: Facts,
    /// Runs that are not over.
    pub runs: BTreeMap<RunId, Run>,
    /// Armed waits.
    pub waits: BTreeMap<WaitId, WaitRow>,
    /// Calls that are not settled, as they were planned.
    pub effects: BTreeMap<EffectId, EffectRow>,
    /// Escalations that nobody has taken.
    pub escalations: BTreeMap<EscalationId, EscalationRow>,
    /// The last events, oldest first.
    pub recent: VecDeque<Arc<Event>>,
    /// Events that wait in bursts for quiet.
    pub gathered: BTreeMap<EventId, Arc<Event>>,
    /// What was erased here.
    pub erased: Erased,
    /// What triggers passed over since the last commit; the runner takes it after that.
    pub missed: Vec<Missed>,
}

/// What of a mailbox was erased. Inputs about it may still come: calls that were under way, events that waited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Erased {
    /// The person whose mailbox it is: everything.
    Person,
    /// These events and runs, which were nobody's.
    Some(BTreeSet<i64>),
}

impl Erased {
    /// Whether nothing more may be written about this event or run.
    #[must_use]
    pub fn holds(&self, subject: i64) -> bool {
        match self {
            Self::Person => true,
            Self::Some(subjects) => subjects.contains(&subject),
        }
    }
}

impl Mailbox {
    /// A mailbox in which nothing has happened yet.
    #[must_use]
    pub fn new(id: MailboxId) -> Self {
        Self {
            id,
            facts: Facts::default(),
            runs: BTreeMap::new(),
            waits: BTreeMap::new(),
            effects: BTreeMap::new(),
            escalations: BTreeMap::new(),
            recent: VecDeque::new(),
            gathered: BTreeMap::new(),
            erased: Erased::Some(BTreeSet::new()),
            missed: Vec::new(),
        }
    }

    /// Gives back the room of what is over: a map that was once used keeps space for eleven rows, and most mailboxes rest.
    pub fn rest(&mut self) {
        fn tidy<K, V>(map: &mut BTreeMap<K, V>) {
            if map.is_empty() {
                *map = BTreeMap::new();
            }
        }
        tidy(&mut self.runs);
        tidy(&mut self.waits);
        tidy(&mut self.effects);
        tidy(&mut self.escalations);
        tidy(&mut self.gathered);
        self.recent.shrink_to_fit();
    }

    /// Remembers an event for waits that look back.
    pub fn remember(&mut self, event: Arc<Event>) {
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(event);
    }
}
