//! The state machine of a run, pure: [`turn()`] takes a state and one wake, and says what changes.
//!
//! [`entry`](Entry) is what happened, [`State`] the fold of entries, [`turn()`] decides the next entries: `visit` for each kind
//! of step, with `call`, `wait`, `answer` and `branches` for those that need more; `failure` says who handles one, `deadline` what
//! bounds it, `moving` how it goes on in another version. [`plan`] is what becomes of a call after an attempt, [`journal`] how
//! entries are stored.

mod answer;
mod branches;
mod call;
mod cursor;
mod deadline;
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
mod value;
mod visit;
mod wait;

pub use cursor::{Block, Cursor, Item, Open};
pub use entry::{Entry, What};
pub use gate::{Gate, Keyed};
pub(crate) use moving::choice;
pub use plan::{Attempt, Handler, Next, Plan};
pub use row::Run;
pub(crate) use sight::Sight;
pub use state::{Deadline, State, Tried};
pub(crate) use turn::Turn;
pub use turn::{FlowCall, Reply, Turned, Wake, World, turn};
pub use value::Failure;
pub(crate) use value::evaluate;
