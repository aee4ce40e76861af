//! `switchboard.toml`: the same settings as the flags of `switchboard serve`, by the same names.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use engine::secret::Secret;
use serde::Deserialize;

use super::Error;
use super::server::FileLimits;
use crate::logging::LogFormat;

/// The file as written. Every field may be left out; an unknown one is an error.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FileSettings {
    /// The data folder.
    pub data: Option<PathBuf>,
    /// The address of a PostgreSQL database.
    pub database: Option<Secret>,
    /// Where to listen.
    pub listen: Option<SocketAddr>,
    /// Our address as the outside sees it.
    pub public_url: Option<String>,
    /// Where other processes on this database reach us.
    pub advertise: Option<String>,
    /// Folder of flow files.
    pub flows: Option<PathBuf>,
    /// Whether the editor may write these files.
    pub flows_writable: Option<bool>,
    /// Connections file.
    pub connections: Option<PathBuf>,
    /// Names in flow files and what they are here.
    pub bindings: Option<PathBuf>,
    /// Whether to start the sandbox.
    pub sandbox: Option<bool>,
    /// The sandbox's port.
    pub sandbox_port: Option<u16>,
    /// Where anchors are appended.
    pub anchors: Option<PathBuf>,
    /// Where it is noted, too, whom we erased.
    pub erasures: Option<PathBuf>,
    /// Folder where backups are put: too little room there is an alarm.
    pub backups: Option<PathBuf>,
    /// How many runs a trigger starts in the hour after it went live: a number, or `off`.
    pub first_hour: Option<NumberOrWord>,
    /// How log lines look.
    pub log_format: Option<LogFormat>,
    /// What is logged.
    pub log: Option<String>,
    /// What one client may cost us.
    pub limits: Option<FileLimits>,
}

/// A setting that is a number, or a word that stands for one.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum NumberOrWord {
    /// A number.
    Number(i64),
    /// A word.
    Word(String),
}

impl FileSettings {
    /// Reads `named`, or `switchboard.toml` in the working folder if it is there.
    ///
    /// # Errors
    /// When the file is not readable, not TOML, or has a field we do not know.
    pub fn load(named: Option<&Path>) -> Result<Self, Error> {
        let file = named.unwrap_or(Path::new("switchboard.toml"));
        if named.is_none() && !file.exists() {
            return Ok(Self::default());
        }
        let wrong = |why: String| Error::File { file: file.to_owned(), why };
        let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
        toml::from_str(&text).map_err(|error| wrong(error.to_string().trim_end().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<FileSettings, Error> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("s.toml");
        std::fs::write(&file, text).unwrap();
        FileSettings::load(Some(&file))
    }

    #[test]
    fn a_misspelt_setting_is_refused_with_its_line() {
        let message = read("data = \"d\"\npublik-url = \"x\"\n").unwrap_err().to_string();
        assert!(message.contains("line 2") && message.contains("publik-url"), "{message}");
    }

    #[test]
    fn settings_have_the_names_of_the_flags() {
        let settings = read("listen = \"0.0.0.0:80\"\nsandbox-port = 9200\n[limits]\nconnections = 7\n").unwrap();
        assert_eq!(settings.sandbox_port, Some(9200));
        assert_eq!(settings.limits.unwrap().connections, Some(7));
    }

    #[test]
    fn a_named_file_must_be_there() {
        assert!(FileSettings::load(Some(Path::new("/nowhere/s.toml"))).is_err());
    }
}
