//! Word for single people who work here: each a call of the engine's own, from the alarms' mailbox. What became of it is journaled.

use std::time::Duration;

use serde_json::{Value, json};

use super::Handling;
use super::own::OwnCall;
use crate::capability::notify::Send;
use crate::connector::{Action, Verdict};
use crate::ids::EffectId;
use crate::local;
use crate::run::{Attempt, Entry, Plan, What};
use crate::store::{EffectRow, JournalKind, Lane};

/// What keys of such calls begin with.
const PREFIX: &str = "person/";
/// Pauses before it is tried again, in milliseconds: nobody waits in front of a screen.
const PAUSES_MS: [u64; 4] = [1_000, 30_000, 5 * 60_000, 60 * 60_000];
/// Word that could not go out for a day is no news.
const EXPIRES: Duration = Duration::from_secs(24 * 60 * 60);

/// Whether a call with this key tells a person something.
pub(super) fn is_key(key: &str) -> bool {
    key.starts_with(PREFIX)
}

impl Handling<'_> {
    pub(super) fn tell_people(&mut self, connection: &str, notices: &[Send]) -> Value {
        for notice in notices {
            self.tell_person(connection, notice);
        }
        json!({ "told": notices.len() })
    }

    fn tell_person(&mut self, connection: &str, notice: &Send) {
        let id = self.next_id();
        let plan = Plan { pauses_ms: PAUSES_MS.to_vec(), resend_unknown: true, ..local::own_plan("person", notice) };
        self.call_own(OwnCall {
            id: EffectId(id),
            n: -id,
            key: format!("{PREFIX}{id}"),
            connection,
            lane: Lane::Bulk,
            action: Send::NAME,
            window: None,
            lives: EXPIRES,
            plan: &plan,
        });
    }

    pub(super) fn person_told(&mut self, effect: &EffectRow, attempts: &[Attempt], verdict: &Verdict) {
        let mut entries: Vec<Entry> = attempts.iter().map(|attempt| attempt.entry(effect.n)).collect();
        let code = verdict.problem().map(|problem| &problem.code);
        let what = What::Told { n: effect.n, done: matches!(verdict, Verdict::Done(_)) };
        entries.push(Entry { what, data: json!({ "connection": effect.connection, "problem": code }) });
        self.journal(effect.id.0, None, JournalKind::Change, &entries);
    }
}
