//! Rows for the suite: each with a distinct id and nothing in it but what a promise needs.

use std::sync::atomic::{AtomicI64, Ordering};

use engine::audit::data_digest;
use engine::clock::At;
use engine::connector::{Party, Status, StatusReport};
use engine::desk::{AskKind, Stage};
use engine::event::{EventKey, MESSAGE_RECEIVED, Origin};
use engine::flow::Kind;
use engine::ids::{
    ContactId, ConversationId, EffectId, EscalationId, EventId, InputId, JournalId, MailboxId, MessageId, RunId,
    VersionId, WaitId,
};
use engine::inbox::Inbox;
use engine::store::{
    Arrival, ContactRow, ConversationRow, EffectRow, EffectState, EscalationRow, EventArrival, EventRow, InputRow,
    JournalKind, JournalRow, Lane, MessageRow, NewParty, Receipt, RunRow, RunStatus, TagRow, VersionRow, VersionState,
    WaitKind, WaitRow, WaitState, Work,
};

/// The instant at which the suite plays.
pub const NOW: At = At(1_795_000_000_000);
/// The salt of every contact that [`contact`] makes.
pub const SALT: [u8; 16] = [7; 16];

/// A number never given before.
pub fn next() -> i64 {
    static LAST: AtomicI64 = AtomicI64::new(1_000);
    LAST.fetch_add(1, Ordering::Relaxed)
}

/// The customer `name` with `address`, which is a phone number without `+`.
pub fn party(address: &str, name: &str) -> NewParty {
    NewParty {
        party: Party {
            number: "700100".into(),
            address: address.into(),
            phone: Some(format!("+{address}")),
            name: (!name.is_empty()).then(|| name.to_owned()),
        },
        contact: ContactId(next()),
        salt: SALT,
        conversation: ConversationId(next()),
    }
}

/// A customer's text, `external` being the provider's id of it.
pub fn text(external: &str, party: Option<NewParty>, words: &str) -> EventArrival {
    let id = EventId(next());
    EventArrival {
        id,
        input: InputId(next()),
        key: EventKey::new("wa-main", "message", external),
        connection: "wa-main".into(),
        kind: MESSAGE_RECEIVED.into(),
        origin: Origin::Customer,
        at: NOW,
        provider_at: Some(NOW.minus(std::time::Duration::from_secs(1))),
        body: format!("{{\"text\":\"{words}\"}}").into_bytes(),
        lane: Lane::Interactive,
        party,
        mailbox: MailboxId::of_event(id),
        message: Some(message(external, Status::Received, true, words)),
    }
}

/// An arrival of it.
pub fn arrival(event: EventArrival) -> Arrival {
    Arrival::Event(Box::new(event))
}

/// The row of the event in a receipt, and its input.
pub fn stored(receipt: &Receipt) -> (EventRow, InputRow) {
    match receipt {
        Receipt::New(stored) => (stored.event.clone(), stored.input.clone()),
        other => panic!("expected a new event, got {other:?}"),
    }
}

/// 16 bytes that stand for the provider's id of a message.
pub fn external_key(external: &str) -> [u8; 16] {
    EventKey::new("wa-main", "", external).0
}

/// A message, in or out.
pub fn message(external: &str, status: Status, inbound: bool, words: &str) -> MessageRow {
    MessageRow {
        id: MessageId(next()),
        conversation_id: None,
        inbound,
        event_id: None,
        effect_key: None,
        external_key: external_key(external),
        status,
        status_at: Some(NOW),
        error: None,
        text: Some(words.into()),
        norm: Some(words.to_lowercase()),
        cost: None,
    }
}

/// A report that a message got as far as `status`, with our `key` in it.
pub fn status(external: &str, status: Status, key: Option<&str>) -> Arrival {
    let error = (status == Status::Failed).then(|| "131026 message undeliverable".to_owned());
    Arrival::Status {
        connection: "wa-main".into(),
        external_key: external_key(external),
        report: StatusReport {
            external_id: external.into(),
            status,
            at: Some(NOW),
            key: key.map(str::to_owned),
            error,
            cost: None,
        },
        id: next(),
        at: NOW,
        event: None,
    }
}

/// An empty work of a mailbox.
pub fn work(mailbox: MailboxId) -> Work {
    Work { mailbox, at: NOW, ..Work::default() }
}

/// A run that waits for a call.
pub fn run(mailbox: MailboxId, version: VersionId) -> RunRow {
    RunRow {
        id: RunId(next()),
        version_id: version,
        flow: String::new(),
        mailbox,
        shard: mailbox.shard(),
        contact_id: Some(ContactId(mailbox.0)),
        conversation_id: None,
        event_id: EventId(next()),
        status: RunStatus::Working,
        format: 1,
        state: b"state".to_vec(),
        turns: 1,
        effects: 1,
        started_at: NOW,
        ended_at: None,
        error: None,
    }
}

/// What a turn tells about a run, with a customer's words as its personal data.
pub fn journal(run: &RunRow, seq: i64, words: &str) -> JournalRow {
    JournalRow {
        id: JournalId(next()),
        subject: run.id.0,
        seq,
        kind: JournalKind::Turn,
        by: String::new(),
        contact_id: run.contact_id,
        at: NOW,
        format: 1,
        body: format!("{{\"turn\":{seq}}}").into_bytes(),
        data: Some(words.as_bytes().to_vec()),
        data_digest: data_digest(&SALT, words.as_bytes()),
        strand: 0,
        block: 0,
    }
}

/// The `n`th call of a run.
pub fn effect(run: &RunRow, n: i64) -> EffectRow {
    EffectRow {
        id: EffectId(next()),
        run_id: run.id,
        n,
        key: format!("{}/{n}", run.id),
        mailbox: run.mailbox,
        shard: run.shard,
        connection: "wa-main".into(),
        lane: Lane::Interactive,
        action: "whatsapp.send_text".into(),
        window: None,
        yields: false,
        state: EffectState::Planned,
        attempt: 0,
        not_before: NOW,
        deadline: At(NOW.0 + 600_000),
        settle_until: None,
        planned_at: NOW,
        sent_at: None,
        input: b"{}".to_vec(),
        attempts: b"[]".to_vec(),
        error: String::new(),
    }
}

/// A wait that falls due at `due`.
pub fn wait(mailbox: MailboxId, kind: WaitKind, due: At) -> WaitRow {
    WaitRow {
        id: WaitId(next()),
        shard: mailbox.shard(),
        mailbox,
        run_id: None,
        cursor: 0,
        kind,
        state: WaitState::Armed,
        on_kind: None,
        key: None,
        since: EventId(0),
        due_at: due,
        data: b"{}".to_vec(),
    }
}

/// A contact with its data.
pub fn contact(id: ContactId, name: &str, phone: &str) -> ContactRow {
    ContactRow {
        id,
        salt: Some(SALT.to_vec()),
        name: name.into(),
        phone: Some(phone.into()),
        language: "zh_CN".into(),
        priority: 2,
        order_status: "paid".into(),
        fields: "{\"size\":\"XL\"}".into(),
        consent: "{\"marketing\":true}".into(),
        last_at: Some(NOW),
        unread: 1,
        rev: 1,
        erased_at: None,
    }
}

/// A conversation of a contact.
pub fn conversation(id: ConversationId, contact: ContactId, address: &str) -> ConversationRow {
    ConversationRow {
        id,
        contact_id: contact,
        number: "700100".into(),
        address: address.into(),
        connection: "wa-main".into(),
        window_closes_at: None,
        session_messages: 1,
        session_opened_at: Some(NOW),
        last_in_at: Some(NOW),
        last_out_at: None,
        inbox: Inbox::default(),
        rev: 1,
    }
}

/// A tag that a rule gave.
pub fn tag(contact: ContactId, tag: &str, rule: &str) -> TagRow {
    TagRow { contact_id: contact, tag: tag.into(), source: 0, source_id: rule.into(), event_id: None, at: NOW }
}

/// A version of a flow; `meaning` tells it from others.
pub fn version(flow: &str, meaning: u8, state: VersionState) -> VersionRow {
    VersionRow {
        id: VersionId(next()),
        kind: Kind::Flow,
        flow: flow.into(),
        meaning: [meaning; 32],
        text_no: 1,
        language: 1,
        source: format!("flow: {flow}"),
        state,
        owner: "db".into(),
        by: "cli".into(),
        at: NOW,
    }
}

/// An escalation of a run.
pub fn escalation(run: &RunRow, reason: &str) -> EscalationRow {
    EscalationRow {
        id: EscalationId(next()),
        mailbox: run.mailbox,
        run_id: run.id,
        contact_id: run.contact_id,
        conversation_id: None,
        team: "care".into(),
        reason: reason.into(),
        received_at: NOW,
        offered_at: NOW,
        deadline: At(NOW.0 + 20_000),
        accepted_at: None,
        accepted_by: None,
        missed: false,
        kind: AskKind::Escalation,
        stage: Stage::Team,
        customer: "Li Wei".into(),
        provider_at: Some(NOW),
        accepted_user: None,
        answered_at: None,
        fallback_at: None,
        told_at: None,
        out_of_hours: false,
        done: false,
    }
}
