//! Simulations: what is told of them.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::tests::{catalog, document};
use super::{ALWAYS, GoOn, Scene, Simulation, simulate};
use crate::flow::{Environment, outline, read_case, template_texts};

const FLOW: &str = "\
# Template: nudge (category UTILITY, variable `name`)
#   en  Still there, {{name}}?
#       Buttons: Yes / No
format: 1
flow: greet
on: [whatsapp.message_received]
steps:
  - if: event.text == \"hi\"
    then:
      - do: whatsapp.send_choices
        with: { text: \"Hello {{contact.name}}\", choices: [Buy, Ask] }
  - id: answer
    wait_for: whatsapp.message_received
    timeout: 48h
    take: true
    then:
      - do: contact.add_tags
        with: { tags: [answered] }
      - stop: done
  - do: whatsapp.send_template
    with: { template: nudge, params: { name: \"{{contact.name}}\" } }
";

fn simulated(flow: &str, case: &Value, until: Option<Duration>, go_on: GoOn<'_>) -> Simulation {
    let catalog = catalog();
    let case = read_case(case.as_object().unwrap(), &Environment::new(&catalog)).unwrap();
    let outline = outline(flow).unwrap();
    simulate(
        Scene {
            document: document(flow),
            outline: &outline,
            case: &case,
            until,
            zone: chrono_tz::Europe::Rome,
            others: &[],
            texts: &template_texts(flow),
            catalog: &catalog,
        },
        go_on,
    )
}

fn told(simulation: &Simulation) -> String {
    let mut out = String::new();
    for moment in &simulation.timeline {
        let path = moment.path.as_deref().unwrap_or("-");
        let _ = write!(out, "{} {} {path}: {}", moment.offset, moment.what, moment.words);
        let _ = match &moment.message {
            Some(message) => writeln!(
                out,
                " [{} {} sent {}]",
                message.text.as_deref().unwrap_or("?"),
                message.buttons.join("/"),
                message.sent.map_or("?".to_owned(), |sent| sent.to_string())
            ),
            None => writeln!(out),
        };
    }
    for note in &simulation.notes {
        let _ = writeln!(out, "note {} {} {}", note.offset, note.code, note.path.as_deref().unwrap_or("-"));
    }
    let _ = writeln!(out, "{:?} {:?} {:?}", simulation.end, simulation.tags, simulation.coverage);
    out
}

fn hello(start: &str) -> Value {
    json!({
        "given": { "at": start, "contact": { "name": "Ann" } },
        "at": { "0s": [{ "whatsapp.message_received": { "text": "hi" } }] },
    })
}

#[test]
fn two_days_without_an_answer_pass_and_everything_is_told() {
    let simulation = simulated(FLOW, &hello("2026-01-05T21:30:00Z"), None, ALWAYS);
    insta::assert_snapshot!(told(&simulation), @r#"
    0s event -: whatsapp.message_received came in
    0s started -: the trigger whatsapp.message_received starts a run
    0s condition steps/0: the condition holds
    0s call steps/0/then/0: whatsapp.send_choices is called [Hello Ann Buy/Ask sent true]
    0s answer steps/0/then/0: the call is done
    0s wait steps/1: waits for whatsapp.message_received, until 2026-01-07T21:30:00.000Z
    2d woke steps/1: the time came
    2d call steps/2: whatsapp.send_template is called [Still there, Ann? Yes/No sent true]
    2d answer steps/2: the call is done
    2d ended -: the run is done
    note 0s night steps/0/then/0
    note 2d night steps/2
    Some(Done) [] ["steps/0", "steps/0/then/0", "steps/1", "steps/2"]
    "#);
    assert_eq!(simulation.timeline[2].saw, Some(json!({ "event.text": "hi" })));
}

#[test]
fn a_text_that_comes_too_late_is_refused_and_noted() {
    let flow = "\
format: 1
flow: late
on: [whatsapp.message_received]
steps:
  - do: crm.create_ticket
    with: { subject: x }
    on_error: [{ set: { late: true } }]
  - do: whatsapp.send_text
    with: { text: done }
";
    let mut case = hello("2026-01-05T09:00:00Z");
    case["fake"] = json!({ "crm.create_ticket": { "fail": "down" } });
    let simulation = simulated(flow, &case, None, ALWAYS);
    insta::assert_snapshot!(told(&simulation), @r#"
    0s event -: whatsapp.message_received came in
    0s started -: the trigger whatsapp.message_received starts a run
    0s call steps/0: crm.create_ticket is called
    0s tried steps/0: attempt 1 failed (later): the test says so
    1d failed steps/0: the step failed (expired): it could not start before its deadline, and nothing stale is sent
    1d set steps/0/on_error/0: variables are set
    1d call steps/1: whatsapp.send_text is called [done  sent false]
    1d tried steps/1: attempt 1 failed (refused): 24 hours have passed since the customer's last message: only a template can be sent now
    1d attention steps/1: a person must decide (refused): 24 hours have passed since the customer's last message: only a template can be sent now
    2d failed steps/1: the step failed (nobody_answered): it needed attention, and nobody answered in time
    2d ended -: the run is failed
    note 1d window_closed steps/1
    Some(Failed) [] ["steps/0", "steps/0/on_error/0", "steps/1"]
    "#);
}

#[test]
fn an_answer_in_between_changes_the_way_and_until_ends_it() {
    let mut case = hello("2026-01-05T09:00:00Z");
    case["at"]["2h"] = json!([{ "whatsapp.message_received": { "text": "Buy" } }]);
    let simulation = simulated(FLOW, &case, None, ALWAYS);
    assert!(simulation.tags.contains(&"answered".to_owned()), "{}", told(&simulation));
    assert_eq!(simulation.end, Some(crate::store::RunStatus::Done));
    let early = simulated(FLOW, &case, Some(Duration::from_secs(3600)), ALWAYS);
    assert_eq!((early.end, early.tags.len()), (Some(crate::store::RunStatus::Waiting), 0));
}

#[test]
fn a_simulation_that_is_stopped_says_so() {
    let asked = std::cell::Cell::new(0);
    let go_on = || {
        asked.set(asked.get() + 1);
        asked.get() < 2
    };
    let simulation = simulated(FLOW, &hello("2026-01-05T09:00:00Z"), None, &go_on);
    assert!(simulation.notes.iter().any(|note| note.code == "stopped"), "{:?}", simulation.notes);
}

#[test]
fn what_is_made_up_is_checked_as_a_test_is() {
    let catalog = catalog();
    for wrong in [
        json!({}),
        json!({ "at": { "soon": [] } }),
        json!({ "at": { "0s": [{ "whatsapp.nothing": {} }] } }),
        json!({ "at": { "0s": [{ "whatsapp.message_received": { "colour": 1 } }] } }),
        json!({ "at": {}, "fake": { "crm.nothing": {} } }),
        json!({ "at": {}, "given": { "contact": { "shoe": 1 } } }),
    ] {
        assert!(read_case(wrong.as_object().unwrap(), &Environment::new(&catalog)).is_err(), "{wrong}");
    }
}
