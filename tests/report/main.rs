//! The acceptance report: what the articles promise, what we promise, and what was measured in this run, side by side.
//!
//! `make acceptance` measures and then calls this with the folder that holds `bench.json`, `chaos.json` and `flows.json`. What is
//! not in there was not measured: it stays blank, and the report says why. Nothing is carried over from another run.

mod machine;
mod table;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::Value;

use table::Measured;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder] = &arguments[..] else {
        say("usage: acceptance FOLDER (with bench.json, chaos.json, flows.json; what is missing stays blank)");
        return ExitCode::from(2);
    };
    match report(Path::new(folder)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("acceptance: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Writes the report beside what it was made of; whether everything that was measured is as it must be.
fn report(folder: &Path) -> Result<bool> {
    let measured = Measured {
        bench: read(&folder.join("bench.json"))?,
        chaos: read(&folder.join("chaos.json"))?,
        flows: read(&folder.join("flows.json"))?,
    };
    let (rows, machine) = (table::rows(&measured), machine::look());
    let text = format!("# Acceptance\n\n{}\n\n{}\n", machine.words(), table::markdown(&rows));
    std::fs::write(folder.join("acceptance.md"), &text)?;
    let json = serde_json::json!({ "machine": machine.json(), "rows": table::json(&rows) });
    std::fs::write(folder.join("acceptance.json"), serde_json::to_string_pretty(&json)? + "\n")?;
    say(&text);
    say(&format!("written to {}", folder.join("acceptance.md").display()));
    Ok(rows.iter().all(|row| row.holds() != Some(false)))
}

/// What a part of the run wrote, if it got so far.
fn read(file: &Path) -> Result<Option<Value>> {
    match std::fs::read(file) {
        Ok(text) => serde_json::from_slice(&text).map(Some).with_context(|| format!("{} is no JSON", file.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| file.display().to_string()),
    }
}

fn say(words: &str) {
    // Nobody may be reading any more.
    drop(writeln!(std::io::stdout(), "{words}"));
}
