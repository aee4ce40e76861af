//! Printing: a tree as rhai, which reads as the same tree.

use std::fmt::{self, Display, Formatter};

use serde_json::Value;

use super::{Condition, Operand};

impl Display for Condition {
    /// As rhai.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All { all } => row(all, " && ", f),
            Self::Any { any } => row(any, " || ", f),
            Self::Not { not } => match &**not {
                Self::Holds(_) | Self::Call { .. } => write!(f, "!{not}"),
                _ => write!(f, "!({not})"),
            },
            Self::Compare { left, op, right } => write!(f, "{left} {op} {right}"),
            Self::Call { call, args } => {
                let (on, asked) = args.split_first().ok_or(fmt::Error)?;
                let asked: Vec<String> = asked.iter().map(ToString::to_string).collect();
                write!(f, "{on}.{call}({})", asked.join(", "))
            }
            Self::Holds(value) => write!(f, "{value}"),
        }
    }
}

/// Conditions with `sign` between them; rows of rows stand in brackets.
fn row(row: &[Condition], sign: &str, f: &mut Formatter<'_>) -> fmt::Result {
    for (at, one) in row.iter().enumerate() {
        if at > 0 {
            f.write_str(sign)?;
        }
        match one {
            Condition::All { .. } | Condition::Any { .. } => write!(f, "({one})")?,
            other => write!(f, "{other}")?,
        }
    }
    Ok(())
}

impl Display for Operand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { name } => f.write_str(name),
            Self::Value { value } => print(value, f),
        }
    }
}

fn print(value: &Value, f: &mut Formatter<'_>) -> fmt::Result {
    match value {
        Value::Null => f.write_str("()"),
        Value::Bool(value) => write!(f, "{value}"),
        Value::Number(number) => write!(f, "{number}"),
        Value::String(text) => {
            let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
            let escaped = escaped.replace('\n', "\\n").replace('\t', "\\t").replace('\r', "\\r");
            write!(f, "\"{escaped}\"")
        }
        Value::Array(list) => {
            f.write_str("[")?;
            for (at, value) in list.iter().enumerate() {
                f.write_str(if at > 0 { ", " } else { "" })?;
                print(value, f)?;
            }
            f.write_str("]")
        }
        // No builder makes one.
        Value::Object(_) => Err(fmt::Error),
    }
}
