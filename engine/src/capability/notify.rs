//! `notify.*`: telling people who work here, wherever they are: a chat, their mail, an address of another system.
//!
//! [`Send`] is for flows, and for word to single people (`engine::order::Order::TellPeople`). [`TellAlarm`] is sent by the engine
//! itself (`engine::alarm`), and so is [`NotifyEscalation`](super::human::NotifyEscalation).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::connector::Action;

/// Tells somebody something.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// Whom, in the service's own words: a channel, a chat, an e-mail address. Default: whom the connection names.
    #[serde(default)]
    #[schemars(length(min = 1, max = 320))]
    pub to: Option<String>,
    /// One line above the text; the subject of a mail.
    #[serde(default)]
    #[schemars(length(min = 1, max = 150))]
    pub title: Option<String>,
    /// What is to be read, without formatting.
    #[schemars(length(min = 1, max = 3000))]
    pub text: String,
    /// How much it matters: `info` (default), `warning` or `alarm`.
    #[serde(default)]
    pub level: Level,
}

/// How much something matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "NoticeLevel")]
pub enum Level {
    /// Good to know.
    #[default]
    Info,
    /// Somebody should look at it today.
    Warning,
    /// Somebody must look at it now.
    Alarm,
}

/// What was told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "Told")]
pub struct Told {
    /// The message's id at the service, by which it can be changed later; null where messages cannot be changed.
    #[serde(default)]
    pub message: Option<String>,
}

impl Action for Send {
    const NAME: &'static str = "notify.send";
    const ABOUT: &'static str = "Tells people who work here something: in a chat, by mail or by a webhook.";
    type Output = Told;
    fn sample() -> Told {
        Told { message: Some("TEST-MESSAGE".into()) }
    }
}

/// Tells people that something needs them. Sent by the engine itself, not written in flows.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TellAlarm {
    /// The alarm's id; empty for a trial.
    pub alarm: String,
    /// What makes it the same alarm, with what it is about: `connection/<id>`; empty for a trial.
    #[serde(default)]
    pub key: String,
    /// What it is about: `connection_down`, `flow_failed`, … or `test`.
    pub kind: String,
    /// One line.
    pub title: String,
    /// What happened and what to do.
    pub text: String,
    /// How much it matters.
    pub level: Level,
    /// Where to look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// How often it was told before: 0 the first time.
    #[serde(default)]
    pub repeat: u32,
    /// `open`, `acknowledged` or `ended`.
    #[serde(default)]
    pub state: AlarmState,
    /// Whom, in the service's own words. Default: whom the connection names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The message to change instead of sending one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<String>,
    /// Who acknowledged it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The team that let a customer wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// That customer's name and number, as far as known, while they wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// For how many seconds they wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_s: Option<u64>,
}

/// How far people are with an alarm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmState {
    /// Nobody has said that they look at it.
    #[default]
    Open,
    /// Somebody looks at it.
    Acknowledged,
    /// Its cause is gone.
    Ended,
}

impl Action for TellAlarm {
    const NAME: &'static str = "notify.alarm";
    const ABOUT: &'static str = "Tells people that something needs them.";
    type Output = Told;
    fn sample() -> Told {
        Told { message: Some("TEST-MESSAGE".into()) }
    }
}

/// What a person did with a message of ours elsewhere: the own fields of a `notify.button_pressed`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct ButtonPressed {
    /// The escalation it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<String>,
    /// The alarm it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<String>,
    /// Which button.
    pub press: Press,
    /// In which service: `slack`, `telegram`. An agent's profile names their handle there.
    #[serde(default)]
    pub service: String,
    /// Who, as the service knows them.
    pub person: Person,
    /// Where the message stands, as `notify.send` takes it in `to`.
    #[serde(default)]
    pub channel: String,
    /// The message whose button it was, as `earlier` takes it.
    #[serde(default)]
    pub message: String,
}

/// Somebody at a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "PersonThere")]
pub struct Person {
    /// Their id there: what an agent's profile names as their handle.
    pub id: String,
    /// The name they show.
    #[serde(default)]
    pub name: String,
}

/// A button under a message of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Press {
    /// I take this customer.
    Take,
    /// Not me.
    Decline,
    /// I look at this alarm.
    Acknowledge,
}

impl Press {
    /// Its name in events, and in what services give back.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Take => "take",
            Self::Decline => "decline",
            Self::Acknowledge => "acknowledge",
        }
    }

    /// The button called `name`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Take, Self::Decline, Self::Acknowledge].into_iter().find(|press| press.name() == name)
    }
}

impl ButtonPressed {
    /// Somebody pressed `press` in `service` under a message about `subject`: an escalation (`esc_…`) for take and decline, an
    /// alarm for acknowledge. `None` when the subject is no id of the kind that the button is about.
    #[must_use]
    pub fn about(service: &str, press: Press, subject: &str, person: Person) -> Option<Self> {
        let mut pressed = Self {
            escalation: None,
            alarm: None,
            press,
            service: service.to_owned(),
            person,
            channel: String::new(),
            message: String::new(),
        };
        match press {
            Press::Take | Press::Decline => {
                subject.parse::<crate::ids::EscalationId>().ok()?;
                pressed.escalation = Some(subject.to_owned());
            }
            Press::Acknowledge => {
                subject.parse::<crate::ids::AlarmId>().ok()?;
                pressed.alarm = Some(subject.to_owned());
            }
        }
        Some(pressed)
    }
}
