//! The connection is down, and is back.

use std::time::Duration;

use serde_json::json;

use super::Line;
use crate::alarm::Raise;
use crate::clock::At;
use crate::connector::{Problem, Verdict};
use crate::runner::change::Change;
use crate::runner::hold::Hold;
use crate::store::{Reads, Store};

impl<S: Store + Reads> Line<S> {
    pub(super) async fn down(&mut self, verdict: &Verdict, after: Option<Duration>, now: At) {
        // The words may quote what was sent; code and status say enough, and stay in the log for ever.
        let reason = verdict.problem().map(reason_of).unwrap_or_default();
        if self.hold.as_ref().is_none_or(|hold| hold.reason != reason) {
            self.well = false;
            let sign_in = matches!(verdict, Verdict::Auth(_));
            self.core.raise(Raise::connection_down(&self.open.id, &reason, sign_in));
        }
        match &mut self.hold {
            Some(hold) => hold.again(now, reason, after),
            None => {
                tracing::warn!(connection = %self.open.id, reason, "connection is down; its calls wait in order");
                self.hold = Some(Hold::new(now, reason.clone(), after));
                self.show();
                self.tell(false);
                self.core.note_change("connection.down", &self.open.id, json!({ "reason": reason })).await;
            }
        }
    }

    fn tell(&self, up: bool) {
        self.core.feed.tell(vec![Change::Connection { id: self.open.id.to_string(), up }]);
    }

    /// The service answered a call that began at `at`. What was under way before the outage says nothing about it.
    pub(super) async fn answered(&mut self, at: At) {
        // The first answer ends what an earlier process raised, too.
        if !self.well && self.hold.as_ref().is_none_or(|hold| at >= hold.since) {
            self.well = true;
            self.core.end_alarm(Raise::connection_key(&self.open.id));
        }
        if let Some(hold) = self.hold.take_if(|hold| at >= hold.since) {
            let down_ms = u64::try_from(self.now().since(hold.since).as_millis()).unwrap_or(u64::MAX);
            tracing::info!(connection = %self.open.id, down_ms, "connection is back");
            self.show();
            self.tell(true);
            self.core.note_change("connection.up", &self.open.id, json!({ "down_ms": down_ms })).await;
        }
    }
}

fn reason_of(problem: &Problem) -> String {
    match problem.status {
        Some(status) if problem.code != status.to_string() => format!("{} (status {status})", problem.code),
        _ => problem.code.clone(),
    }
}
