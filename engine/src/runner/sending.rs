//! Stopping all sending and releasing it: stored and journaled first, then told to every connection.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::core::Core;
use crate::ids::{EffectId, MailboxId};
use crate::run::Plan;
use crate::stops::{Scope, Stop, StopOp, Stops};
use crate::store::{self, EffectRow, EffectState, FIRST_EFFECT, Reads, Store, Work};

/// Rows read at a time.
const PAGE: u32 = 1_000;

impl<S: Store + Reads> Core<S> {
    /// Stops the sending of `scope`.
    pub(super) async fn stop_sending(&self, scope: Scope, by: &str) -> Result<(), store::Error> {
        let stop = Stop { scope: scope.clone(), by: by.to_owned(), at: self.parts.clock.now() };
        self.change_stops(&scope, StopOp::Set(stop), "sending.stopped", by, Value::Null).await
    }

    /// Releases it; gives the calls that were held and go out now, unless another stop holds them.
    pub(super) async fn release_sending(&self, scope: Scope, by: &str) -> Result<Vec<EffectRow>, store::Error> {
        let held = self.held_by(&scope).await?;
        let keys: Vec<&str> = held.iter().map(|row| row.key.as_str()).collect();
        let data = json!({ "held": keys });
        self.change_stops(&scope, StopOp::Lift(scope.clone()), "sending.released", by, data).await?;
        Ok(held)
    }

    async fn change_stops(
        &self,
        scope: &Scope,
        op: StopOp,
        what: &str,
        by: &str,
        data: Value,
    ) -> Result<(), store::Error> {
        let _alone = self.publishing.lock().await;
        let now = self.parts.clock.now();
        let journal = vec![self.change_row(by, what, &scope.to_string(), data, now)];
        let work = Work { mailbox: MailboxId::SYSTEM, at: now, stops: vec![op], journal, ..Work::default() };
        self.watched(self.parts.store.commit(work).await)?;
        let stops = self.parts.store.stops().await?;
        self.stops.send_replace(Arc::new(stops_of(stops)));
        Ok(())
    }

    /// The calls that `scope` holds, oldest first.
    pub(super) async fn held_by(&self, scope: &Scope) -> Result<Vec<EffectRow>, store::Error> {
        let stops = Stops(BTreeSet::from([scope.clone()]));
        let (mut held, mut after): (Vec<EffectRow>, EffectId) = (Vec::new(), FIRST_EFFECT);
        loop {
            let page = self.parts.store.effects(EffectState::Planned, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(held) };
            after = last.id;
            held.extend(page.into_iter().filter(|row| is_held(&stops, row)));
        }
    }
}

/// The stops of stored rows.
pub(super) fn stops_of(rows: Vec<Stop>) -> Stops {
    Stops(rows.into_iter().map(|stop| stop.scope).collect())
}

/// Whether a call is held.
pub(super) fn is_held(stops: &Stops, row: &EffectRow) -> bool {
    let flow = || serde_json::from_slice::<Plan>(&row.input).ok().map(|plan| plan.flow.to_string());
    stops.hold(&row.action, &row.connection, flow)
}
