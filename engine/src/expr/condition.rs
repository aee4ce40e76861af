//! Conditions as a tree of parts, for whoever builds one without writing it: comparisons, questions to texts and lists, and, or,
//! not, over names and fixed values. Everything else is a formula and has no tree.
//!
//! A tree is printed as rhai, and what is printed reads as the same tree.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use super::tokens::{Kind, Token, tokens};

/// Deepest nesting that is read.
const MOST_DEPTH: usize = 32;
/// Signs that compare; rhai reads those of two characters as one.
const COMPARISONS: [&str; 6] = ["==", "!=", "<=", ">=", "<", ">"];

/// A condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Condition {
    /// All of these hold.
    All {
        /// Two or more.
        all: Vec<Condition>,
    },
    /// One of these holds.
    Any {
        /// Two or more.
        any: Vec<Condition>,
    },
    /// This does not hold.
    Not {
        /// This.
        not: Box<Condition>,
    },
    /// Two values are compared.
    Compare {
        /// One.
        left: Operand,
        /// `==`, `!=`, `<`, `<=`, `>`, `>=` or `in`.
        op: String,
        /// The other.
        right: Operand,
    },
    /// A question to a value: `event.text.mentions("refund")`.
    Call {
        /// The function: `contains`, `mentions` …
        call: String,
        /// The value that is asked, then what it is asked.
        args: Vec<Operand>,
    },
    /// A value that is true or false by itself.
    Holds(Operand),
}

/// A name or a fixed value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Operand {
    /// A name, as it is read: `event.order.total`, `contact.fields?.size`.
    Name {
        /// The name.
        name: String,
    },
    /// A fixed value: text, number, true or false, nothing, or a list of such.
    Value {
        /// The value.
        value: Value,
    },
}

/// The tree of a condition; `None` when it is a formula, or no rhai at all.
#[must_use]
pub fn condition(source: &str) -> Option<Condition> {
    let tokens = tokens(source);
    let mut reader = Reader { tokens: &tokens, at: 0, depth: 0 };
    let condition = reader.any()?;
    (reader.at == tokens.len()).then_some(condition)
}

struct Reader<'s> {
    tokens: &'s [Token<'s>],
    at: usize,
    depth: usize,
}

impl<'s> Reader<'s> {
    fn peek(&self) -> Option<&Token<'s>> {
        self.tokens.get(self.at)
    }

    /// Takes the sign `sign`, also when it was split into characters that stand side by side.
    fn sign(&mut self, sign: &str) -> bool {
        let mut rest = sign;
        let mut at = self.at;
        let mut behind: Option<(u32, u32)> = None;
        while !rest.is_empty() {
            let Some(token) = self.tokens.get(at).filter(|token| token.kind == Kind::Sign) else { return false };
            let touches = behind.is_none_or(|place| place == (token.line, token.column));
            let Some(left) = rest.strip_prefix(token.text).filter(|_| touches) else { return false };
            behind = Some((token.line, token.column + 1));
            rest = left;
            at += 1;
        }
        self.at = at;
        true
    }

    fn any(&mut self) -> Option<Condition> {
        self.row("||", Self::all, |any| Condition::Any { any })
    }

    fn all(&mut self) -> Option<Condition> {
        self.row("&&", Self::one, |all| Condition::All { all })
    }

    /// Conditions with `sign` between them; a single one stands for itself.
    fn row(
        &mut self,
        sign: &str,
        read: impl Fn(&mut Self) -> Option<Condition>,
        make: impl Fn(Vec<Condition>) -> Condition,
    ) -> Option<Condition> {
        let first = read(self)?;
        let mut row = vec![first];
        while self.sign(sign) {
            row.push(read(self)?);
        }
        if row.len() == 1 { row.pop() } else { Some(make(row)) }
    }

    fn one(&mut self) -> Option<Condition> {
        self.depth += 1;
        let one = if self.depth > MOST_DEPTH { None } else { self.shallow() };
        self.depth -= 1;
        one
    }

    fn shallow(&mut self) -> Option<Condition> {
        if self.peek().is_some_and(|token| token.text == "!") {
            self.at += 1;
            // `!a == b` is `(!a) == b`: what is denied is one value, or stands in brackets.
            let not = if self.sign("(") { self.bracketed()? } else { self.asked()? };
            return Some(Condition::Not { not: Box::new(not) });
        }
        // `()` is nothing, a value.
        let nothing = self.tokens.get(self.at + 1).is_some_and(|token| token.text == ")");
        if !nothing && self.sign("(") {
            return self.bracketed();
        }
        let left = self.asked()?;
        let op = COMPARISONS.into_iter().find(|op| self.sign(op)).or_else(|| self.word("in").then_some("in"));
        match (left, op) {
            (left, None) => Some(left),
            (Condition::Holds(left), Some(op)) => match self.asked()? {
                Condition::Holds(right) => Some(Condition::Compare { left, op: op.to_owned(), right }),
                _ => None,
            },
            _ => None,
        }
    }

    fn bracketed(&mut self) -> Option<Condition> {
        let inner = self.any()?;
        self.sign(")").then_some(inner)
    }

    fn word(&mut self, word: &str) -> bool {
        let there = self.peek().is_some_and(|token| token.kind == Kind::Name && token.text == word);
        self.at += usize::from(there);
        there
    }

    /// A value, or a question to one.
    fn asked(&mut self) -> Option<Condition> {
        let mut on = self.operand()?;
        let Operand::Name { name } = &mut on else { return Some(Condition::Holds(on)) };
        if !self.sign("(") {
            return Some(Condition::Holds(on));
        }
        let (receiver, call) = name.rsplit_once('.')?;
        let (receiver, call) = (receiver.to_owned(), call.to_owned());
        // `a?.f()` asks only where there is an `a`: a formula.
        if receiver.ends_with('?') {
            return None;
        }
        let mut args = vec![Operand::Name { name: receiver }];
        while !self.sign(")") {
            if args.len() > 1 && !self.sign(",") {
                return None;
            }
            args.push(self.operand()?);
        }
        Some(Condition::Call { call, args })
    }

    fn operand(&mut self) -> Option<Operand> {
        let token = *self.peek()?;
        match token.kind {
            Kind::Name if !matches!(token.text, "true" | "false") => self.name().map(|name| Operand::Name { name }),
            _ => self.value().map(|value| Operand::Value { value }),
        }
    }

    /// A dotted name.
    fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        loop {
            let token = *self.peek().filter(|token| token.kind == Kind::Name)?;
            // What rhai keeps for itself begins something else.
            if is_word(token.text) {
                return None;
            }
            name.push_str(token.text);
            self.at += 1;
            match self.peek().map(|token| token.text) {
                Some(dot @ ("." | "?.")) => name.push_str(dot),
                _ => return Some(name),
            }
            self.at += 1;
        }
    }

    fn value(&mut self) -> Option<Value> {
        let token = *self.peek()?;
        self.at += 1;
        match (token.kind, token.text) {
            (Kind::Name, "true") => Some(true.into()),
            (Kind::Name, "false") => Some(false.into()),
            (Kind::Literal, text) if text.starts_with('"') => unquoted(text).map(Value::String),
            (Kind::Literal, text) => number(text).map(Value::Number),
            (Kind::Sign, "-") => {
                let digits = self.peek().filter(|token| token.kind == Kind::Literal)?.text;
                self.at += 1;
                number(&format!("-{digits}")).map(Value::Number)
            }
            (Kind::Sign, "(") => self.sign(")").then_some(Value::Null),
            (Kind::Sign, "[") => {
                let mut list = Vec::new();
                while !self.sign("]") {
                    if !list.is_empty() && !self.sign(",") {
                        return None;
                    }
                    // A list of lists is built by nobody.
                    if self.peek()?.text == "[" {
                        return None;
                    }
                    list.push(self.value()?);
                }
                Some(list.into())
            }
            _ => None,
        }
    }
}

/// Words that are no names in rhai, as far as they could stand where one is expected.
fn is_word(text: &str) -> bool {
    const WORDS: [&str; 13] =
        ["if", "switch", "let", "const", "for", "while", "loop", "do", "fn", "in", "return", "throw", "this"];
    WORDS.contains(&text)
}

/// A number as JSON spells it too: what rhai reads otherwise is a formula.
fn number(text: &str) -> Option<Number> {
    let number: Number = serde_json::from_str(text).ok()?;
    let whole = number.is_i64() || number.is_f64();
    (whole && number.to_string() == text).then_some(number)
}

/// The content of a quoted text; `None` for escapes that are seldom.
fn unquoted(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => out.push(match chars.next()? {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                same @ ('"' | '\\') => same,
                _ => return None,
            }),
            // rhai joins lines of such a text.
            '\n' => return None,
            char => out.push(char),
        }
    }
    Some(out)
}

impl std::fmt::Display for Condition {
    /// As rhai.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All { all } => row(all, " && ", f),
            Self::Any { any } => row(any, " || ", f),
            Self::Not { not } => match &**not {
                Self::Holds(_) | Self::Call { .. } => write!(f, "!{not}"),
                _ => write!(f, "!({not})"),
            },
            Self::Compare { left, op, right } => write!(f, "{left} {op} {right}"),
            Self::Call { call, args } => {
                let (on, asked) = args.split_first().ok_or(std::fmt::Error)?;
                let asked: Vec<String> = asked.iter().map(ToString::to_string).collect();
                write!(f, "{on}.{call}({})", asked.join(", "))
            }
            Self::Holds(value) => write!(f, "{value}"),
        }
    }
}

/// Conditions with `sign` between them; rows of rows stand in brackets.
fn row(row: &[Condition], sign: &str, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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

impl std::fmt::Display for Operand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name { name } => f.write_str(name),
            Self::Value { value } => print(value, f),
        }
    }
}

fn print(value: &Value, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
        Value::Object(_) => Err(std::fmt::Error),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::expr::{Origin, Script};

    fn tree(source: &str) -> Value {
        condition(source).map_or(Value::Null, |condition| json!(condition))
    }

    #[test]
    fn a_condition_is_its_parts() {
        assert_eq!(
            tree("event.order.total >= 100 && (contact.tags.contains(\"vip\") || !contact.fields?.blocked)"),
            json!({ "all": [
                { "left": { "name": "event.order.total" }, "op": ">=", "right": { "value": 100 } },
                { "any": [
                    { "call": "contains", "args": [{ "name": "contact.tags" }, { "value": "vip" }] },
                    { "not": { "name": "contact.fields?.blocked" } },
                ] },
            ] })
        );
        assert_eq!(tree("\"a\\\"b\" in [1, -2.5, \"x\"]")["right"], json!({ "value": [1, -2.5, "x"] }));
        assert_eq!(tree("contact.order_status != ()")["right"], json!({ "value": null }));
        assert_eq!(tree("true"), json!({ "value": true }));
    }

    #[test]
    fn everything_else_is_a_formula() {
        for formula in [
            "",
            "a +",
            "a + b > 3",
            "a == b == c",
            "!a == b",
            "f(a)",
            "a[0] == 1",
            "if a { b } else { c }",
            "a ?? b == 1",
            "let x = 1; x > 0",
            "`a ${b}` == c",
            "a.b(c.d())",
            "a = 1",
            "a && ",
            "(a",
            "a > > b",
            "a < = b",
            "a.len() == 1",
            "'x' == a",
            "0x10 == a",
            "1_000 == a",
            "a |b| c",
            "a?.contains(1)",
            "#{a: 1} == b",
            "a == 1.50",
        ] {
            assert_eq!(tree(formula), Value::Null, "{formula}");
        }
        let deep = format!("{}a{}", "(".repeat(5_000), ")".repeat(5_000));
        assert_eq!(condition(&deep), None);
    }

    fn operand() -> impl Strategy<Value = Operand> {
        let name = "(event|contact|vars)(\\.|\\?\\.)[a-z]{3,6}_x(\\.[a-z]{2,4}_y)?";
        let value = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (i64::MIN + 1..i64::MAX).prop_map(Value::from),
            (-1_000_000_i32..1_000_000).prop_map(|number| json!(f64::from(number) / 8.0 + 0.0625)),
            "\\PC{0,12}|[\"\\\\\n\t${}` a]{0,8}".prop_map(Value::from),
        ];
        let list = prop::collection::vec(value.clone(), 0..3).prop_map(Value::from);
        prop_oneof![
            name.prop_map(|name| Operand::Name { name }),
            value.prop_map(|value| Operand::Value { value }),
            list.prop_map(|value| Operand::Value { value }),
        ]
    }

    fn tree_of_parts() -> impl Strategy<Value = Condition> {
        let compare = (operand(), prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">=", "in"]), operand())
            .prop_map(|(left, op, right)| Condition::Compare { left, op: op.into(), right });
        let call =
            ("(event|contact)\\.[a-z]{3}_t", "(contains|mentions|starts_with)", prop::collection::vec(operand(), 0..3))
                .prop_map(|(name, call, asked)| {
                    let args = [Operand::Name { name }].into_iter().chain(asked).collect();
                    Condition::Call { call, args }
                });
        // Alone, a value must be true or false, or a name that may be.
        let name = "contact\\.[a-z]{3}_b".prop_map(|name| Operand::Name { name });
        let truth = any::<bool>().prop_map(|value| Operand::Value { value: value.into() });
        let holds = prop_oneof![name, truth].prop_map(Condition::Holds);
        let leaf = prop_oneof![compare, call, holds];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 2..4).prop_map(|all| Condition::All { all }),
                prop::collection::vec(inner.clone(), 2..4).prop_map(|any| Condition::Any { any }),
                inner.prop_map(|not| Condition::Not { not: Box::new(not) }),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        #[test]
        fn what_is_printed_reads_as_the_same_tree_and_is_rhai(tree in tree_of_parts()) {
            let text = tree.to_string();
            prop_assert_eq!(condition(&text), Some(tree.clone()), "{}", text);
            prop_assert!(Script::compile(&text, Origin::default()).is_ok(), "{}: {:?}", text, Script::compile(&text, Origin::default()).err());
            let json = serde_json::to_value(&tree).unwrap();
            prop_assert_eq!(serde_json::from_value::<Condition>(json).unwrap(), tree);
        }

        #[test]
        fn any_text_is_answered(source in "([ -~]|\\PC){0,60}") {
            if let Some(tree) = condition(&source) {
                prop_assert_eq!(condition(&tree.to_string()), Some(tree));
            }
        }
    }
}
