//! From Twilio's parameters to the same events that the Cloud API gives: `message` has Meta's field names.
//! Source: Twilio, "Webhooks, incoming message" and "Outbound message status in status callbacks".

use std::collections::BTreeMap;

use engine::connector::{Incoming, Item, Party, Status, StatusReport};
use engine::event::{self, Origin};
use serde_json::{Map, Value, json};

use crate::net::quoted;
use crate::whatsapp::common::phone_of;

/// What every address of WhatsApp begins with here.
pub(super) const PREFIX: &str = "whatsapp:";
/// The name under which our key travels in the status callback's address.
pub(super) const KEY: &str = "key";
/// Attachments that are read at most; WhatsApp has one per message.
const MOST_MEDIA: usize = 10;

/// Parameters that say nothing about a message beyond what its event says already.
const KNOWN: [&str; 11] = [
    "AccountSid",
    "ApiVersion",
    "From",
    "MessageSid",
    "NumSegments",
    "SmsMessageSid",
    "SmsSid",
    "SmsStatus",
    "To",
    "WaId",
    KEY,
];

/// The parameters of a request by name.
pub(super) type Parameters = BTreeMap<String, String>;

/// Whose webhooks these are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ours<'a> {
    pub(super) account_sid: &'a str,
    /// `+` and digits.
    pub(super) from: &'a str,
    pub(super) messaging_service_sid: Option<&'a str>,
}

/// The one thing a request tells.
///
/// # Errors
/// When it is neither a message nor a status, or not for this connection.
pub(super) fn decode(parameters: &Parameters, ours: &Ours<'_>) -> Result<Item, String> {
    let get = |name: &str| parameters.get(name).map(String::as_str).filter(|value| !value.is_empty());
    if let Some(account) = get("AccountSid").filter(|account| *account != ours.account_sid) {
        return Err(format!("for another account: {account}"));
    }
    let id = get("MessageSid").or_else(|| get("SmsSid")).ok_or("neither a message nor a status: no `MessageSid`")?;
    match get("MessageStatus") {
        Some(status) if !matches!(status, "received" | "receiving") => {
            Ok(Item::Status(status_of(id, status, parameters)))
        }
        _ => message_of(id, parameters, ours).map(|event| Item::Event(Box::new(event))),
    }
}

fn status_of(id: &str, status: &str, parameters: &Parameters) -> StatusReport {
    let get = |name: &str| parameters.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let error = [get("ErrorCode"), get("ErrorMessage")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    StatusReport {
        external_id: id.to_owned(),
        status: match status {
            "sent" => Status::Sent,
            "delivered" => Status::Delivered,
            "read" => Status::Read,
            "undelivered" | "failed" | "canceled" => Status::Failed,
            // `accepted`, `scheduled`, `queued`, `sending` and whatever comes: Twilio has it, no more is known.
            _ => Status::Accepted,
        },
        at: None,
        key: get(KEY).map(str::to_owned),
        error: (!error.is_empty()).then(|| quoted(&error)),
        cost: None,
    }
}

fn message_of(id: &str, parameters: &Parameters, ours: &Ours<'_>) -> Result<Incoming, String> {
    let get = |name: &str| parameters.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let whatsapp = |name: &str| get(name).and_then(|address| address.strip_prefix(PREFIX));
    let to = whatsapp("To").ok_or("not a WhatsApp message: `To` is no whatsapp: address")?;
    let from = whatsapp("From").ok_or("not a WhatsApp message: `From` is no whatsapp: address")?;
    let service = get("MessagingServiceSid");
    if to != ours.from && (service.is_none() || service != ours.messaging_service_sid) {
        return Err(format!("for another number: {to}"));
    }
    let address = from.strip_prefix('+').unwrap_or(from).to_owned();
    let name = kind_of(parameters);
    let kind = if name == "reaction" { event::MESSAGE_CHANGED } else { event::MESSAGE_RECEIVED };
    let text = get("Body").or_else(|| get("ButtonText")).or_else(|| get("Label")).unwrap_or_default();
    Ok(Incoming {
        external_id: id.to_owned(),
        kind,
        origin: Origin::Customer,
        provider_at: None,
        party: Some(Party {
            number: format!("{PREFIX}{to}"),
            phone: phone_of(&address),
            address,
            name: get("ProfileName").map(str::to_owned),
        }),
        object: None,
        body: json!({ "message": shaped(id, &name, parameters), "text": text }),
    })
}

/// The type of a message, guessed from what it has when Twilio does not say.
fn kind_of(parameters: &Parameters) -> String {
    let has = |name: &str| parameters.get(name).is_some_and(|value| !value.is_empty());
    if let Some(told) = parameters.get("MessageType").filter(|told| !told.is_empty()) {
        return told.clone();
    }
    let media = parameters.get("MediaContentType0").map(String::as_str).unwrap_or_default();
    let kind = match media.split('/').next().unwrap_or_default() {
        kind @ ("image" | "audio" | "video") => kind,
        _ if has("MediaUrl0") => "document",
        _ if has("Latitude") => "location",
        _ if has("ButtonPayload") || has("ButtonText") => "button",
        _ => "text",
    };
    kind.to_owned()
}

/// The message with Meta's names for its fields; parameters that have no such name stay under `twilio`.
fn shaped(id: &str, kind: &str, parameters: &Parameters) -> Value {
    let mut left = parameters.clone();
    for known in KNOWN {
        left.remove(known);
    }
    let mut take = |name: &str| left.remove(name).filter(|value| !value.is_empty());
    let mut message = Map::from_iter([("id".to_owned(), Value::from(id)), ("type".to_owned(), Value::from(kind))]);
    take("MessageType");
    take("ProfileName");
    let body = take("Body");
    if let Some(media) = media(&mut take) {
        let caption = body.as_deref().map(|caption| ("caption".to_owned(), Value::from(caption)));
        let media = Map::from_iter(media.into_iter().chain(caption));
        // Sent as one type with an attachment of another (a sticker is an image): the type names it.
        message.insert(kind.to_owned(), media.into());
    } else if let Some(body) = body {
        message.insert("text".into(), json!({ "body": body }));
    }
    let groups: [(&str, &[(&str, &str)]); 4] = [
        (
            "location",
            &[("latitude", "Latitude"), ("longitude", "Longitude"), ("name", "Label"), ("address", "Address")],
        ),
        ("button", &[("text", "ButtonText"), ("payload", "ButtonPayload")]),
        (
            "context",
            &[
                ("id", "OriginalRepliedMessageSid"),
                ("from", "OriginalRepliedMessageSender"),
                ("forwarded", "Forwarded"),
                ("frequently_forwarded", "FrequentlyForwarded"),
            ],
        ),
        (
            "referral",
            &[
                ("body", "ReferralBody"),
                ("headline", "ReferralHeadline"),
                ("source_id", "ReferralSourceId"),
                ("source_type", "ReferralSourceType"),
                ("source_url", "ReferralSourceUrl"),
                ("ctwa_clid", "ReferralCtwaClid"),
            ],
        ),
    ];
    for (group, names) in groups {
        let fields =
            names.iter().filter_map(|(ours, theirs)| Some(((*ours).to_owned(), value_of(ours, take(theirs)?))));
        let fields = fields.collect::<Map<_, _>>();
        if !fields.is_empty() {
            message.insert(group.into(), fields.into());
        }
    }
    left.retain(|_, value| !value.is_empty());
    if !left.is_empty() {
        message.insert("twilio".into(), json!(left));
    }
    message.into()
}

/// The first attachment; more are listed beside it.
fn media(take: &mut impl FnMut(&str) -> Option<String>) -> Option<Map<String, Value>> {
    let count = take("NumMedia").and_then(|count| count.parse::<usize>().ok()).unwrap_or(0).min(MOST_MEDIA);
    let mut all = (0..count).filter_map(|place| {
        let url = take(&format!("MediaUrl{place}"))?;
        let kind = take(&format!("MediaContentType{place}")).unwrap_or_default();
        Some(Map::from_iter([("url".to_owned(), Value::from(url)), ("mime_type".to_owned(), Value::from(kind))]))
    });
    let mut first = all.next()?;
    let more = all.map(Value::from).collect::<Vec<_>>();
    if !more.is_empty() {
        first.insert("more".into(), more.into());
    }
    Some(first)
}

/// Coordinates are numbers and flags are flags, as with Meta.
fn value_of(name: &str, text: String) -> Value {
    match name {
        "latitude" | "longitude" => text.parse::<f64>().map_or_else(|_| Value::from(text), Value::from),
        "forwarded" | "frequently_forwarded" => (text == "true").into(),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use engine::trigger::MessageEvent;

    use super::*;

    const OURS: Ours<'static> =
        Ours { account_sid: "AC0123", from: "+14155238886", messaging_service_sid: Some("MG7") };

    /// Parameters; the type, text and one field of the message they make.
    type Row<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str, &'a str, Value);

    fn parameters(more: &[(&str, &str)]) -> Parameters {
        let common = [
            ("MessageSid", "SM01"),
            ("AccountSid", "AC0123"),
            ("From", "whatsapp:+5511987654321"),
            ("To", "whatsapp:+14155238886"),
            ("ProfileName", "Ana"),
            ("WaId", "5511987654321"),
            ("NumMedia", "0"),
        ];
        common.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn received(more: &[(&str, &str)]) -> Incoming {
        match decode(&parameters(more), &OURS) {
            Ok(Item::Event(event)) => *event,
            other => panic!("no event: {other:?}"),
        }
    }

    #[test]
    fn every_type_of_message_has_its_fields_and_text() {
        let media =
            |url, kind| [("NumMedia", "1"), ("MediaUrl0", url), ("MediaContentType0", kind), ("Body", "the bill")];
        let image = json!({ "url": "https://m/1", "mime_type": "image/jpeg", "caption": "the bill" });
        let document = json!({ "url": "https://m/2", "mime_type": "application/pdf", "caption": "the bill" });
        let place = [("Latitude", "-23.5"), ("Longitude", "-46.6"), ("Label", "Loja"), ("Address", "Rua 1")];
        let located = json!({ "latitude": -23.5, "longitude": -46.6, "name": "Loja", "address": "Rua 1" });
        let button = [("ButtonText", "Yes"), ("ButtonPayload", "YES_1"), ("Body", "Yes"), ("MessageType", "button")];
        let ad = [("Body", "hi"), ("ReferralSourceId", "120999"), ("ReferralHeadline", "Sale")];
        let reply = [("Body", "ok"), ("OriginalRepliedMessageSid", "SM00"), ("Forwarded", "true")];
        let table: [Row<'_>; 8] = [
            (&[("Body", "oi"), ("MessageType", "text")], "text", "oi", "text", json!({ "body": "oi" })),
            (&media("https://m/1", "image/jpeg"), "image", "the bill", "image", image),
            (&media("https://m/2", "application/pdf"), "document", "the bill", "document", document),
            (&place, "location", "Loja", "location", located),
            (&button, "button", "Yes", "button", json!({ "text": "Yes", "payload": "YES_1" })),
            (&ad, "text", "hi", "referral", json!({ "headline": "Sale", "source_id": "120999" })),
            (&reply, "text", "ok", "context", json!({ "id": "SM00", "forwarded": true })),
            (&[("Brand", "new")], "text", "", "twilio", json!({ "Brand": "new" })),
        ];
        for (more, kind, text, field, expected) in table {
            let event = received(more);
            assert_eq!((event.kind, event.external_id.as_str()), (event::MESSAGE_RECEIVED, "SM01"));
            let shown: MessageEvent = serde_json::from_value(event.body).unwrap();
            assert_eq!((shown.message.kind.as_str(), shown.text.as_str()), (kind, text), "{more:?}");
            assert_eq!(shown.message.rest.get(field), Some(&expected), "{more:?}");
        }
    }

    #[test]
    fn the_customer_is_a_number_or_a_user_id() {
        let party = |address: &str, phone: Option<&str>| {
            let number = "whatsapp:+14155238886".to_owned();
            Some(Party { number, address: address.into(), phone: phone.map(Into::into), name: Some("Ana".into()) })
        };
        assert_eq!(received(&[]).party, party("5511987654321", Some("+5511987654321")));
        assert_eq!(received(&[("From", "whatsapp:BR.8812345")]).party, party("BR.8812345", None));
    }

    #[test]
    fn a_reaction_is_no_message() {
        assert_eq!(received(&[("MessageType", "reaction"), ("Body", "👍")]).kind, event::MESSAGE_CHANGED);
    }

    #[test]
    fn what_is_not_for_this_connection_is_refused() {
        let table: [(&[(&str, &str)], &str); 5] = [
            (&[("AccountSid", "AC9")], "for another account: AC9"),
            (&[("To", "whatsapp:+49170000000")], "for another number: +49170000000"),
            (&[("To", "+14155238886")], "not a WhatsApp message: `To`"),
            (&[("From", "+5511987654321")], "not a WhatsApp message: `From`"),
            (&[("MessageSid", "")], "neither a message nor a status"),
        ];
        for (more, why) in table {
            let refused = decode(&parameters(more), &OURS).unwrap_err();
            assert!(refused.starts_with(why), "{refused}");
        }
        let pool = [("To", "whatsapp:+49170000000"), ("MessagingServiceSid", "MG7")];
        assert_eq!(received(&pool).party.unwrap().number, "whatsapp:+49170000000", "a number of our messaging service");
    }

    #[test]
    fn every_status_has_its_rank() {
        let status = |status: &str| match decode(&parameters(&[("MessageStatus", status)]), &OURS) {
            Ok(Item::Status(report)) => report.status,
            other => panic!("no status: {other:?}"),
        };
        for early in ["accepted", "scheduled", "queued", "sending", "teleported"] {
            assert_eq!(status(early), Status::Accepted);
        }
        for failed in ["undelivered", "failed", "canceled"] {
            assert_eq!(status(failed), Status::Failed);
        }
        assert_eq!(["sent", "delivered", "read"].map(status), [Status::Sent, Status::Delivered, Status::Read]);
    }

    #[test]
    fn a_failure_says_code_and_words() {
        let more = [("MessageStatus", "undelivered"), ("ErrorCode", "63016"), ("ErrorMessage", "outside the window")];
        let more = more.iter().copied().chain([("key", "run_1/2")]).collect::<Vec<_>>();
        let expected = StatusReport {
            external_id: "SM01".into(),
            status: Status::Failed,
            at: None,
            key: Some("run_1/2".into()),
            error: Some("63016 outside the window".into()),
            cost: None,
        };
        assert_eq!(decode(&parameters(&more), &OURS), Ok(Item::Status(expected)));
    }
}
