//! Plans of imports, connections and bindings.

use super::catalog;
use crate::clock::At;
use crate::flow::{Bindings, Change, ConnectionInfo, Document, Environment, Expr, Kind, Op, Problem, check, plan};
use crate::ids::VersionId;
use crate::store::{VersionRow, VersionState};

const FLOW: &str = "\
format: 1
flow: a
on: [manual]
steps:
  - do: crm.create_ticket
    connection: hubspot
    with: { subject: hi }
";

fn document(path: &str, text: &str) -> Document {
    Document { path: path.into(), text: text.into(), owner: "db".into() }
}

fn row(text: &str, owner: &str) -> VersionRow {
    let catalog = catalog();
    let version = check(text, &Environment::new(&catalog)).version.expect("clean");
    VersionRow {
        id: VersionId(1),
        kind: Kind::Flow,
        flow: version.flow.to_string(),
        meaning: version.meaning,
        text_no: 1,
        language: 1,
        source: text.into(),
        state: VersionState::Live,
        owner: owner.into(),
        by: "cli".into(),
        at: At(0),
    }
}

fn changes(documents: &[Document], stored: &[VersionRow]) -> Vec<Change> {
    let catalog = catalog();
    plan(documents, stored, &Environment::new(&catalog)).items.iter().map(|item| item.change).collect()
}

#[test]
fn a_plan_tells_new_changed_reworded_and_unchanged_apart() {
    let other = FLOW.replace("subject: hi", "subject: hello");
    let reworded = format!("# why\n{FLOW}");
    let stored = [row(FLOW, "db")];
    assert_eq!(changes(&[document("a.yaml", FLOW)], &[]), [Change::New]);
    assert_eq!(changes(&[document("a.yaml", FLOW)], &stored), [Change::Unchanged]);
    assert_eq!(changes(&[document("a.yaml", &reworded)], &stored), [Change::Reworded]);
    assert_eq!(changes(&[document("a.yaml", &other)], &stored), [Change::Changed]);
    assert_eq!(changes(&[document("a.yaml", "format: 1\nflow: a\n")], &stored), [Change::Refused]);
}

#[test]
fn the_same_id_in_two_files_refuses_both() {
    let catalog = catalog();
    let plan = plan(&[document("a.yaml", FLOW), document("b.yaml", FLOW)], &[], &Environment::new(&catalog));
    assert!(!plan.possible());
    for (item, other) in plan.items.iter().zip(["b.yaml", "a.yaml"]) {
        assert_eq!(item.owner_conflict.as_deref(), Some(other));
        let problem = item.problems.last().expect("a problem");
        assert_eq!((problem.line, problem.column, problem.code), (2, 7, "flow_taken"));
    }
}

#[test]
fn the_same_id_in_files_and_in_the_database_is_refused() {
    let catalog = catalog();
    let env = Environment::new(&catalog);
    let imported = plan(&[document("a.yaml", FLOW)], &[row(FLOW, "file:a.yaml")], &env);
    assert_eq!(imported.items[0].owner_conflict.as_deref(), Some("file:a.yaml"));
    let mut loaded = document("a.yaml", FLOW);
    loaded.owner = "file:a.yaml".into();
    assert!(!plan(std::slice::from_ref(&loaded), &[row(FLOW, "db")], &env).possible());
    assert!(plan(&[loaded], &[row(FLOW, "file:old-name.yaml")], &env).possible(), "a file may be renamed");
}

#[test]
fn a_plan_lists_what_the_flows_need() {
    let catalog = catalog();
    let plan = plan(&[document("a.yaml", super::EXAMPLE)], &[], &Environment::new(&catalog));
    let needs = serde_json::to_value(&plan.needs).expect("plain data");
    let expected = serde_json::json!({
        "connections": ["hubspot-main"],
        "capabilities": ["whatsapp"],
        "templates": [["order_confirmation", ""], ["order_reminder", ""]],
        "tags": ["vip"],
        "teams": ["ops", "sales"],
        "flows": [],
        "calendars": [],
        "segments": [],
        "tags_read": [],
    });
    assert_eq!(needs, expected);
}

fn connections(all: &[(&str, &str)]) -> Option<Vec<ConnectionInfo>> {
    Some(
        all.iter().map(|(id, connector)| ConnectionInfo { id: (*id).into(), connector: (*connector).into() }).collect(),
    )
}

/// The connection of the first step, or the code of the first problem.
fn resolved(text: &str, env: &Environment<'_>) -> Result<String, &'static str> {
    let checked = check(text, env);
    let Some(version) = checked.version else { return Err(checked.problems[0].code) };
    match &version.program.steps[0].op {
        Op::Do(step) => Ok(step.connection.as_deref().unwrap_or_default().to_owned()),
        other => panic!("not a call: {other:?}"),
    }
}

#[test]
fn a_connection_is_the_one_named_else_the_default_else_the_only_one() {
    let catalog = catalog();
    let unnamed = FLOW.replace("    connection: hubspot\n", "");
    let mut env = Environment::new(&catalog);
    assert_eq!(resolved(&unnamed, &env), Ok("crm".into()), "nothing is known of connections");
    assert_eq!(resolved(FLOW, &env), Ok("hubspot".into()));
    env.connections = connections(&[]);
    assert_eq!(resolved(FLOW, &env), Err("unknown_connection"));
    assert_eq!(resolved(&unnamed, &env), Err("connection_needed"));
    env.connections = connections(&[("hubspot", "whatsapp.cloud_api")]);
    assert_eq!(resolved(FLOW, &env), Err("connection_cannot"));
    env.connections = connections(&[("hs", "hubspot"), ("wa", "whatsapp.cloud_api")]);
    assert_eq!(resolved(&unnamed, &env), Ok("hs".into()));
    env.connections = connections(&[("hs", "hubspot"), ("hs-2", "hubspot")]);
    assert_eq!(resolved(&unnamed, &env), Err("connection_needed"));
    env.defaults.insert("crm".into(), "hs-2".into());
    assert_eq!(resolved(&unnamed, &env), Ok("hs-2".into()));
}

#[test]
fn bindings_rename_at_compile_and_keep_the_meaning() {
    let catalog = catalog();
    let text = "\
connections: { hubspot: hs-live }
teams: { sales: vendite }
templates: { hello: ciao_v2 }
";
    let flow = "\
format: 1
flow: a
on: [whatsapp.message_received]
steps:
  - do: crm.create_ticket
    connection: hubspot
    with: { subject: sales }
  - do: human.escalate
    with: { team: sales, reason: hello }
  - do: whatsapp.send_template
    with: { template: hello }
";
    let mut env = Environment::new(&catalog);
    let plain = check(flow, &env).version.expect("clean");
    env.bindings = Bindings::parse(text).expect("bindings");
    let bound = check(flow, &env).version.expect("clean");
    assert_eq!(plain.meaning, bound.meaning);
    assert_eq!(resolved(flow, &env), Ok("hs-live".into()));
    let inputs: Vec<String> = bound.program.steps.iter().map(|step| input(&step.op)).collect();
    assert_eq!(inputs, ["subject=\"sales\"", "team=\"vendite\" reason=\"hello\"", "template=\"ciao_v2\""]);
    assert!(bound.needs.teams.contains("vendite") && bound.needs.connections.contains("hs-live"));
}

#[test]
fn the_template_of_a_reply_is_needed_and_bound_like_any() {
    let catalog = catalog();
    let flow = "\
format: 1
flow: a
on: [whatsapp.message_received]
steps:
  - do: whatsapp.reply
    with: { text: hi, template: hello, language: it }
";
    let mut env = Environment::new(&catalog);
    env.bindings = Bindings::parse("templates: { hello: ciao_v2 }\n").expect("bindings");
    let bound = check(flow, &env).version.expect("clean");
    assert_eq!(bound.needs.templates, [("ciao_v2".to_owned(), "it".to_owned())].into());
}

fn input(op: &Op) -> String {
    let Op::Do(step) = op else { panic!("not a call: {op:?}") };
    let Expr::Map(fields) = &step.input else { panic!("not a map: {:?}", step.input) };
    let written = fields.iter().map(|(name, value)| match value {
        Expr::Literal(value) => format!("{name}={value}"),
        other => panic!("not fixed: {other:?}"),
    });
    written.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_wrong_bindings_file_is_explained() {
    let problems = Bindings::parse("connection: { a: b }\nteams: [x]\n").expect_err("two problems");
    let said: Vec<(u32, &str)> = problems.iter().map(|problem| (problem.line, problem.code)).collect();
    assert_eq!(said, [(1, "unknown_key"), (2, "wrong_type")]);
}

#[test]
fn calendars_and_flows_that_are_nowhere_are_told() {
    let catalog = catalog();
    let document = |name: &str, text: &str| Document { path: name.into(), text: text.into(), owner: "db".into() };
    let flow = "format: 1\nflow: one\non: whatsapp.message_received\nsteps:\n  - wait: { business_hours: ofice }\n  - run_flow: two\n";
    let office = "format: 1\ncalendar: office\nzone: Europe/Rome\nhours: { mon: [\"09:00-13:00\"] }\n";
    let plan = plan(&[document("a", flow), document("b", office)], &[], &Environment::new(&catalog));
    let told: Vec<_> = plan.items[0].problems.iter().map(|problem| (problem.code, problem.hint.as_str())).collect();
    let wanted = [("unknown_calendar", "did you mean `office`?"), ("unknown_flow", "there are: one")];
    assert_eq!(told, wanted);
    assert!(plan.possible());
}

/// What is told of the first document when it is planned with the others and these are stored.
fn told(documents: &[&str], stored: &[VersionRow]) -> Vec<(&'static str, String)> {
    let catalog = catalog();
    let document = |text: &&str| Document { path: "a".into(), text: (*text).into(), owner: "db".into() };
    let documents: Vec<Document> = documents.iter().map(document).collect();
    let plan = plan(&documents, stored, &Environment::new(&catalog));
    assert!(plan.possible(), "these are warnings");
    plan.items[0]
        .problems
        .iter()
        .map(|problem| (problem.code, format!("{} ({})", problem.message, problem.hint)))
        .collect()
}

const GIVES: &str = "format: 1\nflow: gives\non: whatsapp.message_received\nsteps:\n  - do: contact.add_tags\n    with: { tags: [complaint, tier-1] }\n";

#[test]
fn a_tag_that_is_nearly_one_that_is_given_is_told() {
    let flow = "format: 1\nflow: one\non: whatsapp.message_received\nwhen: contact.tags.contains(\"complant\") || contact.tags.contains(\"tier-2\") || \"gold\" in contact.tags\nsteps: []\n";
    let wanted =
        [("unknown_tag", "no flow and no rule gives the tag `complant` (did you mean `complaint`?)".to_owned())];
    assert_eq!(told(&[flow, GIVES], &[]), wanted);
    let stored = VersionRow { flow: "gives".into(), ..row(GIVES, "db") };
    assert_eq!(told(&[flow], &[stored]), wanted, "what is stored gives tags, too");
    assert_eq!(told(&[flow], &[]), []);
    let segment = "format: 1\nsegment: some\ntags: [complaints]\n";
    assert_eq!(told(&[segment, GIVES], &[])[0].0, "unknown_tag");
    let listens = "format: 1\nflow: one\non: { contact.tag_added: { tag: complaint } }\nsteps: []\n";
    assert_eq!(told(&[listens, GIVES], &[]), []);
}

#[test]
fn a_team_that_is_nearly_one_with_hours_is_told() {
    let sales = "format: 1\ncalendar: sales\nzone: UTC\nhours: { mon: [\"09:00-13:00\"] }\n";
    let flow = "format: 1\nflow: one\non: whatsapp.message_received\nsteps:\n  - do: human.escalate\n    with: { team: slaes, reason: hello }\n  - do: human.escalate\n    with: { team: accounting, reason: hello }\n";
    let wanted = [("unknown_team", "the team `slaes` has no calendar (did you mean `sales`?)".to_owned())];
    assert_eq!(told(&[flow, sales], &[]), wanted);
}

#[test]
fn flows_that_start_each_other_in_a_ring_are_told_with_their_ways() {
    let flow = |id: &str, on: &str, step: &str| format!("format: 1\nflow: {id}\non: {on}\nsteps:\n  - {step}\n");
    let one = flow("one", "{ contact.tag_added: { tag: hot } }", "run_flow: two");
    let two = flow("two", "flow.called", "do: contact.add_tags\n    with: { tags: [warm] }");
    let three = flow("three", "{ flow.failed: { flow: two } }", "do: contact.add_tags\n    with: { tags: [hot] }");
    let ring = told(&[&one, &two, &three], &[]);
    let ways = "these may start each other: `one` calls `two`, a failure of `two` starts `three`, `three` gives the tag `hot`, which starts `one`";
    assert!(ring.len() == 1 && ring[0].0 == "flow_ring" && ring[0].1.starts_with(ways), "{ring:?}");
    assert_eq!(told(&[&three, &one, &two], &[]).len(), 1);
    let taken = flow("three", "{ flow.failed: { flow: two } }", "do: contact.remove_tags\n    with: { tags: [hot] }");
    assert_eq!(told(&[&one, &two, &taken], &[]), []);
    let own = flow("own", "contact.tag_added", "do: contact.add_tags\n    with: { tags: [hot] }");
    assert_eq!(told(&[&own], &[]), [], "a tag that is there is not given again");
}

/// A flow that asks, waits and then writes freely, and how the one it calls spends its time.
fn caller_and(called: &str) -> (String, String) {
    let caller = "format: 1\nflow: caller\non: whatsapp.message_received\nsteps:\n  - run_flow: called\n    wait: true\n  - do: whatsapp.send_text\n    with: { text: hello }\n";
    (caller.to_owned(), format!("format: 1\nflow: called\non: flow.called\nsteps:\n{called}"))
}

#[test]
fn a_wait_in_a_flow_that_is_called_closes_the_window_of_its_caller() {
    let catalog = catalog();
    let env = Environment::new(&catalog);
    let document = |text: &str| Document { path: "a".into(), text: text.into(), owner: "db".into() };
    let late = |called: &str| {
        let (caller, called) = caller_and(called);
        let plan = plan(&[document(&called), document(&caller)], &[], &env);
        let problems = plan.items[1].problems.iter().filter(|problem| problem.code == "window_closed");
        let told: Vec<(u32, String)> = problems.map(|problem| (problem.line, problem.message.clone())).collect();
        assert_eq!(told.is_empty(), plan.possible(), "{:?}", plan.items);
        told
    };
    let waits = late("  - wait: 48h\n");
    let told = "this free text may go out 2d after the customer's last message (it waits on line 5); WhatsApp allows it for 24h";
    assert_eq!(waits, [(7, told.to_owned())]);
    assert_eq!(late("  - wait: 2h\n"), []);
    let answered = "  - wait_for: whatsapp.message_received\n    timeout: 48h\n    on_timeout:\n      - stop: { as: failed, reason: silent }\n";
    assert_eq!(late(answered), [], "who goes on was answered just now");
    let unanswered = answered.replace("{ as: failed, reason: silent }", "nobody answered");
    assert_eq!(late(&unanswered).len(), 1);
    assert_eq!(
        late("  - wait: 20h\n  - run_flow: called\n    wait: true\n").len(),
        1,
        "it calls itself, any number of times"
    );
    assert_eq!(late("  - run_flow: elsewhere\n    wait: true\n"), [], "nothing is known of that one");
}

#[test]
fn an_answer_in_a_flow_that_is_called_opens_the_window_again() {
    let catalog = catalog();
    let env = Environment::new(&catalog);
    let document = |text: &str| Document { path: "a".into(), text: text.into(), owner: "db".into() };
    let caller = caller_and("").0.replace("steps:\n", "steps:\n  - wait: 30h\n");
    let alone = plan(&[document(&caller)], &[], &env);
    let told: Vec<(u32, &str)> = alone.items[0].problems.iter().map(|problem| (problem.line, problem.code)).collect();
    assert_eq!(told, [(2, "unknown_flow"), (8, "window_unknown")], "{:?}", alone.items[0].problems);
    assert!(alone.possible(), "the flow that it calls may ask, and may come later");
    let with = |called: &str| plan(&[document(&caller_and(called).1), document(&caller)], &[], &env);
    let asks = with(
        "  - wait_for: whatsapp.message_received\n    timeout: 48h\n    on_timeout:\n      - stop: { as: failed, reason: silent }\n",
    );
    let windows = |problem: &&Problem| problem.code.starts_with("window");
    assert_eq!(asks.items[1].problems.iter().filter(windows).collect::<Vec<_>>(), Vec::<&Problem>::new());
    let idles = with("  - do: contact.add_tags\n    with: { tags: [seen] }\n");
    assert_eq!(
        idles.items[1].problems.iter().filter(windows).map(|problem| problem.code).collect::<Vec<_>>(),
        ["window_closed"]
    );
    assert!(!idles.possible());
}

#[test]
fn whoever_changes_a_called_flow_hears_whose_window_closes() {
    let catalog = catalog();
    let document = |text: &str| Document { path: "a".into(), text: text.into(), owner: "db".into() };
    let (caller, short) = caller_and("  - wait: 2h\n");
    let long = caller_and("  - wait: 48h\n").1;
    let stored = [(&caller, "caller"), (&short, "called")];
    let stored = stored.map(|(text, id)| VersionRow { flow: id.into(), ..row(text, "db") });
    let told = |text: &str| plan(&[document(text)], &stored, &Environment::new(&catalog)).items.remove(0).problems;
    let problems = told(&long);
    assert!(
        problems.iter().any(|problem| {
            problem.code == "window_closed"
                && problem.message.starts_with("`caller` calls this flow, and then, on its line 7")
        }),
        "{problems:?}"
    );
    assert!(told(&short).iter().all(|problem| problem.code != "window_closed"));
}
