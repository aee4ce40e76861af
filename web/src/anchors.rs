//! Where anchors of the audit chain go: to the log, and to a file outside the data folder when one is named.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::audit::Anchor;
use engine::runner::AnchorSink;

/// Takes each anchor as one line of JSON. `audit verify --against` reads such a file back.
pub(crate) fn sink(file: Option<PathBuf>) -> AnchorSink {
    Arc::new(move |anchor: &Anchor| {
        let line = serde_json::to_string(anchor).unwrap_or_default();
        tracing::info!(target: "anchor", "{line}");
        if let Some(file) = &file
            && let Err(error) = append(file, &line)
        {
            tracing::error!(%error, file = %file.display(), "an anchor could not be written outside");
        }
    })
}

fn append(file: &Path, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(file)?;
    // One write, so that lines of several processes do not mix.
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use engine::clock::At;

    use super::*;

    #[test]
    fn anchors_are_appended_line_by_line() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("anchors.jsonl");
        let sink = sink(Some(file.clone()));
        for n in [1, 2] {
            sink(&engine::audit::anchor(n, At(n), &[0; 32], Vec::new(), &[7; 32]));
        }
        let text = std::fs::read_to_string(file).unwrap();
        let read: Vec<Anchor> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(read.iter().map(|anchor| anchor.n).collect::<Vec<_>>(), [1, 2]);
    }
}
