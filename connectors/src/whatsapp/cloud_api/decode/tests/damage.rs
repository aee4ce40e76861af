//! Input that is anything: the decoder tells of it and never panics.

use proptest::prelude::*;

use super::*;

/// The words the decoder looks for, and some values that look like others.
const WORDS: [&str; 30] = [
    "id",
    "from",
    "type",
    "text",
    "body",
    "order",
    "product_items",
    "item_price",
    "quantity",
    "interactive",
    "edit",
    "message",
    "errors",
    "metadata",
    "threads",
    "messages",
    "contacts",
    "timestamp",
    "unsupported",
    "group_id",
    "contact",
    "phone_number",
    "to",
    "nfm_reply",
    "",
    "-1",
    "99999999999999999999",
    "٣",
    "\u{0}",
    "1e400",
];

/// Any JSON.
fn any_json() -> impl Strategy<Value = Value> {
    let word = || prop::sample::select(WORDS.as_slice());
    let plain = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    plain.prop_recursive(5, 32, 5, move |inner| {
        let fields = prop::collection::vec((word().prop_map(str::to_owned), inner.clone()), 0..6);
        prop_oneof![prop::collection::vec(inner, 0..4).prop_map(Value::from), fields.prop_map(Value::from_iter)]
    })
}

/// A place somewhere inside a value, and what is put there.
fn any_damage() -> impl Strategy<Value = (Vec<prop::sample::Index>, Value)> {
    (prop::collection::vec(any::<prop::sample::Index>(), 1..10), any_json())
}

/// Puts `new` where `path` leads, or where it ends earlier.
fn damage(value: &mut Value, path: &[prop::sample::Index], new: Value) {
    let inner = path.split_first().and_then(|(step, rest)| {
        let many = match value {
            Value::Object(fields) => fields.len(),
            Value::Array(items) => items.len(),
            _ => 0,
        };
        let place = (many > 0).then(|| step.index(many))?;
        let inner = match value {
            Value::Object(fields) => fields.values_mut().nth(place),
            Value::Array(items) => items.get_mut(place),
            _ => None,
        };
        inner.map(|inner| (inner, rest))
    });
    match inner {
        Some((inner, rest)) => damage(inner, rest, new),
        None => *value = new,
    }
}

/// One delivery with everything in it.
fn everything() -> Value {
    let messages = kinds().into_iter().map(|(kind, fields, ..)| message(kind, fields)).collect::<Vec<_>>();
    let thread = json!({ "id": "5511987654321", "messages": messages });
    let stop = json!({ "wa_id": "5511987654321", "value": "stop", "timestamp": 1_760_000_400 });
    json!({ "object": "whatsapp_business_account", "entry": [
        change("messages", json!({ "messages": messages, "statuses": [{ "id": "wamid.O", "status": "sent" }] })),
        change("smb_message_echoes", json!({ "message_echoes": messages })),
        change("history", json!({ "history": [{ "threads": [thread] }], "messages": messages })),
        change("smb_app_state_sync", json!({ "state_sync": [{ "contact": { "phone_number": "5511987654321" } }] })),
        change("user_preferences", json!({ "user_preferences": [stop] })),
        template_paused(1_760_000_300),
    ] })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_json_makes_the_decoder_panic(any in any_json(), damages in prop::collection::vec(any_damage(), 1..8)) {
        let _ = decode(any.to_string().as_bytes(), OURS);
        let mut body = everything();
        for (path, new) in damages {
            damage(&mut body, &path, new);
        }
        let _ = decode(body.to_string().as_bytes(), OURS);
    }

    #[test]
    fn whatever_comes_between_two_good_items_costs_them_nothing(any in any_json(), beside in any_json()) {
        let good = |id: &str| {
            let mut good = message("text", json!({ "text": { "body": "oi" } }));
            good["id"] = id.into();
            good
        };
        let entry = |messages: Value| change("messages", json!({ "messages": messages, "contacts": beside }));
        let change_of = |messages: Value| entry(messages)["changes"][0].clone();
        let (first, last) = (json!([good("wamid.1")]), json!([good("wamid.2")]));
        let between = [
            vec![entry(json!([good("wamid.1"), any, good("wamid.2")]))],
            vec![json!({ "id": "9001", "changes": [change_of(first.clone()), any, change_of(last.clone())] })],
            vec![entry(first), any, entry(last)],
        ];
        for entries in between {
            let items = items(&entries);
            let found: Vec<&str> = items.iter().filter_map(|item| match item {
                Item::Event(event) => Some(event.external_id.as_str()).filter(|id| id.starts_with("wamid.")),
                _ => None,
            }).collect();
            prop_assert_eq!(found, ["wamid.1", "wamid.2"]);
            prop_assert_eq!(items.len(), 3, "what cannot be read is kept");
        }
    }
}

#[test]
fn neither_half_a_body_nor_a_deep_one_makes_the_decoder_panic() {
    let body = everything().to_string();
    for end in (0..body.len()).step_by(97) {
        assert!(decode(&body.as_bytes()[..end], OURS).is_err());
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let nested =
        format!(r#"{{"entry":[{{"id":"9001","changes":[{{"field":"messages","value":{{"messages":[{deep}]}}}}]}}]}}"#);
    assert!(decode(nested.as_bytes(), OURS).unwrap().iter().all(|item| matches!(item, Item::Bad { .. })));
}
