//! The mailbox: the unit of order and of writing.
//!
//! An event goes to its contact's mailbox; without a contact to its source object's, which keeps the order of one CRM
//! record; without either to one of its own. Turns of one mailbox are serial; mailboxes do not wait for each other.

use sha2::{Digest, Sha256};

use crate::ids::{ContactId, EventId, MailboxId};

/// How many shards the mailboxes are divided into; fixed for ever, as it is stored.
pub const SHARDS: u8 = 64;

impl MailboxId {
    /// Where changes of the engine's own settings (flows, connections) are written from.
    pub const SYSTEM: Self = Self(0);

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
