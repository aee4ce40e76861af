//! The end of a shift: what somebody held who is gone is their team's again, or nobody's.
//!
//! Gone is who is not signed in anywhere any more, or whose browsers have all been silent for as long as the settings say; and who
//! has been away at the desk for so long, by choice, because the page is closed, or because two offers passed. What they wrote in
//! meanwhile stays theirs.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use engine::account::Accounts;
use engine::clock::At;
use engine::desk::State;
use engine::ids::{MailboxId, MessageId, UserId};
use engine::inbox::Act;
use engine::order::{Actor, Order};
use engine::store::{HeldTalk, Talks};
use tokio::time::{MissedTickBehavior, interval};

use crate::app::App;
use crate::error::ApiError;

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(30);

/// Runs until it is dropped.
pub(crate) async fn run(app: Arc<App>) {
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut gone = Gone::default();
    loop {
        tick.tick().await;
        if let Err(problem) = hand_over(&app, &mut gone).await {
            tracing::warn!(?problem, "what those held who are gone could not be handed over; tried again");
        }
    }
}

/// Since when somebody is gone, as far as it is not written elsewhere.
#[derive(Default)]
struct Gone {
    /// Has no session at all.
    missing: HashMap<UserId, At>,
    /// Is away at the desk; a page that comes and goes meanwhile changes nothing.
    away: HashMap<UserId, At>,
}

/// Hands over what those hold who are gone.
async fn hand_over(app: &App, gone: &mut Gone) -> Result<(), ApiError> {
    let minutes = app.sign_in.settings().hand_over_after_min;
    if minutes == 0 {
        return Ok(());
    }
    let (now, after) = (app.clock.now(), Duration::from_secs(60 * u64::from(minutes)));
    let store = app.engine.store();
    let seen: HashMap<UserId, At> = store.last_seen().await?.into_iter().collect();
    let held = store.held_talks().await?;
    let Gone { missing, away } = gone;
    missing.retain(|user, _| !seen.contains_key(user) && held.iter().any(|talk| talk.agent == *user));
    let board = app.engine.board().await?;
    let states = board.agents.iter().map(|(user, (agent, _))| (*user, (agent.state(now), agent.since)));
    let states: HashMap<UserId, (State, At)> = states.collect();
    away.retain(|user, _| states.get(user).is_some_and(|(state, _)| *state == State::Away));
    for talk in held {
        let since = seen.get(&talk.agent).copied().unwrap_or_else(|| *missing.entry(talk.agent).or_insert(now));
        if now.since(since) >= after {
            give_back(app, talk).await?;
            continue;
        }
        let Some((State::Away, chosen)) = states.get(&talk.agent) else { continue };
        let since = *away.entry(talk.agent).or_insert(*chosen);
        if now.since(since) >= after && !wrote_since(app, &talk, now.minus(after)).await? {
            give_back(app, talk).await?;
        }
    }
    Ok(())
}

/// Whether whoever holds it wrote something there since.
async fn wrote_since(app: &App, talk: &HeldTalk, since: At) -> Result<bool, ApiError> {
    let last = app.engine.store().said_in(talk.conversation, MessageId(i64::MAX), 1).await?;
    Ok(last.first().is_some_and(|one| one.said.by == Some(talk.agent) && one.said.at >= since))
}

async fn give_back(app: &App, talk: HeldTalk) -> Result<(), ApiError> {
    let act = Act::Assign { agent: None, team: talk.team };
    let actor = Actor { agent: None, everywhere: true };
    let order = Order::Talk { conversation: talk.conversation, actor, act };
    match app.engine.order(MailboxId::of_contact(talk.contact), "", order).await {
        // Erased meanwhile.
        Ok(_) | Err(engine::order::Error::Gone(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use engine::account::{Op, Role};
    use engine::connector::{Incoming, Item, Party, Sender};
    use engine::event::{MESSAGE_RECEIVED, Origin};
    use engine::ids::{ContactId, ConversationId};
    use engine::store::Store;
    use serde_json::json;

    use super::*;
    use crate::accounts::stage::Stage;

    /// A customer who wrote.
    async fn customer(stage: &Stage) -> (ContactId, ConversationId) {
        let phone = "+4915112345678";
        let party = Party { number: "n".into(), address: phone[1..].into(), phone: Some(phone.into()), name: None };
        let incoming = Incoming {
            external_id: "m1".into(),
            kind: MESSAGE_RECEIVED,
            origin: Origin::Customer,
            provider_at: Some(stage.app.clock.now()),
            party: Some(party),
            object: None,
            body: json!({ "text": "hi", "message": { "id": "m1", "type": "text" } }),
        };
        stage.app.engine.receive("wa", vec![Item::Event(Box::new(incoming))], Sender::Retried).await.unwrap();
        stage.app.engine.idle().await;
        let contact = stage.app.engine.whom(phone).await.unwrap().unwrap().id;
        let rows = stage.app.engine.store().mailbox(MailboxId::of_contact(contact)).await.unwrap();
        (contact, rows.conversations[0].id)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_is_gone_holds_nothing_after_the_time_of_the_settings() {
        let stage = Stage::new().await;
        let ana = stage.somebody(Role::Agent, false).await;
        let (contact, talk) = customer(&stage).await;
        let browser = stage.signed_in(&ana).await;
        let assignee = json!({ "agent": ana.id, "team": "care" });
        stage.send(&browser, &format!("PUT /conversations/{talk}/assignee"), assignee, &[]).await.good();
        let holder = async || {
            let rows = stage.app.engine.store().mailbox(MailboxId::of_contact(contact)).await;
            let inbox = rows.unwrap().conversations.remove(0).inbox;
            (inbox.assignee, inbox.team)
        };
        let mut gone = Gone::default();
        let care = || Some("care".to_owned());
        hand_over(&stage.app, &mut gone).await.unwrap();
        assert_eq!(holder().await, (Some(ana.id), care()), "she is here");

        stage.app.engine.account("", Vec::new(), vec![Op::EndSessions(ana.id, None)]).await.unwrap().unwrap();
        hand_over(&stage.app, &mut gone).await.unwrap();
        assert_eq!(holder().await, (Some(ana.id), care()), "she may come back");
        let long_ago = stage.app.clock.now().minus(Duration::from_secs(16 * 60));
        gone.missing.insert(ana.id, long_ago);
        hand_over(&stage.app, &mut gone).await.unwrap();
        assert_eq!(holder().await, (None, care()));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_is_away_for_that_long_holds_only_what_they_write_in() {
        let stage = Stage::new().await;
        let (ana, lead) = (stage.somebody(Role::Agent, false).await, stage.somebody(Role::TeamLead, false).await);
        let admin = stage.signed_in(&stage.somebody(Role::Admin, false).await).await;
        let care = json!({ "name": "Care", "members": [{ "user": ana.id }, { "user": lead.id }] });
        stage.send(&admin, "PUT /teams/care", care, &[("if-match", "\"0\"")]).await.good();
        let (contact, talk) = customer(&stage).await;
        let (browser, of_lead) = (stage.signed_in(&ana).await, stage.signed_in(&lead).await);
        let assign = async |user: UserId| {
            let path = format!("PUT /conversations/{talk}/assignee");
            stage.send(&of_lead, &path, json!({ "agent": user, "team": "care" }), &[]).await.good();
        };
        let holder = async || {
            let rows = stage.app.engine.store().mailbox(MailboxId::of_contact(contact)).await;
            rows.unwrap().conversations.remove(0).inbox.assignee
        };
        let mut gone = Gone::default();
        let long_ago = stage.app.clock.now().minus(Duration::from_secs(16 * 60));

        assign(ana.id).await;
        stage.send(&browser, "POST /desk/me/beat", json!({}), &[]).await.good();
        gone.away.insert(ana.id, long_ago);
        hand_over(&stage.app, &mut gone).await.unwrap();
        assert_eq!((holder().await, gone.away.len()), (Some(ana.id), 0), "she is here");

        stage.send(&browser, "PUT /desk/me", json!({ "state": "away" }), &[]).await.good();
        hand_over(&stage.app, &mut gone).await.unwrap();
        assert_eq!(holder().await, Some(ana.id), "she may come back");
        let note = format!("POST /conversations/{talk}/notes");
        stage.send(&browser, &note, json!({ "text": "I ask the warehouse", "mentions": [] }), &[]).await.good();
        gone.away.insert(ana.id, long_ago);
        hand_over(&stage.app, &mut gone).await.unwrap();
        assert_eq!(holder().await, Some(ana.id), "she works in it");

        assign(lead.id).await;
        stage.send(&of_lead, "PUT /desk/me", json!({ "state": "away" }), &[]).await.good();
        gone.away.insert(lead.id, long_ago);
        hand_over(&stage.app, &mut gone).await.unwrap();
        assert_eq!(holder().await, None);
    }
}
