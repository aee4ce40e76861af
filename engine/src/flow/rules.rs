//! The tree becomes tag rules: the same triggers, conditions, values and tests as in flows, with `then` for steps.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::case::{self, TestCase};
use super::document::THEN;
use super::env::Needs;
use super::fields::{self, Fields};
use super::kinds::{self, Kind};
use super::lower::{Lower, is_kebab};
use super::meaning;
use super::program::{Expr, Trigger};
use super::shape::{Member, Shape};
use super::values::{Slot, constant};
use super::yaml::Node;
use crate::contact::Priority;
use crate::duration;
use crate::event;
use crate::expr::PathUse;
use crate::ids::VersionId;
use crate::rules::{Escalate, Rule, RuleFile, Then};
use crate::sentence;

/// Most rules of a file: all of them may look at every message.
const MAX_RULES: usize = 200;
/// Within which time a human must have taken an escalation when the rule does not say (D1).
const ACCEPT_WITHIN: Duration = Duration::from_secs(20);
/// What a rule may read.
const ROOTS: [&str; 4] = ["event", "contact", "conversation", "now"];
const KEYS: &[&str] = &["format", "rules", "name", "note", "list", "tests"];
const RULE_KEYS: &[&str] = &["rule", "name", "note", "on", "when", "then", "stop", "watch"];

/// Tag rules that passed every check, before they are stored.
#[derive(Debug)]
pub struct CompiledRules {
    /// The file's id, kebab-case.
    pub file: Arc<str>,
    /// Its name for people; the id when it has none.
    pub name: String,
    /// SHA-256 of its meaning.
    pub meaning: [u8; 32],
    /// The rules, in their order.
    pub rules: Vec<Rule>,
    /// Its tests.
    pub tests: Vec<TestCase>,
    /// What an installation must have for it to work.
    pub needs: Needs,
}

impl CompiledRules {
    /// The version as turns run it, under the id it is stored with.
    #[must_use]
    pub fn into_version(self, id: VersionId) -> RuleFile {
        let Self { file, name, meaning, rules, .. } = self;
        RuleFile { id, file, name, meaning, rules }
    }
}

impl<'a> Lower<'a> {
    pub(super) fn rules(&mut self, root: &'a Node) -> Option<CompiledRules> {
        let mut keys = Fields::of(root, "a file of tag rules", &mut self.problems)?;
        kinds::refuse_others(&keys, Kind::Rules, &mut self.problems);
        for other in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Rules) {
            keys.take(other.key());
        }
        self.format(&mut keys);
        let file = self.id(&mut keys, Kind::Rules);
        let name = keys.take("name").and_then(|node| fields::text(node, "`name`", &mut self.problems));
        keys.take("note").map(|node| fields::text(node, "`note`", &mut self.problems));
        let hint = "list the rules, each beginning with `- rule: complaint`";
        let list = keys.need("list", hint, &mut self.problems);
        let rules = list.map(|node| self.rule_list(node)).unwrap_or_default();
        let known: Vec<Arc<str>> = rules.iter().map(|rule| Arc::clone(&rule.id)).collect();
        self.names.sources.clear();
        let tests = keys.take("tests").map(|node| case::read_of_rules(node, &known, self)).unwrap_or_default();
        keys.finish(KEYS, &mut self.problems);
        let file: Arc<str> = file?.into();
        let name = name.unwrap_or(&file).to_owned();
        let needs = std::mem::take(&mut self.needs);
        Some(CompiledRules { file, name, meaning: meaning::of_rules(root), rules, tests, needs })
    }

    fn rule_list(&mut self, node: &'a Node) -> Vec<Rule> {
        let items = fields::list(node, "`list`", &mut self.problems);
        if items.len() > MAX_RULES {
            let message =
                sentence!("the list has {n} rules, at most {most} are allowed", n = items.len(), most = MAX_RULES);
            self.problems.error(node.place, "too_many_rules", message, "split it into several files");
        }
        let mut used = HashMap::new();
        items.iter().take(MAX_RULES).filter_map(|item| self.rule(item, &mut used)).collect()
    }

    fn rule(&mut self, item: &'a Node, used: &mut HashMap<&'a str, u32>) -> Option<Rule> {
        let mut keys = Fields::of(item, "a rule", &mut self.problems)?;
        let id = self.rule_id(&mut keys, used);
        let name = keys.take("name").and_then(|node| fields::text(node, "`name`", &mut self.problems));
        keys.take("note").map(|node| fields::text(node, "`note`", &mut self.problems));
        let on = keys.need("on", "say what it looks at: `on: whatsapp.message_received`", &mut self.problems);
        let when = keys.take("when");
        let on = on.map(|node| self.rule_triggers(node, when)).unwrap_or_default();
        self.look(item.place);
        let stop = keys.take("stop").is_some_and(|node| self.flag(node, "`stop`"));
        let watch = keys.take("watch").is_some_and(|node| self.flag(node, "`watch`"));
        let then = keys.take("then").map(|node| self.then(node));
        if then.is_none() && !stop {
            let hint = "say what it does: `then: { add_tags: [complaint] }`; only a rule with `stop: true` needs none";
            self.problems.error(item.place, "missing_key", "a rule has no `then`", hint);
        }
        keys.finish(RULE_KEYS, &mut self.problems);
        let then = then.flatten().unwrap_or_default();
        let mut rule = Rule {
            id: id?.into(),
            name: name.map(str::to_owned),
            on,
            then,
            stop,
            watch,
            reads_contact: false,
            reads_conversation: false,
        };
        self.note_reads(&mut rule);
        Some(rule)
    }

    fn rule_id(&mut self, keys: &mut Fields<'a>, used: &mut HashMap<&'a str, u32>) -> Option<&'a str> {
        let node = keys.need("rule", "give it an id: `- rule: complaint`", &mut self.problems)?;
        let id = fields::text(node, "`rule`", &mut self.problems)?;
        if !is_kebab(id) {
            let hint = "1 to 64 small letters, digits and single hyphens, first a letter: went-cold";
            self.problems.error(node.place, "bad_id", sentence!("`{id}` is not a rule id", id), hint);
            return None;
        }
        if let Some(line) = used.insert(id, node.place.line) {
            let message = sentence!("the rule `{id}` is on line {line} already", id, line);
            self.problems.error(node.place, "duplicate_id", message, "give each rule its own id");
        }
        Some(id)
    }

    /// The triggers, of which each must bring a contact: there is nothing else that a rule could change.
    fn rule_triggers(&mut self, node: &'a Node, when: Option<&'a Node>) -> Vec<Trigger> {
        // What an earlier rule listens to is nothing to this one.
        self.names.sources.clear();
        let triggers = self.triggers(node, when);
        for source in &self.names.sources {
            if !source.in_conversation || source.kind == event::CRON {
                let message = sentence!("`{kind}` brings no contact, and a rule changes one", kind = source.kind);
                let hint = "use a flow for it; rules take whatsapp.* and conversation.*";
                self.problems.error(node.place, "no_contact", message, hint);
            }
        }
        triggers
    }

    fn flag(&mut self, node: &'a Node, what: &str) -> bool {
        let text = fields::text(node, what, &mut self.problems);
        match text {
            Some("true") => true,
            Some("false") | None => false,
            Some(other) => {
                let message = sentence!("{what} is `true` or `false`; this is `{other}`", what, other);
                self.problems.error(node.place, "wrong_type", message, "leave it out for false");
                false
            }
        }
    }

    fn then(&mut self, node: &'a Node) -> Option<Then> {
        let mut keys = Fields::of(node, "`then`", &mut self.problems)?;
        for name in ["add_tags", "remove_tags"] {
            if let Some((_, list)) = keys.peek(name) {
                self.given_tags(list);
            }
        }
        let shape = Shape::new(&THEN);
        let mut then = Then {
            add_tags: texts(self.fixed(&mut keys, "add_tags", shape)),
            remove_tags: texts(self.fixed(&mut keys, "remove_tags", shape)),
            ..Then::default()
        };
        let keep = keys.peek("for").map(|(key, _)| key.place);
        then.keep = self.fixed(&mut keys, "for", shape).and_then(span);
        if let Some(place) = keep.filter(|_| then.add_tags.is_empty()) {
            let hint = "add `add_tags`, or remove `for`";
            self.problems.error(
                place,
                "missing_key",
                "`for` says how long tags stay, and there is no `add_tags`",
                hint,
            );
        }
        self.needs.tags.extend(then.add_tags.iter().chain(&then.remove_tags).map(ToString::to_string));
        let priority = self.fixed(&mut keys, "priority", shape);
        then.priority = priority.and_then(|value| serde_json::from_value::<Priority>(value).ok());
        then.language = self.fixed(&mut keys, "language", shape).and_then(text);
        if let (Some(node), Some(shape)) = (keys.take("fields"), member(shape, "fields")) {
            then.fields = match self.value(node, Slot { shape, name: "fields", expressions: true }) {
                Some(Expr::Map(fields)) => fields,
                Some(Expr::Literal(Value::Object(fields))) => {
                    fields.into_iter().map(|(name, value)| (name.into(), Expr::Literal(value))).collect()
                }
                _ => Vec::new(),
            };
        }
        then.escalate = keys.take("escalate").and_then(|node| self.escalate(node, shape));
        keys.finish(&shape.names(), &mut self.problems);
        Some(then)
    }

    fn escalate(&mut self, node: &'a Node, then: Shape<'a>) -> Option<Escalate> {
        let shape = member(then, "escalate")?;
        let mut keys = Fields::of(node, "`escalate`", &mut self.problems)?;
        keys.peek("team").or_else(|| {
            let hint = "say who: `escalate: { team: care }`";
            self.problems.error(node.place, "missing_field", "`escalate` needs the field `team`", hint);
            None
        });
        let place = keys.peek("team").map_or(node.place, |(_, team)| team.place);
        let team = self.fixed(&mut keys, "team", shape).and_then(text);
        let within = self.fixed(&mut keys, "accept_within", shape).and_then(span);
        let reason = keys.take("reason").and_then(|node| {
            let shape = member(shape, "reason")?;
            self.value(node, Slot { shape, name: "reason", expressions: true })
        });
        keys.finish(&shape.names(), &mut self.problems);
        let team: Arc<str> = self.env.bindings.literal("human.escalate", "team", &team?).into();
        if let Some((message, hint)) = self.env.unknown_team(&team) {
            self.problems.warn(place, "unknown_team", message, hint);
        }
        self.needs.teams.insert(team.to_string());
        Some(Escalate { team, accept_within: within.unwrap_or(ACCEPT_WITHIN), reason })
    }

    /// The value of a key that holds no expression.
    fn fixed(&mut self, keys: &mut Fields<'a>, name: &'static str, shape: Shape<'a>) -> Option<Value> {
        let node = keys.take(name)?;
        let slot = Slot { shape: member(shape, name)?, name, expressions: false };
        self.value(node, slot).and_then(constant)
    }

    /// Notes which facts the rule reads, and refuses names that only runs have.
    fn note_reads(&mut self, rule: &mut Rule) {
        let mut paths: Vec<&PathUse> = rule.on.iter().flat_map(|on| &on.when).flat_map(|when| when.paths()).collect();
        for (_, value) in &rule.then.fields {
            value_paths(value, &mut paths);
        }
        if let Some(reason) = rule.then.escalate.as_ref().and_then(|escalate| escalate.reason.as_ref()) {
            value_paths(reason, &mut paths);
        }
        let (mut contact, mut conversation) = (false, false);
        for path in paths {
            let root = path.parts[0].as_str();
            contact |= root == "contact";
            conversation |= root == "conversation";
            if matches!(root, "flow" | "run") {
                let at = super::yaml::Place { line: path.line, column: path.column };
                let message = sentence!("there is no `{root}` here: a rule is no run", root);
                self.problems.error(
                    at,
                    "unknown_name",
                    message,
                    sentence!("names in scope: {names}", names = ROOTS.join(", ")),
                );
            }
        }
        (rule.reads_contact, rule.reads_conversation) = (contact, conversation);
    }
}

fn member<'s>(shape: Shape<'s>, name: &str) -> Option<Shape<'s>> {
    match shape.member(name) {
        Member::Known(shape) => Some(shape),
        Member::Free => Some(Shape::any()),
        Member::Unknown => None,
    }
}

/// The names that the expressions in `value` read.
fn value_paths<'e>(value: &'e Expr, paths: &mut Vec<&'e PathUse>) {
    match value {
        Expr::Literal(_) => {}
        Expr::Script { script, .. } => paths.extend(script.paths()),
        Expr::Template { template, .. } => paths.extend(template.paths()),
        Expr::List(items) => items.iter().for_each(|item| value_paths(item, paths)),
        Expr::Map(fields) => fields.iter().for_each(|(_, value)| value_paths(value, paths)),
    }
}

fn text(value: Value) -> Option<Arc<str>> {
    value.as_str().map(Into::into)
}

fn texts(value: Option<Value>) -> Vec<Arc<str>> {
    let items = value.as_ref().and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(Into::into).collect()
}

fn span(value: Value) -> Option<Duration> {
    value.as_str().and_then(|text| duration::parse(text).ok())
}
