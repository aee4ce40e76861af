//! Agents and escalations as the API shows them.

use std::collections::{BTreeSet, HashMap};

use engine::clock::At;
use engine::contact::{Priority, TagSourceKind};
use engine::desk::{AskKind, Case, Profile, Stage, State};
use engine::ids::{ContactId, ConversationId, EscalationId, RunId, UserId};
use engine::runner::Board;
use engine::store::{EscalationRow, ListedContact, MessageRow, Reads};
use schemars::JsonSchema;
use serde::Serialize;

use super::super::view::{Time, maybe};
use super::figures;
use crate::app::App;
use crate::error::ApiError;

/// Somebody who works here, or in whose name a machine acted.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "DeskPerson")]
pub(crate) struct Person {
    /// Nothing for who is no user here.
    pub(crate) id: Option<UserId>,
    pub(crate) name: String,
}

/// An agent.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Agent {
    user: Person,
    state: State,
    /// Since when that was chosen, or the page came or went.
    since: Option<Time>,
    /// Whether a page of theirs beats.
    online: bool,
    /// Conversations held, and offers that are open to this one alone.
    load: usize,
    limit: u32,
    teams: Vec<String>,
    languages: Vec<String>,
    skills: Vec<String>,
}

/// A demand that a human takes over.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Escalation {
    pub(super) id: EscalationId,
    kind: AskKind,
    team: String,
    reason: String,
    state: Stage,
    contact: Option<Customer>,
    conversation: Option<ConversationId>,
    /// The run that asked; nothing when a tag rule or a person did.
    run: Option<RunId>,
    /// When what caused it came in: the promise counts from here.
    received_at: Time,
    /// When it happened, as the provider says.
    provider_at: Option<Time>,
    offered_at: Time,
    deadline: Option<Time>,
    accepted_at: Option<Time>,
    accepted_by: Option<Person>,
    answered_at: Option<Time>,
    offer: Option<Offer>,
    /// Whether it is offered to whoever asks.
    to_me: bool,
    /// Whether whoever asks has it.
    mine: bool,
    last_message: Option<LastMessage>,
    /// Whether it was taken in time; nothing while that is open, and outside working hours.
    kept: Option<bool>,
    /// Whether the deadline passed before it was taken.
    missed: bool,
    fallback: Option<Fallback>,
}

/// The customer it is about.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Customer {
    id: ContactId,
    name: String,
    phone: Option<String>,
    language: String,
    priority: Priority,
    tags: Vec<String>,
}

/// Of whom it is asked now.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Offer {
    to: Vec<Person>,
    since: Time,
    until: Time,
    rung: u8,
    /// How many rungs there are.
    rungs: u8,
}

/// What the customer wrote last.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LastMessage {
    text: Option<String>,
    at: Option<Time>,
}

/// Who else was told.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Fallback {
    /// When a fallback channel was.
    notified_at: Option<Time>,
    /// When the customer was.
    told_at: Option<Time>,
}

/// What the desk is at one moment, for whoever asks.
pub(super) struct Shower<'a> {
    app: &'a App,
    board: Board,
    me: Option<UserId>,
}

impl<'a> Shower<'a> {
    pub(super) async fn new(app: &'a App, me: Option<UserId>) -> Result<Self, ApiError> {
        Ok(Self { app, board: app.engine.board().await?, me })
    }

    pub(super) fn now(&self) -> At {
        self.board.now
    }

    pub(super) fn me(&self) -> Option<Agent> {
        self.me.filter(|me| self.board.staff.teams_of(*me).next().is_some()).map(|me| self.agent(me))
    }

    /// Everybody who is in a team, by name.
    pub(super) fn agents(&self) -> Vec<Agent> {
        let staff = &self.board.staff;
        let mut people: Vec<(&str, UserId)> = staff.people.keys().map(|user| (staff.name(*user), *user)).collect();
        people.sort_unstable();
        let agents = people.into_iter().filter(|(_, user)| staff.teams_of(*user).next().is_some());
        agents.map(|(_, user)| self.agent(user)).collect()
    }

    pub(super) fn person(&self, user: UserId) -> Person {
        Person { id: Some(user), name: self.board.staff.name(user).to_owned() }
    }

    fn agent(&self, user: UserId) -> Agent {
        let (staff, none) = (&self.board.staff, Profile::default());
        let profile = staff.profile(user).unwrap_or(&none);
        let known = self.board.agents.get(&user);
        let limits = staff.teams_of(user).map(|team| profile.limit.unwrap_or(team.load_limit));
        let mut agent = Agent {
            user: self.person(user),
            state: known.map_or(State::Away, |(agent, _)| agent.state(self.board.now)),
            since: known.map(|(agent, _)| Time(agent.since)),
            online: known.is_some_and(|(agent, _)| agent.online),
            load: known.map_or(0, |(_, load)| *load),
            limit: limits.max().unwrap_or_default(),
            teams: staff.teams_of(user).map(|team| team.id.to_string()).collect(),
            languages: profile.languages.clone(),
            skills: profile.skills.clone(),
        };
        let members = staff.teams_of(user).flat_map(|team| &team.members).filter(|member| member.user == user);
        for member in members {
            agent.languages.extend(member.languages.iter().cloned());
            agent.skills.extend(member.skills.iter().cloned());
        }
        for words in [&mut agent.languages, &mut agent.skills] {
            words.sort_unstable();
            words.dedup();
        }
        agent
    }

    /// One escalation.
    pub(super) async fn one(&self, row: &EscalationRow) -> Result<Escalation, ApiError> {
        let mut shown = self.all(std::slice::from_ref(row)).await?;
        shown.pop().ok_or_else(|| ApiError::not_found(row.id))
    }

    /// What nobody has, oldest first; of more than `most` the newest.
    pub(super) async fn waiting(&self, most: usize) -> Result<Vec<Escalation>, ApiError> {
        let cases = self.board.cases.values().map(|case| &case.row);
        let open = cases.filter(|row| row.accepted_at.is_none() && row.stage != Stage::Closed);
        let mut rows: Vec<EscalationRow> = open.cloned().collect();
        rows.drain(..rows.len().saturating_sub(most));
        self.all(&rows).await
    }

    /// Escalations, each with its customer and what that one wrote last.
    pub(super) async fn all(&self, rows: &[EscalationRow]) -> Result<Vec<Escalation>, ApiError> {
        let store = self.app.engine.store();
        let contacts: BTreeSet<ContactId> = rows.iter().filter_map(|row| row.contact_id).collect();
        let conversations: BTreeSet<ConversationId> = rows.iter().filter_map(|row| row.conversation_id).collect();
        let (mut people, mut said) = (Vec::new(), Vec::new());
        if !contacts.is_empty() {
            people = store.contacts(contacts.into_iter().collect()).await?;
        }
        if !conversations.is_empty() {
            said = store.last_inbound(conversations.into_iter().collect()).await?;
        }
        let people: HashMap<ContactId, ListedContact> = people.into_iter().map(|one| (one.contact.id, one)).collect();
        let said: HashMap<Option<ConversationId>, MessageRow> =
            said.into_iter().map(|message| (message.conversation_id, message)).collect();
        let show = |row: &EscalationRow| {
            let known = row.contact_id.and_then(|id| people.get(&id)).map(customer);
            let last = row.conversation_id.and_then(|id| said.get(&Some(id)));
            let last = last.map(|message| LastMessage { text: message.text.clone(), at: maybe(message.status_at) });
            self.escalation(row, known, last)
        };
        Ok(rows.iter().map(show).collect())
    }

    fn escalation(&self, row: &EscalationRow, contact: Option<Customer>, last: Option<LastMessage>) -> Escalation {
        let case = self.board.cases.get(&row.id);
        let taker = row.accepted_by.clone().map(|name| Person { id: row.accepted_user, name });
        let kept = match row.accepted_at {
            _ if row.out_of_hours => None,
            Some(_) => Some(figures::is_kept(row)),
            None => row.missed.then_some(false),
        };
        let told = row.fallback_at.is_some() || row.told_at.is_some();
        Escalation {
            id: row.id,
            kind: row.kind,
            team: row.team.clone(),
            reason: row.reason.clone(),
            state: row.stage,
            contact,
            conversation: row.conversation_id,
            run: Some(row.run_id).filter(|run| *run != RunId::NONE),
            received_at: Time(row.received_at),
            provider_at: maybe(row.provider_at),
            offered_at: Time(row.offered_at),
            deadline: Some(Time(row.deadline)),
            accepted_at: maybe(row.accepted_at),
            accepted_by: taker,
            answered_at: maybe(row.answered_at),
            offer: case.and_then(|case| self.offer(case)),
            to_me: case.is_some_and(|case| self.is_to_me(case)),
            mine: self.me.is_some() && row.accepted_user == self.me,
            last_message: last,
            kept,
            missed: row.missed,
            fallback: told.then(|| Fallback { notified_at: maybe(row.fallback_at), told_at: maybe(row.told_at) }),
        }
    }

    fn offer(&self, case: &Case) -> Option<Offer> {
        let progress = &case.progress;
        matches!(case.row.stage, Stage::Offered | Stage::Team).then(|| Offer {
            to: progress.offered.iter().map(|user| self.person(*user)).collect(),
            since: Time(progress.since),
            until: Time(progress.until),
            rung: progress.rung,
            rungs: 3,
        })
    }

    /// Offered to whoever asks: alone, or with the team, of which one may have come meanwhile.
    fn is_to_me(&self, case: &Case) -> bool {
        let Some(me) = self.me else { return false };
        let team = self.board.staff.team(&case.row.team);
        match case.row.stage {
            Stage::Offered => case.progress.offered.contains(&me),
            Stage::Team => team.is_some_and(|team| team.has(me)) && !case.progress.tried.contains(&me),
            _ => false,
        }
    }
}

fn customer(known: &ListedContact) -> Customer {
    let row = &known.contact;
    let given = known.tags.iter().filter(|tag| tag.source != TagSourceKind::PersonOff as i64);
    let tags: BTreeSet<String> = given.map(|tag| tag.tag.clone()).collect();
    Customer {
        id: row.id,
        name: row.name.clone(),
        phone: row.phone.clone(),
        language: row.language.clone(),
        priority: Priority::from_code(row.priority),
        tags: tags.into_iter().collect(),
    }
}
