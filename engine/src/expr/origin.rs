//! Where in a YAML file an expression stands, and what can be wrong with one.

/// The place of an expression's first character. Errors inside it are reported relative to this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Line in the file, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// How far later lines of the expression are indented in the file (block scalars); 0 for text on one line.
    pub indent: u32,
}

impl Origin {
    /// The line and column in the file of the place at `line` and `column` (both from 1) within the expression.
    pub(super) fn place(self, line: u32, column: u32) -> (u32, u32) {
        let line_in_file = self.line.max(1) + line.saturating_sub(1);
        let column_in_file =
            if line <= 1 { self.column.max(1) + column.saturating_sub(1) } else { self.indent + column };
        (line_in_file, column_in_file)
    }

    /// An error at `place` within the expression; without a place, at its start.
    pub(super) fn error(self, place: Option<(u32, u32)>, code: &'static str, message: String) -> Error {
        let (line, column) = place.unwrap_or((1, 1));
        let (line, column) = self.place(line, column);
        Error { line, column, code, message }
    }
}

/// What is wrong with an expression, and where in the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// Line in the file, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Stable code: `script_syntax`, `script_too_long`, `script_failed`, `script_limit` (a count was exceeded),
    /// `turn_too_slow` (abandon the turn), `not_a_condition`, `template_syntax`, `template_too_long`, `template_failed`,
    /// `template_limit`.
    pub code: &'static str,
    /// What is wrong, in one line.
    pub message: String,
}

/// One dotted name that an expression reads, such as `event.order.total`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathUse {
    /// Its parts: `["event", "order", "total"]`. Stops before a call or an index.
    pub parts: Vec<String>,
    /// Line in the file, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_moved_by_the_column_and_later_lines_by_the_indent() {
        let origin = Origin { line: 10, column: 8, indent: 4 };
        assert_eq!(origin.place(1, 3), (10, 10));
        assert_eq!(origin.place(2, 3), (11, 7));
        assert_eq!(Origin::default().place(1, 1), (1, 1));
    }
}
