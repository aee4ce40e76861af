//! Where problems stand, and what a text says of itself.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::{EXAMPLE, catalog};
use crate::flow::{Environment, Op, PlacedProblem, check, check_document, outline, placed};

/// The placed problems of a text.
fn told(text: &str) -> Vec<PlacedProblem> {
    let catalog = catalog();
    placed(check_document(text, &Environment::new(&catalog)).problems, text, outline(text).as_ref())
}

/// `code path: the text of the range`, one a line.
fn ranges(text: &str) -> String {
    let lines: Vec<&str> = text.split('\n').collect();
    told(text).iter().fold(String::new(), |mut out, placed| {
        let problem = &placed.problem;
        let line: Vec<char> = lines[problem.line as usize - 1].trim_start_matches('\u{feff}').chars().collect();
        let end = if placed.end_line == problem.line { placed.end_column as usize - 1 } else { line.len() };
        let marked: String = line[problem.column as usize - 1..end].iter().collect();
        let path = placed.path.as_deref().unwrap_or("-");
        let lines = placed.end_line - problem.line;
        let _ = writeln!(
            out,
            "{} {path}: {marked}{}",
            problem.code,
            if lines > 0 { format!(" +{lines}") } else { String::new() }
        );
        out
    })
}

#[test]
fn a_problem_has_the_range_of_what_it_is_about_and_its_path() {
    let text = "\
format: 1
flow: Größe
on: [whatsapp.message_received, whatsapp.nothing]
steps:
  - id: ticket
    do: crm.create_ticket
    with: { sbject: 'héé {{contact.nam}}', priority: 7 }
  - if: 'contact.tags.contains(\"vip\") && event.colour == 5'
    then:
      - dow: whatsapp.send_text
      - set: { a: \"= vars.zzz + 1\" }
    esle: []
  - note: no verb
  - do: whatsapp.send_text
    with:
      text: |
        Hello {{contact.name}},
        your {{contact.nme}} is here
  - switch: event.text
    cases:
      a/b: [{ stop: { as: gone } }]
";
    insta::assert_snapshot!(ranges(text), @r"
    bad_id flow: Größe
    unknown_trigger on/1: whatsapp.nothing
    missing_field steps/0/do: crm.create_ticket
    unknown_field steps/0/with/sbject: sbject
    unknown_choice steps/0/with/priority: 7
    unknown_key steps/1/then/0/dow: dow
    unknown_name steps/1/then/1/set/a: vars.zzz
    unknown_key steps/1/esle: esle
    no_verb steps/2: note: no verb
    unknown_name steps/3/with/text: {{contact.nme}}
    unknown_choice steps/4/cases/a~1b/0/stop/as: gone
    ");
}

#[test]
fn text_that_is_no_yaml_has_a_range_and_no_path() {
    insta::assert_snapshot!(ranges("format: 1\nflow: a\nsteps:\n\t- do: x\n"), @"yaml_syntax -: -");
    insta::assert_snapshot!(ranges("\u{feff}flow: \"a\nb\nc: d"), @"yaml_syntax -: b");
}

#[test]
fn a_text_with_problems_still_says_what_it_is() {
    let text = "flow: welcome\nname: Welcome!\non:\n  - whatsapp.message_received: { first: true }\n    id: x\n  - manual\nsteps:\n  - if: '!'\n    then: [{ stop: x }]\n  - 5\n";
    let summary = outline(text).expect("yaml").summary();
    assert_eq!((summary.id.as_str(), summary.name.as_str(), summary.steps), ("welcome", "Welcome!", 2));
    assert_eq!(summary.triggers, ["whatsapp.message_received", "manual"]);
    let rules = "rules: care\nlist:\n  - rule: one\n    on: whatsapp.message_received\n";
    let outline = outline(rules).expect("yaml");
    assert_eq!((outline.summary().name.as_str(), outline.steps()[0].path.as_str()), ("care", "list/0"));
}

/// Every kind of nesting there is.
const NESTED: &str = "\
format: 1
flow: nested
on: [whatsapp.message_received]
steps:
  - if: event.text == \"a\"
    then: [{ id: inner, set: { a: 1 } }, { if: event.text == \"b\", then: [{ stop: b }] }]
    else: [{ set: { a: 2 } }]
  - switch: event.text
    cases: { a: [{ set: { b: 1 } }], \"5/6\": [{ set: { b: 2 } }] }
    default: [{ set: { b: 3 } }]
  - for_each: \"[1, 2]\"
    steps: [{ set: { c: 1 } }]
  - parallel: { one: [{ set: { d: 1 } }], two: [{ set: { d: 2 } }] }
  - repeat: { id: rounds, max: 3, until: vars.a == 1, steps: [{ set: { e: 1 } }] }
  - wait_for: whatsapp.message_received
    timeout: 1h
    then: [{ set: { f: 1 } }]
    on_timeout: [{ set: { f: 2 } }]
  - ask: How many?
    timeout: 1h
    else_ask: A number, please
    then: [{ set: { g: 1 } }]
  - do: crm.create_ticket
    with: { subject: x }
    on_error: [{ set: { h: 1 } }]
on_error: [{ set: { i: 1 } }]
finally: [{ set: { j: 1 } }]
";

#[test]
fn every_step_of_a_program_has_its_place_in_the_text() {
    let catalog = catalog();
    for text in [NESTED, EXAMPLE] {
        let outline = outline(text).expect("yaml");
        let checked = check(text, &Environment::new(&catalog));
        let program = checked.version.unwrap_or_else(|| panic!("{:?}", checked.problems)).program;
        for step in &program.steps {
            let place = outline.step(&step.path).unwrap_or_else(|| panic!("`{}` has no place", step.path));
            let own = step.line != 0 && !matches!(step.op, Op::Check(_) | Op::Until { .. });
            assert!(!own || (place.step == *step.path && place.line == step.line), "{} {place:?}", step.path);
        }
        let written = program.steps.iter().filter(|step| step.line != 0).count();
        assert_eq!(outline.steps().len(), written);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn the_range_of_a_problem_lies_in_the_text_and_never_ends_before_it_begins(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, "[ \\n:\\-!&*#{}\\[\\]\"'a-z=|>%@`~?,.0-9\\PC]{0,6}"), 1..5)
    ) {
        let mut chars: Vec<char> = EXAMPLE.chars().collect();
        for (at, remove, insert) in edits {
            let at = at.index(chars.len() + 1);
            let end = (at + remove).min(chars.len());
            chars.splice(at..end, insert.chars());
        }
        let text: String = chars.into_iter().collect();
        let lines = text.split('\n').count();
        for placed in told(&text) {
            let problem = &placed.problem;
            prop_assert!((placed.end_line, placed.end_column) >= (problem.line, problem.column), "{placed:?}");
            prop_assert!(placed.end_line as usize <= lines, "{placed:?}");
        }
    }
}

/// A text with `unit` repeated as often as values are read at all.
fn long(head: &str, unit: impl Fn(usize) -> String) -> String {
    (0..9_000).fold(head.to_owned(), |text, number| text + unit(number).as_str())
}

#[test]
fn a_text_of_any_shape_is_refused_in_time_and_without_exhausting_the_stack() {
    let head = "format: 1\nflow: a\non: [manual]\nsteps:\n";
    let nested: String = (0..300).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    let texts = [
        (": ".repeat(400_000), "yaml_too_large"),
        (nested, "yaml_too_large"),
        ("[".repeat(900_000), "yaml_too_large"),
        (long(head, |n| format!("  - {{ id: s{n}, set: {{ a: '= steps.q{n} + vars.q{n}' }} }}\n")), "too_many_steps"),
        (
            long("format: 1\nflow: a\nsteps: []\nwhen: event.a\non:\n", |n| {
                format!("  - {{ manual: {{}}, id: t{n}, when: event.x }}\n")
            }),
            "wrong_length",
        ),
        (long("a: [", |_| "!é b,".into()), "yaml_tag"),
        (long("a: [", |_| "'é', !a,".into()) + "]", "yaml_tag"),
    ];
    for (text, code) in texts {
        let before = tokio::time::Instant::now();
        let told = told(&text);
        assert!(told.iter().any(|placed| placed.problem.code == code), "{code}: {:?}", told.first());
        assert!(before.elapsed().as_secs() < 20, "{code} took {:?}", before.elapsed());
    }
}
