//! Reading: the tree of a text, as far as it has one. Whatever is not understood is a formula.

use serde_json::{Number, Value};

use super::{Condition, Operand};
use crate::expr::tokens::{Kind, Token};

/// Deepest nesting that is read.
const MOST_DEPTH: usize = 32;

/// Signs that compare; rhai reads those of two characters as one.
const COMPARISONS: [&str; 6] = ["==", "!=", "<=", ">=", "<", ">"];

/// What is left to read.
pub(super) struct Reader<'s> {
    tokens: &'s [Token<'s>],
    at: usize,
    depth: usize,
}

impl<'s> Reader<'s> {
    pub(super) fn of(tokens: &'s [Token<'s>]) -> Self {
        Self { tokens, at: 0, depth: 0 }
    }

    /// The condition that all tokens make.
    pub(super) fn whole(mut self) -> Option<Condition> {
        let condition = self.any()?;
        (self.at == self.tokens.len()).then_some(condition)
    }

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
            (Kind::Sign, "[") => self.list().map(Value::Array),
            _ => None,
        }
    }

    /// Values up to `]`. A list of lists is built by nobody.
    fn list(&mut self) -> Option<Vec<Value>> {
        let mut list = Vec::new();
        while !self.sign("]") {
            if !list.is_empty() && !self.sign(",") {
                return None;
            }
            if self.peek()?.text == "[" {
                return None;
            }
            list.push(self.value()?);
        }
        Some(list)
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
