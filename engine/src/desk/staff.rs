//! Teams and agents' profiles: settings of people who work here, as the desk uses them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::texts;
use crate::account::StaffRows;
use crate::crm::OwnerToCrm;
use crate::ids::UserId;
use crate::sentence;
use crate::sentence::Sentence;

/// A team. Stored as JSON; fields are only added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TeamSettings")]
pub struct TeamBody {
    /// Its name, for people.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Who belongs to it.
    #[serde(default)]
    #[schemars(length(max = 500))]
    pub members: Vec<Member>,
    /// The calendar of its working hours; `null` = always.
    #[serde(default)]
    pub calendar: Option<String>,
    /// How long the first agent is asked, in milliseconds. Default 8000.
    #[serde(default = "first_ms")]
    #[schemars(range(min = 1_000, max = 3_600_000))]
    pub first_ms: u64,
    /// How long the next one is. Default 6000.
    #[serde(default = "second_ms")]
    #[schemars(range(min = 1_000, max = 3_600_000))]
    pub second_ms: u64,
    /// Within which time somebody must have taken an escalation, from our receipt of what caused it. Default 20000.
    #[serde(default = "accept_within_ms")]
    #[schemars(range(min = 2_000, max = 86_400_000))]
    pub accept_within_ms: u64,
    /// The same for leads (`human.assign`). Default 15 minutes.
    #[serde(default = "lead_within_ms")]
    #[schemars(range(min = 10_000, max = 604_800_000))]
    pub lead_within_ms: u64,
    /// How long somebody who took one may keep silent before it is offered again. Default 60000.
    #[serde(default = "silent_ms")]
    #[schemars(range(min = 5_000, max = 86_400_000))]
    pub silent_ms: u64,
    /// How long an agent writes up after closing a conversation, and is offered nothing. Default 15000; 0 = not at all.
    #[serde(default = "wrap_up_ms")]
    #[schemars(range(max = 3_600_000))]
    pub wrap_up_ms: u64,
    /// How many conversations an agent may have. Default 6.
    #[serde(default = "load_limit")]
    #[schemars(range(min = 1, max = 1_000))]
    pub load_limit: u32,
    /// Connections that are told when nobody took it so far. Empty = the installation's `notify` connection.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub fallback: Vec<String>,
    /// What a customer is told when nobody works, by language; languages that are missing have a text of ours.
    #[serde(default)]
    pub away_text: BTreeMap<String, String>,
    /// Whether that text asks for number and time of a call-back. Default true.
    #[serde(default = "yes")]
    pub call_back: bool,
    /// Whether what the customer answers becomes a ticket in the CRM. Default true; nothing is made where no CRM can.
    #[serde(default = "yes")]
    pub call_back_ticket: bool,
    /// The connection for that; `null` = the CRM that flows use where they name none.
    #[serde(default)]
    pub call_back_crm: Option<String>,
    /// When whoever takes something becomes the contact's owner in the CRM. Default `leads`.
    #[serde(default)]
    pub owner_to_crm: OwnerToCrm,
}

/// Somebody in a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TeamMember")]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// What this one can do in this team, besides the profile's.
    #[serde(default)]
    pub skills: Vec<String>,
    /// Languages, besides the profile's.
    #[serde(default)]
    pub languages: Vec<String>,
}

/// What is set about an agent, in all teams. Stored as JSON; fields are only added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AgentSettings")]
pub struct ProfileBody {
    /// Languages spoken, BCP 47. None = asked in every one.
    #[serde(default)]
    pub languages: Vec<String>,
    /// What this one can do.
    #[serde(default)]
    pub skills: Vec<String>,
    /// How many conversations at once; `null` = as the team says.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000))]
    pub limit: Option<u32>,
    /// Names in other services, by service: `{ slack: U012AB3CD, hubspot: "41002" }`. Buttons pressed there count as this one's, and
    /// so does what is theirs in a CRM; a connection's id instead of the service is about that account alone.
    #[serde(default)]
    pub handles: BTreeMap<String, String>,
}

fn first_ms() -> u64 {
    8_000
}
fn second_ms() -> u64 {
    6_000
}
fn accept_within_ms() -> u64 {
    20_000
}
fn lead_within_ms() -> u64 {
    15 * 60 * 1_000
}
fn silent_ms() -> u64 {
    60_000
}
fn wrap_up_ms() -> u64 {
    15_000
}
fn load_limit() -> u32 {
    6
}
fn yes() -> bool {
    true
}

/// A team with its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// Kebab-case, as flows name it.
    pub id: Arc<str>,
    /// Counts the changes, from 1.
    pub rev: i64,
    /// All else.
    pub body: TeamBody,
}

impl std::ops::Deref for Team {
    type Target = TeamBody;

    fn deref(&self) -> &TeamBody {
        &self.body
    }
}

/// An agent's settings with the name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// As people know this one.
    pub name: String,
    /// Counts the changes; 0 = nothing was set.
    pub rev: i64,
    /// All else.
    pub body: ProfileBody,
}

impl std::ops::Deref for Profile {
    type Target = ProfileBody;

    fn deref(&self) -> &ProfileBody {
        &self.body
    }
}

/// Why settings are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub struct BadStaff {
    /// The field.
    pub field: &'static str,
    /// What is wrong with it, and what to do.
    pub why: Sentence,
}

impl BadStaff {
    /// The same for other languages.
    #[must_use]
    pub fn sentence(&self) -> Sentence {
        sentence!("{field}: {why}", field = self.field, why = self.why)
    }
}

impl TeamBody {
    /// A team with this name, all else as it is by default.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            members: Vec::new(),
            calendar: None,
            first_ms: first_ms(),
            second_ms: second_ms(),
            accept_within_ms: accept_within_ms(),
            lead_within_ms: lead_within_ms(),
            silent_ms: silent_ms(),
            wrap_up_ms: wrap_up_ms(),
            load_limit: load_limit(),
            fallback: Vec::new(),
            away_text: BTreeMap::new(),
            call_back: true,
            call_back_ticket: true,
            call_back_crm: None,
            owner_to_crm: OwnerToCrm::default(),
        }
    }

    /// Says what is wrong with these settings, if anything is.
    ///
    /// # Errors
    /// With the first field that is wrong.
    pub fn check(&self) -> Result<(), BadStaff> {
        let bad = |field, why: Sentence| Err(BadStaff { field, why });
        if self.name.trim().is_empty() || self.name.chars().count() > 100 {
            return bad("name", Sentence::from("write 1 to 100 characters"));
        }
        let users: BTreeSet<UserId> = self.members.iter().map(|member| member.user).collect();
        if users.len() != self.members.len() || users.len() > 500 {
            return bad("members", Sentence::from("name each person once, at most 500"));
        }
        let spans = [
            ("first_ms", self.first_ms, 1_000..=3_600_000),
            ("second_ms", self.second_ms, 1_000..=3_600_000),
            ("accept_within_ms", self.accept_within_ms, 2_000..=86_400_000),
            ("lead_within_ms", self.lead_within_ms, 10_000..=604_800_000),
            ("silent_ms", self.silent_ms, 5_000..=86_400_000),
            ("wrap_up_ms", self.wrap_up_ms, 0..=3_600_000),
            ("load_limit", u64::from(self.load_limit), 1..=1_000),
        ];
        for (field, value, range) in spans {
            if !range.contains(&value) {
                return Err(BadStaff {
                    field,
                    why: sentence!("write {least} to {most}", least = range.start(), most = range.end()),
                });
            }
        }
        if self.first_ms + self.second_ms > self.accept_within_ms {
            return bad(
                "accept_within_ms",
                Sentence::from("give it at least as long as `first_ms` and `second_ms` together"),
            );
        }
        if self.fallback.len() > 20 {
            return bad("fallback", Sentence::from("name at most 20 connections"));
        }
        if self.away_text.values().any(|text| text.trim().is_empty() || text.chars().count() > 1_000) {
            return bad("away_text", Sentence::from("write 1 to 1000 characters, or leave the language out"));
        }
        Ok(())
    }

    /// Whether `user` belongs to it.
    #[must_use]
    pub fn has(&self, user: UserId) -> bool {
        self.members.iter().any(|member| member.user == user)
    }

    /// Within which time one of `lead` or an escalation must have been taken, when whoever asks does not say.
    #[must_use]
    pub fn within(&self, lead: bool) -> Duration {
        Duration::from_millis(if lead { self.lead_within_ms } else { self.accept_within_ms })
    }

    /// What a customer is told in `language` when nobody works.
    #[must_use]
    pub fn away_text(&self, language: &str) -> String {
        let primary = language.split(['-', '_']).next().unwrap_or_default();
        let own = self.away_text.get(language).or_else(|| self.away_text.get(primary));
        own.cloned().unwrap_or_else(|| texts::away(primary, self.call_back).to_owned())
    }
}

impl ProfileBody {
    /// Says what is wrong with these settings, if anything is.
    ///
    /// # Errors
    /// With the first field that is wrong.
    pub fn check(&self) -> Result<(), BadStaff> {
        let long = |words: &[String]| words.len() > 100 || words.iter().any(|word| word.is_empty() || word.len() > 100);
        let bad = |field, why: Sentence| Err(BadStaff { field, why });
        if long(&self.languages) {
            return bad("languages", Sentence::from("write at most 100 tags such as `en` or `pt-BR`"));
        }
        if long(&self.skills) {
            return bad("skills", Sentence::from("write at most 100 words of 1 to 100 characters"));
        }
        if self.limit.is_some_and(|limit| !(1..=1_000).contains(&limit)) {
            return bad("limit", Sentence::from("write 1 to 1000, or null"));
        }
        if self.handles.iter().any(|(service, name)| service.len() > 50 || name.is_empty() || name.len() > 200) {
            return bad("handles", Sentence::from("write a name of 1 to 200 characters for each service"));
        }
        Ok(())
    }
}

/// Everybody the desk may ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Staff {
    /// Teams by id.
    pub teams: BTreeMap<Arc<str>, Team>,
    /// Everybody who works here, with what is set of them.
    pub people: BTreeMap<UserId, Profile>,
}

impl Staff {
    /// One team.
    #[must_use]
    pub fn team(&self, id: &str) -> Option<&Team> {
        self.teams.get(id)
    }

    /// What is set about somebody who works here.
    #[must_use]
    pub fn profile(&self, user: UserId) -> Option<&Profile> {
        self.people.get(&user)
    }

    /// Somebody's name; empty for who does not work here any more.
    #[must_use]
    pub fn name(&self, user: UserId) -> &str {
        self.profile(user).map_or("", |profile| &profile.name)
    }

    /// The teams somebody belongs to.
    pub fn teams_of(&self, user: UserId) -> impl Iterator<Item = &Team> {
        self.teams.values().filter(move |team| team.has(user))
    }

    /// Who is called `name` in `service`, or in any when it is not known which.
    #[must_use]
    pub fn who(&self, service: Option<&str>, name: &str) -> Option<UserId> {
        let there = |known: &str| service.is_none_or(|service| known == service);
        let called = |profile: &Profile| profile.handles.iter().any(|(known, own)| there(known) && own == name);
        self.people.iter().find(|(_, profile)| !name.is_empty() && called(profile)).map(|(user, _)| *user)
    }

    /// The staff as it is stored: teams, what is set of agents, and everybody's name. What cannot be read is left out, and named.
    #[must_use]
    pub fn of(rows: StaffRows) -> (Self, Vec<String>) {
        let mut bad = Vec::new();
        let mut staff = Self::default();
        for (user, name) in rows.people {
            staff.people.insert(user, Profile { name, ..Profile::default() });
        }
        for row in rows.profiles {
            match serde_json::from_str(&row.body) {
                Ok(body) => {
                    if let Some(profile) = staff.people.get_mut(&row.user) {
                        (profile.rev, profile.body) = (row.rev, body);
                    }
                }
                Err(error) => bad.push(format!("the settings of {}: {error}", row.user)),
            }
        }
        for row in rows.teams {
            match serde_json::from_str::<TeamBody>(&row.body) {
                Ok(mut body) => {
                    // Who left works here no more, whatever the team says.
                    body.members.retain(|member| staff.people.contains_key(&member.user));
                    let id: Arc<str> = row.id.into();
                    staff.teams.insert(Arc::clone(&id), Team { id, rev: row.rev, body });
                }
                Err(error) => bad.push(format!("the team `{}`: {error}", row.id)),
            }
        }
        (staff, bad)
    }
}
