//! Opening and closing an account while the engine runs.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::Engine;
use super::line::{Line, LineHandle, Message};
use super::start::effects;
use crate::connector::Open;
use crate::store::{EffectState, Error, Reads, Store};

impl<S: Store + Reads> Engine<S> {
    /// Opens an account; one that is open with the same id goes on with the new settings, at once also when it is down. Calls
    /// that are stored for it, from a time when it was not open, are made. Nothing happens in a quiet engine.
    ///
    /// # Errors
    /// When the store fails; the account is not open then.
    pub async fn open(&self, open: Open) -> Result<(), Error> {
        let core = &self.core;
        if core.parts.quiet {
            return Ok(());
        }
        let _alone = core.publishing.lock().await;
        let before = core.lines.load_full();
        if let Some(line) = before.get(&open.id) {
            line.tell(&core.activity, Message::Reopened(Box::new(open)));
            return Ok(());
        }
        let (handle, messages) = LineHandle::new(&open);
        let handle = Arc::new(handle);
        let mut lines = HashMap::clone(&before);
        lines.insert(Arc::clone(&open.id), Arc::clone(&handle));
        // First the handle, then what is stored: a call planned meanwhile is in both, and taken once.
        core.lines.store(Arc::new(lines));
        let mut rows = Vec::new();
        for state in [EffectState::Planned, EffectState::InFlight, EffectState::InDoubt, EffectState::Parked] {
            match effects(&core.parts.store, state).await {
                Ok(found) => rows.extend(found.into_iter().filter(|row| *row.connection == *open.id)),
                Err(problem) => {
                    core.lines.store(before);
                    return Err(problem);
                }
            }
        }
        rows.sort_by_key(|row| row.id);
        let line = Line::new(Arc::clone(core), open, handle.shown(), rows);
        self.loops.lock().await.spawn(core.vital("a connection", line.run(messages)));
        Ok(())
    }

    /// Closes an account: calls under way end, every other one is refused from now on.
    pub fn close(&self, open: &Open) {
        if let Some(line) = self.core.lines.load().get(&open.id) {
            let closed = Open { performers: BTreeMap::new(), ..open.clone() };
            line.tell(&self.core.activity, Message::Reopened(Box::new(closed)));
        }
    }
}
