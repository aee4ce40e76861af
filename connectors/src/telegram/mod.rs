//! `notify.telegram`: tells a team in a Telegram chat, with buttons, and hears who pressed them.
//!
//! Source: Telegram, "Bot API" (`sendMessage`, `editMessageText`, `setWebhook`, `getWebhookInfo`, "Making requests",
//! "ResponseParameters") and "Bots FAQ", read November 2026.
//!
//! A message is known as `chat:message_id`. Texts are plain: without `parse_mode` nothing that people wrote is markup.

mod door;
mod errors;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

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
use url::{Host, Url};

use crate::net::{Class, Net, Outgoing, base_url};
use crate::notice::{Chat, Language, Notice, Rooms, shortened, tell_alarm, tell_escalation, tell_said};
use door::TelegramDoor;
use errors::Failure;

/// Longest text, in characters. Source: Telegram, "sendMessage".
const LONGEST: usize = 4_096;

/// The connector.
pub(crate) fn connector() -> Connector {
    ConnectorBuilder::<Telegram>::new("notify.telegram", "Telegram")
        .performs::<NotifyEscalation>()
        .performs::<Send>()
        .performs::<TellAlarm>()
        // About 30 messages a second in all, one a second in a chat, 20 a minute in a group; beyond comes a 429 that names
        // its pause. Source: Telegram, "Bots FAQ", "My bot is hitting limits".
        .limits(20, 4)
        .opens(open)
}

/// How to reach one bot.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Token of the bot, from @BotFather.
    bot_token: Secret,
    /// A secret of your own choice, 16 to 256 letters, digits, `_` and `-`: Telegram sends it with every press. Without it
    /// buttons do nothing. `connection setup` tells it to Telegram.
    #[serde(default)]
    secret_token: Option<Secret>,
    /// Id of the chat that is told, such as `-1001234567890`. The bot must be its member.
    chat: String,
    /// Other chats by team.
    #[serde(default)]
    teams: BTreeMap<String, String>,
    /// Language of the messages: `en` (default), `zh`, `ru`, `ar`, `it`.
    #[serde(default)]
    language: Language,
    /// Address of the API. Default `https://api.telegram.org`.
    #[serde(default = "default_base")]
    base_url: String,
}

fn default_base() -> String {
    "https://api.telegram.org".into()
}

fn open(settings: Settings, context: &OpenContext) -> Result<Telegram, String> {
    for chat in settings.teams.values().chain([&settings.chat]) {
        if !is_chat(chat) {
            return Err(format!("`{chat}` is not a chat's id: a number such as -1001234567890, or @name of a channel"));
        }
    }
    if let Some(secret) = &settings.secret_token
        && !is_secret(secret.expose())
    {
        return Err("secret_token must be 16 to 256 letters, digits, _ and -".into());
    }
    if !settings.bot_token.expose().bytes().all(|byte| byte.is_ascii_alphanumeric() || b":_-".contains(&byte)) {
        return Err("bot_token must look like 123456:ABC-DEF".into());
    }
    Ok(Telegram {
        net: Net::open(context)?,
        base: base_url(&settings.base_url)?,
        token: settings.bot_token,
        door: settings.secret_token.map(TelegramDoor::new),
        hook: format!("{}/hooks/{}", context.public_url, context.id),
        rooms: Rooms {
            place: settings.chat,
            teams: settings.teams,
            language: settings.language,
            own: Arc::clone(&context.public_url),
        },
        moved: Mutex::default(),
    })
}

/// A chat: a number, or a public channel's name.
fn is_chat(text: &str) -> bool {
    let name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    text.parse::<i64>().is_ok() || text.strip_prefix('@').is_some_and(name)
}

/// Source: Telegram, "setWebhook"; shorter ones could be guessed.
fn is_secret(text: &str) -> bool {
    (16..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// One bot.
pub(crate) struct Telegram {
    net: Net,
    base: String,
    token: Secret,
    door: Option<TelegramDoor>,
    /// Our webhook's address.
    hook: String,
    rooms: Rooms,
    /// Groups that became supergroups since we began: their old id and the new one.
    moved: Mutex<BTreeMap<String, String>>,
}

impl Connection for Telegram {
    fn door(&self) -> Option<&dyn Door> {
        self.door.as_ref().map(|door| door as &dyn Door)
    }

    fn check(&self) -> BoxFuture<'_, Vec<Finding>> {
        Box::pin(async {
            let mut findings = vec![self.check_token().await];
            findings.extend(self.check_buttons().await);
            let moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner).clone();
            findings.extend(moved.into_iter().map(|(old, new)| {
                let text = sentence!("the group {old} became {new}: write the new id into the connection", old, new);
                Finding::new(false, "chat", text)
            }));
            findings
        })
    }

    /// Tells Telegram our webhook's address and secret.
    fn setup(&self) -> BoxFuture<'_, Vec<Finding>> {
        Box::pin(async {
            if let Some(door) = &self.door {
                let body = json!({
                    "url": self.hook, "secret_token": door.secret(), "allowed_updates": ["callback_query"],
                });
                if let Err(failure) = self.call("setWebhook", &body).await {
                    return vec![Finding::new(false, "webhook", failure.message())];
                }
            }
            self.check().await
        })
    }
}

impl Telegram {
    async fn check_token(&self) -> Finding {
        match self.call("getMe", &json!({})).await {
            Ok(bot) => {
                let name = bot["username"].as_str().unwrap_or("?");
                Finding::new(true, "bot token", sentence!("works: @{name}", name))
            }
            Err(failure) => Finding::new(false, "bot token", failure.message()),
        }
    }

    async fn check_buttons(&self) -> Option<Finding> {
        if self.door.is_none() {
            let text = sentence!("set secret_token, or nobody can take a customer in Telegram");
            return Some(Finding::new(false, "buttons", text));
        }
        let told = self.call("getWebhookInfo", &json!({})).await.ok()?;
        let good = told["url"].as_str() == Some(&self.hook);
        let words = match good {
            true => sentence!("told to us"),
            false => sentence!("told to nobody or elsewhere: run `connection setup`"),
        };
        Some(Finding::new(good, "buttons", words))
    }

    /// Makes one call; its `result`.
    async fn call(&self, method: &str, body: &Value) -> Result<Value, Failure> {
        let url = format!("{}/bot{}/{method}", self.base, self.token.expose());
        let outgoing = Outgoing::new(Method::POST, url, Class::MayRepeat).hide_path().json(body);
        let answer = self.net.send(outgoing).await.map_err(|error| Failure::of(error.into_verdict()))?;
        errors::read(&answer).map_err(|failure| *failure)
    }
}

impl Chat for Telegram {
    fn rooms(&self) -> &Rooms {
        &self.rooms
    }

    fn check_place(&self, place: &str) -> Result<(), Problem> {
        let words = || format!("`{place}` is not the id of a chat in Telegram");
        if is_chat(place) { Ok(()) } else { Err(Problem::new("bad_chat", words())) }
    }

    async fn change(&self, notice: &Notice, earlier: &str) -> Option<Verdict<Told>> {
        let (chat, id) = earlier.rsplit_once(':').filter(|(chat, _)| is_chat(chat))?;
        let mut body = body(notice, chat);
        body["message_id"] = id.parse::<i64>().unwrap_or_default().into();
        match self.call("editMessageText", &body).await {
            Err(failure) if failure.is_gone() => None,
            Err(failure) if failure.is_unchanged() => Some(Verdict::done(Told { message: Some(earlier.to_owned()) })),
            answer => Some(told(answer)),
        }
    }

    /// Into the new group when the old one was refused as moved.
    async fn send(&self, notice: &Notice, place: &str) -> Verdict<Told> {
        let known = self.moved.lock().unwrap_or_else(PoisonError::into_inner).get(place).cloned();
        let chat = known.unwrap_or_else(|| place.to_owned());
        let answer = self.call("sendMessage", &body(notice, &chat)).await;
        let Err(Failure { moved_to: Some(new), .. }) = &answer else { return told(answer) };
        self.moved.lock().unwrap_or_else(PoisonError::into_inner).insert(chat, new.clone());
        told(self.call("sendMessage", &body(notice, new)).await)
    }
}

/// A message that is there: `chat:message_id`.
fn message_id(message: &Value) -> Option<String> {
    Some(format!("{}:{}", message["chat"]["id"].as_i64()?, message["message_id"].as_i64()?))
}

fn told(answer: Result<Value, Failure>) -> Verdict<Told> {
    match answer {
        Ok(message) => match message_id(&message) {
            Some(message) => Verdict::done(Told { message: Some(message) }),
            None => Verdict::Unknown(Problem::new("unreadable_answer", "telegram answered without a message")),
        },
        Err(failure) => failure.verdict.map(|_| Told::default()),
    }
}

/// What `sendMessage` and `editMessageText` share. Without a keyboard an edit takes the buttons away.
fn body(notice: &Notice, chat: &str) -> Value {
    let mut text = notice.plain();
    let mut rows: Vec<Value> = Vec::new();
    let buttons = notice.buttons.iter();
    let pressed = |button: &crate::notice::Button| {
        // At most 64 bytes. Source: Telegram, "InlineKeyboardButton".
        json!({ "text": button.label, "callback_data": format!("{}:{}", button.press.name(), button.subject) })
    };
    let row: Vec<Value> = buttons.map(pressed).collect();
    if !row.is_empty() {
        rows.push(row.into());
    }
    match &notice.open {
        Some((words, url)) if is_open_web(url) => rows.push(json!([{ "text": words, "url": url }])),
        Some((words, url)) => text.push_str(&format!("\n{words}: {url}")),
        None => {}
    }
    let mut body = json!({
        "chat_id": chat.parse::<i64>().map_or_else(|_| json!(chat), |id| json!(id)),
        "text": shortened(&text, LONGEST), "link_preview_options": { "is_disabled": true },
    });
    if !rows.is_empty() {
        body["reply_markup"] = json!({ "inline_keyboard": rows });
    }
    body
}

/// Whether Telegram takes it on a button: it refuses the whole message for a name without a dot (`localhost`).
fn is_open_web(url: &str) -> bool {
    let read = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "https" | "http"));
    read.is_some_and(|url| matches!(url.host(), Some(Host::Domain(name)) if name.contains('.')))
}

impl Performs<NotifyEscalation> for Telegram {
    /// Telegram drops no doubles. Told twice does less harm than not told at all.
    const REPEAT: Repeat = Repeat::Safe;

    async fn perform(&self, input: NotifyEscalation, _: &Call) -> Verdict<Told> {
        tell_escalation(self, &input).await
    }
}

impl Performs<Send> for Telegram {
    /// As for escalations.
    const REPEAT: Repeat = Repeat::Safe;

    async fn perform(&self, input: Send, _: &Call) -> Verdict<Told> {
        tell_said(self, &input).await
    }
}

impl Performs<TellAlarm> for Telegram {
    /// As for escalations.
    const REPEAT: Repeat = Repeat::Safe;

    async fn perform(&self, input: TellAlarm, _: &Call) -> Verdict<Told> {
        tell_alarm(self, &input).await
    }
}
