//! Tests of the language: what each kind of step does, seen through tests in virtual time.

use super::tests::{outcome, passes};
use super::{Outcome, run};
use crate::flowtest::tests::{catalog, document};

const HELLO: &str = "at: { 0s: { whatsapp.message_received: { text: hello } } }\n";
const ORDER: &str = "at: { 0s: { whatsapp.order_received: { order: { id: A1, total: 30, currency: EUR, items: [{ sku: one, quantity: 1, price: 10, currency: EUR }, { sku: two, quantity: 2, price: 5, currency: EUR }, { sku: three, quantity: 1, price: 10, currency: EUR }] } } } }\n";

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
fn a_script_gives_a_value_with_its_type() {
    let flow = r##"
on: whatsapp.order_received
steps:
  - id: price
    script: |
      let sum = 0.0;
      for item in event.order.items { sum += item.price * item.quantity; }
      #{ sum: sum, big: sum > 20.0 }
  - if: steps.price.big
    then:
      - set: { sum: "= steps.price.sum" }
"##;
    passes(flow, &format!("{ORDER}vars: {{ sum: 30.0 }}\nend: done"));
}

#[test]
fn a_script_without_end_fails_its_own_run_with_a_clear_error() {
    let flow = r#"
on: whatsapp.message_received
steps:
  - script: "loop { }"
on_error:
  - set: { why: "{{error.code}}" }
"#;
    let outcome = outcome(flow, &format!("{HELLO}end: failed"));
    assert!(outcome.passed, "{outcome:#?}");
    assert!(outcome.log.iter().any(|line| line.contains("operations")), "{outcome:#?}");
}

const ASK: &str = r#"
on: whatsapp.order_received
steps:
  - id: size
    ask: "Which size?"
    choices: [S, M, L]
    else_ask: "Please choose S, M or L."
    into: contact.fields.size
    timeout: 1h
    on_timeout:
      - do: contact.add_tags
        with: { tags: [silent] }
      - stop: no answer
  - do: contact.set_field
    with: { field: copy, value: "{{contact.fields.size}} {{steps.size.answer}}" }
on_error:
  - do: contact.add_tags
    with: { tags: ["{{error.code}}"] }
"#;
const START: &str = "0s: { whatsapp.order_received: {} }";

#[test]
fn a_question_is_asked_until_the_answer_fits() {
    let say = |at: &str, text: &str| format!("{at}: {{ whatsapp.message_received: {{ text: {text} }} }}");
    let test = format!(
        "at: {{ {START}, {}, {} }}\nexpect: [whatsapp.send_choices: {{ text: \"Which size?\", choices: [S, M, L] }}, whatsapp.send_choices: {{ text: \"Please choose S, M or L.\" }}, contact.set_field: {{ value: M M }}]\nend: done",
        say("1m", "blue"),
        say("2m", "m"),
    );
    passes(ASK, &test);
}

#[test]
fn a_question_that_nobody_answers_times_out() {
    passes(ASK, &format!("at: {{ {START} }}\nothers: allowed\ntags: [silent]\nend: done"));
}

#[test]
fn after_its_tries_a_question_fails() {
    let says: Vec<String> =
        (1..=3).map(|minute| format!("{minute}m: {{ whatsapp.message_received: {{ text: blue }} }}")).collect();
    let test = format!("at: {{ {START}, {} }}\nothers: allowed\ntags: [no_valid_answer]\nend: failed", says.join(", "));
    passes(ASK, &test);
}

#[test]
fn an_answer_is_checked_and_kept_as_a_variable() {
    let flow = r#"
on: whatsapp.order_received
steps:
  - ask: "How many?"
    check: answer.parse_int() > 0
    into: vars.count
    timeout: 1h
    on_error: [ { stop: no number } ]
  - set: { twice: "= vars.count.parse_int() * 2" }
"#;
    let test = format!(
        "at: {{ {START}, 1m: {{ whatsapp.message_received: {{ text: \"21\" }} }} }}\nothers: allowed\nvars: {{ count: \"21\", twice: 42 }}\nend: done"
    );
    passes(flow, &test);
}

#[test]
fn a_reply_is_text_while_the_window_is_open_and_a_template_afterwards() {
    let flow = r#"
on: whatsapp.message_received
steps:
  - wait_for: whatsapp.order_received
    timeout: 30h
    then:
      - do: whatsapp.reply
        with: { text: "Thanks!", template: thanks }
      - stop:
  - do: whatsapp.reply
    with: { text: "Still there?", template: still_there }
"#;
    passes(
        flow,
        &format!("{HELLO}expect: [{{ at: 30h, whatsapp.send_template: {{ template: still_there }} }}]\nend: done"),
    );
    let answered = "at: { 0s: { whatsapp.message_received: { text: hi } }, 1h: { whatsapp.order_received: {} } }\n";
    let expect = "expect: [whatsapp.send_text: { text: \"Thanks!\" }, whatsapp.send_text, whatsapp.send_template]";
    // The order is also a message, and starts the flow again.
    let outcome =
        outcome(flow, &format!("{answered}others: allowed\nexpect: [whatsapp.send_text: {{ text: \"Thanks!\" }}]"));
    assert!(outcome.passed, "{outcome:#?} {expect}");
}

#[test]
fn a_failure_goes_to_the_nearest_handler_around_it() {
    let flow = r#"
on: whatsapp.order_received
steps:
  - if: "true"
    then:
      - for_each: event.order.items
        limit: 3
        steps:
          - wait: 1h
          - do: crm.create_ticket
            with: { subject: "{{item.sku}}" }
    on_error:
      - set: { caught: "{{error.code}}", at: "{{error.action}}" }
  - set: { after: "yes" }
"#;
    let test = "fake: { crm.create_ticket: [{ fail: refused, code: no }] }\nothers: allowed\nvars: { caught: no, at: crm.create_ticket, after: \"yes\" }\nend: done";
    passes(flow, &format!("{ORDER}{test}"));
}

#[test]
fn finally_runs_however_the_run_ends() {
    let flow = r#"
on: whatsapp.order_received
steps:
  - if: event.order.total > 20
    then:
      - do: crm.create_ticket
        with: { subject: x }
        on_error:
          - stop: { as: failed, reason: no ticket }
finally:
  - do: contact.add_tags
    with: { tags: [cleaned] }
"#;
    passes(flow, &format!("{ORDER}others: allowed\ntags: [cleaned]\nend: done"));
    let refused = "fake: { crm.create_ticket: [{ fail: refused }] }\n";
    passes(flow, &format!("{ORDER}{refused}others: allowed\ntags: [cleaned]\nend: failed"));
}

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

#[test]
fn a_wait_for_business_hours_ends_when_the_calendar_opens() {
    let flow = r#"
format: 1
flow: patient
on: whatsapp.message_received
steps:
  - wait: { business_hours: office }
  - do: contact.add_tags
    with: { tags: [answered] }
tests:
  - name: on Friday evening it waits for Monday, on Monday it does not wait
    given: { at: 2026-11-20T19:00:00+01:00 }
    at: { 0s: { whatsapp.message_received: {} } }
    expect: [{ at: 62h, contact.add_tags: {} }]
    cases:
      - name: evening
      - name: morning
        given: { at: 2026-11-23T09:30:00+01:00 }
        expect: [{ at: 0s, contact.add_tags: {} }]
"#;
    let office = "format: 1\ncalendar: office\nzone: Europe/Rome\nhours: { mon: [\"09:00-13:00\"], tue: [\"09:00-13:00\"] }\nholidays: [2026-12-07]\n";
    let outcomes = run(vec![document(flow), document(office)], &catalog());
    assert!(outcomes.len() == 2 && outcomes.iter().all(|outcome| outcome.passed), "{outcomes:#?}");
}

#[test]
fn names_and_notes_deep_in_a_flow_have_no_meaning_and_the_order_of_variables_has() {
    let flow = |inner: &str| {
        format!(
            "format: 1\nflow: deep\non: whatsapp.message_received\nsteps:\n  - repeat: {{ max: 2, until: \"true\", steps: [ {{ parallel: {{ a: [ {{ for_each: \"[1]\", steps: [ {inner} ] }} ] }} }} ] }}\n"
        )
    };
    let meaning = |inner: &str| document(&flow(inner)).meaning();
    let plain = meaning("{ set: { a: 1, b: 2 } }");
    assert_eq!(plain, meaning("{ set: { a: 1, b: 2 }, note: because }"));
    assert_ne!(plain, meaning("{ set: { b: 2, a: 1 } }"));
}
