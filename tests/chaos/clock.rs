//! The wall clock of one server, set from outside: a small library that is loaded before the C library adds what a file says.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The clock of the servers that it was given to.
#[derive(Clone, Debug)]
pub(crate) struct WallClock {
    library: PathBuf,
    file: PathBuf,
}

impl WallClock {
    /// Builds the library in `folder`, with the C compiler that the build needs anyway.
    pub(crate) fn make(folder: &Path) -> Result<Self, String> {
        let (source, library, file) = (folder.join("clock.c"), folder.join("clock.so"), folder.join("clock"));
        std::fs::write(&source, include_str!("clock.c")).map_err(|error| error.to_string())?;
        std::fs::write(&file, 0_i64.to_ne_bytes()).map_err(|error| error.to_string())?;
        let cc = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
        let made = Command::new(cc).args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).output();
        match made {
            Ok(made) if made.status.success() => Ok(Self { library, file }),
            Ok(made) => Err(format!("no clock to set: {}", String::from_utf8_lossy(&made.stderr))),
            Err(error) => Err(format!("no clock to set, as there is no C compiler: {error}")),
        }
    }

    /// Gives a command this clock.
    pub(crate) fn give(&self, command: &mut Command) {
        command.env("LD_PRELOAD", &self.library).env("CHAOS_CLOCK", &self.file);
    }

    /// Sets it so far ahead of the machine's.
    pub(crate) fn ahead(&self, by: Duration) {
        self.set(i64::try_from(by.as_millis()).unwrap());
    }

    /// Sets it so far behind the machine's.
    pub(crate) fn behind(&self, by: Duration) {
        self.set(-i64::try_from(by.as_millis()).unwrap());
    }

    fn set(&self, ms: i64) {
        // The same file in one write: it is mapped into the servers.
        let mut file = std::fs::File::options().write(true).open(&self.file).unwrap();
        std::io::Write::write_all(&mut file, &ms.to_ne_bytes()).unwrap();
    }
}
