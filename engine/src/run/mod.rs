//! The state machine of a run, pure: [`turn()`] takes a state and one wake, and says what changes.
//!
//! [`entry`](Entry) is what happened, [`State`] the fold of entries, [`turn()`] decides the next entries: `waking` for each
//! [`Wake`], `visit` for each kind of step, with `call`, `wait`, `answer` and `branches` for those that need more, `ending` for
//! what ends or fails; `failure` says who handles one, `deadline` what bounds it, `moving` how it goes on in another version.
//! [`plan`] is what becomes of a call after an attempt, [`journal`] how entries are stored.

mod answer;
mod branches;
mod call;
mod cursor;
mod deadline;
mod ending;
mod entry;
mod failure;
mod fold;
mod gate;
pub mod journal;
mod moving;
mod pack;
pub mod picture;
pub mod plan;
mod row;
mod sight;
mod state;
mod turn;
mod turned;
mod value;
mod visit;
mod wait;
mod wake;
mod waking;

pub use cursor::{Block, Cursor, Item, Open};
pub use entry::{Entry, What};
pub use gate::{Gate, Keyed};
pub(crate) use moving::choice;
pub use plan::{Attempt, Handler, Next, Plan};
pub use row::Run;
pub(crate) use sight::Sight;
pub use state::{Deadline, State, Tried};
pub(crate) use turn::Turn;
pub use turn::{World, turn};
pub use turned::{FlowCall, Reply, Turned};
pub use value::Failure;
pub(crate) use value::evaluate;
pub use wake::Wake;
