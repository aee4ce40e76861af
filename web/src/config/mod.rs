//! Settings: from the command line, then `SWITCHBOARD_*`, then `switchboard.toml`, then the default. All are checked at start.
//!
//! The environment is read here and nowhere else.

pub(crate) mod bindings;
pub mod connections;
mod file;
pub mod server;

use std::path::PathBuf;

use engine::secret::Secret;

pub use file::FileSettings;

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `switchboard.toml` (or `--config`) cannot be read.
    #[error("{}: {why}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A value is out of its range or does not fit another.
    #[error("setting `{setting}`: {why}")]
    Value {
        /// Its name.
        setting: &'static str,
        /// What is wrong, what is expected.
        why: String,
    },
}

/// An environment variable; `None` when it is not set, or not text.
pub(crate) fn environment(name: &str) -> Option<String> {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    std::env::var(name).ok()
}

/// The key that seals secrets, when it is kept outside the data folder.
pub(crate) fn seal_key() -> Option<Secret> {
    environment("SWITCHBOARD_SEAL_KEY").map(Secret::new)
}

/// The audit key, when it is kept outside the data folder.
pub(crate) fn audit_key() -> Option<Secret> {
    environment("SWITCHBOARD_AUDIT_KEY").map(Secret::new)
}
