//! From a problem to its range in the text, and to what it is about.

use super::{Entry, Outline, PlacedProblem, What};
use crate::flow::gaps::Lines;
use crate::flow::problem::Problem;
use crate::flow::yaml::Place;

/// Problems about a key. All others that stand where a map begins are about the map, not about its first key.
const ABOUT_KEYS: [&str; 11] = [
    "unknown_key",
    "unknown_field",
    "unknown_trigger",
    "unknown_action",
    "yaml_duplicate_key",
    "yaml_key",
    "two_verbs",
    "two_kinds",
    "bad_id",
    "cannot_await",
    "not_yet",
];

/// Problems about one name in an expression: the range is that name.
const ABOUT_NAMES: [&str; 6] =
    ["unknown_name", "unknown_step", "step_not_run", "var_not_set", "not_in_every_trigger", "not_a_condition"];

impl Outline {
    /// The range of `problem` in `text`, from which this outline was made, and what the problem is about.
    pub(in crate::flow) fn place(&self, problem: Problem, text: &str, lines: &Lines) -> PlacedProblem {
        let at = Place { line: problem.line, column: problem.column };
        let Some(index) = self.find(at, problem.code) else {
            return PlacedProblem { path: None, ..unplaced(problem, text, lines) };
        };
        let entry = &self.entries[index];
        let named = ABOUT_NAMES.contains(&problem.code) || problem.code.starts_with("script_");
        let (line, column) = match entry.what {
            What::Leaf if entry.place != at || named => {
                return PlacedProblem {
                    path: Some(self.path(index)).filter(|path| !path.is_empty()),
                    ..unplaced(problem, text, lines)
                };
            }
            What::Key | What::Leaf => {
                let source = text.get(entry.span.clone()).unwrap_or("").trim_end();
                let end = lines.place(text, entry.span.start + source.len());
                (end.line, end.column)
            }
            What::Block => {
                let whole = unplaced(problem.clone(), text, lines);
                (whole.end_line, lines.end_of_line(text, at.line).max(whole.end_column))
            }
        };
        let path = Some(self.path(index)).filter(|path| !path.is_empty());
        let (end_line, end_column) = (line, if line == at.line { column.max(at.column) } else { column });
        PlacedProblem { problem, end_line, end_column, path }
    }

    /// The entry that a problem at `at` is about: what begins there, else the value around it.
    fn find(&self, at: Place, code: &str) -> Option<usize> {
        let here = |entry: &Entry| entry.place == at;
        let key = |entry: &Entry| entry.what == What::Key;
        let positions = || self.entries.iter().enumerate().filter(|(_, entry)| here(entry));
        let exact = match ABOUT_KEYS.contains(&code) {
            true => positions().find(|(_, entry)| key(entry)).or_else(|| positions().next_back()),
            false => positions().next(),
        };
        let exact = exact.map(|(index, _)| index);
        exact.or_else(|| {
            let before = self.entries.iter().enumerate().filter(|(_, entry)| entry.place <= at);
            before.max_by_key(|(index, entry)| (entry.place, *index)).map(|(index, _)| index)
        })
    }
}

/// The range of a problem whose place in the tree is not known: the name, the inserted value or the mark at its beginning.
pub(in crate::flow) fn unplaced(problem: Problem, text: &str, lines: &Lines) -> PlacedProblem {
    let rest = lines.rest_of_line(text, problem.line, problem.column);
    let name = rest.chars().take_while(|char| char.is_alphanumeric() || matches!(char, '_' | '.' | '?')).count();
    let inserted = rest.starts_with("{{").then(|| rest.find("}}")).flatten();
    let length = match inserted {
        Some(end) => rest[..end].chars().count() + 2,
        None if name == 0 => rest.chars().next().map_or(0, |_| 1),
        None => name,
    };
    let end_column = problem.column + u32::try_from(length).unwrap_or(0);
    PlacedProblem { end_line: problem.line, end_column, path: None, problem }
}
