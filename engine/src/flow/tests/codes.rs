//! Every code a check can give has its paragraph in `flows/FORMAT.md`, and the page tells of no others.

use std::collections::BTreeSet;

use crate::flow::CODES;

/// Codes of expressions and templates.
const EXPRESSIONS: &[&str] = &[
    "bad_pattern",
    "not_a_condition",
    "script_failed",
    "script_limit",
    "script_syntax",
    "script_too_long",
    "template_failed",
    "template_limit",
    "template_syntax",
    "template_too_long",
    "turn_too_slow",
];

/// The codes that begin a line of the page.
fn described() -> BTreeSet<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../flows/FORMAT.md");
    let page = std::fs::read_to_string(path).expect("flows/FORMAT.md is part of the repository");
    let lines = page.lines().filter_map(|line| line.strip_prefix("- `")?.split_once("`: "));
    lines.map(|(code, _)| code.to_owned()).collect()
}

#[test]
fn every_code_has_a_paragraph_and_every_paragraph_a_code() {
    let codes: BTreeSet<String> = CODES.iter().chain(EXPRESSIONS).map(|code| (*code).to_owned()).collect();
    assert_eq!(described(), codes);
}

#[test]
fn nearly_every_code_is_shown_by_a_broken_flow() {
    let table = include_str!("broken.txt");
    // Those about connections, imports and sizes have tests of their own in `plan`, `approved` and `identity`.
    let elsewhere = [
        "unknown_calendar",
        "unknown_segment",
        "unknown_tag",
        "unknown_team",
        "missing_variable",
        "unknown_template",
        "unknown_variable",
        "flow_ring",
        "unknown_flow",
        "connection_cannot",
        "connection_needed",
        "flow_taken",
        "other_id",
        "unknown_connection",
        "yaml_too_large",
    ];
    let shown = |code: &str| table.contains(&format!("[{code}]")) || elsewhere.contains(&code);
    let missing: Vec<_> = CODES.iter().filter(|code| !shown(code)).collect();
    assert_eq!(missing, [&"too_deep", &"too_many_rules", &"too_many_steps"], "shown in `documents` and `rules`");
}
