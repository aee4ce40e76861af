//! A mail server that takes every letter and delivers none: SMTP on loopback (RFC 5321), with `STARTTLS` when it has a
//! certificate, and `AUTH PLAIN` when it has an account.

use std::{io, net::SocketAddr, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::{
    Times,
    faults::strikes,
    world::{World, now_ms},
};

/// Longest line (RFC 5321, section 4.5.3.1.6: 1 000 octets), as generous as servers are.
const LONGEST_LINE: u64 = 4_096;
/// Longest letter.
const LONGEST_LETTER: usize = 1 << 20;

/// The mail server of the sandbox.
#[derive(Clone, Default)]
pub struct MailServer {
    /// Name and password to sign in with; without, anybody may send.
    pub account: Option<(String, String)>,
    /// What it proves itself with; without, it knows no `STARTTLS`.
    pub tls: Option<Arc<ServerConfig>>,
    /// Receivers that it refuses with 550.
    pub refuses: Vec<String>,
}

/// A letter that was taken.
#[derive(Clone, Debug, Serialize)]
pub struct TakenMail {
    /// When, UTC milliseconds.
    pub at_ms: u64,
    /// The envelope's sender.
    pub from: String,
    /// The envelope's receivers that were not refused.
    pub to: Vec<String>,
    /// Headers and body as they came.
    pub raw: String,
    /// Whether it came over TLS.
    pub encrypted: bool,
}

/// What goes wrong with mail.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailFaults {
    /// An answer instead of the usual one.
    pub answer: Option<MailAnswer>,
    /// Takes the letter, then closes without a word.
    pub drop_after_acting: Option<Times>,
}

/// An answer of the mail server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailAnswer {
    /// To which command: `EHLO`, `AUTH`, `MAIL`, `RCPT`, `DATA`, or `.` for the letter's end.
    pub to: String,
    /// The whole line, such as `451 4.7.1 try again later`.
    pub line: String,
    /// How often; always when absent.
    pub times: Option<u32>,
}

/// Listens until the sandbox stops; answers where.
pub(super) async fn start(world: Arc<World>, listener: TcpListener) -> io::Result<SocketAddr> {
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        loop {
            let stream = tokio::select! {
                accepted = listener.accept() => match accepted { Ok((stream, _)) => stream, Err(_) => continue },
                () = world.stopping() => return,
            };
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                tokio::select! {
                    served = serve(&world, stream) => if let Err(error) = served {
                        tracing::debug!(%error, "sandbox: a mail session broke");
                    },
                    () = world.stopping() => {}
                }
            });
        }
    });
    Ok(address)
}

async fn serve(world: &World, mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(b"220 sandbox ESMTP\r\n").await?;
    let mut session = Session::new(world, false);
    if session.talk(&mut BufReader::new(&mut stream)).await? == After::Tls
        && let Some(tls) = &world.config.mail.tls
    {
        let mut stream = TlsAcceptor::from(Arc::clone(tls)).accept(stream).await?;
        Session::new(world, true).talk(&mut BufReader::new(&mut stream)).await?;
    }
    Ok(())
}

/// What follows a conversation.
#[derive(PartialEq)]
enum After {
    Nothing,
    Tls,
}

struct Session<'a> {
    world: &'a World,
    encrypted: bool,
    signed_in: bool,
    from: Option<String>,
    to: Vec<String>,
}

impl<'a> Session<'a> {
    fn new(world: &'a World, encrypted: bool) -> Self {
        Self { world, encrypted, signed_in: false, from: None, to: Vec::new() }
    }

    async fn talk<T: AsyncRead + AsyncWrite + Unpin>(&mut self, line: &mut BufReader<T>) -> io::Result<After> {
        loop {
            let Some(command) = read_line(line).await? else { return Ok(After::Nothing) };
            let verb = command.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let answer = match self.fault(&verb) {
                Some(fault) => fault,
                None if verb == "STARTTLS" && self.world.config.mail.tls.is_some() && !self.encrypted => {
                    say(line, "220 go ahead").await?;
                    return Ok(After::Tls);
                }
                None if verb == "DATA" && !self.to.is_empty() => {
                    say(line, "354 end with a dot").await?;
                    match self.letter(line).await? {
                        Some(answer) => answer,
                        None => return Ok(After::Nothing),
                    }
                }
                None => self.answer(&verb, &command),
            };
            say(line, &answer).await?;
            if verb == "QUIT" || answer.starts_with("421") {
                return Ok(After::Nothing);
            }
        }
    }

    fn answer(&mut self, verb: &str, command: &str) -> String {
        let mail = &self.world.config.mail;
        match verb {
            "EHLO" => {
                let tls = if mail.tls.is_some() && !self.encrypted { "250-STARTTLS\r\n" } else { "" };
                let account = if mail.account.is_some() { "250-AUTH PLAIN\r\n" } else { "" };
                format!("250-sandbox\r\n{tls}{account}250 8BITMIME")
            }
            "AUTH" => self.sign_in(command),
            "MAIL" if mail.account.is_some() && !self.signed_in => "530 5.7.0 sign in first".into(),
            "MAIL" => {
                self.from = Some(address(command));
                self.to.clear();
                "250 2.1.0 fine".into()
            }
            "RCPT" if mail.refuses.contains(&address(command)) => {
                format!("550 5.1.1 no such person: {}", address(command))
            }
            "RCPT" => {
                self.to.push(address(command));
                "250 2.1.5 fine".into()
            }
            "NOOP" | "RSET" => "250 fine".into(),
            "QUIT" => "221 bye".into(),
            _ => "503 5.5.1 not now".into(),
        }
    }

    /// `AUTH PLAIN` with the answer in the same line (RFC 4616).
    fn sign_in(&mut self, command: &str) -> String {
        let given = command.rsplit(' ').next().and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
        let wanted = self.world.config.mail.account.as_ref().map(|(name, word)| format!("\0{name}\0{word}"));
        self.signed_in = wanted.is_some_and(|wanted| wanted.as_bytes() == given);
        let answer = if self.signed_in { "235 2.7.0 welcome" } else { "535 5.7.8 wrong name or password" };
        answer.into()
    }

    /// Reads a letter to its dot; `None` when the connection is to close without a word.
    async fn letter<T: AsyncRead + Unpin>(&mut self, line: &mut BufReader<T>) -> io::Result<Option<String>> {
        let mut raw = String::new();
        loop {
            let Some(next) = read_line(line).await? else { return Ok(None) };
            if next == "." {
                break;
            }
            if raw.len() + next.len() > LONGEST_LETTER {
                return Ok(Some("552 5.3.4 too long".into()));
            }
            raw.push_str(next.strip_prefix('.').unwrap_or(&next));
            raw.push_str("\r\n");
        }
        if let Some(fault) = self.fault(".") {
            return Ok(Some(fault));
        }
        let (from, to) = (self.from.take().unwrap_or_default(), std::mem::take(&mut self.to));
        self.world.ledger.mail(TakenMail { at_ms: now_ms(), from, to, raw, encrypted: self.encrypted });
        let dropped = self.world.faults().mail.drop_after_acting.as_mut().is_some_and(|left| strikes(&mut left.times));
        Ok((!dropped).then(|| "250 2.0.0 taken".into()))
    }

    fn fault(&self, verb: &str) -> Option<String> {
        let mut faults = self.world.faults();
        let fault = faults.mail.answer.as_mut().filter(|fault| fault.to == verb)?;
        strikes(&mut fault.times).then(|| fault.line.clone())
    }
}

/// What stands between `<` and `>`.
fn address(command: &str) -> String {
    let inside = command.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map_or(String::new(), |(address, _)| address.to_owned())
}

async fn read_line<T: AsyncRead + Unpin>(line: &mut BufReader<T>) -> io::Result<Option<String>> {
    use tokio::io::AsyncReadExt;
    let mut bytes = Vec::new();
    let read = line.take(LONGEST_LINE).read_until(b'\n', &mut bytes).await?;
    let text = String::from_utf8_lossy(&bytes);
    Ok((read > 0).then(|| text.trim_end_matches(['\r', '\n']).to_owned()))
}

async fn say<T: AsyncWrite + Unpin>(line: &mut BufReader<T>, text: &str) -> io::Result<()>
where
    BufReader<T>: AsyncWrite,
{
    line.write_all(format!("{text}\r\n").as_bytes()).await?;
    line.flush().await
}
