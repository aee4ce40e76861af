//! The JSON Schema agrees with the check.

use serde_json::Value;

use super::{EXAMPLE, catalog, problems};
use crate::flow::{Environment, check, schema};

fn valid(text: &str) -> bool {
    let document: Value = serde_yaml::from_str(text).expect("YAML");
    let schema = schema(&catalog());
    jsonschema::validator_for(&schema).expect("a schema").is_valid(&document)
}

#[test]
fn the_schema_is_a_schema() {
    let schema = schema(&catalog());
    assert!(jsonschema::meta::is_valid(&schema));
}

#[test]
fn the_example_of_the_design_is_valid() {
    let document: Value = serde_yaml::from_str(EXAMPLE).expect("YAML");
    let schema = schema(&catalog());
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let errors: Vec<String> =
        validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn what_the_check_refuses_for_its_shape_the_schema_refuses_too() {
    let changes = [
        ("do: crm.create_ticket", "do: crm.create_tickets"),
        ("subject:", "subjekt:"),
        ("priority: \"{{contact.priority}}\"", "priority: urgent"),
        ("tags: [vip]", "tags: vip"),
        ("accept_within: 20s, reason: VIP order", "accept_within: 20s"),
        ("    timeout: 48h\n", ""),
        ("timeout: 48h", "timeout: 2 days"),
        ("retry: standard", "retry: often"),
        ("  - whatsapp.order_received", "  - whatsapp.orders"),
        ("  - whatsapp.order_received", "  - whatsapp.message_received: { words: [a] }"),
        ("format: 1", "format: 2"),
        ("flow: order-to-ticket", "flow: Order"),
        ("on_error:", "on_errors:"),
        ("    then:\n", "    than:\n"),
    ];
    for (from, to) in changes {
        let text = EXAMPLE.replacen(from, to, 1);
        assert_ne!(text, EXAMPLE, "{from}");
        assert!(!valid(&text), "{to}");
        assert!(problems(&text).contains("error["), "{to}");
    }
}

#[test]
fn limits_are_valid_as_the_check_takes_them() {
    let with = |limits: &str| EXAMPLE.replacen("\nsteps:", &format!("\n{limits}\nsteps:"), 1);
    let good = [
        "debounce: 5s",
        "debounce: { for: 1m30s, key: conversation.id }",
        "throttle: { every: 1d }",
        "throttle: { key: contact.phone, limit: 3, every: 1h }",
        "concurrency: {}",
        "concurrency: { key: event.order.currency, limit: 2, busy: replace }",
    ];
    for limits in good {
        assert!(valid(&with(limits)), "{limits}");
        assert!(!problems(&with(limits)).contains("error["), "{limits}: {}", problems(&with(limits)));
    }
    let wrong = [
        "debounce: 5",
        "debounce: { key: contact.id }",
        "throttle: { limit: 1 }",
        "throttle: { every: 1h, limit: 0 }",
        "concurrency: { limit: 1001 }",
        "concurrency: { busy: wait }",
        "concurrency: { keys: contact.id }",
        "concurrency: 1",
    ];
    for limits in wrong {
        assert!(!valid(&with(limits)), "{limits}");
        assert!(problems(&with(limits)).contains("error["), "{limits}");
    }
}

#[test]
fn expressions_are_valid_wherever_a_value_is() {
    let changes = [
        ("tags: [vip]", "tags: \"= vars.tags\""),
        ("tags: [vip]", "tags: [\"{{event.order.currency}}\", 5]"),
        ("template: order_reminder", "template: \"{{contact.name}}\""),
        ("  - whatsapp.order_received", "  - whatsapp.order_received:\n    id: x\n    when: event.order.total > 5"),
        ("retry: standard", "retry: [1s, 1h30m]"),
    ];
    for (from, to) in changes {
        let text = EXAMPLE.replacen(from, to, 1).replacen("steps:", "steps:\n  - set: { tags: [a] }", 1);
        assert_ne!(text, EXAMPLE, "{from}");
        assert!(valid(&text), "{to}");
        let catalog = catalog();
        assert!(check(&text, &Environment::new(&catalog)).version.is_some(), "{to}: {}", problems(&text));
    }
}

#[test]
fn a_test_may_have_cases_and_things_in_any_order() {
    let text = |tests: &str| format!("{}\ntests:\n{tests}", EXAMPLE.split("\ntests:").next().unwrap_or_default());
    let case = |key: &str| {
        let at = "    at: { 0s: { whatsapp.order_received: {} } }\n    others: allowed\n";
        text(&format!("  - name: sizes\n{at}    cases:\n      - name: small\n        {key}\n"))
    };
    let good = case("expect: [any_order: [crm.create_ticket, contact.add_tags]]");
    assert!(valid(&good));
    assert!(!problems(&good).contains("error["), "{}", problems(&good));
    for wrong in ["expects: []", "cases: []"] {
        let text = case(wrong);
        assert!(!valid(&text), "{wrong}");
        assert!(problems(&text).contains("error[unknown_key]"), "{wrong}");
    }
    let without = text("  - name: nothing happens\n    cases: [{ name: a }]\n");
    assert!(problems(&without).contains("a test has no `at`"), "{}", problems(&without));
}

#[test]
fn segments_and_the_flows_that_name_them_are_valid() {
    let shipped = [
        include_str!("../../../../flows/cold-leads.yaml"),
        include_str!("../../../../flows/vip-birthdays.yaml"),
        include_str!("../../../../flows/cold-lead-follow-up.yaml"),
        include_str!("../../../../flows/vip-birthday-list.yaml"),
    ];
    for text in shipped {
        assert!(valid(text), "{text}");
        assert_eq!(problems(text), "");
    }
    for (from, to) in [("tags: [cold]", "tags: []"), ("segment:", "segments:"), ("when: >-", "if: >-")] {
        assert!(!valid(&shipped[0].replacen(from, to, 1)), "{to}");
    }
    assert!(valid("format: 1\nsegment: all\nlanguage: it\n") && !valid("format: 1\nsegment: all\n"));
}
