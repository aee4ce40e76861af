//! Rows as they come out of the database: for each table the columns read, and the reader that takes them in that order.

use engine::clock::At;
use engine::desk::{AskKind, Stage};
use engine::event::{EventKey, Origin};
use engine::flow::Kind;
use engine::ids::{
    BadItemId, ContactId, ConversationId, EffectId, EscalationId, EventId, InputId, JournalId, MailboxId, MessageId,
    RunId, UserId, VersionId, WaitId,
};
use engine::inbox::{Inbox, Place, SaidKind, SaidRow, SaidState};
use engine::stops::Stop;
use engine::store::{
    BadItemRow, BlockRow, ContactRow, ConversationRow, DueRow, EffectRow, EffectState, EscalationRow, EventRow,
    InputKind, InputRow, JournalKind, JournalRow, MessageRow, RunRow, RunStatus, SaltedRow, TagRow, VersionRow,
    VersionState, WaitKind, WaitRow, WaitState,
};

use super::columns::Columns;
use super::error::Error;
use super::value::Row;

/// The columns of a table, as text for `concat!`, in the order in which the reader of the same name takes them.
macro_rules! columns {
    (version) => {
        "version.id, version.flow, version.meaning, version.text_no, version.language, version.source, version.state, \
         version.owner, version.by, version.at, version.kind"
    };
    (contact) => {
        "contact.id, contact.salt, contact.name, contact.phone, contact.language, contact.priority, \
         contact.order_status, contact.fields, contact.consent, contact.last_at, contact.unread, contact.rev, \
         contact.erased_at"
    };
    (conversation) => {
        "conversation.id, conversation.contact_id, conversation.number, conversation.address, \
         conversation.connection, conversation.window_closes_at, conversation.session_messages, \
         conversation.session_opened_at, conversation.last_in_at, conversation.last_out_at, conversation.rev, \
         conversation.place, conversation.assignee, conversation.team, conversation.last_agent, conversation.unread, \
         conversation.active_at, conversation.closed_at, conversation.paused_until"
    };
    (tag) => {
        "contact_tag.contact_id, contact_tag.tag, contact_tag.source, contact_tag.source_id, contact_tag.event_id, \
         contact_tag.at"
    };
    (event) => {
        "event.id, event.key, event.mailbox, event.contact_id, event.conversation_id, event.connection, event.kind, \
         event.origin, event.at, event.provider_at, event.depth, event.format, event.body"
    };
    (message) => {
        "message.id, message.conversation_id, message.inbound, message.event_id, message.effect_key, \
         message.external_key, message.status, message.status_at, message.error, message.text, message.norm, \
         message.cost"
    };
    (input) => {
        "input.id, input.shard, input.mailbox, input.lane, input.kind, input.reference, input.body"
    };
    (run) => {
        "run.id, run.version_id, coalesce(version.flow, ''), run.mailbox, run.shard, run.contact_id, \
         run.conversation_id, run.event_id, run.status, run.format, run.state, run.turns, run.effects, \
         run.started_at, run.ended_at, run.error"
    };
    (journal) => {
        "journal.id, journal.subject, journal.seq, journal.kind, journal.by, journal.contact_id, journal.at, \
         journal.format, journal.body, journal.data, journal.data_digest, journal.strand, journal.block"
    };
    (effect) => {
        "effect.id, effect.run_id, effect.n, effect.key, effect.mailbox, effect.shard, effect.connection, \
         effect.lane, effect.action, effect.window_id, effect.state, effect.attempt, effect.not_before, \
         effect.deadline, effect.settle_until, effect.planned_at, effect.sent_at, effect.input, effect.attempts, \
         effect.error, effect.yields"
    };
    (wait) => {
        "wait.id, wait.shard, wait.mailbox, wait.run_id, wait.cursor, wait.kind, wait.state, wait.on_kind, wait.key, \
         wait.since, wait.due_at, wait.data"
    };
    (escalation) => {
        "escalation.id, escalation.mailbox, escalation.run_id, escalation.contact_id, escalation.conversation_id, \
         escalation.team, escalation.reason, escalation.received_at, escalation.offered_at, escalation.deadline, \
         escalation.accepted_at, escalation.accepted_by, escalation.missed, escalation.kind, escalation.stage, \
         escalation.customer, escalation.provider_at, escalation.accepted_user, escalation.answered_at, \
         escalation.fallback_at, escalation.told_at, escalation.out_of_hours, escalation.done"
    };
    (said) => {
        "said.id, said.conversation_id, said.kind, said.by, said.at, said.key, said.text, said.body, said.state, \
         said.error"
    };
    (bad_item) => {
        "bad_item.id, bad_item.connection, bad_item.at, bad_item.raw, bad_item.why"
    };
    (block) => {
        "block.strand, block.n, block.at, block.prev, block.hash, block.leaves, block.mac, block.gone"
    };
}
pub(crate) use columns;

const VERSION_STATES: [VersionState; 4] =
    [VersionState::Draft, VersionState::Live, VersionState::Old, VersionState::Off];
const INPUT_KINDS: [InputKind; 3] = [InputKind::Event, InputKind::Evidence, InputKind::Letter];
const RUN_STATUSES: [RunStatus; 6] = [
    RunStatus::Working,
    RunStatus::Waiting,
    RunStatus::NeedsAttention,
    RunStatus::Done,
    RunStatus::Failed,
    RunStatus::Cancelled,
];
const JOURNAL_KINDS: [JournalKind; 5] =
    [JournalKind::Handling, JournalKind::Turn, JournalKind::Change, JournalKind::Erasure, JournalKind::Retention];
const EFFECT_STATES: [EffectState; 4] =
    [EffectState::Planned, EffectState::InFlight, EffectState::InDoubt, EffectState::Parked];
const ASK_KINDS: [AskKind; 2] = [AskKind::Escalation, AskKind::Lead];
const WAIT_KINDS: [WaitKind; 18] = [
    WaitKind::Timer,
    WaitKind::Event,
    WaitKind::Slot,
    WaitKind::Debounce,
    WaitKind::Silence,
    WaitKind::Cron,
    WaitKind::Escalation,
    WaitKind::Continue,
    WaitKind::Tag,
    WaitKind::Deadline,
    WaitKind::Held,
    WaitKind::Sweep,
    WaitKind::Throttle,
    WaitKind::Pause,
    WaitKind::Rating,
    WaitKind::Agent,
    WaitKind::Human,
    WaitKind::Alarm,
];
const SAID_KINDS: [SaidKind; 5] =
    [SaidKind::Note, SaidKind::Text, SaidKind::Template, SaidKind::Choices, SaidKind::File];
const SAID_STATES: [SaidState; 3] = [SaidState::Sending, SaidState::Sent, SaidState::Failed];
const WAIT_STATES: [WaitState; 4] = [WaitState::Armed, WaitState::Fired, WaitState::Answered, WaitState::Cancelled];

pub(crate) fn version(row: Row) -> Result<VersionRow, Error> {
    let mut c = Columns::of(row);
    Ok(VersionRow {
        id: c.id(VersionId)?,
        flow: c.take()?,
        meaning: c.bytes()?,
        text_no: c.take()?,
        language: c.take()?,
        source: c.take()?,
        state: c.code("version", "state", &VERSION_STATES, |state| state as i64)?,
        owner: c.take()?,
        by: c.take()?,
        at: c.id(At)?,
        kind: c.id(Kind::from_code)?,
    })
}

pub(crate) fn contact(row: Row) -> Result<ContactRow, Error> {
    let mut c = Columns::of(row);
    Ok(ContactRow {
        id: c.id(ContactId)?,
        salt: c.take()?,
        name: c.take()?,
        phone: c.take()?,
        language: c.take()?,
        priority: c.take()?,
        order_status: c.take()?,
        fields: c.take()?,
        consent: c.take()?,
        last_at: c.maybe(At)?,
        unread: c.take()?,
        rev: c.take()?,
        erased_at: c.maybe(At)?,
    })
}

pub(crate) fn conversation(row: Row) -> Result<ConversationRow, Error> {
    let mut c = Columns::of(row);
    let mut row = ConversationRow {
        id: c.id(ConversationId)?,
        contact_id: c.id(ContactId)?,
        number: c.take()?,
        address: c.take()?,
        connection: c.take()?,
        window_closes_at: c.maybe(At)?,
        session_messages: c.take()?,
        session_opened_at: c.maybe(At)?,
        last_in_at: c.maybe(At)?,
        last_out_at: c.maybe(At)?,
        rev: c.take()?,
        inbox: Inbox::default(),
    };
    row.inbox = Inbox {
        place: c.code("conversation", "place", &Place::ALL, |place| place as i64)?,
        assignee: c.maybe(UserId)?,
        team: c.take()?,
        last_agent: c.maybe(UserId)?,
        unread: c.take()?,
        active_at: c.maybe(At)?,
        closed_at: c.maybe(At)?,
        paused_until: c.maybe(At)?,
    };
    Ok(row)
}

pub(crate) fn tag(row: Row) -> Result<TagRow, Error> {
    let mut c = Columns::of(row);
    Ok(TagRow {
        contact_id: c.id(ContactId)?,
        tag: c.take()?,
        source: c.take()?,
        source_id: c.take()?,
        event_id: c.maybe(EventId)?,
        at: c.id(At)?,
    })
}

/// How many columns [`event`] takes.
pub(crate) const EVENT_COLUMNS: usize = 13;

pub(crate) fn event(row: Row) -> Result<EventRow, Error> {
    take_event(&mut Columns::of(row))
}

pub(crate) fn take_event(c: &mut Columns) -> Result<EventRow, Error> {
    Ok(EventRow {
        id: c.id(EventId)?,
        key: EventKey(c.bytes()?),
        mailbox: c.id(MailboxId)?,
        contact_id: c.maybe(ContactId)?,
        conversation_id: c.maybe(ConversationId)?,
        connection: c.take()?,
        kind: c.take()?,
        origin: c.id(Origin::from_code)?,
        at: c.id(At)?,
        provider_at: c.maybe(At)?,
        depth: c.small("event", "depth")?,
        format: c.take()?,
        body: c.take()?,
    })
}

pub(crate) fn message(row: Row) -> Result<MessageRow, Error> {
    let mut c = Columns::of(row);
    Ok(MessageRow {
        id: c.id(MessageId)?,
        conversation_id: c.maybe(ConversationId)?,
        inbound: c.id(|inbound| inbound != 0)?,
        event_id: c.maybe(EventId)?,
        effect_key: c.take()?,
        external_key: c.bytes()?,
        status: c.status()?,
        status_at: c.maybe(At)?,
        error: c.take()?,
        text: c.take()?,
        norm: c.take()?,
        cost: c.take()?,
    })
}

pub(crate) fn run_status(c: &mut Columns) -> Result<RunStatus, Error> {
    c.code("run", "status", &RUN_STATUSES, |status| status as i64)
}

pub(crate) fn said(row: Row) -> Result<SaidRow, Error> {
    let mut c = Columns::of(row);
    Ok(SaidRow {
        id: c.id(MessageId)?,
        conversation_id: c.id(ConversationId)?,
        kind: c.code("said", "kind", &SAID_KINDS, |kind| kind as i64)?,
        by: c.maybe(UserId)?,
        at: c.id(At)?,
        key: c.take()?,
        text: c.take()?,
        body: c.take()?,
        state: c.code("said", "state", &SAID_STATES, |state| state as i64)?,
        error: c.take()?,
    })
}

pub(crate) fn input(row: Row) -> Result<InputRow, Error> {
    let mut c = Columns::of(row);
    Ok(InputRow {
        id: c.id(InputId)?,
        shard: c.small("input", "shard")?,
        mailbox: c.id(MailboxId)?,
        lane: c.lane("input")?,
        kind: c.code("input", "kind", &INPUT_KINDS, |kind| kind as i64)?,
        reference: c.take()?,
        body: c.take()?,
    })
}

pub(crate) fn run(row: Row) -> Result<RunRow, Error> {
    take_run(&mut Columns::of(row))
}

pub(crate) fn take_run(c: &mut Columns) -> Result<RunRow, Error> {
    Ok(RunRow {
        id: c.id(RunId)?,
        version_id: c.id(VersionId)?,
        flow: c.take()?,
        mailbox: c.id(MailboxId)?,
        shard: c.small("run", "shard")?,
        contact_id: c.maybe(ContactId)?,
        conversation_id: c.maybe(ConversationId)?,
        event_id: c.id(EventId)?,
        status: run_status(c)?,
        format: c.take()?,
        state: c.take()?,
        turns: c.take()?,
        effects: c.take()?,
        started_at: c.id(At)?,
        ended_at: c.maybe(At)?,
        error: c.take()?,
    })
}

pub(crate) fn journal(row: Row) -> Result<JournalRow, Error> {
    take_journal(&mut Columns::of(row))
}

fn take_journal(c: &mut Columns) -> Result<JournalRow, Error> {
    Ok(JournalRow {
        id: c.id(JournalId)?,
        subject: c.take()?,
        seq: c.take()?,
        kind: c.code("journal", "kind", &JOURNAL_KINDS, |kind| kind as i64)?,
        by: c.take()?,
        contact_id: c.maybe(ContactId)?,
        at: c.id(At)?,
        format: c.take()?,
        body: c.take()?,
        data: c.take()?,
        data_digest: c.take()?,
        strand: c.take()?,
        block: c.take()?,
    })
}

/// A journal row, and behind it the salt of its person.
pub(crate) fn salted(row: Row) -> Result<SaltedRow, Error> {
    let mut c = Columns::of(row);
    Ok(SaltedRow { row: take_journal(&mut c)?, salt: c.take()? })
}

pub(crate) fn effect(row: Row) -> Result<EffectRow, Error> {
    let mut c = Columns::of(row);
    Ok(EffectRow {
        id: c.id(EffectId)?,
        run_id: c.id(RunId)?,
        n: c.take()?,
        key: c.take()?,
        mailbox: c.id(MailboxId)?,
        shard: c.small("effect", "shard")?,
        connection: c.take()?,
        lane: c.lane("effect")?,
        action: c.take()?,
        window: c.maybe(ConversationId)?,
        state: c.code("effect", "state", &EFFECT_STATES, |state| state as i64)?,
        attempt: c.small("effect", "attempt")?,
        not_before: c.id(At)?,
        deadline: c.id(At)?,
        settle_until: c.maybe(At)?,
        planned_at: c.id(At)?,
        sent_at: c.maybe(At)?,
        input: c.take()?,
        attempts: c.take()?,
        error: c.take()?,
        yields: c.take()?,
    })
}

pub(crate) fn wait(row: Row) -> Result<WaitRow, Error> {
    let mut c = Columns::of(row);
    Ok(WaitRow {
        id: c.id(WaitId)?,
        shard: c.small("wait", "shard")?,
        mailbox: c.id(MailboxId)?,
        run_id: c.maybe(RunId)?,
        cursor: c.take()?,
        kind: c.code("wait", "kind", &WAIT_KINDS, |kind| kind as i64)?,
        state: c.code("wait", "state", &WAIT_STATES, |state| state as i64)?,
        on_kind: c.take()?,
        key: c.take()?,
        since: c.id(EventId)?,
        due_at: c.id(At)?,
        data: c.take()?,
    })
}

pub(crate) fn due(row: Row) -> Result<DueRow, Error> {
    let mut c = Columns::of(row);
    Ok(DueRow { due_at: c.id(At)?, id: c.id(WaitId)?, mailbox: c.id(MailboxId)? })
}

pub(crate) fn escalation(row: Row) -> Result<EscalationRow, Error> {
    let mut c = Columns::of(row);
    Ok(EscalationRow {
        id: c.id(EscalationId)?,
        mailbox: c.id(MailboxId)?,
        run_id: c.id(RunId)?,
        contact_id: c.maybe(ContactId)?,
        conversation_id: c.maybe(ConversationId)?,
        team: c.take()?,
        reason: c.take()?,
        received_at: c.id(At)?,
        offered_at: c.id(At)?,
        deadline: c.id(At)?,
        accepted_at: c.maybe(At)?,
        accepted_by: c.take()?,
        missed: c.id(|missed| missed != 0)?,
        kind: c.code("escalation", "kind", &ASK_KINDS, |kind| kind as i64)?,
        stage: c.code("escalation", "stage", &Stage::ALL, |stage| stage as i64)?,
        customer: c.take()?,
        provider_at: c.maybe(At)?,
        accepted_user: c.maybe(UserId)?,
        answered_at: c.maybe(At)?,
        fallback_at: c.maybe(At)?,
        told_at: c.maybe(At)?,
        out_of_hours: c.id(|out| out != 0)?,
        done: c.id(|done| done != 0)?,
    })
}

pub(crate) fn bad_item(row: Row) -> Result<BadItemRow, Error> {
    let mut c = Columns::of(row);
    Ok(BadItemRow { id: c.id(BadItemId)?, connection: c.take()?, at: c.id(At)?, raw: c.take()?, why: c.take()? })
}

pub(crate) fn block(row: Row) -> Result<BlockRow, Error> {
    let mut c = Columns::of(row);
    Ok(BlockRow {
        strand: c.take()?,
        n: c.take()?,
        at: c.id(At)?,
        prev: c.take()?,
        hash: c.take()?,
        leaves: c.take()?,
        mac: c.take()?,
        gone: c.take()?,
    })
}

/// A lone number.
pub(crate) fn number(row: Row) -> Result<i64, Error> {
    Columns::of(row).take()
}

/// A stop.
pub(crate) fn stop(row: Row) -> Result<Stop, Error> {
    let mut c = Columns::of(row);
    let scope: String = c.take()?;
    let scope = scope.parse().map_err(|error: engine::stops::NoScope| Error::Unfit(error.to_string()))?;
    Ok(Stop { scope, by: c.take()?, at: At(c.take()?) })
}
