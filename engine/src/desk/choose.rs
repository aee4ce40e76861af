//! Whom to offer something to: who can at all, then who first. Each reason is kept, for whoever asks "why not me?".

use std::cmp::Reverse;

use serde::Serialize;

use super::{Case, Desk, Member, State, Team};
use crate::ids::UserId;

/// Somebody who was looked at and is not offered it, and why: `offline`, `away`, `busy`, `break`, `wrap_up`, `tried` (had it
/// already), `full`, `language`, `skill`, `behind` (another one comes first).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Passed {
    /// Who.
    pub agent: UserId,
    /// Why.
    pub why: &'static str,
}

/// Who is offered something.
#[derive(Debug, PartialEq)]
pub(super) struct Choice {
    /// Whom, if there is anybody, and what spoke for that one: `last_agent`, `only_one`, `least_loaded`, `longest_idle`.
    pub(super) chosen: Option<(UserId, &'static str)>,
    /// All others of the team.
    pub(super) passed: Vec<Passed>,
}

impl Desk<'_> {
    /// The best of `team` for `case`.
    pub(super) fn choose(&self, team: &Team, case: &Case) -> Choice {
        let mut passed = Vec::new();
        let mut can = Vec::new();
        for member in &team.members {
            match self.why_not(team, member, case) {
                Some(why) => passed.push(Passed { agent: member.user, why }),
                None => can.push(member.user),
            }
        }
        // In millionths of the limit.
        let share = |user: &UserId| self.load(*user) as u64 * 1_000_000 / u64::from(self.limit(team, *user)).max(1);
        let idle = |user: &UserId| self.agents.get(user).map(|agent| agent.idle_since);
        can.sort_by_key(|user| (Reverse(case.progress.prefer == Some(*user)), share(user), idle(user), *user));
        let mut can = can.into_iter();
        let best = can.next();
        let chosen = best.map(|best| {
            let why = match can.as_slice().first() {
                _ if case.progress.prefer == Some(best) => "last_agent",
                None => "only_one",
                Some(next) if share(next) > share(&best) => "least_loaded",
                Some(_) => "longest_idle",
            };
            (best, why)
        });
        passed.extend(can.map(|agent| Passed { agent, why: "behind" }));
        Choice { chosen, passed }
    }

    /// Why a member of `team` cannot be offered `case`, if so.
    fn why_not(&self, team: &Team, member: &Member, case: &Case) -> Option<&'static str> {
        let user = member.user;
        let Some(agent) = self.agents.get(&user).filter(|agent| agent.online) else { return Some("offline") };
        match agent.state(self.now) {
            State::Available => {}
            State::Busy => return Some("busy"),
            State::Break => return Some("break"),
            State::WrapUp => return Some("wrap_up"),
            State::Away => return Some("away"),
        }
        if case.progress.tried.contains(&user) {
            return Some("tried");
        }
        if self.load(user) >= self.limit(team, user) as usize {
            return Some("full");
        }
        let profile = self.staff.profile(user);
        let speaks = || member.languages.iter().chain(profile.map(|profile| &profile.languages).into_iter().flatten());
        let wanted = primary(&case.progress.language);
        // Who names no language is asked in every one.
        if !wanted.is_empty() && speaks().next().is_some() && !speaks().any(|known| primary(known) == wanted) {
            return Some("language");
        }
        let can =
            |skill| member.skills.contains(skill) || profile.is_some_and(|profile| profile.skills.contains(skill));
        let lacking = case.progress.skills.iter().any(|skill| !can(skill));
        lacking.then_some("skill")
    }

    /// How many conversations somebody may have.
    pub(crate) fn limit(&self, team: &Team, user: UserId) -> u32 {
        self.staff.profile(user).and_then(|profile| profile.limit).unwrap_or(team.load_limit)
    }
}

/// The language of a tag without region and script: `pt` of `pt-BR`.
fn primary(tag: &str) -> String {
    tag.split(['-', '_']).next().unwrap_or_default().to_lowercase()
}
