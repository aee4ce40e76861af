//! The state machine of a run, pure: [`turn()`] takes a state and one wake, and says what changes.
//!
//! [`entry`](Entry) is what happened, [`State`] the fold of entries, [`turn()`] decides the next entries, [`plan`] what becomes
//! of a call after an attempt, [`journal`] how entries are stored.

mod entry;
pub mod journal;
pub mod plan;
mod state;
mod turn;
mod value;

pub use entry::{Entry, What};
pub use plan::{Attempt, Handler, Next, Plan};
pub use state::{Block, Cursor, Run, State, Tried};
pub(crate) use turn::{NewCall, Turn};
pub use turn::{Turned, Wake, World, turn};
pub use value::Failure;
pub(crate) use value::evaluate;
