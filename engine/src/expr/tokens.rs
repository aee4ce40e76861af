//! rhai text as tokens: enough of them to tell names from everything else. Mistakes are left for rhai to report.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or keyword.
    Name,
    /// A number, text or character.
    Literal,
    /// Brackets, separators and operators.
    Sign,
}

/// A token with its place in the expression, line and column from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'s> {
    pub(super) kind: Kind,
    pub(super) text: &'s str,
    pub(super) line: u32,
    pub(super) column: u32,
}

/// Signs of several characters that matter here, longest first; any other character is a sign of its own.
const SIGNS: [&str; 10] = ["..=", "..", "?.", "??", "::", "=>", "==", "||", "&&", "#{"];

/// Splits `source` into tokens, without comments and white space.
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut reader = Reader { source, at: 0, line: 1, column: 1, found: Vec::new(), inserts: Vec::new() };
    while reader.step() {}
    reader.found
}

struct Reader<'s> {
    source: &'s str,
    /// Byte position of the next character.
    at: usize,
    line: u32,
    column: u32,
    found: Vec<Token<'s>>,
    /// Open braces within each `${` of a back-quoted text that is open.
    inserts: Vec<u32>,
}

impl<'s> Reader<'s> {
    fn rest(&self) -> &'s str {
        &self.source[self.at..]
    }

    /// Moves `bytes` on, which must end between characters.
    fn skip(&mut self, bytes: usize) {
        for c in self.rest()[..bytes].chars() {
            if c == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        self.at += bytes;
    }

    fn push(&mut self, kind: Kind, bytes: usize) {
        let token = Token { kind, text: &self.rest()[..bytes], line: self.line, column: self.column };
        self.found.push(token);
        self.skip(bytes);
    }

    /// Reads one token or skips what is none; false at the end.
    fn step(&mut self) -> bool {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return false };
        match first {
            _ if first.is_whitespace() => self.skip(first.len_utf8()),
            _ if rest.starts_with("//") => self.skip(rest.find('\n').unwrap_or(rest.len())),
            _ if rest.starts_with("/*") => self.skip(block_comment(rest)),
            _ if first.is_ascii_digit() => self.push(Kind::Literal, number(rest)),
            _ if first.is_ascii_alphabetic() || first == '_' => self.push(Kind::Name, name(rest)),
            '"' | '\'' => self.push(Kind::Literal, quoted(rest, first)),
            '`' => self.back_quoted(1),
            '#' if raw_text(rest).is_some() => self.push(Kind::Literal, raw_text(rest).unwrap_or(1)),
            _ => self.sign(first),
        }
        true
    }

    fn sign(&mut self, first: char) {
        let rest = self.rest();
        let bytes = SIGNS.iter().find(|sign| rest.starts_with(**sign)).map_or(first.len_utf8(), |sign| sign.len());
        let opens = rest[..bytes].ends_with('{');
        self.push(Kind::Sign, bytes);
        let Some(open) = self.inserts.last_mut() else { return };
        if opens {
            *open += 1;
        } else if first == '}' && *open > 0 {
            *open -= 1;
        } else if first == '}' {
            self.inserts.pop();
            self.back_quoted(0);
        }
    }

    /// Reads back-quoted text up to its end or to `${`, whose content is code again.
    fn back_quoted(&mut self, opening: usize) {
        let text = &self.rest()[opening..];
        let end = text.find('`').map(|at| at + 1);
        match text.find("${").filter(|at| end.is_none_or(|end| *at < end)) {
            Some(insert) => {
                self.push(Kind::Literal, opening + insert + 1);
                self.push(Kind::Sign, 1);
                self.inserts.push(0);
            }
            None => self.push(Kind::Literal, opening + end.unwrap_or(text.len())),
        }
    }
}

fn name(rest: &str) -> usize {
    rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len())
}

/// A number as far as it goes: digits, a fraction only before a digit (`1..5` is a range), an exponent's sign.
fn number(rest: &str) -> usize {
    let mut end = name(rest);
    let digit_at = |at: usize| rest[at..].starts_with(|c: char| c.is_ascii_digit());
    if rest[end..].starts_with('.') && digit_at(end + 1) {
        end += 1 + name(&rest[end + 1..]);
    }
    let exponent = rest[..end].ends_with(['e', 'E']) && !rest.starts_with("0x");
    if exponent && rest[end..].starts_with(['+', '-']) && digit_at(end + 1) {
        end += 1 + name(&rest[end + 1..]);
    }
    end
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// The length of `#"…"#` with any number of `#`, if that is what stands here.
fn raw_text(rest: &str) -> Option<usize> {
    let hashes = rest.bytes().take_while(|byte| *byte == b'#').count();
    let content = rest[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", &rest[..hashes]);
    let length = content.find(&end).map_or(content.len(), |at| at + end.len());
    Some(hashes + 1 + length)
}

/// The length of a block comment; they nest.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_u32, 0);
    while let Some(found) = rest[at..].find(['*', '/']) {
        at += found;
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(source: &str) -> Vec<&str> {
        tokens(source).iter().map(|token| token.text).collect()
    }

    #[test]
    fn code_is_split_and_comments_are_not_code() {
        assert_eq!(words("a.b?.c // x\n/* y /* z */ w */ == 1.5e-3"), ["a", ".", "b", "?.", "c", "==", "1.5e-3"]);
        assert_eq!(words("0..5 1.x #{ a: 'b' }"), ["0", "..", "5", "1", ".", "x", "#{", "a", ":", "'b'", "}"]);
        assert_eq!(words(r##""q\"x" #"raw "a"#"##), [r#""q\"x""#, r##"#"raw "a"#"##]);
    }

    #[test]
    fn back_quoted_text_holds_code() {
        assert_eq!(
            words("`a ${b.c + #{d: 1}.d} e ${`${f}`}`"),
            [
                "`a $", "{", "b", ".", "c", "+", "#{", "d", ":", "1", "}", ".", "d", "}", " e $", "{", "`$", "{", "f",
                "}", "`", "}", "`"
            ]
        );
    }

    #[test]
    fn places_count_lines_and_characters() {
        let all = tokens("é +\n  b");
        assert_eq!(all.iter().map(|token| (token.line, token.column)).collect::<Vec<_>>(), [(1, 1), (1, 3), (2, 3)]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(source in "([ -~]|\\PC|[`\"'#{}/*$\n]){0,60}") {
            for token in tokens(&source) {
                prop_assert!(!token.text.is_empty());
            }
        }
    }
}
