//! The flows of every simulation, and what each message is to bring about by them.

use std::sync::{Arc, LazyLock};

use crate::book::Published;
use crate::flow::Kind;
use crate::flowtest::tests::document;
use crate::ids::VersionId;
use crate::store::{VersionRow, VersionState};

use super::rows::BEGIN;

/// A call after a call, and another one after a wait.
const ORDER: &str = r#"
format: 1
flow: order
on: whatsapp.order_received
steps:
  - do: crm.create_ticket
    with: { subject: "order {{event.order.id}}" }
  - do: whatsapp.send_template
    with: { template: order_confirmation, params: { id: "{{event.order.id}}" } }
  - wait: 5s
  - do: crm.create_ticket
    with: { subject: "after {{event.order.id}}" }
"#;

/// Branches that are joined. An order is a message, too: only its type keeps it out of here.
const JOIN: &str = r#"
format: 1
flow: join
on:
  - whatsapp.message_received: { type: text }
steps:
  - parallel:
      one:
        - do: crm.create_ticket
          with: { subject: "one {{event.text}}" }
      other:
        - do: crm.create_ticket
          with: { subject: "other {{event.text}}" }
        - wait: 1s
  - do: crm.create_ticket
    with: { subject: "joined {{event.text}}" }
"#;

/// One run at a time, whoever wrote.
const GATE: &str = r#"
format: 1
flow: gate
on:
  - whatsapp.message_received: { type: text }
concurrency: { key: '"all"', limit: 1 }
steps:
  - do: crm.create_ticket
    with: { subject: "gate {{event.text}}" }
"#;

/// How many runs an order and a message start.
pub(super) const RUNS: [usize; 2] = [1, 2];

/// What an order, or another message, is to bring about. The first thing is what keeps its place among those of one customer.
pub(super) fn effects(id: &str, is_order: bool) -> Vec<String> {
    let words: &[&str] = if is_order { &["order", "confirm", "after"] } else { &["one", "other", "joined", "gate"] };
    words.iter().map(|word| format!("{word} {id}")).collect()
}

/// The flows as they are stored, and as they run.
pub(super) static VERSIONS: LazyLock<Vec<(VersionRow, Published)>> =
    LazyLock::new(|| (1..).zip([ORDER, JOIN, GATE]).map(|(id, source)| version(VersionId(id), source)).collect());

fn version(id: VersionId, source: &str) -> (VersionRow, Published) {
    let published = document(source).into_version(id);
    let Published::Flow(flow) = &published else { panic!("these are flows") };
    let row = VersionRow {
        id,
        kind: Kind::Flow,
        flow: flow.flow.to_string(),
        meaning: flow.meaning,
        text_no: 1,
        language: 1,
        source: source.to_owned(),
        state: VersionState::Live,
        owner: "db".to_owned(),
        by: "test".to_owned(),
        at: BEGIN,
    };
    (row, published)
}

/// How a stored version is made runnable: it was, once for all simulations.
pub(super) fn compile() -> crate::runner::Compile {
    Arc::new(|row: &VersionRow| {
        let found = VERSIONS.iter().find(|(known, _)| known.id == row.id);
        found.map(|(_, published)| published.clone()).ok_or_else(|| format!("no version {}", row.id))
    })
}
