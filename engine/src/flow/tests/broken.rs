//! Broken flows and what is said about each: `line:column severity[code] message (hint)`.

use super::problems;

/// Every block of `broken.txt`: a title, a flow, and what is said about it.
#[test]
fn every_broken_flow_is_explained_at_its_place() {
    let cases: Vec<&str> = include_str!("broken.txt").split("\n=== ").filter(|case| !case.trim().is_empty()).collect();
    assert!(cases.len() > 40, "the table is whole");
    let mut wrong = String::new();
    for case in cases {
        let (title, rest) = case.trim_start_matches("=== ").split_once('\n').expect("a title");
        let (flow, said) = rest.split_once("\n>>>\n").expect("a flow and what is said");
        let found = problems(&document(flow));
        if found.trim() != said.trim() {
            wrong.push_str(&format!("=== {title}\n{flow}\n>>>\n{}\n\n", found.trim()));
        }
    }
    assert!(wrong.is_empty(), "these differ; what is said now:\n{wrong}");
}

/// A case may leave out the head of the flow, which is then on the first lines.
fn document(flow: &str) -> String {
    if flow.starts_with("steps:") {
        format!("format: 1\nflow: test\non: [whatsapp.message_received]\n{flow}\n")
    } else if flow.starts_with("on:") {
        format!("format: 1\nflow: test\n{flow}\n")
    } else {
        format!("{flow}\n")
    }
}

#[test]
fn seven_mistakes_give_seven_problems_each_on_its_line_with_a_hint() {
    let text = "\
format: 1
flow: Order_To_Ticket
on:
  - whatsapp.order_recieved
steps:
  - do: crm.create_tickt
    with: { subject: hi }
  - do: crm.create_ticket
    with: { subjekt: hi, subject: hello }
  - if: !contact.blocked
    then: []
  - wait: 2 hours
  - do: contact.add_tags
    with: { tags: [vip] }
    retri: none
";
    let catalog = super::catalog();
    let problems = super::check(text, &super::Environment::new(&catalog)).problems;
    let places: Vec<(u32, &str)> = problems.iter().map(|problem| (problem.line, problem.code)).collect();
    let expected = [
        (2, "bad_id"),
        (4, "unknown_trigger"),
        (6, "unknown_action"),
        (9, "unknown_field"),
        (10, "yaml_tag"),
        (12, "bad_duration"),
        (15, "unknown_key"),
    ];
    assert_eq!(places, expected, "{}", super::problems(text));
    assert!(
        problems.iter().all(|problem| !problem.hint.is_empty() || problem.message.contains("such as")),
        "{problems:?}"
    );
}
