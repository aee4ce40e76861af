//! People in the inbox: their names, and who has which conversation open or writes in it. The latter is kept in memory only, as it
//! is over in a minute.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use engine::account::Accounts;
use engine::clock::At;
use engine::ids::{ConversationId, UserId};
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::flow_names;
use crate::app::App;
use crate::error::ApiError;

/// A page that shows a conversation asks for it again within this time.
const OPEN_FOR: Duration = Duration::from_secs(60);
/// Somebody who writes says so again within this time.
const TYPING_FOR: Duration = Duration::from_secs(6);
/// Most people remembered; then those who left are forgotten.
const MOST: usize = 1_000;

/// Somebody who works here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Colleague {
    pub(crate) id: UserId,
    pub(crate) name: String,
}

/// The names of everybody who works or worked here, and of the flows that are live.
pub(crate) struct Names {
    people: HashMap<UserId, String>,
    flows: HashMap<String, String>,
}

impl Names {
    /// Of everybody who is not removed, and of `others`.
    pub(crate) async fn of(app: &App, others: Vec<UserId>) -> Result<Self, ApiError> {
        let store = app.engine.store();
        let mut people: HashMap<UserId, String> =
            store.users().await?.into_iter().map(|user| (user.id, user.name)).collect();
        for id in others {
            if !people.contains_key(&id)
                && let Some(user) = store.user(id).await?
            {
                people.insert(id, user.name);
            }
        }
        Ok(Self { people, flows: flow_names(app) })
    }

    /// That one.
    pub(crate) fn get(&self, id: UserId) -> Colleague {
        Colleague { id, name: self.people.get(&id).cloned().unwrap_or_default() }
    }

    /// The name of a flow; nothing when it is not live.
    pub(super) fn flow(&self, id: &str) -> Option<String> {
        self.flows.get(id).cloned()
    }
}

/// Who has which conversation open, and who writes in it.
#[derive(Default)]
pub(crate) struct Attending(Mutex<HashMap<(ConversationId, UserId), Seen>>);

#[derive(Clone, Copy)]
struct Seen {
    open_at: At,
    typing_at: Option<At>,
}

impl Attending {
    fn lock(&self) -> MutexGuard<'_, HashMap<(ConversationId, UserId), Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody has a conversation open; whether nobody knew.
    pub(super) fn opens(&self, conversation: ConversationId, user: UserId, now: At) -> bool {
        self.note(conversation, user, now, None)
    }

    /// Somebody writes in it.
    pub(super) fn types(&self, conversation: ConversationId, user: UserId, now: At) {
        self.note(conversation, user, now, Some(now));
    }

    /// Somebody sent what they wrote.
    pub(super) fn done(&self, conversation: ConversationId, user: UserId, now: At) {
        self.lock().insert((conversation, user), Seen { open_at: now, typing_at: None });
    }

    fn note(&self, conversation: ConversationId, user: UserId, now: At, typing_at: Option<At>) -> bool {
        let mut all = self.lock();
        let known = all.get(&(conversation, user)).copied();
        let typing_at = typing_at.or(known.and_then(|seen| seen.typing_at));
        all.insert((conversation, user), Seen { open_at: now, typing_at });
        if all.len() > MOST {
            all.retain(|_, seen| now.since(seen.open_at) < OPEN_FOR);
        }
        known.is_none_or(|seen| now.since(seen.open_at) >= OPEN_FOR)
    }

    /// Who else has it open, and who of them writes.
    pub(super) fn others(
        &self,
        conversation: ConversationId,
        me: Option<UserId>,
        now: At,
    ) -> (Vec<UserId>, Vec<UserId>) {
        let all = self.lock();
        let mut here: Vec<(UserId, bool)> = all
            .iter()
            .filter(|((talk, user), _)| *talk == conversation && Some(*user) != me)
            .filter(|(_, seen)| now.since(seen.open_at) < OPEN_FOR)
            .map(|((_, user), seen)| (*user, seen.typing_at.is_some_and(|at| now.since(at) < TYPING_FOR)))
            .collect();
        here.sort_unstable();
        let typing = here.iter().filter(|(_, typing)| *typing).map(|(user, _)| *user).collect();
        (here.into_iter().map(|(user, _)| user).collect(), typing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TALK: ConversationId = ConversationId(1);
    const ANA: UserId = UserId(2);
    const BEN: UserId = UserId(3);

    #[test]
    fn who_has_it_open_is_seen_by_others_for_a_minute_and_who_writes_for_seconds() {
        let attending = Attending::default();
        let now = At(1_000_000);
        assert!(attending.opens(TALK, ANA, now) && !attending.opens(TALK, ANA, now));
        attending.types(TALK, BEN, now);
        assert_eq!(attending.others(TALK, Some(ANA), now), (vec![BEN], vec![BEN]));
        assert_eq!(attending.others(TALK, Some(BEN), now), (vec![ANA], vec![]));
        assert_eq!(attending.others(TALK, Some(ANA), now.plus(TYPING_FOR)), (vec![BEN], vec![]));
        assert_eq!(attending.others(TALK, None, now.plus(OPEN_FOR)), (vec![], vec![]));
        attending.done(TALK, BEN, now);
        assert_eq!(attending.others(TALK, None, now).1, []);
    }
}
