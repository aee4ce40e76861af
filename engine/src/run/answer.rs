//! What an `ask` makes of an answer: it is checked, stored, or the question is asked once more.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::What;
use super::turn::Turn;
use super::value::Failure;
use crate::expr::text;
use crate::flow::{Check, Into, Step, Version};

impl Turn<'_> {
    pub(super) fn check(&mut self, version: &Version, step: &Step, check: &Check) -> Result<(), Failure> {
        let heard = version.program.step(Some(check.heard)).and_then(|step| step.id.as_deref());
        let reply = heard.and_then(|id| self.scope.get("steps")?.get(id).cloned()).unwrap_or_default();
        let asked = version.program.step(Some(check.asked)).map_or("", |step| &step.path);
        let said = reply["text"].as_str().unwrap_or_default().trim().to_owned();
        let accepted = match chosen(&said, &reply, &check.choices) {
            Some(answer) if self.passes(check, &reply, &answer)? => Some(answer),
            _ => None,
        };
        match accepted {
            Some(answer) => self.accept(step, check, &reply, answer),
            None => self.ask_again(step, check, asked, &said),
        }
    }

    fn passes(&self, check: &Check, reply: &Value, answer: &str) -> Result<bool, Failure> {
        let Some(condition) = &check.check else { return Ok(true) };
        let mut scope = self.scope.clone();
        scope.set("reply", reply.clone());
        scope.set("answer", Value::from(answer));
        Ok(condition.condition(&scope)?.holds)
    }

    fn accept(&mut self, step: &Step, check: &Check, reply: &Value, answer: String) -> Result<(), Failure> {
        let mut set = Map::new();
        match &check.into {
            Some(Into::Var(name)) => drop(set.insert(name.to_string(), answer.clone().into())),
            None => {}
            Some(into) => {
                if self.facts.contact.is_none() {
                    return Err(Failure::new("no_contact", "there is no contact to store the answer with"));
                }
                let answer = answer.clone();
                self.facts.change_contact(|contact| match into {
                    Into::Field(name) => drop(contact.fields.insert(name.to_string(), answer.into())),
                    Into::Name => contact.name = answer,
                    Into::Language => contact.language = answer,
                    Into::Var(_) => {}
                });
                self.forget(&["contact"]);
            }
        }
        let data =
            json!({ "answer": { "answer": answer, "text": reply["text"], "message": reply["message"] }, "set": set });
        self.record(What::Accepted { step: Arc::clone(&step.path) }, data);
        Ok(())
    }

    fn ask_again(&mut self, step: &Step, check: &Check, asked: &str, said: &str) -> Result<(), Failure> {
        let tried = self.run.state.cursor().and_then(|cursor| cursor.rounds.get(asked)).copied().unwrap_or_default();
        if tried + 1 >= check.tries {
            let shown: String = said.chars().take(40).collect();
            let message =
                format!("asked {} times without an answer that fits; the last one was `{shown}`", check.tries);
            return Err(Failure::new("no_valid_answer", message));
        }
        self.note(What::Again { step: Arc::clone(&step.path) });
        Ok(())
    }
}

/// The answer in `said`: one of `choices` by its button, its words or its number; without choices the text itself. Nothing
/// when it is none of them, or empty.
fn chosen(said: &str, reply: &Value, choices: &[Arc<str>]) -> Option<String> {
    if choices.is_empty() {
        return (!said.is_empty()).then(|| said.to_owned());
    }
    let interactive = &reply["message"]["interactive"];
    if let Some(tapped) = ["button_reply", "list_reply"].iter().find_map(|kind| interactive.get(kind)) {
        return tapped_choice(tapped, choices);
    }
    let words = text::normalise(said);
    let named = choices.iter().find(|choice| text::normalise(choice) == words);
    let numbered = || choices.get(words.trim_end_matches(['.', ')']).parse::<usize>().ok()?.checked_sub(1)?);
    named.or_else(numbered).map(ToString::to_string)
}

/// The choice on a button or row. Its words must be this question's, too: buttons of an older question can still be tapped.
fn tapped_choice(tapped: &Value, choices: &[Arc<str>]) -> Option<String> {
    let place = tapped["id"].as_str()?.strip_prefix("choice_")?.parse::<usize>().ok()?;
    let choice = choices.get(place.checked_sub(1)?)?;
    let same = tapped["title"].as_str().is_none_or(|title| text::normalise(title) == text::normalise(choice));
    same.then(|| choice.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes() -> Vec<Arc<str>> {
        vec!["Small".into(), "Medium".into(), "Большой".into()]
    }

    #[test]
    fn a_choice_is_taken_by_its_words_in_any_case_and_script() {
        assert_eq!(chosen("SMALL", &Value::Null, &sizes()), Some("Small".into()));
        assert_eq!(chosen("большой", &Value::Null, &sizes()), Some("Большой".into()));
    }

    #[test]
    fn a_choice_is_taken_by_its_number_in_any_digits() {
        assert_eq!(chosen("2", &Value::Null, &sizes()), Some("Medium".into()));
        assert_eq!(chosen("٢", &Value::Null, &sizes()), Some("Medium".into()));
        assert_eq!(chosen("2.", &Value::Null, &sizes()), Some("Medium".into()));
        assert_eq!(chosen("4", &Value::Null, &sizes()), None);
        assert_eq!(chosen("0", &Value::Null, &sizes()), None);
    }

    fn tap(id: &str, title: &str) -> Value {
        json!({ "message": { "interactive": { "button_reply": { "id": id, "title": title } } } })
    }

    #[test]
    fn a_tapped_button_is_the_choice_on_it() {
        assert_eq!(chosen("Большой", &tap("choice_3", "Большой"), &sizes()), Some("Большой".into()));
    }

    #[test]
    fn a_button_of_an_older_question_is_no_answer_to_this_one() {
        assert_eq!(chosen("Red", &tap("choice_2", "Red"), &sizes()), None);
        assert_eq!(chosen("Small", &tap("other", "Small"), &sizes()), None);
    }

    #[test]
    fn without_choices_any_text_is_an_answer_and_nothing_is_none() {
        assert_eq!(chosen("at noon", &Value::Null, &[]), Some("at noon".into()));
        assert_eq!(chosen("", &Value::Null, &[]), None);
    }
}
