//! What `switchboard serve` is started with.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use engine::flow::{FirstHour, NoFirstHour};
use serde::Deserialize;

use super::file::NumberOrWord;
use super::{Error, FileSettings};

/// Where the sandbox listens when nothing else is said.
pub const SANDBOX_PORT: u16 = 9100;
/// Where we listen when nothing else is said.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// The settings of `serve` as given by flags and environment; what is `None` comes from the file or is the default.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Where to listen.
    pub listen: Option<SocketAddr>,
    /// Our address as the outside sees it.
    pub public_url: Option<String>,
    /// Where other processes on this database reach us.
    pub advertise: Option<String>,
    /// Folder of flow files.
    pub flows: Option<PathBuf>,
    /// Whether the editor may write these files.
    pub flows_writable: bool,
    /// Connections file.
    pub connections: Option<PathBuf>,
    /// Whether to start the sandbox.
    pub sandbox: bool,
    /// The sandbox's port.
    pub sandbox_port: Option<u16>,
    /// Where anchors are appended.
    pub anchors: Option<PathBuf>,
    /// Where it is noted, too, whom we erased.
    pub erasures: Option<PathBuf>,
    /// Where backups are put.
    pub backups: Option<PathBuf>,
    /// How many runs a new trigger starts in an hour.
    pub first_hour: Option<FirstHour>,
}

/// The settings of `serve`, complete and checked.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Where to listen. Default `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// Our address as the outside sees it, without a final slash. Default: `http://` and where we listen.
    pub public_url: Option<String>,
    /// Where other processes on this PostgreSQL database reach us, a host and a port. Default: where we listen, with the machine's name
    /// when that is every address.
    pub advertise: Option<String>,
    /// Folder of flow files. Default: none, flows are imported.
    pub flows: Option<PathBuf>,
    /// Whether the editor may write these files. Default: no, it shows their flows and changes none.
    pub flows_writable: bool,
    /// Connections file. Default: none; with the sandbox, the demo's connections.
    pub connections: Option<PathBuf>,
    /// The sandbox's address; `None` without one.
    pub sandbox: Option<SocketAddr>,
    /// A file outside the data folder to which anchors are appended, one JSON object a line. Default: the log only.
    pub anchors: Option<PathBuf>,
    /// A file outside the data folder in which it is noted whom we erased, for older backups. Default: the data folder's only.
    pub erasures: Option<PathBuf>,
    /// Folder where backups are put: too little room there is an alarm. Default: only the data folder is looked at.
    pub backups: Option<PathBuf>,
    /// How many runs a trigger starts in the hour after it went live, where its flow does not say. Default 100.
    pub first_hour: FirstHour,
    /// What one client may cost us.
    pub limits: Limits,
}

/// What one client may cost us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once; more wait in the system's queue. Default 4096.
    pub connections: usize,
    /// Until the first byte of a new connection. Default 5 s.
    pub first_byte: Duration,
    /// Until a request's head is whole; also how long an idle connection is kept. Default 15 s.
    pub head: Duration,
    /// Until a request's body is whole. Default 30 s.
    pub body: Duration,
    /// How long an answer may find no room on the wire. Default 15 s.
    pub write_stall: Duration,
    /// How long requests under way have when we stop. Default 10 s.
    pub stop: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            first_byte: Duration::from_secs(5),
            head: Duration::from_secs(15),
            body: Duration::from_secs(30),
            write_stall: Duration::from_secs(15),
            stop: Duration::from_secs(10),
        }
    }
}

/// `[limits]` of the settings file; times in whole seconds, 1 to 3600.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FileLimits {
    /// Connections at once, 1 to 100 000.
    pub connections: Option<usize>,
    /// Until the first byte of a new connection.
    pub first_byte_s: Option<u64>,
    /// Until a request's head is whole, and how long an idle connection is kept.
    pub head_s: Option<u64>,
    /// Until a request's body is whole.
    pub body_s: Option<u64>,
    /// How long an answer may find no room on the wire.
    pub write_stall_s: Option<u64>,
}

impl ServerSettings {
    /// Joins flags and file, and checks the result.
    ///
    /// # Errors
    /// When a value is out of range.
    pub fn new(given: Given, file: &FileSettings) -> Result<Self, Error> {
        let sandbox = given.sandbox || file.sandbox.unwrap_or(false);
        let port = given.sandbox_port.or(file.sandbox_port).unwrap_or(SANDBOX_PORT);
        let public_url = given.public_url.or_else(|| file.public_url.clone());
        Ok(Self {
            listen: given.listen.or(file.listen).unwrap_or(LISTEN),
            public_url: public_url.map(|url| checked_url(&url)).transpose()?,
            advertise: given.advertise.or_else(|| file.advertise.clone()).map(checked_address).transpose()?,
            flows: given.flows.or_else(|| file.flows.clone()),
            flows_writable: given.flows_writable || file.flows_writable.unwrap_or(false),
            connections: given.connections.or_else(|| file.connections.clone()),
            sandbox: sandbox.then(|| SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
            anchors: given.anchors.or_else(|| file.anchors.clone()),
            erasures: given.erasures.or_else(|| file.erasures.clone()),
            backups: given.backups.or_else(|| file.backups.clone()),
            first_hour: first_hour(given.first_hour, file.first_hour.as_ref())?,
            limits: limits(file.limits.unwrap_or_default())?,
        })
    }
}

/// Providers sign the address they call, so ours must be exactly as they see it: no query, no final slash.
fn checked_url(text: &str) -> Result<String, Error> {
    let wrong = |why: &str| Error::Value {
        setting: "public-url",
        why: format!("`{text}` {why}; expected something like https://flows.example.com"),
    };
    let url = reqwest::Url::parse(text).map_err(|_| wrong("is not an address"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong("is not an http or https address"));
    }
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("has more than a host and a path"));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn checked_address(text: String) -> Result<String, Error> {
    let (host, port) = text.rsplit_once(':').unwrap_or_default();
    if host.is_empty() || host.contains(char::is_whitespace) || !port.parse().is_ok_and(|port: u16| port > 0) {
        let why = format!("`{text}` is not a host and a port; expected something like 10.0.0.5:8080");
        return Err(Error::Value { setting: "advertise", why });
    }
    Ok(text)
}

fn first_hour(given: Option<FirstHour>, file: Option<&NumberOrWord>) -> Result<FirstHour, Error> {
    let wrong = |why: NoFirstHour| Error::Value { setting: "first-hour", why: why.to_string() };
    let text = file.map(|value| match value {
        NumberOrWord::Number(number) => number.to_string(),
        NumberOrWord::Word(word) => word.clone(),
    });
    match (given, text) {
        (Some(given), _) => Ok(given),
        (None, Some(text)) => text.parse().map_err(wrong),
        (None, None) => Ok(engine::first_hour::MOST),
    }
}

fn limits(file: FileLimits) -> Result<Limits, Error> {
    let default = Limits::default();
    let connections = file.connections.unwrap_or(default.connections);
    if !(1..=100_000).contains(&connections) {
        return Err(Error::Value { setting: "limits.connections", why: format!("{connections} is not 1 to 100000") });
    }
    let seconds = |setting, given: Option<u64>, default| match given {
        None => Ok(default),
        Some(seconds @ 1..=3600) => Ok(Duration::from_secs(seconds)),
        Some(other) => Err(Error::Value { setting, why: format!("{other} is not 1 to 3600 seconds") }),
    };
    Ok(Limits {
        connections,
        first_byte: seconds("limits.first-byte-s", file.first_byte_s, default.first_byte)?,
        head: seconds("limits.head-s", file.head_s, default.head)?,
        body: seconds("limits.body-s", file.body_s, default.body)?,
        write_stall: seconds("limits.write-stall-s", file.write_stall_s, default.write_stall)?,
        stop: default.stop,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_the_file_and_the_file_over_defaults() {
        let file = FileSettings {
            listen: Some(([0, 0, 0, 0], 80).into()),
            sandbox_port: Some(9200),
            sandbox: Some(true),
            ..FileSettings::default()
        };
        let given = Given { sandbox_port: Some(9300), ..Given::default() };
        let settings = ServerSettings::new(given, &file).unwrap();
        assert_eq!(settings.listen.port(), 80);
        assert_eq!(settings.sandbox.unwrap().port(), 9300);
        assert_eq!(ServerSettings::new(Given::default(), &FileSettings::default()).unwrap().listen, LISTEN);
    }

    #[test]
    fn a_public_url_loses_its_final_slash_and_may_have_no_query() {
        assert_eq!(checked_url("https://a.example/x/").unwrap(), "https://a.example/x");
        for wrong in ["a.example", "ftp://a.example", "https://a.example?x=1", "https://u:p@a.example"] {
            assert!(checked_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_first_hour_is_a_number_or_off() {
        let read = |value: NumberOrWord| {
            let file = FileSettings { first_hour: Some(value), ..FileSettings::default() };
            ServerSettings::new(Given::default(), &file).map(|settings| settings.first_hour)
        };
        assert_eq!(read(NumberOrWord::Number(500)).unwrap(), FirstHour::Most(500));
        assert_eq!(read(NumberOrWord::Word("off".into())).unwrap(), FirstHour::Off);
        assert!(read(NumberOrWord::Number(0)).unwrap_err().to_string().contains("`first-hour`"));
        let default = ServerSettings::new(Given::default(), &FileSettings::default()).unwrap();
        assert_eq!(default.first_hour, FirstHour::Most(100));
    }

    #[test]
    fn limits_out_of_range_are_named() {
        let zero = FileLimits { head_s: Some(0), ..FileLimits::default() };
        assert!(limits(zero).unwrap_err().to_string().contains("limits.head-s"));
        let many = FileLimits { connections: Some(0), ..FileLimits::default() };
        assert!(limits(many).is_err());
    }
}
