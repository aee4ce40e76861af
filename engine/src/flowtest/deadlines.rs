//! Deadlines of runs and steps, in virtual time.

use super::tests::{outcome, passes};

const HELLO: &str = "at: { 0s: { whatsapp.message_received: { text: hello } } }\n";

#[test]
fn a_run_that_is_not_over_in_time_fails_after_its_error_branch_and_its_clean_up() {
    let flow = r#"
on: whatsapp.message_received
deadline: 2h
steps:
  - wait_for: whatsapp.message_received
    timeout: never
  - do: contact.add_tags
    with: { tags: [never] }
on_error:
  - do: contact.set_field
    with: { field: code, value: "{{error.code}} {{error.message}}" }
finally:
  - do: contact.add_tags
    with: { tags: [clean] }
"#;
    let test = "expect:\n  - { at: 2h, contact.set_field: { field: code, value: deadline the run was not over within 2h } }\n  - { at: 2h, contact.add_tags: { tags: [clean] } }\nnever: [contact.add_tags: { tags: [never] }]\nend: failed";
    passes(flow, &format!("{HELLO}{test}"));
}

#[test]
fn a_run_that_is_over_in_time_hears_nothing_of_its_deadline() {
    let flow = "on: whatsapp.message_received\ndeadline: 2h\nsteps:\n  - wait: 1h\non_error:\n  - do: contact.add_tags\n    with: { tags: [late] }\n";
    passes(flow, &format!("{HELLO}tags: []\nend: done"));
}

#[test]
fn a_deadline_that_passes_in_the_clean_up_lets_it_end() {
    let flow = "on: whatsapp.message_received\ndeadline: 2h\nsteps:\n  - wait: 1h\nfinally:\n  - wait: 3h\n  - do: contact.add_tags\n    with: { tags: [clean] }\n";
    passes(flow, &format!("{HELLO}expect: [{{ at: 4h, contact.add_tags: {{}} }}]\nend: done"));
}

#[test]
fn a_step_that_is_not_over_in_time_fails_with_all_that_is_in_it() {
    let flow = r#"
on: whatsapp.message_received
steps:
  - id: both
    parallel:
      slow:
        - wait: 5h
        - do: contact.add_tags
          with: { tags: [never] }
      quick:
        - do: contact.add_tags
          with: { tags: [quick] }
    deadline: 1h
    on_error:
      - do: contact.set_field
        with: { field: code, value: "{{error.step}} {{error.code}}" }
  - do: contact.add_tags
    with: { tags: [behind] }
"#;
    let test = "expect:\n  - { at: 0s, contact.add_tags: { tags: [quick] } }\n  - { at: 1h, contact.set_field: { value: both deadline } }\n  - { at: 1h, contact.add_tags: { tags: [behind] } }\nend: done";
    passes(flow, &format!("{HELLO}{test}"));
}

#[test]
fn what_handles_a_step_inside_does_not_handle_that_the_whole_is_late() {
    let flow = r#"
on: whatsapp.message_received
steps:
  - if: "true"
    deadline: 10m
    then:
      - wait: 1h
        on_error:
          - do: contact.add_tags
            with: { tags: [inner] }
    on_error:
      - do: contact.add_tags
        with: { tags: [outer] }
"#;
    passes(flow, &format!("{HELLO}expect: [{{ at: 10m, contact.add_tags: {{ tags: [outer] }} }}]\nend: done"));
}

#[test]
fn a_deadline_bounds_all_rounds_of_a_loop_and_begins_anew_with_the_next_item() {
    let rounds = "on: whatsapp.message_received\nsteps:\n  - repeat:\n      id: rounds\n      max: 9\n      until: \"false\"\n      steps:\n        - wait: 10m\n        - do: contact.add_tags\n          with: { tags: [again] }\n    deadline: 25m\n    on_error:\n      - do: contact.set_field\n        with: { field: code, value: \"{{error.step}}\" }\n";
    let test = "expect:\n  - { at: 10m, contact.add_tags: {} }\n  - { at: 20m, contact.add_tags: {} }\n  - { at: 25m, contact.set_field: { value: rounds } }\nend: done";
    passes(rounds, &format!("{HELLO}{test}"));
    let items = "on: whatsapp.message_received\nsteps:\n  - for_each: \"[5, 5]\"\n    steps:\n      - if: \"true\"\n        deadline: 25m\n        then:\n          - wait: 20m\n  - do: contact.add_tags\n    with: { tags: [done] }\n";
    passes(items, &format!("{HELLO}expect: [{{ at: 40m, contact.add_tags: {{}} }}]\nend: done"));
}

#[test]
fn a_call_that_is_under_way_when_the_deadline_passes_is_not_made_again() {
    let flow = r#"
on: whatsapp.message_received
steps:
  - if: "true"
    deadline: 20s
    then:
      - do: crm.create_ticket
        with: { subject: late }
    on_error:
      - do: contact.add_tags
        with: { tags: [late] }
"#;
    let test = "fake: { crm.create_ticket: { fail: later } }\nexpect:\n  - crm.create_ticket: {}\n  - { at: 20s, contact.add_tags: {} }\nend: done";
    let outcome = outcome(flow, &format!("{HELLO}{test}"));
    assert!(outcome.passed, "{outcome:#?}");
    let attempts = outcome.log.iter().filter(|line| line.contains("attempt")).count();
    assert!(attempts <= 2, "at once and after 1 s, not after 30 s: {:#?}", outcome.log);
}

#[test]
fn a_called_flow_ends_with_the_step_that_waits_for_it_too_long() {
    let flow = "on: [whatsapp.message_received]\ndeadline: 1d\nsteps:\n  - run_flow: other\n    deadline: 5m\n";
    passes(flow, &format!("{HELLO}end: failed"));
}
