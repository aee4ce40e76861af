//! What can be read where, and what is wrong with an expression there.

use super::catalog;
use crate::flow::{Environment, ExpressionKind, Readable, expression_problems, scope, texts};

const FLOW: &str = "\
format: 1
flow: read
on:
  - whatsapp.order_received
  - whatsapp.message_received:
    when: event.text == \"x\"
steps:
  - id: ticket
    do: crm.create_ticket
    with: { subject: x }
  - if: contact.name == \"Ann\"
    then:
      - id: one
        do: crm.create_ticket
        with: { subject: y }
      - set: { first: 1 }
    else:
      - id: other
        script: 1 + 1
  - set: { second: 2 }
  - id: reply
    wait_for: whatsapp.message_received
    match: reply.text == \"x\"
    timeout: 1h
  - id: later
    script: 2
on_error:
  - set: { third: 3 }
";

fn at(path: &str) -> Vec<Readable> {
    let catalog = catalog();
    scope(FLOW, path, &Environment::new(&catalog)).unwrap_or_default()
}

/// `sure` names, and those that may be missing behind a `?`.
fn roots(path: &str) -> Vec<String> {
    let interesting = |name: &&Readable| {
        let depth = name.name.matches('.').count();
        (depth == 1 && (name.name.starts_with("steps.") || name.name.starts_with("vars."))) || depth == 0
    };
    at(path)
        .iter()
        .filter(interesting)
        .map(|name| format!("{}{}", name.name, if name.sure { "" } else { "?" }))
        .collect()
}

#[test]
fn a_step_reads_what_ran_on_every_way_to_it_and_perhaps_the_rest() {
    let always = ["contact", "conversation", "event", "flow", "now", "run"];
    let with = |more: &[&str]| {
        let mut all: Vec<String> = always.iter().chain(more).map(|name| (*name).to_owned()).collect();
        all.sort();
        all
    };
    assert_eq!(roots("steps/0"), with(&["vars.first?", "vars.second?", "vars.third?"]));
    assert_eq!(roots("steps/1/else/0/script"), with(&["steps.ticket", "vars.first?", "vars.second?", "vars.third?"]));
    assert_eq!(
        roots("steps/2/set/second"),
        with(&["steps.ticket", "steps.one?", "steps.other?", "vars.first?", "vars.second?", "vars.third?"])
    );
    assert!(roots("steps/3/match").contains(&"reply".to_owned()));
    assert!(roots("on_error/0").contains(&"error".to_owned()));
    assert!(!roots("steps/3/match").contains(&"steps.later".to_owned()));
    assert_eq!(roots("name"), Vec::<String>::new());
}

#[test]
fn an_event_has_its_fields_with_types_and_those_of_some_triggers_only_perhaps() {
    let find = |path: &str, name: &str| at(path).into_iter().find(|found| found.name == name);
    let total = find("steps/0", "event.order.total").unwrap();
    assert_eq!((total.kind, total.sure, total.from.as_str()), ("number", false, "event"));
    assert!(find("on/0/when", "event.order.total").unwrap().sure);
    assert_eq!(find("on/1/when", "event.order.total"), None);
    assert!(find("steps/0", "event.at").unwrap().sure);
    assert_eq!(find("steps/1", "steps.ticket.id").unwrap().kind, "text");
    assert_eq!(find("steps/0", "contact.tags").unwrap().kind, "list");
}

#[test]
fn a_note_is_a_whole_sentence_of_the_catalogue() {
    let note = |path: &str, name: &str| at(path).into_iter().find(|found| found.name == name).unwrap().note;
    // In the source it goes over two lines.
    assert!(note("steps/0", "event.message.type").ends_with("`unsupported` …"));
    assert_eq!(note("steps/3/match", "reply"), "the event that came");
    let texts = texts(&catalog());
    for path in ["steps/0", "steps/2/set/second", "steps/3/match", "on_error/0"] {
        let unknown: Vec<Readable> =
            at(path).into_iter().filter(|name| !name.note.is_empty() && !texts.contains(&name.note)).collect();
        assert_eq!(unknown, []);
    }
}

#[test]
fn an_expression_is_checked_where_it_stands() {
    let catalog = catalog();
    let env = Environment::new(&catalog);
    let codes = |expression: &str, kind, at: Option<&str>| -> Vec<(&'static str, u32)> {
        let at = at.map(|path| (FLOW, path));
        expression_problems(expression, kind, at, &env).iter().map(|problem| (problem.code, problem.column)).collect()
    };
    use ExpressionKind::{Condition, Template, Value};
    assert_eq!(codes("steps.one.id == \"1\"", Condition, None), []);
    assert_eq!(codes("1 + steps.one.id", Value, Some("steps/2")), [("step_not_run", 5)]);
    assert_eq!(codes("Hello {{contact.nam}}", Template, Some("steps/2")), [("unknown_name", 7)]);
    assert_eq!(codes("contact.name ==", Condition, None), [("script_syntax", 16)]);
    assert_eq!(codes("a {{b", Template, None).len(), 1);
}

#[test]
fn a_segment_reads_one_contact() {
    let catalog = catalog();
    let text = "format: 1\nsegment: cold\ntags: [cold]\n";
    let names = |path: &str| scope(text, path, &Environment::new(&catalog)).unwrap_or_default();
    let roots: Vec<_> = names("when").into_iter().map(|name| name.name).filter(|name| !name.contains('.')).collect();
    assert_eq!(roots, ["contact", "now"]);
    assert!(names("when").iter().all(|name| name.sure) && names("tags").is_empty());
}
