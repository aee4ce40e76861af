//! Where the steps of a program stand in their text, as pointers: keys and places joined by `/`, such as `steps/2/then/0`.

use std::collections::HashMap;

use super::problem::Problems;
use super::program::Program;
use super::yaml::{self, Node, Val};

/// For each step of `program`, which was compiled from `text`, where it stands; parts of another step that the author did not
/// write stand where that one does.
#[must_use]
pub fn pointers(text: &str, program: &Program) -> Vec<Option<String>> {
    let mut items = HashMap::new();
    if let Some(root) = yaml::read(text, &mut Problems::default()) {
        collect(&root, &mut String::new(), &mut items);
    }
    let mut found: Vec<Option<String>> = Vec::with_capacity(program.steps.len());
    for step in &program.steps {
        // Steps are numbered in the order of the text within a block, so of several on one line the first left is the one.
        let own = items.get_mut(&step.line).and_then(|places: &mut Vec<Item>| {
            let fits = |item: &Item| step.id.as_deref() == item.id.as_deref();
            places.iter().position(fits).map(|at| places.remove(at).pointer)
        });
        found.push(own);
    }
    for (ix, step) in program.steps.iter().enumerate().filter(|(_, step)| step.line == 0) {
        found[ix] = step.parent.and_then(|parent| found.get(parent as usize).cloned()).flatten();
    }
    found
}

/// A map in a list: a step, or something that only looks like one.
struct Item {
    pointer: String,
    id: Option<String>,
}

fn collect(node: &Node, pointer: &mut String, items: &mut HashMap<u32, Vec<Item>>) {
    let before = pointer.len();
    let slash = if before == 0 { "" } else { "/" };
    match &node.value {
        Val::Map(entries) => {
            for (key, value) in entries {
                pointer.push_str(slash);
                pointer.push_str(&key.text.replace('~', "~0").replace('/', "~1"));
                collect(value, pointer, items);
                pointer.truncate(before);
            }
        }
        Val::List(list) => {
            for (place, item) in list.iter().enumerate() {
                pointer.push_str(&format!("{slash}{place}"));
                if matches!(item.value, Val::Map(_)) {
                    let id = item.get("id").or_else(|| item.get("repeat")?.get("id"));
                    let id = id.and_then(Node::scalar).map(|id| id.text.clone());
                    items.entry(item.place.line).or_default().push(Item { pointer: pointer.clone(), id });
                }
                collect(item, pointer, items);
                pointer.truncate(before);
            }
        }
        Val::Null | Val::Scalar(_) | Val::Broken => {}
    }
}
