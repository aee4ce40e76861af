//! Lists of steps: order, nesting, ids, and what has certainly run at each place.

use std::sync::Arc;

use super::fields::{self, Fields};
use super::lower::Lower;
use super::names::Have;
use super::program::{Op, Step, StepIx};
use super::shape::Shape;
use super::suggest;
use super::yaml::{Node, Place, Val};
use crate::expr::{Origin, Script};
use crate::sentence;

/// Most steps of a flow, nested ones included.
pub(super) const MAX_STEPS: usize = 500;
/// Deepest nesting of steps.
const MAX_DEPTH: usize = 16;
/// The keys that make a step what it is.
pub(super) const VERBS: &[&str] = &[
    "do",
    "if",
    "switch",
    "for_each",
    "parallel",
    "repeat",
    "again",
    "set",
    "script",
    "wait",
    "wait_for",
    "ask",
    "run_flow",
    "answer_webhook",
    "stop",
];
/// Keys any step may carry.
const COMMON: &[&str] = &["id", "name", "note", "on_error", "retry", "expires", "on_unknown", "deadline", "on_publish"];
/// Keys that hold further steps.
const BLOCKS: &[&str] = &["then", "else", "default", "steps", "on_error", "on_timeout"];
/// Keys whose values hold lists of steps by name.
const NAMED_BLOCKS: &[&str] = &["cases", "parallel"];

/// A list of steps, read.
#[derive(Clone, Copy, Default)]
pub(super) struct Block {
    /// Its first step; the step after it when it is empty.
    pub(super) entry: Option<StepIx>,
    /// Whether its end is never reached, because every way stops.
    pub(super) ends: bool,
}

/// A step while it is read.
pub(super) struct Here<'a> {
    pub(super) path: &'a str,
    pub(super) id: Option<&'a str>,
    pub(super) place: Place,
    pub(super) ix: StepIx,
    pub(super) next: Option<StepIx>,
}

/// What a step does, and whether it ends the way it is on.
pub(super) struct Made {
    pub(super) op: Option<Op>,
    pub(super) ends: bool,
    /// Keys that belong to this kind of step.
    pub(super) keys: &'static [&'static str],
}

/// Notes every step id with its output and every variable, before the steps are read: so a name that exists elsewhere is told
/// from one that exists nowhere.
pub(super) fn survey<'a>(block: &'a Node, lower: &mut Lower<'a>) {
    let Val::List(items) = &block.value else { return };
    for item in items {
        let Val::Map(entries) = &item.value else { continue };
        let get = |name: &str| entries.iter().find(|(key, _)| key.text == name).map(|(_, node)| node);
        if let Some(id) = get("id").or(get("repeat").and_then(|repeat| repeat.get("id"))).and_then(Node::scalar) {
            let env = lower.env;
            lower.names.outputs.entry(id.text.clone()).or_insert_with(|| output(env, &get));
        }
        if let Some(Val::Map(vars)) = get("set").map(|node| &node.value) {
            lower.names.vars.extend(vars.iter().map(|(key, _)| key.text.clone()));
        }
        if let Some(var) = get("into").and_then(Node::scalar).and_then(|into| into.text.strip_prefix("vars.")) {
            lower.names.vars.insert(var.to_owned());
        }
        if let Some(repeat) = get("repeat").and_then(|repeat| repeat.get("steps")) {
            survey(repeat, lower);
        }
        for inner in BLOCKS.iter().filter_map(|name| get(name)) {
            survey(inner, lower);
        }
        for named in NAMED_BLOCKS.iter().filter_map(|name| get(name)) {
            if let Val::Map(blocks) = &named.value {
                blocks.iter().for_each(|(_, inner)| survey(inner, lower));
            }
        }
    }
}

/// The shape of `steps.<id>`; anything when the action or event is not known.
fn output<'a, 'n>(env: &'a super::Environment<'a>, get: &dyn Fn(&str) -> Option<&'n Node>) -> Option<Shape<'a>> {
    if let Some(action) = get("do") {
        let spec = action.scalar().and_then(|name| env.catalog.actions.get(name.text.as_str()));
        return Some(spec.map_or(Shape::any(), |spec| Shape::new(spec.output.as_value())));
    }
    if let Some(shape) = super::names::given_by(get) {
        return Some(shape);
    }
    let kind = match &get("wait_for")?.value {
        Val::Scalar(kind) => kind.text.as_str(),
        Val::Map(entries) => entries.first().map_or("", |(key, _)| key.text.as_str()),
        _ => "",
    };
    let spec = env.catalog.triggers.get(kind);
    Some(spec.map_or(Shape::any(), |spec| Shape::new(spec.event.as_value())))
}

impl<'a> Lower<'a> {
    /// Reads a list of steps whose paths begin with `prefix`; after the last one comes `next`.
    pub(super) fn block(&mut self, node: &'a Node, prefix: &str, next: Option<StepIx>) -> Block {
        if matches!(node.value, Val::Null) {
            self.problems.error(node.place, "missing_value", "no steps are listed here", "write `[]` for none");
            return Block { entry: next, ends: false };
        }
        let items = fields::list(node, "a block of steps", &mut self.problems);
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let message = sentence!("steps are nested deeper than {most}", most = MAX_DEPTH);
            self.problems.error(node.place, "too_deep", message, "move the inner part into a flow of its own");
        }
        let before = self.steps.len();
        let first = self.reserve(items.len());
        if before <= MAX_STEPS && self.steps.len() > MAX_STEPS {
            let message = sentence!("a flow has at most {most} steps", most = MAX_STEPS);
            self.problems.error(node.place, "too_many_steps", message, "split it into several flows");
        }
        let (mut ends, mut told) = (false, false);
        for (index, (item, ix)) in items.iter().zip(first..).enumerate() {
            let follows = if index + 1 < items.len() { Some(ix + 1) } else { next };
            if ends && !told {
                told = true;
                let message = "this step is never reached: every way before it stops";
                let hint = "remove it, or put the `stop` before it into a branch";
                self.problems.warn(item.place, "unreachable_step", message, hint);
            }
            // Those above the limit are told of as a whole: a text of a million bytes must not take a minute to refuse.
            if self.depth <= MAX_DEPTH && ix as usize <= MAX_STEPS {
                ends |= self.step(item, &format!("{prefix}{index}"), ix, follows).unwrap_or(false);
            }
        }
        self.depth -= 1;
        Block { entry: if items.is_empty() { next } else { Some(first) }, ends }
    }

    /// Reads one step into place `ix`; gives whether it ends the way it is on.
    fn step(&mut self, item: &'a Node, position: &str, ix: StepIx, next: Option<StepIx>) -> Option<bool> {
        let mut keys = Fields::of(item, "a step", &mut self.problems)?;
        let id = self.step_id(&mut keys);
        let parent = self.parent;
        for name in ["name", "note"] {
            keys.take(name).map(|node| fields::text(node, "this", &mut self.problems));
        }
        let path = id.unwrap_or(position);
        let here = Here { path, id, place: item.place, ix, next };
        self.look(item.place);
        let before = self.names.have.clone();
        self.parent = Some(ix);
        self.at = item.place;
        self.places[ix as usize] = item.place;
        let made = self.made(&mut keys, &here);
        self.parent = parent;
        let made = made?;
        let goes_on = self.goes_on_at.take().or(next);
        let on_error = keys.take("on_error").map(|node| self.handler(node, &before, &here, made.ends));
        let verb = made.keys.first().copied().unwrap_or_default();
        let (on_publish, deadline) = (self.on_publish(&mut keys, verb, id), self.step_deadline(&mut keys, verb));
        let known: Vec<&str> = made.keys.iter().chain(COMMON).copied().collect();
        keys.finish(&known, &mut self.problems);
        let (handler, recovers) = on_error.map_or((None, false), |block| (block.entry, !block.ends));
        if let Some(op) = made.op {
            let id = id.map(Arc::from);
            let (path, line) = (path.into(), item.place.line);
            let (next, on_error) = (goes_on, handler);
            self.steps[ix as usize] = Some(Step { path, id, line, op, next, on_error, parent, deadline, on_publish });
        }
        Some(made.ends && !recovers)
    }

    /// A step's own `on_error`: what was there before the step is there, and `error`. Behind it the step may not have run.
    fn handler(&mut self, node: &'a Node, before: &Have, here: &Here<'_>, ends: bool) -> Block {
        let after = std::mem::replace(&mut self.names.have, before.clone());
        let outer = std::mem::replace(&mut self.names.in_handler, true);
        let block = self.block(node, &format!("{}.on_error.", here.path), here.next);
        self.names.in_handler = outer;
        let recovered = std::mem::take(&mut self.names.have);
        self.names.have =
            Have::either((!ends).then_some(after), (!block.ends).then_some(recovered)).unwrap_or_default();
        block
    }

    fn made(&mut self, keys: &mut Fields<'a>, here: &Here<'_>) -> Option<Made> {
        let calls = keys.peek("run_flow").is_some();
        // Beside `run_flow`, `wait` says whether its end is waited for.
        let is_verb = |verb: &&str| keys.peek(verb).is_some() && !(calls && *verb == "wait");
        let verbs: Vec<&str> = VERBS.iter().copied().filter(is_verb).collect();
        match verbs[..] {
            [verb] => {
                let node = keys.take(verb)?;
                Some(match verb {
                    "do" => self.do_step(node, keys, here),
                    "if" => self.if_step(node, keys, here),
                    "set" => self.set_step(node),
                    "switch" => self.switch_step(node, keys, here),
                    "for_each" => self.for_each_step(node, keys, here),
                    "parallel" => self.parallel_step(node, keys, here),
                    "repeat" => self.repeat_step(node, here),
                    "again" => self.again_step(node),
                    "script" => self.script_step(node, here),
                    "ask" => self.ask_step(node, keys, here),
                    "run_flow" => self.run_flow_step(node, keys, here),
                    "answer_webhook" => self.answer_step(node),
                    "stop" => self.stop_step(node),
                    "wait" => self.wait_step(node),
                    _ => self.wait_for_step(node, keys, here),
                })
            }
            [] => {
                self.no_verb(keys, here);
                None
            }
            [first, second, ..] => {
                let at = keys.peek(second).map_or(here.place, |(key, _)| key.place);
                let message = sentence!("a step does one thing; this one has `{first}` and `{second}`", first, second);
                self.problems.error(at, "two_verbs", message, "begin a new step with `- `");
                None
            }
        }
    }

    fn no_verb(&mut self, keys: &Fields<'a>, here: &Here<'_>) {
        let meant =
            keys.rest().find_map(|(key, _)| suggest::nearest(&key.text, VERBS.iter().copied()).map(|verb| (key, verb)));
        match meant {
            Some((key, verb)) => {
                let message = sentence!("a step has no key `{name}`", name = key.text);
                self.problems.error(
                    key.place,
                    "unknown_key",
                    message,
                    sentence!("did you mean `{name}`?", name = verb),
                );
            }
            None => {
                let hint = sentence!("every step has one of: {names}", names = VERBS.join(", "));
                self.problems.error(here.place, "no_verb", "this step does nothing", hint);
            }
        }
    }

    fn step_id(&mut self, keys: &mut Fields<'a>) -> Option<&'a str> {
        let inner = keys.peek("repeat").and_then(|(_, repeat)| repeat.get("id"));
        let outer = keys.take("id");
        if let (Some(outer), Some(_)) = (outer, inner) {
            self.problems.error(
                outer.place,
                "duplicate_id",
                "this `repeat` has two ids",
                "keep the one inside `repeat`",
            );
        }
        let node = inner.or(outer)?;
        let id = fields::text(node, "`id`", &mut self.problems)?;
        if !is_id(id) {
            let hint = "small letters, digits and `_`, first a letter, at most 64: new_ticket";
            self.problems.error(node.place, "bad_id", sentence!("`{id}` is not a step id", id), hint);
            return None;
        }
        if !readable("steps", id) {
            let message = sentence!("`{id}` is a word of rhai, so `steps.{id}` could not be read", id);
            self.problems.error(node.place, "bad_id", message, sentence!("choose another: {id}_1", id));
        }
        if let Some(first) = self.ids.insert(id, node.place.line) {
            let message = sentence!("the id `{id}` is taken by the step on line {first}", id, first);
            self.problems.error(node.place, "duplicate_id", message, "give each step its own");
        }
        Some(id)
    }

    /// Notes that the step `here` has run.
    pub(super) fn ran(&mut self, here: &Here<'_>) {
        if let Some(id) = here.id {
            self.names.have.steps.insert(id.to_owned());
        }
    }

    /// Reads the branches of a step and joins what is certain after them. `None` is a way without steps of its own.
    pub(super) fn branches<const N: usize>(
        &mut self,
        here: &Here<'_>,
        ways: [(Option<&'a Node>, &str, Have); N],
    ) -> ([Option<StepIx>; N], bool) {
        let (entries, ends) = self.ways(here, ways.map(|(node, name, have)| (node, name.to_owned(), have)).into());
        (std::array::from_fn(|way| entries.get(way).copied().flatten()), ends)
    }

    /// As [`Lower::branches`], of any number of ways.
    pub(super) fn ways(
        &mut self,
        here: &Here<'_>,
        ways: Vec<(Option<&'a Node>, String, Have)>,
    ) -> (Vec<Option<StepIx>>, bool) {
        let mut entries = Vec::with_capacity(ways.len());
        let mut joined: Option<Have> = None;
        for (node, name, have) in ways {
            self.names.have = have;
            let block = match node {
                Some(node) => self.block(node, &format!("{}.{name}.", here.path), here.next),
                None => Block { entry: here.next, ends: false },
            };
            entries.push(block.entry);
            let after = (!block.ends).then(|| std::mem::take(&mut self.names.have));
            joined = Have::either(joined, after);
        }
        let ends = joined.is_none();
        self.names.have = joined.unwrap_or_default();
        (entries, ends)
    }
}

/// Whether an expression can read `name` below `root`: words of rhai cannot be read.
pub(super) fn readable(root: &str, name: &str) -> bool {
    Script::compile(&format!("{root}.{name}"), Origin::default()).is_ok()
}

/// Whether `id` is `[a-z][a-z0-9_]*`, at most 64 characters.
pub(super) fn is_id(id: &str) -> bool {
    id.len() <= 64
        && id.starts_with(|first: char| first.is_ascii_lowercase())
        && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
