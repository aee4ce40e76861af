//! The texts of WhatsApp templates that a document carries in the comments at its top. The provider holds the real ones; these show
//! a person what the customer will read.
//!
//! A template is named in a line `order_confirmation (category UTILITY, …)`; below it stands a line for each language, its code and
//! two spaces before the text, and perhaps one with `Buttons: Yes / No`.

use std::collections::BTreeMap;

/// What a template says in one language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateText {
    /// Its text, with `{{variables}}`.
    pub text: String,
    /// The words on its buttons.
    pub buttons: Vec<String>,
}

/// Texts of templates by name and language.
pub type TemplateTexts = BTreeMap<(String, String), TemplateText>;

/// The templates in the comments before the first key of a document.
#[must_use]
pub fn template_texts(document: &str) -> TemplateTexts {
    let mut found = TemplateTexts::new();
    let (mut template, mut last): (Option<&str>, Option<(String, String)>) = (None, None);
    for line in document.lines().map_while(|line| line.strip_prefix('#')) {
        let line = line.trim();
        if let Some((before, _)) = line.split_once(" (category ") {
            template = before.split_whitespace().last();
            last = None;
        } else if let Some(buttons) = line.strip_prefix("Buttons: ").or_else(|| line.strip_prefix("Button: ")) {
            if let Some(text) = last.as_ref().and_then(|key| found.get_mut(key)) {
                text.buttons = buttons.split(" / ").map(|word| word.trim().to_owned()).collect();
            }
        } else if let (Some(name), Some((language, text))) = (template, in_language(line)) {
            let key = (name.to_owned(), language.to_owned());
            found.insert(key.clone(), TemplateText { text: text.to_owned(), buttons: Vec::new() });
            last = Some(key);
        } else {
            (template, last) = (None, None);
        }
    }
    found
}

/// A line that begins with the code of a language (`en`, `zh_CN`) and two spaces.
fn in_language(line: &str) -> Option<(&str, &str)> {
    let (code, text) = line.split_once("  ")?;
    let (language, country) = code.split_once('_').unwrap_or((code, "XX"));
    let small = (2..=3).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_lowercase());
    let large = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
    (small && large).then(|| (code, text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_read_from_the_comments_at_the_top() {
        let document = "\
# What it needs
#   Templates:   missed (category UTILITY, variable `parcel`; two quick-reply buttons)
#                  en     Your parcel {{parcel}} could not be delivered.
#                         Buttons: Come tomorrow / I collect it
#                  zh_CN  您的包裹 {{parcel}} 投递未成功。
#                thanks (category UTILITY, no variables)
#                  it     Grazie!
#   Team:        it  is no text
format: 1
#                  en     Nor this.
";
        let found = template_texts(document);
        let keys: Vec<(&str, &str)> = found.keys().map(|(name, language)| (&**name, &**language)).collect();
        assert_eq!(keys, [("missed", "en"), ("missed", "zh_CN"), ("thanks", "it")]);
        let missed = &found[&("missed".to_owned(), "en".to_owned())];
        assert_eq!((&*missed.text, missed.buttons.len()), ("Your parcel {{parcel}} could not be delivered.", 2));
        assert_eq!(found[&("thanks".to_owned(), "it".to_owned())].text, "Grazie!");
    }
}
