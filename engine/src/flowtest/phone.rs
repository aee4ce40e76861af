//! A message as the customer's phone shows it.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::capability::file::SendMedia;
use crate::capability::whatsapp::{SendChoices, SendTemplate, SendText};
use crate::connector::Action;
use crate::flow::TemplateTexts;

/// A message to a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "PhoneMessage")]
pub struct Message {
    /// The number it goes to; `None` = the customer the run is about.
    pub to: Option<String>,
    /// The template; `None` for free text.
    pub template: Option<String>,
    /// The language of the template's text.
    pub language: Option<String>,
    /// What the customer reads; `None` when the template's text is not known here.
    pub text: Option<String>,
    /// The words on its buttons, or the rows of its list.
    pub buttons: Vec<String>,
    /// Whether the provider took it; `None` while that is open.
    pub sent: Option<bool>,
}

/// The message that a call of `action` with this input sends. `language` is the customer's.
pub(super) fn message(action: &str, input: &Value, language: &str, texts: &TemplateTexts) -> Option<Message> {
    let text = |name: &str| input[name].as_str().map(str::to_owned);
    let free =
        Message { to: text("to"), template: None, language: None, text: text("text"), buttons: Vec::new(), sent: None };
    match action {
        SendText::NAME => Some(free),
        SendMedia::NAME => {
            let words = [text("name").or_else(|| text("kind")), text("caption")];
            let shown = words.into_iter().flatten().collect::<Vec<_>>().join("\n");
            Some(Message { text: Some(format!("📎 {shown}")), ..free })
        }
        SendChoices::NAME => {
            let choices = input["choices"].as_array().into_iter().flatten().filter_map(Value::as_str);
            Some(Message { buttons: choices.map(str::to_owned).collect(), ..free })
        }
        SendTemplate::NAME => {
            let name = text("template").unwrap_or_default();
            let wanted = text("language").unwrap_or_else(|| language.to_owned());
            let mut message = Message { text: None, template: Some(name.clone()), language: None, ..free };
            if let Some((language, known)) = in_language(texts, &name, &wanted) {
                message.text = Some(filled(&known.text, &input["params"]));
                message.buttons.clone_from(&known.buttons);
                message.language = Some(language.to_owned());
            }
            Some(message)
        }
        _ => None,
    }
}

/// The template in the language wanted, else in the same one of another country, else in English, else in any.
fn in_language<'a>(
    texts: &'a TemplateTexts,
    name: &str,
    wanted: &str,
) -> Option<(&'a str, &'a crate::flow::TemplateText)> {
    let all =
        || texts.iter().filter(|((template, _), _)| template == name).map(|((_, language), text)| (&**language, text));
    let root = |code: &str| code.split(['_', '-']).next().unwrap_or_default().to_owned();
    let exact = all().find(|(language, _)| *language == wanted);
    let near = || all().find(|(language, _)| root(language) == root(wanted));
    exact.or_else(near).or_else(|| all().find(|(language, _)| *language == "en")).or_else(|| all().next())
}

/// The text with its variables; one that was not given stays as it is.
fn filled(text: &str, params: &Value) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((name, behind)) = after.split_once("}}") else {
            out.push_str("{{");
            rest = after;
            continue;
        };
        match params[name.trim()].as_str() {
            Some(value) => out.push_str(value),
            None => out.extend(["{{", name, "}}"]),
        }
        rest = behind;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::flow::TemplateText;

    fn texts() -> TemplateTexts {
        let one = |language: &str, text: &str| {
            let text = TemplateText { text: text.into(), buttons: vec!["Yes".into()] };
            (("hello".to_owned(), language.to_owned()), text)
        };
        [one("en", "Hello {{name}}, {{2}} {{"), one("zh_CN", "您好")].into()
    }

    #[test]
    fn a_template_reads_in_the_customers_language_with_its_variables() {
        let input = json!({ "template": "hello", "params": { "name": "{{Ann}}" } });
        let shown = message("whatsapp.send_template", &input, "de", &texts()).unwrap();
        assert_eq!((shown.text.as_deref(), shown.language.as_deref()), (Some("Hello {{Ann}}, {{2}} {{"), Some("en")));
        assert_eq!(shown.buttons, ["Yes"]);
        assert_eq!(message("whatsapp.send_template", &input, "zh", &texts()).unwrap().text.as_deref(), Some("您好"));
        let unknown = json!({ "template": "other" });
        assert_eq!(message("whatsapp.send_template", &unknown, "en", &texts()).unwrap().text, None);
    }

    #[test]
    fn a_question_has_its_choices_and_what_is_no_message_is_none() {
        let input = json!({ "text": "Sure?", "choices": ["Yes", "No"], "to": "+1" });
        let shown = message("whatsapp.send_choices", &input, "", &texts()).unwrap();
        assert_eq!((shown.text.as_deref(), shown.buttons.len(), shown.to.as_deref()), (Some("Sure?"), 2, Some("+1")));
        assert_eq!(message("crm.create_ticket", &input, "", &texts()), None);
    }
}
