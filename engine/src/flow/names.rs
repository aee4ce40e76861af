//! Which names an expression may read where: every dotted name is checked against the schema of what it names.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::problem::Problems;
use super::shape::{Form, Member, Shape};
use super::suggest;
use super::yaml::{Node, Place};
use crate::expr::PathUse;
use crate::sentence;

/// What can be read at the top of every flow. `error` is there in `on_error` only, `reply` in `match` and `check` only; the items
/// of `for_each` come beside them.
pub(super) const ROOTS: &[&str] =
    &["event", "contact", "conversation", "steps", "vars", "now", "flow", "run", "error", "reply"];

static COMMON: LazyLock<Value> = LazyLock::new(|| record(&["id", "type", "at", "connection", "origin"], &[]));
static CONTACT: LazyLock<Value> = LazyLock::new(|| {
    let texts = ["id", "phone", "name", "language", "priority", "order_status", "last_interaction_at"];
    record(
        &texts,
        &[
            ("tags", json!({"type": "array"})),
            ("unread_count", json!({"type": "integer"})),
            ("consent", json!({})),
            ("fields", json!({})),
        ],
    )
});
static CONVERSATION: LazyLock<Value> = LazyLock::new(|| {
    let texts = ["id", "channel", "window_closes_at", "assignee", "last_inbound_at", "last_outbound_at"];
    let session = record(&["opened_at"], &[("messages", json!({"type": "integer"}))]);
    record(&texts, &[("window_open", json!({"type": "boolean"})), ("session", session)])
});
static FLOW: LazyLock<Value> = LazyLock::new(|| record(&["id", "name"], &[]));
static NOW: LazyLock<Value> = LazyLock::new(|| json!({"type": "string", "format": "date-time"}));
static RUN: LazyLock<Value> = LazyLock::new(|| record(&["id", "started_at"], &[]));
static ERROR: LazyLock<Value> = LazyLock::new(|| {
    let numbers = [("status", json!({"type": "integer"})), ("attempts", json!({"type": "integer"}))];
    record(&["code", "message", "step", "action", "connection", "verdict"], &numbers)
});

static ANSWER: LazyLock<Value> = LazyLock::new(|| record(&["answer", "text"], &[("message", json!({}))]));
static ROUNDS: LazyLock<Value> =
    LazyLock::new(|| record(&[], &[("rounds", json!({"type": "integer"})), ("done", json!({"type": "boolean"}))]));
static CALLED: LazyLock<Value> = LazyLock::new(|| record(&["run", "status"], &[("vars", json!({}))]));
static TEXTS: LazyLock<Value> = LazyLock::new(|| json!({"type": "array", "items": {"type": "string"}}));
static RESULTS: LazyLock<Value> = LazyLock::new(|| json!({"type": "array", "items": {"type": "object"}}));

/// What a step of the language itself gives; `None` for the others.
pub(super) fn given_by<'a, 'n>(get: &dyn Fn(&str) -> Option<&'n Node>) -> Option<Shape<'a>> {
    let verb = |name: &str| get(name).is_some();
    match () {
        () if verb("ask") => Some(Shape::new(&ANSWER)),
        () if verb("repeat") => Some(Shape::new(&ROUNDS)),
        () if verb("run_flow") => Some(Shape::new(&CALLED)),
        () if verb("for_each") => Some(Shape::new(&RESULTS)),
        () if verb("script") => Some(Shape::any()),
        () => None,
    }
}

fn record(texts: &[&str], others: &[(&str, Value)]) -> Value {
    let mut fields = serde_json::Map::new();
    for name in texts {
        fields.insert((*name).to_owned(), json!({"type": "string"}));
    }
    for (name, schema) in others {
        fields.insert((*name).to_owned(), schema.clone());
    }
    json!({"type": "object", "properties": fields})
}

/// A trigger whose event an expression may read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    /// Its type.
    pub(crate) kind: &'a str,
    /// Its event's own fields.
    pub(crate) event: Shape<'a>,
    /// Whether there is a contact.
    pub(crate) in_conversation: bool,
}

/// What has certainly happened before a place in the flow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Have {
    /// Steps that ran, by id.
    pub(crate) steps: BTreeSet<String>,
    /// Variables that were set.
    pub(crate) vars: BTreeSet<String>,
}

impl Have {
    /// What certainly happened when one of two ways was gone; `None` is a way that does not come back.
    pub(crate) fn either(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => Some(Self {
                steps: one.steps.intersection(&other.steps).cloned().collect(),
                vars: one.vars.intersection(&other.vars).cloned().collect(),
            }),
            (one, other) => one.or(other),
        }
    }

    /// What certainly happened when both ways were gone.
    pub(crate) fn both(mut one: Self, other: Self) -> Self {
        one.steps.extend(other.steps);
        one.vars.extend(other.vars);
        one
    }
}

/// The roots that are there everywhere, with what they hold; the fields that every event has are among them.
pub(super) fn always() -> [(&'static str, Shape<'static>); 6] {
    [
        ("event", Shape::new(&COMMON)),
        ("contact", Shape::new(&CONTACT)),
        ("conversation", Shape::new(&CONVERSATION)),
        ("flow", Shape::new(&FLOW)),
        ("run", Shape::new(&RUN)),
        ("now", Shape::new(&NOW)),
    ]
}

/// What `error` holds in a handler.
pub(super) fn error() -> Shape<'static> {
    Shape::new(&ERROR)
}

/// Everything in scope at one place of the flow.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names<'a> {
    /// The flow's triggers; empty when they are not known, and then `event` is not checked.
    pub(crate) sources: Vec<Source<'a>>,
    /// All step ids of the flow with what the steps give; `None` for steps that give nothing.
    pub(crate) outputs: HashMap<String, Option<Shape<'a>>>,
    /// All variables that are set anywhere.
    pub(crate) vars: BTreeSet<String>,
    /// What has happened here.
    pub(crate) have: Have,
    /// Whether `error` is there.
    pub(crate) in_handler: bool,
    /// Whether any step may have failed before, as in the flow's `on_error`: what ran is not known.
    pub(crate) anything_ran: bool,
    /// Whether events are gathered, so that `event.texts` is there.
    pub(crate) gathers: bool,
    /// The event that `reply` is, in `match`.
    pub(crate) reply: Option<Shape<'a>>,
    /// Names that are there only in some steps: the items of `for_each`, the answer in `check`.
    pub(crate) locals: Vec<(String, Shape<'a>)>,
}

impl<'a> Names<'a> {
    /// Checks one dotted name. `guarded`: the expression copes with its absence.
    pub(crate) fn check(&self, path: &PathUse, guarded: bool, problems: &mut Problems) {
        let at = Place { line: path.line, column: path.column };
        let parts: Vec<&str> = path.parts.iter().map(String::as_str).collect();
        let Some((root, rest)) = parts.split_first() else { return };
        match *root {
            "event" => self.event(rest, at, problems),
            "contact" => self.customer("contact", &CONTACT, rest, at, problems),
            "conversation" => self.customer("conversation", &CONVERSATION, rest, at, problems),
            "steps" => self.step(rest, guarded, at, problems),
            "vars" => self.var(rest, guarded, at, problems),
            "now" => {}
            "flow" => walk("flow", Shape::new(&FLOW), rest, at, problems),
            "run" => walk("run", Shape::new(&RUN), rest, at, problems),
            "error" if self.in_handler => walk("error", Shape::new(&ERROR), rest, at, problems),
            "error" => {
                let message = "`error` is there only inside `on_error`";
                problems.error(at, "unknown_name", message, "move the step into `on_error`");
            }
            "reply" => self.reply(rest, at, problems),
            other if self.locals.iter().any(|(name, _)| name == other) => {
                let shape =
                    self.locals.iter().rfind(|(name, _)| name == other).map_or(Shape::any(), |(_, shape)| *shape);
                walk(other, shape, rest, at, problems);
            }
            other => {
                let hint = suggest::nearest(other, ROOTS.iter().copied()).map_or_else(
                    || {
                        sentence!(
                            "names in scope: {names}; text inside an expression needs quotes",
                            names = ROOTS.join(", ")
                        )
                    },
                    |name| sentence!("did you mean `{name}`?", name),
                );
                problems.error(at, "unknown_name", sentence!("there is no `{other}` here", other), hint);
            }
        }
    }

    /// What a dotted name is, if that is certain.
    pub(crate) fn form(&self, parts: &[&str]) -> Option<Form> {
        let shapes = self.shapes(parts)?;
        let first = shapes.first()?.form();
        shapes.iter().all(|shape| shape.form() == first).then_some(first)
    }

    /// What the items of the list with this dotted name are, if that is certain.
    pub(crate) fn items(&self, parts: &[&str]) -> Option<Shape<'a>> {
        let items: Vec<Shape<'a>> = self.shapes(parts)?.iter().map(Shape::items).collect::<Option<_>>()?;
        let first = *items.first()?;
        items.iter().all(|items| items.same(&first)).then_some(first)
    }

    /// What a dotted name may be: one shape for each trigger, as far as its event is read.
    fn shapes(&self, parts: &[&str]) -> Option<Vec<Shape<'a>>> {
        let (root, rest) = parts.split_first()?;
        let one = |shape: Shape<'a>, rest: &[&str]| Some(vec![reach(shape, rest)?]);
        match *root {
            "event" => self.sources.iter().map(|source| reach(source.event, rest)).collect(),
            "contact" => one(Shape::new(&CONTACT), rest),
            "conversation" => one(Shape::new(&CONVERSATION), rest),
            "steps" => {
                let (id, rest) = rest.split_first()?;
                one((*self.outputs.get(*id)?)?, rest)
            }
            "reply" => one(self.reply?, rest),
            local => {
                let (_, shape) = self.locals.iter().rfind(|(name, _)| name == local)?;
                one(*shape, rest)
            }
        }
    }

    /// Whether some trigger brings a contact, and whether all do.
    pub(crate) fn contact(&self) -> (bool, bool) {
        let with = self.sources.iter().filter(|source| source.in_conversation).count();
        (with > 0 || self.sources.is_empty(), with == self.sources.len())
    }

    fn event(&self, rest: &[&str], at: Place, problems: &mut Problems) {
        let Some(first) = rest.first() else { return };
        if self.gathers && *first == "texts" {
            return walk("event.texts", Shape::new(&TEXTS), &rest[1..], at, problems);
        }
        if matches!(Shape::new(&COMMON).member(first), Member::Known(_)) {
            return walk("event", Shape::new(&COMMON), rest, at, problems);
        }
        let lacks: Vec<&Source<'_>> =
            self.sources.iter().filter(|source| missing(source.event, rest).is_some()).collect();
        if lacks.is_empty() {
            return;
        }
        if lacks.len() < self.sources.len() {
            let kinds = lacks.iter().map(|source| format!("`{}`", source.kind)).collect::<Vec<_>>().join(", ");
            let message =
                sentence!("`event.{name}` is not there when {kinds} started the run", name = rest.join("."), kinds);
            let hint = "use names that every trigger of `on` has, or make one flow per trigger";
            return problems.error(at, "not_in_every_trigger", message, hint);
        }
        walk("event", lacks[0].event, rest, at, problems);
    }

    fn customer(&self, root: &str, schema: &'static Value, rest: &[&str], at: Place, problems: &mut Problems) {
        walk(root, Shape::new(schema), rest, at, problems);
        if let Some(without) = self.sources.iter().find(|source| !source.in_conversation) {
            let message =
                sentence!("`{root}` may be empty: `{kind}` happens in no conversation", root, kind = without.kind);
            problems.warn(at, "no_contact", message, "read what you need from `event`, or look it up with a step");
        }
    }

    fn reply(&self, rest: &[&str], at: Place, problems: &mut Problems) {
        let Some(shape) = self.reply else {
            let hint = "give the `wait_for` an id, and read `steps.<id>` after it";
            return problems.error(at, "unknown_name", "`reply` is there only inside `match`", hint);
        };
        let common = rest.first().is_some_and(|name| matches!(Shape::new(&COMMON).member(name), Member::Known(_)));
        walk("reply", if common { Shape::new(&COMMON) } else { shape }, rest, at, problems);
    }

    fn step(&self, rest: &[&str], guarded: bool, at: Place, problems: &mut Problems) {
        let Some((id, rest)) = rest.split_first() else { return };
        let Some(output) = self.outputs.get(*id) else {
            let all = self.outputs.keys().filter(|_| self.outputs.len() <= suggest::MOST_NAMES);
            let mut known: Vec<&str> = all.map(String::as_str).collect();
            known.sort_unstable();
            let mut hint = suggest::hint(id, known);
            if hint.is_empty() {
                hint = sentence!("give the step you mean an `id: {id}`", id);
            }
            return problems.error(at, "unknown_step", sentence!("there is no step with the id `{id}`", id), hint);
        };
        if !guarded && !self.have.steps.contains(*id) {
            let message = sentence!("`steps.{id}` is read on a way on which that step has not run", id);
            let hint = sentence!(
                "read it after the step, on the same way; or say what else: {{default steps.{id}.… \"…\"}}, steps?.{id}",
                id
            );
            if self.anything_ran {
                problems.warn(
                    at,
                    "step_not_run",
                    sentence!("`steps.{id}` may be missing: that step may not have run", id),
                    hint,
                );
            } else {
                problems.error(at, "step_not_run", message, hint);
            }
        }
        let Some(output) = output else {
            let message = sentence!("the step `{id}` gives nothing to read", id);
            return problems.error(
                at,
                "unknown_name",
                message,
                "actions, `wait_for`, `ask`, `script`, `run_flow`, `repeat` and `for_each` give something; for others use `set`",
            );
        };
        let common = rest.first().is_some_and(|name| matches!(Shape::new(&COMMON).member(name), Member::Known(_)));
        if !(common && matches!(output.member("message"), Member::Known(_))) {
            walk(&format!("steps.{id}"), *output, rest, at, problems);
        }
    }

    fn var(&self, rest: &[&str], guarded: bool, at: Place, problems: &mut Problems) {
        let Some(name) = rest.first() else { return };
        if !self.vars.contains(*name) {
            let mut hint = suggest::hint(name, self.vars.iter().map(String::as_str));
            if hint.is_empty() {
                hint = sentence!("set it first: `- set: { {name}: … }`", name);
            }
            let message = sentence!("`vars.{name}` is set nowhere in this flow", name);
            problems.error(at, "unknown_name", message, hint);
        } else if !guarded && !self.have.vars.contains(*name) {
            let message = sentence!("`vars.{name}` may be missing: it is not set on every way to here", name);
            problems.warn(at, "var_not_set", message, "set it once at the beginning");
        }
    }
}

/// Reports the first part that is not there.
fn walk(root: &str, shape: Shape<'_>, rest: &[&str], at: Place, problems: &mut Problems) {
    let Some((index, shape)) = missing(shape, rest) else { return };
    let parent = std::iter::once(root).chain(rest[..index].iter().copied()).collect::<Vec<_>>().join(".");
    let message = match shape.form() {
        Form::Map => sentence!("`{parent}` has no `{name}`", parent, name = rest[index]),
        _ => sentence!("`{parent}` has no fields, so no `{name}`", parent, name = rest[index]),
    };
    let mut hint = suggest::hint(rest[index], shape.names());
    if hint.is_empty() {
        hint = sentence!("read `{parent}` itself", parent);
    }
    problems.error(at, "unknown_name", message, hint);
}

/// The shape that `rest` leads to through fields that are known.
fn reach<'a>(shape: Shape<'a>, rest: &[&str]) -> Option<Shape<'a>> {
    rest.iter().try_fold(shape, |shape, part| match shape.member(part) {
        Member::Known(next) => Some(next),
        Member::Free | Member::Unknown => None,
    })
}

/// The first part of `rest` that is not there, with the shape that lacks it.
fn missing<'a>(mut shape: Shape<'a>, rest: &[&str]) -> Option<(usize, Shape<'a>)> {
    for (index, part) in rest.iter().enumerate() {
        let next = match shape.form() {
            Form::Any => return None,
            Form::Map => shape.member(part),
            Form::List if part.parse::<u32>().is_ok() => shape.items().map_or(Member::Free, Member::Known),
            Form::List if matches!(*part, "length" | "first" | "last") => Member::Free,
            _ => Member::Unknown,
        };
        match next {
            Member::Known(next) => shape = next,
            Member::Free => return None,
            Member::Unknown => return Some((index, shape)),
        }
    }
    None
}
