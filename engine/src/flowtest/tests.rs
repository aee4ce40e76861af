//! Tests of the runner of tests: what authors rely on, and how a broken expectation reads.

use std::collections::BTreeMap;

use super::{Outcome, run};
use crate::capability::{crm, web, whatsapp};
use crate::connector::{ActionSpec, Catalog, Repeat};
use crate::flow::{CompiledDocument, Environment, check_document};

/// What flows can use, with a class of repetition of each kind.
pub(crate) fn catalog() -> Catalog {
    let mut catalog =
        Catalog { actions: crate::local::actions(), triggers: crate::trigger::all(), serves: BTreeMap::new() };
    let specs = [
        ActionSpec::of::<whatsapp::SendText>(Repeat::Evidence { settle_s: 600 }),
        ActionSpec::of::<whatsapp::SendTemplate>(Repeat::Evidence { settle_s: 600 }),
        ActionSpec::of::<whatsapp::SendChoices>(Repeat::Evidence { settle_s: 600 }),
        ActionSpec::of::<whatsapp::Reply>(Repeat::Evidence { settle_s: 600 }),
        ActionSpec::of::<crm::CreateTicket>(Repeat::Keyed { window_s: 0 }),
        ActionSpec::of::<crm::GetContact>(Repeat::Safe),
        ActionSpec::of::<web::Request>(Repeat::OnlyIfRefused),
    ];
    catalog.actions.extend(specs.into_iter().map(|spec| (spec.name, spec)));
    catalog
}

/// The document of a text without errors.
pub(crate) fn document(text: &str) -> CompiledDocument {
    let catalog = catalog();
    let checked = check_document(text, &Environment::new(&catalog));
    checked.version.unwrap_or_else(|| panic!("{:#?}\n{text}", checked.problems))
}

fn outcomes(text: &str) -> Vec<Outcome> {
    run(vec![document(text)], &catalog())
}

/// The outcome of one test of a flow: `flow` without `tests`, `test` without its name, both from the left margin.
pub(super) fn outcome(flow: &str, test: &str) -> Outcome {
    let test = test.trim().lines().map(|line| format!("    {line}\n")).collect::<String>();
    let text = format!("format: 1\nflow: tested\n{}\ntests:\n  - name: it\n{test}", flow.trim());
    outcomes(&text).remove(0)
}

#[track_caller]
pub(super) fn passes(flow: &str, test: &str) {
    let outcome = outcome(flow, test);
    assert!(outcome.passed, "{:#?}", outcome);
}

/// The one failure of a test.
#[track_caller]
pub(super) fn failure(flow: &str, test: &str) -> String {
    let outcome = outcome(flow, test);
    assert_eq!(outcome.failures.len(), 1, "{outcome:#?}");
    outcome.failures[0].clone()
}

const TICKET: &str = r#"
on: whatsapp.order_received
steps:
  - id: ticket
    do: crm.create_ticket
    with: { subject: "Order {{event.order.id}}" }
  - do: whatsapp.send_template
    with: { template: thanks, params: { ticket: "{{steps.ticket.id}}" } }
"#;

const ORDER: &str = "at: { 0s: { whatsapp.order_received: { order: { id: A1 } } } }\n";

#[test]
fn what_is_as_expected_passes_and_is_told() {
    let outcome = outcome(TICKET, &format!("{ORDER}expect: [crm.create_ticket, whatsapp.send_template]\nend: done"));
    assert!(outcome.passed, "{outcome:#?}");
    assert_eq!((outcome.flow.as_str(), outcome.name.as_str(), outcome.line), ("tested", "it", 11));
    assert_eq!(outcome.log[0], r#"      0s  crm.create_ticket {"subject":"Order A1"}"#);
    assert!(outcome.log[1].starts_with("      0s  whatsapp.send_template {"), "{outcome:#?}");
    assert_eq!(outcome.log[2], "      0s  run done");
}

#[test]
fn a_wrong_field_is_named_with_both_values() {
    let failure = failure(TICKET, &format!("{ORDER}expect:\n  - crm.create_ticket: {{ subject: Order B2 }}"));
    assert_eq!(
        failure,
        concat!(
            r#"line 14: expected crm.create_ticket {"subject":"Order B2"}"#,
            "\n  what happened is crm.create_ticket {\"subject\":\"Order A1\"} at 0s",
            "\n  subject: expected \"Order B2\", it is \"Order A1\"",
        )
    );
}

#[test]
fn a_field_that_is_missing_is_named() {
    let expect = "expect:\n  - crm.create_ticket\n  - whatsapp.send_template: { params: { name: Li } }";
    let failure = failure(TICKET, &format!("{ORDER}{expect}"));
    assert!(failure.ends_with(r#"params.name: expected "Li", it is not there"#), "{failure}");
}

#[test]
fn a_wrong_time_is_named() {
    let failure = failure(TICKET, &format!("{ORDER}expect:\n  - at: 5s\n    crm.create_ticket: {{}}\nothers: allowed"));
    assert!(failure.contains("expected crm.create_ticket at 5s, which did not happen"), "{failure}");
}

#[test]
fn what_did_not_happen_is_named() {
    let test = format!("{ORDER}expect: [crm.create_ticket, whatsapp.send_template, crm.create_ticket]");
    assert_eq!(failure(TICKET, &test), "line 13: expected crm.create_ticket, nothing more happened");
}

#[test]
fn a_failure_keeps_its_parts_for_other_languages() {
    let test = format!("{ORDER}expect: [ {{ crm.create_ticket: {{ subject: x }} }} ]");
    let outcome = outcome(TICKET, &test);
    let [failure] = &outcome.said[..] else { panic!("{outcome:#?}") };
    assert_eq!(failure.to_string(), outcome.failures[0]);
    let said = serde_json::to_value(failure).unwrap();
    assert_eq!(said["said"]["form"], "line {line}: expected {wanted}");
    assert_eq!(said["said"]["with"]["wanted"]["with"]["action"], "crm.create_ticket");
    let forms: Vec<&str> =
        said["differences"].as_array().unwrap().iter().filter_map(|one| one["form"].as_str()).collect();
    assert_eq!(forms, ["what happened is {act}", "{path}: expected {wanted}, it is {value}"]);
}

#[test]
fn what_was_not_expected_is_named() {
    let failure = failure(TICKET, &format!("{ORDER}expect: [crm.create_ticket]"));
    assert!(failure.starts_with("not expected: whatsapp.send_template"), "{failure}");
    assert!(failure.ends_with("(write `others: allowed` to allow it)"), "{failure}");
}

#[test]
fn others_may_happen_between_when_allowed_but_the_order_counts() {
    passes(TICKET, &format!("{ORDER}expect: [whatsapp.send_template]\nothers: allowed"));
    let failure =
        failure(TICKET, &format!("{ORDER}expect: [whatsapp.send_template, crm.create_ticket]\nothers: allowed"));
    assert_eq!(failure, "line 13: expected crm.create_ticket, which did not happen (any more)");
}

#[test]
fn what_must_never_happen_is_named() {
    let test = format!("{ORDER}others: allowed\nnever:\n  - crm.create_ticket: {{ subject: Order A1 }}");
    let failure = failure(TICKET, &test);
    assert!(failure.starts_with("line 15: must never happen, and did: crm.create_ticket"), "{failure}");
    passes(TICKET, &format!("{ORDER}others: allowed\nnever:\n  - crm.create_ticket: {{ subject: Order B2 }}"));
}

#[test]
fn another_end_is_named_with_its_reason() {
    let fake = "fake: { crm.create_ticket: { fail: refused } }\nothers: allowed\nend: done";
    assert_eq!(failure(TICKET, &format!("{ORDER}{fake}")), "end: expected done, a run is failed (nobody_answered)");
    let nothing = "at: { 0s: { whatsapp.message_received: {} } }\nend: done";
    assert_eq!(failure(TICKET, nothing), "end: expected done, no run started");
}

#[test]
fn tags_and_variables_are_compared() {
    let flow = "on: whatsapp.message_received\nsteps:\n  - set: { sum: \"= 2 + 3\", who: \"{{contact.name}}\" }\n  - do: contact.add_tags\n    with: { tags: [seen] }";
    let at = "given: { contact: { name: Li, tags: [old] } }\nat: { 0s: { whatsapp.message_received: {} } }\nothers: allowed\n";
    passes(flow, &format!("{at}tags: [seen, old]\nvars: {{ sum: 5, who: Li }}"));
    assert_eq!(failure(flow, &format!("{at}tags: [seen]")), r#"tags: expected ["seen"], they are ["old", "seen"]"#);
    assert_eq!(failure(flow, &format!("{at}vars: {{ sum: 6 }}")), "vars.sum: expected 6, it is 5");
}

#[test]
fn a_reply_is_laid_over_the_sample() {
    let flow = "on: manual\nsteps:\n  - id: got\n    do: crm.get_contact\n    with: { id: 7 }\n  - set: { name: \"{{steps.got.name}}\", phone: \"{{steps.got.phone}}\" }";
    passes(
        flow,
        "at: { 0s: { manual: {} } }\nfake: { crm.get_contact: { name: Giulia } }\nothers: allowed\nvars: { name: Giulia, phone: +15550100 }",
    );
}

#[test]
fn answers_follow_each_other_attempt_by_attempt_and_the_last_goes_on() {
    let fake = "fake: { crm.create_ticket: [{ fail: later }, { fail: later }, { id: T1 }] }\n";
    let expect = "expect:\n  - at: 0s\n    crm.create_ticket: {}\n  - at: 31s\n    whatsapp.send_template: { params: { ticket: T1 } }\nend: done";
    passes(TICKET, &format!("{ORDER}{fake}{expect}"));
    let twice = "at:\n  0s: { whatsapp.order_received: {} }\n  1h: { whatsapp.order_received: {} }\n";
    let expect = "expect: [crm.create_ticket, { whatsapp.send_template: { params: { ticket: T1 } } }, crm.create_ticket, { whatsapp.send_template: { params: { ticket: T1 } } }]";
    passes(TICKET, &format!("{twice}{fake}{expect}"));
}

#[test]
fn a_call_that_fails_three_times_needs_attention_and_is_given_up_after_a_day() {
    let test = format!(
        "{ORDER}fake: {{ crm.create_ticket: {{ fail: later, message: busy }} }}\nexpect: [crm.create_ticket]\nend: failed"
    );
    let outcome = outcome(TICKET, &test);
    assert!(outcome.passed, "{outcome:#?}");
    insta::assert_snapshot!(outcome.log.join("\n"), @r#"
          0s  crm.create_ticket {"subject":"Order A1"}
         31s    attempt 1 failed (later): busy
         31s    attempt 2 failed (later): busy
         31s    attempt 3 failed (later): busy
         31s    needs attention (tries_used_up): busy
          1d  step ticket failed (nobody_answered): it needed attention, and nobody answered in time
          1d  run failed
    "#);
}

#[test]
fn the_error_branch_sees_what_was_tried() {
    let flow = "on: whatsapp.order_received\nsteps:\n  - id: ticket\n    do: crm.create_ticket\n    connection: crm-main\n    with: { subject: hello }\n    on_error:\n      - set: { seen: \"= error\" }";
    let fake = "fake: { crm.create_ticket: { fail: later, code: busy, message: try later } }\nothers: allowed\n";
    let seen = "{ code: busy, message: try later, step: ticket, action: crm.create_ticket, connection: crm-main, verdict: later, attempts: 3 }";
    passes(flow, &format!("{ORDER}{fake}vars: {{ seen: {seen} }}"));
}

#[test]
fn a_step_with_its_own_error_branch_waits_for_nobody() {
    let flow = "on: whatsapp.order_received\nsteps:\n  - do: crm.create_ticket\n    with: { subject: hello }\n    on_error:\n      - do: contact.add_tags\n        with: { tags: [lost] }";
    let test = format!(
        "{ORDER}fake: {{ crm.create_ticket: {{ fail: later }} }}\nexpect:\n  - crm.create_ticket\n  - at: 31s\n    contact.add_tags: {{}}\nend: done"
    );
    passes(flow, &test);
}

#[test]
fn a_connection_that_is_down_uses_no_attempt_and_its_calls_leave_in_order() {
    let at = "at:\n  0s: { whatsapp.order_received: { order: { id: A1 } } }\n  2s: { whatsapp.order_received: { order: { id: A2 } } }\n";
    let fake = "fake: { crm.create_ticket: [{ fail: down }, { fail: down }, { fail: auth }, { fail: down }, { id: T1 }, { id: T2 }] }\n";
    let expect = "expect:\n  - at: 0s\n    crm.create_ticket: { subject: Order A1 }\n  - at: 2s\n    crm.create_ticket: { subject: Order A2 }\n  - at: 44s\n    whatsapp.send_template: { params: { ticket: T1 } }\n  - at: 44s\n    whatsapp.send_template: { params: { ticket: T2 } }\nend: done";
    passes(TICKET, &format!("{at}{fake}{expect}"));
}

#[test]
fn a_connection_that_stays_down_lets_the_call_expire() {
    let fake = "fake: { crm.create_ticket: { fail: down } }\n";
    let outcome = outcome(TICKET, &format!("{ORDER}{fake}expect: [crm.create_ticket]\nend: failed"));
    assert!(outcome.passed, "{outcome:#?}");
    let end = &outcome.log[outcome.log.len() - 2];
    assert_eq!(
        end.trim(),
        "1d  step ticket failed (expired): it could not start before its deadline, and nothing stale is sent"
    );
}

#[test]
fn a_second_call_leaves_behind_the_first_one_that_is_tried_again() {
    let at = "at:\n  0s: { whatsapp.order_received: { order: { id: A1 } } }\n  500ms: { whatsapp.order_received: { order: { id: A2 } } }\n";
    let fake = "fake: { crm.create_ticket: [{ fail: later }, { id: T1 }, { id: T2 }] }\n";
    let expect = "expect:\n  - crm.create_ticket\n  - crm.create_ticket\n  - at: 1s\n    whatsapp.send_template: { params: { ticket: T1 } }\n  - at: 1s\n    whatsapp.send_template: { params: { ticket: T2 } }";
    passes(TICKET, &format!("{at}{fake}{expect}"));
}

#[test]
fn an_unknown_outcome_is_treated_by_the_class_of_the_action() {
    let flow = |action: &str| {
        format!(
            "on: whatsapp.message_received\nsteps:\n  - do: {action}\non_error:\n  - do: contact.add_tags\n    with: {{ tags: [\"{{{{error.code}}}}\"] }}"
        )
    };
    let test = |action: &str, end: &str| {
        format!(
            "at: {{ 0s: {{ whatsapp.message_received: {{}} }} }}\nfake: {{ {action}: [{{ fail: unknown }}, {{}}] }}\nexpect:\n  - {action}\n{end}"
        )
    };
    // Keyed: the same key again after a second. Never blindly: a person decides. By evidence: the same, after ten minutes.
    passes(&flow("crm.create_ticket\n    with: { subject: a }"), &test("crm.create_ticket", "end: done"));
    let given_up = "  - at: 24h\n    contact.add_tags: { tags: [nobody_answered] }\nend: failed";
    passes(&flow("http.request\n    with: { url: https://shop.example }"), &test("http.request", given_up));
    passes(&flow("whatsapp.send_text\n    with: { text: a }"), &test("whatsapp.send_text", given_up));
    passes(
        &flow("http.request\n    on_unknown: resend\n    with: { url: https://shop.example }"),
        &test("http.request", "end: done"),
    );
}

const ASK: &str = r#"
on: whatsapp.order_received
steps:
  - id: answer
    wait_for: whatsapp.message_received
    match: text.mentions(reply.text, ["yes"])
    timeout: 2h
    then:
      - do: contact.add_tags
        with: { tags: ["{{steps.answer.text}}"] }
    on_timeout:
      - do: contact.add_tags
        with: { tags: [late] }
"#;

#[test]
fn a_wait_is_answered_by_what_matches_and_times_out_otherwise() {
    let at = |events: &str| format!("at:\n  0s: {{ whatsapp.order_received: {{}} }}\n{events}");
    let yes = at(
        "  1h: { whatsapp.message_received: { text: maybe } }\n  1h30m: { whatsapp.message_received: { text: yes } }\n",
    );
    passes(ASK, &format!("{yes}expect:\n  - at: 1h30m\n    contact.add_tags: {{ tags: [yes] }}\nend: done"));
    let no = at(
        "  1h: { whatsapp.message_received: { text: maybe } }\n  3h: { whatsapp.message_received: { text: yes } }\n",
    );
    passes(ASK, &format!("{no}expect:\n  - at: 2h\n    contact.add_tags: {{ tags: [late] }}\nend: done"));
}

#[test]
fn what_a_colleague_writes_and_what_came_before_the_run_answer_nothing() {
    let test = "at:\n  0s: [{ whatsapp.message_received: { text: yes } }, { whatsapp.order_received: {} }]\n  1h: { whatsapp.message_received: { text: yes, origin: app_echo } }\nexpect:\n  - at: 2h\n    contact.add_tags: { tags: [late] }";
    passes(ASK, test);
}

#[test]
fn a_run_that_waits_for_ever_is_waiting_at_the_end() {
    let flow = "on: whatsapp.order_received\nsteps:\n  - wait_for: whatsapp.message_received\n    timeout: never";
    passes(flow, &format!("{ORDER}end: waiting"));
    assert_eq!(failure(flow, &format!("{ORDER}end: done")), "end: expected done, a run is waiting");
}

const LOOK_BACK: &str = r#"
on: whatsapp.order_received
steps:
  - do: crm.create_ticket
    with: { subject: hello }
  - id: first
    wait_for: whatsapp.message_received
    timeout: 1h
  - id: second
    wait_for: whatsapp.message_received
    timeout: 1h
"#;

/// When a run of [`LOOK_BACK`] ended: an hour for each of its waits that nothing answered.
fn ended(test: &str) -> String {
    let outcome = outcome(LOOK_BACK, &format!("{test}others: allowed\nend: done"));
    assert!(outcome.passed, "{outcome:#?}");
    outcome.log.last().and_then(|line| line.split_whitespace().next()).unwrap_or_default().to_owned()
}

#[test]
fn what_came_while_the_call_was_under_way_answers_the_wait_behind_it_once() {
    let both = "at:\n  0s: [{ whatsapp.order_received: {} }, { whatsapp.message_received: {} }]\n";
    assert_eq!(ended(both), "1h");
}

#[test]
fn what_came_after_the_first_attempt_is_an_answer_as_that_one_may_have_arrived() {
    let at = "at:\n  0s: { whatsapp.order_received: {} }\n  10s: { whatsapp.message_received: {} }\n";
    let fake = "fake: { crm.create_ticket: [{ fail: later }, { fail: later }, {}] }\n";
    assert_eq!(ended(&format!("{at}{fake}")), "1h31s");
}

#[test]
fn an_event_answers_a_run_once_however_far_a_later_wait_looks_back() {
    let flow = "on: whatsapp.order_received\nsteps:\n  - do: crm.create_ticket\n    with: { subject: hello }\n  - wait_for: whatsapp.message_received\n    timeout: 1h\n  - wait: 5m\n  - wait_for: whatsapp.message_received\n    timeout: 1h\n    on_timeout:\n      - stop: { as: failed, reason: silent }";
    let at = "at:\n  0s: { whatsapp.order_received: {} }\n  10s: { whatsapp.message_received: {} }\n";
    passes(flow, &format!("{at}others: allowed\nend: failed"));
    // One that came between the two waits was not heard yet, and is.
    passes(flow, &format!("{at}  1m: {{ whatsapp.message_received: {{}} }}\nothers: allowed\nend: done"));
}

#[test]
fn free_text_after_the_window_is_refused_and_a_template_is_not() {
    let flow = |action: &str| {
        format!(
            "on: flow.called\nsteps:\n  - do: {action}\non_error:\n  - do: contact.add_tags\n    with: {{ tags: [\"{{{{error.code}}}}\"] }}"
        )
    };
    let closed = "given: { conversation: { window_open: false } }\n";
    let at = "at: { 5s: { flow.called: {} } }\n";
    let text = flow("whatsapp.send_text\n    with: { text: hello }");
    let refused = "expect: [whatsapp.send_text, { contact.add_tags: { tags: [window_closed] } }]\nend: failed";
    passes(&text, &format!("{closed}{at}{refused}"));
    let template = flow("whatsapp.send_template\n    with: { template: hello }");
    passes(&template, &format!("{closed}{at}expect: [whatsapp.send_template]\nend: done"));
    // What the customer writes opens the window.
    let written = "at: { 0s: { whatsapp.message_received: {} }, 5s: { flow.called: {} } }\n";
    passes(&text, &format!("{closed}{written}expect: [whatsapp.send_text]\nend: done"));
}

const SILENT: &str = r#"
on:
  - conversation.no_reply: { after: 24h }
    id: first
  - conversation.no_reply: { after: 48h }
    id: second
steps:
  - do: whatsapp.send_template
    with: { template: "after-{{event.after}}" }
"#;

#[test]
fn a_silence_crosses_each_threshold_once_even_when_we_write_again() {
    let test = "given: { at: 2026-03-02T10:00:00Z, conversation: { last_outbound_at: 2026-03-02T09:00:00Z } }\nat: {}\nexpect:\n  - at: 23h\n    whatsapp.send_template: { template: after-24h }\n  - at: 71h\n    whatsapp.send_template: { template: after-48h }\nend: done";
    passes(SILENT, test);
}

#[test]
fn a_silence_given_as_an_event_is_the_one_with_its_parameters() {
    passes(
        SILENT,
        "at: { 5m: { conversation.no_reply: { after: 48h } } }\nexpect:\n  - at: 5m\n    whatsapp.send_template: { template: after-48h }\nothers: allowed",
    );
    let outcome = outcome(SILENT, "at: { 0s: { conversation.no_reply: { after: 1h } } }\nexpect: []");
    assert_eq!(outcome.log, ["      0s  no trigger of this flow listens to such a silence"]);
}

#[test]
fn our_own_silence_ends_with_our_answer() {
    let flow = "on: { conversation.no_reply: { after: 1h, silent: us } }\nsteps:\n  - do: human.escalate\n    with: { team: care, reason: nobody answered }";
    let write = "at:\n  0s: { whatsapp.message_received: {} }\n";
    passes(flow, &format!("{write}expect:\n  - at: 1h\n    human.escalate: {{ team: care }}"));
    passes(flow, &format!("{write}  30m: {{ whatsapp.message_received: {{ origin: app_echo }} }}\nexpect: []"));
}

#[test]
fn the_same_delivery_twice_is_one_event() {
    let test = "at:\n  0s: { whatsapp.order_received: { id: wamid.1 } }\n  1h: { whatsapp.order_received: { id: wamid.1 } }\nexpect: [crm.create_ticket, whatsapp.send_template]";
    passes(TICKET, test);
}

#[test]
fn the_log_says_why_nothing_started() {
    let flow = TICKET.replace("steps:", "when: event.order.total > 100\nsteps:");
    let outcome = outcome(&flow, "at: { 0s: { whatsapp.order_received: { order: { total: 5 } } } }\nexpect: []");
    assert!(outcome.passed);
    assert_eq!(
        outcome.log,
        [r#"      0s  whatsapp.order_received does not start the flow (when): {"event.order.total":5}"#]
    );
}

#[test]
fn our_silence_is_told_once_though_the_customer_writes_again() {
    let flow = "on: { conversation.no_reply: { after: 1h, silent: us } }\nsteps:\n  - do: human.escalate\n    with: { team: care, reason: nobody answered }";
    let at = "at:\n  0s: { whatsapp.message_received: {} }\n  2h: { whatsapp.message_received: {} }\n  4h: { whatsapp.message_received: {} }\n";
    passes(flow, &format!("{at}expect:\n  - at: 1h\n    human.escalate: {{}}"));
}
