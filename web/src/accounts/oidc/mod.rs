//! Signing in through a provider of OpenID Connect: authorization code with PKCE, the answer checked to the last field.
//!
//! `entry` is the way of a browser, `remote` what a provider is asked, `token` what its word is worth, `whose` which account it opens. Nothing of an attempt is kept
//! here: what the answer is checked against travels in a sealed cookie, so any process can take the answer.

mod entry;
mod remote;
#[cfg(test)]
mod simulated;
#[cfg(test)]
mod tests;
mod token;
mod whose;

use engine::account::Role;
use engine::secret::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use entry::{Answer, Entered, answer, begin, finish};

/// The largest number of providers.
pub(super) const MOST: usize = 10;

/// A provider of OpenID Connect, as the settings have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Provider {
    /// Stands in addresses: small letters, digits and hyphens.
    pub id: String,
    /// What the button says, 1 to 40 characters.
    pub name: String,
    /// The issuer's address, exactly as the provider writes it. HTTPS, but for loopback.
    pub issuer: String,
    /// What the provider calls us.
    pub client_id: String,
    /// What we prove that with. Only ever written; left out = as it was, empty = a client without one.
    #[serde(skip_serializing)]
    pub secret: Option<Secret>,
    /// Domains whose e-mail addresses may come in; none = all. Small letters.
    pub domains: Vec<String>,
    /// The role of somebody who was not invited; `null` = invited only. Never `admin`, and only with domains.
    pub newcomers: Option<Role>,
    /// The secret as it is stored: sealed, base64. Never shown, and not taken from outside.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(skip)]
    pub(crate) sealed: String,
}

impl Provider {
    /// Where its secret is sealed: the issuer is part of it, so that the secret cannot be sent to another one.
    fn place(&self) -> String {
        format!("oidc:{}:{}:{}", self.id, self.issuer, self.client_id)
    }

    /// What is wrong with it, if anything.
    pub(super) fn wrong(&self) -> Option<&'static str> {
        let is_id = (1..=40).contains(&self.id.len())
            && self.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let is_domain = |domain: &String| {
            domain.contains('.') && domain.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'))
        };
        if !is_id {
            return Some("oidc: an id has 1 to 40 small letters, digits and hyphens");
        }
        if self.name.trim().is_empty() || self.name.chars().count() > 40 {
            return Some("oidc: a name has 1 to 40 characters");
        }
        if !remote::is_safe(&self.issuer) {
            return Some("oidc: the issuer is an address with https://, without `?` and `#`");
        }
        if self.client_id.trim().is_empty() {
            return Some("oidc: say the client id that the provider gave");
        }
        if !self.domains.iter().all(is_domain) {
            return Some("oidc: a domain is written in small letters, such as example.com");
        }
        match self.newcomers {
            Some(Role::Admin) => Some("oidc: newcomers cannot be admins: invite admins"),
            Some(_) if self.domains.is_empty() => Some("oidc: say whose addresses may come uninvited: list domains"),
            _ => None,
        }
    }

    /// As it is shown: without a secret, sealed or not.
    pub(crate) fn shown(self) -> Self {
        Self { secret: None, sealed: String::new(), ..self }
    }
}

/// Why somebody was not let in. The code goes to the page and into the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// There is no such provider.
    #[error("there is no such provider")]
    Unknown,
    /// The provider does not answer, or not as it must.
    #[error("the provider: {0}")]
    Provider(String),
    /// The browser does not come back from where we sent it, or too late.
    #[error("the sign-in was not begun in this browser, or took too long")]
    Stale,
    /// The provider, or the person there, said no.
    #[error("the provider said {0}")]
    Denied(String),
    /// The provider's word is not to be believed.
    #[error("the ID token: {0}")]
    Token(&'static str),
    /// The address is missing or nobody checked it.
    #[error("the provider has not verified the e-mail address")]
    Unverified,
    /// Such addresses may not come in.
    #[error("e-mail addresses of this domain may not sign in here")]
    Domain,
    /// Nobody invited this person.
    #[error("nobody with this e-mail address was invited")]
    Uninvited,
    /// The account with this address belongs to somebody else at the provider.
    #[error("the account with this address is bound to somebody else at the provider: an admin can unbind it")]
    Bound,
    /// An admin switched this person off.
    #[error("this person may not sign in")]
    Off,
}

impl Refused {
    /// A stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "no_provider",
            Self::Provider(_) => "provider_failed",
            Self::Stale => "stale",
            Self::Denied(_) => "denied",
            Self::Token(_) => "not_believed",
            Self::Unverified => "email_unverified",
            Self::Domain => "domain_refused",
            Self::Uninvited => "not_invited",
            Self::Bound => "bound_to_another",
            Self::Off => "switched_off",
        }
    }
}
