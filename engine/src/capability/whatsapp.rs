//! `whatsapp.*`: sending to the customer.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::connector::Action;

/// Sends free text to the customer. Only inside the 24 hours after their last message; later, use a template.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendText {
    /// The text, at most 4096 characters (Meta; 1600 through Twilio). `*bold*`, `_italic_` and `~struck~` work; inserted values are escaped.
    #[schemars(length(min = 1, max = 4096), extend("x-format" = "whatsapp"))]
    pub text: String,
    /// Another number in international form, such as `+8613800138000`. Default: the customer the run is about.
    #[serde(default)]
    pub to: Option<String>,
    /// The provider's id of the customer's message that this one answers, such as `{{event.message.id}}`: it is shown above the
    /// text, where the number can do that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
}

/// What becomes of a flow's message while a person talks with the customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DuringHuman {
    /// It goes out all the same: it tells of something that happened.
    #[default]
    Send,
    /// It waits until the conversation is closed or handed back, or the person has been silent for 30 minutes.
    Hold,
}

impl DuringHuman {
    /// Whether nothing was said.
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Sends an approved template. Works at any time.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendTemplate {
    /// The template's name, as approved.
    #[schemars(length(min = 1, max = 512))]
    pub template: String,
    /// Its language, such as `en` or `zh_CN`. Default: the contact's language, else the connection's.
    #[serde(default)]
    pub language: Option<String>,
    /// Values of its variables by name (or `1`, `2` … for numbered ones).
    #[serde(default)]
    pub params: BTreeMap<String, String>,
    /// Another number in international form. Default: the customer the run is about.
    #[serde(default)]
    pub to: Option<String>,
    /// What becomes of it while a person talks with the customer. Default: `send`, as a template mostly tells of something that
    /// happened; `hold` for reminders and offers. In a run that a schedule started it is always held.
    #[serde(default, skip_serializing_if = "DuringHuman::is_default")]
    pub during_human: DuringHuman,
}

/// Most choices of a question: a list has ten rows (Meta, interactive list messages).
pub const MAX_CHOICES: usize = 10;
/// Longest choice in characters: a button's title, and a row's of a list (Meta, interactive messages).
pub const MAX_CHOICE_CHARS: (usize, usize) = (20, 24);

/// Sends a question with choices: up to three as buttons, more as a list; where a number can do neither, as numbered lines.
/// Only inside the 24 hours after the customer's last message.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendChoices {
    /// The question, at most 1024 characters.
    #[schemars(length(min = 1, max = 1024), extend("x-format" = "whatsapp"))]
    pub text: String,
    /// What may be chosen, 1 to 10; up to three have at most 20 characters each, more have at most 24. The answer's id is
    /// `choice_1`, `choice_2` …
    #[schemars(length(min = 1, max = 10))]
    pub choices: Vec<String>,
    /// The word on the button that opens a list. Default `…`.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub button: Option<String>,
    /// Another number in international form. Default: the customer the run is about.
    #[serde(default)]
    pub to: Option<String>,
}

/// Answers the customer: free text while the 24-hour window is open when it is sent, else the template.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The free text, as in `whatsapp.send_text`.
    #[schemars(length(min = 1, max = 4096), extend("x-format" = "whatsapp"))]
    pub text: String,
    /// The template to send when the window is closed, as in `whatsapp.send_template`.
    #[schemars(length(min = 1, max = 512))]
    pub template: String,
    /// Its language. Default: the contact's, else the connection's.
    #[serde(default)]
    pub language: Option<String>,
    /// Values of its variables.
    #[serde(default)]
    pub params: BTreeMap<String, String>,
}

/// A message that the provider accepted; what becomes of it comes as statuses.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct Accepted {
    /// The provider's id of the message.
    pub message_id: String,
}

fn sample() -> Accepted {
    Accepted { message_id: "wamid.TEST".into() }
}

impl Action for SendText {
    const NAME: &'static str = "whatsapp.send_text";
    const ABOUT: &'static str = "Sends free text to the customer, inside the 24 hours after their last message.";
    const NEEDS_WINDOW: bool = true;
    const REPLY: bool = true;
    type Output = Accepted;
    fn sample() -> Accepted {
        sample()
    }
}

impl Action for SendChoices {
    const NAME: &'static str = "whatsapp.send_choices";
    const ABOUT: &'static str =
        "Sends a question with buttons or a list, inside the 24 hours after the customer's last message.";
    const NEEDS_WINDOW: bool = true;
    const REPLY: bool = true;
    type Output = Accepted;
    fn sample() -> Accepted {
        sample()
    }
}

impl Action for Reply {
    const NAME: &'static str = "whatsapp.reply";
    const ABOUT: &'static str = "Answers the customer: free text while the 24-hour window is open, else a template.";
    const REPLY: bool = true;
    type Output = Accepted;
    fn sample() -> Accepted {
        sample()
    }
}

impl Action for SendTemplate {
    const NAME: &'static str = "whatsapp.send_template";
    const ABOUT: &'static str = "Sends an approved template to the customer, at any time.";
    type Output = Accepted;
    fn sample() -> Accepted {
        sample()
    }
}
