//! `notify.slack`: tells a team in a Slack channel, with buttons, and hears who pressed them.
//!
//! Source: Slack, "chat.postMessage", "chat.update", "auth.test", "Block Kit reference", "Handling user interaction",
//! "Verifying requests from Slack" (docs.slack.dev), read November 2026.
//!
//! A Slack app with a bot token (scope `chat:write`) writes; the app's Interactivity Request URL is the connection's
//! webhook address. A message is known as `channel:ts`, and is changed in place when somebody took the customer.

mod door;
mod errors;
mod message;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::capability::human::NotifyEscalation;
use engine::capability::notify::{Send, TellAlarm, Told};
use engine::connector::{
    Call, Connection, Connector, ConnectorBuilder, Door, Finding, OpenContext, Performs, Problem, Repeat, Verdict,
};
use engine::secret::Secret;
use engine::sentence;
use futures_util::future::BoxFuture;
use http::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::net::{Class, Net, Outgoing, base_url};
use crate::notice::{Chat, Language, Notice, Rooms, tell_alarm, tell_escalation, tell_said};
use door::SlackDoor;

/// The connector.
pub(crate) fn connector() -> Connector {
    ConnectorBuilder::<Slack>::new("notify.slack", "Slack")
        .performs::<NotifyEscalation>()
        .performs::<Send>()
        .performs::<TellAlarm>()
        // About one message a second for each channel, several hundred a minute for the workspace; bursts are taken.
        // Source: Slack, "Rate limits", "Posting messages". A 429 holds the connection for as long as Slack says.
        .limits(0, 4)
        .opens(open)
}

/// How to reach one workspace.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Bot token of the Slack app (`xoxb-…`) with the scope `chat:write`. The app must be a member of the channels.
    bot_token: Secret,
    /// Signing secret of the app: checks who pressed a button. Without it buttons do nothing.
    #[serde(default)]
    signing_secret: Option<Secret>,
    /// Id of the channel that is told (`C0123ABCD`), from the channel's details.
    channel: String,
    /// Other channels by team, such as `care: C0456EFGH`.
    #[serde(default)]
    teams: BTreeMap<String, String>,
    /// Language of the messages: `en` (default), `zh`, `ru`, `ar`, `it`.
    #[serde(default)]
    language: Language,
    /// Address of the API. Default `https://slack.com/api`.
    #[serde(default = "default_base")]
    base_url: String,
}

fn default_base() -> String {
    "https://slack.com/api".into()
}

fn open(settings: Settings, context: &OpenContext) -> Result<Slack, String> {
    for channel in settings.teams.values().chain([&settings.channel]) {
        if !is_place(channel) {
            return Err(format!("`{channel}` is not a channel's id: letters and digits, such as C0123ABCD"));
        }
    }
    Ok(Slack {
        net: Net::open(context)?,
        base: base_url(&settings.base_url)?,
        token: settings.bot_token,
        door: settings.signing_secret.map(SlackDoor::new),
        rooms: Rooms {
            place: settings.channel,
            teams: settings.teams,
            language: settings.language,
            own: Arc::clone(&context.public_url),
        },
    })
}

/// Whether `text` can be the id of a channel, a conversation or a person. Source: Slack, "chat.postMessage", "Channels".
fn is_place(text: &str) -> bool {
    !text.is_empty() && text.len() <= 80 && text.bytes().all(|letter| letter.is_ascii_alphanumeric())
}

/// One workspace.
pub(crate) struct Slack {
    net: Net,
    base: String,
    token: Secret,
    door: Option<SlackDoor>,
    rooms: Rooms,
}

impl Connection for Slack {
    fn door(&self) -> Option<&dyn Door> {
        self.door.as_ref().map(|door| door as &dyn Door)
    }

    fn check(&self) -> BoxFuture<'_, Vec<Finding>> {
        Box::pin(async {
            let token = match self.call("auth.test", &json!({})).await {
                Ok(answer) => {
                    let name = |field: &str| answer[field].as_str().unwrap_or("?").to_owned();
                    let text = sentence!("works: {name} in {team}", name = name("user"), team = name("team"));
                    Finding::new(true, "bot token", text)
                }
                Err(verdict) => {
                    let words = verdict.problem().map_or("refused".to_owned(), |problem| problem.message.clone());
                    Finding::new(false, "bot token", words)
                }
            };
            let buttons = match self.door {
                Some(_) => Finding::new(true, "buttons", "signed by the app's signing secret"),
                None => Finding::new(false, "buttons", "set signing_secret, or nobody can take a customer in Slack"),
            };
            vec![token, buttons]
        })
    }
}

/// A message that is there: `channel:ts`.
fn message_id(channel: &str, ts: &str) -> String {
    format!("{channel}:{ts}")
}

impl Slack {
    /// Makes one call. Whatever did not happen is a verdict; never `Done`.
    async fn call(&self, method: &str, body: &Value) -> Result<Value, Verdict<Value>> {
        let outgoing = Outgoing::new(Method::POST, format!("{}/{method}", self.base), Class::MayRepeat)
            .bearer(&self.token)
            .json(body);
        let answer = self.net.send(outgoing).await.map_err(crate::net::NetError::into_verdict)?;
        errors::read(&answer).map_err(|verdict| *verdict)
    }
}

impl Chat for Slack {
    fn rooms(&self) -> &Rooms {
        &self.rooms
    }

    fn check_place(&self, place: &str) -> Result<(), Problem> {
        let words = || format!("`{place}` is not the id of a channel or a person in Slack");
        if is_place(place) { Ok(()) } else { Err(Problem::new("bad_channel", words())) }
    }

    async fn change(&self, notice: &Notice, earlier: &str) -> Option<Verdict<Told>> {
        let (channel, ts) = earlier.split_once(':')?;
        match self.call("chat.update", &message::body(notice, channel, Some(ts))).await {
            Err(Verdict::Refused(problem)) if errors::is_gone(&problem.code) => None,
            answer => Some(told(answer)),
        }
    }

    async fn send(&self, notice: &Notice, place: &str) -> Verdict<Told> {
        told(self.call("chat.postMessage", &message::body(notice, place, None)).await)
    }
}

fn told(answer: Result<Value, Verdict<Value>>) -> Verdict<Told> {
    match answer {
        Ok(answer) => match (answer["channel"].as_str(), answer["ts"].as_str()) {
            (Some(channel), Some(ts)) => Verdict::done(Told { message: Some(message_id(channel, ts)) }),
            _ => Verdict::Unknown(Problem::new("unreadable_answer", "slack answered without channel and ts")),
        },
        Err(verdict) => verdict.map(|_| Told::default()),
    }
}

impl Performs<NotifyEscalation> for Slack {
    /// Slack drops no doubles. Told twice does less harm than not told at all.
    const REPEAT: Repeat = Repeat::Safe;

    async fn perform(&self, input: NotifyEscalation, _: &Call) -> Verdict<Told> {
        tell_escalation(self, &input).await
    }
}

impl Performs<Send> for Slack {
    /// As for escalations: a colleague who reads it twice is harmed less than one who never does.
    const REPEAT: Repeat = Repeat::Safe;

    async fn perform(&self, input: Send, _: &Call) -> Verdict<Told> {
        tell_said(self, &input).await
    }
}

impl Performs<TellAlarm> for Slack {
    /// As for escalations.
    const REPEAT: Repeat = Repeat::Safe;

    async fn perform(&self, input: TellAlarm, _: &Call) -> Verdict<Told> {
        tell_alarm(self, &input).await
    }
}
