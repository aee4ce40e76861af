//! The way out for mail: one SMTP session a letter, with the limits of all other calls: time, no private addresses, TLS
//! that is verified.
//!
//! Source: RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 8314 (implicit TLS), RFC 4954 (AUTH).

use std::error::Error as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use engine::connector::{Problem, Scope, Verdict};
use engine::secret::Secret;
use lettre::Address;
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use tokio::time::timeout;

use super::Net;
use super::address::is_public;
use super::words::{Secrets, quoted};

/// Longest time for the name and the connection: a server that needs longer is as good as down, and nothing was sent.
const REACH: Duration = Duration::from_secs(5);
/// Longest time of a whole session. Servers greet late on purpose, to tire those who send unasked.
const SESSION: Duration = Duration::from_secs(30);
/// Pause after "not now" for this letter: servers that do not know a sender refuse the first try. Source: RFC 6647,
/// "Email Greylisting", section 4: minutes.
const GREYLISTED: Duration = Duration::from_secs(90);

/// How a session is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protection {
    /// Plain, then TLS by `STARTTLS`, never without it.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// None: for servers of one's own network.
    None,
}

/// A server that takes letters for others.
pub(crate) struct Relay {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) protection: Protection,
    /// Name and password, if it asks for them.
    pub(crate) account: Option<(String, Secret)>,
    /// A certificate (PEM) that is trusted besides those of this machine.
    pub(crate) certificate: Option<String>,
    /// The name we say hello with.
    pub(crate) hello: String,
}

/// A letter, written out.
pub(crate) struct Letter {
    pub(crate) from: Address,
    pub(crate) to: Vec<Address>,
    /// Headers and body as they are sent.
    pub(crate) bytes: Vec<u8>,
}

/// Where in the session something failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Hello,
    Login,
    Envelope,
    Letter,
}

/// Why a letter was not taken.
#[derive(Debug)]
pub(crate) struct MailError {
    verdict: Verdict<()>,
}

impl MailError {
    fn later(code: &str, message: String) -> Self {
        let problem = Problem::new(code, message);
        Self { verdict: Verdict::Later { after: None, scope: Scope::Connection, problem } }
    }

    /// The verdict on the call; never `Done`.
    pub(crate) fn into_verdict<T: Default>(self) -> Verdict<T> {
        self.verdict.map(|()| T::default())
    }

    /// What went wrong.
    pub(crate) fn message(&self) -> &str {
        self.verdict.problem().map_or("", |problem| &problem.message)
    }
}

impl Net {
    /// Hands one letter over; how many of its receivers were refused. With `None` only proves that the relay takes us.
    ///
    /// # Errors
    /// When it was not taken, or it is not known; the verdict says which.
    pub(crate) async fn post(&self, relay: &Relay, letter: Option<&Letter>) -> Result<usize, MailError> {
        let Relay { host, port, .. } = relay;
        let place = format!("{host}:{port}");
        let sent = AtomicBool::new(false);
        match timeout(SESSION, self.session(relay, letter, &place, &sent)).await {
            Ok(result) => result,
            Err(_) if sent.load(Ordering::Relaxed) => {
                let words = format!("{place} did not say whether it took the letter: time-out");
                Err(MailError { verdict: Verdict::Unknown(Problem::new("timeout", words)) })
            }
            Err(_) => {
                Err(MailError::later("timeout", format!("{place} gave no answer within {} s", SESSION.as_secs())))
            }
        }
    }

    async fn session(
        &self,
        relay: &Relay,
        letter: Option<&Letter>,
        place: &str,
        sent: &AtomicBool,
    ) -> Result<usize, MailError> {
        let said = Said { place, relay };
        let mut line = self.connect(relay, &said).await?;
        if let Some((name, password)) = &relay.account {
            let account = Credentials::new(name.clone(), password.expose().to_owned());
            line.auth(DEFAULT_MECHANISMS, &account).await.map_err(|error| said.failure(Stage::Login, &error))?;
        }
        let refused = match letter {
            Some(letter) => hand_over(&mut line, letter, &said, sent).await?,
            None => 0,
        };
        // It is taken: whether the goodbye arrives says nothing.
        let _ = timeout(Duration::from_secs(1), line.quit()).await;
        Ok(refused)
    }

    async fn connect(&self, relay: &Relay, said: &Said<'_>) -> Result<AsyncSmtpConnection, MailError> {
        let address = self.address_of(relay, said.place).await?;
        let hello = ClientId::Domain(relay.hello.clone());
        let tls = match relay.protection {
            Protection::None => None,
            Protection::StartTls | Protection::Tls => Some(relay.tls().map_err(|why| MailError::later("tls", why))?),
        };
        let (at_once, later) = if relay.protection == Protection::Tls { (tls, None) } else { (None, tls) };
        let connected = AsyncSmtpConnection::connect_tokio1(address, Some(REACH), &hello, at_once, None).await;
        let mut line = connected.map_err(|error| said.failure(Stage::Hello, &error))?;
        if let Some(tls) = later {
            line.starttls(tls, &hello).await.map_err(|error| said.failure(Stage::Hello, &error))?;
        }
        Ok(line)
    }

    /// The address that is connected to: the one that was checked.
    async fn address_of(&self, relay: &Relay, place: &str) -> Result<SocketAddr, MailError> {
        let found = timeout(REACH, tokio::net::lookup_host((relay.host.as_str(), relay.port))).await;
        let found: Vec<SocketAddr> = match found {
            Ok(Ok(found)) => found.collect(),
            Ok(Err(error)) => return Err(MailError::later("unreachable", format!("{place} is not known: {error}"))),
            Err(_) => return Err(MailError::later("unreachable", format!("{place} is not known: time-out"))),
        };
        let allowed = |address: &SocketAddr| self.private_too || is_public(address.ip());
        match found.iter().copied().find(allowed) {
            Some(address) => Ok(address),
            None if found.is_empty() => Err(MailError::later("unreachable", format!("{place} has no address"))),
            None => {
                let words = format!(
                    "{place} is a private address; if that is meant, set `allow_private_network: true` on the connection"
                );
                Err(MailError { verdict: Verdict::Refused(Problem::new("private_address", words)) })
            }
        }
    }
}

impl Relay {
    fn tls(&self) -> Result<TlsParameters, String> {
        let mut builder = TlsParameters::builder(self.host.clone());
        if let Some(pem) = &self.certificate {
            builder = builder.add_root_certificate(read_certificate(pem)?);
        }
        builder.build_rustls().map_err(|error| format!("TLS cannot be set up: {error}"))
    }
}

/// A certificate as text.
///
/// # Errors
/// When it is not PEM.
pub(crate) fn read_certificate(pem: &str) -> Result<Certificate, String> {
    // Text without any certificate reads as none.
    let read = Certificate::from_pem(pem.as_bytes()).ok().filter(|_| pem.contains("-----BEGIN CERTIFICATE-----"));
    read.ok_or_else(|| "certificate must be PEM: -----BEGIN CERTIFICATE-----…".to_owned())
}

/// Envelope and letter. One receiver that is refused does not keep the letter from the others.
async fn hand_over(
    line: &mut AsyncSmtpConnection,
    letter: &Letter,
    said: &Said<'_>,
    sent: &AtomicBool,
) -> Result<usize, MailError> {
    let envelope = |error: smtp::Error| said.failure(Stage::Envelope, &error);
    line.command(Mail::new(Some(letter.from.clone()), Vec::new())).await.map_err(envelope)?;
    let (mut refused, mut last) = (0, None);
    for to in &letter.to {
        match line.command(Rcpt::new(to.clone(), Vec::new())).await {
            Ok(_) => {}
            Err(error) if error.is_permanent() => {
                refused += 1;
                last = Some(error);
            }
            Err(error) => return Err(said.failure(Stage::Envelope, &error)),
        }
    }
    if refused == letter.to.len() {
        let problem = Problem::new("no_receivers", "the mail has no receivers");
        return Err(last.map_or(MailError { verdict: Verdict::Refused(problem) }, envelope));
    }
    line.command(Data).await.map_err(envelope)?;
    sent.store(true, Ordering::Relaxed);
    line.message(&letter.bytes).await.map_err(|error| said.failure(Stage::Letter, &error))?;
    Ok(refused)
}

/// What may be told of a session: no password, no address of a person.
struct Said<'a> {
    place: &'a str,
    relay: &'a Relay,
}

impl Said<'_> {
    fn failure(&self, stage: Stage, error: &smtp::Error) -> MailError {
        let Some(status) = error.status() else { return self.broken(stage, error) };
        let code = u16::from(status);
        let problem = Problem::new(code.to_string(), format!("{} answered {code}: {}", self.place, self.words(error)));
        let verdict = match (stage, code) {
            // The whole server is busy, or closes.
            (_, 421) | (Stage::Hello | Stage::Login, 400..=499) => {
                Verdict::Later { after: None, scope: Scope::Connection, problem }
            }
            (_, 400..=499) => Verdict::Later { after: Some(GREYLISTED), scope: Scope::Item, problem },
            // Ours are refused, or asked for. Source: RFC 4954, section 6.
            (Stage::Login, _) | (_, 530 | 534 | 535 | 538) => Verdict::Auth(Problem::new(
                code.to_string(),
                format!("{} answered {code}: name and password were refused; mend those of the connection", self.place),
            )),
            (Stage::Hello, _) => Verdict::Later { after: None, scope: Scope::Connection, problem },
            _ => Verdict::Refused(problem),
        };
        MailError { verdict }
    }

    /// No answer, or none that could be read.
    fn broken(&self, stage: Stage, error: &smtp::Error) -> MailError {
        let words = format!("{} could not be talked to: {}", self.place, self.words(error));
        let code = if is_of_tls(error) { "tls" } else { "unreachable" };
        match stage {
            Stage::Letter => MailError { verdict: Verdict::Unknown(Problem::new("broken", words)) },
            Stage::Login if error.is_client() => {
                let words = format!("{} knows no way to sign in that we know", self.place);
                MailError { verdict: Verdict::Auth(Problem::new("no_mechanism", words)) }
            }
            _ => MailError::later(code, words),
        }
    }

    fn words(&self, error: &smtp::Error) -> String {
        let mut secrets = Secrets::default();
        if let Some((_, password)) = &self.relay.account {
            secrets.add(password.expose());
        }
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        quoted(&secrets.hidden_in(&cause.to_string()))
    }
}

/// Whether the other side could not prove itself.
fn is_of_tls(error: &smtp::Error) -> bool {
    let mut cause = error.source();
    while let Some(inner) = cause {
        let carried = inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if carried.is_some_and(|carried| carried.is::<tokio_rustls::rustls::Error>()) {
            return true;
        }
        cause = inner.source();
    }
    error.is_tls()
}

/// Whether a server may be named so: a host name or an address.
pub(crate) fn is_host(text: &str) -> bool {
    url::Host::parse(text).is_ok()
}
