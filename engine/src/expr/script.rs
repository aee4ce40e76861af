//! rhai, bounded.
//!
//! Compiled once; an evaluation sees only the values its text names, runs at most a fixed count of operations, and changes
//! nothing. In a script null is `()`, a missing property is an error (`contact.fields?.size` reads it as `()`), and
//! comparing a text with a number is an error. The functions are listed in `functions.rs`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rhai::{AST, Dynamic, EvalAltResult, ParseError, ParseErrorType, Position};
use serde_json::{Map, Value};

use super::functions::TextFunctions;
use super::machine::{MACHINE, SOURCE_BYTES, TOO_SLOW, start_watch};
use super::names::{self, names};
use super::needs::{self, Need};
use super::{Error, Origin, PathUse, Scope, patterns, values};

/// A compiled rhai expression or script.
#[derive(Debug)]
pub struct Script {
    source: Arc<str>,
    origin: Origin,
    ast: AST,
    paths: Vec<PathUse>,
    /// The paths without repetition, by dotted name.
    seen: Vec<(String, usize)>,
    needs: Vec<Need>,
    /// The text functions, when it calls some.
    text: Option<TextFunctions>,
}

/// rhai locks a value while a closure runs over a part of it.
const DATA_RACE: &str = "the closure reads the same name the list comes from; take the list out first: `let list = event.order.items; list.some(…)`";

/// What a condition decided, and on which values.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Whether it holds.
    pub holds: bool,
    /// The values of the names it reads, by dotted path: `{"event.order.total": 1200}`. Values over 200 characters are cut;
    /// names without a value are left out.
    pub saw: Value,
}

impl Script {
    /// Compiles `source`, which stands at `origin`. At most 16 KB.
    ///
    /// # Errors
    /// When it is not rhai, or longer or deeper than the bounds.
    pub fn compile(source: &str, origin: Origin) -> Result<Self, Error> {
        if source.len() > SOURCE_BYTES {
            let message = format!("the script has {} bytes, at most {SOURCE_BYTES} are allowed", source.len());
            return Err(origin.error(None, "script_too_long", message));
        }
        let found = names(source, origin);
        let mut scope = rhai::Scope::new();
        for path in &found.paths {
            scope.set_value(path.parts[0].as_str(), ());
        }
        if found.uses_text {
            scope.set_value(names::TEXT, ());
        }
        let ast = guarded(|| MACHINE.compile_with_scope(&scope, source))
            .map_err(|message| origin.error(None, "script_syntax", message))?
            .map_err(|error| syntax_error(&error, origin))?;

        let text = match found.uses_text.then(|| patterns::of(source)).transpose() {
            Ok(patterns) => patterns.map(|patterns| TextFunctions { patterns }),
            Err((place, message)) => return Err(origin.error(Some(place), "bad_pattern", message)),
        };
        let mut needs = Vec::new();
        let mut seen: Vec<(String, usize)> = Vec::new();
        for (index, (path, optional)) in found.paths.iter().zip(&found.optional).enumerate() {
            let parts: Vec<_> = path.parts.iter().map(String::as_str).zip(optional.iter().copied()).collect();
            needs::add(&mut needs, &parts);
            let dotted = path.parts.join(".");
            if seen.iter().all(|(known, _)| *known != dotted) {
                seen.push((dotted, index));
            }
        }
        Ok(Self { source: source.into(), origin, ast, paths: found.paths, seen, needs, text })
    }

    /// The text as written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The dotted names it reads that are not its own variables, once for every place.
    #[must_use]
    pub fn paths(&self) -> &[PathUse] {
        &self.paths
    }

    /// The names in scope it reads.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.needs.iter().map(|need| need.name.as_str())
    }

    /// Evaluates it as a condition.
    ///
    /// # Errors
    /// When it fails, exceeds a bound, or gives something else than true or false.
    pub fn condition(&self, scope: &Scope) -> Result<Decision, Error> {
        let result = self.evaluate(scope)?;
        let holds = result.as_bool().map_err(|type_name| {
            let message = format!("a condition must be true or false, this one is {}", plain_type(type_name));
            self.origin.error(None, "not_a_condition", message)
        })?;
        Ok(Decision { holds, saw: self.saw(scope) })
    }

    /// Evaluates it to a value.
    ///
    /// # Errors
    /// When it fails, exceeds a bound, or gives something that is not plain data.
    pub fn value(&self, scope: &Scope) -> Result<Value, Error> {
        let result = self.evaluate(scope)?;
        values::from_rhai(result).map_err(|message| self.origin.error(None, "script_failed", message))
    }

    /// The values of the names it reads, as in [`Decision::saw`]; also when it failed.
    #[must_use]
    pub fn saw(&self, scope: &Scope) -> Value {
        let mut saw = Map::new();
        for (dotted, index) in &self.seen {
            let parts = &self.paths[*index].parts;
            let root = scope.get(&parts[0]).map(Arc::as_ref);
            if let Some(value) = parts[1..].iter().try_fold(root, |value, part| Some(value?.get(part))).flatten() {
                saw.insert(dotted.clone(), values::seen(value));
            }
        }
        Value::Object(saw)
    }

    fn evaluate(&self, scope: &Scope) -> Result<Dynamic, Error> {
        let mut names = rhai::Scope::new();
        for need in &self.needs {
            if let Some(value) = scope.get(&need.name) {
                names.push_constant_dynamic(need.name.as_str(), values::to_rhai(value, need));
            }
        }
        if let Some(text) = &self.text {
            names.push_constant(names::TEXT, text.clone());
        }
        start_watch();
        guarded(|| MACHINE.eval_ast_with_scope::<Dynamic>(&mut names, &self.ast))
            .map_err(|message| self.origin.error(None, "script_failed", message))?
            .map_err(|error| self.failed(*error))
    }

    fn failed(&self, error: EvalAltResult) -> Error {
        let mut error = error;
        // What failed inside a function or closure is told at its place there.
        while let EvalAltResult::ErrorInFunctionCall(_, _, inner, _) = error {
            error = *inner;
        }
        let place = place(error.position());
        let (code, message) = match &error {
            EvalAltResult::ErrorTerminated(why, _) if why.is_string() => {
                ("turn_too_slow", format!("the script is {TOO_SLOW}: it was abandoned"))
            }
            EvalAltResult::ErrorTooManyOperations(_) => {
                ("script_limit", "the script does more than 200 000 operations".into())
            }
            EvalAltResult::ErrorStackOverflow(_) => {
                ("script_limit", "functions call each other too deeply (16)".into())
            }
            EvalAltResult::ErrorTooManyVariables(_) => ("script_limit", "the script has more than 64 variables".into()),
            EvalAltResult::ErrorDataTooLarge(what, _) => {
                ("script_limit", format!("too large: {}", what.to_lowercase()))
            }
            EvalAltResult::ErrorPropertyNotFound(name, _) => ("script_failed", self.missing(name)),
            EvalAltResult::ErrorVariableNotFound(name, _) => ("script_failed", format!("`{name}` has no value here")),
            EvalAltResult::ErrorDataRace(..) => ("script_failed", DATA_RACE.to_owned()),
            EvalAltResult::ErrorRuntime(message, _) => ("script_failed", message.to_string()),
            _ => {
                let _ = error.take_position();
                ("script_failed", lowered(&error.to_string()))
            }
        };
        self.origin.error(place, code, message)
    }

    fn missing(&self, property: &str) -> String {
        let path = self.paths.iter().find(|path| path.parts[1..].iter().any(|part| part == property));
        let whole = path.map_or_else(|| property.to_owned(), |path| path.parts.join("."));
        format!("`{whole}` is missing: there is no `{property}`; write `?.{property}` where it may be absent")
    }
}

/// Runs `work`; a panic inside rhai becomes a message.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| "the script cannot be handled: it makes rhai panic".to_owned())
}

fn place(position: Position) -> Option<(u32, u32)> {
    let line = u32::try_from(position.line()?).ok()?;
    Some((line, u32::try_from(position.position().unwrap_or(1)).ok()?))
}

fn syntax_error(error: &ParseError, origin: Origin) -> Error {
    let code = match error.err_type() {
        ParseErrorType::ExprTooDeep | ParseErrorType::TooManyFunctions => "script_limit",
        _ => "script_syntax",
    };
    origin.error(place(error.position()), code, lowered(&error.err_type().to_string()))
}

fn lowered(message: &str) -> String {
    let mut chars = message.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// rhai's name of a type in our words.
fn plain_type(type_name: &str) -> &str {
    match type_name {
        "()" => "nothing",
        "i64" | "f64" => "a number",
        "string" => "text",
        "array" => "a list",
        "map" => "a map",
        other => other,
    }
}

#[cfg(test)]
#[path = "script_tests.rs"]
mod tests;
