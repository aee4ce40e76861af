//! The door of Twilio: signed forms, one message or one status each.

use engine::clock::At;
use engine::connector::{Door, DoorError, HookRequest, Intake, Item, Sender};
use engine::secret::Secret;
use http::Method;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::decode::{Ours, Parameters, decode};
use super::signature::{covers_body, is_signed};

/// Header with the base64 HMAC. Source: Twilio, "Security, validating requests".
const SIGNATURE: &str = "x-twilio-signature";
/// Says nothing back to the customer; a text would be sent to them (Twilio, "TwiML for Programmable Messaging").
const NOTHING: &str = "<Response/>";

/// Reads the webhooks of one sender.
pub(super) struct Hook {
    pub(super) account_sid: String,
    pub(super) auth_token: Secret,
    /// `+` and digits.
    pub(super) from: String,
    pub(super) messaging_service_sid: Option<String>,
    /// What Twilio signs as the beginning of the address, without a final slash.
    pub(super) public_url: String,
}

impl Door for Hook {
    /// Twilio repeats once at most, and only when the connection fails (Twilio, "Webhooks, connection overrides").
    fn sender(&self) -> Sender {
        Sender::OneShot
    }

    fn receive(&self, request: &HookRequest, _now: At) -> Result<Intake, DoorError> {
        let parameters = self.verified(request)?;
        let items = match decode(&parameters, &self.ours()) {
            Ok(item) => vec![item],
            Err(why) => vec![Item::Bad { raw: Value::from_iter(parameters).to_string(), why }],
        };
        Ok(Intake { items, answer: NOTHING.to_owned(), content_type: "text/xml" })
    }
}

impl Hook {
    fn ours(&self) -> Ours<'_> {
        Ours {
            account_sid: &self.account_sid,
            from: &self.from,
            messaging_service_sid: self.messaging_service_sid.as_deref(),
        }
    }

    /// The parameters of a request, query included, once its signature is known to be good.
    fn verified(&self, request: &HookRequest) -> Result<Parameters, DoorError> {
        let given = request.header(SIGNATURE).ok_or(DoorError::Unsigned("no X-Twilio-Signature"))?;
        let url = self.signed_url(&request.url);
        let json = is_json(request);
        let form = match request.method {
            Method::GET => Vec::new(),
            Method::POST if json => Vec::new(),
            Method::POST => pairs(&request.body),
            _ => return Err(DoorError::Unreadable(format!("method {} is not used here", request.method))),
        };
        if !is_signed(&self.auth_token, given, &url, &form) {
            let why = "X-Twilio-Signature matches neither auth_token nor the address; check auth_token and public_url";
            return Err(DoorError::Unsigned(why));
        }
        let mut parameters: Parameters = pairs(request.query.as_bytes()).into_iter().collect();
        if json {
            if !covers_body(&request.query, &request.body) {
                return Err(DoorError::Unsigned("bodySHA256 is not the hash of the body"));
            }
            parameters.extend(fields(&request.body)?);
        }
        parameters.extend(form);
        Ok(parameters)
    }

    /// The address as Twilio knows it: our public one, whatever the proxy in between made of the host.
    fn signed_url(&self, received: &str) -> String {
        let rest = received.split_once("://").map_or(received, |(_, rest)| rest);
        let path = rest.find(['/', '?']).map_or("", |start| &rest[start..]);
        format!("{}{path}", self.public_url)
    }
}

fn is_json(request: &HookRequest) -> bool {
    request.header(CONTENT_TYPE.as_str()).is_some_and(|kind| kind.trim_start().starts_with("application/json"))
}

fn pairs(form: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(form).into_owned().collect::<Vec<_>>()
}

/// The plain fields of a JSON body.
fn fields(body: &[u8]) -> Result<Vec<(String, String)>, DoorError> {
    let body: serde_json::Map<String, Value> =
        serde_json::from_slice(body).map_err(|error| DoorError::Unreadable(format!("no JSON object: {error}")))?;
    let plain = body.into_iter().filter_map(|(name, value)| match value {
        Value::String(text) => Some((name, text)),
        Value::Number(number) => Some((name, number.to_string())),
        Value::Bool(is) => Some((name, is.to_string())),
        _ => None,
    });
    Ok(plain.collect())
}

#[cfg(test)]
mod tests {
    use super::super::signature::tests::sign;
    use bytes::Bytes;
    use engine::connector::Status;
    use http::{HeaderMap, HeaderValue};

    use super::*;

    const TOKEN: &str = "twilio-token-demo";

    fn hook() -> Hook {
        Hook {
            account_sid: "AC0123".into(),
            auth_token: Secret::new(TOKEN),
            from: "+14155238886".into(),
            messaging_service_sid: None,
            public_url: "https://flows.example.com".into(),
        }
    }

    /// A request as our server hands it over, behind a proxy that calls us by another host.
    fn request(method: Method, query: &str, form: &str, kind: &str, signature: &str) -> HookRequest {
        let mut headers = HeaderMap::new();
        headers.insert(SIGNATURE, HeaderValue::from_str(signature).unwrap());
        headers.insert(CONTENT_TYPE, HeaderValue::from_str(kind).unwrap());
        let url = format!("http://127.0.0.1:8080/hooks/wa-backup{query}");
        let query = query.trim_start_matches('?').to_owned();
        HookRequest { method, url, query, headers, body: Bytes::copy_from_slice(form.as_bytes()) }
    }

    fn signed(query: &str, form: &str) -> HookRequest {
        let signature =
            sign(TOKEN, &format!("https://flows.example.com/hooks/wa-backup{query}"), &pairs(form.as_bytes()));
        request(Method::POST, query, form, "application/x-www-form-urlencoded", &signature)
    }

    const INBOUND: &str =
        "MessageSid=SM01&AccountSid=AC0123&From=whatsapp%3A%2B5511987654321&To=whatsapp%3A%2B14155238886&Body=oi";

    #[test]
    fn a_signed_message_comes_in_and_is_answered_with_nothing() {
        let intake = hook().receive(&signed("", INBOUND), At(0)).unwrap();
        assert!(matches!(&intake.items[..], [Item::Event(event)] if event.external_id == "SM01"), "{intake:?}");
        assert_eq!((intake.answer.as_str(), intake.content_type), ("<Response/>", "text/xml"));
    }

    #[test]
    fn a_changed_or_unsigned_message_is_refused() {
        let good = signed("", INBOUND);
        let changed = HookRequest { body: Bytes::from(INBOUND.replace("oi", "no")), ..good.clone() };
        let elsewhere = HookRequest { url: good.url.replace("wa-backup", "wa-other"), ..good.clone() };
        let unsigned = HookRequest { headers: HeaderMap::new(), ..good };
        for request in [changed, elsewhere, unsigned] {
            assert!(matches!(hook().receive(&request, At(0)), Err(DoorError::Unsigned(_))), "{request:?}");
        }
    }

    #[test]
    fn a_status_brings_our_key_back_from_the_address() {
        let form = "MessageSid=SM02&AccountSid=AC0123&MessageStatus=delivered&To=whatsapp%3A%2B5511987654321";
        let intake = hook().receive(&signed("?key=run_00000000000a1%2F3", form), At(0)).unwrap();
        let [Item::Status(report)] = &intake.items[..] else { panic!("{intake:?}") };
        assert_eq!((report.external_id.as_str(), report.status), ("SM02", Status::Delivered));
        assert_eq!(report.key.as_deref(), Some("run_00000000000a1/3"));
    }

    #[test]
    fn a_key_cannot_be_put_into_a_signed_address() {
        let mut forged = signed("", "MessageSid=SM02&AccountSid=AC0123&MessageStatus=delivered");
        forged.url.push_str("?key=run_1/1");
        forged.query = "key=run_1/1".into();
        assert!(matches!(hook().receive(&forged, At(0)), Err(DoorError::Unsigned(_))));
    }

    #[test]
    fn a_delivery_by_get_is_read_from_the_query() {
        let query = format!("?{INBOUND}");
        let signature = sign(TOKEN, &format!("https://flows.example.com/hooks/wa-backup{query}"), &[]);
        let request = request(Method::GET, &query, "", "text/plain", &signature);
        assert!(matches!(&hook().receive(&request, At(0)).unwrap().items[..], [Item::Event(_)]));
    }

    #[test]
    fn a_json_body_needs_its_hash_in_the_address() {
        let body = r#"{"MessageSid":"SM03","AccountSid":"AC0123","MessageStatus":"read","NumSegments":1}"#;
        let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(body));
        let receive = |query: &str| {
            let signature = sign(TOKEN, &format!("https://flows.example.com/hooks/wa-backup{query}"), &[]);
            hook().receive(&request(Method::POST, query, body, "application/json", &signature), At(0))
        };
        assert!(matches!(&receive(&format!("?bodySHA256={hash}")).unwrap().items[..], [Item::Status(_)]));
        assert!(matches!(receive(""), Err(DoorError::Unsigned(_))));
        assert!(matches!(receive("?bodySHA256=00"), Err(DoorError::Unsigned(_))));
    }

    #[test]
    fn a_signed_form_that_says_nothing_is_kept_and_listed() {
        let intake = hook().receive(&signed("", "Hello=World"), At(0)).unwrap();
        let [Item::Bad { raw, .. }] = &intake.items[..] else { panic!("{intake:?}") };
        assert_eq!(raw, r#"{"Hello":"World"}"#);
    }
}
