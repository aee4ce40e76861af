//! Who we are to push services: a key pair of ours, made once and kept sealed, and a short-lived proof for each service.
//!
//! Source: RFC 8292 (Voluntary Application Server Identification), sections 2 and 3.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::account::{Accounts, Change, Op};
use engine::clock::At;
use engine::secret::Secret;
use http::Uri;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

use super::Error;
use crate::accounts::Seal;
use crate::app::Store;

/// What the key is sealed for.
const PLACE: &str = "push";
/// How long a proof counts, in seconds: at most a day is allowed.
const LASTS_S: i64 = 12 * 60 * 60;

/// Our key pair.
pub(super) struct Vapid {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

/// The stored key; made and stored when there is none. One that cannot be opened stops nobody: until the right seal is back, browsers are
/// told with another one, which those that were registered before do not accept.
pub(super) async fn open(store: &Store, seal: &Seal) -> Result<Vapid, Error> {
    let wrong = |error: &dyn std::fmt::Display| Error::Key(error.to_string());
    let made = || EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    if Accounts::push_key(store).await?.is_none() {
        let made = made().map_err(|error| wrong(&error))?;
        let sealed = seal.seal(PLACE, made.as_ref()).map_err(|error| wrong(&error))?;
        let put = Change { ops: vec![Op::PutPushKey(sealed)], journal: Vec::new(), at: At(0) };
        store.change(put).await?.map_err(|refusal| wrong(&refusal))?;
    }
    // What is stored counts: somebody else may have been first.
    let sealed = Accounts::push_key(store).await?.ok_or_else(|| Error::Key("it was not stored".to_owned()))?;
    match seal.open(PLACE, &sealed) {
        Ok(plain) => Vapid::new(&plain),
        Err(problem) => {
            tracing::warn!(%problem, "browsers cannot be told as before: their key is not to be opened");
            Vapid::new(made().map_err(|error| wrong(&error))?.as_ref())
        }
    }
    .map_err(Error::Key)
}

impl Vapid {
    /// With the pair in `pkcs8`.
    fn new(pkcs8: &[u8]) -> Result<Self, String> {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &random);
        Ok(Self { pair: pair.map_err(|error| error.to_string())?, random })
    }

    /// The public key, an uncompressed point in base64url.
    pub(super) fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.public_key())
    }

    /// Proof for the service of `endpoint`, the value of `Authorization`; `contact` is an address where we are found.
    ///
    /// # Errors
    /// When the address is none, or there is no randomness.
    pub(super) fn proof(&self, endpoint: &str, contact: &str, now: At) -> Result<Secret, String> {
        let address: Uri = endpoint.parse().map_err(|_| "the address of the service is none".to_owned())?;
        let (Some(scheme), Some(host)) = (address.scheme_str(), address.authority()) else {
            return Err("the address of the service is not whole".to_owned());
        };
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = json!({
            "aud": format!("{scheme}://{host}"), "exp": now.0.div_euclid(1_000) + LASTS_S, "sub": contact,
        });
        let signed = format!("{}.{}", part(json!({ "typ": "JWT", "alg": "ES256" })), part(claims));
        let signature = self.pair.sign(&self.random, signed.as_bytes()).map_err(|error| error.to_string())?;
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
        Ok(Secret::new(format!("vapid t={token}, k={}", self.public())))
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    #[test]
    fn a_proof_names_the_service_and_is_signed_by_the_key_that_is_told() {
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let vapid = Vapid::new(made.as_ref()).unwrap();
        let now = At(1_453_341_600_000);
        let proof = vapid.proof("https://push.example.net:8443/p/JzLQ", "https://flows.example.com", now).unwrap();
        let (token, key) = proof.expose().strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        assert_eq!(key, vapid.public());
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let read = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let known = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, read(key));
        known.verify(signed.as_bytes(), &read(signature)).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&read(signed.split_once('.').unwrap().1)).unwrap();
        assert_eq!(claims["aud"], "https://push.example.net:8443");
        assert_eq!(claims["exp"], 1_453_341_600 + LASTS_S);
        assert!(vapid.proof("nowhere", "https://flows.example.com", now).is_err());
    }
}
