//! What a commit makes different for whoever watches.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use crate::alarm;
use crate::clock::At;
use crate::desk::{Progress, Stage, State};
use crate::handle::{agent_of, alarm_of};
use crate::ids::{AlarmId, ContactId, ConversationId, EffectId, EscalationId, MessageId, RunId, UserId};
use crate::inbox::{Said, SaidKind, SaidOp};
use crate::store::{EditOp, EffectOp, RetagOp, RunStatus, WaitKind, WaitOp, WaitRow, Work};

/// Something that is different now. It says what to look at, and nothing personal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "LiveChange")]
pub enum Change {
    /// A run began or moved.
    Run {
        /// Which.
        id: RunId,
        /// Of which flow.
        flow: String,
        /// Where it stands.
        status: RunStatus,
        /// Whom it concerns.
        contact: Option<ContactId>,
    },
    /// A call needs attention, or does not any more.
    Attention {
        /// Which call.
        id: EffectId,
        /// Whether it does.
        open: bool,
    },
    /// Somebody asked for a human, or one came, or none did.
    Escalation {
        /// Which.
        id: EscalationId,
        /// Whether nobody took it yet.
        open: bool,
        /// Where it stands.
        state: Stage,
        /// Of whom it is asked.
        team: String,
        /// Until when somebody must have taken it.
        deadline: At,
        /// To whom it is offered now.
        to: Vec<UserId>,
        /// The server's time when this was told.
        now: At,
    },
    /// An agent came, went, or chose to be something else.
    Presence {
        /// Who.
        id: UserId,
        /// What the agent is.
        state: State,
        /// Whether a page of theirs is there.
        online: bool,
        /// Conversations they hold.
        load: usize,
    },
    /// Something needs a person who works here, or does no longer.
    Alarm {
        /// Which.
        id: AlarmId,
        /// Whether nobody has said that they look at it.
        open: bool,
    },
    /// A document was saved, published, switched or removed.
    Flow {
        /// Its id.
        id: String,
    },
    /// A contact, its tags, conversations or messages changed.
    Contact {
        /// Whose.
        id: ContactId,
    },
    /// Something was said in a conversation or got further, or somebody else has it now.
    Conversation {
        /// Which.
        id: ConversationId,
        /// With whom; nothing when only a message got further.
        contact: Option<ContactId>,
    },
    /// Somebody is named in a note.
    Mention {
        /// Which note.
        id: MessageId,
        /// In which conversation.
        conversation: ConversationId,
        /// Who wrote it, if a person did.
        by: Option<UserId>,
        /// Who is named.
        to: Vec<UserId>,
    },
    /// Somebody writes in a conversation, or stopped.
    Typing {
        /// Which conversation.
        id: ConversationId,
        /// Who.
        user: UserId,
        /// That one's name.
        name: String,
    },
    /// A connection went down, or is back.
    Connection {
        /// Which.
        id: String,
        /// Whether it works.
        up: bool,
    },
}

impl Change {
    /// What changed, in one word.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Run { .. } => "run",
            Self::Attention { .. } => "attention",
            Self::Escalation { .. } => "escalation",
            Self::Presence { .. } => "presence",
            Self::Alarm { .. } => "alarm",
            Self::Flow { .. } => "flow",
            Self::Contact { .. } => "contact",
            Self::Conversation { .. } => "conversation",
            Self::Mention { .. } => "mention",
            Self::Typing { .. } => "typing",
            Self::Connection { .. } => "connection",
        }
    }

    /// Which one changed: a newer change of the same kind and id makes this one stale.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Run { id, .. } => id.to_string(),
            Self::Attention { id, .. } => id.to_string(),
            Self::Escalation { id, .. } => id.to_string(),
            Self::Presence { id, .. } => id.to_string(),
            Self::Alarm { id, .. } => id.to_string(),
            Self::Flow { id } | Self::Connection { id, .. } => id.clone(),
            Self::Contact { id } => id.to_string(),
            Self::Conversation { id, .. } => id.to_string(),
            Self::Mention { id, .. } => id.to_string(),
            Self::Typing { id, user, .. } => format!("{id}/{user}"),
        }
    }

    /// What a commit changes.
    pub(in crate::runner) fn of(work: &Work) -> Vec<Self> {
        let mut changes: Vec<Self> = Vec::with_capacity(work.runs.len() + 1);
        changes.extend(work.runs.iter().map(|run| Self::Run {
            id: run.id,
            flow: run.flow.clone(),
            status: run.status,
            contact: run.contact_id,
        }));
        changes.extend(work.effects.iter().filter_map(|op| match op {
            EffectOp::Park { id, .. } => Some(Self::Attention { id: *id, open: true }),
            EffectOp::Withdraw(id) => Some(Self::Attention { id: *id, open: false }),
            EffectOp::Plan(_) | EffectOp::Finish(_) => None,
        }));
        changes.extend(work.escalations.iter().map(|row| Self::Escalation {
            id: row.id,
            open: row.accepted_at.is_none() && row.stage != Stage::Closed,
            state: row.stage,
            team: row.team.clone(),
            deadline: row.deadline,
            to: offered(work, row.id),
            now: work.at,
        }));
        let agents = armed(work).filter_map(agent_of);
        changes.extend(agents.map(|(id, agent)| Self::Presence {
            id,
            state: agent.state(work.at),
            online: agent.online,
            load: agent.held.len(),
        }));
        changes.extend(work.versions.iter().map(|row| Self::Flow { id: row.flow.clone() }));
        changes.extend(alarms_of(work));
        changes.extend(work.edits.iter().filter_map(edited).map(|id| Self::Flow { id: id.to_owned() }));
        changes.extend(contact_of(work).map(|id| Self::Contact { id }));
        let talks: BTreeSet<ConversationId> =
            work.conversations.iter().map(|row| row.id).chain(work.touched.iter().copied()).collect();
        // A conversation lies in the mailbox of its contact.
        let contact = Some(ContactId(work.mailbox.0));
        changes.extend(talks.into_iter().map(|id| Self::Conversation { id, contact }));
        changes.extend(work.said.iter().filter_map(mention));
        changes
    }
}

fn armed(work: &Work) -> impl Iterator<Item = &WaitRow> {
    work.waits.iter().filter_map(|op| match op {
        WaitOp::Arm(wait) => Some(&**wait),
        WaitOp::Close { .. } => None,
    })
}

/// To whom an escalation is offered after a commit.
fn offered(work: &Work, id: EscalationId) -> Vec<UserId> {
    let key = id.to_string();
    let rows = armed(work).filter(|wait| wait.kind == WaitKind::Escalation && wait.key.as_deref() == Some(&key));
    let last = rows.last().and_then(|wait| serde_json::from_slice::<Progress>(&wait.data).ok());
    last.map(|progress| progress.offered).unwrap_or_default()
}

/// The alarms that a commit changes.
fn alarms_of(work: &Work) -> impl Iterator<Item = Change> {
    let alarms = armed(work).filter_map(alarm_of);
    alarms.map(|(_, alarm)| Change::Alarm { id: alarm.id, open: alarm.stage == alarm::Stage::Open })
}

/// Who is named in a note.
fn mention(op: &SaidOp) -> Option<Change> {
    let SaidOp::Put(row) = op else { return None };
    let body: Said = serde_json::from_str(row.body.as_deref()?).ok()?;
    let (id, conversation, by, to) = (row.id, row.conversation_id, row.by, body.mentions);
    (row.kind == SaidKind::Note && !to.is_empty()).then_some(Change::Mention { id, conversation, by, to })
}

/// The document that an edit is about.
fn edited(op: &EditOp) -> Option<&str> {
    Some(match op {
        EditOp::Draft(row) => &row.flow,
        EditOp::Published(row) => &row.flow,
        EditOp::Meta(row) => &row.flow,
        EditOp::Review(row) => &row.flow,
        EditOp::Retag(RetagOp::Begin(row, _)) => &row.rules,
        // Named by the operation, which tells of itself.
        EditOp::Retag(_) | EditOp::Contacts(_) => return None,
        EditOp::Deleted(flow) => flow,
    })
}

/// The contact that a commit changes: a mailbox is one contact's, or nobody's.
fn contact_of(work: &Work) -> Option<ContactId> {
    let row = work.contact.as_ref().map(|row| row.id);
    row.or(work.conversations.first().map(|row| row.contact_id)).or(work.erase)
}
