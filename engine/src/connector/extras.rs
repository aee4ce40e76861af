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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_a_template_are_read_from_its_text() {
        let body = "Hello {{1}}, order {{ order }} for {{1}} is {{ready";
        assert_eq!(ApprovedTemplate::params_of(body), ["1", "order"]);
    }
}
