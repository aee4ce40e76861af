//! Files of tag rules: what is read of them, what is said about broken ones, what their meaning is.

use serde_json::Value;

use super::{catalog, problems};
use crate::flow::{CompiledDocument, CompiledRules, Document, Environment, Kind, check_document, plan, schema};

pub(super) const RULES: &str = r#"
format: 1
rules: care
name: Customer care
list:
  - rule: complaint
    name: Complaint
    on: whatsapp.message_received
    when: text.mentions(event.text, ["complaint", "жалоба"])
    then:
      add_tags: [complaint]
      priority: high
      fields: { last_complaint: "{{event.text}}", complaints: "= (contact.fields?.complaints ?? 0) + 1" }
      escalate: { team: care, accept_within: 30s, reason: "{{event.text}}" }
    stop: true
  - rule: went-cold
    note: after two days
    on: { conversation.no_reply: { after: 48h, silent: customer } }
    then: { add_tags: [cold], remove_tags: [hot], for: 30d, language: it }
    watch: true
tests:
  - name: a complaint reaches care
    at: { 0s: { whatsapp.message_received: { text: a complaint } } }
    expect:
      - human.escalate: { team: care }
    rules: [complaint]
    tags: [complaint]
    contact: { priority: high, fields: { complaints: 1 } }
"#;

fn compiled(text: &str) -> CompiledRules {
    let catalog = catalog();
    let checked = check_document(text, &Environment::new(&catalog));
    match checked.version {
        Some(CompiledDocument::Rules(rules)) => *rules,
        other => panic!("{other:?} {:#?}", checked.problems),
    }
}

#[test]
fn a_file_of_rules_is_read_whole() {
    assert_eq!(problems(RULES), "");
    let rules = compiled(RULES);
    assert_eq!((&*rules.file, rules.name.as_str(), rules.tests.len()), ("care", "Customer care", 1));
    let [complaint, cold] = &rules.rules[..] else { panic!("two rules") };
    assert!((complaint.stop, complaint.watch, complaint.reads_contact) == (true, false, true));
    assert!((cold.stop, cold.watch, cold.reads_contact) == (false, true, false));
    assert_eq!(cold.then.keep.map(|keep| keep.as_secs()), Some(30 * 86_400));
    assert_eq!(complaint.then.escalate.as_ref().map(|to| to.accept_within.as_secs()), Some(30));
    assert_eq!(rules.needs.tags.iter().collect::<Vec<_>>(), ["cold", "complaint", "hot"]);
    assert_eq!(rules.needs.teams.iter().collect::<Vec<_>>(), ["care"]);
}

#[test]
fn names_notes_and_tests_are_no_part_of_the_meaning_and_the_order_of_rules_is() {
    let meaning = compiled(RULES).meaning;
    for (from, to) in [("name: Complaint", "name: Cross"), ("after two days", "later"), ("reaches care", "is heard")] {
        assert_eq!(compiled(&RULES.replace(from, to)).meaning, meaning, "{from}");
    }
    for (from, to) in [("add_tags: [cold]", "add_tags: [icy]"), ("stop: true", "stop: false"), ("48h", "49h")] {
        assert_ne!(compiled(&RULES.replace(from, to)).meaning, meaning, "{from}");
    }
    let (head, rest) = RULES.split_once("  - rule: complaint").expect("the first");
    let (first, rest) = rest.split_once("  - rule: went-cold").expect("the second");
    let (second, tests) = rest.split_once("tests:").expect("the tests");
    let turned = format!("{head}  - rule: went-cold{second}  - rule: complaint{first}tests:{tests}");
    assert_ne!(compiled(&turned).meaning, meaning);
}

#[test]
fn every_mistake_is_told_at_once_and_in_its_place() {
    let text = r#"format: 1
rules: care
list:
  - rule: Complaint
    on: whatsapp.message_received
    then: { add_tags: complaint }
  - rule: vip
    on: schedule.cron
    when: steps.ticket.id == run.id
    then: { add_tag: [vip], for: 2 days }
  - rule: vip
    on: whatsapp.order_received
  - rule: late
    on: whatsapp.message_received
    when: event.txt == "x"
    then: { priority: urgent, for: 3d, escalate: { accept_within: 20s } }
    stop: sometimes
tests:
  - name: it
    at: {}
    rules: [vipp]
    end: done
"#;
    let said = problems(text);
    let expected = [
        "4:11 error[bad_id]",
        "6:23 error[wrong_type]",
        "8:9 error[no_contact]",
        "8:9 error[missing_field]",
        "9:11 error[unknown_step]",
        "9:30 error[unknown_name]",
        "10:13 error[unknown_key]",
        "10:34 error[bad_duration]",
        "11:11 error[duplicate_id]",
        "11:5 error[missing_key]",
        "15:11 error[unknown_name]",
        "16:23 error[unknown_choice]",
        "16:31 error[missing_key]",
        "16:50 error[missing_field]",
        "17:11 error[wrong_type]",
        "21:13 error[unknown_choice]",
        "22:5 error[unknown_key]",
    ];
    for wanted in expected {
        assert!(said.contains(wanted), "{wanted} is not in\n{said}");
    }
}

#[test]
fn a_list_has_at_most_200_rules() {
    let rule = |n: usize| format!("  - {{ rule: r{n}, on: whatsapp.message_received, stop: true }}\n");
    let file = |count: usize| format!("format: 1\nrules: many\nlist:\n{}", (0..count).map(rule).collect::<String>());
    assert_eq!(problems(&file(200)), "");
    assert!(problems(&file(201)).starts_with("4:3 error[too_many_rules]"));
}

#[test]
fn a_plan_takes_flows_and_rules_together_and_their_ids_are_of_one_space() {
    let catalog = catalog();
    let environment = Environment::new(&catalog);
    let document = |path: &str, text: &str| Document { path: path.into(), text: text.into(), owner: "db".into() };
    let flow = "format: 1\nflow: care\non: [manual]\nsteps: []\n";
    let both = plan(&[document("a.yaml", RULES), document("b.yaml", flow)], &[], &environment);
    assert_eq!(both.items.iter().map(|item| item.kind).collect::<Vec<_>>(), [Kind::Rules, Kind::Flow]);
    assert!(both.items.iter().all(|item| item.problems.last().is_some_and(|problem| problem.code == "flow_taken")));
    let apart = plan(&[document("a.yaml", RULES), document("b.yaml", &flow.replace("care", "b"))], &[], &environment);
    assert!(apart.possible(), "{apart:#?}");
}

#[test]
fn the_schema_tells_good_rules_from_bad_ones() {
    let valid = |text: &str| {
        let document: Value = serde_yaml::from_str(text).expect("YAML");
        jsonschema::validator_for(&schema(&catalog())).expect("a schema").is_valid(&document)
    };
    assert!(valid(RULES));
    for (from, to) in [
        ("add_tags: [cold]", "add_tags: cold"),
        ("rule: complaint\n", "rule: Complaint\n"),
        ("priority: high\n      fields", "priority: urgent\n      fields"),
        ("whatsapp.message_received\n    when", "whatsapp.messages\n    when"),
        ("for: 30d", "for: long"),
        ("escalate: { team: care,", "escalate: {"),
        ("watch: true", "watches: true"),
    ] {
        let text = RULES.replacen(from, to, 1);
        assert_ne!(text, RULES, "{from}");
        assert!(!valid(&text), "{to}");
    }
}
