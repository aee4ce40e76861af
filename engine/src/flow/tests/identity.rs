//! What makes two texts the same version, and that no text breaks the check.

use proptest::prelude::*;

use super::{EXAMPLE, catalog};
use crate::flow::{Environment, Severity, check};

fn meaning(text: &str) -> Option<[u8; 32]> {
    let catalog = catalog();
    check(text, &Environment::new(&catalog)).version.map(|version| version.meaning)
}

#[test]
fn names_notes_comments_and_tests_are_not_part_of_the_meaning() {
    let text = EXAMPLE.split("\ntests:").next().expect("text before the tests");
    let text = text.replace("name: WhatsApp order → CRM ticket", "name: Other\nnote: remark");
    let text = text.replace("  - id: ticket", "  # why\n  - id: ticket\n    name: Ticket\n    note: in the CRM");
    assert_eq!(meaning(&text).expect("clean"), meaning(EXAMPLE).expect("clean"));
}

#[test]
fn quoting_is_not_part_of_the_meaning() {
    let text = EXAMPLE
        .replace("team: sales,", "team: 'sales',")
        .replace("connection: hubspot-main", "connection: \"hubspot-main\"");
    assert_ne!(text, EXAMPLE);
    assert_eq!(meaning(&text).expect("clean"), meaning(EXAMPLE).expect("clean"));
}

#[test]
fn each_change_of_a_value_changes_the_meaning() {
    let changes = [
        ("event.order.total > 0", "event.order.total > 1"),
        ("tags: [vip]", "tags: [gold]"),
        ("timeout: 48h", "timeout: 47h"),
        ("accept_within: 20s", "accept_within: 30s"),
        ("retry: standard", "retry: none"),
        ("flow: order-to-ticket", "flow: order-to-case"),
        ("\nsteps:", "\nconcurrency: { limit: 1 }\nsteps:"),
        ("\nsteps:", "\nconcurrency: { limit: 1, busy: skip }\nsteps:"),
        ("\nsteps:", "\nthrottle: { every: 1h }\nsteps:"),
        ("\nsteps:", "\ndebounce: 5s\nsteps:"),
        ("whatsapp.order_received\n", "whatsapp.order_received\n  - manual\n"),
    ];
    for (from, to) in changes {
        let text = EXAMPLE.replacen(from, to, 1);
        assert_ne!(text, EXAMPLE, "{from}");
        if let Some(changed) = meaning(&text) {
            assert_ne!(changed, meaning(EXAMPLE).expect("clean"), "{from}");
        }
    }
}

#[test]
fn the_order_of_variables_is_part_of_the_meaning() {
    let head = "format: 1\nflow: a\non: manual\nsteps:\n";
    let one = meaning(&format!("{head}  - set: {{ a: 1, b: 2 }}\n")).expect("clean");
    let other = meaning(&format!("{head}  - set: {{ b: 2, a: 1 }}\n")).expect("clean");
    assert_ne!(one, other);
}

/// A step's keys, each on lines of its own.
const KEYS: [&str; 5] = [
    "do: crm.create_ticket",
    "connection: crm-main",
    "with:\n      subject: hi\n      priority: high",
    "retry: none",
    "expires: 1h",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn the_order_of_keys_and_comments_change_nothing(order in Just(KEYS.to_vec()).prop_shuffle(), comment in "[a-z #]{0,20}") {
        let write = |keys: &[&str], comment: &str| {
            let mut text = format!("flow: a\nsteps:\n  - id: t # {comment}\n");
            for key in keys {
                text.push_str(&format!("    # {comment}\n    {key}\n"));
            }
            text + "on: [manual]\nformat: 1\n"
        };
        let plain = meaning(&write(&KEYS, "")).expect("clean");
        prop_assert_eq!(meaning(&write(&order, &comment)).expect("clean"), plain);
    }

    #[test]
    fn a_mutated_flow_never_panics_and_never_half_loads(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, "[ \\n:\\-!&*#{}\\[\\]\"'a-z=|>%@`~?,.0-9\\PC]{0,6}"), 1..5)
    ) {
        let mut chars: Vec<char> = EXAMPLE.chars().collect();
        for (at, remove, insert) in edits {
            let at = at.index(chars.len() + 1);
            let end = (at + remove).min(chars.len());
            chars.splice(at..end, insert.chars());
        }
        let text: String = chars.into_iter().collect();
        let catalog = catalog();
        let checked = check(&text, &Environment::new(&catalog));
        let failed = checked.problems.iter().any(|problem| problem.severity == Severity::Error);
        prop_assert_eq!(checked.version.is_none(), failed);
        let lines = u32::try_from(text.lines().count()).unwrap_or(u32::MAX) + 1;
        for problem in checked.problems {
            prop_assert!(problem.line >= 1 && problem.line <= lines && problem.column >= 1, "{:?}", problem);
        }
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}") {
        let catalog = catalog();
        let _ = check(&text, &Environment::new(&catalog));
    }
}

#[test]
fn a_large_flow_is_checked_well_within_a_second() {
    let mut text = String::from("format: 1\nflow: large\non: [whatsapp.message_received]\nsteps:\n");
    let filler = "x".repeat(380);
    for number in 0..500 {
        text.push_str(&format!(
            "  - id: s{number}\n    do: whatsapp.send_text\n    with:\n      text: \"{{{{contact.name}}}}: {filler} {number}\"\n    retry: [1s, 30s]\n"
        ));
    }
    assert!(text.len() > 240_000, "{} bytes", text.len());
    let catalog = catalog();
    let began = tokio::time::Instant::now();
    let checked = check(&text, &Environment::new(&catalog));
    let took = began.elapsed();
    assert!(checked.version.is_some(), "{:?}", checked.problems);
    assert!(took.as_millis() < 1000, "{took:?} in a debug build");
}

#[test]
fn a_document_that_is_too_large_is_refused_unread() {
    let text = "#".repeat(1_000_001);
    assert!(super::problems(&text).starts_with("1:1 error[yaml_too_large]"));
}
