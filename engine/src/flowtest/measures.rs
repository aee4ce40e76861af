//! Tests of what tests can say: things in any order, tables of cases, and what they come to of a flow.

use super::tests::{catalog, document, failure, passes};
use super::{Coverage, Outcome, Report, report};

const BOTH: &str = r#"
on: whatsapp.message_received
steps:
  - parallel:
      crm: [{ do: crm.create_ticket, with: { subject: "{{event.text}}" } }]
      tag: [{ do: contact.add_tags, with: { tags: [seen] } }]
  - do: whatsapp.send_text
    with: { text: done }
"#;

const HELLO: &str = "at: { 0s: { whatsapp.message_received: { text: hello } } }\n";

#[test]
fn what_happens_side_by_side_may_be_expected_in_any_order() {
    let orders = ["crm.create_ticket, contact.add_tags", "contact.add_tags, crm.create_ticket"];
    for order in orders {
        passes(BOTH, &format!("{HELLO}expect: [{{ any_order: [{order}] }}, whatsapp.send_text]\nend: done"));
        passes(BOTH, &format!("{HELLO}expect: [{{ any_order: [{order}] }}]\nothers: allowed"));
    }
}

#[test]
fn each_thing_that_happens_stands_for_one_expectation_only() {
    let twice = format!("{HELLO}expect: [{{ any_order: [crm.create_ticket, crm.create_ticket] }}]\nothers: allowed");
    assert!(failure(BOTH, &twice).contains("expected crm.create_ticket, which did not happen"));
    // The first takes either tag; only with the other one does the second find its own.
    let flow = r#"
on: whatsapp.message_received
steps:
  - do: contact.add_tags
    with: { tags: [one] }
  - do: contact.add_tags
    with: { tags: [two] }
"#;
    passes(flow, &format!("{HELLO}expect: [any_order: [contact.add_tags, contact.add_tags: {{ tags: [one] }}]]"));
}

#[test]
fn in_any_order_the_order_ends_where_the_group_does() {
    let test = format!("{HELLO}expect: [whatsapp.send_text, {{ any_order: [crm.create_ticket, contact.add_tags] }}]");
    let failure = failure(BOTH, &test);
    assert!(failure.contains("expected whatsapp.send_text\n  what happened is "), "{failure}");
}

#[test]
fn every_nested_difference_has_a_line_of_its_own() {
    let flow = r#"
on: whatsapp.message_received
steps:
  - do: whatsapp.send_template
    with: { template: thanks, params: { name: Li, city: Rome } }
"#;
    let expect = "expect:\n  - whatsapp.send_template: { template: hello, params: { name: Wang, order: A1 } }";
    let failure = failure(flow, &format!("{HELLO}{expect}"));
    let lines: Vec<&str> = failure.lines().skip(2).map(str::trim).collect();
    let expected = [
        r#"params.name: expected "Wang", it is "Li""#,
        r#"params.order: expected "A1", it is not there"#,
        r#"template: expected "hello", it is "thanks""#,
    ];
    assert_eq!(lines, expected, "{failure}");
}

fn tested(flow: &str, tests: &str) -> Report {
    let text = format!("format: 1\nflow: tested{flow}tests:\n{tests}");
    report(vec![document(&text)], &catalog())
}

const GREETING: &str = r#"
on: whatsapp.message_received
steps:
  - if: contact.language == "it"
    then:
      - do: whatsapp.send_text
        with: { text: Ciao }
        on_error:
          - do: contact.add_tags
            with: { tags: [unreached] }
    else:
      - do: whatsapp.send_text
        with: { text: Hello }
"#;

#[test]
fn each_case_of_a_test_is_a_test_with_what_is_different_there() {
    let tests = r#"
  - name: the language decides
    at: { 0s: { whatsapp.message_received: { text: hi } } }
    expect: [whatsapp.send_text: { text: Hello }]
    cases:
      - name: Italian
        given: { contact: { language: it } }
        expect: [whatsapp.send_text: { text: Ciao }]
      - name: any other
        given: { contact: { language: de } }
      - name: wrong on purpose
        given: { contact: { language: it } }
"#;
    let outcomes = tested(GREETING, tests).outcomes;
    let seen: Vec<(&str, bool, u32)> =
        outcomes.iter().map(|Outcome { name, passed, line, .. }| (name.as_str(), *passed, *line)).collect();
    let expected = [
        ("the language decides: Italian", true, 21),
        ("the language decides: any other", true, 24),
        ("the language decides: wrong on purpose", false, 26),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn coverage_names_steps_and_ways_that_no_test_took() {
    let english = "  - name: english\n    at: { 0s: { whatsapp.message_received: { text: hi } } }\n";
    let coverage = tested(GREETING, english).coverage;
    let [Coverage { flow, total, taken, missing }] = &coverage[..] else { panic!("{coverage:?}") };
    // Steps: the `if`, three `do`. Ways: `then`, `else`, `on_error`.
    assert_eq!((flow.as_str(), *total, *taken, coverage[0].percent()), ("tested", 7, 3, 42));
    let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
    assert_eq!(missing, ["line 5 then", "line 7", "line 10"]);

    let failing = "  - name: refused\n    given: { contact: { language: it } }\n    at: { 0s: { whatsapp.message_received: {} } }\n    fake: { whatsapp.send_text: { fail: refused } }\n    others: allowed\n";
    let coverage = tested(GREETING, &format!("{english}{failing}")).coverage;
    assert_eq!((coverage[0].percent(), coverage[0].missing.len()), (100, 0), "{coverage:?}");
}

#[test]
fn coverage_knows_the_ways_of_every_kind_of_step() {
    let flow = r#"
on: whatsapp.order_received
steps:
  - switch: event.order.currency
    cases:
      EUR: [{ set: { a: 1 } }]
      USD:
        - set: { a: 2 }
  - for_each: event.order.items
    steps:
      - set: { b: 1 }
  - parallel:
      one:
        - set: { c: 1 }
      two:
        - set: { d: 1 }
  - ask: How many?
    timeout: 1h
    on_timeout:
      - stop: silence
  - wait_for: whatsapp.message_received
    timeout: 1h
    then:
      - stop: heard
"#;
    let test = "  - name: it\n    at: { 0s: { whatsapp.order_received: { order: { currency: EUR, items: [] } } } }\n    others: allowed\n";
    let coverage = tested(flow, test).coverage;
    let missing: Vec<String> = coverage[0].missing.iter().map(ToString::to_string).collect();
    let expected = [
        "line 5 case USD",
        "line 5 default",
        "line 9",
        "line 10 steps",
        "line 12",
        "line 18 then",
        "line 22",
        "line 25",
    ];
    assert_eq!(missing, expected, "{coverage:?}");
}

#[test]
fn a_flow_without_tests_has_nothing_covered() {
    let report = tested(GREETING, "  []\n");
    assert_eq!((report.outcomes.len(), report.coverage[0].taken), (0, 0));
}
