//! Another version of a flow was published: what becomes of the runs that wait here on the others.

use serde_json::{Value, json};

use super::Handling;
use crate::flow::{OnPublish, Stays};
use crate::ids::RunId;
use crate::publication::Publication;
use crate::run::{Block, Run, Wake, choice};
use crate::store::{WaitKind, WaitRow};

impl Handling<'_> {
    /// Sees to every run of the flow. Doing it twice changes nothing, so that a start may begin anew.
    pub(super) fn published(&mut self, news: &Publication) -> Value {
        self.by.clone_from(&news.by);
        let book = self.book;
        let live = book.live.iter().find(|live| *live.version.flow == *news.flow).map(|live| &live.version);
        // What was published meanwhile has a publication of its own.
        if live.map(|version| version.id) != (!news.removed).then_some(news.version) {
            return Value::Null;
        }
        let runs: Vec<RunId> =
            self.mail.runs.values().filter(|run| *run.version.flow == *news.flow).map(|run| run.id).collect();
        let mut moved = 0;
        for id in runs {
            let Some(run) = self.mail.runs.get(&id) else { continue };
            if live.is_some_and(|live| live.meaning == run.version.meaning) {
                continue;
            }
            match choice(&run.state, &run.version.program, &news.choices) {
                Some(OnPublish::Stop) => self.wake(id, Wake::Stop),
                Some(OnPublish::Continue) => {
                    let state = match live {
                        Some(live) => run.state.moved(&run.version.program, &live.program),
                        None => Err(Stays::Removed),
                    };
                    match (state, live) {
                        (Ok(state), Some(live)) => {
                            let (to, state) = (live.clone(), Box::new(state));
                            self.wake(id, Wake::Move { to, state });
                            self.name_places(id);
                            moved += 1;
                        }
                        (Err(why), _) if run.state.stayed != Some(news.version) => {
                            self.wake(id, Wake::Stay { to: news.version, why });
                        }
                        _ => {}
                    }
                }
                Some(OnPublish::Finish) | None => {}
            }
        }
        json!({ "moved": moved })
    }

    /// The waits of a run name the step in its version: in another one it has another place.
    fn name_places(&mut self, run: RunId) {
        let Some(run) = self.mail.runs.get(&run) else { return };
        let waits = self.mail.waits.values().filter(|wait| wait.run_id == Some(run.id));
        let named: Vec<WaitRow> =
            waits.filter_map(|wait| Some(WaitRow { cursor: place(run, wait)?, ..wait.clone() })).collect();
        for wait in named {
            self.arm(wait);
        }
    }
}

/// Where in its version `run` waits for `wait`.
fn place(run: &Run, wait: &WaitRow) -> Option<i64> {
    match wait.kind {
        WaitKind::Deadline => {
            let deadline = run.state.deadlines.iter().find(|deadline| deadline.wait == wait.id)?;
            let found = (1..).zip(&run.version.program.steps).find(|(_, step)| step.path == deadline.step);
            Some(found.map_or(0, |(place, _)| place))
        }
        _ => {
            let cursor = run.state.cursors.iter().find(|cursor| cursor.block == Block::Wait(wait.id))?;
            Some(cursor.stored_at())
        }
    }
}
