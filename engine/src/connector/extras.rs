//! What the inbox asks of an account besides actions: the files that hang on messages, and the templates that may be sent.

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A file that hangs on a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// Its type as the provider tells it, such as `image/jpeg`.
    pub content_type: String,
    /// All of it.
    pub bytes: Bytes,
}

/// A file that people here send, on its way to the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Its type, such as `image/jpeg`.
    pub content_type: String,
    /// Its name.
    pub name: String,
    /// All of it.
    pub bytes: Bytes,
}

/// A template that may be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ApprovedTemplate")]
pub struct ApprovedTemplate {
    /// Its name, as approved.
    pub name: String,
    /// Such as `zh_CN`.
    pub language: String,
    /// `utility`, `marketing`, `authentication`.
    pub category: String,
    /// Its text, with `{{…}}` where values go.
    pub body: String,
    /// The names of these values, in order; `1`, `2` … for numbered ones.
    pub params: Vec<String>,
    /// The line above the text; empty when there is none, or a picture.
    #[serde(default)]
    pub header: String,
    /// The small line below it; empty when there is none.
    #[serde(default)]
    pub footer: String,
    /// The words on its buttons.
    #[serde(default)]
    pub buttons: Vec<String>,
}

impl ApprovedTemplate {
    /// The names of the values in `body`, each once, in order.
    #[must_use]
    pub fn params_of(body: &str) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let mut rest = body;
        while let Some((_, behind)) = rest.split_once("{{") {
            let Some((name, after)) = behind.split_once("}}") else { break };
            let name = name.trim();
            if !name.is_empty() && !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
            rest = after;
        }
        names
    }

    /// What the customer reads when it is sent with these values, in the markup of WhatsApp; a value that is not given keeps its
    /// place.
    #[must_use]
    pub fn words(&self, values: &[(&str, &str)]) -> String {
        let mut words = if self.header.is_empty() { String::new() } else { format!("*{}*\n", self.header) };
        let mut rest = self.body.as_str();
        while let Some((before, (name, after))) =
            rest.split_once("{{").and_then(|(before, behind)| Some((before, behind.split_once("}}")?)))
        {
            words.push_str(before);
            match values.iter().find(|(given, _)| *given == name.trim()) {
                Some((_, value)) => words.push_str(value),
                None => words.push_str(&rest[before.len()..rest.len() - after.len()]),
            }
            rest = after;
        }
        words.push_str(rest);
        if !self.footer.is_empty() {
            words = format!("{words}\n_{}_", self.footer);
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_a_template_are_read_from_its_text() {
        let body = "Hello {{1}}, order {{ order }} for {{1}} is {{ready";
        assert_eq!(ApprovedTemplate::params_of(body), ["1", "order"]);
    }

    #[test]
    fn a_template_is_read_with_its_values_between_header_and_footer() {
        let template = ApprovedTemplate {
            name: "ready".into(),
            language: "en".into(),
            category: "utility".into(),
            body: "Hello {{1}}, order {{ order }} is {{gone}} {{".into(),
            params: Vec::new(),
            header: String::new(),
            footer: String::new(),
            buttons: Vec::new(),
        };
        let values = [("1", "Ana {{order}}"), ("order", "#42")];
        assert_eq!(template.words(&values), "Hello Ana {{order}}, order #42 is {{gone}} {{");
        let framed =
            ApprovedTemplate { header: "News".into(), footer: "The shop".into(), body: "Hi".into(), ..template };
        assert_eq!(framed.words(&values), "*News*\nHi\n_The shop_");
    }
}
