//! Passwords: Argon2id, a few at a time, and the same work whether there is somebody or not.

use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use engine::secret::Secret;
use engine::sentence;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::error::ApiError;

/// Hashes made at once: each takes 19 MB and a core for some 30 ms. Source: argon2's defaults, after OWASP's password storage sheet.
const AT_ONCE: usize = 2;
/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);
/// Fewest and most characters. Source: NIST SP 800-63B asks for 8 at least and to accept 64; we stop where it would cost.
const FEWEST: usize = 12;
const MOST_BYTES: usize = 512;
/// A hash that no password has, with the cost of a real one: what is compared when there is nobody.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Makes and compares hashes of passwords.
pub(crate) struct Passwords(Semaphore);

impl Default for Passwords {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

impl Passwords {
    /// The hash to keep of a new password of somebody with this address and name.
    ///
    /// # Errors
    /// 400 when it is too short, too long or the address; 429 when too many ask.
    pub(crate) async fn hash(&self, password: &Secret, email: &str) -> Result<Secret, ApiError> {
        fit(password.expose(), email)?;
        let _turn = self.turn().await?;
        let password = password.clone();
        let hashed = spawn_blocking(move || Argon2::default().hash_password(password.expose().as_bytes())).await;
        let hashed = hashed.map_err(ApiError::internal)?.map_err(ApiError::internal)?;
        Ok(Secret::new(hashed.to_string()))
    }

    /// Whether `password` is the one whose hash is `stored`. Takes as long when nothing is stored.
    ///
    /// # Errors
    /// 429 when too many ask.
    pub(crate) async fn verify(&self, password: &Secret, stored: Option<&Secret>) -> Result<bool, ApiError> {
        let _turn = self.turn().await?;
        let stored_some = stored.is_some();
        let stored = stored.cloned().unwrap_or_else(|| Secret::new(NOBODY));
        let mut given = password.clone();
        if given.expose().len() > MOST_BYTES {
            given = Secret::default();
        }
        let same = spawn_blocking(move || {
            Argon2::default().verify_password(given.expose().as_bytes(), stored.expose()).is_ok()
        });
        Ok(same.await.map_err(ApiError::internal)? && stored_some)
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, ApiError> {
        match timeout(PATIENCE, self.0.acquire()).await {
            Ok(permit) => permit.map_err(ApiError::internal),
            Err(_) => Err(ApiError::too_many_tries(PATIENCE)),
        }
    }
}

fn fit(password: &str, email: &str) -> Result<(), ApiError> {
    let wrong = |why: &str| Err(ApiError::bad_request(sentence!("password: {why}", why)));
    if password.chars().count() < FEWEST {
        return wrong(&format!("at least {FEWEST} characters; a few words are easy to remember"));
    }
    if password.len() > MOST_BYTES {
        return wrong(&format!("at most {MOST_BYTES} bytes"));
    }
    let lower = password.to_lowercase();
    let mut letters = lower.chars();
    let first = letters.next();
    if lower == email || letters.all(|letter| Some(letter) == first) {
        return wrong("not the address, and not one letter over and over");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_kept_as_a_hash_of_the_wanted_kind_and_recognised() {
        let passwords = Passwords::default();
        let secret = |text: &str| Secret::new(text);
        let kept = passwords.hash(&secret("correct horse battery"), "mia@example.com").await.unwrap();
        assert!(kept.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", kept.expose());
        assert!(passwords.verify(&secret("correct horse battery"), Some(&kept)).await.unwrap());
        assert!(!passwords.verify(&secret("correct horse"), Some(&kept)).await.unwrap());
        assert!(!passwords.verify(&secret("anything at all"), None).await.unwrap());
    }

    #[test]
    fn weak_passwords_are_refused() {
        for weak in ["short", "aaaaaaaaaaaaaaaa", "mia.rossi@example.com"] {
            assert!(fit(weak, "mia.rossi@example.com").is_err(), "{weak}");
        }
        assert!(fit(&"long ".repeat(200), "a@b.c").is_err());
        assert!(fit("four words or so", "a@b.c").is_ok());
    }

    #[test]
    fn what_stands_for_nobody_costs_as_much_as_a_real_one() {
        let kept = Argon2::default().hash_password(b"x").unwrap().to_string();
        let cost = |hash: &str| hash.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(cost(&kept), cost(NOBODY));
        // It is well formed: a malformed one would be refused at once, which can be measured.
        let refused = Argon2::default().verify_password(b"x", NOBODY).unwrap_err();
        assert_eq!(refused, argon2::password_hash::Error::PasswordInvalid);
    }
}
