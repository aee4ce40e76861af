//! What Meta tells about the account: templates, limits, quality, errors; and what customers decide about marketing.

use engine::connector::{Incoming, Item, ObjectRef};
use engine::event::{Origin, PREFERENCE_CHANGED};
use serde_json::{Value, json};

use super::{ACCOUNT_CHANGED, Change, read};

/// A management field (`message_template_status_update`, `account_update` …), or one we have never heard of.
pub(super) fn changed(change: &Change<'_>, value: Value) -> Item {
    let ids = ["message_template_id", "display_phone_number", "entity_id"];
    let about = ids.into_iter().find_map(|key| read::text(&value, key)).unwrap_or_else(|| change.entry.to_owned());
    event(change, about, value)
}

/// An error that came beside messages, or instead of history.
pub(super) fn told(change: &Change<'_>, error: Value) -> Item {
    let about = read::text(&error, "code").unwrap_or_default();
    event(change, about, json!({ "error": error }))
}

fn event(change: &Change<'_>, about: String, value: Value) -> Item {
    Item::Event(Box::new(Incoming {
        external_id: change.digest(&value),
        kind: ACCOUNT_CHANGED,
        origin: Origin::System,
        provider_at: change.at,
        party: None,
        object: Some(ObjectRef { kind: change.field.to_owned(), external_id: about }),
        body: json!({ "field": change.field, "value": value }),
    }))
}

/// A customer stopped marketing messages in the app, or wants them again.
pub(super) fn preference(change: &Change<'_>, preference: Value) -> Result<Item, String> {
    let party = change.party(read::text(&preference, "wa_id"), read::text(&preference, "user_id"));
    Ok(Item::Event(Box::new(Incoming {
        external_id: change.digest(&preference),
        kind: PREFERENCE_CHANGED,
        origin: Origin::Customer,
        provider_at: read::at(&preference, "timestamp"),
        party: Some(party.ok_or("a preference of nobody")?),
        object: None,
        body: json!({ "preference": preference }),
    })))
}
