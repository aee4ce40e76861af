//! Chatwoot: an outside inbox in which people work. Tickets are conversations there; what agents write and resolve comes
//! back.
//!
//! Source: Chatwoot, "Application APIs" (contacts, conversations, messages, assignments), "Webhooks", and its pull request
//! 13573 for signatures, read November 2026. Where versions nest an answer differently both forms are read.
//!
//! A ticket is a conversation in one inbox (of type API, or the WhatsApp one), with the ticket's text as a private note: no
//! customer sees it. The conversation carries the call's key as a custom attribute, so that a repeat by a person finds it.

mod door;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use engine::capability::contact::Nothing;
use engine::capability::crm::{CreateTicket, Record, TicketPriority};
use engine::connector::{
    Action, Call, Connection, Connector, ConnectorBuilder, Door, Finding, OpenContext, Performs, Problem, Repeat,
    Verdict,
};
use engine::secret::Secret;
use engine::sentence;
use futures_util::future::BoxFuture;
use http::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::net::{Class, Net, NetError, Outgoing, base_url, verdict_of_status};
use door::ChatwootDoor;

/// The custom attribute that holds the call's key.
const KEY: &str = "switchboard_key";

/// The connector.
pub(crate) fn connector() -> Connector {
    ConnectorBuilder::<Chatwoot>::new("chatwoot", "Chatwoot")
        .performs::<CreateTicket>()
        .performs::<HandOver>()
        .performs::<AddNote>()
        // A ticket makes up to six calls: `calls_per_second` paces them, not the engine.
        .limits(0, 4)
        .opens(open)
}

/// How to reach one account.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Address of the Chatwoot server, such as `https://app.chatwoot.com`.
    base_url: String,
    /// Number of the account, from the address of its pages.
    account_id: u64,
    /// Access token of an agent, from their profile settings.
    access_token: Secret,
    /// Number of the inbox in which tickets are made.
    inbox_id: u64,
    /// Secret of the webhook in Chatwoot's settings: checks what it sends. Without it all webhooks are refused.
    #[serde(default)]
    webhook_secret: Option<Secret>,
    /// Number of the team that gets tickets. Default: nobody is assigned.
    #[serde(default)]
    team_id: Option<u64>,
    /// Calls of its API a second. Default 20; 0 = no limit, for simulated services only.
    #[serde(default = "default_calls")]
    calls_per_second: u32,
}

/// 3 000 calls a minute from one address, less than half of which we take. Source: Chatwoot, "Rate limiting"
/// (`RACK_ATTACK_LIMIT`).
fn default_calls() -> u32 {
    20
}

fn open(settings: Settings, context: &OpenContext) -> Result<Chatwoot, String> {
    let base = base_url(&settings.base_url)?;
    Ok(Chatwoot {
        net: Net::open(context)?.paced(settings.calls_per_second),
        base: format!("{base}/api/v1/accounts/{}", settings.account_id),
        token: settings.access_token,
        inbox: settings.inbox_id,
        team: settings.team_id,
        door: settings.webhook_secret.map(ChatwootDoor::new),
    })
}

/// One account.
pub(crate) struct Chatwoot {
    net: Net,
    base: String,
    token: Secret,
    inbox: u64,
    team: Option<u64>,
    door: Option<ChatwootDoor>,
}

impl Connection for Chatwoot {
    fn door(&self) -> Option<&dyn Door> {
        self.door.as_ref().map(|door| door as &dyn Door)
    }

    fn check(&self) -> BoxFuture<'_, Vec<Finding>> {
        Box::pin(async {
            let inboxes = match self.read("/inboxes").await {
                Ok(inboxes) => inboxes,
                Err(failure) => return vec![Finding::new(false, "access token", failure.message())],
            };
            let found = list(&inboxes).iter().any(|inbox| inbox["id"].as_u64() == Some(self.inbox));
            let inbox = match found {
                true => sentence!("is there"),
                false => sentence!("is not there, or the agent is no member of it"),
            };
            let signed = self.door.is_some();
            let hook = match signed {
                true => sentence!("are signed"),
                false => sentence!("set webhook_secret, or they are refused"),
            };
            vec![
                Finding::new(true, "access token", "works"),
                Finding::new(found, sentence!("inbox {n}", n = self.inbox), inbox),
                Finding::new(signed, "webhooks", hook),
            ]
        })
    }
}

/// A call that brought nothing; never `Done`.
#[derive(Debug)]
struct Failure(Verdict<Value>);

impl Failure {
    fn refused(code: &str, words: impl Into<String>) -> Self {
        Self(Verdict::Refused(Problem::new(code, words)))
    }

    fn unreadable(what: &str) -> Self {
        Self(Verdict::Unknown(Problem::new("unreadable_answer", format!("chatwoot answered without {what}"))))
    }

    fn message(&self) -> String {
        self.0.problem().map_or_else(String::new, |problem| problem.message.clone())
    }

    /// Of a later call, when an earlier one made conversation `id`: "refused" would say that nothing happened.
    fn after(self, id: &str) -> Self {
        Self(match self.0 {
            Verdict::Refused(problem) => {
                let message = format!("conversation {id} was made, but {}", problem.message);
                Verdict::Unknown(Problem { message, ..problem })
            }
            other => other,
        })
    }
}

fn verdict<T>(result: Result<T, Failure>, none: T) -> Verdict<T> {
    match result {
        Ok(output) => Verdict::done(output),
        Err(Failure(failure)) => failure.map(|_| none),
    }
}

/// What stands under `payload`, or the whole; versions differ.
fn inside(answer: &Value) -> &Value {
    if answer["payload"].is_null() { answer } else { &answer["payload"] }
}

fn list(answer: &Value) -> &[Value] {
    inside(answer).as_array().map_or(&[], Vec::as_slice)
}

/// An id as text.
fn id_of(object: &Value) -> Option<String> {
    object["id"].as_u64().map(|id| id.to_string())
}

impl Chatwoot {
    async fn read(&self, path: &str) -> Result<Value, Failure> {
        self.call(Method::GET, path, None, &[]).await
    }

    async fn write(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.call(Method::POST, path, Some(body), &[]).await
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        query: &[(String, String)],
    ) -> Result<Value, Failure> {
        let class = if body.is_none() { Class::MayRepeat } else { Class::Once };
        let outgoing = Outgoing::new(method, format!("{}{path}", self.base), class)
            .secret_header("api_access_token", &self.token)
            .query(query);
        let outgoing = match body {
            Some(body) => outgoing.json(body),
            None => outgoing,
        };
        let answer = self.net.send(outgoing).await.map_err(NetError::into_verdict).map_err(Failure)?;
        if let Some(verdict) = verdict_of_status(&answer, class) {
            return Err(Failure(verdict));
        }
        answer.json().ok_or_else(|| Failure::unreadable("JSON"))
    }

    async fn create_ticket(&self, input: CreateTicket, call: &Call) -> Result<Record, Failure> {
        if input.pipeline.is_some() || input.stage.is_some() {
            return Err(Failure::refused("no_pipelines", "chatwoot has no pipelines: leave pipeline and stage out"));
        }
        let Some(phone) = call.phone.as_deref() else {
            return Err(Failure::refused("no_phone", "a conversation needs a contact with a telephone number"));
        };
        let (contact, source) = self.contact_of(phone).await?;
        let earlier = if call.tries > 0 { self.conversation_of(&contact, &call.key).await? } else { None };
        let (id, created) = match earlier {
            Some(id) => (id, false),
            None => (self.converse(&contact, &source, &input.fields, &call.key).await?, true),
        };
        self.describe(&id, &input, created).await.map_err(|failure| failure.after(&id))?;
        // Nobody else writes the key: this call made it, at this try or an earlier one.
        Ok(Record { id, created: true })
    }

    /// The contact with this number and its id in our inbox; made if it is not there.
    async fn contact_of(&self, phone: &str) -> Result<(String, String), Failure> {
        if let Some(found) = self.find_contact(phone).await? {
            return Ok(found);
        }
        let body = json!({ "inbox_id": self.inbox, "name": phone, "phone_number": phone });
        match self.write("/contacts", &body).await {
            Ok(answer) => {
                let inside = inside(&answer);
                let contact = if inside["contact"].is_object() { &inside["contact"] } else { inside };
                let source = [&inside["contact_inbox"]["source_id"], &contact["contact_inboxes"][0]["source_id"]];
                let source = source.into_iter().find_map(Value::as_str);
                let found = id_of(contact).zip(source.map(str::to_owned));
                found.ok_or_else(|| Failure::unreadable("the new contact"))
            }
            // Somebody else made it meanwhile.
            Err(failure @ Failure(Verdict::Refused(_))) => self.find_contact(phone).await?.ok_or(failure),
            Err(failure) => Err(failure),
        }
    }

    async fn find_contact(&self, phone: &str) -> Result<Option<(String, String)>, Failure> {
        let query = [("q".to_owned(), phone.to_owned())];
        let found = self.call(Method::GET, "/contacts/search", None, &query).await?;
        let same = |contact: &&Value| contact["phone_number"].as_str() == Some(phone);
        let Some(contact) = list(&found).iter().find(same) else { return Ok(None) };
        let id = id_of(contact).ok_or_else(|| Failure::unreadable("the contact's id"))?;
        let inboxes = contact["contact_inboxes"].as_array().into_iter().flatten();
        let mut ours = inboxes.filter(|inbox| inbox["inbox"]["id"].as_u64() == Some(self.inbox));
        if let Some(source) = ours.find_map(|inbox| inbox["source_id"].as_str()) {
            return Ok(Some((id, source.to_owned())));
        }
        let body = json!({ "inbox_id": self.inbox });
        let made = self.write(&format!("/contacts/{id}/contact_inboxes"), &body).await?;
        let source = inside(&made)["source_id"].as_str().ok_or_else(|| Failure::unreadable("source_id"))?;
        Ok(Some((id, source.to_owned())))
    }

    /// The conversation that an earlier try of this call made.
    async fn conversation_of(&self, contact: &str, key: &str) -> Result<Option<String>, Failure> {
        let all = self.read(&format!("/contacts/{contact}/conversations")).await?;
        let ours = |found: &&Value| found["custom_attributes"][KEY].as_str() == Some(key);
        Ok(list(&all).iter().find(ours).and_then(id_of))
    }

    async fn converse(
        &self,
        contact: &str,
        source: &str,
        fields: &BTreeMap<String, String>,
        key: &str,
    ) -> Result<String, Failure> {
        let mut attributes = json!(fields);
        attributes[KEY] = key.into();
        let mut body = json!({
            "source_id": source, "inbox_id": self.inbox, "contact_id": contact, "status": "open",
            "custom_attributes": attributes,
        });
        if let Some(team) = self.team {
            body["team_id"] = team.into();
        }
        let made = self.write("/conversations", &body).await?;
        id_of(inside(&made)).ok_or_else(|| Failure::unreadable("the conversation's id"))
    }

    /// Priority, and the text as a private note, once.
    async fn describe(&self, id: &str, input: &CreateTicket, new: bool) -> Result<(), Failure> {
        let priority = match input.priority {
            TicketPriority::Low => "low",
            TicketPriority::Medium => "medium",
            TicketPriority::High => "high",
        };
        self.write(&format!("/conversations/{id}/toggle_priority"), &json!({ "priority": priority })).await?;
        let note = match &input.text {
            Some(text) => format!("{}\n\n{text}", input.subject),
            None => input.subject.clone(),
        };
        if !new {
            let messages = self.read(&format!("/conversations/{id}/messages")).await?;
            if list(&messages).iter().any(|message| message["content"].as_str() == Some(&note)) {
                return Ok(());
            }
        }
        self.note(id, &note).await
    }

    async fn note(&self, conversation: &str, text: &str) -> Result<(), Failure> {
        let body = json!({ "content": text, "message_type": "outgoing", "private": true });
        self.write(&format!("/conversations/{conversation}/messages"), &body).await.map(drop)
    }

    async fn hand_over(&self, input: HandOver) -> Result<Nothing, Failure> {
        let path = format!("/conversations/{}", number(&input.conversation).ok_or_else(no_number)?);
        if let Some(team) = input.team {
            self.write(&format!("{path}/assignments"), &json!({ "team_id": team })).await?;
        }
        if let Some(agent) = input.agent {
            self.write(&format!("{path}/assignments"), &json!({ "assignee_id": agent })).await?;
        }
        // Last, so that it is somebody's when it appears; with the status named, as without one it toggles.
        self.write(&format!("{path}/toggle_status"), &json!({ "status": "open" })).await?;
        Ok(Nothing {})
    }
}

/// The number of a conversation, for a path.
fn number(text: &str) -> Option<u64> {
    text.parse().ok()
}

fn no_number() -> Failure {
    Failure::refused("bad_conversation", "conversation must be a number, as `steps.<id>.id`")
}

impl Performs<CreateTicket> for Chatwoot {
    /// Chatwoot knows no key. A person who tries again finds the conversation by ours, but a call that is still under way
    /// could make a second one.
    const REPEAT: Repeat = Repeat::OnlyIfRefused;

    async fn perform(&self, input: CreateTicket, call: &Call) -> Verdict<Record> {
        verdict(self.create_ticket(input, call).await, Record { id: String::new(), created: false })
    }
}

/// Gives a conversation to people: opens it, and assigns it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandOver {
    /// The conversation's number, such as `{{steps.ticket.id}}`.
    #[schemars(length(min = 1, max = 20))]
    conversation: String,
    /// Number of the team.
    #[serde(default)]
    team: Option<u64>,
    /// Number of the agent.
    #[serde(default)]
    agent: Option<u64>,
}

impl Action for HandOver {
    const NAME: &'static str = "chatwoot.hand_over";
    const ABOUT: &'static str = "Opens a conversation and assigns it to a team or an agent.";
    type Output = Nothing;
    fn sample() -> Nothing {
        Nothing {}
    }
}

impl Performs<HandOver> for Chatwoot {
    /// Status and assignee are set, not toggled: twice is once.
    const REPEAT: Repeat = Repeat::Safe;

    async fn perform(&self, input: HandOver, _: &Call) -> Verdict<Nothing> {
        verdict(self.hand_over(input).await, Nothing {})
    }
}

/// Writes a private note into a conversation: no customer sees it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddNote {
    /// The conversation's number, such as `{{steps.ticket.id}}`.
    #[schemars(length(min = 1, max = 20))]
    conversation: String,
    /// The note.
    #[schemars(length(min = 1, max = 10_000))]
    text: String,
}

impl Action for AddNote {
    const NAME: &'static str = "chatwoot.add_note";
    const ABOUT: &'static str = "Writes a private note into a conversation.";
    type Output = Nothing;
    fn sample() -> Nothing {
        Nothing {}
    }
}

impl Performs<AddNote> for Chatwoot {
    /// A second note would be a second note.
    const REPEAT: Repeat = Repeat::OnlyIfRefused;

    async fn perform(&self, input: AddNote, _: &Call) -> Verdict<Nothing> {
        let noted = match number(&input.conversation) {
            Some(id) => self.note(&id.to_string(), &input.text).await,
            None => Err(no_number()),
        };
        verdict(noted.map(|()| Nothing {}), Nothing {})
    }
}
