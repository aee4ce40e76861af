//! Properties of the turn for flows that nobody wrote: any steps, nested in any way, with whatever happens.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::World;
use super::properties::{case, helper, try_simulate};
use super::sim::Sim;
use super::tests::{catalog, document};
use crate::book::Published;
use crate::flow::TestCase;
use crate::handle::{place_of, places};
use crate::ids::VersionId;
use crate::letter::Rule;
use crate::mailbox::Mailbox;
use crate::run::Block;
use crate::store::WaitKind;

/// A step that has none inside.
fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => Just(json!({ "set": { "n": "= vars.n + 1" } })),
        3 => Just(json!({ "do": "crm.create_ticket", "with": { "subject": "{{event.text}}" } })),
        2 => Just(in_window(json!({ "do": "whatsapp.send_text", "with": { "text": "hi" }, "expires": "1m" }))),
        1 => Just(json!({ "do": "whatsapp.reply", "with": { "text": "hi", "template": "hi" } })),
        1 => Just(json!({ "do": "contact.add_tags", "with": { "tags": ["seen"] } })),
        2 => prop::sample::select(vec!["1s", "30m", "30h"]).prop_map(|span| json!({ "wait": span })),
        1 => Just(json!({ "script": "[1, 2, 3].map(|n| n * 2)" })),
        1 => Just(json!({ "script": "nothing()" })),
        1 => Just(json!({ "stop": "enough" })),
        1 => Just(json!({ "run_flow": "helper" })),
    ]
}

/// The check refuses free text that might come too late.
fn in_window(step: Value) -> Value {
    json!({ "if": "conversation.window_open", "then": [step] })
}

fn steps(step: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::collection::vec(step, 0..4).prop_map(Value::Array)
}

/// Any step; `again` only where it is allowed, at the end of a round.
fn step() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        let block = || steps(inner.clone());
        let condition = prop::sample::select(vec!["true", "false", "vars.n > 2"]);
        prop_oneof![
            (condition, block(), block())
                .prop_map(|(when, then, otherwise)| json!({ "if": when, "then": then, "else": otherwise })),
            (block(), block()).prop_map(|(one, other)| json!({
                "switch": "vars.n", "cases": { "1": one }, "default": other,
            })),
            (0..4_u8, 1..4_u8, block()).prop_map(|(count, limit, steps)| json!({
                "for_each": format!("{:?}", (0..count).collect::<Vec<_>>()), "limit": limit, "steps": steps,
            })),
            (block(), block(), any::<bool>()).prop_map(|(one, two, first)| json!({
                "parallel": { "one": one, "two": two }, "join": if first { "first" } else { "all" },
            })),
            (1..4_u8, block(), any::<bool>()).prop_map(|(max, mut steps, again)| {
                if again && let Value::Array(steps) = &mut steps {
                    steps.push(json!({ "again": null }));
                }
                json!({ "repeat": { "max": max, "until": "vars.n > 3", "steps": steps } })
            }),
            (block(), block()).prop_map(|(then, on_timeout)| json!({
                "wait_for": "whatsapp.message_received", "timeout": "20m", "then": then, "on_timeout": on_timeout,
            })),
            (block(), block()).prop_map(|(then, on_timeout)| in_window(json!({
                "ask": "Sure?", "choices": ["yes", "no"], "timeout": "20m", "tries": 2, "else_ask": "yes or no?",
                "then": then, "on_timeout": on_timeout,
            }))),
            (inner.clone(), block()).prop_map(|(mut step, handler)| {
                step["on_error"] = handler;
                step
            }),
            (inner.clone(), prop::sample::select(vec!["5s", "20m", "1h"])).prop_map(|(mut step, span)| {
                let holds = ["if", "switch", "for_each", "parallel", "repeat", "run_flow"];
                if holds.iter().any(|verb| step.get(verb).is_some()) {
                    step["deadline"] = json!(span);
                }
                step
            }),
        ]
    })
}

/// How runs start and work together: half of the flows say nothing about it.
fn limits() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    let key = || prop::sample::select(vec!["contact.id", "contact.phone", "event.text"]);
    let busy = prop::sample::select(vec!["queue", "skip", "replace"]);
    let concurrency = (key(), 1..3_u8, busy)
        .prop_map(|(key, limit, busy)| ("concurrency", json!({ "key": key, "limit": limit, "busy": busy })));
    let throttle =
        (key(), 1..3_u8).prop_map(|(key, limit)| ("throttle", json!({ "key": key, "limit": limit, "every": "30m" })));
    let debounce = key().prop_map(|key| ("debounce", json!({ "for": "30s", "key": key })));
    let both = (prop::option::of(concurrency), prop::option::of(throttle), prop::option::weighted(0.2, debounce))
        .prop_map(|(concurrency, throttle, debounce)| {
            concurrency.into_iter().chain(throttle).chain(debounce).collect()
        });
    prop_oneof![Just(Vec::new()), both]
}

/// Any flow, in which each wait has an id and says what another version means for it.
pub(super) fn any_text() -> impl Strategy<Value = Value> {
    let block = || prop::option::of(steps(step()));
    let said = prop::collection::vec(prop::sample::select(vec!["finish", "continue", "continue", "stop"]), 1..6);
    let deadline = prop::option::weighted(0.3, prop::sample::select(vec!["10s", "40m", "2d"]));
    let parts = (steps(step()), block(), block(), said, deadline, limits());
    parts.prop_map(|(mut steps, on_error, finally, said, deadline, limits)| {
        if let Value::Array(steps) = &mut steps {
            steps.insert(0, json!({ "set": { "n": 0 } }));
        }
        let mut flow = json!({
            "format": 1, "flow": "tested", "on": "whatsapp.message_received", "steps": steps,
        });
        for (name, limit) in limits {
            flow[name] = limit;
        }
        for (name, block) in [("on_error", on_error), ("finally", finally)] {
            if let Some(block) = block {
                flow[name] = block;
            }
        }
        if let Some(deadline) = deadline {
            flow["deadline"] = json!(deadline);
        }
        name_waits(&mut flow, &said, &mut 0);
        flow
    })
}

fn name_waits(value: &mut Value, said: &[&str], named: &mut usize) {
    if ["wait", "wait_for", "ask"].iter().any(|verb| value.get(verb).is_some()) {
        value["id"] = json!(format!("w{named}"));
        value["on_publish"] = json!(said[*named % said.len()]);
        *named += 1;
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| name_waits(item, said, named)),
        Value::Object(fields) => fields.values_mut().for_each(|field| name_waits(field, said, named)),
        _ => {}
    }
}

/// The version of a flow's data.
pub(super) fn compiled(flow: &Value, id: i64) -> Published {
    let text = serde_yaml::to_string(flow).expect("plain data");
    document(&text).into_version(VersionId(id))
}

fn any_flow() -> impl Strategy<Value = Published> {
    any_text().prop_map(|flow| compiled(&flow, 1))
}

/// After the last thing that happens, an open run waits for something that is really there.
fn nothing_hangs(version: &Published, test: &TestCase) {
    let (catalog, versions) = (catalog(), [version.clone(), helper()]);
    let world = World { versions: &versions, catalog: &catalog };
    let mut sim = Sim::new(version, test, &world);
    if sim.run().is_err() {
        return; // So much happens that the simulation gives up.
    }
    none_hangs(&sim);
}

/// Of this world none does.
pub(super) fn none_hangs(sim: &Sim<'_>) {
    for mail in sim.mails.values() {
        for run in mail.runs.values() {
            let there = |block: Block| match block {
                Block::Free => false,
                Block::Branches => true,
                Block::Effect(n) => mail.effects.values().any(|effect| (effect.run_id, effect.n) == (run.id, n)),
                Block::Wait(wait) => mail.waits.contains_key(&wait),
                Block::Child(child) => mail.runs.contains_key(&child),
            };
            if run.state.queued {
                assert!(place_of(mail, run.id).is_some(), "{} waits at no gate\n{:#?}", run.id, sim.record.lines());
                continue;
            }
            for cursor in &run.state.cursors {
                assert!(there(cursor.block), "{} hangs at {cursor:?}\n{:#?}", run.id, sim.record.lines());
            }
            let waits = run.state.cursors.iter().any(|cursor| cursor.block != Block::Branches);
            assert!(waits, "a join of {} was not released\n{:#?}", run.id, sim.record.lines());
            for deadline in &run.state.deadlines {
                assert!(
                    mail.waits.contains_key(&deadline.wait),
                    "{deadline:?} is not armed\n{:#?}",
                    sim.record.lines()
                );
            }
        }
        for wait in mail.waits.values().filter(|wait| wait.kind == WaitKind::Deadline) {
            let run = wait.run_id.and_then(|run| mail.runs.get(&run)).expect("the run of a deadline");
            let known = run.state.deadlines.iter().any(|deadline| deadline.wait == wait.id);
            assert!(known, "{wait:?} bounds nothing\n{:#?}", sim.record.lines());
        }
        nobody_waits_at_an_open_gate(sim, mail);
        for wait in mail.waits.values() {
            assert!(wait.run_id.is_none_or(|run| mail.runs.contains_key(&run)), "{wait:?} was left behind");
        }
        for effect in mail.effects.values() {
            assert!(mail.runs.contains_key(&effect.run_id), "{effect:?} was left behind");
        }
    }
}

/// At a gate, a run waits only for others that work.
fn nobody_waits_at_an_open_gate(sim: &Sim<'_>, mail: &Mailbox) {
    for place in places(mail).filter(|place| place.here) {
        let run = sim.mails.get(&place.ask.from).and_then(|mail| mail.runs.get(&place.ask.run));
        let run = run.unwrap_or_else(|| panic!("{place:?} is of a run that is over\n{:#?}", sim.record.lines()));
        assert_eq!(run.state.works(), place.held, "{place:?}\n{:#?}", sim.record.lines());
        let Rule::AtOnce { limit, .. } = place.ask.rule else { panic!("{place:?} is no place") };
        let held = places(mail).filter(|other| other.here && other.held && other.ask.gate == place.ask.gate).count();
        assert!(place.held || held == limit as usize, "{place:?} waits for nobody\n{:#?}", sim.record.lines());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_flow_hangs_whatever_happens(version in any_flow(), test in case()) {
        nothing_hangs(&version, &test);
    }

    /// The witness asserts along the way that every journal folds to its state and every mailbox reads back as it was.
    #[test]
    fn any_flow_resumes_after_any_commit_to_the_same_end(version in any_flow(), test in case()) {
        let lived = try_simulate(&version, &test, Vec::new(), false).map(|(ending, _)| ending);
        let died = try_simulate(&version, &test, Vec::new(), true).map(|(ending, _)| ending);
        prop_assert_eq!(lived, died);
    }

    #[test]
    fn any_flow_does_the_same_however_its_inputs_are_committed(
        version in any_flow(),
        test in case(),
        joined in prop::collection::vec(any::<bool>(), 0..60),
    ) {
        let alone = try_simulate(&version, &test, Vec::new(), false).map(|(ending, _)| ending);
        let together = try_simulate(&version, &test, joined, false).map(|(ending, _)| ending);
        prop_assume!(alone.is_some() && together.is_some());
        prop_assert_eq!(alone, together);
    }
}
