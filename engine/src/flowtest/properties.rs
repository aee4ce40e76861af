//! Properties of the turn, shown on the shipped flows and on one that uses the rest of the language, with whatever happens.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::World;
use super::expect::Act;
use super::sim::Sim;
use super::tests::{catalog, document};
use super::witness::{Rows, Witness};
use crate::book::Published;
use crate::flow::{Fail, Fake, Moment, TestCase};
use crate::ids::VersionId;

const SHIPPED: [&str; 7] = [
    include_str!("../../../flows/order-to-ticket.yaml"),
    include_str!("../../../flows/no-reply-reminder.yaml"),
    include_str!("../../../flows/crm-stage-to-message.yaml"),
    include_str!("../../../flows/price-autoreply.yaml"),
    include_str!("../../../flows/customer-care.yaml"),
    include_str!("../../../flows/cold-lead-follow-up.yaml"),
    include_str!("../../../flows/vip-birthday-list.yaml"),
];

/// The segments that these name.
const SEGMENTS: [&str; 2] =
    [include_str!("../../../flows/cold-leads.yaml"), include_str!("../../../flows/vip-birthdays.yaml")];

/// What the shipped flows leave out: takes, own error branches, waits, variables, several triggers.
const MIXED: &str = r#"
format: 1
flow: mixed
on:
  - whatsapp.message_received
  - conversation.no_reply: { after: 1h, silent: us }
steps:
  - set: { seen: 1, who: "{{contact.name}}" }
  - do: http.request
    with: { url: https://shop.example }
    retry: [2s]
    expires: 1m
    on_error:
      - set: { seen: "= vars.seen + 1" }
  - id: reply
    wait_for: whatsapp.message_received
    take: true
    timeout: 30m
    then:
      - do: whatsapp.send_text
        with: { text: "{{steps.reply.text}}" }
        on_error:
          - do: contact.remove_tags
            with: { tags: [slow] }
    on_timeout:
      - do: contact.add_tags
        with: { tags: [slow] }
      - wait: 1h
  - if: vars.seen > 1
    then:
      - do: human.escalate
        with: { team: ops, reason: "{{vars.who}}" }
  - wait_for: whatsapp.message_received
    match: contact.tags.contains("slow")
    timeout: 10m
  - do: whatsapp.send_template
    with: { template: bye }
on_error:
  - do: contact.set_field
    with: { field: broken, value: "{{error.code}}" }
"#;

/// A flow that hears what it does itself.
const CAUSING: &str = r#"
format: 1
flow: causing
on: [whatsapp.message_received, contact.tag_added, contact.tag_removed]
steps:
  - if: contact.tags.contains("a")
    then:
      - do: contact.remove_tags
        with: { tags: [a] }
      - wait: 1s
    else:
      - do: contact.add_tags
        with: { tags: [a] }
"#;

/// What one simulation did, and what a store holds at its end.
#[derive(Debug, PartialEq)]
pub(super) struct Ending {
    acts: Vec<Act>,
    log: Vec<String>,
    rows: Rows,
}

impl Ending {
    /// Whether anything was told to the desk.
    fn told_the_desk(&self) -> bool {
        self.rows.told_the_desk()
    }
}

/// A flow that others can call.
pub(super) fn helper() -> Published {
    let text = "format: 1\nflow: helper\non: flow.called\nsteps:\n  - wait: 10m\n  - set: { helped: true }\n";
    document(text).into_version(VersionId(2))
}

pub(super) fn simulate(version: &Published, test: &TestCase, joined: Vec<bool>, forgets: bool) -> (Ending, usize) {
    try_simulate(version, test, joined, forgets).expect("it comes to an end")
}

/// `None` when so much happens that the simulation gives up: a connection that stays down is probed every 30 s for days.
pub(super) fn try_simulate(
    version: &Published,
    test: &TestCase,
    joined: Vec<bool>,
    forgets: bool,
) -> Option<(Ending, usize)> {
    let catalog = catalog();
    let segments = SEGMENTS.iter().zip(3..).map(|(text, id)| document(text).into_version(VersionId(id)));
    let versions: Vec<Published> = [version.clone(), helper()].into_iter().chain(segments).collect();
    let world = World { versions: &versions, catalog: &catalog };
    let mut sim = Sim::new(version, test, &world).witnessed(forgets);
    sim.joined = joined;
    sim.run().ok()?;
    let Witness { rows, commits, .. } = sim.witness.take().expect("it was witnessed");
    Some((Ending { acts: sim.happened().acts, log: sim.record.lines(), rows }, commits))
}

fn version(text: &str) -> (Published, Vec<TestCase>) {
    let compiled = document(text);
    let tests = compiled.tests().to_vec();
    (compiled.into_version(VersionId(1)), tests)
}

#[test]
fn the_journal_folds_to_the_state_after_every_commit_of_every_shipped_test() {
    for text in SHIPPED {
        let (version, tests) = version(text);
        for test in &tests {
            let (_, commits) = simulate(&version, test, Vec::new(), false);
            assert!(commits > 0, "{}: nothing was committed", test.name);
        }
    }
}

/// The desk's mailbox and the contact's have turns at the same instant: how these share commits must not show, either.
#[test]
fn two_vip_orders_at_once_come_to_the_same_however_their_inputs_are_committed() {
    let (version, _) = version(SHIPPED[0]);
    let order = |id: &str| ("whatsapp.order_received".to_owned(), json!({ "order": { "id": id, "total": 2500 } }));
    let at = vec![Moment { after: Duration::ZERO, events: vec![order("A1"), order("A2")], line: 1 }];
    let test = TestCase { name: "two at once".into(), line: 1, at, others_allowed: true, ..TestCase::default() };
    let (alone, _) = simulate(&version, &test, Vec::new(), false);
    assert!(alone.told_the_desk());
    for pattern in 0..1_u32 << 10 {
        let joined = (0..10).map(|bit| pattern >> bit & 1 == 1).collect();
        let (together, _) = simulate(&version, &test, joined, false);
        assert_eq!(alone, together, "{pattern:b}");
    }
}

fn fake() -> impl Strategy<Value = Fake> {
    let fail = prop::sample::select(vec![Fail::Later, Fail::Refused, Fail::Unknown, Fail::Auth, Fail::Down]);
    prop_oneof![
        2 => Just(Fake::Reply(json!({}))),
        1 => fail.prop_map(|how| Fake::Fail { how, code: None, message: None }),
    ]
}

fn happening() -> impl Strategy<Value = (String, Value)> {
    let message = |fields: Value| ("whatsapp.message_received".to_owned(), fields);
    prop_oneof![
        prop::sample::select(vec!["yes", "price", "цена?", "hello", "a complaint"])
            .prop_map(move |text| message(json!({ "text": text }))),
        Just(message(json!({ "text": "from the phone", "origin": "app_echo" }))),
        prop::sample::select(vec![0, 50, 2500])
            .prop_map(|total| ("whatsapp.order_received".to_owned(), json!({ "order": { "total": total } }))),
        Just(("crm.field_changed".to_owned(), json!({ "new": "won" }))),
    ]
}

/// Up to eight events, often at the same instant, and what the calls answer.
pub(super) fn case() -> impl Strategy<Value = TestCase> {
    let seconds = prop::sample::select(vec![0_u64, 0, 1, 20, 600, 1_800, 3_600, 90_000, 200_000]);
    let moments = prop::collection::vec((seconds, prop::collection::vec(happening(), 1..3)), 1..5);
    let actions =
        ["crm.create_ticket", "crm.get_contact", "whatsapp.send_template", "whatsapp.send_text", "http.request"];
    let fakes = prop::collection::vec(prop::collection::vec(fake(), 0..4), actions.len());
    (moments, fakes).prop_map(move |(moments, fakes)| {
        let mut at: Vec<Moment> = moments
            .into_iter()
            .map(|(seconds, events)| Moment { after: Duration::from_secs(seconds), events, line: 1 })
            .collect();
        at.sort_by_key(|moment| moment.after);
        let fakes = actions.iter().map(|action| (*action).to_owned()).zip(fakes);
        TestCase {
            name: "whatever happens".into(),
            line: 1,
            at,
            fake: fakes.filter(|(_, answers)| !answers.is_empty()).collect(),
            others_allowed: true,
            ..TestCase::default()
        }
    })
}

/// Which of [`flow`].
fn any_flow() -> impl Strategy<Value = usize> {
    prop::sample::select(vec![0, 1, 2, 3, 4, 5, 5, 6])
}

fn flow(number: usize) -> &'static str {
    SHIPPED.get(number).copied().unwrap_or(if number == SHIPPED.len() { MIXED } else { CAUSING })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// The witness asserts along the way that every journal folds to its state.
    #[test]
    fn splitting_inputs_into_commits_differently_changes_nothing(
        number in any_flow(),
        test in case(),
        joined in prop::collection::vec(any::<bool>(), 0..60),
    ) {
        let (version, _) = version(flow(number));
        let (alone, commits) = simulate(&version, &test, Vec::new(), false);
        let (together, fewer) = simulate(&version, &test, joined, false);
        prop_assert_eq!(&alone, &together);
        prop_assert!(fewer <= commits);
    }

    #[test]
    fn a_process_may_end_after_any_commit_and_the_next_one_comes_to_the_same_end(number in any_flow(), test in case()) {
        let (version, _) = version(flow(number));
        let (lived, _) = simulate(&version, &test, Vec::new(), false);
        let (died, _) = simulate(&version, &test, Vec::new(), true);
        prop_assert_eq!(&lived.log, &died.log);
        prop_assert_eq!(&lived.acts, &died.acts);
        prop_assert_eq!(lived.rows, died.rows);
    }
}
