//! What only its holder knows: random tokens, of which we keep a digest.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::account::Hash;
use sha2::{Digest, Sha256};

use crate::error::ApiError;

/// What a token is for. A token of one kind never passes for one of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The cookie of somebody who is signed in.
    Session,
    /// What goes with the cookie's writes, made from the cookie.
    Csrf,
    /// A link that works once.
    Link,
    /// A machine's token.
    Api,
    /// A recovery code.
    Recovery,
    /// An address somebody tried to sign in with: a key of the throttle.
    Account,
}

/// 256 random bits as 43 characters that are safe in an address.
///
/// # Errors
/// When the system gives no random bytes.
pub(crate) fn random_token() -> Result<String, ApiError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(ApiError::internal)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What we keep of `text`.
pub(crate) fn digest(purpose: Purpose, text: &str) -> Hash {
    let mut hash = Sha256::new();
    hash.update(b"switchboard\0");
    hash.update([purpose as u8]);
    hash.update(text.as_bytes());
    hash.finalize().into()
}

/// What a page sends back with every write of the session whose cookie is `session`. It is not stored: whoever does not have the
/// cookie cannot make it.
pub(super) fn csrf(session: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(Purpose::Csrf, session))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_one_kind_is_not_another() {
        let token = random_token().unwrap();
        assert_eq!(token.len(), 43);
        assert_ne!(token, random_token().unwrap());
        assert_ne!(digest(Purpose::Session, &token), digest(Purpose::Api, &token));
        assert_ne!(csrf(&token), token);
    }
}
