//! Calls of the engine's own: they belong to no run, and nobody waits for them. What became of one is told where it was wanted.

use std::time::Duration;

use super::Handling;
use crate::ids::{ConversationId, EffectId, RunId};
use crate::run::plan::Plan;
use crate::store::{EffectOp, EffectRow, EffectState, Lane};

/// A call that belongs to no run.
pub(super) struct OwnCall<'a> {
    pub(super) id: EffectId,
    /// Its number in the journal; below zero, where no run's calls are.
    pub(super) n: i64,
    pub(super) key: String,
    pub(super) connection: &'a str,
    pub(super) lane: Lane,
    pub(super) action: &'a str,
    /// The conversation whose 24 hours it needs.
    pub(super) window: Option<ConversationId>,
    /// For how long it is tried.
    pub(super) lives: Duration,
    pub(super) plan: &'a Plan,
}

impl Handling<'_> {
    /// Plans the call: it goes out after the commit.
    pub(super) fn call_own(&mut self, call: OwnCall<'_>) {
        let effect = EffectRow {
            id: call.id,
            run_id: RunId::NONE,
            n: call.n,
            key: call.key,
            mailbox: self.mail.id,
            shard: self.mail.id.shard(),
            connection: call.connection.to_owned(),
            lane: call.lane,
            action: call.action.to_owned(),
            window: call.window,
            yields: false,
            state: EffectState::Planned,
            attempt: 0,
            not_before: self.now,
            deadline: self.now.plus(call.lives),
            settle_until: None,
            planned_at: self.now,
            sent_at: None,
            input: serde_json::to_vec(call.plan).unwrap_or_default(),
            attempts: Vec::new(),
            error: String::new(),
        };
        self.mail.effects.insert(effect.id, effect.clone());
        self.work.effects.push(EffectOp::Plan(Box::new(effect)));
    }
}
