//! The question after a conversation: how it is asked, in which words.

use std::collections::BTreeMap;

use engine::inbox::Question;
use engine::sentence;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::settings::is_language;
use crate::error::ApiError;

/// Longest question and longest thanks, in characters. Source: Meta, interactive messages: a body has 1 024.
const MAX_CHARS: usize = 1_024;

/// What customers are asked once a conversation is closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Satisfaction {
    /// Whether they are asked when whoever closes it says nothing.
    pub ask: bool,
    /// What they answer with.
    pub scale: Scale,
    /// The words by language; a language without any has ours.
    pub texts: BTreeMap<String, SatisfactionTexts>,
}

/// What customers answer with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// A list from 1 to 5.
    #[default]
    Five,
    /// Two buttons, down and up.
    Thumbs,
}

/// The words in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SatisfactionTexts {
    /// The question, 1 to 1 024 characters.
    pub question: String,
    /// What is said to who answers; empty = nothing.
    #[serde(default)]
    pub thanks: String,
}

/// Our own words.
const OURS: [(&str, &str, &str); 5] = [
    ("en", "How was our help today? 1 is poor, 5 is excellent.", "Thank you for your answer!"),
    ("ru", "Как мы вам сегодня помогли? 1 — плохо, 5 — отлично.", "Спасибо за ответ!"),
    ("ar", "كيف كانت مساعدتنا اليوم؟ ١ ضعيفة، ٥ ممتازة.", "شكرا على إجابتك!"),
    ("it", "Come è stata la nostra assistenza oggi? 1 scarsa, 5 ottima.", "Grazie della risposta!"),
    ("zh", "您对本次服务满意吗？1 为差，5 为非常好。", "感谢您的反馈！"),
];

impl Satisfaction {
    /// The question to a customer who speaks `language`, else in that of the `workspace`.
    pub(crate) fn question(&self, language: &str, workspace: &str) -> Question {
        let choices: &[&str] = match self.scale {
            Scale::Five => &["1", "2", "3", "4", "5"],
            Scale::Thumbs => &["👎", "👍"],
        };
        let own = [language, primary(language), workspace, primary(workspace)].into_iter();
        let own = own.filter(|known| !known.is_empty()).find_map(|known| self.texts.get(known));
        let ours = [language, workspace].into_iter().find_map(|known| OURS.iter().find(|one| one.0 == primary(known)));
        let (_, question, thanks) = ours.unwrap_or(&OURS[0]);
        let (text, thanks) = own.map_or((*question, *thanks), |own| (&own.question, &own.thanks));
        let choices = choices.iter().map(|choice| (*choice).to_owned()).collect();
        Question { text: text.to_owned(), choices, thanks: thanks.to_owned() }
    }

    /// Refuses what cannot be sent.
    ///
    /// # Errors
    /// 400, with the field.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        for (language, texts) in &self.texts {
            let count = texts.question.chars().count();
            if !is_language(&language.replace('_', "-")) {
                return Err(ApiError::bad_request(sentence!(
                    "satisfaction.texts: `{language}` is no language such as `it`",
                    language
                )));
            }
            if texts.question.trim().is_empty() || count > MAX_CHARS || texts.thanks.chars().count() > MAX_CHARS {
                return Err(ApiError::bad_request(sentence!(
                    "satisfaction.texts.{language}: 1 to {most} characters",
                    language,
                    most = MAX_CHARS
                )));
            }
        }
        Ok(())
    }
}

fn primary(language: &str) -> &str {
    language.split(['-', '_']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(satisfaction: &Satisfaction, language: &str) -> String {
        satisfaction.question(language, "it").text
    }

    #[test]
    fn a_customer_is_asked_in_their_language_else_in_the_workspaces() {
        let ours = Satisfaction::default();
        assert!(asked(&ours, "zh_CN").starts_with("您对"));
        assert!(asked(&ours, "de").starts_with("Come è"));
        let texts = SatisfactionTexts { question: "Alles gut?".into(), thanks: String::new() };
        let own = Satisfaction { texts: BTreeMap::from([("de".to_owned(), texts)]), ..ours };
        assert_eq!(asked(&own, "de-AT"), "Alles gut?");
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        let texts = |question: &str| SatisfactionTexts { question: question.into(), thanks: String::new() };
        for (language, question) in [("no language", "How?"), ("en", " "), ("en", &"x".repeat(1_025))] {
            let texts = BTreeMap::from([(language.to_owned(), texts(question))]);
            assert!(Satisfaction { texts, ..Satisfaction::default() }.check().is_err(), "{language}: {question}");
        }
    }
}
