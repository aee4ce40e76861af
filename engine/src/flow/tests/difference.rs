//! What differs between two texts, in words.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::EXAMPLE;
use crate::flow::difference;

fn told(old: &str, new: &str) -> String {
    let found = difference(old, new).expect("yaml");
    let mut out = format!("meaning changed: {}\n", found.meaning_changed);
    for change in found.changes {
        let path = |path: &Option<String>| path.clone().unwrap_or_else(|| "-".into());
        let _ = writeln!(out, "{} -> {}  {}", path(&change.path_old), path(&change.path_new), change.words);
    }
    out
}

const OLD: &str = "\
format: 1
flow: welcome
name: Welcome
on: [whatsapp.message_received]
steps:
  - id: greet
    do: whatsapp.send_text
    with: { text: Hello }
  - wait: 1h
  - if: contact.tags.contains(\"vip\")
    then:
      - do: contact.add_tags
        with: { tags: [greeted] }
      - set: { vip: true }
  - id: ticket
    do: crm.create_ticket
    with: { subject: New, priority: high }
tests:
  - name: it greets
    at: { 0s: { whatsapp.message_received: {} } }
";

#[test]
fn the_same_text_and_another_way_to_write_it_have_no_differences() {
    assert_eq!(told(OLD, OLD), "meaning changed: false\n");
    let other = OLD.replace("with: { text: Hello }", "with:\n      # says hello\n      text: 'Hello'");
    assert_eq!(told(OLD, &other), "meaning changed: false\n");
}

#[test]
fn fields_that_changed_came_or_went_are_told_with_their_values() {
    let new = OLD
        .replace("text: Hello", "text: Good day")
        .replace("priority: high", "description: long")
        .replace("wait: 1h", "wait: 2h")
        .replace("name: Welcome", "name: Greeting")
        .replace("- id: ticket", "- id: ticket\n    name: Ticket");
    insta::assert_snapshot!(told(OLD, &new), @r#"
    meaning changed: true
     ->   the document: name changed from “Welcome” to “Greeting”
    steps/0 -> steps/0  step greet: with.text changed from “Hello” to “Good day”
    steps/1 -> steps/1  step wait 2h: wait changed from “1h” to “2h”
    steps/3 -> steps/3  step Ticket: name is “Ticket” now
    steps/3 -> steps/3  step Ticket: with.description is “long” now
    steps/3 -> steps/3  step Ticket: with.priority was “high” and is gone
    "#);
}

#[test]
fn steps_that_came_went_or_moved_are_told_with_what_is_in_them() {
    let removed = OLD.replace(
        "  - if: contact.tags.contains(\"vip\")\n    then:\n      - do: contact.add_tags\n        with: { tags: [greeted] }\n      - set: { vip: true }\n",
        "",
    );
    insta::assert_snapshot!(told(OLD, &removed), @r#"
    meaning changed: true
    steps/2 -> -  removed: step if contact.tags.contains("vip"), with 2 inside
    "#);
    insta::assert_snapshot!(told(&removed, OLD), @r#"
    meaning changed: true
    - -> steps/2  added: step if contact.tags.contains("vip"), with 2 inside
    "#);
    let moved = OLD.replace("  - wait: 1h\n", "").replace(
        "    with: { subject: New, priority: high }\n",
        "    with: { subject: New, priority: high }\n  - wait: 1h\n",
    );
    insta::assert_snapshot!(told(OLD, &moved), @r#"
    meaning changed: true
    steps/1 -> steps/3  moved: step wait 1h
    "#);
    let out = OLD.replace("      - set: { vip: true }\n", "  - set: { vip: true }\n");
    insta::assert_snapshot!(told(OLD, &out), @r#"
    meaning changed: true
    steps/2/then/1 -> steps/3  moved: step set
    "#);
}

#[test]
fn ids_and_triggers_and_tests_are_told_too() {
    let new = OLD
        .replace("id: ticket", "id: case")
        .replace("[whatsapp.message_received]\n", "[whatsapp.order_received, whatsapp.message_received]\n")
        .replace("flow: welcome", "flow: hello");
    insta::assert_snapshot!(told(OLD, &new), @r#"
    meaning changed: true
     ->   the document: flow changed from “welcome” to “hello”
    - -> on/0  added: trigger whatsapp.order_received
    steps/3 -> steps/3  step case: id changed from “ticket” to “case”
    "#);
    let tests = OLD.replace("it greets", "it says hello");
    insta::assert_snapshot!(told(OLD, &tests), @r#"
    meaning changed: false
    tests/0 -> tests/0  test it says hello: name changed from “it greets” to “it says hello”
    "#);
}

#[test]
fn rules_are_matched_by_their_ids_and_their_order_counts() {
    let rule = |id: &str, word: &str| {
        format!(
            "  - rule: {id}\n    on: whatsapp.message_received\n    when: event.text.mentions(\"{word}\")\n    then: {{ add_tags: [{id}] }}\n"
        )
    };
    let file = |rules: &[String]| format!("format: 1\nrules: care\nlist:\n{}", rules.concat());
    let old = file(&[rule("one", "a"), rule("two", "b"), rule("three", "c")]);
    let new = file(&[rule("three", "c"), rule("one", "x"), rule("two", "b")]);
    insta::assert_snapshot!(told(&old, &new), @r#"
    meaning changed: true
    list/2 -> list/0  moved: rule three
    list/0 -> list/1  rule one: when changed from “event.text.mentions("a")” to “event.text.mentions("x")”
    "#);
}

#[test]
fn texts_of_any_size_are_compared_in_time() {
    let text = |name: &str| {
        let steps: String = (0..9_000).map(|n| format!("  - set: {{ {name}{n}: 1 }}\n")).collect();
        format!("format: 1\nflow: a\non: [manual]\nsteps:\n{steps}")
    };
    let before = tokio::time::Instant::now();
    let found = difference(&text("a"), &text("b")).expect("yaml");
    assert_eq!(found.changes.len(), 18_000);
    assert!(before.elapsed().as_secs() < 20, "{:?}", before.elapsed());
}

#[test]
fn what_is_no_yaml_is_said() {
    assert_eq!(difference(OLD, "a: [").unwrap_err()[0].code, "yaml_syntax");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn every_difference_has_a_place_and_no_difference_means_the_same(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, "[ \\n:a-z=0-9]{0,6}"), 1..4)
    ) {
        let mut chars: Vec<char> = EXAMPLE.chars().collect();
        for (at, remove, insert) in edits {
            let at = at.index(chars.len() + 1);
            let end = (at + remove).min(chars.len());
            chars.splice(at..end, insert.chars());
        }
        let text: String = chars.into_iter().collect();
        if let Ok(found) = difference(EXAMPLE, &text) {
            for change in &found.changes {
                prop_assert!(change.path_old.is_some() || change.path_new.is_some());
                prop_assert!(!change.words.is_empty());
            }
            prop_assert!(!found.changes.is_empty() || !found.meaning_changed, "{}", text);
        }
    }
}
