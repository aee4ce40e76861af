//! Calls of which nobody knows whether they happened, and the statuses that prove that they did.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;

use super::{INTERRUPTED, Landed, Line};
use crate::connector::{Done, Problem, Verdict};
use crate::ids::{EffectId, InputId};
use crate::run::Plan;
use crate::store::{EffectState, Reads, Store};

impl<S: Store + Reads> Line<S> {
    /// Calls that were under way when the last process ended: nobody knows what became of them. They move in one commit and
    /// proof is looked for in one go, as there may be hundreds.
    pub(super) async fn resolve_interrupted(&mut self) {
        self.unwritten = Some(Vec::new());
        for (id, at) in self.queue.in_flight() {
            let problem = Problem::new(INTERRUPTED, "the process ended while this call was under way");
            self.landed(Landed { id, at, took: Duration::ZERO, verdict: Verdict::Unknown(problem) }).await;
        }
        let moves = self.unwritten.take().unwrap_or_default();
        if !moves.is_empty()
            && let Err(problem) = self.core.watched(self.core.parts.store.dispatch(moves).await)
        {
            tracing::error!(connection = %self.open.id, %problem, "interrupted calls could not be written");
        }
        self.look_for_proofs().await;
    }

    /// A status may have come before the call's own answer was lost.
    pub(super) async fn look_for_proof(&mut self, id: EffectId, key: &str) {
        match self.core.parts.store.evidence(vec![key.to_owned()]).await {
            Ok(found) if !found.is_empty() => self.proved(id, None, String::new()).await,
            Ok(_) => {}
            Err(problem) => tracing::error!(connection = %self.open.id, %problem, "proof could not be looked for"),
        }
    }

    /// The last process may have ended between writing down a doubt and looking: what is in doubt since then is looked for now.
    pub(super) async fn look_for_proofs(&mut self) {
        let doubtful: HashMap<String, EffectId> = self.queue.in_doubt().collect();
        if doubtful.is_empty() {
            return;
        }
        match self.core.parts.store.evidence(doubtful.keys().cloned().collect()).await {
            Ok(found) => {
                for proof in found {
                    if let Some(id) = doubtful.get(&proof.key) {
                        self.proved(*id, None, String::new()).await;
                    }
                }
            }
            Err(problem) => tracing::error!(connection = %self.open.id, %problem, "proof could not be looked for"),
        }
    }

    /// The call happened: a status with its key says so.
    pub(super) async fn proved(&mut self, id: EffectId, input: Option<InputId>, external_id: String) {
        if let Some(call) = self.queue.get(id).filter(|call| call.row.state != EffectState::InFlight) {
            let plan: Option<Plan> = serde_json::from_slice(&call.row.input).ok();
            let sent = plan.and_then(|plan| plan.proved(&call.row.action, &external_id));
            let verdict = Verdict::Done(Done { output: json!({ "message_id": external_id }), sent });
            return self.settle(id, verdict, input);
        }
        // It settled in the meantime: only the stored input is left to consume.
        if let Some(input) = input {
            self.core.consume(input).await;
        }
    }
}
