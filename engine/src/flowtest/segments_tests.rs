//! Schedules over segments and searches, told as tests of flows.

use super::tests::{catalog, document};
use super::{Outcome, run};

const COLD: &str =
    "format: 1\nsegment: cold-leads\nwhen: contact.tags.contains(\"cold\") && contact.unread_count == 0\n";

const PEOPLE: &str = "contacts: [ { name: Ann, tags: [cold] }, { name: Bob }, { name: Cai, tags: [cold], unread_count: 1 }, { name: Dan, tags: [cold, vip] } ]";

fn outcome(flow: &str, test: &str) -> Outcome {
    let text = format!("format: 1\nflow: tested\n{flow}\ntests:\n  - name: it\n{test}");
    run(vec![document(&text), document(COLD)], &catalog()).remove(0)
}

#[track_caller]
fn passes(flow: &str, test: &str) {
    let outcome = outcome(flow, test);
    assert!(outcome.passed, "{outcome:#?}");
}

const EACH: &str = r#"
on:
  - schedule.cron: { at: "0 9 * * 1", each: cold-leads }
steps:
  - do: whatsapp.send_template
    with: { template: still_there, params: { name: "{{contact.name}}", slot: "{{event.segment}}" } }
  - do: contact.remove_tags
    with: { tags: [cold] }
"#;

#[test]
fn a_slot_starts_a_run_with_each_contact_of_the_segment() {
    passes(
        EACH,
        &format!(
            r"
    given: {{ {PEOPLE} }}
    at: {{ 0s: {{ schedule.cron: {{}} }} }}
    expect:
      - any_order:
          - whatsapp.send_template: {{ params: {{ name: Ann, slot: cold-leads }} }}
          - whatsapp.send_template: {{ params: {{ name: Dan }} }}
          - contact.remove_tags
          - contact.remove_tags
    end: done
"
        ),
    );
}

#[test]
fn the_short_form_is_a_segment_and_a_given_contact_is_in_it() {
    passes(
        "on: { schedule.cron: { at: \"0 9 * * 1\", each: contacts with tag cold } }\nsteps:\n  - do: contact.add_tags\n    with: { tags: [asked] }\n",
        r"
    given: { contact: { tags: [cold] }, contacts: [ { name: Ann } ] }
    at: { 0s: { schedule.cron: {} } }
    expect: [ contact.add_tags ]
    tags: [asked, cold]
",
    );
}

#[test]
fn a_slot_twice_is_one_run_and_another_slot_is_another() {
    passes(
        EACH.replace("  - do: contact.remove_tags\n    with: { tags: [cold] }\n", "").as_str(),
        r"
    given: { contacts: [ { name: Ann, tags: [cold] } ] }
    at:
      0s:
        - schedule.cron: { slot: 2026-01-05T09:00:00Z }
        - schedule.cron: { slot: 2026-01-05T09:00:00Z }
      7d: { schedule.cron: {} }
    expect:
      - whatsapp.send_template: { params: { name: Ann } }
      - at: 7d
        whatsapp.send_template: { params: { name: Ann } }
",
    );
}

#[test]
fn a_schedule_without_a_segment_beside_one_with_starts_once_and_for_nobody() {
    passes(
        r#"
on:
  - schedule.cron: { at: "0 9 * * 1", each: cold-leads }
    id: people
  - schedule.cron: { at: "0 9 * * 1" }
    id: office
steps:
  - if: 'event?.segment == ()'
    then:
      - do: http.request
        with: { url: /report }
"#,
        r"
    given: { contacts: [ { name: Ann, tags: [cold] } ] }
    at: { 0s: { schedule.cron: {} } }
    expect: [ http.request ]
    end: done
",
    );
}

const FIND: &str = r#"
on: manual
steps:
  - set: { next: "", names: "" }
  - repeat:
      id: pages
      max: 5
      until: vars.next == ""
      steps:
        - id: page
          do: contact.find
          with: { segment: cold-leads, limit: 1, after: "{{vars.next}}" }
        - for_each: steps.page.contacts
          as: person
          steps:
            - do: http.request
              with: { url: "/people/{{person.name}}/{{person.phone}}" }
        - set: { next: '= steps.page.next ?? ""', names: "{{vars.names}}{{#each steps.page.contacts}}{{name}} {{/each}}" }
"#;

#[test]
fn pages_of_contacts_are_found_in_order_and_the_last_one_says_so() {
    passes(
        FIND,
        &format!(
            r#"
    given: {{ {PEOPLE} }}
    at: {{ 0s: {{ manual: {{}} }} }}
    expect:
      - contact.find: {{ segment: cold-leads, limit: 1 }}
      - http.request: {{ url: /people/Ann/+155501001 }}
      - contact.find
      - http.request: {{ url: /people/Dan/+155501004 }}
    vars: {{ names: "Ann Dan " }}
    end: done
"#
        ),
    );
}

#[test]
fn a_search_can_be_faked_to_fail_and_one_for_no_segment_fails() {
    let flow = |segment: &str| {
        format!(
            "on: manual\nsteps:\n  - do: contact.find\n    with: {{ segment: {segment} }}\n    on_error:\n      - set: {{ code: \"{{{{error.code}}}}\" }}\n"
        )
    };
    let at = "    at: { 0s: { manual: {} } }\n    expect: [ contact.find ]\n";
    passes(
        &flow("cold-leads"),
        &format!("{at}    fake: {{ contact.find: {{ fail: refused }} }}\n    vars: {{ code: refused }}\n"),
    );
    passes(&flow("warm-leads"), &format!("{at}    vars: {{ code: unknown_segment }}\n"));
}

#[test]
fn a_called_flow_finds_nobody_for_a_run_about_one_person() {
    let finder =
        "format: 1\nflow: finder\non: flow.called\nsteps:\n  - do: contact.find\n    with: { segment: cold-leads }\n";
    let caller = "format: 1\nflow: caller\non: whatsapp.message_received\nsteps:\n  - run_flow: finder\n    on_error:\n      - do: contact.add_tags\n        with: { tags: [refused] }\ntests:\n  - name: it\n    at: { 0s: { whatsapp.message_received: {} } }\n    expect: [ contact.add_tags ]\n    others: allowed\n";
    let outcomes = run(vec![document(caller), document(finder), document(COLD)], &catalog());
    assert!(outcomes[0].passed && outcomes[0].log.join("\n").contains("others_data"), "{outcomes:#?}");
}
