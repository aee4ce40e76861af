//! What the expressions of a turn see. A value is made when a step first reads its name, and kept until it changes: most
//! steps read two names of nine.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Run;
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
    /// The run; `None` while triggers are asked.
    pub(crate) run: Option<&'a Run>,
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

    fn value(&self, name: &str) -> Option<(&'static str, Arc<Value>)> {
        let (name, value) = match name {
            "now" => ("now", self.now.to_string().into()),
            "contact" => ("contact", self.facts.contact.as_ref().map_or(Value::Null, Contact::scope)),
            "conversation" => {
                let conversation = self.conversation.and_then(|id| self.facts.conversation(id));
                ("conversation", conversation.map_or(Value::Null, |found| found.scope(self.now)))
            }
            _ => return self.of_run(name),
        };
        Some((name, value.into()))
    }

    fn of_run(&self, name: &str) -> Option<(&'static str, Arc<Value>)> {
        let run = self.run?;
        let (name, value) = match name {
            "event" => return Some(("event", Arc::clone(&run.state.event))),
            "steps" => ("steps", Value::Object(run.state.steps.clone())),
            "vars" => ("vars", Value::Object(run.state.vars.clone())),
            "error" => ("error", run.state.error.clone()),
            "flow" => ("flow", json!({ "id": *run.version.flow, "name": run.version.name })),
            "run" => ("run", json!({ "id": run.id.to_string(), "started_at": run.started_at.to_string() })),
            _ => return None,
        };
        Some((name, value.into()))
    }
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
        Op::Wait { until: Until::For(_) } => {}
        Op::WaitFor(wait) => names.extend(wait.matching.iter().flat_map(Script::names)),
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
