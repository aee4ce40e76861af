//! The door of the Cloud API: Meta's check of the address (GET) and signed deliveries (POST).

use engine::clock::At;
use engine::connector::{Door, DoorError, HookRequest, Intake, Sender};
use engine::secret::Secret;
use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::decode::{self, Ours};

/// Header with `sha256=` and the hex HMAC of the raw body. Source: Meta, "Webhooks, validating payloads".
const SIGNATURE: &str = "x-hub-signature-256";

/// Reads the webhooks of one number.
pub(super) struct Hook {
    pub(super) app_secret: Secret,
    pub(super) verify_token: Secret,
    pub(super) phone_number_id: String,
    pub(super) waba_id: String,
}

impl Door for Hook {
    /// Meta repeats for days whatever is not answered with 200.
    fn sender(&self) -> Sender {
        Sender::Retried
    }

    fn receive(&self, request: &HookRequest, _now: At) -> Result<Intake, DoorError> {
        if request.method == Method::GET {
            return self.confirm(&request.query);
        }
        if request.method != Method::POST {
            return Err(DoorError::Unreadable(format!("method {} is not used here", request.method)));
        }
        self.verify(request)?;
        let ours = Ours { phone_number_id: &self.phone_number_id, waba_id: &self.waba_id };
        let items = decode::decode(&request.body, ours).map_err(DoorError::Unreadable)?;
        Ok(Intake { items, answer: String::new(), content_type: "text/plain" })
    }
}

impl Hook {
    /// Proves to Meta that the address is ours: the challenge comes back as it is.
    fn confirm(&self, query: &str) -> Result<Intake, DoorError> {
        let mut mode = String::new();
        let mut token = String::new();
        let mut challenge = String::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "hub.mode" => mode = value.into_owned(),
                "hub.verify_token" => token = value.into_owned(),
                "hub.challenge" => challenge = value.into_owned(),
                _ => {}
            }
        }
        if mode != "subscribe" {
            return Err(DoorError::Forbidden("`hub.mode` is not `subscribe`"));
        }
        if !bool::from(token.as_bytes().ct_eq(self.verify_token.expose().as_bytes())) {
            return Err(DoorError::Forbidden("`hub.verify_token` is not this connection's verify_token"));
        }
        Ok(Intake { items: Vec::new(), answer: challenge, content_type: "text/plain" })
    }

    /// Checks the signature over the bytes as they came, in constant time.
    fn verify(&self, request: &HookRequest) -> Result<(), DoorError> {
        let header = request.header(SIGNATURE).ok_or(DoorError::Unsigned("no X-Hub-Signature-256"))?;
        let hex = header.strip_prefix("sha256=").ok_or(DoorError::Unsigned("X-Hub-Signature-256 is no sha256"))?;
        let given = hex::decode(hex).map_err(|_| DoorError::Unsigned("X-Hub-Signature-256 is no hex"))?;
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.app_secret.expose().as_bytes()).expect("HMAC takes keys of any length");
        mac.update(&request.body);
        mac.verify_slice(&given).map_err(|_| DoorError::Unsigned("X-Hub-Signature-256 does not match the app secret"))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue};

    use super::*;

    /// A delivery as Meta sends it, with escapes that a JSON library would write otherwise; signed with key
    /// `app-secret-demo`.
    const BODY: &str = r#"{"object":"whatsapp_business_account","entry":[{"id":"9001","changes":[{"field":"messages","value":{"messaging_product":"whatsapp","messages":[{"from":"5511987654321","id":"wamid.T1","timestamp":"1760000000","type":"text","text":{"body":"ol\u00e1 \/ ok"}}]}}]}]}"#;
    const SIGNED: &str = "sha256=e10e8be1e9084c4b49bf1e3cae5a002b262601189ff95c07fd78e0b1349cc81f";

    fn hook() -> Hook {
        Hook {
            app_secret: Secret::new("app-secret-demo"),
            verify_token: Secret::new("my-token"),
            phone_number_id: "700100200300".into(),
            waba_id: "9001".into(),
        }
    }

    fn receive(method: Method, query: &str, body: &str, signature: Option<&str>) -> Result<Intake, DoorError> {
        let mut headers = HeaderMap::new();
        if let Some(signature) = signature {
            headers.insert(SIGNATURE, HeaderValue::from_str(signature).unwrap());
        }
        let url = format!("https://flows.example.com/hooks/wa-main?{query}");
        let body = Bytes::copy_from_slice(body.as_bytes());
        hook().receive(&HookRequest { method, url, query: query.to_owned(), headers, body }, At(0))
    }

    #[test]
    fn the_signature_is_over_the_bytes_as_they_came() {
        assert_eq!(BODY.len(), 262);
        assert!(receive(Method::POST, "", BODY, Some(SIGNED)).is_ok());
        let parsed: serde_json::Value = serde_json::from_str(BODY).unwrap();
        let again = receive(Method::POST, "", &parsed.to_string(), Some(SIGNED));
        assert!(matches!(again, Err(DoorError::Unsigned(_))), "{again:?}");
    }

    #[test]
    fn an_unsigned_delivery_is_refused() {
        let cut = &SIGNED[..SIGNED.len() - 2];
        let flipped = SIGNED.replace("e10e", "e10f");
        for signature in
            [None, Some(""), Some("sha256="), Some("sha1=00"), Some("sha256=xyz"), Some(cut), Some(&flipped)]
        {
            let refused = receive(Method::POST, "", BODY, signature);
            assert!(matches!(refused, Err(DoorError::Unsigned(_))), "{signature:?}: {refused:?}");
        }
    }

    #[test]
    fn the_challenge_comes_back_only_for_the_right_token() {
        let good = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=my-token";
        assert_eq!(receive(Method::GET, good, "", None).unwrap().answer, "1158201444");
        for wrong in [
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=other",
            "hub.mode=subscribe&hub.challenge=1",
            "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=my-token",
            "",
        ] {
            let refused = receive(Method::GET, wrong, "", None);
            assert!(matches!(refused, Err(DoorError::Forbidden(_))), "{wrong}: {refused:?}");
        }
    }

    #[test]
    fn signed_nonsense_is_unreadable() {
        let body = "hello";
        let mut mac = Hmac::<Sha256>::new_from_slice(b"app-secret-demo").unwrap();
        mac.update(body.as_bytes());
        let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        let refused = receive(Method::POST, "", body, Some(&signature));
        assert!(matches!(refused, Err(DoorError::Unreadable(_))), "{refused:?}");
    }
}
