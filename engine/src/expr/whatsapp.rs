//! Inserted values must not become WhatsApp formatting.
//!
//! WhatsApp formats `*bold*`, `_italic_`, `~struck~` and back-quoted text (WhatsApp help centre, "How to format your
//! messages") when the pair of marks stands between words, with a space, punctuation or nothing outside and text right
//! inside. It has no escape character. So each mark in a value gets an invisible WORD JOINER (U+2060) on both sides: it is
//! neither space nor punctuation, so no mark has the outside it needs. Left alone, because they are copied or clicked: links,
//! and `_` between letters or digits (`order_id`), which formats nothing. `{{{value}}}` inserts a value as it is.

/// Neither space nor punctuation, without width.
const WORD_JOINER: char = '\u{2060}';

fn is_mark(c: char) -> bool {
    matches!(c, '*' | '_' | '~' | '`')
}

/// `value` with its marks made harmless.
pub(super) fn escape(value: &str) -> String {
    if !value.contains(is_mark) {
        return value.to_owned();
    }
    let mut out = String::with_capacity(value.len() + 12);
    for word in value.split_inclusive(char::is_whitespace) {
        if word.starts_with("https://") || word.starts_with("http://") {
            out.push_str(word);
        } else {
            escape_word(word, &mut out);
        }
    }
    out
}

fn escape_word(word: &str, out: &mut String) {
    let mut before = None;
    let mut rest = word.chars();
    while let Some(c) = rest.next() {
        let is_letter = |neighbour: Option<char>| neighbour.is_some_and(char::is_alphanumeric);
        if !is_mark(c) || (c == '_' && is_letter(before) && is_letter(rest.clone().next())) {
            out.push(c);
        } else {
            if !out.ends_with(WORD_JOINER) {
                out.push(WORD_JOINER);
            }
            out.extend([c, WORD_JOINER]);
        }
        before = Some(c);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// WhatsApp's rule as documented above: whether any pair of marks formats text.
    fn is_formatted(text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        let outside = |at: Option<&char>| at.is_none_or(|c| !c.is_alphanumeric() && *c != WORD_JOINER);
        let inside = |c: char| !c.is_whitespace();
        let opens = |at: usize| {
            outside(at.checked_sub(1).map(|before| &chars[before])) && chars.get(at + 1).is_some_and(|c| inside(*c))
        };
        let closes = |at: usize| inside(chars[at - 1]) && outside(chars.get(at + 1));
        (0..chars.len()).any(|open| {
            is_mark(chars[open])
                && opens(open)
                && (open + 2..chars.len()).any(|close| chars[close] == chars[open] && closes(close))
        })
    }

    #[test]
    fn the_rule_knows_formatted_text() {
        for formatted in ["*bold*", "a _b c_ d", "(~x~)", "`x`", "**b**", "*_x_*"] {
            assert!(is_formatted(formatted), "{formatted}");
            assert!(!is_formatted(&format!("Hi {}!", escape(formatted))), "{formatted}");
        }
        for plain in ["a_b_c", "2 * 3 * 4", "*", "* a *"] {
            assert!(!is_formatted(plain), "{plain}");
        }
    }

    #[test]
    fn links_and_identifiers_stay_as_they_are() {
        for same in ["see https://shop.example/_a_?q=*x* now", "order_id_7", "Li Wei", ""] {
            assert_eq!(escape(same), same);
        }
        assert_eq!(escape("a *b*"), "a \u{2060}*\u{2060}b\u{2060}*\u{2060}");
    }

    proptest! {
        #[test]
        fn no_value_formats_anything(value in "[*_~`a-c .!\n]{0,16}", next in "[*_~`a .]{0,6}") {
            let sent = format!("Hi {}{}, bye", escape(&value), escape(&next));
            prop_assert!(!is_formatted(&sent), "{sent:?}");
            prop_assert_eq!(sent.replace(WORD_JOINER, ""), format!("Hi {value}{next}, bye"));
        }
    }
}
