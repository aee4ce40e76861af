//! `bindings.yaml`: names in flow files (connections, teams, templates) and what they are called here.

use std::path::{Path, PathBuf};

use engine::flow::Bindings;

use super::Error;

/// The file that is looked for in a folder of flows.
const NAME: &str = "bindings.yaml";

/// Reads `named`, else the one in `flows` if there is one; none when there is none.
///
/// # Errors
/// When it cannot be read, or has problems: all of them.
pub(crate) fn load(named: Option<&Path>, flows: Option<&Path>) -> Result<Bindings, Error> {
    let beside = flows.map(|dir| dir.join(NAME)).filter(|file| file.exists());
    let Some(file) = named.map(PathBuf::from).or(beside) else { return Ok(Bindings::default()) };
    let wrong = |why: String| Error::File { file: file.clone(), why };
    let text = std::fs::read_to_string(&file).map_err(|error| wrong(error.to_string()))?;
    Bindings::parse(&text).map_err(|problems| {
        let line =
            |problem: &engine::flow::Problem| format!("{}:{}: {}", problem.line, problem.column, problem.message);
        wrong(problems.iter().map(line).collect::<Vec<_>>().join("\n"))
    })
}
