//! Pictures of runs from entries as turns write them.

use serde_json::json;

use super::*;
use crate::connector::Catalog;
use crate::flow::{Environment, check};
use crate::ids::{EventId, RunId};

const TEXT: &str = "
format: 1
flow: pictured
on: whatsapp.message_received
steps:
  - if: event.text == \"a\"
    then:
      - id: tag
        do: contact.add_tags
        with: { tags: [vip] }
  - repeat:
      id: rounds
      max: 3
      until: event.text == \"b\"
      steps:
        - set: { n: 1 }
  - id: wait
    wait_for: whatsapp.message_received
    timeout: 48h
  - set: { end: true }
";

fn program() -> Program {
    let catalog = Catalog {
        actions: crate::local::actions(),
        triggers: crate::trigger::all(),
        serves: std::collections::BTreeMap::new(),
    };
    let checked = check(TEXT, &Environment::new(&catalog));
    checked.version.unwrap_or_else(|| panic!("{:?}", checked.problems)).program
}

/// One line a step: its path, where it stands and what is known of it.
fn drawn(entries: &[(What, Value)], status: RunStatus) -> String {
    let program = program();
    let entries: Vec<Entry> = entries.iter().cloned().map(|(what, data)| Entry { what, data }).collect();
    let timed = (0..).step_by(10).map(At).zip(&entries);
    let picture = picture(&program, timed, status);
    let line = |seen: &Seen| {
        let step = &program.steps[seen.step as usize];
        let span = [seen.entered_at, seen.left_at].map(|at| at.map_or("-".to_owned(), |at| at.0.to_string()));
        let values = [("input", &seen.input), ("output", &seen.output), ("saw", &seen.saw)];
        let values =
            values.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| format!(" {name} {value}"));
        let error = seen.error.as_ref().map_or(String::new(), |error| format!(" error {error}"));
        let tried = seen.attempts.iter().map(|tried| format!(" try {} {}", tried.attempt, tried.verdict));
        let told: String = values.chain(tried).chain([error]).collect();
        format!("{} {:?} x{} {}..{}{told}", step.path, seen.state, seen.times, span[0], span[1])
    };
    let waits = picture.waits.iter().map(|wait| format!("waits at {} until {}", wait.step, wait.until.0));
    picture.steps.iter().map(line).chain(waits).collect::<Vec<_>>().join("\n")
}

fn started() -> (What, Value) {
    (What::Started { trigger: "t".into(), event: EventId(1), at: At(0), depth: 0, gate: None }, Value::Null)
}

fn decided(step: &str, holds: bool) -> (What, Value) {
    (What::Decided { step: step.into(), holds }, json!({ "event.text": "a" }))
}

fn waited() -> (What, Value) {
    (What::Waited { step: "wait".into(), wait: WaitId(1), until: At(99), event: None }, Value::Null)
}

#[test]
fn a_run_that_waits_shows_what_was_done_and_where_it_stands() {
    let set = (What::Assigned { step: "rounds.steps.0".into() }, json!({ "n": 1 }));
    let round = |round| (What::Round { step: "rounds".into(), round }, Value::Null);
    let acted = What::Acted { step: "tag".into(), action: "contact.add_tags".into() };
    let story = [
        started(),
        decided("0", true),
        (acted, json!({ "input": { "tags": ["vip"] }, "output": {} })),
        round(1),
        set.clone(),
        decided("rounds.until", false),
        round(2),
        set,
        decided("rounds.until", true),
        waited(),
    ];
    insta::assert_snapshot!(drawn(&story, RunStatus::Waiting), @r#"
    0 Done x1 10..10 output true saw {"event.text":"a"}
    rounds Done x2 60..80 output true saw {"event.text":"a"}
    wait Waiting x1 90..-
    tag Done x1 20..20 input {"tags":["vip"]} output {}
    rounds.steps.0 Done x2 70..70 output {"n":1}
    waits at 2 until 99
    "#);
}

#[test]
fn an_ended_run_shows_what_was_left_out_and_a_cancelled_one_what_was_broken_off() {
    let fired = (What::Fired { step: "wait".into(), wait: WaitId(1), at: None }, Value::Null);
    let end = (What::Assigned { step: "3".into() }, json!({ "end": true }));
    let done = [started(), decided("0", false), waited(), fired, end];
    insta::assert_snapshot!(drawn(&done, RunStatus::Done), @r#"
    0 Done x1 10..10 output false saw {"event.text":"a"}
    rounds Skipped x0 -..-
    wait Done x1 20..30
    3 Done x1 40..40 output {"end":true}
    tag Skipped x0 -..-
    rounds.steps.0 Skipped x0 -..-
    "#);
    let cancelled = [started(), decided("0", false), waited()];
    insta::assert_snapshot!(drawn(&cancelled, RunStatus::Cancelled), @r#"
    0 Done x1 10..10 output false saw {"event.text":"a"}
    rounds Skipped x0 -..-
    wait Skipped x1 20..-
    3 Skipped x0 -..-
    tag Skipped x0 -..-
    rounds.steps.0 Skipped x0 -..-
    "#);
}

#[test]
fn a_call_shows_its_attempts_and_why_it_waits_or_failed() {
    let plan =
        (What::Planned { step: "tag".into(), n: 1, action: "x".into(), connection: "c".into() }, json!({ "a": 1 }));
    let tried = |attempt: u16, verdict: &str| {
        let (verdict, code) = (verdict.into(), Some("timeout".into()));
        let what = What::Attempted { n: 1, attempt, at: At(5), took_ms: 3, verdict, status: None, code };
        (what, json!({ "message": "no answer" }))
    };
    let parked = (What::Parked { n: 1, why: "tries_used_up".into() }, json!({ "message": "no answer" }));
    let mut story = vec![started(), plan, tried(1, "later"), tried(2, "later"), parked];
    insta::assert_snapshot!(drawn(&story, RunStatus::NeedsAttention), @r#"
    tag Waiting x1 10..- input {"a":1} try 1 later try 2 later error tries_used_up: no answer
    "#);
    story.push((What::Resolved { n: 1, how: "fail".into() }, Value::Null));
    story.push((What::Failed { step: "tag".into(), code: "given_up".into(), at: None }, Value::Null));
    insta::assert_snapshot!(drawn(&story, RunStatus::Working), @r#"
    tag Failed x1 10..60 input {"a":1} try 1 later try 2 later error given_up
    "#);
    let called = What::Called { step: "3".into(), flow: "f".into(), run: RunId(2), wait: true };
    assert_eq!(
        drawn(&[started(), (called, json!({ "b": 2 }))], RunStatus::Waiting),
        "3 Running x1 10..- input {\"b\":2}"
    );
}
