//! Words and tables for people, JSON for scripts.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

/// One line on standard output. A reader that went away (`| head`) is no error.
pub(super) fn line(text: impl std::fmt::Display) {
    drop(writeln!(io::stdout().lock(), "{text}"));
}

/// Bytes on standard output as they are; false when its reader went away.
pub(super) fn bytes(part: &[u8]) -> bool {
    io::stdout().lock().write_all(part).is_ok()
}

/// A value on standard output, indented.
pub(super) fn json(value: &impl Serialize) {
    line(serde_json::to_string_pretty(value).unwrap_or_default());
}

/// What went wrong, on standard error.
pub(super) fn complain(why: impl std::fmt::Display) {
    drop(writeln!(io::stderr().lock(), "switchboard: {why}"));
}

/// The text at `path` (`a.b`) of `value`; empty when there is none.
pub(super) fn text(value: &Value, path: &str) -> String {
    let found = path.split('.').try_fold(value, |value, name| value.get(name));
    match found {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Rows under a heading, columns as wide as their widest cell; the last one is not padded.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) {
    let mut widths: Vec<usize> = head.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let show = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<String> = cells.zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        line(padded.join("  ").trim_end());
    };
    show(&mut head.iter().copied());
    for row in rows {
        show(&mut row.iter().map(String::as_str));
    }
}
