//! Steps with steps of their own: `switch`, `for_each`, `parallel`, `repeat` and its `again`.

use std::sync::Arc;

use super::blocks::{Here, Made, is_id, readable};
use super::expressions::named;
use super::fields::{self, Fields, wrong};
use super::lower::Lower;
use super::names::{Have, ROOTS};
use super::program::{ForEach, MAX_ITEMS, Op, Step, StepIx};
use super::shape::{Form, Shape};
use super::suggest;
use super::yaml::{Node, Place, Val};
use crate::sentence;
use crate::sentence::Sentence;

/// Most items that a `for_each` works on at once.
const MAX_LIMIT: i64 = 50;
/// Most ways of a `parallel`.
const MAX_WAYS: usize = 16;
/// Most rounds of a `repeat`.
const MAX_ROUNDS: i64 = 1_000;

/// A loop around the steps being read.
pub(super) enum Loop<'a> {
    /// A `repeat`, which `again` can name.
    Repeat {
        /// Its id.
        id: Option<&'a str>,
        /// Its step.
        ix: StepIx,
        /// Whether an `again` in it was read.
        again: bool,
    },
    /// A `for_each` or `parallel`: its steps are on branches of their own, from which no `again` leads out.
    Branches,
}

impl<'a> Lower<'a> {
    pub(super) fn switch_step(&mut self, node: &'a Node, keys: &mut Fields<'a>, here: &Here<'_>) -> Made {
        let on = self.expression(node, "`switch`");
        let cases = keys.need("cases", "list them: `cases: { CNY: [ … ], USD: [ … ] }`", &mut self.problems);
        let default = keys.take("default");
        let have = self.names.have.clone();
        let mut names: Vec<Arc<str>> = Vec::new();
        let mut ways = Vec::new();
        match cases.map(|node| &node.value) {
            Some(Val::Map(entries)) => {
                for (place, (key, steps)) in entries.iter().enumerate() {
                    let name = if is_id(&key.text.to_lowercase()) { key.text.clone() } else { format!("case{place}") };
                    ways.push((Some(steps), name, have.clone()));
                    names.push(key.text.as_str().into());
                }
            }
            Some(_) => wrong(cases.unwrap_or(node), "`cases` is a map from value to steps", &mut self.problems),
            None => {}
        }
        ways.push((default, "default".to_owned(), have));
        let (mut entries, ends) = self.ways(here, ways);
        let default = entries.pop().flatten();
        let cases = names.into_iter().zip(entries).collect();
        Made { op: on.map(|on| Op::Switch { on, cases, default }), ends, keys: &["switch", "cases", "default"] }
    }

    pub(super) fn for_each_step(&mut self, node: &'a Node, keys: &mut Fields<'a>, here: &Here<'_>) -> Made {
        let items = self.expression(node, "`for_each`");
        self.expect_form(node, "`for_each`", (Form::List, "a list"));
        let name = match keys.take("as") {
            Some(node) => self.item_name(node),
            None => Some("item"),
        };
        let limit = keys.take("limit").map_or(Some(1), |node| self.whole(node, "`limit`", 1, MAX_LIMIT));
        let steps = keys.need("steps", "list what is done with each item", &mut self.problems);
        let before = self.names.have.clone();
        let item = named(node).and_then(|parts| self.names.items(&parts)).unwrap_or(Shape::any());
        self.names.locals.extend([(name.unwrap_or("item").to_owned(), item), ("index".to_owned(), Shape::integer())]);
        let body = steps.and_then(|steps| self.branch(steps, "steps", here).0);
        let locals = self.names.locals.len();
        self.names.locals.truncate(locals - 2);
        self.names.have = before;
        self.ran(here);
        let op = (|| Some(ForEach { items: items?, name: name?.into(), limit: limit?, body }))();
        let keys = &["for_each", "as", "limit", "steps"];
        Made { op: op.map(|each| Op::ForEach(Box::new(each))), ends: false, keys }
    }

    fn item_name(&mut self, node: &'a Node) -> Option<&'a str> {
        let name = fields::text(node, "`as`", &mut self.problems)?;
        let taken =
            ROOTS.contains(&name) || name == "index" || self.names.locals.iter().any(|(local, _)| local == name);
        if !is_id(name) || !readable(name, "x") {
            let hint = "small letters, digits and `_`, first a letter: as: item";
            self.problems.error(node.place, "bad_id", sentence!("`{name}` cannot name an item", name), hint);
            return None;
        }
        if taken {
            let message = sentence!("`{name}` names something else here already", name);
            self.problems.error(node.place, "bad_id", message, "choose another name: as: item");
            return None;
        }
        Some(name)
    }

    pub(super) fn parallel_step(&mut self, node: &'a Node, keys: &mut Fields<'a>, here: &Here<'_>) -> Made {
        let first = keys.take("join").is_some_and(|node| self.join_first(node));
        let known = &["parallel", "join"];
        let Val::Map(entries) = &node.value else {
            wrong(node, "`parallel` is a map of named branches: { crm: [ … ], notify: [ … ] }", &mut self.problems);
            return Made { op: None, ends: false, keys: known };
        };
        if entries.len() > MAX_WAYS || entries.is_empty() {
            let message =
                sentence!("`parallel` has 1 to {most} branches, this one has {n}", most = MAX_WAYS, n = entries.len());
            self.problems.error(node.place, "wrong_length", message, "split it, or use `for_each` with a `limit`");
        }
        let before = self.names.have.clone();
        let mut ways = Vec::new();
        let mut after = Vec::new();
        for (key, steps) in entries {
            if !is_id(&key.text) {
                let hint = "small letters, digits and `_`, first a letter: crm";
                self.problems.error(
                    key.place,
                    "bad_id",
                    sentence!("`{name}` cannot name a branch", name = key.text),
                    hint,
                );
            }
            self.names.have = before.clone();
            let (entry, ends) = self.branch(steps, &key.text, here);
            ways.push((Arc::from(key.text.as_str()), entry));
            after.push((std::mem::take(&mut self.names.have), ends));
        }
        let ends = if first { after.iter().all(|(_, ends)| *ends) } else { after.iter().any(|(_, ends)| *ends) };
        let after = after.into_iter().map(|(have, _)| have);
        self.names.have = if first {
            after.map(Some).reduce(Have::either).flatten().unwrap_or(before)
        } else {
            after.fold(before, Have::both)
        };
        Made { op: Some(Op::Parallel { branches: ways, first }), ends, keys: known }
    }

    fn join_first(&mut self, node: &'a Node) -> bool {
        match fields::text(node, "`join`", &mut self.problems) {
            Some("first") => true,
            Some("all") | None => false,
            Some(other) => {
                let message = sentence!("branches cannot be joined by `{other}`", other);
                self.problems.error(node.place, "unknown_choice", message, "write `all` or `first`");
                false
            }
        }
    }

    /// Steps on a branch of their own: past their last one, the branch ends.
    fn branch(&mut self, steps: &'a Node, name: &str, here: &Here<'_>) -> (Option<StepIx>, bool) {
        self.loops.push(Loop::Branches);
        let block = self.block(steps, &format!("{}.{name}.", here.path), None);
        self.loops.pop();
        (block.entry, block.ends)
    }

    pub(super) fn repeat_step(&mut self, node: &'a Node, here: &Here<'_>) -> Made {
        let known = &["repeat"];
        let Some(mut keys) = Fields::of(node, "`repeat`", &mut self.problems) else {
            return Made { op: None, ends: false, keys: known };
        };
        // Read with the step's own keys.
        let id = keys.take("id").and_then(Node::scalar).map(|id| id.text.as_str());
        let hint = "bound it: `max: 20`";
        let max = keys.need("max", hint, &mut self.problems);
        let max = max.and_then(|node| self.whole(node, "`max`", 1, MAX_ROUNDS));
        let until = keys.take("until");
        let steps = keys.need("steps", "list what is repeated", &mut self.problems);
        keys.finish(&["id", "max", "until", "steps"], &mut self.problems);

        self.at = here.place;
        let end = self.reserve(1);
        let before = self.names.have.clone();
        self.loops.push(Loop::Repeat { id, ix: here.ix, again: false });
        let block = steps.map(|steps| self.block(steps, &format!("{}.steps.", here.path), Some(end)));
        let again = matches!(self.loops.pop(), Some(Loop::Repeat { again: true, .. }));
        let until_script = until.map(|node| self.condition(node, "`until`"));
        if until.is_none() && !again {
            let message = "nothing repeats these steps: there is neither `until` nor an `again`";
            self.problems.error(
                here.place,
                "never_repeats",
                message,
                "add `until: <condition>`, or take the steps out",
            );
        }
        // After an `again` in the last round, what stands behind it has not run.
        if again {
            self.names.have = before;
        }
        self.ran(here);
        let until = match until_script {
            None => Some(None),
            Some(script) => script.map(Some),
        };
        if let Some(until) = until {
            let (path, next) = (format!("{}.until", here.path).into(), here.next);
            let op = Op::Until { repeat: here.ix, until };
            self.steps[end as usize] = Some(Step::part(path, op, next, here.ix));
        }
        let op = (|| Some(Op::Repeat { max: max?, body: block?.entry }))();
        Made { op, ends: false, keys: known }
    }

    pub(super) fn again_step(&mut self, node: &'a Node) -> Made {
        Made { op: self.again_op(node), ends: true, keys: &["again"] }
    }

    fn again_op(&mut self, node: &'a Node) -> Option<Op> {
        let wanted = match &node.value {
            Val::Null => None,
            _ => Some(fields::text(node, "`again`", &mut self.problems)?),
        };
        let reachable = self.loops.iter_mut().rev().take_while(|one| matches!(one, Loop::Repeat { .. }));
        let mut known = Vec::new();
        for one in reachable {
            if let Loop::Repeat { id, ix, again } = one {
                if wanted.is_none() || wanted == *id {
                    *again = true;
                    return Some(Op::Again { repeat: *ix });
                }
                known.extend(*id);
                // What was meant is not known: it may be this one.
                *again = true;
            }
        }
        self.no_repeat(wanted, node.place, &known);
        None
    }

    fn no_repeat(&mut self, wanted: Option<&str>, at: Place, known: &[&str]) {
        let message = match wanted {
            Some(name) => sentence!("this step is in no `repeat` with the id `{name}`", name),
            None => Sentence::from("this step is in no `repeat`"),
        };
        let mut hint = suggest::hint(wanted.unwrap_or_default(), known.iter().copied());
        if hint.is_empty() {
            hint = "`again` stands inside its `repeat`, and no `for_each` or `parallel` between them".into();
        }
        self.problems.error(at, "unknown_repeat", message, hint);
    }

    /// A whole number within bounds.
    pub(super) fn whole<T: TryFrom<i64>>(&mut self, node: &'a Node, what: &str, min: i64, max: i64) -> Option<T> {
        let text = fields::text(node, what, &mut self.problems)?;
        match text.parse::<i64>() {
            Ok(number) if (min..=max).contains(&number) => T::try_from(number).ok(),
            Ok(_) => {
                let message = sentence!("{what} is {text}", what, text);
                self.problems.error(
                    node.place,
                    "out_of_range",
                    message,
                    sentence!("write a number from {min} to {max}", min, max),
                );
                None
            }
            Err(_) => {
                wrong(
                    node,
                    sentence!("{what} is a whole number from {min} to {max}", what, min, max),
                    &mut self.problems,
                );
                None
            }
        }
    }
}

const _: () = assert!(MAX_ITEMS >= MAX_LIMIT as usize);
