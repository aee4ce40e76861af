//! ID tokens: signature, issuer, audience, times and nonce. What is not expected is refused.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// How far the provider's clock may be from ours, in seconds.
const SKEW: i64 = 60;
/// A token that was made longer ago, in seconds, is not the answer to what we asked.
const OLDEST: i64 = 15 * 60;

/// The keys of a provider: its JWK set.
#[derive(Debug, Deserialize)]
pub(super) struct Keys {
    keys: Vec<Key>,
}

/// One of them; a member that its kind does not have is empty.
#[derive(Debug, Deserialize)]
struct Key {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<serde_json::Value>,
}

/// What a token must say.
pub(super) struct Wanted<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    /// Seconds since 1970.
    pub(super) now: i64,
}

/// What it says of the person; for others, see [`verified`].
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
    /// Who it is, for the provider.
    pub(super) sub: String,
    /// The address.
    #[serde(default)]
    pub(super) email: String,
    /// Whether the provider knows that the address is that person's. Some write it as text.
    email_verified: Option<serde_json::Value>,
    /// What to call the person.
    #[serde(default)]
    pub(super) name: String,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Claims {
    /// Whether the provider vouches for the address.
    pub(super) fn has_email(&self) -> bool {
        let vouched = self.email_verified.as_ref().is_some_and(|said| *said == true || *said == "true");
        vouched && self.email.contains('@')
    }
}

/// The claims of `token`, all of them checked.
///
/// # Errors
/// With what is wrong.
pub(super) fn verified(token: &str, keys: &Keys, wanted: &Wanted<'_>) -> Result<Claims, &'static str> {
    let mut parts = token.split('.');
    let (Some(header), Some(payload), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err("it has not three parts");
    };
    let signed = &token.as_bytes()[..header.len() + 1 + payload.len()];
    let head: Header = part(header)?;
    if head.crit.is_some() {
        return Err("it demands an extension");
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "its signature is not base64url")?;
    let mut fitting = keys.keys.iter().filter(|key| key.fits(&head)).peekable();
    if fitting.peek().is_none() {
        return Err("no key of the provider fits it");
    }
    if !fitting.any(|key| key.signed(&head.alg, signed, &signature)) {
        return Err("its signature is wrong");
    }
    let claims: Claims = part(payload)?;
    claims.check(wanted)?;
    Ok(claims)
}

fn part<T: DeserializeOwned>(text: &str) -> Result<T, &'static str> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| "a part is not base64url")?;
    serde_json::from_slice(&bytes).map_err(|_| "a part is not what it must be")
}

impl Key {
    /// Whether it may have signed a token with this header: only signatures with a public key count.
    fn fits(&self, head: &Header) -> bool {
        let kind = match head.alg.as_str() {
            "RS256" => self.kty == "RSA",
            "ES256" => self.kty == "EC" && self.crv == "P-256",
            _ => false,
        };
        kind && head.kid.as_ref().is_none_or(|kid| self.kid.as_ref() == Some(kid))
            && self.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
            && self.alg.as_ref().is_none_or(|alg| *alg == head.alg)
    }

    fn signed(&self, alg: &str, message: &[u8], signature: &[u8]) -> bool {
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
        if alg == "RS256" {
            let key = RsaPublicKeyComponents { n: bytes(&self.n), e: bytes(&self.e) };
            return key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok();
        }
        // An uncompressed point.
        let point = [&[4], &bytes(&self.x)[..], &bytes(&self.y)[..]].concat();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
    }
}

impl Claims {
    fn check(&self, wanted: &Wanted<'_>) -> Result<(), &'static str> {
        let ours = |audience: &String| audience == wanted.client_id;
        let (for_us, several) = match &self.aud {
            Audience::One(one) => (ours(one), false),
            Audience::Several(all) => (all.iter().any(ours), all.len() > 1),
        };
        let party = self.azp.as_ref().map_or(!several, ours);
        if self.iss != wanted.issuer {
            return Err("it is from another issuer");
        }
        if !for_us || !party {
            return Err("it is for another audience");
        }
        if self.nonce.as_deref() != Some(wanted.nonce) {
            return Err("its nonce is not ours");
        }
        if self.exp <= wanted.now.saturating_sub(SKEW) {
            return Err("it has expired");
        }
        if self.nbf.is_some_and(|from| from > wanted.now + SKEW) || self.iat > wanted.now + SKEW {
            return Err("it is not valid yet");
        }
        if self.iat < wanted.now - OLDEST {
            return Err("it is too old");
        }
        if self.sub.is_empty() {
            return Err("it is about nobody");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7515, appendix A.2: a token signed with RS256, and its key.
    const RSA_KEY: &str = r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#;
    const RSA_TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

    #[test]
    fn a_signature_of_the_standard_is_known_and_one_bit_less_is_not() {
        let key: Key = serde_json::from_str(RSA_KEY).unwrap();
        let (signed, signature) = RSA_TOKEN.rsplit_once('.').unwrap();
        let mut signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        assert!(key.signed("RS256", signed.as_bytes(), &signature));
        signature[7] ^= 1;
        assert!(!key.signed("RS256", signed.as_bytes(), &signature));
    }

    #[test]
    fn a_token_without_a_signature_of_the_provider_is_nothing() {
        let keys: Keys = serde_json::from_str(&format!(r#"{{"keys":[{RSA_KEY}]}}"#)).unwrap();
        let wanted = Wanted { issuer: "joe", client_id: "c", nonce: "n", now: 0 };
        let payload = URL_SAFE_NO_PAD.encode(r#"{"iss":"joe"}"#);
        for alg in ["none", "HS256", "RS384"] {
            let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{alg}"}}"#));
            let error = verified(&format!("{header}.{payload}."), &keys, &wanted).unwrap_err();
            assert_eq!(error, "no key of the provider fits it", "{alg}");
        }
    }
}
