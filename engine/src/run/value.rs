//! Values of `with` and `set`: an [`Expr`] and a scope give a JSON value of the type the target wants.

use serde_json::{Map, Value};

use crate::expr::{self, Scope};
use crate::flow::{Expr, Want};

/// Why a step failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Stable, `error.code`.
    pub code: String,
    /// In words, `error.message`.
    pub message: String,
}

impl Failure {
    /// A failure of our own.
    #[must_use]
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}

impl From<expr::Error> for Failure {
    fn from(error: expr::Error) -> Self {
        let expr::Error { line, column, code, message } = error;
        Self { code: code.to_owned(), message: format!("line {line}, column {column}: {message}") }
    }
}

/// Evaluates `expr` in `scope`.
pub(crate) fn evaluate(expr: &Expr, scope: &Scope) -> Result<Value, Failure> {
    Ok(match expr {
        Expr::Literal(value) => value.clone(),
        Expr::Script { script, want } => convert(script.value(scope)?, *want)?,
        Expr::Template { template, want } => parse(template.render(scope)?, *want)?,
        Expr::List(items) => Value::Array(items.iter().map(|item| evaluate(item, scope)).collect::<Result<_, _>>()?),
        Expr::Map(fields) => {
            let mut map = Map::with_capacity(fields.len());
            for (name, field) in fields {
                map.insert(name.to_string(), evaluate(field, scope)?);
            }
            Value::Object(map)
        }
    })
}

/// A typed value where `want` is wanted: exact conversions only.
fn convert(value: Value, want: Want) -> Result<Value, Failure> {
    let wrong = |value: &Value, wanted: &str| {
        let given = match value {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "text",
            Value::Array(_) => "a list",
            Value::Object(_) => "a map",
        };
        Failure::new("wrong_type", format!("{wanted} is wanted here, the expression gives {given}"))
    };
    match (want, value) {
        (Want::Any, value) => Ok(value),
        (Want::Text, value @ Value::String(_))
        | (Want::Number, value @ Value::Number(_))
        | (Want::Boolean, value @ Value::Bool(_)) => Ok(value),
        (Want::Text, Value::Number(number)) => Ok(number.to_string().into()),
        (Want::Text, Value::Bool(flag)) => Ok(flag.to_string().into()),
        (Want::Integer, Value::Number(number)) => {
            let whole = number.as_i64().or_else(|| {
                let float = number.as_f64()?;
                #[allow(clippy::cast_possible_truncation, reason = "checked to be whole and within 2^53")]
                (float.fract() == 0.0 && float.abs() < 9e15).then_some(float as i64)
            });
            whole.map(Value::from).ok_or_else(|| Failure::new("wrong_type", format!("{number} is not a whole number")))
        }
        (Want::Text, value) => Err(wrong(&value, "text")),
        (Want::Integer, value) => Err(wrong(&value, "a whole number")),
        (Want::Number, value) => Err(wrong(&value, "a number")),
        (Want::Boolean, value) => Err(wrong(&value, "true or false")),
    }
}

/// Rendered text where `want` is wanted: parsed strictly.
fn parse(text: String, want: Want) -> Result<Value, Failure> {
    let parsed = match want {
        Want::Any | Want::Text => return Ok(text.into()),
        Want::Integer => text.trim().parse::<i64>().ok().map(Value::from),
        Want::Number => text.trim().parse::<f64>().ok().and_then(serde_json::Number::from_f64).map(Value::Number),
        Want::Boolean => text.trim().parse::<bool>().ok().map(Value::from),
    };
    let wanted = match want {
        Want::Integer => "a whole number",
        Want::Number => "a number",
        _ => "`true` or `false`",
    };
    parsed.ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        Failure::new("wrong_type", format!("`{shown}` is not {wanted}"))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_going_into_text_is_printed_and_nothing_is_not() {
        assert_eq!(convert(json!(12.5), Want::Text), Ok(json!("12.5")));
        assert!(convert(Value::Null, Want::Text).is_err());
    }

    #[test]
    fn only_whole_numbers_go_where_whole_numbers_are_wanted() {
        assert_eq!(convert(json!(3.0), Want::Integer), Ok(json!(3)));
        assert!(convert(json!(3.5), Want::Integer).is_err());
        assert!(convert(json!("3"), Want::Integer).is_err());
    }

    #[test]
    fn rendered_text_is_parsed_strictly() {
        assert_eq!(parse(" 7 ".into(), Want::Integer), Ok(json!(7)));
        assert!(parse("7 pieces".into(), Want::Integer).is_err());
        assert_eq!(parse("007".into(), Want::Text), Ok(json!("007")));
        assert!(parse("yes".into(), Want::Boolean).is_err());
    }
}
