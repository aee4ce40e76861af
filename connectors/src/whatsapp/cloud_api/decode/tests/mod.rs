//! The decoder as a whole: every kind of message, and batches with broken items.

mod damage;

use engine::connector::{Incoming, StatusReport};
use engine::event::{
    FORM_SUBMITTED, MESSAGE_CHANGED, MESSAGE_ECHOED, MESSAGE_RECEIVED, ORDER_RECEIVED, PREFERENCE_CHANGED,
};
use engine::trigger::{MessageEvent, OrderEvent};
use serde_json::json;

use super::*;

/// Our number and a customer's, as webhooks spell them.
const US: &str = "551130001000";
const ANA: &str = "5511987654321";
const OURS: Ours<'static> = Ours { phone_number_id: "700100200300", waba_id: "9001" };

fn change(field: &str, mut parts: Value) -> Value {
    parts["messaging_product"] = "whatsapp".into();
    if parts.get("metadata").is_none() {
        parts["metadata"] = json!({ "display_phone_number": "+55 11 3000-1000", "phone_number_id": "700100200300" });
    }
    json!({ "id": "9001", "changes": [{ "field": field, "value": parts }] })
}

fn items(entries: &[Value]) -> Vec<Item> {
    decode(json!({ "object": "whatsapp_business_account", "entry": entries }).to_string().as_bytes(), OURS).unwrap()
}

fn event(item: &Item) -> &Incoming {
    match item {
        Item::Event(event) => event,
        other => panic!("no event: {other:?}"),
    }
}

fn why(item: &Item) -> &str {
    match item {
        Item::Bad { why, .. } => why,
        other => panic!("not bad: {other:?}"),
    }
}

/// A message of the customer with these fields besides the common ones.
fn message(kind: &str, mut fields: Value) -> Value {
    let common = json!({
        "from": ANA, "from_user_id": "BR.8812345", "id": "wamid.A1", "timestamp": "1760000000", "type": kind,
    });
    for (key, value) in common.as_object().unwrap() {
        fields[key] = value.clone();
    }
    fields
}

fn received(kind: &str, fields: Value) -> Incoming {
    let contacts = json!([{ "profile": { "name": "Ana" }, "wa_id": "5511987654321", "user_id": "BR.8812345" }]);
    let parts = json!({ "contacts": contacts, "messages": [message(kind, fields)] });
    let items = items(&[change("messages", parts)]);
    assert_eq!(items.len(), 1);
    event(&items[0]).clone()
}

/// One message of each kind a customer can send: its type, its fields, the kind of event and the text it becomes.
fn kinds() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    let media =
        |caption: &str| json!({ "id": "998877", "mime_type": "image/jpeg", "sha256": "q83v", "caption": caption });
    let card = |name: &str| json!({ "name": { "formatted_name": name }, "phones": [{ "phone": "+5511900000000" }] });
    let button = json!({ "type": "button_reply", "button_reply": { "id": "yes", "title": "Sim" } });
    let list = json!({ "type": "list_reply", "list_reply": { "id": "m", "title": "Medium", "description": "40 cm" } });
    let form = json!({ "name": "flow", "body": "Sent", "response_json": "{\"size\":40}" });
    let form = json!({ "type": "nfm_reply", "nfm_reply": form });
    let line = json!({ "product_retailer_id": "SKU-12", "quantity": 2, "item_price": 19.9, "currency": "BRL" });
    let order = json!({ "catalog_id": "445566", "text": "sem cebola", "product_items": [line] });
    let place = json!({ "latitude": -23.5, "longitude": -46.6, "name": "Loja", "address": "Rua 1" });
    let edited = json!({ "original_message_id": "wamid.P", "message": { "type": "text", "text": { "body": "sim!" } } });
    let moved = json!({ "type": "user_changed_number", "body": "Ana changed her number", "wa_id": "5521987654321" });
    let errors = json!([{ "code": 131_051, "title": "Message type is not supported" }]);
    vec![
        ("text", json!({ "text": { "body": "oi" }, "context": { "forwarded": true } }), MESSAGE_RECEIVED, "oi"),
        ("image", json!({ "image": media("the lamp") }), MESSAGE_RECEIVED, "the lamp"),
        ("video", json!({ "video": media("the door") }), MESSAGE_RECEIVED, "the door"),
        ("document", json!({ "document": media("the bill") }), MESSAGE_RECEIVED, "the bill"),
        ("sticker", json!({ "sticker": { "id": "1", "animated": true } }), MESSAGE_RECEIVED, ""),
        ("audio", json!({ "audio": { "id": "2", "voice": true } }), MESSAGE_RECEIVED, ""),
        ("location", json!({ "location": place }), MESSAGE_RECEIVED, "Loja, Rua 1"),
        ("contacts", json!({ "contacts": [card("Bo"), card("Cy")] }), MESSAGE_RECEIVED, "Bo, Cy"),
        (
            "button",
            json!({ "button": { "payload": "TRACK_42", "text": "Where is it?" } }),
            MESSAGE_RECEIVED,
            "Where is it?",
        ),
        ("interactive", json!({ "interactive": button }), MESSAGE_RECEIVED, "Sim"),
        ("interactive", json!({ "interactive": list }), MESSAGE_RECEIVED, "Medium"),
        ("interactive", json!({ "interactive": form }), FORM_SUBMITTED, ""),
        ("interactive", json!({ "errors": [{ "code": 131_000 }] }), MESSAGE_RECEIVED, ""),
        ("order", json!({ "order": order }), ORDER_RECEIVED, "sem cebola"),
        ("reaction", json!({ "reaction": { "message_id": "wamid.P", "emoji": "👍" } }), MESSAGE_CHANGED, "👍"),
        ("reaction", json!({ "reaction": { "message_id": "wamid.P" } }), MESSAGE_CHANGED, ""),
        ("edit", json!({ "edit": edited }), MESSAGE_CHANGED, "sim!"),
        ("revoke", json!({ "revoke": { "original_message_id": "wamid.P" } }), MESSAGE_CHANGED, ""),
        ("system", json!({ "system": moved }), MESSAGE_CHANGED, "Ana changed her number"),
        ("unsupported", json!({ "errors": errors, "unsupported": { "type": "order" } }), MESSAGE_RECEIVED, ""),
        ("unsupported", json!({ "errors": errors, "unsupported": { "type": "edit" } }), MESSAGE_CHANGED, ""),
        ("hologram", json!({ "hologram": { "body": "from the future" } }), MESSAGE_RECEIVED, "from the future"),
        ("text", json!({}), MESSAGE_RECEIVED, ""),
    ]
}

#[test]
fn every_type_of_message_has_its_kind_and_text() {
    for (kind, fields, event_kind, text) in kinds() {
        let event = received(kind, fields.clone());
        assert_eq!(event.kind, event_kind, "{kind} {fields}");
        assert_eq!(event.external_id, "wamid.A1");
        assert_eq!(event.provider_at, Some(At(1_760_000_000_000)));
        let origin = if kind == "system" { Origin::System } else { Origin::Customer };
        assert_eq!(event.origin, origin, "{kind}");
        let shown: MessageEvent = serde_json::from_value(event.body).unwrap();
        assert_eq!((shown.message.kind.as_str(), shown.text.as_str()), (kind, text), "{fields}");
        for (key, value) in fields.as_object().unwrap().iter().filter(|(key, _)| *key != "interactive") {
            assert_eq!(shown.message.rest.get(key), Some(value), "{kind} keeps `{key}`");
        }
    }
}

#[test]
fn an_order_has_our_id_and_total() {
    let line = json!({ "product_retailer_id": "SKU-12", "quantity": 2, "item_price": 19.9, "currency": "BRL" });
    let event = received("order", json!({ "order": { "catalog_id": "445566", "text": "x", "product_items": [line] } }));
    assert_eq!(event.body["order"]["total"].to_string(), "39.8");
    let shown: OrderEvent = serde_json::from_value(event.body).unwrap();
    assert_eq!((shown.order.id.as_str(), shown.order.currency.as_str()), ("wamid.A1", "BRL"));
    assert_eq!(shown.message.kind, "order");
}

#[test]
fn the_answers_of_a_form_can_be_read() {
    let reply = json!({ "type": "nfm_reply", "nfm_reply": { "body": "Sent", "response_json": "{\"size\":40}" } });
    let event = received("interactive", json!({ "interactive": reply }));
    assert_eq!(event.body["message"]["interactive"]["nfm_reply"]["response"], json!({ "size": 40 }));
    assert_eq!((&event.body["form"], &event.body["answers"]), (&json!(""), &json!({ "size": 40 })));
    let named = json!({ "name": "flow", "response_json": "{\"size\":40,\"flow_token\":\"size\"}" });
    let event = received("interactive", json!({ "interactive": { "type": "nfm_reply", "nfm_reply": named } }));
    assert_eq!((event.kind, &event.body["form"]), (FORM_SUBMITTED, &json!("size")));
    assert_eq!(event.body["answers"], json!({ "size": 40 }));
}

#[test]
fn a_customer_is_known_by_number_or_by_user_id_and_named_by_the_contact() {
    let contact = json!({ "profile": { "name": "", "username": "@ana.l" }, "wa_id": "", "user_id": "BR.8812345" });
    let other = json!({ "profile": { "name": "Bo" }, "wa_id": "8613800138000" });
    let by_user = |from: Value| json!({ "id": "wamid.U", "from": from, "from_user_id": "BR.8812345", "type": "text" });
    let messages = json!([
        by_user(json!("")), by_user(json!(null)), by_user(json!("BR.8812345")),
        { "id": "wamid.B", "from": "+8613800138000", "type": "text" },
    ]);
    let items = items(&[change("messages", json!({ "contacts": [other, contact], "messages": messages }))]);
    let party = |address: &str, phone: Option<&str>, name: &str| {
        let number = "700100200300".to_owned();
        Some(Party { number, address: address.into(), phone: phone.map(Into::into), name: Some(name.into()) })
    };
    for item in &items[..3] {
        assert_eq!(event(item).party, party("BR.8812345", None, "@ana.l"));
    }
    assert_eq!(event(&items[3]).party, party("8613800138000", Some("+8613800138000"), "Bo"));
}

#[test]
fn a_message_of_a_group_has_no_conversation() {
    let event = received("text", json!({ "text": { "body": "hi all" }, "group_id": "G7" }));
    assert_eq!((event.kind, event.party), (GROUP_MESSAGE, None));
    assert_eq!(event.object.map(|object| object.external_id).as_deref(), Some("G7"));
}

#[test]
fn one_bad_item_never_loses_its_neighbours() {
    let mut messages = Vec::new();
    let broken = [
        json!(null),
        json!("text"),
        json!([]),
        json!({ "type": "text" }),
        json!({ "id": "wamid.X", "type": "text" }),
        json!({ "id": "wamid.X", "from": "5511987654321", "type": "order" }),
    ];
    for n in 0..1000 {
        let mut good = message("text", json!({ "text": { "body": format!("message {n}") } }));
        good["id"] = format!("wamid.{n}").into();
        messages.push(if n % 100 == 7 { broken[n / 100 % broken.len()].clone() } else { good });
    }
    let statuses = json!([{ "id": "wamid.OUT", "status": "read" }, { "status": "read" }]);
    let errors = json!([{ "code": 130_429, "title": "Rate limit hit" }]);
    let parts = json!({ "messages": messages, "statuses": statuses, "errors": errors });
    let items = items(&[change("messages", parts)]);
    let bad = items.iter().filter(|item| matches!(item, Item::Bad { .. })).count();
    assert_eq!((items.len(), bad), (1003, 11));
    let ids = items[..1000].iter().filter_map(|item| match item {
        Item::Event(event) => Some(event.external_id.clone()),
        _ => None,
    });
    let expected = (0..1000).filter(|n| n % 100 != 7).map(|n| format!("wamid.{n}"));
    assert!(ids.eq(expected), "in their order");
    assert_eq!(event(&items[1002]).kind, ACCOUNT_CHANGED);
}

#[test]
fn a_text_cut_through_an_emoji_costs_only_its_message() {
    let body = r#"{"entry":[{"id":"9001","changes":[{"field":"messages","value":{
        "metadata":{"phone_number_id":"700100200300"},
        "messages":[{"id":"wamid.1","from":"5511987654321","type":"text","text":{"body":"cut \ud83d"}},
                    {"id":"wamid.2","from":"5511987654321","type":"text","text":{"body":"whole"}}]}}]}]}"#;
    let items = decode(body.as_bytes(), OURS).unwrap();
    assert!(why(&items[0]).starts_with("not readable"));
    assert!(matches!(&items[0], Item::Bad { raw, .. } if raw.contains(r"\ud83d")), "kept as it came");
    assert_eq!(event(&items[1]).external_id, "wamid.2");
}

#[test]
fn broken_levels_are_kept_and_the_rest_is_read() {
    let entries = [
        json!(7),
        json!({ "id": "9001", "changes": { "field": "messages" } }),
        json!({ "id": "9001", "changes": [null, { "field": "messages" }, { "field": "messages", "value": [] }] }),
        change("messages", json!({ "messages": {}, "statuses": null })),
        change("messages", json!({ "messages": [message("text", json!({}))] })),
    ];
    let items = items(&entries);
    assert_eq!(items.len(), 7);
    assert!(items[..6].iter().all(|item| matches!(item, Item::Bad { .. })), "{items:?}");
    assert_eq!(event(&items[6]).external_id, "wamid.A1");
    assert!(decode(b"[]", OURS).is_err());
    assert!(decode(br#"{"object":"page"}"#, OURS).is_err());
}

#[test]
fn items_of_another_number_or_account_are_listed_not_used() {
    let other = json!({ "phone_number_id": "999" });
    let parts =
        json!({ "metadata": other, "messages": [message("text", json!({}))], "statuses": [{ "id": "wamid.O" }] });
    let mut no_number = change("messages", json!({ "messages": [message("text", json!({}))] }));
    no_number["changes"][0]["value"]["metadata"] = json!({});
    let mut elsewhere = template_paused(1_760_000_300);
    elsewhere["id"] = "9002".into();
    let items = items(&[change("messages", parts), no_number, elsewhere]);
    assert_eq!(why(&items[0]), "for another number: phone_number_id 999");
    assert_eq!(why(&items[1]), why(&items[0]));
    assert_eq!(why(&items[2]), "does not say for which phone_number_id it is");
    assert_eq!(why(&items[3]), "for another WhatsApp Business Account: 9002");
}

#[test]
fn statuses_are_reports() {
    let status = json!({ "id": "wamid.OUT1", "status": "sent", "biz_opaque_callback_data": "run_1/2" });
    let items = items(&[change("messages", json!({ "statuses": [status] }))]);
    assert!(matches!(&items[0], Item::Status(StatusReport { key: Some(key), .. }) if key == "run_1/2"), "{items:?}");
}

#[test]
fn what_people_write_in_the_app_is_ours() {
    let text = json!({ "body": "ok" });
    let echo = |kind: &str, to: &str| json!({ "from": US, "to": to, "id": "wamid.E1", "type": kind, "text": text });
    let echoes = json!([echo("text", "+5511987654321"), echo("revoke", "5511987654321"), echo("text", "")]);
    let items = items(&[change("smb_message_echoes", json!({ "message_echoes": echoes }))]);
    let first = event(&items[0]);
    assert_eq!((first.kind, first.origin), (MESSAGE_ECHOED, Origin::AppEcho));
    assert_eq!(first.party.as_ref().map(|party| party.address.as_str()), Some("5511987654321"));
    assert_eq!(first.body["text"], "ok");
    assert_eq!((event(&items[1]).kind, event(&items[1]).origin), (MESSAGE_CHANGED, Origin::AppEcho));
    assert_eq!(why(&items[2]), "an echo without `to`");
}

#[test]
fn history_tells_both_sides_and_starts_nothing() {
    let ours = json!({ "from": US, "to": ANA, "id": "wamid.H1", "type": "text", "text": { "body": "hi" } });
    let theirs = json!({ "from": ANA, "id": "wamid.H2", "timestamp": "1759000050", "type": "media_placeholder" });
    let notice = json!({ "from": ANA, "id": "wamid.H3", "type": "system", "system": { "body": "new number" } });
    let thread = json!({ "id": "5511987654321", "messages": [ours, theirs, {}, notice] });
    let chunk = json!({ "metadata": { "phase": 0, "chunk_order": 1 }, "threads": [thread, { "id": "1" }] });
    let declined = json!({ "errors": [{ "code": 2_593_109, "title": "declined" }] });
    let media = json!({ "from": ANA, "id": "wamid.H2", "type": "image", "image": { "id": "7", "caption": "us" } });
    let items = items(&[
        change("history", json!({ "history": [chunk, declined, 5] })),
        change("history", json!({ "messages": [media] })),
    ]);
    let kinds = items.iter().map(|item| match item {
        Item::Event(event) => event.kind,
        _ => "bad",
    });
    let expected =
        [MESSAGE_ECHOED, MESSAGE_RECEIVED, "bad", MESSAGE_CHANGED, "bad", ACCOUNT_CHANGED, "bad", MESSAGE_CHANGED];
    assert!(kinds.clone().eq(expected), "{:?}", kinds.collect::<Vec<_>>());
    for item in [&items[0], &items[1], &items[3], &items[7]] {
        assert_eq!(event(item).origin, Origin::History);
        assert_eq!(event(item).party.as_ref().map(|party| party.address.as_str()), Some("5511987654321"));
    }
    assert!(!Origin::History.starts_flows());
}

fn template_paused(time: i64) -> Value {
    let value =
        json!({ "event": "PAUSED", "message_template_id": 555_666_777, "message_template_name": "order_ready" });
    json!({ "id": "9001", "time": time, "changes": [{ "field": "message_template_status_update", "value": value }] })
}

#[test]
fn news_of_the_account_are_events_about_their_object() {
    let items =
        items(&[template_paused(1_760_000_300), template_paused(1_760_000_300), template_paused(1_760_000_900)]);
    let first = event(&items[0]);
    assert_eq!((first.kind, first.origin, first.party.as_ref()), (ACCOUNT_CHANGED, Origin::System, None));
    assert_eq!(first.provider_at, Some(At(1_760_000_300_000)));
    let object = first.object.as_ref().unwrap();
    assert_eq!((object.kind.as_str(), object.external_id.as_str()), ("message_template_status_update", "555666777"));
    assert_eq!(first.body["value"]["event"], "PAUSED");
    assert_eq!(first.external_id, event(&items[1]).external_id, "a repeated delivery is one event");
    assert_ne!(first.external_id, event(&items[2]).external_id, "the same news later is another");
}

#[test]
fn a_customers_stop_of_marketing_is_told() {
    let stop = json!({ "wa_id": ANA, "category": "marketing_messages", "value": "stop", "timestamp": 1_760_000_400 });
    let items = items(&[change("user_preferences", json!({ "user_preferences": [stop] }))]);
    let event = event(&items[0]);
    assert_eq!((event.kind, event.provider_at), (PREFERENCE_CHANGED, Some(At(1_760_000_400_000))));
    assert_eq!(event.party.as_ref().and_then(|party| party.phone.as_deref()), Some("+5511987654321"));
    assert_eq!(event.body["preference"]["value"], "stop");
}

#[test]
fn the_address_book_opens_no_conversations() {
    let contact = json!({ "full_name": "Ana", "phone_number": "+5511987654321" });
    let entry = json!({ "type": "contact", "action": "add", "contact": contact });
    let items = items(&[change("smb_app_state_sync", json!({ "state_sync": [entry, {}] }))]);
    let event = event(&items[0]);
    assert_eq!((event.kind, event.origin, event.party.as_ref()), (CONTACT_SYNCED, Origin::Import, None));
    assert_eq!(event.object.as_ref().map(|object| object.external_id.as_str()), Some("5511987654321"));
    assert_eq!(why(&items[1]), "an entry without `contact`");
}
