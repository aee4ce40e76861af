//! What is a tree and what is a formula; printing and reading are each other's reverse.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::expr::{Origin, Script};

fn tree(source: &str) -> Value {
    condition(source).map_or(Value::Null, |condition| json!(condition))
}

#[test]
fn a_condition_is_its_parts() {
    assert_eq!(
        tree("event.order.total >= 100 && (contact.tags.contains(\"vip\") || !contact.fields?.blocked)"),
        json!({ "all": [
            { "left": { "name": "event.order.total" }, "op": ">=", "right": { "value": 100 } },
            { "any": [
                { "call": "contains", "args": [{ "name": "contact.tags" }, { "value": "vip" }] },
                { "not": { "name": "contact.fields?.blocked" } },
            ] },
        ] })
    );
    assert_eq!(tree("\"a\\\"b\" in [1, -2.5, \"x\"]")["right"], json!({ "value": [1, -2.5, "x"] }));
    assert_eq!(tree("contact.order_status != ()")["right"], json!({ "value": null }));
    assert_eq!(tree("true"), json!({ "value": true }));
}

#[test]
fn everything_else_is_a_formula() {
    for formula in [
        "",
        "a +",
        "a + b > 3",
        "a == b == c",
        "!a == b",
        "f(a)",
        "a[0] == 1",
        "if a { b } else { c }",
        "a ?? b == 1",
        "let x = 1; x > 0",
        "`a ${b}` == c",
        "a.b(c.d())",
        "a = 1",
        "a && ",
        "(a",
        "a > > b",
        "a < = b",
        "a.len() == 1",
        "'x' == a",
        "0x10 == a",
        "1_000 == a",
        "a |b| c",
        "a?.contains(1)",
        "#{a: 1} == b",
        "a == 1.50",
    ] {
        assert_eq!(tree(formula), Value::Null, "{formula}");
    }
    let deep = format!("{}a{}", "(".repeat(5_000), ")".repeat(5_000));
    assert_eq!(condition(&deep), None);
}

fn operand() -> impl Strategy<Value = Operand> {
    let name = "(event|contact|vars)(\\.|\\?\\.)[a-z]{3,6}_x(\\.[a-z]{2,4}_y)?";
    let value = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (i64::MIN + 1..i64::MAX).prop_map(Value::from),
        (-1_000_000_i32..1_000_000).prop_map(|number| json!(f64::from(number) / 8.0 + 0.0625)),
        "\\PC{0,12}|[\"\\\\\n\t${}` a]{0,8}".prop_map(Value::from),
    ];
    let list = prop::collection::vec(value.clone(), 0..3).prop_map(Value::from);
    prop_oneof![
        name.prop_map(|name| Operand::Name { name }),
        value.prop_map(|value| Operand::Value { value }),
        list.prop_map(|value| Operand::Value { value }),
    ]
}

fn tree_of_parts() -> impl Strategy<Value = Condition> {
    let compare = (operand(), prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">=", "in"]), operand())
        .prop_map(|(left, op, right)| Condition::Compare { left, op: op.into(), right });
    let call =
        ("(event|contact)\\.[a-z]{3}_t", "(contains|mentions|starts_with)", prop::collection::vec(operand(), 0..3))
            .prop_map(|(name, call, asked)| {
                let args = [Operand::Name { name }].into_iter().chain(asked).collect();
                Condition::Call { call, args }
            });
    // Alone, a value must be true or false, or a name that may be.
    let name = "contact\\.[a-z]{3}_b".prop_map(|name| Operand::Name { name });
    let truth = any::<bool>().prop_map(|value| Operand::Value { value: value.into() });
    let holds = prop_oneof![name, truth].prop_map(Condition::Holds);
    let leaf = prop_oneof![compare, call, holds];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(|all| Condition::All { all }),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|any| Condition::Any { any }),
            inner.prop_map(|not| Condition::Not { not: Box::new(not) }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn what_is_printed_reads_as_the_same_tree_and_is_rhai(tree in tree_of_parts()) {
        let text = tree.to_string();
        prop_assert_eq!(condition(&text), Some(tree.clone()), "{}", text);
        prop_assert!(Script::compile(&text, Origin::default()).is_ok(), "{}: {:?}", text, Script::compile(&text, Origin::default()).err());
        let json = serde_json::to_value(&tree).unwrap();
        prop_assert_eq!(serde_json::from_value::<Condition>(json).unwrap(), tree);
    }

    #[test]
    fn any_text_is_answered(source in "([ -~]|\\PC){0,60}") {
        if let Some(tree) = condition(&source) {
            prop_assert_eq!(condition(&tree.to_string()), Some(tree));
        }
    }
}
