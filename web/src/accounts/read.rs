//! Who read whose conversation: told to the log before anything is shown.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use engine::account::Told;
use engine::clock::At;
use engine::ids::UserId;
use serde_json::json;

use super::sign_in::SignIn;
use super::who::{Kind, Who};
use crate::app::App;
use crate::error::ApiError;

/// A page that stays open asks again and again: that is one reading.
const ONE_READING: Duration = Duration::from_secs(10 * 60);
/// Most readings remembered; then the older half is forgotten, which only tells some twice.
const MOST: usize = 10_000;

/// Readings the log knows of.
#[derive(Default)]
pub(super) struct Readings(Mutex<HashMap<(UserId, String), At>>);

impl Readings {
    /// Whether this one is new.
    fn is_new(&self, user: UserId, id: &str, now: At) -> bool {
        let readings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        readings.get(&(user, id.to_owned())).is_none_or(|last| now.since(*last) >= ONE_READING)
    }

    fn note(&self, user: UserId, id: &str, now: At) {
        let mut readings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        readings.insert((user, id.to_owned()), now);
        if readings.len() > MOST {
            readings.retain(|_, last| now.since(*last) < ONE_READING / 2);
        }
    }
}

impl SignIn {
    /// Tells the log that a person reads `id` (a contact, a run): `what` is `contact.read`, `run.read`, `person.exported`. The id of
    /// the row, never a number or an address. Whoever runs the machine and machines with a token are not people.
    ///
    /// # Errors
    /// When it cannot be told: then nothing may be shown.
    pub(crate) async fn reads(&self, app: &App, who: &Who, what: &'static str, id: String) -> Result<(), ApiError> {
        who.note_told();
        let Kind::Person(person) = who.kind() else { return Ok(()) };
        let now = app.clock.now();
        let seen = format!("{what} {id}");
        if self.readings.is_new(person.user.id, &seen, now) {
            let told = Told { what, id, data: json!({ "from": who.address() }) };
            app.engine.account(who.by(), vec![told], Vec::new()).await??;
            self.readings.note(person.user.id, &seen, now);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_stays_open_is_one_reading_in_ten_minutes() {
        let readings = Readings::default();
        let mut told = Vec::new();
        for minute in [0, 1, 9, 10, 11, 25] {
            let now = At(minute * 60_000);
            if readings.is_new(UserId(1), "contact.read con_1", now) {
                readings.note(UserId(1), "contact.read con_1", now);
                told.push(minute);
            }
        }
        assert_eq!(told, [0, 10, 25]);
        assert!(readings.is_new(UserId(2), "contact.read con_1", At(0)));
    }
}
