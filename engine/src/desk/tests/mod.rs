//! The desk by itself: a small world in which time is a number.

mod day;
mod ladder;
mod people;
mod rush;

use std::collections::BTreeMap;

use super::*;
use crate::calendar::Calendar;
use crate::ids::{ContactId, ConversationId, RunId, WaitId};

/// When every test begins: a Monday, 09:00 UTC.
pub(super) const NOW: At = At(1_767_603_600_000);

/// `ms` milliseconds after [`NOW`].
pub(super) fn at(ms: i64) -> At {
    At(NOW.0 + ms)
}

pub(super) const ANNA: UserId = UserId(101);
pub(super) const BEN: UserId = UserId(102);
pub(super) const CHIARA: UserId = UserId(103);

/// A desk that remembers between inputs, and everything it said.
pub(super) struct World {
    pub(super) staff: Staff,
    pub(super) calendars: Calendars,
    pub(super) notify: bool,
    pub(super) agents: BTreeMap<UserId, Agent>,
    pub(super) cases: BTreeMap<EscalationId, Case>,
    pub(super) over: BTreeMap<EscalationId, Case>,
    pub(super) out: Vec<(At, Out)>,
    pub(super) now: At,
}

impl World {
    /// One team `care` with these members, all here and available.
    pub(super) fn with(members: &[UserId]) -> Self {
        let mut world = Self {
            staff: Staff::default(),
            calendars: Calendars::new(),
            notify: true,
            agents: BTreeMap::new(),
            cases: BTreeMap::new(),
            over: BTreeMap::new(),
            out: Vec::new(),
            now: NOW,
        };
        let member = |user: &UserId| Member { user: *user, skills: Vec::new(), languages: Vec::new() };
        let body = TeamBody { members: members.iter().map(member).collect(), ..TeamBody::named("Care") };
        world.staff.teams.insert("care".into(), Team { id: "care".into(), rev: 1, body });
        for user in members {
            let profile = Profile { name: format!("agent {}", user.0), ..Profile::default() };
            world.staff.people.insert(*user, profile);
            world.step(NOW, |desk| desk.page(*user, true));
        }
        world.out.clear();
        world
    }

    pub(super) fn team(&mut self) -> &mut TeamBody {
        &mut self.staff.teams.get_mut("care").unwrap().body
    }

    pub(super) fn profile(&mut self, user: UserId) -> &mut ProfileBody {
        &mut self.staff.people.get_mut(&user).unwrap().body
    }

    /// Opening hours 9 to 17 UTC from Monday to Friday.
    pub(super) fn office_hours(&mut self) {
        let time = |hour| chrono::NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
        let day = || vec![(time(9), Some(time(17)))];
        let hours = [day(), day(), day(), day(), day(), vec![], vec![]];
        let calendar = Calendar { name: "office".into(), zone: chrono_tz::UTC, hours, holidays: BTreeSet::new() };
        self.calendars.insert("office".into(), calendar.into());
        self.team().calendar = Some("office".into());
    }

    /// One input at `now`.
    pub(super) fn step<T>(&mut self, now: At, act: impl FnOnce(&mut Desk<'_>) -> T) -> T {
        assert!(now >= self.now, "time does not run back");
        self.now = now;
        let mut desk = Desk::new(&self.staff, &self.calendars, self.notify, now);
        desk.agents = std::mem::take(&mut self.agents);
        // As it is stored: the row, and how far it is as JSON.
        for (id, case) in std::mem::take(&mut self.cases) {
            let data = serde_json::to_vec(&case.progress).unwrap();
            desk.cases.insert(id, Case::stored(case.row, Some(&data)));
        }
        let answer = act(&mut desk);
        self.agents = desk.agents;
        let (over, open) = desk.cases.into_iter().partition(|(_, case)| case.row.done);
        self.cases = open;
        self.over.extend::<BTreeMap<_, _>>(over);
        self.out.extend(desk.out.into_iter().map(|out| (now, out)));
        answer
    }

    /// Lets everything fall due up to `until`, in order.
    pub(super) fn run_to(&mut self, until: At) {
        while let Some((due, what)) = self.next_due().filter(|(due, _)| *due <= until) {
            let now = due.max(self.now);
            match what {
                Due::Case(id) => self.step(now, |desk| desk.due(id)),
                Due::Agent(user) => self.step(now, |desk| desk.wrapped_up(user)),
            }
        }
        self.now = self.now.max(until);
    }

    pub(super) fn next_due(&self) -> Option<(At, Due)> {
        let cases = self.cases.values().map(|case| (case.progress.wake, Due::Case(case.row.id)));
        let agents = self.agents.iter().filter_map(|(user, agent)| Some((agent.wrap_up_until?, Due::Agent(*user))));
        cases.chain(agents).min_by_key(|(due, _)| *due).filter(|(due, _)| *due < At::NEVER)
    }

    pub(super) fn ask(&mut self, now: At, ask: Ask) -> EscalationId {
        let id = ask.escalation;
        self.step(now, |desk| desk.ask(ask));
        id
    }

    pub(super) fn case(&self, id: EscalationId) -> &Case {
        self.cases.get(&id).or_else(|| self.over.get(&id)).unwrap()
    }

    pub(super) fn stage(&self, id: EscalationId) -> Stage {
        self.case(id).row.stage
    }

    pub(super) fn offered(&self, id: EscalationId) -> &[UserId] {
        &self.case(id).progress.offered
    }

    pub(super) fn take(&mut self, now: At, id: EscalationId, user: UserId) -> Result<u64, Refused> {
        self.step(now, |desk| desk.take(id, Taker { user: Some(user), name: format!("agent {}", user.0) }))
    }

    /// The story of a demand: milliseconds after [`NOW`], what, and whom it concerns.
    pub(super) fn story(&self, id: EscalationId) -> Vec<String> {
        let lines = self.out.iter().filter_map(|(when, out)| match out {
            Out::Story(of, entry) if *of == id => Some((*when, &entry.what)),
            _ => None,
        });
        let words = lines.map(|(when, what)| {
            let told = match what {
                crate::run::What::Desk { how, agents, .. } => {
                    agents.iter().fold(how.to_string(), |told, agent| format!("{told} {}", agent.0))
                }
                crate::run::What::Taken { .. } => "taken".to_owned(),
                crate::run::What::Missed { .. } => "missed".to_owned(),
                other => format!("{other:?}"),
            };
            format!("{} {told}", when.0 - NOW.0)
        });
        words.collect()
    }

    /// What the fallback channels were told.
    pub(super) fn told(&self, id: EscalationId) -> Vec<(i64, &'static str)> {
        let told = self.out.iter().filter_map(|(when, out)| match out {
            Out::Tell(of, state) if *of == id => Some((when.0 - NOW.0, *state)),
            _ => None,
        });
        told.collect()
    }

    /// What was said to those who asked.
    pub(super) fn letters(&self) -> Vec<&FromDesk> {
        self.out
            .iter()
            .filter_map(|(_, out)| if let Out::Letter(_, letter) = out { Some(letter) } else { None })
            .collect()
    }
}

/// Something that falls due.
pub(super) enum Due {
    Case(EscalationId),
    Agent(UserId),
}

/// The `n`-th demand, received at `received_at`.
pub(super) fn ask(n: i64, received_at: At) -> Ask {
    Ask {
        escalation: EscalationId(n),
        kind: AskKind::Escalation,
        from: MailboxId::of_contact(ContactId(1_000 + n)),
        contact: Some(ContactId(1_000 + n)),
        conversation: Some(ConversationId(2_000 + n)),
        customer: "Li Wei".into(),
        team: "care".into(),
        reason: "complaint".into(),
        skills: Vec::new(),
        language: String::new(),
        received_at,
        provider_at: None,
        accept_within_ms: None,
        depth: 0,
        run: RunId(7),
        wait: Some(WaitId(8)),
        prefer: None,
    }
}
