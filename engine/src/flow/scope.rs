//! What an expression at a place of a document can read, and what is wrong with one there: for whoever picks names from a list.

use schemars::JsonSchema;
use serde::Serialize;

use super::blocks::{self, MAX_STEPS as MOST_STEPS};
use super::env::Environment;
use super::kinds::Kind;
use super::lower::Lower;
use super::names::{self, Names};
use super::outline::{Outline, StepPlace};
use super::problem::{Problem, Problems};
use super::segment;
use super::shape::{Form, Shape};
use super::yaml::{self, Node, Place, Scalar, Style, Val};
use crate::event;
use crate::expr::Target;

/// How deep fields of fields are listed.
const MOST_DEPTH: usize = 4;
/// What `error` and `reply` are, for people.
pub(super) const NOTES: [&str; 2] = ["what went wrong", "the event that came"];
/// Blocks of a step of which a run takes one.
const EITHER: [&str; 5] = ["then", "else", "default", "cases", "on_timeout"];

/// A name that can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Readable {
    /// The name: `event.order.total`.
    pub name: String,
    /// What it holds: `text`, `time`, `integer`, `number`, `boolean`, `list`, `map` or `any`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What it is, for people; may be empty.
    pub note: String,
    /// Whether it is there on every way to here.
    pub sure: bool,
    /// Where it comes from: `event`, `contact`, `steps.ticket`, `vars` …
    pub from: String,
}

/// What kind of text an expression is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExpressionKind {
    /// Rhai that is true or false.
    Condition,
    /// Text with `{{…}}`.
    Template,
    /// Rhai that gives a value.
    Value,
}

/// Everything that can be read at `path` of a document, in the order of names. `None` when the text is no YAML or nothing is read
/// there.
#[must_use]
pub fn scope(text: &str, path: &str, env: &Environment<'_>) -> Option<Vec<Readable>> {
    let root = yaml::read(text, &mut Problems::default())?;
    let mut out = Listed { out: Vec::new() };
    if Kind::of(&root) == Kind::Segment && path == "when" {
        out.member();
    } else {
        let outline = Outline::of(&root);
        let step = outline.around(path);
        let names = names_at(&root, step, path, env)?;
        out.names(&names, &outline, step);
    }
    out.out.sort_by(|one, other| one.name.cmp(&other.name));
    out.out.dedup_by(|one, other| one.name == other.name);
    Some(out.out)
}

/// What is wrong with an expression; lines and columns are those in it. `at` is the document and the place where it stands: then its
/// names are checked too.
#[must_use]
pub fn expression_problems(
    expression: &str,
    kind: ExpressionKind,
    at: Option<(&str, &str)>,
    env: &Environment<'_>,
) -> Vec<Problem> {
    let root = at.and_then(|(text, _)| yaml::read(text, &mut Problems::default()));
    let names = root.as_ref().zip(at).and_then(|(root, (_, path))| {
        let outline = Outline::of(root);
        names_at(root, outline.around(path), path, env)
    });
    let named = names.is_some();
    let mut lower = Lower::new(env, Problems::default());
    lower.names = names.unwrap_or_default();
    let scalar = Scalar { text: expression.to_owned(), kind: yaml::Kind::Text, style: Style::Plain };
    let place = Place { line: 1, column: 1 };
    let node = Node { place, span: 0..expression.len(), value: Val::Scalar(scalar), comment: None };
    match kind {
        ExpressionKind::Condition | ExpressionKind::Value => drop(lower.script(expression, &node, 0)),
        ExpressionKind::Template => drop(lower.template(expression, &node, Target::Plain)),
    }
    let mut problems = lower.problems.sorted();
    if !named {
        problems.retain(|problem| problem.code.starts_with("script_") || problem.code.starts_with("template_"));
    }
    problems
}

/// The names at a place: those before the step around it, and what only some of its keys see.
fn names_at<'a>(root: &'a Node, step: Option<&StepPlace>, path: &str, env: &'a Environment<'a>) -> Option<Names<'a>> {
    let node = step.map(|step| (step, node_at(root, &step.path)));
    let mut lower = Lower::new(env, Problems::default());
    lower.watched = node.and_then(|(_, node)| node).map(|node| node.place);
    match Kind::of(root) {
        Kind::Flow => drop(lower.flow(root)),
        Kind::Rules => drop(lower.rules(root)),
        Kind::Calendar | Kind::Segment => return None,
    }
    let mut names = match step {
        Some(_) => lower.seen.take()?,
        None if path == "when" || path == "on" || path.starts_with("on/") => {
            let mut names = Names { sources: lower.names.sources, ..Names::default() };
            let own = path.split('/').nth(1).and_then(|index| names.sources.get(index.parse::<usize>().ok()?).copied());
            names.sources = own.map_or(names.sources, |own| vec![own]);
            names
        }
        None => return None,
    };
    let key = step.and_then(|step| path[step.path.len()..].split('/').nth(1)).unwrap_or_default();
    let node = node.and_then(|(_, node)| node);
    let awaited = |kind: &str| env.catalog.triggers.get(kind).map(|spec| Shape::new(spec.event.as_value()));
    match key {
        "match" => names.reply = node.and_then(awaited_kind).and_then(awaited),
        "check" => {
            names.reply = awaited(event::MESSAGE_RECEIVED);
            names.locals.push(("answer".to_owned(), Shape::text()));
        }
        _ => {}
    }
    Some(names)
}

fn awaited_kind(step: &Node) -> Option<&str> {
    match &step.get("wait_for")?.value {
        Val::Scalar(kind) => Some(&kind.text),
        Val::Map(entries) => entries.first().map(|(key, _)| key.text.as_str()),
        _ => None,
    }
}

/// The node at a path.
pub(super) fn node_at<'a>(root: &'a Node, path: &str) -> Option<&'a Node> {
    path.split('/').try_fold(root, |node, part| match &node.value {
        Val::List(items) => items.get(part.parse::<usize>().ok()?),
        Val::Map(_) => node.get(&part.replace("~1", "/").replace("~0", "~")),
        _ => None,
    })
}

struct Listed {
    out: Vec<Readable>,
}

impl Listed {
    fn names(&mut self, names: &Names<'_>, outline: &Outline, here: Option<&StepPlace>) {
        let (_, all) = names.contact();
        for (root, shape) in names::always() {
            let customer = matches!(root, "contact" | "conversation");
            self.add(root, shape, !customer || all, root, "", 0);
        }
        for source in &names.sources {
            for (name, shape) in source.event.members() {
                let everywhere =
                    names.sources.iter().all(|other| other.event.members().any(|(known, _)| known == name));
                self.add(&format!("event.{name}"), shape, everywhere, "event", "", 0);
            }
        }
        // With more steps than a flow may have, only what is sure is worth the time.
        let whole = outline.steps().len() <= MOST_STEPS;
        for (id, shape) in &names.outputs {
            let Some(shape) = shape else { continue };
            let sure = names.have.steps.contains(id);
            if sure || (whole && here.is_none_or(|here| may_have_run(outline, id, here))) {
                let root = format!("steps.{id}");
                self.add(&root, *shape, sure, &root, "", 0);
            }
        }
        for name in &names.vars {
            let sure = names.have.vars.contains(name);
            self.add(&format!("vars.{name}"), Shape::any(), sure, "vars", "", 0);
        }
        if names.in_handler {
            self.add("error", names::error(), true, "error", NOTES[0], 0);
        }
        if let Some(shape) = names.reply {
            self.add("reply", shape, true, "reply", NOTES[1], 0);
        }
        for (name, shape) in &names.locals {
            self.add(name, *shape, true, name, "", 0);
        }
    }

    /// What the condition of a segment reads of each contact.
    fn member(&mut self) {
        for (root, shape) in names::always().into_iter().filter(|(root, _)| segment::ROOTS.contains(root)) {
            self.add(root, shape, true, root, "", 0);
        }
    }

    /// A name and the fields below it.
    fn add(&mut self, name: &str, shape: Shape<'_>, sure: bool, from: &str, note: &str, depth: usize) {
        let note = if note.is_empty() { shape.about().unwrap_or_default() } else { note.to_owned() };
        self.out.push(Readable { name: name.to_owned(), kind: kind(shape), note, sure, from: from.to_owned() });
        if depth < MOST_DEPTH && shape.form() == Form::Map {
            for (field, shape) in shape.members() {
                if blocks::readable("x", field) {
                    self.add(&format!("{name}.{field}"), shape, sure, from, "", depth + 1);
                }
            }
        }
    }
}

fn kind(shape: Shape<'_>) -> &'static str {
    match shape.form() {
        Form::Text if shape.attribute("format").is_some_and(|format| format == "date-time") => "time",
        Form::Text => "text",
        Form::Integer => "integer",
        Form::Number => "number",
        Form::Boolean => "boolean",
        Form::List => "list",
        Form::Map => "map",
        Form::Any => "any",
    }
}

/// Whether the step `id` may have run when `here` begins: it stands before it, or in a loop around both, and not in another branch
/// of which only one is taken.
fn may_have_run(outline: &Outline, id: &str, here: &StepPlace) -> bool {
    let steps = outline.steps();
    let at = |wanted: &dyn Fn(&StepPlace) -> bool| steps.iter().position(wanted);
    let (Some(there), Some(own)) = (at(&|step| step.id.as_deref() == Some(id)), at(&|step| step.path == here.path))
    else {
        return false;
    };
    let looped = steps.iter().any(|step| {
        let around = |path: &str| path.starts_with(&format!("{}/", step.path));
        step.verb == "repeat" && around(&steps[there].path) && around(&here.path)
    });
    if looped {
        return true;
    }
    let holds = here.path.starts_with(&format!("{}/", steps[there].path));
    let (one, other): (Vec<&str>, Vec<&str>) = (steps[there].path.split('/').collect(), here.path.split('/').collect());
    let apart = one.iter().zip(&other).position(|(one, other)| one != other).unwrap_or(0);
    let block = |path: &[&str]| {
        let within_cases = apart > 0 && path[apart - 1] == "cases";
        within_cases || path.get(apart).is_some_and(|key| EITHER.contains(key))
    };
    let either = block(&one) && block(&other);
    // A step around this one has begun: a `repeat` counts its rounds, the others give something only in the end.
    there < own && !either && !holds
}
