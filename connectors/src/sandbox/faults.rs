//! Bad weather on request: what goes wrong with calls and with webhooks, per provider and path.
//!
//! Rules are asked in order for each call. Their delays add up; the first refusal wins; `times` counts down and a
//! rule that has run out is skipped.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{MailFaults, Provider};

/// Everything that is to go wrong. Setting it replaces what was set before; [`Faults::default`] is fair weather.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Faults of the Cloud API.
    pub cloud_api: ProviderFaults,
    /// Faults of Twilio.
    pub twilio: ProviderFaults,
    /// Faults of HubSpot.
    pub hubspot: ProviderFaults,
    /// Faults of Slack.
    pub slack: ProviderFaults,
    /// Faults of Telegram.
    pub telegram: ProviderFaults,
    /// Faults of Chatwoot.
    pub chatwoot: ProviderFaults,
    /// Faults of the mail server.
    pub mail: MailFaults,
}

/// What goes wrong at one provider.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProviderFaults {
    /// Rules for calls that come in, asked in order.
    pub calls: Vec<CallFault>,
    /// What happens to webhooks that go out.
    pub webhooks: WebhookFaults,
}

/// One rule for calls.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CallFault {
    /// Only calls whose path, without the provider's prefix, begins so, such as `/crm/v3/objects/tickets`.
    /// Default: all.
    pub path: String,
    /// Pause before anything else, in milliseconds.
    pub delay_ms: u64,
    /// The whole service answers 503 and does nothing.
    pub down: bool,
    /// 429 in the provider's form; nothing is done.
    pub rate_limit: Option<RateLimit>,
    /// An error of your choice; nothing is done.
    pub fail: Option<Fail>,
    /// Acts, then never answers: the connection is held until the caller gives up, 60 s at most.
    pub timeout_after_acting: Option<Times>,
    /// Acts, then closes the connection without a byte of answer.
    pub drop_after_acting: Option<Times>,
}

/// How often a fault strikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Times {
    /// How many calls are left to strike; always when absent.
    pub times: Option<u32>,
}

/// A rate limit that has been hit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimit {
    /// How many calls are left to strike; always when absent.
    pub times: Option<u32>,
    /// Value of the header `Retry-After`, in seconds; no header when 0.
    pub retry_after_s: u64,
}

/// An error answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fail {
    /// HTTP status; 500 when 0.
    pub status: u16,
    /// The provider's own error code; in HubSpot's form it is ignored.
    pub code: Option<u32>,
    /// The whole answer instead of the provider's envelope: text is sent as it is, anything else as JSON.
    pub body: Option<Value>,
    /// How many calls are left to strike; always when absent.
    pub times: Option<u32>,
}

/// What happens to webhooks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookFaults {
    /// How many more times each is delivered, all at the same moment.
    pub duplicate: u32,
    /// What would leave together leaves one by one, last first.
    pub reorder: bool,
    /// Pause before each, in milliseconds.
    pub delay_ms: u64,
    /// Statuses are not sent at all.
    pub suppress_statuses: bool,
}

/// What will happen to one call.
#[derive(Debug, Default)]
pub(super) struct Fate {
    pub(super) delay: Duration,
    pub(super) refusal: Option<Refusal>,
    pub(super) after: Option<After>,
}

/// Why a call is turned away before anything is done.
#[derive(Debug)]
pub(super) enum Refusal {
    Down,
    RateLimited { retry_after_s: u64 },
    Fail(Fail),
}

/// What happens to the answer of a call that was carried out.
#[derive(Clone, Copy, Debug)]
pub(super) enum After {
    Hold,
    Drop,
}

impl Faults {
    /// Adds a rule for the calls of one provider.
    #[must_use]
    pub fn on(mut self, provider: Provider, fault: CallFault) -> Self {
        self.of_mut(provider).calls.push(fault);
        self
    }

    pub(super) fn of(&self, provider: Provider) -> &ProviderFaults {
        match provider {
            Provider::CloudApi => &self.cloud_api,
            Provider::Twilio => &self.twilio,
            Provider::Hubspot => &self.hubspot,
            Provider::Slack => &self.slack,
            Provider::Telegram => &self.telegram,
            Provider::Chatwoot => &self.chatwoot,
        }
    }

    fn of_mut(&mut self, provider: Provider) -> &mut ProviderFaults {
        match provider {
            Provider::CloudApi => &mut self.cloud_api,
            Provider::Twilio => &mut self.twilio,
            Provider::Hubspot => &mut self.hubspot,
            Provider::Slack => &mut self.slack,
            Provider::Telegram => &mut self.telegram,
            Provider::Chatwoot => &mut self.chatwoot,
        }
    }

    /// Decides about one call, and counts down what struck.
    pub(super) fn fate(&mut self, provider: Provider, path: &str) -> Fate {
        let mut fate = Fate::default();
        for rule in self.of_mut(provider).calls.iter_mut().filter(|rule| path.starts_with(&rule.path)) {
            fate.delay += Duration::from_millis(rule.delay_ms);
            if fate.refusal.is_none() {
                fate.refusal = rule.refusal();
            }
            if fate.refusal.is_none() && fate.after.is_none() {
                fate.after = rule.after();
            }
        }
        fate
    }
}

impl CallFault {
    fn refusal(&mut self) -> Option<Refusal> {
        if self.down {
            return Some(Refusal::Down);
        }
        if let Some(limit) = &mut self.rate_limit
            && strikes(&mut limit.times)
        {
            return Some(Refusal::RateLimited { retry_after_s: limit.retry_after_s });
        }
        let fail = self.fail.as_mut()?;
        strikes(&mut fail.times).then(|| Refusal::Fail(fail.clone()))
    }

    fn after(&mut self) -> Option<After> {
        let strikes_now = |fault: &mut Option<Times>| fault.as_mut().is_some_and(|left| strikes(&mut left.times));
        if strikes_now(&mut self.timeout_after_acting) {
            return Some(After::Hold);
        }
        strikes_now(&mut self.drop_after_acting).then_some(After::Drop)
    }
}

pub(super) fn strikes(left: &mut Option<u32>) -> bool {
    match left {
        None => true,
        Some(0) => false,
        Some(left) => {
            *left -= 1;
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_as_often_as_told_and_only_on_its_path() {
        let fail = Fail { status: 502, times: Some(1), ..Fail::default() };
        let rule = CallFault { path: "/crm".into(), fail: Some(fail), ..CallFault::default() };
        let mut faults = Faults::default().on(Provider::Hubspot, rule);
        assert!(faults.fate(Provider::Hubspot, "/account").refusal.is_none());
        assert!(faults.fate(Provider::Twilio, "/crm/x").refusal.is_none());
        assert!(matches!(faults.fate(Provider::Hubspot, "/crm/x").refusal, Some(Refusal::Fail(f)) if f.status == 502));
        assert!(faults.fate(Provider::Hubspot, "/crm/x").refusal.is_none());
    }

    #[test]
    fn delays_add_up_and_a_refused_call_is_not_held_as_well() {
        let slow = CallFault { delay_ms: 5, down: true, ..CallFault::default() };
        let held =
            CallFault { delay_ms: 7, timeout_after_acting: Some(Times { times: Some(1) }), ..CallFault::default() };
        let mut faults = Faults::default().on(Provider::Twilio, slow).on(Provider::Twilio, held);
        let fate = faults.fate(Provider::Twilio, "/");
        assert_eq!(fate.delay, Duration::from_millis(12));
        assert!(matches!(fate.refusal, Some(Refusal::Down)) && fate.after.is_none());
        assert_eq!(faults.twilio.calls[1].timeout_after_acting, Some(Times { times: Some(1) }));
    }
}
