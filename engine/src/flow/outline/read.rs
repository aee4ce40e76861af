//! From the tree to the outline: every key and value, every step and rule, and the events that start something.

use super::{Entry, Outline, StepPlace, What, escape};
use crate::flow::blocks::{VERBS, is_id};
use crate::flow::kinds::Kind;
use crate::flow::yaml::{Node, Val};

impl Outline {
    /// The outline of a tree.
    pub(in crate::flow) fn of(root: &Node) -> Self {
        let mut out = Self {
            kind: Kind::of(root),
            id: None,
            name: plain(root, "name"),
            triggers: Vec::new(),
            steps: Vec::new(),
            entries: Vec::new(),
        };
        out.id = plain(root, out.kind.key());
        out.enter(root, 0, String::new());
        for (key, prefix) in [("steps", ""), ("on_error", "on_error."), ("finally", "finally.")] {
            if let Some(block) = root.get(key) {
                out.block(block, key, prefix);
            }
        }
        out.events(root);
        if let (Kind::Rules, Some(Val::List(rules))) = (out.kind, root.get("list").map(|list| &list.value)) {
            for (index, rule) in rules.iter().enumerate() {
                out.rule(rule, format!("list/{index}"));
            }
        }
        out
    }

    fn enter(&mut self, node: &Node, parent: usize, part: String) {
        let index = self.entries.len();
        let parent = if index == 0 { 0 } else { parent };
        let what = if matches!(node.value, Val::List(_) | Val::Map(_)) { What::Block } else { What::Leaf };
        self.entries.push(Entry { place: node.place, span: node.span.clone(), what, parent, part });
        match &node.value {
            Val::List(items) => {
                for (place, item) in items.iter().enumerate() {
                    self.enter(item, index, place.to_string());
                }
            }
            Val::Map(entries) => {
                for (key, value) in entries {
                    let part = escape(&key.text);
                    let (place, span) = (key.place, key.span.clone());
                    self.entries.push(Entry { place, span, what: What::Key, parent: index, part: part.clone() });
                    self.enter(value, index, part);
                }
            }
            Val::Null | Val::Scalar(_) | Val::Broken => {}
        }
    }

    /// The steps of a list. They are named as [`lower`](crate::flow::lower) names them.
    fn block(&mut self, node: &Node, path: &str, prefix: &str) {
        let Val::List(items) = &node.value else { return };
        for (index, item) in items.iter().enumerate() {
            self.one(item, &format!("{path}/{index}"), format!("{prefix}{index}"));
        }
    }

    fn one(&mut self, item: &Node, path: &str, position: String) {
        let Val::Map(entries) = &item.value else { return };
        let repeat = item.get("repeat");
        let id = repeat.and_then(|repeat| plain(repeat, "id")).or_else(|| plain(item, "id"));
        // Beside `run_flow`, `wait` says whether its end is waited for.
        let calls = item.get("run_flow").is_some();
        let is_verb = |key: &str| VERBS.contains(&key) && !(calls && key == "wait");
        let verb = entries.iter().find(|(key, _)| is_verb(&key.text));
        let what = verb.and_then(|(_, node)| match &node.value {
            Val::Scalar(scalar) => Some(scalar.text.clone()),
            Val::Map(inner) => {
                inner.first().filter(|_| item.get("wait_for").is_some()).map(|(key, _)| key.text.clone())
            }
            _ => None,
        });
        let step = id.clone().unwrap_or(position);
        self.steps.push(StepPlace {
            path: path.to_owned(),
            step: step.clone(),
            id,
            name: plain(item, "name"),
            verb: verb.map(|(key, _)| key.text.clone()).unwrap_or_default(),
            what,
            line: item.place.line,
        });
        for (key, node) in entries {
            let (key, path) = (key.text.as_str(), format!("{path}/{}", escape(&key.text)));
            match key {
                "then" | "else" | "default" | "steps" | "on_timeout" | "on_error" => {
                    self.block(node, &path, &format!("{step}.{key}."));
                }
                "cases" | "parallel" => self.named_blocks(node, &path, &step, key == "cases"),
                "repeat" => {
                    if let Some(inner) = node.get("steps") {
                        self.block(inner, &format!("{path}/steps"), &format!("{step}.steps."));
                    }
                }
                _ => {}
            }
        }
    }

    fn named_blocks(&mut self, node: &Node, path: &str, step: &str, cases: bool) {
        let Val::Map(blocks) = &node.value else { return };
        for (place, (key, inner)) in blocks.iter().enumerate() {
            let name =
                if cases && !is_id(&key.text.to_lowercase()) { format!("case{place}") } else { key.text.clone() };
            self.block(inner, &format!("{path}/{}", escape(&key.text)), &format!("{step}.{name}."));
        }
    }

    fn rule(&mut self, rule: &Node, path: String) {
        self.events(rule);
        let id = plain(rule, "rule");
        let (step, line) = (id.clone().unwrap_or_else(|| path.clone()), rule.place.line);
        self.steps.push(StepPlace {
            path,
            step,
            what: id.clone(),
            id,
            name: plain(rule, "name"),
            verb: "rule".into(),
            line,
        });
    }

    /// Notes the types of events that `on` names.
    fn events(&mut self, node: &Node) {
        let Some(on) = node.get("on") else { return };
        let items = if let Val::List(items) = &on.value { items.as_slice() } else { std::slice::from_ref(on) };
        for item in items {
            let kind = match &item.value {
                Val::Scalar(scalar) => Some(&scalar.text),
                Val::Map(entries) => {
                    entries.iter().map(|(key, _)| &key.text).find(|key| !matches!(key.as_str(), "id" | "when"))
                }
                _ => None,
            };
            if let Some(kind) = kind.filter(|kind| !self.triggers.contains(kind)) {
                self.triggers.push(kind.clone());
            }
        }
    }
}

/// The text of a plain value of a map.
fn plain(node: &Node, key: &str) -> Option<String> {
    node.get(key).and_then(Node::scalar).map(|scalar| scalar.text.clone())
}
