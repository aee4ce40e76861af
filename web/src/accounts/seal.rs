//! Secrets at rest: sealed with a key that is kept outside the database, each bound to the place it is stored in.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};

/// First byte of what is sealed: which key, which cipher. Added to, never changed.
const FORMAT: u8 = 1;
/// Bytes of a nonce; so many that random ones do not meet.
const NONCE: usize = 24;

/// Seals and opens secrets.
pub struct Seal(XChaCha20Poly1305);

/// Why a secret cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(getrandom::Error),
    /// It was sealed with another key, for another place, or is damaged.
    #[error(
        "a stored secret cannot be opened: the key (DIR/seal.key or SWITCHBOARD_SEAL_KEY) is not the one it was sealed with"
    )]
    Closed,
}

impl Seal {
    /// With the key of `DIR/seal.key`, see [`crate::keys::seal_key`].
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(&key.into()))
    }

    /// Seals `plain` for `place`, such as `connection:crm`: elsewhere it does not open.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(Error::Random)?;
        let payload = Payload { msg: plain, aad: place.as_bytes() };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload).map_err(|_| Error::Closed)?;
        Ok([&[FORMAT], &nonce[..], &sealed].concat())
    }

    /// Opens what was sealed for `place`.
    ///
    /// # Errors
    /// When the key, the place or the bytes are not those of the sealing.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let (head, body) = sealed.split_at_checked(1 + NONCE).ok_or(Error::Closed)?;
        let nonce: [u8; NONCE] = head[1..].try_into().map_err(|_| Error::Closed)?;
        if head[0] != FORMAT {
            return Err(Error::Closed);
        }
        self.0.decrypt(&XNonce::from(nonce), Payload { msg: body, aad: place.as_bytes() }).map_err(|_| Error::Closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_in_its_place_with_its_key_and_nowhere_else() {
        let seal = Seal::new([7; 32]);
        let sealed = seal.seal("connection:a", b"token").unwrap();
        assert!(!sealed.windows(5).any(|part| part == b"token"));
        assert_ne!(sealed, seal.seal("connection:a", b"token").unwrap());
        assert_eq!(seal.open("connection:a", &sealed).unwrap(), b"token");
        assert!(seal.open("connection:b", &sealed).is_err());
        assert!(Seal::new([8; 32]).open("connection:a", &sealed).is_err());
        for place in 0..sealed.len() {
            let mut other = sealed.clone();
            other[place] ^= 1;
            assert!(seal.open("connection:a", &other).is_err(), "byte {place}");
        }
        assert!(seal.open("connection:a", &sealed[..10]).is_err());
    }
}
