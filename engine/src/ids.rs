//! Ids: 64 bits, in order of time, made in memory.
//!
//! Bits from the top: 0, milliseconds since 2025-01-01 (41), process number (10), counter (12). Outside the database an id is
//! text, a prefix and 13 digits of base 32 (`run_00d3j9…`), never a JSON number: JavaScript would round it.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::At;

/// 2025-01-01T00:00:00Z in milliseconds since 1970.
const EPOCH_MS: i64 = 1_735_689_600_000;
/// Base 32 after Crockford, lower case: no i, l, o, u.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Hands out ids that only ever grow; shared by every thread of a process.
#[derive(Debug)]
pub struct Ids {
    process: u64,
    /// Milliseconds since [`EPOCH_MS`] shifted left by 12, plus the counter.
    last: AtomicU64,
}

impl Ids {
    /// A source for process number `process` (0 to 1023; only the low ten bits count).
    #[must_use]
    pub fn new(process: u16) -> Self {
        Self { process: u64::from(process) & 0x3ff, last: AtomicU64::new(0) }
    }

    /// A new id, greater than every earlier one of this source, also when `now` stands still or runs back.
    pub fn next(&self, now: At) -> i64 {
        let tick = u64::try_from(now.0 - EPOCH_MS).unwrap_or(0) << 12;
        let step = |last: u64| Some(tick.max(last + 1));
        let before = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step).unwrap_or_else(|last| last);
        let mine = tick.max(before + 1);
        let id = ((mine >> 12) << 22) | (self.process << 12) | (mine & 0xfff);
        i64::try_from(id & (i64::MAX as u64)).unwrap_or(i64::MAX)
    }

    /// An id below every id made at or after `at`.
    #[must_use]
    pub fn floor(at: At) -> i64 {
        (at.0.saturating_sub(EPOCH_MS)).saturating_mul(1 << 22).saturating_sub(1)
    }

    /// When `id` was made.
    #[must_use]
    pub fn time_of(id: i64) -> At {
        At((id >> 22).saturating_add(EPOCH_MS))
    }

    /// Makes every later id greater than `id`; called at start with the greatest id stored.
    pub fn after(&self, id: i64) {
        let id = u64::try_from(id).unwrap_or(0);
        // The next millisecond: within the same one, an id of a process with a greater number is greater.
        self.last.fetch_max(((id >> 22) + 1) << 12, Ordering::Relaxed);
    }
}

/// A text that is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id like `{prefix}_…`: expected that prefix and 13 digits of base 32")]
pub struct BadId {
    text: String,
    prefix: &'static str,
}

fn write_id(prefix: &str, id: i64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let bits = id.cast_unsigned();
    let digits: [u8; 13] = std::array::from_fn(|place| DIGITS[((bits >> (60 - 5 * place)) & 31) as usize]);
    write!(f, "{prefix}_{}", std::str::from_utf8(&digits).map_err(|_| fmt::Error)?)
}

fn read_id(prefix: &'static str, text: &str) -> Result<i64, BadId> {
    let bad = || BadId { text: text.chars().take(40).collect(), prefix };
    let digits = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).ok_or_else(bad)?;
    if digits.len() != 13 {
        return Err(bad());
    }
    let mut bits: u128 = 0;
    for digit in digits.bytes() {
        let value = DIGITS.iter().position(|known| *known == digit).ok_or_else(bad)?;
        bits = (bits << 5) | value as u128;
    }
    u64::try_from(bits).map(u64::cast_signed).map_err(|_| bad())
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_id($prefix, self.0, f)
            }
        }

        impl crate::sentence::Says for $name {
            fn part(&self) -> crate::sentence::Part {
                crate::sentence::Part::Text(self.to_string())
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                read_id($prefix, text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": concat!("^", $prefix, "_[0-9a-hjkmnp-tv-z]{13}$") })
            }
        }
    };
}

id!(/// One operation over the tags of many contacts. 
    RetagId, "rtg");
id!(/// One file of contacts that was brought in.
    ImportId, "imp");
id!(/// Two contacts that became one.
    MergeId, "mrg");
id!(/// One occurrence that came in or was made by a timer. 
    EventId, "evt");
id!(/// One execution of a flow version.
    RunId, "run");
impl RunId {
    /// No run: a tag rule asked.
    pub const NONE: Self = Self(0);
}
id!(/// One outgoing call a run wants made.
    EffectId, "eff");
id!(/// One row a run, a silence, a schedule or an escalation waits on.
    WaitId, "wait");
id!(/// One stored input of a mailbox.
    InputId, "in");
id!(/// One journal row.
    JournalId, "log");
id!(/// One stored text of a flow.
    VersionId, "ver");
id!(/// One person.
    ContactId, "con");
id!(/// One business number talking with one customer address.
    ConversationId, "cnv");
id!(/// One message in or out.
    MessageId, "msg");
id!(/// One demand that a human takes over.
    EscalationId, "esc");
id!(/// One alarm.
    AlarmId, "alm");
id!(/// One received item that could not be read.
    BadItemId, "bad");
id!(/// Somebody who works here.
    UserId, "usr");
id!(/// A token a machine works with.
    TokenId, "tok");
id!(/// The unit of order and of writing; see [`crate::mailbox`].
    MailboxId, "box");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_even_when_the_clock_stands_or_runs_back() {
        let ids = Ids::new(3);
        let now = At(EPOCH_MS + 1_000);
        let mut last = ids.next(now);
        for step in 0..10_000 {
            let next = ids.next(if step % 2 == 0 { now } else { At(EPOCH_MS) });
            assert!(next > last);
            last = next;
        }
    }

    #[test]
    fn a_restart_continues_above_the_greatest_stored_id() {
        let ids = Ids::new(0);
        let stored = Ids::new(1023).next(At(EPOCH_MS + 5_000_000));
        ids.after(stored);
        assert!(ids.next(At(EPOCH_MS)) > stored);
    }

    #[test]
    fn text_and_number_are_the_same_id() {
        for id in [0, 1, -1, i64::MAX, i64::MIN, 123_456_789_012] {
            let text = RunId(id).to_string();
            assert_eq!(text.parse(), Ok(RunId(id)), "{text}");
        }
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        assert!(EventId(7).to_string().parse::<RunId>().is_err());
        assert!("run_zzzzzzzzzzzzz".parse::<RunId>().is_err(), "more than 64 bits");
        assert!("run_1".parse::<RunId>().is_err());
    }
}
