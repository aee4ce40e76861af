//! `X-Twilio-Signature`: over the address as Twilio called it and, for forms, every parameter.
//! Source: Twilio, "Security, validating requests"; agrees with its Python and Node libraries.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::secret::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The names and values of a form.
pub(super) type Form = [(String, String)];

/// Whether `signature` is Twilio's for `url` and `form`, in constant time for each way the address may have been
/// spelled.
pub(super) fn is_signed(token: &Secret, signature: &str, url: &str, form: &Form) -> bool {
    let Ok(given) = STANDARD.decode(signature) else { return false };
    spellings(url).iter().any(|url| {
        let mut mac = Hmac::<Sha1>::new_from_slice(token.expose().as_bytes()).expect("HMAC takes keys of any length");
        mac.update(url.as_bytes());
        // Sorted by bytes, and each distinct pair once.
        for (name, value) in form.iter().collect::<BTreeSet<_>>() {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
        mac.verify_slice(&given).is_ok()
    })
}

/// Whether the query's `bodySHA256` is the hash of `body`: what a signature over the address alone says about a JSON
/// body.
pub(super) fn covers_body(query: &str, body: &[u8]) -> bool {
    let told = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "bodySHA256");
    let hash = hex::encode(Sha256::digest(body));
    told.is_some_and(|(_, told)| bool::from(told.as_bytes().ct_eq(hash.as_bytes())))
}

/// The ways Twilio may have spelled an address: as it is, with and without the default port, and each with the query
/// encoded anew. Its own libraries try these too.
fn spellings(url: &str) -> Vec<String> {
    let mut all = vec![url.to_owned()];
    all.extend(other_port(url));
    let encoded = all.iter().filter_map(|url| encoded_anew(url)).collect::<Vec<_>>();
    all.extend(encoded);
    all
}

/// The same address with the default port where it had none, or without it where it had it.
fn other_port(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let default = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if let Some(bare) = host.strip_suffix(default) {
        return Some(format!("{scheme}://{bare}{path}"));
    }
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|digit| digit.is_ascii_digit()));
    (!has_port).then(|| format!("{scheme}://{host}{default}{path}"))
}

/// The same address with its query decoded and encoded again, if that changes it.
fn encoded_anew(url: &str) -> Option<String> {
    let (place, query) = url.split_once('?')?;
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let anew = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    (anew != query).then(|| format!("{place}?{anew}"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// What Twilio would send as signature.
    pub(in crate::whatsapp::twilio) fn sign(token: &str, url: &str, form: &Form) -> String {
        let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).unwrap();
        let mut pairs = form.to_vec();
        pairs.sort();
        let text = pairs.iter().fold(url.to_owned(), |text, (name, value)| format!("{text}{name}{value}"));
        mac.update(text.as_bytes());
        STANDARD.encode(mac.finalize().into_bytes())
    }

    fn token() -> Secret {
        Secret::new("twilio-token-demo")
    }

    fn form() -> Vec<(String, String)> {
        [
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
        .to_vec()
    }

    /// Address and signature as Twilio's Python library makes them.
    const URL: &str = "https://hooks.example.com/tw?tenant=7";
    const SIGNED: &str = "igmpq7EtgWC1hhJ/ez+vOROWvVQ=";

    #[test]
    fn the_reference_signature_holds_with_and_without_the_default_port() {
        assert!(is_signed(&token(), SIGNED, URL, &form()));
        assert!(is_signed(&token(), SIGNED, "https://hooks.example.com:443/tw?tenant=7", &form()));
    }

    #[test]
    fn a_parameter_given_twice_counts_once() {
        let mut form = form();
        form.push(form[0].clone());
        assert!(is_signed(&token(), SIGNED, URL, &form));
    }

    #[test]
    fn anything_changed_is_refused() {
        let mut longer = form();
        longer.push(("Extra".into(), String::new()));
        assert!(!is_signed(&token(), SIGNED, URL, &longer));
        assert!(!is_signed(&token(), SIGNED, URL, &form()[1..]));
        assert!(!is_signed(&Secret::new("other"), SIGNED, URL, &form()));
        for url in [
            "https://hooks.example.com/tw?tenant=8",
            "https://hooks.example.com/tw",
            "http://hooks.example.com/tw?tenant=7",
            "https://hooks.example.com:8443/tw?tenant=7",
        ] {
            assert!(!is_signed(&token(), SIGNED, url, &form()), "{url}");
        }
        for signature in ["", "igmpq7EtgWC1hhJ/ez+vOROWvVQ", "AAAA", "not base64!"] {
            assert!(!is_signed(&token(), signature, URL, &form()), "{signature}");
        }
    }

    #[test]
    fn a_query_that_was_encoded_otherwise_still_counts() {
        let signature = sign("twilio-token-demo", "https://h.example/tw?key=run_1%2F2", &[]);
        assert!(is_signed(&token(), &signature, "https://h.example/tw?key=run_1/2", &[]));
    }

    #[test]
    fn a_json_body_is_covered_by_its_hash_in_the_address() {
        let query = "bodySHA256=015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862";
        let url = format!("https://hooks.example.com/tw?{query}");
        assert!(is_signed(&token(), "1q7ciGgLZ2YIoq1JO4PIQ1zPJi0=", &url, &[]));
        assert!(covers_body(query, br#"{"a":1}"#));
        assert!(!covers_body(query, br#"{"a":2}"#));
        assert!(!covers_body("", br#"{"a":1}"#));
    }
}
