//! What stands between the scalars of a document: there, and only there, YAML's tags, anchors, aliases and comments can be.
//!
//! The parser drops them silently: `if: !contact.blocked` arrives as nothing at all. So the bytes that belong to no key
//! and no scalar are read once more.

use std::cell::Cell;
use std::ops::Range;

use super::problem::Problems;
use super::yaml::{Comment, Node, Place, Style, Val};

/// Reports tags, anchors, aliases and directives; notes comments behind values and which scalars are blocks.
pub(crate) fn scan(text: &str, root: &mut Node, problems: &mut Problems) {
    let mut leaves = Vec::new();
    leaves_of(root, &mut leaves);
    let lines = Lines::new(text);
    let mut at = 0;
    for index in 0..=leaves.len() {
        let span = leaves.get(index).map_or(text.len()..text.len(), Leaf::span);
        let gap = read_gap(text, at..span.start.max(at), &lines, problems);
        if let Some(Leaf::Value(node)) = leaves.get_mut(index) {
            match &mut node.value {
                // A tag or an anchor changes what the parser made of the value: whatever it says now would mislead.
                value if gap.refused => *value = Val::Broken,
                Val::Scalar(scalar) if gap.block => scalar.style = Style::Block,
                _ => {}
            }
        }
        if let Some(Leaf::Value(before)) = index.checked_sub(1).and_then(|before| leaves.get_mut(before)) {
            before.comment = gap.comment;
        }
        at = at.max(span.end);
    }
    for leaf in leaves {
        if let Leaf::Value(node) = leaf {
            tell_of_cut(node, problems);
        }
    }
}

/// `text: Order #5` is `Order`: say so when the `#` touches what follows, as it does when it is meant.
fn tell_of_cut(node: &Node, problems: &mut Problems) {
    let plain = match &node.value {
        Val::Scalar(scalar) => scalar.style == Style::Plain,
        Val::Null => true,
        Val::List(_) | Val::Map(_) | Val::Broken => false,
    };
    if let (Some(comment), true) = (&node.comment, plain)
        && comment.tight
    {
        let message = "YAML takes everything from this ` #` on for a comment: it is not part of the value";
        let hint = "put the whole value in quotes; for a comment, write a space after the `#`";
        if matches!(node.value, Val::Null) {
            problems.error(comment.place, "comment_cuts_value", message, hint);
        } else {
            problems.warn(comment.place, "comment_cuts_value", message, hint);
        }
    }
}

/// A key or a value without children, in document order.
enum Leaf<'a> {
    Key(Range<usize>),
    Value(&'a mut Node),
}

impl Leaf<'_> {
    fn span(&self) -> Range<usize> {
        match self {
            Self::Key(span) => span.clone(),
            Self::Value(node) => node.span.clone(),
        }
    }
}

fn leaves_of<'a>(node: &'a mut Node, out: &mut Vec<Leaf<'a>>) {
    if !matches!(node.value, Val::List(_) | Val::Map(_)) {
        out.push(Leaf::Value(node));
        return;
    }
    match &mut node.value {
        Val::List(items) => items.iter_mut().for_each(|item| leaves_of(item, out)),
        Val::Map(entries) => {
            for (key, value) in entries {
                out.push(Leaf::Key(key.span.clone()));
                leaves_of(value, out);
            }
        }
        Val::Null | Val::Scalar(_) | Val::Broken => {}
    }
}

/// What stands before one scalar.
#[derive(Default)]
struct Gap {
    /// Whether it holds the header of a block scalar.
    block: bool,
    /// A comment on the line on which the gap begins.
    comment: Option<Comment>,
    /// Whether a tag, an anchor or an alias was reported in it.
    refused: bool,
}

fn read_gap(text: &str, range: Range<usize>, lines: &Lines, problems: &mut Problems) -> Gap {
    let mut gap = Gap::default();
    let Some(bytes) = text.as_bytes().get(range.clone()) else { return gap };
    let (mut at, mut first_line) = (0, true);
    while at < bytes.len() {
        match bytes[at] {
            b'#' => {
                let tight = bytes.get(at + 1).is_some_and(|next| !next.is_ascii_whitespace() && *next != b'#');
                if first_line {
                    gap.comment = Some(Comment { place: lines.place(text, range.start + at), tight });
                }
                at += rest_of_line(&bytes[at..]);
                continue;
            }
            b'\n' => first_line = false,
            b'|' | b'>' => gap.block = true,
            b'!' | b'&' | b'*' => {
                // One value, one problem: in `!a && b` the tag says it all.
                if !gap.refused {
                    refuse(bytes[at], lines.place(text, range.start + at), problems);
                }
                gap.refused = true;
                at += bytes[at..].iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
                continue;
            }
            b'%' => {
                let place = lines.place(text, range.start + at);
                problems.error(place, "yaml_tag", "YAML directives (`%…`) are not part of flows", "remove the line");
                at += rest_of_line(&bytes[at..]);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    gap
}

fn rest_of_line(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| **byte != b'\n').count()
}

/// The problem of an unquoted `!`, `&` or `*` before a value.
fn refuse(mark: u8, place: Place, problems: &mut Problems) {
    let (code, what) = match mark {
        b'!' => ("yaml_tag", "an unquoted `!` makes a YAML tag, and the word behind it would silently be lost"),
        b'&' => ("yaml_alias", "an unquoted `&` makes a YAML anchor, which flows do not have"),
        _ => ("yaml_alias", "an unquoted `*` makes a YAML alias, which flows do not have"),
    };
    problems.error(place, code, what, "put the whole value in quotes, such as `if: \"!contact.blocked\"`");
}

/// Where each line begins.
#[derive(Debug)]
pub(super) struct Lines {
    starts: Vec<usize>,
    /// The place found last: the next one is mostly behind it on the same line, which may be the whole document.
    last: Cell<(usize, u32)>,
}

impl Lines {
    /// The lines of `text`.
    pub(super) fn new(text: &str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { starts, last: Cell::new((0, 1)) }
    }

    /// The place of a byte.
    pub(crate) fn place(&self, text: &str, byte: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= byte).saturating_sub(1);
        let (start, column) = match self.last.get() {
            (at, column) if (self.starts[line]..=byte).contains(&at) => (at, column),
            _ => (self.starts[line], 1),
        };
        let column = column + small(columns(text.get(start..byte).unwrap_or("")));
        self.last.set((byte, column));
        Place { line: small(line + 1), column }
    }

    /// What stands on a line from a column on, without the end of the line.
    pub(super) fn rest_of_line<'t>(&self, text: &'t str, line: u32, column: u32) -> &'t str {
        let line = (line as usize).saturating_sub(1);
        let Some(start) = self.starts.get(line) else { return "" };
        let end = self.starts.get(line + 1).copied().unwrap_or(text.len());
        let whole = text.get(*start..end).unwrap_or("").trim_end_matches(['\n', '\r']).trim_start_matches('\u{feff}');
        let skipped = whole.char_indices().nth((column as usize).saturating_sub(1));
        skipped.map_or("", |(at, _)| &whole[at..])
    }

    /// The column behind the last character of a line that is not white space.
    pub(super) fn end_of_line(&self, text: &str, line: u32) -> u32 {
        small(columns(self.rest_of_line(text, line, 1).trim_end())) + 1
    }
}

/// How many columns a part of a line takes; a byte order mark takes none.
fn columns(part: &str) -> usize {
    part.chars().filter(|char| *char != '\u{feff}').count()
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
