//! The tags that an expression asks for by name: `contact.tags.contains("vip")`, `"vip" in contact.tags`.

use super::tokens::{Kind, Token, tokens};

/// Their names, as often as they are there. Those that are worked out are not seen.
#[must_use]
pub fn tags_read(source: &str) -> Vec<String> {
    // Most expressions ask for none, and need not be read once more.
    if !source.contains("tags") {
        return Vec::new();
    }
    let all = tokens(source);
    let before = |n: usize| all.get(n.wrapping_sub(2)).zip(all.get(n.wrapping_sub(1)));
    let mut found = Vec::new();
    for (place, window) in all.windows(3).enumerate() {
        if window.iter().map(|token| token.text).ne(["contact", ".", "tags"]) {
            continue;
        }
        let asked = match (before(place), all.get(place + 3..place + 7)) {
            (Some((tag, word)), _) if word.text == "in" => named(tag),
            (_, Some([dot, word, open, tag])) if [dot.text, word.text, open.text] == [".", "contains", "("] => {
                named(tag)
            }
            _ => None,
        };
        found.extend(asked);
    }
    found
}

fn named(token: &Token<'_>) -> Option<String> {
    let inner = token.text.strip_prefix('"')?.strip_suffix('"').filter(|_| token.kind == Kind::Literal)?;
    (!inner.contains('\\')).then(|| inner.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_seen_where_they_are_named() {
        let source = r#"contact.tags.contains("vip") || !("cold" in contact.tags) && contact.tags.len() > 1"#;
        assert_eq!(tags_read(source), ["vip", "cold"]);
        assert_eq!(tags_read(r#"contact.tags.contains(vars.tag) || text.contains(event.text, "x")"#), [""; 0]);
        assert_eq!(tags_read("contact.tags"), [""; 0]);
    }
}
