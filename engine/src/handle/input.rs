//! What a mailbox may be given.

use std::sync::Arc;

use super::sweep;
use crate::connector::Verdict;
use crate::event::Event;
use crate::ids::{InputId, WaitId};
use crate::letter::Letter;
use crate::order::{About, Order};
use crate::publication::Publication;
use crate::run::Attempt;
use crate::store::EffectRow;

/// One input of a mailbox.
#[derive(Clone, Debug)]
pub enum Input {
    /// Something happened.
    Event {
        /// The event.
        event: Arc<Event>,
        /// The stored input it came as.
        input: Option<InputId>,
    },
    /// A wait's time came.
    Due(WaitId),
    /// A call ended.
    Settled {
        /// The call.
        effect: Box<EffectRow>,
        /// All its attempts.
        attempts: Vec<Attempt>,
        /// How.
        verdict: Verdict,
        /// The stored input that brought the proof, if one did.
        input: Option<InputId>,
    },
    /// A call waits for a person. Its row says until when.
    Parked {
        /// The call.
        effect: Box<EffectRow>,
        /// All its attempts.
        attempts: Vec<Attempt>,
        /// Why: `tries_used_up`, `refused`, `may_have_happened`.
        why: &'static str,
    },
    /// A schedule was published or withdrawn: arm its next slot, or none.
    Schedule {
        /// The flow.
        flow: Arc<str>,
        /// The trigger.
        trigger: Arc<str>,
    },
    /// A version of a flow was published or removed: runs here may be on another.
    Published(Arc<Publication>),
    /// A page of a segment was gone over for a slot.
    Swept {
        /// The sweep: [`sweep::Sweep::key`].
        key: String,
        /// What came of it.
        page: sweep::Page,
    },
    /// Another mailbox says something.
    Letter {
        /// What.
        letter: Box<Letter>,
        /// The stored input it came as.
        input: Option<InputId>,
    },
    /// Thresholds of silence were published: arm the next one of each conversation.
    Watch,
    /// A person's order.
    Order {
        /// Who.
        by: String,
        /// What.
        order: Order,
        /// What it is about, as it is stored now.
        about: Option<About>,
    },
}
