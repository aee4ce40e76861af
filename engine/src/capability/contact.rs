//! `contact.*`: our own record of the customer. Done inside the turn, but for [`Find`], which looks at others: that is a call,
//! and the engine itself answers it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::connector::Action;
use crate::contact::Priority;

/// Adds tags to the contact.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddTags {
    /// The tags: 1 to 64 characters each.
    #[schemars(length(min = 1, max = 32))]
    pub tags: Vec<String>,
}

/// Takes tags from the contact that flows gave it.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveTags {
    /// The tags.
    #[schemars(length(min = 1, max = 32))]
    pub tags: Vec<String>,
}

/// Sets a field of the contact, read back as `contact.fields.<name>`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetField {
    /// The field's name: letters, digits and `_`.
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[A-Za-z][A-Za-z0-9_]*$"))]
    pub field: String,
    /// Its new value: text, number, boolean, or null to clear it.
    pub value: serde_json::Value,
}

/// Sets the contact's priority.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPriority {
    /// `low`, `medium` or `high`.
    pub priority: Priority,
}

/// Notes what the contact agreed to or refused, read back as `contact.consent.<purpose>`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetConsent {
    /// To what, such as `marketing`: letters, digits and `_`.
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[A-Za-z][A-Za-z0-9_]*$"))]
    pub purpose: String,
    /// Whether it is given.
    pub given: bool,
}

/// Finds contacts of a segment, in the order in which we came to know them.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Find {
    /// The segment: an id such as `cold-leads`, or `contacts with tag cold`.
    #[schemars(length(min = 1))]
    pub segment: String,
    /// Most contacts, 1 to 200. Default 100.
    #[serde(default = "hundred")]
    #[schemars(range(min = 1, max = 200))]
    pub limit: u32,
    /// Go on behind this contact: `next` of the page before. Default: from the beginning.
    #[serde(default)]
    pub after: Option<String>,
}

fn hundred() -> u32 {
    100
}

/// A page of contacts.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
pub struct Contacts {
    /// The contacts. A page may be shorter than the limit although more follow.
    pub contacts: Vec<FoundContact>,
    /// Where the next page goes on; null behind the last one.
    pub next: Option<String>,
    /// How many contacts the segment's condition failed on; they are left out.
    pub failed: u64,
}

/// A contact as it was when it was found.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct FoundContact {
    /// Our id.
    pub id: String,
    /// E.164; null for people known only by another address.
    pub phone: Option<String>,
    /// The name shown.
    pub name: String,
    /// Such as `zh_CN`; empty when unknown.
    pub language: String,
    /// The tags, sorted.
    pub tags: Vec<String>,
    /// `low`, `medium` or `high`.
    pub priority: Priority,
    /// Code of the last order's status.
    pub order_status: String,
    /// When the person last did anything, RFC 3339; null for never.
    pub last_interaction_at: Option<String>,
    /// Messages that nobody answered.
    pub unread_count: i64,
    /// What the person agreed to or refused.
    pub consent: serde_json::Map<String, serde_json::Value>,
    /// Fields of our own.
    pub fields: serde_json::Map<String, serde_json::Value>,
}

/// The contact's tags after the change.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct Tags {
    /// All of them, sorted.
    pub tags: Vec<String>,
}

/// Nothing to read.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
pub struct Nothing {}

/// What carries [`Find`] out: the engine itself. No connection can be called so.
pub const OWN_CONNECTION: &str = "@contacts";

impl Action for Find {
    const NAME: &'static str = "contact.find";
    const ABOUT: &'static str = "Finds contacts of a segment.";
    type Output = Contacts;
    fn sample() -> Contacts {
        Contacts::default()
    }
}

impl Action for AddTags {
    const NAME: &'static str = "contact.add_tags";
    const ABOUT: &'static str = "Adds tags to the contact.";
    type Output = Tags;
    fn sample() -> Tags {
        Tags { tags: Vec::new() }
    }
}

impl Action for RemoveTags {
    const NAME: &'static str = "contact.remove_tags";
    const ABOUT: &'static str = "Takes tags from the contact that flows gave it.";
    type Output = Tags;
    fn sample() -> Tags {
        Tags { tags: Vec::new() }
    }
}

impl Action for SetField {
    const NAME: &'static str = "contact.set_field";
    const ABOUT: &'static str = "Sets a field of the contact.";
    type Output = Nothing;
    fn sample() -> Nothing {
        Nothing {}
    }
}

impl Action for SetPriority {
    const NAME: &'static str = "contact.set_priority";
    const ABOUT: &'static str = "Sets the contact's priority.";
    type Output = Nothing;
    fn sample() -> Nothing {
        Nothing {}
    }
}

impl Action for SetConsent {
    const NAME: &'static str = "contact.set_consent";
    const ABOUT: &'static str = "Notes what the contact agreed to or refused.";
    type Output = Nothing;
    fn sample() -> Nothing {
        Nothing {}
    }
}
