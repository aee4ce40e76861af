//! HubSpot's webhooks: an array of events, signed as a whole, each read on its own.
//!
//! Source: HubSpot, "Webhooks API" and "Validating requests". Property changes and creations become events;
//! deletions, merges and associations are taken and dropped, as no trigger waits for them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::clock::At;
use engine::connector::{Door, DoorError, HookRequest, Incoming, Intake, Item, ObjectRef, Sender};
use engine::event::{FIELD_CHANGED, Origin, RECORD_CREATED};
use engine::secret::Secret;
use engine::trigger::{FieldChangedEvent, RecordCreatedEvent};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::Sha256;

/// How far a signature's time may be from ours, in milliseconds. Source: HubSpot, "Validating requests" (for the past;
/// we refuse the future as well).
const TOLERANCE_MS: u64 = 300_000;
/// Escapes that HubSpot undoes in the address before it signs; all others stay. Source: as above.
const UNDONE: [(&str, char); 12] = [
    ("3A", ':'),
    ("2F", '/'),
    ("3F", '?'),
    ("40", '@'),
    ("21", '!'),
    ("24", '$'),
    ("27", '\''),
    ("28", '('),
    ("29", ')'),
    ("2A", '*'),
    ("2C", ','),
    ("3B", ';'),
];

/// The door of one portal.
pub(super) struct HubSpotDoor {
    client_secret: Option<Secret>,
    /// Our own public address, and the one HubSpot calls instead, if that differs.
    public_url: Option<(String, String)>,
}

impl HubSpotDoor {
    pub(super) fn new(client_secret: Option<Secret>, own_url: &str, called_url: Option<&str>) -> Self {
        let public_url = called_url.map(|called| (own_url.to_owned(), called.trim_end_matches('/').to_owned()));
        Self { client_secret, public_url }
    }

    fn called_url(&self, url: &str) -> String {
        match &self.public_url {
            Some((own, called)) => format!("{called}{}", url.strip_prefix(own.as_str()).unwrap_or(url)),
            None => url.to_owned(),
        }
    }

    fn verify(&self, request: &HookRequest, now: At) -> Result<(), DoorError> {
        let secret = self.client_secret.as_ref().ok_or(DoorError::Unsigned("the connection has no client_secret"))?;
        let time = request.header("X-HubSpot-Request-Timestamp").ok_or(DoorError::Unsigned("no timestamp"))?;
        let signed_at: i64 = time.parse().map_err(|_| DoorError::Unsigned("the timestamp is not a number"))?;
        if now.0.abs_diff(signed_at) > TOLERANCE_MS {
            return Err(DoorError::Unsigned("the timestamp is more than 5 minutes off"));
        }
        let signature = request.header("X-HubSpot-Signature-v3").ok_or(DoorError::Unsigned("no v3 signature"))?;
        let signature = STANDARD.decode(signature).map_err(|_| DoorError::Unsigned("the signature is not base64"))?;
        let url = undo_escapes(&self.called_url(&request.url));
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes keys of any length");
        for part in [request.method.as_str().as_bytes(), url.as_bytes(), &request.body, time.as_bytes()] {
            mac.update(part);
        }
        mac.verify_slice(&signature).map_err(|_| DoorError::Unsigned("the signature does not match"))
    }
}

impl Door for HubSpotDoor {
    /// Up to 10 times in 24 h, after any answer but 2xx. Source: HubSpot, "Webhooks API".
    fn sender(&self) -> Sender {
        Sender::Retried
    }

    fn receive(&self, request: &HookRequest, now: At) -> Result<Intake, DoorError> {
        self.verify(request, now)?;
        let events: Vec<&RawValue> = serde_json::from_slice(&request.body)
            .map_err(|error| DoorError::Unreadable(format!("not an array of events: {error}")))?;
        let mut items: Vec<Item> = events.into_iter().filter_map(|raw| read(raw.get())).collect();
        // HubSpot promises no order inside a delivery.
        items.sort_by_key(|item| match item {
            Item::Event(event) => event.provider_at,
            _ => None,
        });
        Ok(Intake { items, answer: String::new(), content_type: "text/plain" })
    }
}

/// One event. Numbers are ids here: never more than 64 bits.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    #[serde(default)]
    event_id: Value,
    #[serde(default)]
    portal_id: Value,
    #[serde(default)]
    app_id: Value,
    occurred_at: Option<i64>,
    /// `contact.propertyChange`.
    subscription_type: Option<String>,
    /// The same, as the documentation's table calls it.
    event_type: Option<String>,
    #[serde(default)]
    object_id: Value,
    /// `0-1`; with `object.*` only.
    object_type_id: Option<String>,
    property_name: Option<String>,
    #[serde(default)]
    property_value: Value,
    change_source: Option<String>,
    #[serde(default)]
    source_id: Value,
}

/// One element of the array as an item; `None` for what is not ours to tell.
fn read(raw: &str) -> Option<Item> {
    let bad = |why: String| Some(Item::Bad { raw: raw.to_owned(), why });
    let change: Change = match serde_json::from_str(raw) {
        Ok(change) => change,
        Err(error) => return bad(error.to_string()),
    };
    let Some(subscription) = change.subscription_type.as_deref().or(change.event_type.as_deref()) else {
        return bad("an event without subscriptionType".into());
    };
    let (kind, what) = subscription.split_once('.').unwrap_or((subscription, ""));
    if !matches!(what, "propertyChange" | "creation") || change.is_own_echo() {
        return None;
    }
    let Some(object_id) = text(&change.object_id) else { return bad("a change without objectId".into()) };
    let object = if kind == "object" { kind_of_type(change.object_type_id.as_deref()) } else { kind.to_owned() };
    let (event, property, body) = if what == "creation" {
        let body = RecordCreatedEvent { object: object.clone(), object_id: object_id.clone() };
        (RECORD_CREATED, String::new(), serde_json::to_value(body))
    } else {
        let Some(property) = change.property_name.clone() else {
            return bad("a property change without propertyName".into());
        };
        let body = FieldChangedEvent {
            object: object.clone(),
            object_id: object_id.clone(),
            field: property.clone(),
            old: Value::Null,
            new: change.property_value.clone(),
        };
        (FIELD_CHANGED, property, serde_json::to_value(body))
    };
    let origin = if change.change_source.as_deref() == Some("IMPORT") { Origin::Import } else { Origin::Crm };
    Some(Item::Event(Box::new(Incoming {
        external_id: change.external_id(subscription, &object_id, &property),
        kind: event,
        origin,
        provider_at: change.occurred_at.map(At),
        party: None,
        object: Some(ObjectRef { kind: object, external_id: object_id }),
        body: body.unwrap_or_default(),
    })))
}

impl Change {
    /// Whether our own app made the change: HubSpot names the app that changed and the app that is told.
    fn is_own_echo(&self) -> bool {
        let by_app = matches!(self.change_source.as_deref(), Some("API" | "INTEGRATION"));
        by_app && text(&self.source_id).is_some_and(|source| text(&self.app_id) == Some(source))
    }

    /// What a repeated delivery repeats. `eventId` alone is not promised to be unique, and `attemptNumber` changes.
    fn external_id(&self, subscription: &str, object_id: &str, property: &str) -> String {
        let part = |value: &Value| text(value).unwrap_or_default();
        let occurred_at = self.occurred_at.unwrap_or_default();
        let (portal, event) = (part(&self.portal_id), part(&self.event_id));
        format!("{portal}:{subscription}:{object_id}:{property}:{event}:{occurred_at}")
    }
}

/// An id that is a number in one version and text in another.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Source: HubSpot, "Understanding the CRM", object type ids; others keep their id as kind.
fn kind_of_type(type_id: Option<&str>) -> String {
    match type_id {
        Some("0-1") => "contact",
        Some("0-2") => "company",
        Some("0-3") => "deal",
        Some("0-5") => "ticket",
        Some(other) => other,
        None => "object",
    }
    .to_owned()
}

/// The address as HubSpot signs it: without fragment, with just these escapes undone.
fn undo_escapes(url: &str) -> String {
    let mut rest = url.split('#').next().unwrap_or(url);
    let mut plain = String::with_capacity(rest.len());
    while let Some(at) = rest.find('%') {
        let (before, escape) = rest.split_at(at);
        plain.push_str(before);
        let digits = escape.get(1..3).unwrap_or_default();
        match UNDONE.iter().find(|(code, _)| code.eq_ignore_ascii_case(digits)) {
            Some((_, sign)) => {
                plain.push(*sign);
                rest = &escape[3..];
            }
            None => {
                plain.push('%');
                rest = &escape[1..];
            }
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, Method};
    use serde_json::json;

    use super::*;

    const SECRET_A: &str = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy";
    const SIGNED_AT: i64 = 1_760_000_000_000;

    fn request(url: &str, body: &str, time: i64, signature: &str) -> HookRequest {
        let mut headers = HeaderMap::new();
        headers.insert("x-hubspot-request-timestamp", HeaderValue::from_str(&time.to_string()).unwrap());
        headers.insert("x-hubspot-signature-v3", HeaderValue::from_str(signature).unwrap());
        let query = url.split_once('?').map_or("", |(_, query)| query).to_owned();
        HookRequest {
            method: Method::POST,
            url: url.into(),
            query,
            headers,
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    fn door(secret: &str) -> HubSpotDoor {
        HubSpotDoor::new(Some(Secret::new(secret)), "https://flows.test", None)
    }

    /// A correctly signed delivery of `body`.
    fn signed(body: &str) -> HookRequest {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"s").unwrap();
        let url = "https://flows.test/hooks/hs";
        mac.update(format!("POST{url}{body}{SIGNED_AT}").as_bytes());
        request(url, body, SIGNED_AT, &STANDARD.encode(mac.finalize().into_bytes()))
    }

    fn items(events: &Value) -> Vec<Item> {
        door("s").receive(&signed(&events.to_string()), At(SIGNED_AT)).unwrap().items
    }

    fn change() -> Value {
        json!({ "eventId": 3001, "subscriptionId": 88, "portalId": 700123, "appId": 55, "occurredAt": 1770127506123_i64,
            "subscriptionType": "contact.propertyChange", "attemptNumber": 0, "objectId": 50111,
            "propertyName": "lifecyclestage", "propertyValue": "customer",
            "changeSource": "CRM_UI", "sourceId": "userId:41002" })
    }

    /// (a) is the vector of HubSpot's own Python SDK (`tests/spec/utils/test_signature.py`), (b) and (c) were computed with
    /// independent code that gives (a).
    #[test]
    fn the_reference_signatures_are_accepted() {
        let site = "https://www.example.com/webhook_uri";
        let body = "{'example_field':'example_value'}";
        let tenant = "https://hooks.acme.test/crm/hubspot?tenant=a%20b&next=%2Fx";
        let list = r#"[{"eventId":1,"subscriptionType":"contact.propertyChange","objectId":501}]"#;
        let vectors = [
            (SECRET_A, site, body, 1_693_657_560_000, "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="),
            (SECRET_A, site, body, 1_700_000_300_000, "RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw="),
            ("hs-secret-1", tenant, list, 1_760_000_000_000, "sp3nWOPfoXuH8iZ72Pe2gEBJy8n3/DM9Qh0MQwHx5qQ="),
        ];
        for (secret, url, body, time, signature) in vectors {
            let request = request(url, body, time, signature);
            assert_eq!(door(secret).verify(&request, At(time)), Ok(()), "{url}");
            assert_eq!(door(secret).verify(&request, At(time + 300_000)), Ok(()), "5 minutes old");
            for off in [300_001, -300_001] {
                assert!(door(secret).verify(&request, At(time + off)).is_err(), "{off} ms off");
            }
            assert!(door("another").verify(&request, At(time)).is_err());
            let mut changed = request.clone();
            changed.body = Bytes::from([body, " "].concat());
            assert!(door(secret).verify(&changed, At(time)).is_err(), "one blank more");
        }
    }

    #[test]
    fn the_signature_covers_the_address_that_hubspot_calls() {
        let called = HubSpotDoor::new(Some(Secret::new("s")), "http://10.0.0.7:8080", Some("https://flows.test/"));
        let mut inside = signed("[]");
        inside.url = "http://10.0.0.7:8080/hooks/hs".into();
        assert_eq!(called.verify(&inside, At(SIGNED_AT)), Ok(()));
        assert!(door("s").verify(&inside, At(SIGNED_AT)).is_err());
    }

    #[test]
    fn without_a_secret_or_a_signature_nothing_is_taken() {
        let open = HubSpotDoor::new(None, "https://flows.test", None);
        assert!(matches!(open.receive(&signed("[]"), At(SIGNED_AT)), Err(DoorError::Unsigned(_))));
        for missing in ["x-hubspot-request-timestamp", "x-hubspot-signature-v3"] {
            let mut request = signed("[]");
            request.headers.remove(missing);
            assert!(matches!(door("s").receive(&request, At(SIGNED_AT)), Err(DoorError::Unsigned(_))), "{missing}");
        }
    }

    #[test]
    fn only_the_escapes_that_hubspot_names_are_undone() {
        assert_eq!(undo_escapes("https://a/%3a%2F%20%26%3D%25%40#top"), "https://a/:/%20%26%3D%25@");
        assert_eq!(undo_escapes("https://a/%252F%2"), "https://a/%252F%2");
        assert_eq!(undo_escapes("%21%24%27%28%29%2A%2C%3B%3F%é"), "!$'()*,;?%é");
    }

    #[test]
    fn a_property_change_becomes_an_event() {
        let items = items(&json!([change()]));
        let [Item::Event(event)] = items.as_slice() else { panic!("{items:?}") };
        assert_eq!(event.kind, FIELD_CHANGED);
        assert_eq!(event.origin, Origin::Crm);
        assert_eq!(event.provider_at, Some(At(1_770_127_506_123)));
        assert_eq!(event.external_id, "700123:contact.propertyChange:50111:lifecyclestage:3001:1770127506123");
        assert_eq!(event.object, Some(ObjectRef { kind: "contact".into(), external_id: "50111".into() }));
        let (field, new) = ("lifecyclestage", "customer");
        let body = json!({ "object": "contact", "object_id": "50111", "field": field, "old": null, "new": new });
        assert_eq!(event.body, body);
    }

    #[test]
    fn a_repeated_delivery_has_the_same_id() {
        let mut again = change();
        again["attemptNumber"] = 3.into();
        let ids: Vec<String> = items(&json!([change(), again]))
            .into_iter()
            .map(|item| match item {
                Item::Event(event) => event.external_id,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(ids[0], ids[1]);
    }

    #[test]
    fn one_bad_event_does_not_lose_its_neighbours_and_time_orders_them() {
        let mut early = change();
        early["occurredAt"] = 5.into();
        let mut nameless = change();
        nameless.as_object_mut().unwrap().remove("propertyName");
        let items = items(&json!([change(), 7, nameless, early]));
        let bad = items.iter().filter(|item| matches!(item, Item::Bad { .. })).count();
        let times: Vec<i64> = items
            .iter()
            .filter_map(|item| if let Item::Event(event) = item { event.provider_at.map(|at| at.0) } else { None })
            .collect();
        assert_eq!((bad, times), (2, vec![5, 1_770_127_506_123]));
    }

    #[test]
    fn our_own_echo_and_other_kinds_of_events_are_dropped_and_an_import_says_so() {
        let with = |fields: Value| {
            let mut event = change();
            event.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            items(&json!([event]))
        };
        assert!(with(json!({ "changeSource": "INTEGRATION", "sourceId": "55" })).is_empty());
        assert_eq!(with(json!({ "changeSource": "INTEGRATION", "sourceId": "56" })).len(), 1, "another app's write");
        assert!(with(json!({ "subscriptionType": "contact.deletion" })).is_empty());
        let created = with(json!({ "subscriptionType": "deal.creation", "propertyName": null }));
        let fields = json!({ "object": "deal", "object_id": "50111" });
        assert!(matches!(&created[0], Item::Event(event) if event.kind == RECORD_CREATED && event.body == fields));
        let import = with(json!({ "changeSource": "IMPORT" }));
        assert!(matches!(&import[0], Item::Event(event) if event.origin == Origin::Import));
        let object = with(json!({ "subscriptionType": "object.propertyChange", "objectTypeId": "0-5" }));
        assert!(matches!(&object[0], Item::Event(event) if event.body["object"] == "ticket"));
    }

    #[test]
    fn a_signed_body_that_is_not_an_array_is_unreadable() {
        let error = door("s").receive(&signed("{}"), At(SIGNED_AT)).unwrap_err();
        assert!(matches!(error, DoorError::Unreadable(_)), "{error}");
    }
}
