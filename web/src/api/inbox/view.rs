//! Conversations as the API shows them.

use engine::clock::At;
use engine::connector::Status;
use engine::contact::{Priority, TagSourceKind};
use engine::ids::{ContactId, ConversationId, EscalationId, RunId};
use engine::inbox::{self, Inbox, SaidKind, SaidRow, SaidState};
use engine::store::{ConversationRow, ListedTalk};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::colleagues::{Colleague, Names};
use super::told;
use crate::api::view::{Time, Words, maybe};

/// A conversation as the inbox lists it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InboxConversation")]
pub(crate) struct Talk {
    id: ConversationId,
    contact: Person,
    /// Such as `whatsapp`.
    channel: &'static str,
    /// The connection it last ran over.
    connection: String,
    state: TalkState,
    /// Who has it.
    assignee: Option<Colleague>,
    /// The team it was handed to.
    team: Option<String>,
    /// Customer's messages that nobody answered or read.
    unread: i64,
    last_message: Option<Last>,
    /// Until when free text may be sent.
    window_closes_at: Option<Time>,
    /// An escalation of this contact that nobody has taken.
    escalation: Option<EscalationId>,
    bot: Bot,
    session: Session,
    /// Counts changes.
    rev: i64,
}

/// Whether a conversation is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TalkState {
    Open,
    Closed,
}

/// With whom.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InboxPerson")]
pub(crate) struct Person {
    id: ContactId,
    name: String,
    phone: Option<String>,
    language: String,
    priority: Priority,
    tags: Vec<String>,
    order_status: String,
}

/// The newest message.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InboxLastMessage")]
pub(crate) struct Last {
    direction: Direction,
    by: By,
    /// At most 200 characters.
    text: String,
    #[serde(rename = "type")]
    kind: String,
    at: Time,
    status: Progress,
}

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Direction {
    /// From the customer.
    In,
    /// To the customer.
    Out,
    /// To people here only.
    Note,
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "MessageBy")]
pub(crate) enum By {
    Customer,
    Flow,
    Agent,
    /// A person with the WhatsApp Business app.
    App,
    /// The question after a conversation, a machine.
    System,
}

/// How far a message got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It has not left yet.
    Sending,
    /// It did not leave.
    NotSent,
    /// What the provider says.
    At(Status),
}

impl Serialize for Progress {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Sending => to.serialize_str("sending"),
            Self::NotSent => Status::Failed.serialize(to),
            Self::At(status) => status.serialize(to),
        }
    }
}

impl JsonSchema for Progress {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "MessageProgress".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "enum": ["sending", "accepted", "sent", "failed", "delivered", "read", "played", "received"],
        })
    }
}

impl Progress {
    /// Of something that people here said.
    pub(super) fn of_said(state: SaidState, message: Option<Status>) -> Self {
        match (message, state) {
            (Some(status), _) => Self::At(status),
            (None, SaidState::Sending) => Self::Sending,
            (None, SaidState::Sent) => Self::At(Status::Accepted),
            (None, SaidState::Failed) => Self::NotSent,
        }
    }
}

/// What the flows do in it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InboxBot")]
pub(crate) struct Bot {
    state: BotState,
    /// Until when what flows send is held; nothing = until a person says otherwise.
    until: Option<Time>,
    /// The run that is at work, the newest of several.
    run: Option<RunId>,
    flow: Option<String>,
    /// The flow's name, while it is live.
    flow_name: Option<String>,
}

/// Whether flows are at work in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BotState {
    /// A run is at work, or waits.
    Working,
    /// A person talks: what flows send is held.
    Paused,
    /// No run.
    None,
}

/// The present session.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InboxSession")]
pub(crate) struct Session {
    opened_at: Option<Time>,
    /// The customer's messages in it.
    messages: i64,
}

impl Talk {
    /// As `talk` stands at `now`.
    pub(super) fn of(talk: &ListedTalk, names: &Names, now: At) -> Self {
        let ConversationRow { id, inbox, .. } = &talk.conversation;
        Self {
            id: *id,
            contact: Person::of(talk),
            channel: "whatsapp",
            connection: talk.conversation.connection.clone(),
            state: if inbox.is_open(now) { TalkState::Open } else { TalkState::Closed },
            assignee: inbox.assignee.map(|user| names.get(user)),
            team: inbox.team.clone(),
            unread: inbox.unread,
            last_message: Last::of(talk),
            window_closes_at: maybe(talk.conversation.window_closes_at),
            escalation: talk.escalation,
            bot: Bot::of(talk, inbox, names, now),
            session: Session {
                opened_at: maybe(talk.conversation.session_opened_at),
                messages: talk.conversation.session_messages,
            },
            rev: talk.conversation.rev,
        }
    }
}

impl Person {
    fn of(talk: &ListedTalk) -> Self {
        let row = &talk.contact;
        let given = talk.tags.iter().filter(|tag| tag.source != TagSourceKind::PersonOff as i64);
        let mut tags: Vec<String> = given.map(|tag| tag.tag.clone()).collect();
        tags.dedup();
        Self {
            id: row.id,
            name: row.name.clone(),
            phone: row.phone.clone(),
            language: row.language.clone(),
            priority: Priority::from_code(row.priority),
            tags,
            order_status: row.order_status.clone(),
        }
    }
}

impl Bot {
    fn of(talk: &ListedTalk, inbox: &Inbox, names: &Names, now: At) -> Self {
        let run = talk.runs.last();
        let paused = inbox.is_paused(now);
        Self {
            state: match (paused, run) {
                (true, _) => BotState::Paused,
                (false, Some(_)) => BotState::Working,
                (false, None) => BotState::None,
            },
            until: maybe(inbox.paused_until.filter(|_| paused)),
            run: run.map(|run| run.id),
            flow: run.map(|run| run.flow.clone()),
            flow_name: run.and_then(|run| names.flow(&run.flow)),
        }
    }
}

/// Characters of a message that a list shows.
const SHOWN: usize = 200;

impl Last {
    fn of(talk: &ListedTalk) -> Option<Self> {
        let heard = talk.last_message.as_ref().map(|heard| (heard.message.id, heard));
        let said = talk.last_said.as_ref().map(|said| (said.said.id, said));
        let cut = |text: Option<&str>| text.unwrap_or_default().chars().take(SHOWN).collect();
        let sent = |text: Option<&String>| cut(Some(&Words::of_sent(text.cloned().unwrap_or_default()).text));
        match (heard, said) {
            (Some((id, heard)), other) if other.is_none_or(|(later, _)| id > later) => Some(Self {
                direction: if heard.message.inbound { Direction::In } else { Direction::Out },
                by: told::by(heard),
                text: match heard.message.inbound {
                    true => cut(heard.message.text.as_deref()),
                    false => sent(heard.message.text.as_ref()),
                },
                kind: told::kind(heard),
                at: told::at(id),
                status: Progress::At(heard.message.status),
            }),
            (_, Some((id, said))) => Some(Self {
                direction: Direction::Out,
                by: if said.said.by.is_some() { By::Agent } else { By::System },
                text: sent(told::text_of(said)),
                kind: kind_of_said(&said.said).to_owned(),
                at: told::at(id),
                status: Progress::of_said(said.said.state, said.message.as_ref().map(|row| row.status)),
            }),
            _ => None,
        }
    }
}

/// The type of something that people here said.
pub(super) fn kind_of_said(row: &SaidRow) -> &'static str {
    match row.kind {
        SaidKind::File => match told::body_of(row).words {
            Some(inbox::Words::File { kind, .. }) => kind.name(),
            _ => "document",
        },
        SaidKind::Note => "note",
        SaidKind::Text => "text",
        SaidKind::Template => "template",
        SaidKind::Choices => "interactive",
    }
}
