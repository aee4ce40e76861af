//! Counting what happened: together what has the same key.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use engine::clock::At;
use engine::ids::{ConversationId, UserId};
use engine::inbox::RatingRow;
use engine::store::{ClosingRow, EscalationRow};

use super::super::{figures, midnight};
use super::read::Seen;
use super::{By, Row, Satisfaction, Spread};

/// What has one key.
#[derive(Default)]
struct Group<'a> {
    name: Option<String>,
    escalations: Vec<&'a EscalationRow>,
    closings: Vec<&'a ClosingRow>,
    ratings: Vec<&'a RatingRow>,
    conversations: HashSet<ConversationId>,
    humans: HashSet<ConversationId>,
}

/// Key and name of a group.
type Key = (String, Option<String>);

/// What happened, by key.
pub(super) struct Tally<'a> {
    groups: BTreeMap<String, Group<'a>>,
}

impl<'a> Tally<'a> {
    /// Counts `seen`, people by their `name`.
    pub(super) fn of(seen: &'a Seen, by: By, name: impl Fn(UserId) -> String) -> Self {
        let keys = Keys { by, seen, name: &name };
        let mut tally = Self { groups: BTreeMap::new() };
        for row in &seen.escalations {
            let group = tally.group(keys.of_escalation(row));
            group.escalations.push(row);
            group.conversations.extend(row.conversation_id);
        }
        for row in &seen.closings {
            for key in keys.of(row.conversation_id, row.agent, row.team.as_deref(), row.at) {
                let group = tally.group(key);
                group.closings.push(row);
                group.conversations.insert(row.conversation_id);
            }
        }
        for row in &seen.ratings {
            for key in keys.of(row.conversation_id, row.agent, row.team.as_deref(), row.at) {
                let group = tally.group(key);
                group.ratings.push(row);
                group.conversations.insert(row.conversation_id);
            }
        }
        match by {
            By::Agent => tally.add_writers(&keys),
            By::Flow => tally.add_flows(seen),
            By::Team => {}
            By::Day => tally.add_days(seen),
        }
        if by != By::Day {
            tally.add_rest(seen);
            tally.mark_humans(seen);
        }
        tally
    }

    fn group(&mut self, (key, name): Key) -> &mut Group<'a> {
        let group = self.groups.entry(key).or_default();
        group.name = group.name.take().or(name);
        group
    }

    fn add_writers(&mut self, keys: &Keys<'_>) {
        for (conversation, user) in keys.seen.wrote.iter().filter_map(|(talk, user, _)| Some((talk, (*user)?))) {
            self.group(keys.person(user)).conversations.insert(*conversation);
        }
    }

    fn add_flows(&mut self, seen: &Seen) {
        for (conversation, flows) in &seen.ran {
            for flow in flows {
                self.group((flow.clone(), None)).conversations.insert(*conversation);
            }
        }
    }

    fn add_days(&mut self, seen: &Seen) {
        for (day, conversations) in &seen.days {
            self.group(day_key(*day)).conversations.extend(conversations);
        }
        for (conversation, _, at) in &seen.wrote {
            self.group(day_key(*at)).humans.insert(*conversation);
        }
    }

    /// Conversations that nobody of the others has.
    fn add_rest(&mut self, seen: &Seen) {
        let known: HashSet<ConversationId> =
            self.groups.values().flat_map(|group| group.conversations.iter().copied()).collect();
        let rest: HashSet<ConversationId> =
            seen.days.values().flatten().filter(|talk| !known.contains(talk)).copied().collect();
        if !rest.is_empty() {
            self.group((String::new(), None)).conversations.extend(rest);
        }
    }

    fn mark_humans(&mut self, seen: &Seen) {
        let humans: HashSet<ConversationId> = seen.wrote.iter().map(|(talk, ..)| *talk).collect();
        for group in self.groups.values_mut() {
            group.humans = group.conversations.intersection(&humans).copied().collect();
        }
    }

    /// The lines, by key.
    pub(super) fn rows(self) -> Vec<Row> {
        self.groups.into_iter().map(|(key, group)| group.row(key)).collect()
    }
}

/// Everything together.
pub(super) fn total(seen: &Seen) -> Row {
    let mut group = Group {
        name: None,
        escalations: seen.escalations.iter().collect(),
        closings: seen.closings.iter().collect(),
        ratings: seen.ratings.iter().collect(),
        humans: seen.wrote.iter().map(|(talk, ..)| *talk).collect(),
        conversations: seen.days.values().flatten().copied().collect(),
    };
    group.conversations.extend(seen.escalations.iter().filter_map(|row| row.conversation_id));
    group.conversations.extend(seen.closings.iter().map(|row| row.conversation_id));
    group.conversations.extend(seen.ratings.iter().map(|row| row.conversation_id));
    group.row(String::new())
}

/// Which group something belongs to.
struct Keys<'a> {
    by: By,
    seen: &'a Seen,
    name: &'a dyn Fn(UserId) -> String,
}

impl Keys<'_> {
    fn person(&self, user: UserId) -> Key {
        (user.to_string(), Some((self.name)(user)).filter(|name| !name.is_empty()))
    }

    fn of_escalation(&self, row: &EscalationRow) -> Key {
        match (self.by, row.accepted_user) {
            (By::Agent, Some(user)) => {
                let (key, name) = self.person(user);
                // Who left works here no more, but was called so.
                (key, name.or_else(|| row.accepted_by.clone()))
            }
            // A machine took it in somebody's name.
            (By::Agent, None) => (row.accepted_by.clone().unwrap_or_default(), row.accepted_by.clone()),
            (By::Team, _) => (row.team.clone(), None),
            (By::Flow, _) => (self.seen.asked.get(&row.run_id).cloned().unwrap_or_default(), None),
            (By::Day, _) => day_key(row.received_at),
        }
    }

    /// Of a session that was closed, or an answer about one.
    fn of(&self, talk: ConversationId, agent: Option<UserId>, team: Option<&str>, at: At) -> BTreeSet<Key> {
        let nobody = || (String::new(), None);
        match self.by {
            By::Agent => BTreeSet::from([agent.map_or_else(nobody, |user| self.person(user))]),
            By::Team => BTreeSet::from([(team.unwrap_or_default().to_owned(), None)]),
            By::Day => BTreeSet::from([day_key(at)]),
            By::Flow => match self.seen.ran.get(&talk) {
                Some(flows) => flows.iter().map(|flow| (flow.clone(), None)).collect(),
                None => BTreeSet::from([nobody()]),
            },
        }
    }
}

fn day_key(at: At) -> Key {
    (midnight(at).to_string().chars().take(10).collect(), None)
}

impl Group<'_> {
    fn row(self, key: String) -> Row {
        let spans = |to: &dyn Fn(&EscalationRow) -> Option<At>| {
            Spread::of(self.escalations.iter().filter_map(|row| Some(millis(row.received_at, to(row)?))).collect())
        };
        let counted: Vec<&EscalationRow> = self.escalations.iter().filter(|row| !row.out_of_hours).copied().collect();
        let kept = counted.iter().filter(|row| figures::is_kept(row)).count();
        let settled = counted.iter().filter(|row| row.missed || row.accepted_at.is_some()).count();
        Row {
            key,
            conversations: self.conversations.len(),
            first_response_ms: spans(&|row| row.answered_at),
            accept_ms: spans(&|row| row.accepted_at),
            resolution_ms: Spread::of(self.closings.iter().map(|row| millis(row.opened_at, row.at)).collect()),
            satisfaction: satisfaction(&self.ratings),
            within: share(kept, settled),
            human_share: share(self.humans.len(), self.conversations.len()),
            missed: counted.iter().filter(|row| row.missed).count(),
            out_of_hours: self.escalations.len() - counted.len(),
            name: self.name,
        }
    }
}

/// Milliseconds; none when the second time is before the first, as an echo's can be.
fn millis(from: At, to: At) -> u64 {
    u64::try_from(to.since(from).as_millis()).unwrap_or(u64::MAX)
}

#[allow(clippy::cast_precision_loss, reason = "counts of some months are small")]
fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// A thumb down is one star, a thumb up five.
#[allow(clippy::cast_precision_loss, reason = "stars are few")]
fn satisfaction(ratings: &[&RatingRow]) -> Satisfaction {
    let stars = |row: &&RatingRow| 1.0 + 4.0 * (row.stars - 1) as f64 / (row.of - 1).max(1) as f64;
    let n = ratings.len();
    let sum: f64 = ratings.iter().map(stars).sum();
    Satisfaction { mean: (n > 0).then(|| sum / n as f64), n }
}
