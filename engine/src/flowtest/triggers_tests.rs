//! Tests of the triggers: each meets what it names and nothing else, and what a flow causes comes to an end.

use super::tests::{catalog, passes};
use crate::flow::{Environment, check};

const MESSAGE: &str = "whatsapp.message_received: { text: hi }";

#[test]
fn a_tag_that_a_flow_gives_starts_what_listens_to_it() {
    let flow = r#"
on:
  - whatsapp.message_received
  - contact.tag_added: { tag: vip }
  - contact.tag_removed
steps:
  - switch: event.type
    cases:
      whatsapp.message_received:
        - do: contact.add_tags
          with: { tags: [vip, other] }
      contact.tag_added:
        - do: contact.set_field
          with: { field: by, value: "{{event.type}}" }
        - do: contact.remove_tags
          with: { tags: [other] }
      contact.tag_removed:
        - do: contact.set_field
          with: { field: lost, value: "{{event.type}}" }
"#;
    let test = r#"
at: { 0s: { whatsapp.message_received: { text: hi } } }
expect:
  - contact.add_tags
  - contact.set_field: { field: by, value: contact.tag_added }
  - contact.remove_tags
  - contact.set_field: { field: lost, value: contact.tag_removed }
tags: [vip]
"#;
    passes(flow, test);
}

#[test]
fn a_tag_tells_what_gave_it() {
    let flow = r#"
on: { contact.tag_added: { tag: a } }
when: event.source == "flow" && event.source_id == "tested"
steps:
  - do: contact.add_tags
    with: { tags: [b] }
"#;
    let given = "contact.tag_added: { tag: a, source: flow, source_id: tested }";
    passes(flow, &format!("at: {{ 0s: {{ {given} }} }}\nexpect: [contact.add_tags]\n"));
    passes(flow, "at: { 0s: { contact.tag_added: { tag: a, source: rule } } }\nexpect: []\n");
    passes(flow, "at: { 0s: { contact.tag_added: { tag: c, source_id: tested } } }\nexpect: []\n");
}

#[test]
fn a_flow_that_listens_to_its_own_doing_comes_to_an_end() {
    let flow = r#"
on:
  - whatsapp.message_received
  - contact.tag_added
  - contact.tag_removed
steps:
  - if: contact.tags.contains("a")
    then:
      - do: contact.remove_tags
        with: { tags: [a] }
    else:
      - do: contact.add_tags
        with: { tags: [a] }
"#;
    let pair = "  - contact.add_tags\n  - contact.remove_tags\n".repeat(4);
    passes(flow, &format!("at: {{ 0s: {{ {MESSAGE} }} }}\nexpect:\n{pair}  - contact.add_tags\n"));
}

#[test]
fn first_is_the_first_message_ever() {
    let flow = "on: { whatsapp.message_received: { first: true } }\nsteps:\n  - do: contact.add_tags\n    with: { tags: [new] }\n";
    let twice = format!("at: {{ 0s: {{ {MESSAGE} }}, 1h: {{ {MESSAGE} }} }}\nexpect: [contact.add_tags]\n");
    passes(flow, &twice);
    let known = "at: { 0s: { whatsapp.message_received: { origin: history } }, 1h: { whatsapp.message_received: {} } }";
    passes(flow, &format!("{known}\nexpect: []\n"));
}

#[test]
fn an_advertisement_is_told_by_its_referral() {
    let flow = "on: { whatsapp.message_received: { referral: true } }\nsteps:\n  - do: contact.add_tags\n    with: { tags: [ad] }\n";
    let ad = "whatsapp.message_received: { message: { referral: { source_id: a1 } } }";
    passes(
        flow,
        &format!("at: {{ 0s: {{ {MESSAGE} }}, 1h: {{ {ad} }} }}\nexpect: [{{ at: 1h, contact.add_tags: {{}} }}]\n"),
    );
}

#[test]
fn what_a_person_writes_in_the_app_starts_only_what_asks_for_it() {
    let echo = "at: { 0s: { whatsapp.message_received: { origin: app_echo } } }";
    let flow = |params: &str| {
        format!(
            "on: {{ whatsapp.message_received: {{ {params} }} }}\nsteps:\n  - do: contact.add_tags\n    with: {{ tags: [seen] }}\n"
        )
    };
    passes(&flow("keywords: []"), &format!("{echo}\nexpect: []\n"));
    passes(&flow("origins: [app_echo]"), &format!("{echo}\nexpect: [contact.add_tags]\n"));
    passes(&flow("origins: [app_echo]"), &format!("at: {{ 0s: {{ {MESSAGE} }} }}\nexpect: []\n"));
}

#[test]
fn a_long_session_is_told_once() {
    let flow = "on: { conversation.session_long: { messages: 2 } }\nsteps:\n  - do: contact.add_tags\n    with: { tags: [long] }\n";
    let four: String = (0..4).map(|n| format!("  {n}m: {{ {MESSAGE} }}\n")).collect();
    passes(flow, &format!("at:\n{four}expect: [{{ at: 2m, contact.add_tags: {{}} }}]\n"));
}

#[test]
fn consent_is_noted_and_its_change_is_an_event() {
    let flow = r#"
on:
  - whatsapp.message_received
  - contact.consent_changed: { purpose: marketing, given: false }
steps:
  - if: event.type == "whatsapp.message_received"
    then:
      - do: contact.set_consent
        with: { purpose: marketing, given: false }
    else:
      - do: contact.add_tags
        with: { tags: [quiet] }
"#;
    let expected = "expect: [contact.set_consent, contact.add_tags, contact.set_consent]";
    passes(flow, &format!("at: {{ 0s: {{ {MESSAGE} }}, 1h: {{ {MESSAGE} }} }}\n{expected}\n"));
}

#[test]
fn a_missed_escalation_starts_a_flow_with_its_contact() {
    let flow = r#"
on:
  - whatsapp.message_received
  - escalation.missed: { team: care }
steps:
  - if: event.type == "escalation.missed"
    then:
      - do: contact.add_tags
        with: { tags: [missed] }
    else:
      - do: human.escalate
        with: { team: care, accept_within: 20s, reason: help }
"#;
    let expected = "expect:\n  - human.escalate\n  - { at: 20s, contact.add_tags: { tags: [missed] } }";
    passes(flow, &format!("at: {{ 0s: {{ {MESSAGE} }} }}\n{expected}\n"));
}

#[test]
fn a_failed_flow_starts_another_and_never_itself() {
    let flow = r#"
on: [whatsapp.message_received, flow.failed]
steps:
  - do: contact.add_tags
    with: { tags: [seen] }
  - stop: { as: failed, reason: on purpose }
"#;
    passes(flow, &format!("at: {{ 0s: {{ {MESSAGE} }} }}\nexpect: [contact.add_tags]\nend: failed\n"));
    let other = "at: { 0s: { flow.failed: { flow: shop } } }";
    passes(flow, &format!("{other}\nexpect: [contact.add_tags]\nend: failed\n"));
}

#[test]
fn statuses_forms_and_new_records_meet_their_parameters() {
    let tag = "steps:\n  - do: contact.add_tags\n    with: { tags: [seen] }\n";
    let on = |kind: &str, params: &str| format!("on: {{ {kind}: {{ {params} }} }}\n{tag}");
    let at = |event: &str, acts: &str| format!("at: {{ 0s: {{ {event} }} }}\nexpect: [{acts}]\n");
    let status = on("whatsapp.message_status", "status: read");
    passes(&status, &at("whatsapp.message_status: { status: read }", "contact.add_tags"));
    passes(&status, &at("whatsapp.message_status: { status: failed }", ""));
    let form = on("form.submitted", "form: size");
    passes(&form, &at("form.submitted: { form: size, answers: { size: XL } }", "contact.add_tags"));
    passes(&form, &at("form.submitted: { form: other }", ""));
    passes(&on("whatsapp.message_received", ""), &at("form.submitted: {}", "contact.add_tags"));
    let record = "on: { crm.record_created: { object: deal } }\nsteps: [{ stop: seen }]\n";
    passes(record, "at: { 0s: { crm.record_created: { object: deal } } }\nend: done\n");
}

#[test]
fn a_first_message_cannot_be_awaited_and_a_session_has_bounds() {
    let codes = |on: &str, awaited: &str| {
        let text = format!("format: 1\nflow: tested\non: {on}\nsteps:\n  - wait_for: {awaited}\n    timeout: 1h\n");
        let problems = check(&text, &Environment::new(&catalog())).problems;
        problems.iter().map(|problem| problem.code).collect::<Vec<_>>()
    };
    let message = "whatsapp.message_received";
    assert_eq!(codes(message, "{ whatsapp.message_received: { first: true } }"), ["cannot_await"]);
    assert_eq!(codes("{ conversation.session_long: { messages: 0 } }", message), ["out_of_range"]);
    assert_eq!(codes("{ conversation.session_long: { messages: 1 } }", "contact.tag_added"), [""; 0]);
}
