//! What the expressions of a turn see. A value is made when a step first reads its name, and kept until it changes: most
//! steps read two names of nine.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{Cursor, Item, Run, cursor};
use crate::clock::At;
use crate::contact::Contact;
use crate::expr::{Scope, Script};
use crate::flow::{Expr, Op, Until};
use crate::ids::ConversationId;
use crate::mailbox::Facts;

/// Where values come from.
pub(crate) struct Sight<'a> {
    /// The input's time.
    pub(crate) now: At,
    /// The customer.
    pub(crate) facts: &'a Facts,
    /// In which conversation.
    pub(crate) conversation: Option<ConversationId>,
    /// The run, and the branch on which it is seen; `None` while triggers are asked.
    pub(crate) run: Option<(&'a Run, &'a str)>,
}

impl Sight<'_> {
    /// Adds to `scope` those of `names` that it lacks.
    pub(crate) fn show<'n>(&self, names: impl IntoIterator<Item = &'n str>, scope: &mut Scope) {
        for name in names {
            if scope.get(name).is_none()
                && let Some((name, value)) = self.value(name)
            {
                scope.set(name, value);
            }
        }
    }

    fn value(&self, name: &str) -> Option<(Cow<'static, str>, Arc<Value>)> {
        let (name, value) = match name {
            "now" => ("now", self.now.to_string().into()),
            "contact" => ("contact", self.facts.contact.as_ref().map_or(Value::Null, Contact::scope)),
            "conversation" => {
                let conversation = self.conversation.and_then(|id| self.facts.conversation(id));
                ("conversation", conversation.map_or(Value::Null, |found| found.scope(self.now)))
            }
            _ => return self.of_run(name),
        };
        Some((name.into(), value.into()))
    }

    fn of_run(&self, name: &str) -> Option<(Cow<'static, str>, Arc<Value>)> {
        let (run, within) = self.run?;
        let (name, value) = match name {
            "event" => return Some(("event".into(), Arc::clone(&run.state.event))),
            "steps" => ("steps", Value::Object(steps(run, within))),
            "vars" => ("vars", Value::Object(run.state.vars.clone())),
            "error" => ("error", run.state.error.clone()),
            "flow" => ("flow", json!({ "id": *run.version.flow, "name": run.version.name })),
            "run" => ("run", json!({ "id": run.id.to_string(), "started_at": run.started_at.to_string() })),
            _ => return Some((name.to_owned().into(), of_item(run, within, name)?.into())),
        };
        Some((name.into(), value.into()))
    }
}

/// Outputs as they are seen on the branch `within`: those of the items around it hide the run's.
fn steps(run: &Run, within: &str) -> Map<String, Value> {
    let mut steps = run.state.steps.clone();
    for item in items(&run.state.cursors, within).iter().rev() {
        steps.extend(item.steps.clone());
    }
    steps
}

/// The item that `name` names on the branch `within`, or the place of the innermost one.
fn of_item(run: &Run, within: &str, name: &str) -> Option<Value> {
    let items = items(&run.state.cursors, within);
    match name {
        "index" => items.first().map(|item| item.index.into()),
        _ => items.iter().find(|item| &*item.name == name).map(|item| item.value.clone()),
    }
}

/// The items worked on around the branch `within`, from the inside out.
fn items<'a>(cursors: &'a [Cursor], within: &str) -> Vec<&'a Item> {
    let mut found = Vec::new();
    let mut within = within;
    while !within.is_empty() {
        let cursor = cursors.iter().find(|cursor| &*cursor.within == within);
        found.extend(cursor.and_then(|cursor| cursor.item.as_deref()));
        within = cursor::outer(within);
    }
    found
}

/// The names that the expressions of a step read.
pub(super) fn names_of(op: &Op) -> Vec<&str> {
    let mut names = Vec::new();
    match op {
        Op::Do(call) => add(&call.input, &mut names),
        Op::If { when, .. } => names.extend(when.names()),
        Op::Set(assignments) => {
            // `vars` is replaced while the values are made, so it must be there from the start.
            names.push("vars");
            assignments.iter().for_each(|(_, expr)| add(expr, &mut names));
        }
        Op::Stop { reason, .. } => reason.iter().for_each(|reason| add(reason, &mut names)),
        Op::Wait { until: Until::Instant { at, .. } } => add(at, &mut names),
        Op::Wait { until: Until::For(_) | Until::Open(_) }
        | Op::Parallel { .. }
        | Op::Repeat { .. }
        | Op::Again { .. } => {}
        Op::WaitFor(wait) => names.extend(wait.matching.iter().flat_map(Script::names)),
        Op::Switch { on: script, .. } | Op::Script(script) => names.extend(script.names()),
        Op::ForEach(each) => names.extend(each.items.names()),
        Op::Until { until, .. } => names.extend(until.iter().flat_map(Script::names)),
        Op::Check(check) => {
            // The answer is the output of the step before.
            names.push("steps");
            names.extend(check.check.iter().flat_map(Script::names));
        }
        Op::RunFlow { with: expr, .. } | Op::Answer { body: expr, .. } => add(expr, &mut names),
        Op::Reply { text, template } => {
            add(&text.input, &mut names);
            add(&template.input, &mut names);
        }
    }
    names
}

fn add<'e>(expr: &'e Expr, names: &mut Vec<&'e str>) {
    match expr {
        Expr::Literal(_) => {}
        Expr::Script { script, .. } => names.extend(script.names()),
        Expr::Template { template, .. } => names.extend(template.names()),
        Expr::List(items) => items.iter().for_each(|item| add(item, names)),
        Expr::Map(fields) => fields.iter().for_each(|(_, field)| add(field, names)),
    }
}
