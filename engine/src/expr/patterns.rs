//! Patterns of `text.matches`: written out in the script, compiled with it, matched in time linear in the text.
//!
//! Only patterns that stand in the script as text are taken: compiling one while an expression runs would be work that no
//! count of operations bounds.

use std::collections::BTreeMap;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};
use rhai::ImmutableString;

use super::machine::MACHINE;
use super::names::TEXT;
use super::tokens::{Kind, Token, tokens};

/// Longest pattern, in characters.
const LONGEST: usize = 1_000;
/// Most memory one compiled pattern may take, in bytes.
const SIZE: usize = 1 << 20;

/// The patterns of one script by their text.
pub(super) type Patterns = Arc<BTreeMap<String, Regex>>;

/// What is wrong with a pattern, and its line and column in the script.
pub(super) type Wrong = ((u32, u32), String);

/// Compiles the patterns of `source`.
///
/// # Errors
/// When one is not written out, not a regular expression, or too large.
pub(super) fn of(source: &str) -> Result<Patterns, Wrong> {
    let tokens = tokens(source);
    let mut patterns = BTreeMap::new();
    for (at, window) in tokens.windows(4).enumerate() {
        let [object, dot, method, open] = window else { continue };
        if (object.text, dot.text, method.text, open.text) != (TEXT, ".", "matches", "(") {
            continue;
        }
        let place = (method.line, method.column);
        let literal = last_argument(&tokens[at + 4..]);
        let Some(text) = literal.and_then(|token| MACHINE.eval::<ImmutableString>(token.text).ok()) else {
            let message =
                "the pattern of text.matches must be written out here, as its last argument: \"^order [0-9]+\"";
            return Err((place, message.to_owned()));
        };
        let pattern = compile(&text).map_err(|message| (place, message))?;
        patterns.insert(text.to_string(), pattern);
    }
    Ok(Arc::new(patterns))
}

/// The last argument of a call whose opening bracket stands before `tokens`, when it is one literal.
fn last_argument<'t, 's>(tokens: &'t [Token<'s>]) -> Option<&'t Token<'s>> {
    let mut depth = 0_u32;
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.kind == Kind::Sign) {
        match token.text {
            "(" | "[" | "{" | "#{" => depth += 1,
            ")" if depth == 0 => {
                let comma = at.checked_sub(2).map(|before| tokens[before].text);
                return tokens.get(at.checked_sub(1)?).filter(|last| last.kind == Kind::Literal && comma == Some(","));
            }
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Capitals in a pattern count as small letters, as the text it is matched with is normalised.
fn compile(pattern: &str) -> Result<Regex, String> {
    if pattern.chars().count() > LONGEST {
        return Err(format!("the pattern is longer than {LONGEST} characters"));
    }
    let built = RegexBuilder::new(pattern).case_insensitive(true).size_limit(SIZE).dfa_size_limit(SIZE).build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "the pattern is too large: write smaller counts of repetition".to_owned(),
        other => {
            let last = other.to_string();
            let why = last.lines().last().unwrap_or_default().trim_start_matches("error: ");
            format!("`{pattern}` is no pattern: {why}")
        }
    })
}
