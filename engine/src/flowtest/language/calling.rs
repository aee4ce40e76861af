//! Flows that call flows.

use super::{HELLO, ORDER};
use crate::flowtest::tests::{catalog, document, outcome};
use crate::flowtest::{Outcome, run};

fn calling(test: &str) -> Vec<Outcome> {
    let parent = format!(
        r#"
format: 1
flow: parent
on: whatsapp.order_received
steps:
  - id: child
    run_flow: child
    with: {{ sum: "= event.order.total", who: "{{{{contact.name}}}}" }}
  - set: {{ heard: "= steps.child.vars.answer" }}
on_error:
  - set: {{ heard: "{{{{error.code}}}}" }}
tests:
  - name: it
    {}
"#,
        test.trim().replace('\n', "\n    ")
    );
    let child = r#"
format: 1
flow: child
on: flow.called
steps:
  - wait: 1h
  - if: event.input.sum > 20
    then:
      - set: { answer: "{{event.caller}} {{event.input.sum}}" }
    else:
      - stop: { as: failed, reason: too small }
"#;
    run(vec![document(&parent), document(child)], &catalog())
}

#[test]
fn a_flow_that_ends_with_a_call_it_does_not_wait_for_still_makes_it() {
    let parent = format!(
        r#"
format: 1
flow: parent
on: whatsapp.order_received
steps:
  - run_flow: child
    wait: false
tests:
  - name: it
    {}
"#,
        format!("{ORDER}tags: [called]\nothers: allowed\nend: done").trim().replace('\n', "\n    ")
    );
    let child = r#"
format: 1
flow: child
on: flow.called
steps:
  - do: contact.add_tags
    with: { tags: [called] }
"#;
    let outcomes = run(vec![document(&parent), document(child)], &catalog());
    assert!(outcomes[0].passed, "{outcomes:#?}");
}

#[test]
fn a_flow_calls_another_and_reads_what_it_gave() {
    let outcomes = calling(&format!("{ORDER}others: allowed\nvars: {{ heard: parent 30 }}\nend: done"));
    assert!(outcomes[0].passed, "{outcomes:#?}");
}

#[test]
fn a_called_flow_that_fails_fails_the_step() {
    let small = "at: { 0s: { whatsapp.order_received: { order: { total: 1 } } } }\n";
    let outcomes = calling(&format!("{small}others: allowed\nvars: {{ heard: flow_failed }}\nend: failed"));
    assert!(outcomes[0].passed, "{outcomes:#?}");
}

#[test]
fn a_flow_that_is_not_there_fails_the_step() {
    let flow = "on: whatsapp.message_received\nsteps:\n  - run_flow: nowhere\n";
    let outcome = outcome(flow, &format!("{HELLO}end: failed"));
    assert!(outcome.passed, "{outcome:#?}");
}
