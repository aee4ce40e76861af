//! Runs that wait while another version is published: in virtual time, for flows that nobody wrote too.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::World;
use super::properties::{case, helper};
use super::random::{any_text, compiled, none_hangs};
use super::sim::{Coming, Sim};
use super::tests::{catalog, document};
use crate::book::Published;
use crate::flow::{OnPublish, TestCase, Version};
use crate::ids::VersionId;
use crate::publication::Choices;
use crate::run::{Entry, What};

fn flow(published: &Published) -> Arc<Version> {
    let Published::Flow(version) = published else { panic!("a flow") };
    Arc::clone(version)
}

/// What the run of `old` did after a message, when `new` is published an hour later; the acts of it, and its entries.
fn moved(old: &str, new: &str) -> (Vec<String>, Vec<Entry>) {
    moved_by(old, new, Choices::new())
}

/// The same where whoever publishes chose.
fn moved_by(old: &str, new: &str, choices: Choices) -> (Vec<String>, Vec<Entry>) {
    let catalog = catalog();
    let text =
        |steps: &str, tests: &str| format!("format: 1\nflow: tested\non: whatsapp.message_received\n{steps}{tests}");
    let tests = "tests:\n  - { name: it, at: { 0s: { whatsapp.message_received: { text: hello } } } }\n";
    let first = document(&text(old, tests));
    let test = first.tests()[0].clone();
    let versions = [first.into_version(VersionId(1)), document(&text(new, "")).into_version(VersionId(7))];
    let world = World { versions: &[], catalog: &catalog };
    let mut sim = Sim::new(&versions[0], &test, &world).witnessed(true);
    let at = sim.now.plus(Duration::from_secs(3_600));
    sim.expect_at(at, Coming::Publish(flow(&versions[1]), choices));
    sim.run().expect("it comes to an end");
    let acts = sim.happened().acts.iter().map(|act| format!("{} {}", act.action, act.input)).collect();
    let rows = sim.witness.take().expect("it was witnessed").rows;
    (acts, rows.of_runs())
}

const WAITS: &str = "steps:\n  - id: later\n    wait: 2h\n    on_publish: continue\n  - do: contact.add_tags\n    with: { tags: [old] }\n";
const NEW: &str =
    "steps:\n  - set: { a: 1 }\n  - id: later\n    wait: 2h\n  - do: contact.add_tags\n    with: { tags: [new] }\n";

fn why_stayed(entries: &[Entry]) -> Option<String> {
    let stayed = entries.iter().filter_map(|entry| match &entry.what {
        What::Stayed { why, .. } => Some(why.to_string()),
        _ => None,
    });
    let all: Vec<String> = stayed.collect();
    assert!(all.len() <= 1, "it is said once: {all:?}");
    all.into_iter().next()
}

#[test]
fn a_run_that_continues_goes_on_at_the_same_step_of_the_new_version() {
    let (acts, entries) = moved(WAITS, NEW);
    assert_eq!(acts, [r#"contact.add_tags {"tags":["new"]}"#]);
    let moves: Vec<_> = entries.iter().filter(|entry| matches!(entry.what, What::Moved { .. })).collect();
    assert_eq!(moves[0].what, What::Moved { from: VersionId(1), to: VersionId(7) });
    assert_eq!((moves.len(), why_stayed(&entries)), (1, None));
}

#[test]
fn a_run_finishes_on_its_own_version_unless_its_wait_says_otherwise() {
    let (acts, entries) = moved(&WAITS.replace("    on_publish: continue\n", ""), NEW);
    assert_eq!(acts, [r#"contact.add_tags {"tags":["old"]}"#]);
    assert_eq!(why_stayed(&entries), None);
}

#[test]
fn what_whoever_publishes_chose_counts_instead_of_what_the_wait_says() {
    let choose = |then| Choices::from([("later".to_owned(), then)]);
    let (acts, _) = moved_by(&WAITS.replace("continue", "stop"), NEW, choose(OnPublish::Continue));
    assert_eq!(acts, [r#"contact.add_tags {"tags":["new"]}"#]);
    let (acts, _) = moved_by(WAITS, NEW, choose(OnPublish::Finish));
    assert_eq!(acts, [r#"contact.add_tags {"tags":["old"]}"#]);
    let (acts, _) = moved_by(WAITS, NEW, choose(OnPublish::Stop));
    assert!(acts.is_empty(), "{acts:?}");
}

#[test]
fn a_run_that_stops_is_cancelled_after_its_clean_up() {
    let old = WAITS.replace("continue", "stop") + "finally:\n  - do: contact.add_tags\n    with: { tags: [clean] }\n";
    let (acts, entries) = moved(&old, NEW);
    assert_eq!(acts, [r#"contact.add_tags {"tags":["clean"]}"#]);
    let ended = entries
        .iter()
        .any(|entry| matches!(entry.what, What::Finishing { status } if format!("{status:?}") == "Cancelled"));
    assert!(ended, "{entries:#?}");
}

#[test]
fn a_run_that_cannot_move_stays_and_says_why() {
    let table = [
        (NEW.replace("id: later", "id: other"), "step_gone"),
        (NEW.replace("    wait: 2h", "    wait_for: whatsapp.message_received\n    timeout: 2h"), "other_verb"),
        ("steps:\n  - for_each: '[1]'\n    steps:\n      - { id: later, wait: 2h }\n".to_owned(), "other_place"),
        ("steps: []\nfinally:\n  - { id: later, wait: 2h }\n".to_owned(), "other_place"),
    ];
    for (new, why) in table {
        let (acts, entries) = moved(WAITS, &new);
        assert_eq!(acts, [r#"contact.add_tags {"tags":["old"]}"#], "{new}");
        assert_eq!(why_stayed(&entries).as_deref(), Some(why), "{new}");
    }
}

#[test]
fn a_run_moves_out_of_branches_only_into_the_same_branches() {
    let old = "steps:\n  - id: both\n    parallel:\n      one: [{ id: a, wait: 2h, on_publish: continue }]\n      two: [{ id: b, wait: 3h, on_publish: continue }]\n  - do: contact.add_tags\n    with: { tags: [old] }\n";
    let (acts, _) = moved(old, &old.replace("[old]", "[new]"));
    assert_eq!(acts, [r#"contact.add_tags {"tags":["new"]}"#]);
    let swapped = old.replace("id: a,", "id: x,").replace("id: b,", "id: a,").replace("id: x,", "id: b,");
    let (acts, entries) = moved(old, &swapped);
    assert_eq!(acts, [r#"contact.add_tags {"tags":["old"]}"#]);
    assert_eq!(why_stayed(&entries).as_deref(), Some("other_place"));
}

#[test]
fn an_answer_is_judged_by_the_new_version() {
    let ask = |word: &str| {
        format!(
            "steps:\n  - {{ id: size, ask: Size?, timeout: 2h, on_publish: continue, on_timeout: [{{ do: contact.add_tags, with: {{ tags: [{word}] }} }}] }}\n"
        )
    };
    let (acts, _) = moved(&ask("old"), &format!("steps:\n  - set: {{ a: 1 }}\n{}", &ask("new")[7..]));
    assert_eq!(acts.last().map(String::as_str), Some(r#"contact.add_tags {"tags":["new"]}"#));
}

/// The same flow with a step before and one behind.
fn changed(flow: &Value) -> Value {
    let mut flow = flow.clone();
    if let Value::Array(steps) = &mut flow["steps"] {
        // The first one sets what the others count with.
        steps.insert(1.min(steps.len()), json!({ "set": { "published": true } }));
        steps.push(json!({ "set": { "moved": true } }));
    }
    flow
}

fn published(text: &Value, test: &TestCase, after: u64, forgets: bool) {
    let (catalog, version) = (catalog(), compiled(text, 1));
    let versions = [version.clone(), helper()];
    let world = World { versions: &versions, catalog: &catalog };
    let mut sim = Sim::new(&version, test, &world).witnessed(forgets);
    let at = sim.now.plus(Duration::from_secs(after));
    sim.expect_at(at, Coming::Publish(flow(&compiled(&changed(text), 7)), Choices::new()));
    if sim.run().is_ok() {
        none_hangs(&sim);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// The witness asserts along the way that every journal folds to its state and every mailbox reads back as it was.
    #[test]
    fn whatever_is_published_no_run_hangs_and_every_journal_tells_the_same(
        text in any_text(),
        test in case(),
        after in prop::sample::select(vec![0_u64, 5, 700, 1_900, 4_000, 100_000]),
        forgets in any::<bool>(),
    ) {
        published(&text, &test, after, forgets);
    }
}
