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

impl Action for SendTemplate {
    const NAME: &'static str = "whatsapp.send_template";
    const ABOUT: &'static str = "Sends an approved template to the customer, at any time.";
    type Output = Accepted;
    fn sample() -> Accepted {
        sample()
    }
}
