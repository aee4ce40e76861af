//! `webhook`: calls of any other system at `/hooks/<connection>/<path>`.
//!
//! **webhook in** -> event -> contact and conversation -> tag rules -> waits -> match triggers -> run -> step -> action
//! -> log
//!
//! The caller proves itself by a signature over the body, by a token, or both; whatever is set must be right. The
//! signature is `X-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256(secret, "<t>.<body>")>` and covers neither path nor
//! query, so a connection with a secret takes no GET.
//!
//! A delivery is known again by its signature, or, when none is asked for, by `Idempotency-Key` or `Webhook-Id`. Names
//! that the signature does not cover are not read beside it: under another one a captured call could come again.
//! `X-Request-Id` is never read, as proxies set it anew. A call without any of these is an event of its own each time:
//! the same alarm twice is two alarms.

use std::collections::BTreeMap;

use engine::clock::At;
use engine::connector::{
    Connection, Connector, ConnectorBuilder, Door, DoorError, Finding, HookRequest, Incoming, Intake, Item,
    OpenContext, Sender,
};
use engine::event::{Origin, WEBHOOK_RECEIVED};
use engine::secret::Secret;
use engine::sentence;
use engine::trigger::WebhookEvent;
use futures_util::future::BoxFuture;
use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::{Url, form_urlencoded};

/// How far a signature's time may be from ours, in seconds: what Stripe, Slack and HubSpot use for the same scheme.
const TOLERANCE_S: u64 = 300;
/// Shortest secret or token: 16 characters, so that it cannot be guessed.
const SHORTEST: usize = 16;
/// Headers by which senders name a delivery, best first.
const DELIVERY_HEADERS: [&str; 2] = ["idempotency-key", "webhook-id"];

/// The connector.
pub(crate) fn connector() -> Connector {
    ConnectorBuilder::<Webhook>::new("webhook", "Incoming webhook").opens(open)
}

/// How callers prove themselves; at least one of the two.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Key of the signature in `X-Signature`; at least 16 characters.
    #[serde(default)]
    secret: Option<Secret>,
    /// Token in `Authorization: Bearer …` or, for callers that cannot send headers, in `?token=…`; at least 16
    /// characters.
    #[serde(default)]
    token: Option<Secret>,
}

fn open(settings: Settings, context: &OpenContext) -> Result<Webhook, String> {
    let Settings { secret, token } = settings;
    if secret.is_none() && token.is_none() {
        return Err("set secret or token: without either, anybody could start flows".into());
    }
    for (name, value) in [("secret", &secret), ("token", &token)] {
        if value.as_ref().is_some_and(|value| value.expose().len() < SHORTEST) {
            return Err(format!("{name} must have at least {SHORTEST} characters"));
        }
    }
    Ok(Webhook { prefix: format!("/hooks/{}", context.id), secret, token })
}

/// One address that others call.
pub(crate) struct Webhook {
    /// `/hooks/<connection>`.
    prefix: String,
    secret: Option<Secret>,
    token: Option<Secret>,
}

impl Connection for Webhook {
    fn door(&self) -> Option<&dyn Door> {
        Some(self)
    }

    fn check(&self) -> BoxFuture<'_, Vec<Finding>> {
        let text = sentence!("callers use {path} below the public address", path = self.prefix);
        Box::pin(async { vec![Finding::new(true, "address", text)] })
    }
}

impl Door for Webhook {
    /// Nobody knows whether the other side repeats, so it is held rather than refused.
    fn sender(&self) -> Sender {
        Sender::OneShot
    }

    fn receive(&self, request: &HookRequest, now: At) -> Result<Intake, DoorError> {
        if !matches!(request.method, Method::GET | Method::POST) {
            return Err(DoorError::Unreadable("only GET and POST are taken".into()));
        }
        let mut query: BTreeMap<String, String> =
            form_urlencoded::parse(request.query.as_bytes()).into_owned().collect();
        self.check_token(request, &mut query)?;
        let signature = self.check_signature(request, now)?;
        let event = WebhookEvent {
            method: request.method.to_string(),
            path: self.path_of(&request.url)?,
            query,
            body: body_of(&request.body),
        };
        let incoming = Incoming {
            external_id: delivery_id(signature, request, now),
            kind: WEBHOOK_RECEIVED,
            origin: Origin::Api,
            provider_at: None,
            party: None,
            object: None,
            body: serde_json::to_value(event).map_err(|error| DoorError::Unreadable(error.to_string()))?,
        };
        let items = vec![Item::Event(Box::new(incoming))];
        Ok(Intake { items, answer: r#"{"received":true}"#.into(), content_type: "application/json" })
    }
}

impl Webhook {
    /// Checks the token and takes it out of the query: it must not be stored with the event.
    fn check_token(&self, request: &HookRequest, query: &mut BTreeMap<String, String>) -> Result<(), DoorError> {
        let Some(token) = &self.token else { return Ok(()) };
        let in_query = query.remove("token");
        let in_header = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let given = in_header.or(in_query.as_deref()).ok_or(DoorError::Unsigned("no token"))?;
        if bool::from(given.as_bytes().ct_eq(token.expose().as_bytes())) {
            Ok(())
        } else {
            Err(DoorError::Unsigned("the token is wrong"))
        }
    }

    /// The signature, when this connection asks for one.
    fn check_signature<'a>(&self, request: &'a HookRequest, now: At) -> Result<Option<Signature<'a>>, DoorError> {
        let Some(secret) = &self.secret else { return Ok(None) };
        if request.method != Method::POST {
            return Err(DoorError::Unsigned("a signature covers a body, so only POST is taken"));
        }
        let header = request.header("x-signature").ok_or(DoorError::Unsigned("no X-Signature"))?;
        verify(secret, header, &request.body, now).map(Some)
    }

    /// What follows `/hooks/<connection>/`, as it was sent; empty when nothing does.
    fn path_of(&self, url: &str) -> Result<String, DoorError> {
        let url = Url::parse(url).map_err(|error| DoorError::Unreadable(format!("the address: {error}")))?;
        let rest = url.path().split_once(self.prefix.as_str()).map_or("", |(_, rest)| rest);
        Ok(rest.trim_matches('/').to_owned())
    }
}

/// A signature that was found right.
struct Signature<'a> {
    /// `t`, as it was signed.
    time: &'a str,
    /// `v1`, decoded: the header may write the same bytes in several ways.
    v1: Vec<u8>,
}

/// What a repeated delivery repeats and nothing else has.
fn delivery_id(signature: Option<Signature<'_>>, request: &HookRequest, now: At) -> String {
    if let Some(Signature { time, v1 }) = signature {
        return digest(&[b"signed", time.as_bytes(), &v1]);
    }
    let named = DELIVERY_HEADERS.into_iter().find_map(|name| request.header(name).filter(|id| !id.trim().is_empty()));
    match named {
        Some(id) => digest(&[b"named", id.trim().as_bytes()]),
        None => digest(&[b"once", &now.0.to_be_bytes(), request.url.as_bytes(), &request.body]),
    }
}

/// SHA-256 in hex over length-prefixed parts: whatever a caller sends, the id is short and plain.
fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

/// JSON when it is JSON, else text.
fn body_of(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into_owned().into())
}

fn mac(secret: &Secret, time: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes keys of any length");
    for part in [time.as_bytes(), b".", body] {
        mac.update(part);
    }
    mac
}

/// The value of `X-Signature` for `body`, sent at `now`.
pub(crate) fn sign(secret: &Secret, body: &[u8], now: At) -> String {
    let time = now.0.div_euclid(1_000).to_string();
    let signature = hex::encode(mac(secret, &time, body).finalize().into_bytes());
    format!("t={time},v1={signature}")
}

/// Checks the value of `X-Signature`, in constant time.
fn verify<'a>(secret: &Secret, header: &'a str, body: &[u8], now: At) -> Result<Signature<'a>, DoorError> {
    let part = |name: &str| header.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
    let time = part("t").ok_or(DoorError::Unsigned("X-Signature has no t"))?;
    let signed_at: i64 = time.parse().map_err(|_| DoorError::Unsigned("t is not a number of seconds"))?;
    if now.0.div_euclid(1_000).abs_diff(signed_at) > TOLERANCE_S {
        return Err(DoorError::Unsigned("t is more than 5 minutes off"));
    }
    let given = part("v1").ok_or(DoorError::Unsigned("X-Signature has no v1"))?;
    let v1 = hex::decode(given).map_err(|_| DoorError::Unsigned("v1 is not hex"))?;
    mac(secret, time, body).verify_slice(&v1).map_err(|_| DoorError::Unsigned("the signature does not match"))?;
    Ok(Signature { time, v1 })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderName, HeaderValue};
    use serde_json::json;

    use super::*;

    const KEY: &str = "0123456789abcdef";
    const NOW: At = At(1_760_000_000_000);

    fn webhook(settings: Value) -> Webhook {
        let context =
            OpenContext { id: "alerts".into(), public_url: "https://flows.test".into(), allow_private_network: false };
        open(serde_json::from_value(settings).unwrap(), &context).unwrap()
    }

    fn request(method: Method, path: &str, headers: &[(&'static str, &str)], body: &str) -> HookRequest {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect();
        let query = path.split_once('?').map_or("", |(_, query)| query).to_owned();
        let body = Bytes::copy_from_slice(body.as_bytes());
        HookRequest { method, url: format!("https://flows.test{path}"), query, headers, body }
    }

    fn event(intake: Intake) -> Incoming {
        match intake.items.into_iter().next() {
            Some(Item::Event(event)) => *event,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_of_secret_and_token_is_required_and_neither_may_be_short() {
        let context =
            OpenContext { id: "a".into(), public_url: "https://flows.test".into(), allow_private_network: false };
        for bad in [json!({}), json!({ "token": "" }), json!({ "secret": "short" })] {
            assert!(open(serde_json::from_value(bad.clone()).unwrap(), &context).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_get_with_a_token_brings_its_query_but_not_the_token() {
        let get = request(Method::GET, &format!("/hooks/alerts/backup/nas?msg=disk+full&token={KEY}"), &[], "");
        let event = event(webhook(json!({ "token": KEY })).receive(&get, NOW).unwrap());
        assert_eq!(
            event.body,
            json!({ "method": "GET", "path": "backup/nas", "query": { "msg": "disk full" }, "body": "" })
        );
        assert_eq!((event.kind, event.origin), (WEBHOOK_RECEIVED, Origin::Api));
    }

    #[test]
    fn a_wrong_or_missing_token_is_refused() {
        let door = webhook(json!({ "token": KEY }));
        let bearer = |token: &str| {
            request(Method::POST, "/hooks/alerts", &[("authorization", &format!("Bearer {token}"))], "{}")
        };
        assert!(door.receive(&bearer(KEY), NOW).is_ok());
        assert!(matches!(door.receive(&bearer("0123456789abcdeX"), NOW), Err(DoorError::Unsigned(_))));
        assert!(matches!(
            door.receive(&request(Method::POST, "/hooks/alerts", &[], "{}"), NOW),
            Err(DoorError::Unsigned(_))
        ));
    }

    #[test]
    fn a_signature_is_over_time_and_body_and_grows_old() {
        let door = webhook(json!({ "secret": KEY }));
        let body = r#"{"level":"red"}"#;
        let signature = sign(&Secret::new(KEY), body.as_bytes(), NOW);
        let signed = |body: &str| request(Method::POST, "/hooks/alerts/x", &[("x-signature", &signature)], body);
        let taken = event(door.receive(&signed(body), NOW).unwrap());
        assert_eq!(taken.body["body"], json!({ "level": "red" }));
        assert!(door.receive(&signed(body), At(NOW.0 + 300_000)).is_ok());
        for (body, now) in [(body, At(NOW.0 + 301_000)), (body, At(NOW.0 - 301_000)), ("{}", NOW)] {
            assert!(matches!(door.receive(&signed(body), now), Err(DoorError::Unsigned(_))), "{body} {now}");
        }
        let get = request(Method::GET, "/hooks/alerts/x", &[("x-signature", &signature)], body);
        assert!(matches!(door.receive(&get, NOW), Err(DoorError::Unsigned(_))));
    }

    /// Computed with Python's `hmac.new(b"0123456789abcdef", b"1760000000.{}", "sha256")`.
    #[test]
    fn the_signature_is_what_other_languages_compute() {
        assert_eq!(
            sign(&Secret::new(KEY), b"{}", NOW),
            "t=1760000000,v1=397b74dd13d98f40c8cd34b523cf95bd439f12da4a474147edf71455797dddc9"
        );
    }

    #[test]
    fn both_are_needed_when_both_are_set() {
        let door = webhook(json!({ "secret": KEY, "token": KEY }));
        let signature = sign(&Secret::new(KEY), b"{}", NOW);
        let bearer = format!("Bearer {KEY}");
        let (token, signed) = (("authorization", bearer.as_str()), ("x-signature", signature.as_str()));
        let receive = |headers: &[(&'static str, &str)]| {
            door.receive(&request(Method::POST, "/hooks/alerts", headers, "{}"), NOW)
        };
        assert!(receive(&[token, signed]).is_ok());
        assert!(receive(&[token]).is_err());
        assert!(receive(&[signed]).is_err());
    }

    #[test]
    fn a_named_delivery_is_known_again_and_an_unnamed_one_is_new_each_time() {
        let door = webhook(json!({ "token": KEY }));
        let id = |name: Option<(&'static str, &str)>, now: At| {
            let path = format!("/hooks/alerts?token={KEY}");
            let headers: Vec<(&'static str, &str)> = name.into_iter().collect();
            event(door.receive(&request(Method::POST, &path, &headers, "{}"), now).unwrap()).external_id
        };
        let later = At(NOW.0 + 1);
        assert_eq!(id(Some(("idempotency-key", "a")), NOW), id(Some(("idempotency-key", "a")), later));
        assert_ne!(id(Some(("idempotency-key", "a")), NOW), id(Some(("idempotency-key", "b")), NOW));
        assert_ne!(id(None, NOW), id(None, later));
        assert_ne!(id(Some(("x-request-id", "a")), NOW), id(Some(("x-request-id", "a")), later), "set by proxies");
    }

    #[test]
    fn a_signed_delivery_is_the_same_whatever_is_written_around_its_signature() {
        let door = webhook(json!({ "secret": KEY }));
        let signature = sign(&Secret::new(KEY), b"{}", NOW);
        let (time, v1) = signature.split_once(',').unwrap();
        let id = |headers: &[(&'static str, &str)], now: At| {
            event(door.receive(&request(Method::POST, "/hooks/alerts", headers, "{}"), now).unwrap()).external_id
        };
        let first = id(&[("x-signature", &signature)], NOW);
        let respelled = format!(" {}, {time},x=1", v1.to_ascii_uppercase().replace("V1", "v1"));
        let header = ("x-signature", signature.as_str());
        let again = [
            vec![header, ("idempotency-key", "other")],
            vec![header, ("webhook-id", "other")],
            vec![header, ("x-request-id", "other")],
            vec![("x-signature", respelled.as_str())],
        ];
        for headers in again {
            assert_eq!(id(&headers, At(NOW.0 + 7_000)), first, "{headers:?}");
        }
        let next = sign(&Secret::new(KEY), b"{}", At(NOW.0 + 1_000));
        assert_ne!(id(&[("x-signature", &next)], NOW), first, "signed anew is sent anew");
    }

    #[test]
    fn other_methods_are_not_taken() {
        let put = request(Method::PUT, &format!("/hooks/alerts?token={KEY}"), &[], "{}");
        assert!(matches!(webhook(json!({ "token": KEY })).receive(&put, NOW), Err(DoorError::Unreadable(_))));
    }
}
