//! Every code a check can give has its paragraph in `flows/FORMAT.md`.

use std::collections::BTreeSet;

/// The sources of this module; codes are the first text argument behind a place.
const SOURCES: &[&str] = &[
    include_str!("../blocks.rs"),
    include_str!("../case.rs"),
    include_str!("../env.rs"),
    include_str!("../fields.rs"),
    include_str!("../gaps.rs"),
    include_str!("../import.rs"),
    include_str!("../lower.rs"),
    include_str!("../names.rs"),
    include_str!("../steps.rs"),
    include_str!("../time.rs"),
    include_str!("../triggers.rs"),
    include_str!("../values.rs"),
    include_str!("../yaml.rs"),
    include_str!("../yaml_error.rs"),
    include_str!("../../expr/script.rs"),
    include_str!("../../expr/template.rs"),
];

/// Texts that look like a code and are none.
fn looks_like_a_code(text: &str) -> bool {
    text.contains('_') && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// Codes are written right behind a place: `error(at, "code", …)`, `("code", message, …)` or `code: "code"`.
fn codes(source: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in source.match_indices('"') {
        let before = source[..at].trim_end();
        let text = source[at + 1..].split('"').next().unwrap_or("");
        let place = ["place,", "at,", "code:", "None,", "(place(&error),"].iter().any(|end| before.ends_with(end));
        let tuple = before.ends_with("return (") || before.ends_with("let (code, what) =") || before.ends_with("=> (");
        if (place || tuple) && looks_like_a_code(text) {
            found.insert(text.to_owned());
        }
    }
    found
}

#[test]
fn every_code_has_a_paragraph_in_the_format_description() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../flows/FORMAT.md");
    let format = std::fs::read_to_string(path).expect("flows/FORMAT.md is part of the repository");
    let codes: BTreeSet<String> = SOURCES.iter().flat_map(|source| codes(source)).collect();
    assert!(codes.len() > 40, "the codes are found: {codes:?}");
    let missing: Vec<_> = codes.iter().filter(|code| !format.contains(&format!("- `{code}`"))).collect();
    assert!(missing.is_empty(), "no paragraph for {missing:?}");
}

#[test]
fn the_codes_of_real_problems_are_among_those_found() {
    let codes: BTreeSet<String> = SOURCES.iter().flat_map(|source| codes(source)).collect();
    let table = include_str!("broken.txt");
    for said in table.split("error[").chain(table.split("warning[")).skip(1).filter_map(|rest| rest.split_once(']')) {
        let code = said.0;
        assert!(!looks_like_a_code(code) || codes.contains(code), "`{code}` is not found by this test");
    }
}
