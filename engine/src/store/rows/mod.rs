//! Rows as they are stored. Blobs are made and read by the engine alone (`format` says how); a driver never looks inside.

mod contact;
mod effect;
mod escalation;
mod event;
mod input;
mod run;
mod version;
mod wait;

pub use contact::{ContactRow, ConversationRow, TagRow};
pub use effect::{EffectRow, EffectState};
pub use escalation::EscalationRow;
pub use event::{BadItemRow, EventRow, MessageRow, UnmatchedRow};
pub use input::{InputKind, InputRow, Lane};
pub use run::{RunRow, RunStatus};
pub use version::{VersionRow, VersionState};
pub use wait::{WaitKind, WaitRow, WaitState};
