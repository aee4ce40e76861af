//! `text.*` in conditions and templates, in five languages and more.

use serde_json::{Value, json};

use super::{Error, Origin, Scope, Script, Target, Template};

fn scope(said: &Value) -> Scope {
    let mut scope = Scope::new();
    scope.set("event", json!({ "text": said, "words": ["price", "цена"] }));
    scope
}

fn asked(said: &str, question: &str) -> Result<bool, Error> {
    let script = Script::compile(question, Origin::default())?;
    Ok(script.condition(&scope(&json!(said)))?.holds)
}

#[test]
fn every_question_looks_at_normalised_text_in_every_script() {
    let table = [
        ("Ça va, la PRICE?", r#"text.mentions(event.text, ["ca", "x"])"#),
        ("Цена и доставка", r#"text.mentions_all(event.text, ["цена", "ДОСТАВКА"])"#),
        ("ДА!", r#"!text.equals(event.text, "да")"#),
        ("  Да ", r#"text.equals(event.text, ["yes", "да"])"#),
        ("شَكْوَى عاجلة", r#"text.starts_with(event.text, "شكوي")"#),
        ("مدرسة", r#"text.equals(event.text, "مدرسه")"#),
        ("Perché no?", r#"text.starts_with(event.text, "PERCHE")"#),
        ("我要投诉你们", r#"text.contains(event.text, "投诉") && text.mentions(event.text, "投诉")"#),
        ("ordine n. ١٢٣", r#"text.matches(event.text, "n\\. [0-9]{3}$")"#),
        ("ORDER 77 please", "text.matches(event.text, `^Order \\d+`)"),
        ("price list", r#"text.ends_with(event.text, "list") && text.contains(event.text, "ice li")"#),
        ("the цена", "text.mentions(event.text, event.words)"),
        (
            "x",
            r#"!text.contains(event.text, "") && !text.starts_with(event.text, "") && text.mentions_all(event.text, [])"#,
        ),
        ("x", r#"!text.mentions(event?.old, "x") && !text.matches(event?.old, "x")"#),
    ];
    for (said, question) in table {
        assert_eq!(asked(said, question), Ok(true), "{said:?}: {question}");
    }
}

#[test]
fn a_pattern_is_checked_when_the_script_is_compiled() {
    for (question, why) in [
        (r#"text.matches(event.text, "(a")"#, "is no pattern"),
        (r#"text.matches(event.text, "(\\w{1000}){1000}")"#, "too large"),
        (r#"text.matches(event.text, event.text)"#, "must be written out"),
        (r#"text.matches(event.text, "a" + "b")"#, "must be written out"),
        (r#"text.matches(event.text, "(?=a)")"#, "is no pattern"),
    ] {
        let error = asked("a", question).unwrap_err();
        assert_eq!((error.code, error.line, error.column), ("bad_pattern", 1, 6), "{question}");
        assert!(error.message.contains(why), "{question}: {}", error.message);
    }
}

#[test]
fn a_pattern_that_others_choke_on_takes_no_time() {
    let said = "a".repeat(50_000);
    assert_eq!(asked(&said, r#"text.matches(event.text, "^(a+)+$b")"#), Ok(false));
}

#[test]
fn what_is_no_text_is_told_with_the_name_of_the_function() {
    let script = Script::compile(r#"text.equals(event.text, "a")"#, Origin::default()).unwrap();
    let error = script.condition(&scope(&json!(5))).unwrap_err();
    assert!(error.message.contains("the first argument of text.equals must be text"), "{}", error.message);
    let error = asked("a", "text.starts_with(event.text, [1])").unwrap_err();
    assert!(error.message.contains("each word of text.starts_with must be text"), "{}", error.message);
}

#[test]
fn templates_ask_the_same() {
    for (said, question, answer) in [
        ("Какая ЦЕНА?", r#"mentions event.text "price" "цена""#, "yes"),
        ("какая", "mentions event.text event.words", "no"),
        ("price и цена", "mentions_all event.text event.words", "yes"),
        ("Sì", r#"equals event.text "si""#, "yes"),
        ("ORDER 7", r#"starts_with event.text "order""#, "yes"),
        ("退款吧", r#"contains event.text "退款""#, "yes"),
        ("x", r#"contains event.text """#, "no"),
    ] {
        let text = format!("{{{{#if ({question})}}}}yes{{{{else}}}}no{{{{/if}}}}");
        let template = Template::compile(&text, Origin::default(), Target::Plain).unwrap();
        assert_eq!(template.render(&scope(&json!(said))).unwrap(), answer, "{said:?}: {question}");
    }
}
