//! The signatures under which webhooks leave, each over exactly the bytes that are sent.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

/// `X-Hub-Signature-256` (Meta, "Webhooks": HMAC-SHA256 of the raw body under the app secret, lower-case hex).
pub(super) fn meta(app_secret: &str, body: &[u8]) -> String {
    format!("sha256={}", hex::encode(sha256(app_secret, &[body])))
}

/// `X-Twilio-Signature` (Twilio, "Webhooks security"): HMAC-SHA1 over the URL and, sorted, each name and value.
pub(super) fn twilio(auth_token: &str, url: &str, form: &[(String, String)]) -> String {
    let mut sorted: Vec<_> = form.iter().collect();
    sorted.sort();
    sorted.dedup();
    let mut mac = Hmac::<Sha1>::new_from_slice(auth_token.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(url.as_bytes());
    for (name, value) in sorted {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

/// `X-HubSpot-Signature-v3` (HubSpot, "Validating requests"): HMAC-SHA256 over method, URL, body and timestamp.
pub(super) fn hubspot(client_secret: &str, method: &str, url: &str, body: &[u8], timestamp_ms: u64) -> String {
    let url = decode_for_signing(url);
    let timestamp = timestamp_ms.to_string();
    let parts = [method.as_bytes(), url.as_bytes(), body, timestamp.as_bytes()];
    STANDARD.encode(sha256(client_secret, &parts))
}

/// `X-Slack-Signature` (Slack, "Verifying requests from Slack"): HMAC-SHA256 over version, timestamp and raw body.
pub(super) fn slack(signing_secret: &str, timestamp_s: u64, body: &[u8]) -> String {
    let time = timestamp_s.to_string();
    let parts = [b"v0:", time.as_bytes(), b":", body];
    format!("v0={}", hex::encode(sha256(signing_secret, &parts)))
}

/// `X-Chatwoot-Signature` (Chatwoot, "Webhooks"): HMAC-SHA256 over timestamp and raw body.
pub(super) fn chatwoot(secret: &str, timestamp_s: u64, body: &[u8]) -> String {
    let time = timestamp_s.to_string();
    format!("sha256={}", hex::encode(sha256(secret, &[time.as_bytes(), b".", body])))
}

/// HubSpot signs the URL with just these escapes undone; all others stay as they were sent.
fn decode_for_signing(url: &str) -> String {
    const UNDONE: &str = ":/?@!$'()*,;";
    let without_fragment = url.split('#').next().unwrap_or(url);
    UNDONE.chars().fold(without_fragment.to_owned(), |text, sign| {
        let upper = format!("%{:02X}", u32::from(sign));
        text.replace(&upper, &sign.to_string()).replace(&upper.to_lowercase(), &sign.to_string())
    })
}

fn sha256(key: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meta_signs_the_bytes_of_the_reference_vector() {
        let body = br#"{"object":"whatsapp_business_account","entry":[{"id":"9001","changes":[{"field":"messages","value":{"messaging_product":"whatsapp","messages":[{"from":"5511987654321","id":"wamid.T1","timestamp":"1760000000","type":"text","text":{"body":"ol\u00e1 \/ ok"}}]}}]}]}"#;
        assert_eq!(body.len(), 262);
        assert_eq!(
            meta("app-secret-demo", body),
            "sha256=e10e8be1e9084c4b49bf1e3cae5a002b262601189ff95c07fd78e0b1349cc81f"
        );
    }

    #[test]
    fn twilio_signs_the_reference_vectors() {
        let form: Vec<(String, String)> = [
            ("To", "whatsapp:+14155238886"),
            ("From", "whatsapp:+5511987654321"),
            ("Body", "Hi there"),
            ("MessageSid", "SM0123456789abcdef0123456789abcdef"),
            ("NumMedia", "0"),
            ("ProfileName", "Ana Lima"),
            ("WaId", "5511987654321"),
            ("ButtonText", ""),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        let signed = twilio("twilio-token-demo", "https://hooks.example.com/tw?tenant=7", &form);
        assert_eq!(signed, "igmpq7EtgWC1hhJ/ez+vOROWvVQ=");
        let json =
            "https://hooks.example.com/tw?bodySHA256=015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862";
        assert_eq!(twilio("twilio-token-demo", json, &[]), "1q7ciGgLZ2YIoq1JO4PIQ1zPJi0=");
    }

    /// The example of Slack, "Verifying requests from Slack".
    #[test]
    fn slack_signs_its_own_example() {
        let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        assert_eq!(
            slack("8f742231b10e8888abcd99yyyzzz85a5", 1_531_420_618, body.as_bytes()),
            "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
        );
    }

    #[test]
    fn hubspot_signs_the_reference_vectors() {
        let secret = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy";
        let (url, body) = ("https://www.example.com/webhook_uri", b"{'example_field':'example_value'}");
        let first = hubspot(secret, "POST", url, body, 1_693_657_560_000);
        assert_eq!(first, "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=");
        let second = hubspot(secret, "POST", url, body, 1_700_000_300_000);
        assert_eq!(second, "RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw=");
        let url = "https://hooks.acme.test/crm/hubspot?tenant=a%20b&next=%2Fx";
        let body = br#"[{"eventId":1,"subscriptionType":"contact.propertyChange","objectId":501}]"#;
        let third = hubspot("hs-secret-1", "POST", url, body, 1_760_000_000_000);
        assert_eq!(third, "sp3nWOPfoXuH8iZ72Pe2gEBJy8n3/DM9Qh0MQwHx5qQ=");
    }
}
