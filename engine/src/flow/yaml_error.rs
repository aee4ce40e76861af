//! The parser's complaints in words that help the author of a flow.

use super::problem::{Problem, Severity};
use super::yaml::Place;
use crate::sentence::Sentence;

/// The problem behind a parser error. Text that is not YAML has one only: what follows it cannot be trusted.
pub(super) fn explain(error: &serde_yaml::Error, text: &str) -> Problem {
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX).max(1);
    let place = error.location().map_or(Place { line: 1, column: 1 }, |location| Place {
        line: small(location.line()),
        column: small(location.column()),
    });
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or(&said);
    let line = text.lines().nth(place.line as usize - 1).unwrap_or("");
    let (code, message, hint, column) = classify(said, line, place.column);
    let place = Place { line: place.line, column };
    Problem::new(place, Severity::Error, code, message, hint.into())
}

const QUOTE: &str = "put the whole value in quotes, such as `if: \"!contact.blocked\"`";

fn classify(said: &str, line: &str, column: u32) -> (&'static str, Sentence, &'static str, u32) {
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if has(&["Anchors", "Aliases", "anchor", "alias"]) {
        let message = "an unquoted `&` or `*` makes a YAML anchor or alias, which flows do not have";
        return ("yaml_alias", message.into(), QUOTE, mark_before(line, column).unwrap_or(column));
    }
    if has(&["Documents", "multiple documents"]) {
        return (
            "yaml_documents",
            "a second document begins here; a file holds one".into(),
            "move it to a file of its own",
            column,
        );
    }
    if has(&["budget breached", "nesting", "recursion"]) {
        let message = "the document is nested too deeply or has too many values";
        return ("yaml_too_large", message.into(), "split it", column);
    }
    if has(&["tag"]) {
        return ("yaml_tag", "YAML tags (`!…`) are not part of flows".into(), QUOTE, column);
    }
    let hint = if has(&["trailing content after"]) {
        "the value begins with a quote, so YAML ends it at the second one; put the whole value in the other kind of quotes: '\"vip\" in contact.tags'"
    } else if has(&["mapping values are not allowed"]) {
        "a `: ` inside a value needs quotes around the whole value; else look whether this line is indented like its neighbours"
    } else if has(&["simple key expected"]) {
        "a key needs a `:` behind it"
    } else if has(&["tabs"]) {
        "indent with spaces, not with tabs"
    } else if has(&["unexpected character"]) {
        "a value cannot begin with this character; put it in quotes"
    } else if has(&["quoted scalar", "unclosed", "end of stream", "illegal placement"]) {
        "a quote or bracket is not closed, here or on a line above"
    } else if line.contains("{{") {
        "a value with `{{…}}` needs quotes: \"{{event.text}}\""
    } else {
        "look at the indentation of this line and of the one above: items of one list, and keys of one map, begin in the same column"
    };
    ("yaml_syntax", Sentence::plain(said), hint, column)
}

/// The column of the mark that begins the value which ends before `column`.
fn mark_before(line: &str, column: u32) -> Option<u32> {
    let mut found = None;
    let mut before = ' ';
    for (at, char) in (1..=column).zip(line.chars()) {
        if matches!(char, '!' | '&' | '*') && matches!(before, ' ' | '[' | '{' | ',') && found.is_none() {
            found = Some(at);
        }
        before = char;
    }
    found
}
