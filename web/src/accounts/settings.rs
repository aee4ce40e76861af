//! The settings of the workspace.

use std::collections::HashSet;

use engine::account::Role;
use engine::phone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::oidc::{self, Provider};
use super::retention::Retention;
use super::satisfaction::Satisfaction;
use crate::error::ApiError;

/// What holds for everybody here. Stored as JSON; fields are only added, each with its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The workspace's name, 1 to 80 characters.
    pub name: String,
    /// Roles that must sign in with a second factor.
    pub require_totp: Vec<Role>,
    /// Whether somebody else must approve a draft before it is published.
    pub approval: bool,
    /// Language of the editor for those who chose none, BCP 47.
    pub language: String,
    /// The time zone in which pages show times, of the IANA list.
    pub time_zone: String,
    /// Where telephone numbers without `+` belong: two letters, ISO 3166-1; empty = nowhere, and such numbers are refused.
    pub country: String,
    /// What customers are asked once a conversation is closed.
    pub satisfaction: Satisfaction,
    /// After how many minutes what somebody holds who is gone is handed over, 0 to 1440; 0 = never.
    pub hand_over_after_min: u32,
    /// Providers through which people may sign in; at most 10.
    pub oidc: Vec<Provider>,
    /// How long what happened is kept, and how much of it.
    pub retention: Retention,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: "Switchboard".to_owned(),
            require_totp: Vec::new(),
            approval: false,
            language: "en".to_owned(),
            time_zone: "UTC".to_owned(),
            country: String::new(),
            satisfaction: Satisfaction::default(),
            hand_over_after_min: 15,
            oidc: Vec::new(),
            retention: Retention::default(),
        }
    }
}

impl Settings {
    /// Refuses what cannot be.
    ///
    /// # Errors
    /// 400, with the field.
    pub(crate) fn check(&self) -> Result<(), ApiError> {
        let wrong = |why: &'static str| Err(ApiError::bad_request(why));
        if self.name.trim().is_empty() || self.name.chars().count() > 80 {
            return wrong("name: 1 to 80 characters");
        }
        if !is_language(&self.language) {
            return wrong("language: a BCP 47 tag such as `it` or `zh-Hans`");
        }
        if self.time_zone.parse::<chrono_tz::Tz>().is_err() {
            return wrong("time_zone: a name of the IANA list such as `Europe/Rome`");
        }
        if self.hand_over_after_min > 24 * 60 {
            return wrong("hand_over_after_min: 0 to 1440");
        }
        if !self.country.is_empty() && !phone::is_country(&self.country) {
            return wrong("country: two letters such as IT, or nothing");
        }
        self.satisfaction.check()?;
        self.retention.check()?;
        if self.oidc.len() > oidc::MOST {
            return wrong("oidc: at most 10 providers");
        }
        let mut ids = HashSet::new();
        if !self.oidc.iter().all(|provider| ids.insert(&provider.id)) {
            return wrong("oidc: two providers have the same id");
        }
        self.oidc.iter().find_map(Provider::wrong).map_or(Ok(()), wrong)
    }

    /// As they are shown: without secrets.
    pub(crate) fn shown(mut self) -> Self {
        self.oidc = self.oidc.into_iter().map(Provider::shown).collect();
        self
    }
}

/// Whether a text looks like a language tag.
pub(crate) fn is_language(text: &str) -> bool {
    (2..=35).contains(&text.len())
        && text.split('-').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}
