//! Questions to the customer, and replies.

use super::{HELLO, START};
use crate::flowtest::tests::{outcome, passes};

const ASK: &str = r#"
on: whatsapp.order_received
steps:
  - id: size
    ask: "Which size?"
    choices: [S, M, L]
    else_ask: "Please choose S, M or L."
    into: contact.fields.size
    timeout: 1h
    on_timeout:
      - do: contact.add_tags
        with: { tags: [silent] }
      - stop: no answer
  - do: contact.set_field
    with: { field: copy, value: "{{contact.fields.size}} {{steps.size.answer}}" }
on_error:
  - do: contact.add_tags
    with: { tags: ["{{error.code}}"] }
"#;

#[test]
fn a_question_is_asked_until_the_answer_fits() {
    let say = |at: &str, text: &str| format!("{at}: {{ whatsapp.message_received: {{ text: {text} }} }}");
    let test = format!(
        "at: {{ {START}, {}, {} }}\nexpect: [whatsapp.send_choices: {{ text: \"Which size?\", choices: [S, M, L] }}, whatsapp.send_choices: {{ text: \"Please choose S, M or L.\" }}, contact.set_field: {{ value: M M }}]\nend: done",
        say("1m", "blue"),
        say("2m", "m"),
    );
    passes(ASK, &test);
}

#[test]
fn a_question_that_nobody_answers_times_out() {
    passes(ASK, &format!("at: {{ {START} }}\nothers: allowed\ntags: [silent]\nend: done"));
}

#[test]
fn after_its_tries_a_question_fails() {
    let says: Vec<String> =
        (1..=3).map(|minute| format!("{minute}m: {{ whatsapp.message_received: {{ text: blue }} }}")).collect();
    let test = format!("at: {{ {START}, {} }}\nothers: allowed\ntags: [no_valid_answer]\nend: failed", says.join(", "));
    passes(ASK, &test);
}

#[test]
fn an_answer_is_checked_and_kept_as_a_variable() {
    let flow = r#"
on: whatsapp.order_received
steps:
  - ask: "How many?"
    check: answer.parse_int() > 0
    into: vars.count
    timeout: 1h
    on_error: [ { stop: no number } ]
  - set: { twice: "= vars.count.parse_int() * 2" }
"#;
    let test = format!(
        "at: {{ {START}, 1m: {{ whatsapp.message_received: {{ text: \"21\" }} }} }}\nothers: allowed\nvars: {{ count: \"21\", twice: 42 }}\nend: done"
    );
    passes(flow, &test);
}

#[test]
fn a_reply_is_text_while_the_window_is_open_and_a_template_afterwards() {
    let flow = r#"
on: whatsapp.message_received
steps:
  - wait_for: whatsapp.order_received
    timeout: 30h
    then:
      - do: whatsapp.reply
        with: { text: "Thanks!", template: thanks }
      - stop:
  - do: whatsapp.reply
    with: { text: "Still there?", template: still_there }
"#;
    passes(
        flow,
        &format!("{HELLO}expect: [{{ at: 30h, whatsapp.send_template: {{ template: still_there }} }}]\nend: done"),
    );
    let answered = "at: { 0s: { whatsapp.message_received: { text: hi } }, 1h: { whatsapp.order_received: {} } }\n";
    let expect = "expect: [whatsapp.send_text: { text: \"Thanks!\" }, whatsapp.send_text, whatsapp.send_template]";
    // The order is also a message, and starts the flow again.
    let outcome =
        outcome(flow, &format!("{answered}others: allowed\nexpect: [whatsapp.send_text: {{ text: \"Thanks!\" }}]"));
    assert!(outcome.passed, "{outcome:#?} {expect}");
}
