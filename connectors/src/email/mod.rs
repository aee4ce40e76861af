//! `notify.email`: tells people by mail, through an SMTP server of one's own.
//!
//! Source: RFC 5321, RFC 5322, RFC 8314 (ports and TLS), RFC 3834 (automatic mail). The session itself is
//! [`net::mail`](crate::net::mail).
//!
//! A mail cannot be changed: what tells that somebody took a customer is a further mail in the same thread. A press is a
//! link to the page where it can be done after signing in, never a link that does it: programs follow links in mail.

mod letter;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::capability::human::NotifyEscalation;
use engine::capability::notify::{Send, TellAlarm, Told};
use engine::connector::{
    Call, Connection, Connector, ConnectorBuilder, Finding, OpenContext, Performs, Problem, Repeat, Verdict,
};
use engine::secret::Secret;
use futures_util::future::BoxFuture;
use lettre::message::Mailbox;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use crate::net::Net;
use crate::net::mail::{Protection, Relay, is_host, read_certificate};
use crate::notice::{Language, Notice};

/// Most receivers of one mail.
const MOST_RECEIVERS: usize = 50;

/// The connector.
pub(crate) fn connector() -> Connector {
    ConnectorBuilder::<Email>::new("notify.email", "E-mail (SMTP)")
        .performs::<NotifyEscalation>()
        .performs::<Send>()
        .performs::<TellAlarm>()
        // Servers limit by rules of their own and say so by 421 and 45x; few sessions at once are polite everywhere.
        .limits(0, 2)
        .opens(open)
}

/// Through which server, from whom and to whom.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The SMTP server that sends mail for you, such as `smtp.example.com`.
    host: String,
    /// Its port. Default 587 with `starttls`, 465 with `tls`, 25 with `none`.
    #[serde(default)]
    port: Option<u16>,
    /// How the connection is protected: `starttls` (default), `tls`, or `none` for a server in your own network.
    #[serde(default)]
    protection: ProtectionSetting,
    /// Name to sign in with. Default: no sign-in.
    #[serde(default)]
    user: Option<String>,
    /// Password to sign in with.
    #[serde(default)]
    password: Option<Secret>,
    /// A certificate (PEM) to trust besides those of this machine, for a server with a certificate of its own making.
    #[serde(default)]
    certificate: Option<String>,
    /// From whom, such as `Switchboard <alerts@example.com>`.
    from: String,
    /// To whom, unless something else is named.
    #[schemars(length(min = 1, max = 50))]
    to: Vec<String>,
    /// Other receivers by team, such as `care: [care@example.com]`.
    #[serde(default)]
    teams: BTreeMap<String, Vec<String>>,
    /// Language of the mails: `en` (default), `zh`, `ru`, `ar`, `it`.
    #[serde(default)]
    language: Language,
}

/// How the connection to the server is protected.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "MailProtection")]
enum ProtectionSetting {
    /// Plain, then TLS; never without it.
    #[default]
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// No protection.
    None,
}

fn open(settings: Settings, context: &OpenContext) -> Result<Email, String> {
    let (protection, usual_port) = match settings.protection {
        ProtectionSetting::StartTls => (Protection::StartTls, 587),
        ProtectionSetting::Tls => (Protection::Tls, 465),
        ProtectionSetting::None => (Protection::None, 25),
    };
    if protection == Protection::None && !context.allow_private_network {
        return Err(
            "protection: none is for servers of your own network: set allow_private_network: true, or use starttls"
                .into(),
        );
    }
    if !is_host(&settings.host) {
        return Err(format!("host `{}` is not the name of a server", settings.host));
    }
    if let Some(pem) = &settings.certificate {
        read_certificate(pem)?;
    }
    let account = match (settings.user, settings.password) {
        (Some(user), Some(password)) => Some((user, password)),
        (None, None) => None,
        _ => return Err("set user and password, or neither".into()),
    };
    let own = Url::parse(&context.public_url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let teams = settings.teams.iter().map(|(team, to)| Ok((team.clone(), receivers(to)?)));
    Ok(Email {
        net: Net::open(context)?,
        relay: Relay {
            host: settings.host,
            port: settings.port.unwrap_or(usual_port),
            protection,
            account,
            certificate: settings.certificate,
            hello: own.unwrap_or_else(|| "localhost".into()),
        },
        from: mailbox(&settings.from)?,
        to: receivers(&settings.to)?,
        teams: teams.collect::<Result<_, String>>()?,
        language: settings.language,
        own: Arc::clone(&context.public_url),
    })
}

/// An address with or without a name.
fn mailbox(text: &str) -> Result<Mailbox, String> {
    let plain = !text.chars().any(char::is_control);
    let read: Option<Mailbox> = text.trim().parse().ok().filter(|_| plain);
    read.ok_or_else(|| "an e-mail address must look like ana@example.com or Ana <ana@example.com>".to_owned())
}

fn receivers(list: &[String]) -> Result<Vec<Mailbox>, String> {
    if list.is_empty() || list.len() > MOST_RECEIVERS {
        return Err(format!("name 1 to {MOST_RECEIVERS} receivers"));
    }
    list.iter().map(|text| mailbox(text)).collect()
}

/// One sender.
pub(crate) struct Email {
    net: Net,
    relay: Relay,
    from: Mailbox,
    to: Vec<Mailbox>,
    teams: BTreeMap<String, Vec<Mailbox>>,
    language: Language,
    /// Our own address.
    own: Arc<str>,
}

impl Connection for Email {
    /// Says hello and signs in; sends nothing.
    fn check(&self) -> BoxFuture<'_, Vec<Finding>> {
        Box::pin(async {
            vec![match self.net.post(&self.relay, None).await {
                Ok(_) => Finding::new(true, "mail server", "takes our mail"),
                Err(error) => Finding::new(false, "mail server", error.message().to_owned()),
            }]
        })
    }
}

impl Email {
    async fn tell(&self, notice: &Notice, to: Result<Vec<Mailbox>, String>, call: &Call) -> Verdict<Told> {
        let to = match to {
            Ok(to) => to,
            Err(why) => return Verdict::Refused(Problem::new("bad_address", why)),
        };
        let id = letter::id(&self.from, &call.key);
        let letter = match letter::write(notice, &self.from, &to, &id, call.now) {
            Ok(letter) => letter,
            Err(why) => return Verdict::Refused(Problem::new("bad_mail", why)),
        };
        match self.net.post(&self.relay, Some(&letter)).await {
            Ok(refused) => {
                if refused > 0 {
                    tracing::warn!(refused, of = to.len(), "the mail server refused receivers of a notice");
                }
                Verdict::done(Told { message: Some(id) })
            }
            Err(error) => error.into_verdict(),
        }
    }

    /// Whom the caller names, separated by commas, or else the team's or everybody's receivers.
    fn receivers(&self, team: &str, asked: Option<&str>) -> Result<Vec<Mailbox>, String> {
        match asked {
            Some(asked) => receivers(&asked.split(',').map(str::to_owned).collect::<Vec<_>>()),
            None => Ok(self.teams.get(team).unwrap_or(&self.to).clone()),
        }
    }
}

impl Performs<NotifyEscalation> for Email {
    /// A repeat has the same Message-ID, by which many mailboxes show one of two. Told twice does less harm than not at all.
    const REPEAT: Repeat = Repeat::Safe;

    async fn perform(&self, input: NotifyEscalation, call: &Call) -> Verdict<Told> {
        let to = self.receivers(&input.team, input.channel.as_deref());
        self.tell(&Notice::of_escalation(&input, self.language).seen_from(&self.own), to, call).await
    }
}

impl Performs<Send> for Email {
    /// As for escalations.
    const REPEAT: Repeat = Repeat::Safe;

    async fn perform(&self, input: Send, call: &Call) -> Verdict<Told> {
        let to = self.receivers("", input.to.as_deref());
        self.tell(&Notice::of_send(&input), to, call).await
    }
}

impl Performs<TellAlarm> for Email {
    /// As for escalations.
    const REPEAT: Repeat = Repeat::Safe;

    async fn perform(&self, input: TellAlarm, call: &Call) -> Verdict<Told> {
        let to = self.receivers("", input.channel.as_deref());
        self.tell(&Notice::of_alarm(&input, self.language).seen_from(&self.own), to, call).await
    }
}
