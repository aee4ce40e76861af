//! The second factor: codes of an app that change every 30 s (RFC 6238). Each step counts once.

use engine::clock::At;
use totp_rs::{Builder, Secret, Totp};

use crate::error::ApiError;

/// Bytes of a secret. Source: RFC 4226 section 4, R6: 160 bits.
pub(crate) const SECRET_BYTES: usize = 20;

/// A new secret.
///
/// # Errors
/// When the system gives no random bytes.
pub(crate) fn secret() -> Result<[u8; SECRET_BYTES], ApiError> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(ApiError::internal)?;
    Ok(bytes)
}

/// What an app is told: the secret as text to type, and the address to show as a picture.
///
/// # Errors
/// When the secret is not one of ours.
pub(crate) fn shown(secret: &[u8], workspace: &str, email: &str) -> Result<(String, String), ApiError> {
    // A colon separates the two in the address.
    let plain = |text: &str| text.replace(':', " ");
    let url = made(secret)?.with_issuer(Some(plain(workspace))).with_account_name(plain(email)).build();
    let url = url.map_err(ApiError::internal)?.to_url().map_err(ApiError::internal)?;
    Ok((Secret::from(secret.to_vec()).to_base32(), url))
}

/// The step whose code this is, one step early or late included.
///
/// # Errors
/// When the secret is not one of ours.
pub(crate) fn step(secret: &[u8], code: &str, now: At) -> Result<Option<i64>, ApiError> {
    let totp: Totp = made(secret)?.build().map_err(ApiError::internal)?;
    let digits: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
    let seconds = u64::try_from(now.0 / 1000).unwrap_or_default();
    Ok(totp.check(&digits, seconds).and_then(|step| i64::try_from(step).ok()))
}

fn made(secret: &[u8]) -> Result<Builder, ApiError> {
    if secret.len() != SECRET_BYTES {
        return Err(ApiError::internal("a second factor of another length"));
    }
    Ok(Builder::new().with_secret(secret.to_vec()))
}

/// The code of a secret at `now`: what the app would show.
#[cfg(test)]
pub(crate) fn code(secret: &[u8], now: At) -> String {
    let totp = made(secret).unwrap().build().unwrap();
    totp.generate(u64::try_from(now.0 / 1000).unwrap()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_the_rfc() {
        // Source: RFC 6238, appendix B, SHA-1, last six of eight digits.
        let secret = b"12345678901234567890";
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            let at = At(seconds * 1000);
            assert_eq!(step(secret, code, at).unwrap(), Some(seconds / 30));
            assert_eq!(step(secret, code, At((seconds + 30) * 1000)).unwrap(), Some(seconds / 30), "one step late");
            assert_eq!(step(secret, code, At((seconds + 90) * 1000)).unwrap(), None);
        }
    }

    #[test]
    fn an_app_is_told_who_and_where() {
        let (text, url) = shown(b"12345678901234567890", "Acme: East", "mia@example.com").unwrap();
        assert_eq!(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert!(url.starts_with("otpauth://totp/") && url.contains(&text), "{url}");
    }
}
