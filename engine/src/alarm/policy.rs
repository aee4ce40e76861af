//! Who is told of an alarm, through which connection, when not, and how often.

use std::collections::BTreeSet;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Raise;
use crate::calendar::Calendars;
use crate::capability::notify::Level;
use crate::clock::At;
use crate::sentence;
use crate::sentence::Sentence;

/// What an alarm is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "AlarmKind")]
pub enum Kind {
    /// A connection is down, or its credentials are refused.
    ConnectionDown,
    /// Calls wait for a person.
    Attention,
    /// A flow whose owner asked failed.
    FlowFailed,
    /// A trigger matched too often in its first hour.
    StartsHeld,
    /// The machine's clock jumped.
    ClockJumped,
    /// A volume that holds our data is nearly full.
    DiskLow,
    /// Nobody took a customer in time.
    EscalationMissed,
    /// It looks as if nobody will.
    EscalationLate,
    /// A person tries whether telling works.
    Test,
}

impl Kind {
    /// Its name in messages and the API.
    #[must_use]
    pub fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|name| Some(name.as_str()?.to_owned())).unwrap_or_default()
    }
}

/// Whom to tell from which level on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AlarmRoute")]
pub struct Route {
    /// From this level on: `info` is everything.
    #[serde(default)]
    pub level: Level,
    /// A connection that performs `notify.alarm`.
    #[schemars(length(min = 1, max = 64))]
    pub connection: String,
    /// Whom there, in the service's own words. Default: whom the connection names.
    #[serde(default)]
    #[schemars(length(min = 1, max = 320))]
    pub to: Option<String>,
}

/// How alarms are told. Fields are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "AlarmPolicy")]
pub struct Policy {
    /// Who is told. Without any, alarms are only shown here.
    #[schemars(length(max = 20))]
    pub routes: Vec<Route>,
    /// A calendar outside whose hours less than `alarm` is not told, but when it opens. Default: no quiet hours.
    pub working_hours: Option<String>,
    /// Minutes after which an alarm that nobody acknowledged is told again: 1 to 1 440. Default 15.
    #[schemars(range(min = 1, max = 1440))]
    pub repeat_minutes: u32,
    /// How often it is told at most: 1 to 100. Default 4.
    #[schemars(range(min = 1, max = 100))]
    pub most: u32,
    /// Minutes for which a connection must be down: 0 to 1 440. Default 5. Refused credentials are told at once.
    #[schemars(range(min = 0, max = 1440))]
    pub down_minutes: u32,
    /// Megabytes (of 1 048 576 bytes) below which the room left for the database or its backups is an alarm: 0 to 10 000 000,
    /// 0 = never. Default 1 024.
    #[schemars(range(max = 10_000_000))]
    pub disk_free_mb: u32,
    /// What is never an alarm.
    pub off: BTreeSet<Kind>,
    /// Flows whose failed runs are alarms.
    pub flows: BTreeSet<String>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            routes: Vec::new(),
            working_hours: None,
            repeat_minutes: 15,
            most: 4,
            down_minutes: 5,
            disk_free_mb: 1_024,
            off: BTreeSet::new(),
            flows: BTreeSet::new(),
        }
    }
}

impl Policy {
    /// What is wrong with it, in words; `None` when nothing is.
    #[must_use]
    pub fn mistake(&self) -> Option<Sentence> {
        let figures = [
            ("repeat_minutes", self.repeat_minutes, 1..=1_440),
            ("down_minutes", self.down_minutes, 0..=1_440),
            ("most", self.most, 1..=100),
            ("disk_free_mb", self.disk_free_mb, 0..=10_000_000),
        ];
        if let Some((name, value, range)) = figures.into_iter().find(|(_, value, range)| !range.contains(value)) {
            return Some(sentence!(
                "{name} must be {least} to {most}, not {value}",
                name,
                least = range.start(),
                most = range.end(),
                value
            ));
        }
        if self.routes.len() > 20 {
            return Some(Sentence::from("there may be at most 20 routes"));
        }
        let unnamed = self.routes.iter().any(|route| route.connection.is_empty());
        unnamed.then(|| Sentence::from("a route must name a connection"))
    }

    /// Whether this is an alarm at all.
    pub(crate) fn wants(&self, raise: &Raise) -> bool {
        let asked = match raise.kind {
            Kind::FlowFailed => raise.key.strip_prefix("flow/").is_some_and(|flow| self.flows.contains(flow)),
            _ => true,
        };
        asked && !self.off.contains(&raise.kind)
    }

    /// When it may be told: `now`, or when the working hours begin.
    pub(crate) fn telling_at(&self, level: Level, calendars: &Calendars, now: At) -> At {
        let calendar = self.working_hours.as_deref().and_then(|name| calendars.get(name));
        match calendar {
            // One that never opens keeps nobody from being told.
            Some(calendar) if level < Level::Alarm => calendar.open_from(now).unwrap_or(now),
            _ => now,
        }
    }

    /// The pause between two tellings.
    pub(crate) fn repeat(&self) -> Duration {
        Duration::from_secs(u64::from(self.repeat_minutes) * 60)
    }

    /// How long a patient alarm must last.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(u64::from(self.down_minutes) * 60)
    }
}
