//! One compiled condition over a stored event.

use std::hint::black_box;
use std::sync::Arc;

use anyhow::Result;
use engine::clock::At;
use engine::event::{EventKey, ORDER_RECEIVED, Origin};
use engine::expr::{Origin as Place, Scope, Script};
use engine::handle::event_from_row;
use engine::ids::{ContactId, ConversationId, EventId, MailboxId};
use engine::store::EventRow;
use serde_json::json;
use tokio::time::Instant;

use crate::report::{Budget, Figure, Report};
use crate::stats::Spread;

/// What a flow's trigger usually asks.
const CONDITION: &str = r#"event.order.total > 100 && event.order.currency == "BRL""#;
/// Evaluations of one sample, and samples; the median of them counts, so that a pause of the machine does not.
const TIMES: (u32, usize) = (2_000, 31);

pub(crate) fn measure(report: &mut Report) -> Result<()> {
    let script = Script::compile(CONDITION, Place::default()).map_err(|error| anyhow::anyhow!(error.message))?;
    let row = stored();
    let event = event_from_row(row.clone());
    let decide = |event: &engine::event::Event| {
        let mut scope = Scope::new();
        scope.set("event", Arc::clone(&event.seen));
        black_box(script.condition(&scope).is_ok_and(|decision| decision.holds))
    };
    anyhow::ensure!(decide(&event), "the condition does not hold");
    let of_event = sampled(|| decide(&event));
    let of_row = sampled(|| decide(&event_from_row(row.clone())));
    let what = "a compiled condition, scope from a stored event";
    report.add(Figure::new("condition", what, of_event, "µs", Budget::AtMost(4.0)));
    let what = "the same, the event decoded from its row each time";
    report.add(Figure::new("condition_decoded", what, of_row, "µs", Budget::Told));
    Ok(())
}

/// Microseconds of one `act`.
fn sampled(act: impl Fn() -> bool) -> f64 {
    let sample = || {
        let began = Instant::now();
        for _ in 0..TIMES.0 {
            black_box(act());
        }
        began.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES.0)
    };
    Spread::of((0..TIMES.1).map(|_| sample())).median()
}

/// An order as the door stores it.
fn stored() -> EventRow {
    let line = |sku: &str, price: f64| json!({ "sku": sku, "quantity": 2, "price": price, "currency": "BRL" });
    let order = json!({
        "id": "wamid.HBgNNTUxMTk5OTk5OTk5ORUCABIYFjNFQjBD0000000000000001AA==", "total": 129.8, "currency": "BRL",
        "catalog_id": "445566", "note": "", "items": [line("SKU-12", 59.9), line("SKU-7", 5.0)],
    });
    let body = json!({ "order": order, "text": "", "profile": { "name": "Ana Lima" } });
    EventRow {
        id: EventId(1),
        key: EventKey([1; 16]),
        mailbox: MailboxId(1),
        contact_id: Some(ContactId(1)),
        conversation_id: Some(ConversationId(1)),
        connection: "wa-main".into(),
        kind: ORDER_RECEIVED.into(),
        origin: Origin::Customer,
        at: At(0),
        provider_at: Some(At(0)),
        depth: 0,
        format: 1,
        body: Some(body.to_string().into_bytes()),
    }
}
