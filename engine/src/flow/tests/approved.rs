//! Templates that a step sends, teams and tags, against what is known to be here.

use std::sync::Arc;

use super::catalog;
use crate::connector::ApprovedTemplate;
use crate::flow::{ConnectionInfo, Environment, check_document, outline, placed};

fn template(name: &str, language: &str, body: &str) -> ApprovedTemplate {
    ApprovedTemplate {
        name: name.into(),
        language: language.into(),
        category: "utility".into(),
        body: body.into(),
        params: ApprovedTemplate::params_of(body),
        header: String::new(),
        footer: String::new(),
        buttons: Vec::new(),
    }
}

/// What is told of a flow with one step, where and in which words.
fn told(step: &str, teams: &[&str], tags: &[&str]) -> Vec<String> {
    let catalog = catalog();
    let info = |id: &str, connector: &str| ConnectionInfo { id: id.into(), connector: connector.into() };
    let here: Arc<[ApprovedTemplate]> =
        [template("order_ready", "en", "Order {{order}}, ticket {{ticket}}."), template("hello", "it", "Ciao!")].into();
    let env = Environment {
        connections: Some(vec![info("wa-main", "whatsapp.cloud_api"), info("wa-mute", "whatsapp.cloud_api")]),
        defaults: [("whatsapp".to_owned(), "wa-main".to_owned())].into(),
        teams: Some(teams.iter().map(|team| (*team).to_owned()).collect()),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        templates: [("wa-main".into(), here)].into(),
        ..Environment::new(&catalog)
    };
    let text = format!("format: 1\nflow: a\non: [whatsapp.message_received]\nsteps:\n  - {step}\n");
    let checked = check_document(&text, &env);
    assert!(checked.version.is_some(), "these are warnings: {:?}", checked.problems);
    let all = placed(checked.problems, &text, outline(&text).as_ref());
    let line = |one: &crate::flow::PlacedProblem| {
        let path = one.path.clone().unwrap_or_default();
        format!("{path} {}: {} ({})", one.problem.code, one.problem.message, one.problem.hint)
    };
    all.iter().map(line).collect()
}

fn sends(with: &str) -> Vec<String> {
    told(&format!("do: whatsapp.send_template\n    with: {with}"), &[], &[])
}

#[test]
fn a_template_that_the_connection_does_not_have_is_told() {
    let wanted = "steps/0/with/template unknown_template: the connection `wa-main` has no approved template `order_redy` (did you mean `order_ready`?)";
    assert_eq!(sends("{ template: order_redy }"), [wanted]);
    let wanted =
        "steps/0/with/language unknown_template: the template `hello` is not approved in `en` (it may be sent in: it)";
    assert_eq!(sends("{ template: hello, language: en }"), [wanted]);
    assert_eq!(sends("{ template: hello }"), [""; 0]);
    let mute = "do: whatsapp.send_template\n    connection: wa-mute\n    with: { template: order_redy }";
    assert_eq!(told(mute, &[], &[]), [""; 0], "an account that told nothing may have it");
}

#[test]
fn a_variable_that_is_not_given_or_not_there_is_told() {
    let wanted = [
        "steps/0/with/params missing_variable: the variable `ticket` of `order_ready` is not given (it says: Order {{order}}, ticket {{ticket}}.)",
        "steps/0/with/params/tiket unknown_variable: the template `order_ready` has no variable `tiket` (did you mean `ticket`?)",
    ];
    assert_eq!(sends("{ template: order_ready, params: { order: \"{{event.text}}\", tiket: \"7\" } }"), wanted);
    let block =
        "do: whatsapp.send_template\n    with:\n      template: order_ready\n      params:\n        order: \"1\"";
    assert!(told(block, &[], &[])[0].starts_with("steps/0/with/params missing_variable"), "in a block, too");
    let none = sends("{ template: order_ready }");
    assert_eq!(none.len(), 2);
    assert!(none.iter().all(|line| line.starts_with("steps/0/with/template missing_variable")), "{none:?}");
    assert_eq!(
        sends("{ template: order_ready, params: \"= #{ order: event.text }\" }"),
        [""; 0],
        "nobody knows its keys yet"
    );
}

#[test]
fn a_variable_left_empty_is_told_although_no_account_is_known() {
    let catalog = catalog();
    let text = "format: 1\nflow: a\non: [whatsapp.message_received]\nsteps:\n  - do: whatsapp.reply\n    with: { text: hi, template: order_ready, params: { order: \"\" } }\n";
    let problems = check_document(text, &Environment::new(&catalog)).problems;
    let told: Vec<_> = problems.iter().map(|problem| (problem.code, problem.message.as_str())).collect();
    assert_eq!(told, [("missing_variable", "the variable `order` of `order_ready` is empty")]);
}

#[test]
fn a_team_that_is_not_there_is_told_also_where_there_is_none() {
    let step = "do: human.escalate\n    with: { team: slaes, reason: hello }";
    let told_with = |teams: &[&str]| told(step, teams, &[]).join("\n");
    let message = "steps/0/with/team unknown_team: there is no team `slaes`: nobody is asked by name, and only the notify connection is told";
    assert_eq!(told_with(&["sales"]), format!("{message} (did you mean `sales`?)"));
    assert_eq!(told_with(&[]), format!("{message} (make it on the page of teams)"));
    assert_eq!(told_with(&["slaes"]), "");
}

#[test]
fn a_tag_that_the_dictionary_does_not_know_is_told_where_one_is_kept() {
    let step = "do: contact.add_tags\n    with: { tags: [vip, \"{{event.text}}\", vpi] }";
    let wanted = ["steps/0/with/tags/2 unknown_tag: the dictionary of tags does not know `vpi` (did you mean `vip`?)"];
    assert_eq!(told(step, &[], &["vip"]), wanted);
    assert_eq!(told(step, &[], &[]), [""; 0]);
}
