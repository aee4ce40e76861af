//! `contact.*`: our own record of the customer. Done inside the turn; no connection is called.

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

/// The contact's tags after the change.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct Tags {
    /// All of them, sorted.
    pub tags: Vec<String>,
}

/// Nothing to read.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
pub struct Nothing {}

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
