//! A question with choices: what is refused before a call, and how it reads where nothing can be tapped.

use engine::capability::whatsapp::{MAX_CHOICE_CHARS, MAX_CHOICES, SendChoices};
use engine::connector::Problem;
use serde_json::{Value, json};

use super::common;

/// Longest question, in characters: the body of a message with buttons. Source: Meta, "Interactive reply buttons messages".
const QUESTION_CHARS: usize = 1024;
/// Most choices that are buttons; more are a list. Source: Meta, "Interactive reply buttons messages".
const MAX_BUTTONS: usize = 3;
/// Longest word on the button that opens a list, in characters. Source: Meta, "Interactive list messages".
const OPENER_CHARS: usize = 20;
/// The word on it when the step has none: it needs no language.
const OPENER: &str = "…";

/// Refuses a question that Meta would refuse. Twilio would take some of them as text, but a flow must not depend on which
/// of the two it runs on.
pub(super) fn check(input: &SendChoices) -> Result<(), Problem> {
    common::check_text(&input.text, QUESTION_CHARS)?;
    let bad = |why: String| Err(Problem::new("bad_input", why));
    let count = input.choices.len();
    if count == 0 || count > MAX_CHOICES {
        return bad(format!("there are {count} choices, 1 to {MAX_CHOICES} are possible"));
    }
    let most = if count > MAX_BUTTONS { MAX_CHOICE_CHARS.1 } else { MAX_CHOICE_CHARS.0 };
    for (place, choice) in input.choices.iter().enumerate() {
        let length = choice.chars().count();
        if choice.trim().is_empty() || length > most {
            return bad(format!("choice {} has {length} characters, 1 to {most} are possible", place + 1));
        }
        if input.choices[..place].contains(choice) {
            return bad(format!("choice {} says the same as one before it", place + 1));
        }
    }
    match input.button.as_deref().map_or(0, |word| word.chars().count()) {
        0..=OPENER_CHARS => Ok(()),
        length => bad(format!("`button` has {length} characters, at most {OPENER_CHARS} are possible")),
    }
}

/// The question as Meta's `interactive` object: buttons, or a list. What is tapped comes back as `choice_1`, `choice_2` …
pub(super) fn interactive(input: &SendChoices) -> Value {
    let tapped =
        input.choices.iter().zip(1..).map(|(title, place)| json!({ "id": format!("choice_{place}"), "title": title }));
    let (kind, action) = if input.choices.len() > MAX_BUTTONS {
        let opener = input.button.as_deref().filter(|word| !word.trim().is_empty()).unwrap_or(OPENER);
        ("list", json!({ "button": opener, "sections": [{ "rows": tapped.collect::<Value>() }] }))
    } else {
        let buttons: Value = tapped.map(|reply| json!({ "type": "reply", "reply": reply })).collect();
        ("button", json!({ "buttons": buttons }))
    };
    json!({ "type": kind, "body": { "text": input.text }, "action": action })
}

/// The question with its choices as numbered lines below it.
pub(super) fn numbered(input: &SendChoices) -> String {
    let lines = input.choices.iter().zip(1..).map(|(choice, place)| format!("\n{place}. {choice}"));
    std::iter::once(input.text.clone()).chain(lines).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(choices: &[&str]) -> SendChoices {
        let choices = choices.iter().map(|choice| (*choice).to_owned()).collect();
        SendChoices { text: "Which size?".into(), choices, button: None, to: None }
    }

    #[test]
    fn up_to_three_choices_are_buttons() {
        let expected = json!({
            "type": "button", "body": { "text": "Which size?" },
            "action": { "buttons": [
                { "type": "reply", "reply": { "id": "choice_1", "title": "S" } },
                { "type": "reply", "reply": { "id": "choice_2", "title": "M" } },
            ] },
        });
        assert_eq!(interactive(&question(&["S", "M"])), expected);
        assert_eq!(interactive(&question(&["S", "M", "L"]))["type"], "button");
    }

    #[test]
    fn more_choices_are_a_list() {
        let mut asked = question(&["S", "M", "L", "XL"]);
        let list = interactive(&asked);
        assert_eq!((&list["type"], &list["action"]["button"]), (&json!("list"), &json!("…")));
        let rows = &list["action"]["sections"][0]["rows"];
        assert_eq!((rows.as_array().unwrap().len(), &rows[3]), (4, &json!({ "id": "choice_4", "title": "XL" })));
        asked.button = Some("Sizes".into());
        assert_eq!(interactive(&asked)["action"]["button"], "Sizes");
    }

    #[test]
    fn numbered_lines_stand_below_the_question() {
        assert_eq!(numbered(&question(&["S", "M"])), "Which size?\n1. S\n2. M");
    }

    #[test]
    fn what_meta_would_refuse_is_refused_first() {
        let eleven = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"];
        let long = "x".repeat(21);
        let table = [
            (question(&[]), "there are 0 choices"),
            (question(&eleven), "there are 11 choices"),
            (question(&["S", " "]), "choice 2 has 1 characters"),
            (question(&[&long]), "choice 1 has 21 characters, 1 to 20"),
            (question(&["S", "M", "L", &"x".repeat(25)]), "choice 4 has 25 characters, 1 to 24"),
            (question(&["S", "M", "S"]), "choice 3 says the same"),
            (SendChoices { text: String::new(), ..question(&["S"]) }, "the text is empty"),
            (SendChoices { text: "x".repeat(1025), ..question(&["S"]) }, "the text has 1025 characters"),
            (SendChoices { button: Some(long.clone()), ..question(&["S"]) }, "`button` has 21 characters"),
        ];
        for (input, why) in table {
            let refused = check(&input).unwrap_err();
            assert!(refused.code == "bad_input" && refused.message.starts_with(why), "{why}: {refused:?}");
        }
        assert_eq!(check(&question(&["S", "M", "L", &long])), Ok(()), "rows of a list may be longer than buttons");
    }
}
