//! A person who talks with the customer, in virtual time: the flow's messages wait, its other steps do not.

use super::tests::passes;

const TALKED: &str = "given: { conversation: { window_open: true } }\nat:\n  0s: { whatsapp.message_received: { text: Ana here, origin: app_echo } }\n";

fn flow(expires: &str) -> String {
    format!(
        r#"
on: whatsapp.message_received
steps:
  - do: contact.add_tags
    with: {{ tags: [began] }}
  - do: whatsapp.send_text
    with: {{ text: hello }}
    expires: {expires}
    on_error:
      - if: error.code == "human_talking"
        then:
          - do: contact.add_tags
            with: {{ tags: [late] }}
      - stop: nobody to tell
  - do: contact.add_tags
    with: {{ tags: [sent] }}
"#
    )
}

#[test]
fn a_message_waits_until_the_person_has_been_silent_for_half_an_hour() {
    let test = format!(
        "{TALKED}  1m: {{ whatsapp.message_received: {{ text: and? }} }}\n  10m: {{ whatsapp.message_received: {{ text: more, origin: app_echo }} }}\nexpect:\n  - at: 1m\n    contact.add_tags: {{ tags: [began] }}\n  - whatsapp.send_text\n  - at: 40m\n    contact.add_tags: {{ tags: [sent] }}\n"
    );
    passes(&flow("2h"), &test);
}

#[test]
fn what_would_be_stale_by_then_is_not_sent_and_the_step_may_handle_it() {
    let test = format!(
        "{TALKED}  1m: {{ whatsapp.message_received: {{ text: and? }} }}\nexpect:\n  - contact.add_tags: {{ tags: [began] }}\n  - whatsapp.send_text\n  - at: 11m\n    contact.add_tags: {{ tags: [late] }}\n"
    );
    passes(&flow("10m"), &test);
}

#[test]
fn a_template_that_tells_of_something_that_happened_does_not_wait_and_one_that_says_so_does() {
    for (during, at) in [("send", "1m"), ("hold", "30m")] {
        let flow = format!(
            "on: whatsapp.message_received\nsteps:\n  - do: whatsapp.send_template\n    with: {{ template: receipt, during_human: {during} }}\n  - do: contact.add_tags\n    with: {{ tags: [sent] }}\n"
        );
        let test = format!(
            "{TALKED}  1m: {{ whatsapp.message_received: {{ text: and? }} }}\nexpect:\n  - whatsapp.send_template\n  - at: {at}\n    contact.add_tags: {{ tags: [sent] }}\n"
        );
        passes(&flow, &test);
    }
}

#[test]
fn what_is_held_is_passed_by_what_is_not() {
    let flow = "on: whatsapp.message_received\nsteps:\n  - parallel:\n      one:\n        - do: whatsapp.send_text\n          with: { text: hello }\n          expires: 2h\n      two:\n        - do: whatsapp.send_template\n          with: { template: receipt }\n        - do: contact.add_tags\n          with: { tags: [told] }\n";
    let test = format!(
        "{TALKED}  1m: {{ whatsapp.message_received: {{ text: and? }} }}\nexpect:\n  - whatsapp.send_text\n  - whatsapp.send_template\n  - at: 1m\n    contact.add_tags: {{ tags: [told] }}\n"
    );
    passes(flow, &test);
}
