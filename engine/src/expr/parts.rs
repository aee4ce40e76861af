//! The parts of a condition: the operands of its outermost `&&`s, or of its outermost `||`s.

use super::tokens::{Kind, Token, tokens};

/// The operands in order. A condition with neither operator outside brackets, or that is a script of several statements, is
/// one part; `a && b || c` is two, as `||` binds least.
#[must_use]
pub fn parts(source: &str) -> Vec<&str> {
    for operator in ["||", "&&"] {
        if let Some(parts) = split(source, operator).filter(|parts| parts.len() > 1) {
            return parts;
        }
    }
    vec![source.trim()]
}

/// The conditions that must all hold for the whole to hold. One that is not plainly a chain of `&&` is a single condition.
#[must_use]
pub fn conjuncts(source: &str) -> Vec<&str> {
    // Signs that bind as weakly as `||`, and words that make of an operand something else.
    let open = |token: &Token<'_>| match token.kind {
        Kind::Sign => matches!(token.text, "|" | "||" | "^" | ";"),
        Kind::Name => {
            ["if", "else", "switch", "let", "const", "fn", "return", "while", "for", "loop", "do"].contains(&token.text)
        }
        Kind::Literal => false,
    };
    let parts = if tokens(source).iter().any(open) { None } else { split(source, "&&") };
    parts.unwrap_or_else(|| vec![source.trim()])
}

fn split<'s>(source: &'s str, operator: &str) -> Option<Vec<&'s str>> {
    let mut found = Vec::new();
    let (mut depth, mut from) = (0_u32, 0);
    for token in tokens(source).iter().filter(|token| token.kind == Kind::Sign) {
        // A token is a piece of the source: where it stands is where its bytes are.
        let at = token.text.as_ptr() as usize - source.as_ptr() as usize;
        match token.text {
            "(" | "[" | "{" | "#{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            ";" if depth == 0 => return None,
            // An empty list of parameters, not an "or": the rest is a closure.
            "||" if source[from..at].trim().is_empty() => return None,
            sign if sign == operator && depth == 0 => {
                found.push(source[from..at].trim());
                from = at + sign.len();
            }
            _ => {}
        }
    }
    found.push(source[from..].trim());
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outermost_operator_splits() {
        assert_eq!(parts("a > 1 && (b || c) && !d"), ["a > 1", "(b || c)", "!d"]);
        assert_eq!(parts("a && b || c"), ["a && b", "c"]);
        assert_eq!(parts(r#"text.mentions(event.text, ["a && b"])"#), [r#"text.mentions(event.text, ["a && b"])"#]);
        assert_eq!(parts("let x = 1; x > 0 && y"), ["let x = 1; x > 0 && y"]);
        assert_eq!(parts("list.some(|x| x && y) && z"), ["list.some(|x| x && y)", "z"]);
        assert_eq!(parts(""), [""]);
    }

    #[test]
    fn conjuncts_are_what_must_all_hold() {
        assert_eq!(conjuncts(r#"a && b.contains("||") && (c)"#), ["a", r#"b.contains("||")"#, "(c)"]);
        for whole in ["a && b || c", "a | b && c", "if a && b { c } else { d }", "let x = a; x && b", "a"] {
            assert_eq!(conjuncts(whole), [whole]);
        }
    }
}
