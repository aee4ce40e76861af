//! How a template that was sent stands in the text of its message: `[name]`, below it the words the customer read, and at the end a
//! line `[…]` for each button; or, where nobody here knew its words, `[name] values`.

/// A template that was sent, as the text of its message tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownTemplate<'a> {
    /// Its name.
    pub name: &'a str,
    /// What the customer read, in the markup of WhatsApp; else the values, with commas between.
    pub text: &'a str,
    /// Whether `text` is what the customer read.
    pub whole: bool,
    /// The words on its buttons.
    pub buttons: Vec<&'a str>,
}

impl<'a> ShownTemplate<'a> {
    /// The template in the text of a message; nothing when it is no template.
    #[must_use]
    pub fn of(text: &'a str) -> Option<Self> {
        let (name, rest) = text.strip_prefix('[')?.split_once(']')?;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty() || !name.chars().all(plain) {
            return None;
        }
        let Some(mut words) = rest.strip_prefix('\n') else {
            return Some(Self { name, text: rest.trim(), whole: false, buttons: Vec::new() });
        };
        let mut buttons = Vec::new();
        while let Some((before, button)) =
            words.rsplit_once('\n').and_then(|(before, last)| Some((before, button(last)?)))
        {
            buttons.insert(0, button);
            words = before;
        }
        Some(Self { name, text: words, whole: true, buttons })
    }

    /// The text of a message that is a template whose words are known.
    #[must_use]
    pub fn written(name: &str, words: &str, buttons: &[String]) -> String {
        let buttons: String = buttons.iter().map(|button| format!("\n[{button}]")).collect();
        format!("[{name}]\n{words}{buttons}")
    }
}

fn button(line: &str) -> Option<&str> {
    line.strip_prefix('[')?.strip_suffix(']').filter(|words| !words.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_again() {
        let text = ShownTemplate::written("order_ready", "Hello Ana\n[see below]\nBye", &["Yes".into(), "No".into()]);
        assert_eq!(text, "[order_ready]\nHello Ana\n[see below]\nBye\n[Yes]\n[No]");
        let wanted = ShownTemplate {
            name: "order_ready",
            text: "Hello Ana\n[see below]\nBye",
            whole: true,
            buttons: vec!["Yes", "No"],
        };
        assert_eq!(ShownTemplate::of(&text), Some(wanted));
    }

    #[test]
    fn a_template_whose_words_nobody_knew_is_its_name_and_values() {
        let of = |text| ShownTemplate::of(text).map(|shown| (shown.name, shown.text, shown.whole));
        assert_eq!(of("[order_ready] Ana, #42"), Some(("order_ready", "Ana, #42", false)));
        assert_eq!(of("[hello]"), Some(("hello", "", false)));
        assert_eq!((of("[Hm] no"), of("plain"), of("[] x")), (None, None, None));
    }
}
