//! Triggers: what may start a run, each with typed parameters and a typed event.
//!
//! The parameter struct draws the form and checks the YAML; the event struct is the schema that names in expressions are
//! checked against. Whether an event matches is decided in [`crate::matching`].

mod doors;
mod own;

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::{Value, json};

use crate::event;

pub use doors::*;
pub use own::*;

/// A trigger as the catalogue shows it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TriggerSpec {
    /// Full name, such as `whatsapp.order_received`.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// JSON Schema of its parameters.
    pub params: Schema,
    /// JSON Schema of `event`, without the fields every event has.
    pub event: Schema,
    /// An event as tests and previews see it: the event's own fields.
    pub sample: Value,
    /// Whether its event happens in a conversation, so that `contact` and `conversation` are there.
    pub in_conversation: bool,
}

impl TriggerSpec {
    /// Whether a run can wait for it: only what the contact of the run does, and not its silence.
    #[must_use]
    pub fn can_be_awaited(&self) -> bool {
        self.in_conversation && ![event::NO_REPLY, event::FLOW_CALLED].contains(&self.name)
    }
}

/// All triggers by name.
#[must_use]
pub fn all() -> BTreeMap<&'static str, TriggerSpec> {
    let specs = of_customers().into_iter().chain(of_systems()).chain(of_conversations()).chain(of_the_engine());
    specs.map(|spec| (spec.name, spec)).collect()
}

/// What customers do.
fn of_customers() -> [TriggerSpec; 4] {
    let message = |kind: &str| json!({ "id": "wamid.TEST", "type": kind });
    let order = json!({
        "id": "wamid.TEST", "total": 39.8, "currency": "CNY", "catalog_id": "445566", "note": "",
        "items": [{ "sku": "SKU-12", "quantity": 2, "price": 19.9, "currency": "CNY" }],
    });
    let status = json!({ "status": "failed", "message_id": "wamid.TEST", "error": null, "run": "run_test" });
    let form = json!({ "form": "size", "answers": {}, "message": message("interactive"), "text": "" });
    let ordered = json!({ "order": order, "message": message("order"), "text": "" });
    let said = json!({ "message": message("text"), "text": "hello" });
    [
        spec::<OrderReceived, OrderEvent>(event::ORDER_RECEIVED, "A customer sent an order.", ordered),
        spec::<MessageReceived, MessageEvent>(event::MESSAGE_RECEIVED, "A customer sent a message.", said),
        spec::<FormSubmitted, FormEvent>(event::FORM_SUBMITTED, "A customer sent a form off.", form),
        spec::<MessageStatus, MessageStatusEvent>(
            event::MESSAGE_STATUS,
            "A message of ours got further, or failed.",
            status,
        ),
    ]
}

/// What other systems and people at their desks do: in no conversation.
fn of_systems() -> [TriggerSpec; 5] {
    let change = json!({ "object": "contact", "object_id": "501", "field": "stage", "old": null, "new": "won" });
    let record = json!({ "object": "contact", "object_id": "501" });
    let call = json!({ "method": "POST", "path": "", "query": {}, "body": {} });
    let slot = json!({ "slot": "2026-01-01T09:00:00.000Z" });
    let pressed = json!({ "by": "someone", "input": null });
    let specs = [
        spec::<FieldChanged, FieldChangedEvent>(event::FIELD_CHANGED, "A field of a CRM record changed.", change),
        spec::<RecordCreated, RecordCreatedEvent>(event::RECORD_CREATED, "A record was made in the CRM.", record),
        spec::<Cron, CronEvent>(event::CRON, "A time of a schedule came.", slot),
        spec::<WebhookReceived, WebhookEvent>(event::WEBHOOK_RECEIVED, "Another system called.", call),
        spec::<Manual, ManualEvent>(event::MANUAL, "A person pressed the button.", pressed),
    ];
    specs.map(|spec| TriggerSpec { in_conversation: false, ..spec })
}

/// What becomes of contacts and conversations.
fn of_conversations() -> [TriggerSpec; 5] {
    let silence = json!({ "silent": "customer", "since": "2026-01-01T00:00:00.000Z", "after": "48h" });
    let long = json!({ "messages": 7, "opened_at": "2026-01-01T00:00:00.000Z" });
    let given = json!({ "tag": "vip", "source": "flow", "source_id": "another-flow" });
    let consent = json!({ "purpose": "marketing", "given": true });
    [
        spec::<NoReply, NoReplyEvent>(event::NO_REPLY, "Nobody answered for a time; once per silence.", silence),
        spec::<SessionLong, SessionLongEvent>(
            event::SESSION_LONG,
            "A customer wrote many messages in one session.",
            long,
        ),
        spec::<TagAdded, TagAddedEvent>(event::TAG_ADDED, "A contact got a tag.", given),
        spec::<TagRemoved, TagRemovedEvent>(event::TAG_REMOVED, "A contact lost a tag.", json!({ "tag": "vip" })),
        spec::<ConsentChanged, ConsentChangedEvent>(
            event::CONSENT_CHANGED,
            "A contact agreed to something, or does no longer.",
            consent,
        ),
    ]
}

/// What becomes of runs and escalations: the contact is theirs, if they have one.
fn of_the_engine() -> [TriggerSpec; 4] {
    let called = json!({ "input": {}, "caller": "another-flow", "caller_run": "run_test" });
    let failed = json!({
        "flow": "another-flow", "run": "run_test", "code": "refused", "message": "it was refused", "step": "ticket",
    });
    let missed = json!({ "escalation": "esc_test", "team": "care", "reason": "complaint", "why": "nobody_took" });
    let taken = json!({
        "escalation": "esc_test", "team": "care", "reason": "complaint", "agent": "someone", "after_s": 12,
    });
    [
        spec::<FlowCalled, FlowCalledEvent>(
            event::FLOW_CALLED,
            "Another flow called this one with `run_flow`.",
            called,
        ),
        spec::<FlowFailed, FlowFailedEvent>(event::FLOW_FAILED, "A run of another flow failed.", failed),
        spec::<EscalationMissed, EscalationMissedEvent>(
            event::ESCALATION_MISSED,
            "Nobody took an escalation in time.",
            missed,
        ),
        spec::<EscalationTaken, EscalationTakenEvent>(event::ESCALATION_TAKEN, "A person took an escalation.", taken),
    ]
}

fn spec<P: JsonSchema, E: JsonSchema>(name: &'static str, about: &'static str, sample: Value) -> TriggerSpec {
    TriggerSpec {
        name,
        about,
        params: schemars::schema_for!(P),
        event: schemars::schema_for!(E),
        sample,
        in_conversation: true,
    }
}
