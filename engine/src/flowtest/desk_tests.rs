//! Flows that ask for humans, in virtual time: the desk takes part as it does in production.

use super::tests::passes;

const COMPLAINT: &str = "0s: { whatsapp.message_received: { text: a complaint } }";

/// Asks, waits, and gives a tag that says how it stands.
const WAITS: &str = r#"
on: whatsapp.message_received
steps:
  - id: human
    do: human.escalate
    with: { team: care, reason: help, wait: taken, accept_within: 20s }
  - do: contact.add_tags
    with: { tags: ["{{steps.human.state}}", "by-{{steps.human.by}}"] }
"#;

#[test]
fn a_step_that_waits_goes_on_when_somebody_takes_it() {
    let taken = "5s: { escalation.taken: { team: care, agent: Anna } }";
    let expected = "expect:\n  - human.escalate: { team: care, reason: help }\n  - { at: 5s, contact.add_tags: { tags: [taken, by-Anna] } }";
    passes(WAITS, &format!("at: {{ {COMPLAINT}, {taken} }}\n{expected}\nend: done\n"));
}

#[test]
fn a_step_that_waits_goes_on_when_nobody_does() {
    let expected = "expect:\n  - human.escalate\n  - { at: 20s, contact.add_tags: { tags: [missed, by-] } }";
    passes(WAITS, &format!("at: {{ {COMPLAINT} }}\n{expected}\nend: done\n"));
}

#[test]
fn one_that_is_taken_in_time_is_never_missed_and_a_late_one_is_both() {
    let flow = r#"
on: [whatsapp.message_received, escalation.missed, escalation.taken]
steps:
  - switch: event.type
    cases:
      whatsapp.message_received:
        - do: human.escalate
          with: { team: care, reason: help }
      escalation.missed:
        - do: contact.add_tags
          with: { tags: [missed] }
      escalation.taken:
        - do: contact.add_tags
          with: { tags: [taken] }
"#;
    let taken = |at: &str| format!("{at}: {{ escalation.taken: {{ team: care, agent: Anna }} }}");
    let early = "expect:\n  - human.escalate\n  - { at: 5s, contact.add_tags: { tags: [taken] } }\n";
    passes(flow, &format!("at: {{ {COMPLAINT}, {} }}\n{early}", taken("5s")));
    let late = "expect:\n  - human.escalate\n  - { at: 20s, contact.add_tags: { tags: [missed] } }\n  - { at: 1m, contact.add_tags: { tags: [taken] } }\n";
    passes(flow, &format!("at: {{ {COMPLAINT}, {} }}\n{late}", taken("1m")));
}

#[test]
fn the_promise_counts_from_the_timer_that_caused_it() {
    let flow = "on: whatsapp.message_received\nsteps:\n  - wait: 48h\n  - do: human.escalate\n    with: { team: care, reason: help, wait: taken }\n  - do: contact.add_tags\n    with: { tags: [\"{{steps.human.state}}\"] }\n";
    let flow = flow.replace("  - do: human.escalate", "  - id: human\n    do: human.escalate");
    let expected =
        "expect:\n  - { at: 48h, human.escalate: {} }\n  - { at: 172820s, contact.add_tags: { tags: [missed] } }";
    passes(&flow, &format!("at: {{ {COMPLAINT} }}\n{expected}\n"));
}

#[test]
fn whoever_takes_a_lead_is_the_owner() {
    let flow =
        "on: whatsapp.message_received\nsteps:\n  - do: human.assign\n    with: { team: sales, reason: a lead }\n";
    let taken = "3m: { escalation.taken: { team: sales, agent: Ben } }";
    let expected = "expect: [human.assign]\ncontact: { fields: { owner: Ben } }";
    passes(flow, &format!("at: {{ {COMPLAINT}, {taken} }}\n{expected}\n"));
}
