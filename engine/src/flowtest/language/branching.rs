//! Ways, branches and loops.

use super::{HELLO, ORDER, START};
use crate::flowtest::tests::passes;

#[test]
fn a_switch_goes_the_way_of_its_value_or_the_default() {
    let flow = r#"
on: whatsapp.order_received
steps:
  - switch: event.order.currency
    cases:
      EUR:
        - do: contact.add_tags
          with: { tags: [euro] }
      USD:
        - do: contact.add_tags
          with: { tags: [dollar] }
    default:
      - do: contact.add_tags
        with: { tags: [other] }
"#;
    passes(flow, &format!("{ORDER}tags: [euro]\nothers: allowed\nend: done"));
    let other = "at: { 0s: { whatsapp.order_received: { order: { currency: CNY } } } }\ntags: [other]\nothers: allowed";
    passes(flow, other);
}

#[test]
fn for_each_does_its_steps_with_every_item_and_keeps_what_they_gave() {
    let flow = r#"
on: whatsapp.order_received
steps:
  - set: { sum: 0 }
  - id: lines
    for_each: event.order.items
    steps:
      - id: ticket
        do: crm.create_ticket
        with: { subject: "{{index}} {{item.sku}}" }
      - set: { sum: "= vars.sum + item.quantity * item.price" }
  - set: { count: "= steps.lines.len()", last: "= steps.lines[2].ticket.id" }
"#;
    let test = "expect: [crm.create_ticket: { subject: 0 one }, crm.create_ticket: { subject: 1 two }, crm.create_ticket: { subject: 2 three }]\nvars: { sum: 30.0, count: 3 }\nend: done";
    passes(flow, &format!("{ORDER}{test}"));
}

#[test]
fn for_each_works_on_as_many_items_at_once_as_its_limit_says() {
    let flow = r#"
on: whatsapp.order_received
steps:
  - for_each: event.order.items
    limit: 2
    steps:
      - wait: 1h
      - do: crm.create_ticket
        with: { subject: "{{item.sku}}" }
"#;
    let test = "expect: [{ at: 1h, crm.create_ticket: { subject: one } }, { at: 1h, crm.create_ticket: { subject: two } }, { at: 2h, crm.create_ticket: { subject: three } }]\nend: done";
    passes(flow, &format!("{ORDER}{test}"));
}

#[test]
fn an_empty_list_is_gone_through_at_once() {
    let flow = "on: whatsapp.message_received\nsteps:\n  - for_each: \"[]\"\n    steps: [{ do: crm.create_ticket, with: { subject: x } }]\n";
    passes(flow, &format!("{HELLO}end: done"));
}

#[test]
fn branches_side_by_side_are_joined_when_all_are_done() {
    let flow = r#"
on: whatsapp.message_received
steps:
  - parallel:
      crm:
        - id: ticket
          do: crm.create_ticket
          with: { subject: hello }
      slow:
        - wait: 2h
        - set: { slow: done }
  - do: contact.set_field
    with: { field: ticket, value: "{{steps.ticket.id}} {{vars.slow}}" }
"#;
    let test =
        "expect: [{ at: 0s, crm.create_ticket: {} }, { at: 2h, contact.set_field: { field: ticket } }]\nend: done";
    passes(flow, &format!("{HELLO}{test}"));
}

#[test]
fn the_first_branch_cancels_the_others() {
    let flow = r#"
on: whatsapp.message_received
steps:
  - parallel:
      quick:
        - wait: 1h
      slow:
        - wait: 5h
        - do: crm.create_ticket
          with: { subject: never }
    join: first
  - do: contact.add_tags
    with: { tags: [joined] }
"#;
    let test = "expect: [{ at: 1h, contact.add_tags: {} }]\nnever: [crm.create_ticket]\nend: done";
    passes(flow, &format!("{HELLO}{test}"));
}

#[test]
fn a_call_of_a_branch_that_lost_is_withdrawn() {
    let flow = r#"
on: whatsapp.message_received
steps:
  - parallel:
      crm:
        - do: crm.create_ticket
          with: { subject: x }
      quick:
        - wait: 5s
    join: first
  - set: { joined: yes }
"#;
    let test = "fake: { crm.create_ticket: [{ fail: later }] }\nexpect: [crm.create_ticket]\nvars: { joined: \"yes\" }\nend: done";
    passes(flow, &format!("{HELLO}{test}"));
}

#[test]
fn repeat_goes_on_until_its_condition_holds() {
    let flow = r#"
on: whatsapp.message_received
steps:
  - set: { n: 0 }
  - repeat:
      id: turns
      max: 10
      until: vars.n >= 3
      steps:
        - set: { n: "= vars.n + 1" }
  - set: { rounds: "= steps.turns.rounds", done: "= steps.turns.done" }
"#;
    passes(flow, &format!("{HELLO}vars: {{ n: 3, rounds: 3, done: true }}\nend: done"));
}

#[test]
fn repeat_ends_at_its_bound_and_says_so() {
    let flow = r#"
on: whatsapp.message_received
steps:
  - repeat: { id: turns, max: 4, until: "false", steps: [ { wait: 1m } ] }
  - set: { rounds: "= steps.turns.rounds", done: "= steps.turns.done" }
"#;
    passes(flow, &format!("{HELLO}vars: {{ rounds: 4, done: false }}\nend: done"));
}

#[test]
fn again_goes_back_at_once_and_only_so_often() {
    let flow = r#"
on: whatsapp.message_received
steps:
  - set: { n: 0 }
  - repeat:
      id: menu
      max: 5
      steps:
        - set: { n: "= vars.n + 1" }
        - if: vars.n < 3
          then:
            - again: menu
        - set: { reached: "= vars.n" }
  - repeat: { id: ever, max: 7, steps: [ { set: { n: "= vars.n + 1" } }, { again: ever } ] }
"#;
    passes(flow, &format!("{HELLO}vars: {{ reached: 3, n: 10 }}\nend: done"));
}

#[test]
fn a_loop_in_a_loop_begins_anew_each_time() {
    let flow = r#"
on: whatsapp.message_received
steps:
  - set: { n: 0 }
  - repeat:
      id: outer
      max: 3
      until: "false"
      steps:
        - repeat: { id: inner, max: 2, until: "false", steps: [ { set: { n: "= vars.n + 1" } } ] }
"#;
    passes(flow, &format!("{HELLO}vars: {{ n: 6 }}\nend: done"));
}

#[test]
fn a_very_long_loop_of_steps_goes_on_over_several_turns() {
    let flow = r#"
on: whatsapp.message_received
steps:
  - set: { n: 0 }
  - repeat: { id: long, max: 1000, until: "false", steps: [ { set: { n: "= vars.n + 1" } } ] }
"#;
    passes(flow, &format!("{HELLO}vars: {{ n: 1000 }}\nend: done"));
}

#[test]
fn a_branch_hears_a_reply_that_another_branch_was_answered_by() {
    let flow = r#"
on: whatsapp.order_received
steps:
  - parallel:
      one:
        - id: first
          wait_for: whatsapp.message_received
          timeout: 1h
      two:
        - id: second
          wait_for: whatsapp.message_received
          timeout: 1h
  - set: { heard: '{{default steps.first.text "-"}} {{default steps.second.text "-"}}' }
"#;
    let test = format!(
        "at: {{ {START}, 1m: {{ whatsapp.message_received: {{ text: yes }} }} }}\nvars: {{ heard: yes yes }}\nend: done"
    );
    passes(flow, &test);
}
