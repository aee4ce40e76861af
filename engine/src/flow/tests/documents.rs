//! Flows that are right, and what they compile to.

use super::{EXAMPLE, catalog, problems};
use crate::flow::{Compiled, Do, End, Environment, Expected, Expr, Fail, Fake, Op, Step, Until, check};

fn compiled(text: &str) -> Compiled {
    let catalog = catalog();
    check(text, &Environment::new(&catalog)).version.unwrap_or_else(|| panic!("{}", problems(text)))
}

fn flow(rest: &str) -> Compiled {
    compiled(&format!("format: 1\nflow: test\non: [whatsapp.message_received]\n{rest}"))
}

/// One line per step: its place, what it does, what comes next, where its error handler is.
fn outline(compiled: &Compiled) -> String {
    let path = |ix: Option<u32>| ix.map_or("end".to_owned(), |ix| compiled.program.steps[ix as usize].path.to_string());
    let line = |step: &Step| {
        let what = match &step.op {
            Op::Do(step) => format!("do {}", step.action),
            Op::If { then, otherwise, .. } => format!("if then {} else {}", path(*then), path(*otherwise)),
            Op::Set(vars) => format!("set {}", vars.len()),
            Op::Stop { failed, .. } => format!("stop failed={failed}"),
            Op::Wait { .. } => "wait".to_owned(),
            Op::WaitFor(wait) => format!("wait_for then {} on_timeout {}", path(wait.then), path(wait.on_timeout)),
            _ => unreachable!("the example has no other steps"),
        };
        let handler = step.on_error.map_or(String::new(), |ix| format!(" on_error {}", path(Some(ix))));
        format!("{}: {what} -> {}{handler}\n", step.path, path(step.next))
    };
    let ends = format!("entry {} on_error {}\n", path(compiled.program.entry), path(compiled.program.on_error));
    compiled.program.steps.iter().map(line).fold(ends, |all, line| all + line.as_str())
}

#[test]
fn nesting_is_resolved_to_what_comes_next() {
    insta::assert_snapshot!(outline(&compiled(EXAMPLE)), @r"
    entry ticket on_error on_error.0
    ticket: do crm.create_ticket -> 1
    1: if then 1.then.0 else 2 -> 2
    2: do whatsapp.send_template -> 3
    3: wait_for then end on_timeout 3.on_timeout.0 -> end
    1.then.0: do contact.add_tags -> 1.then.1
    1.then.1: do human.escalate -> 2
    3.on_timeout.0: do whatsapp.send_template -> end
    on_error.0: do human.escalate -> end
    ");
}

#[test]
fn a_steps_own_handler_leads_to_what_comes_after_the_step() {
    let text = "
steps:
  - if: event.text == \"a\"
    then:
      - id: fetch
        do: http.request
        with: { url: /x }
        on_error:
          - set: { failed: true }
          - if: error.code == \"404\"
            then: [{ stop: { as: failed, reason: gone } }]
    else: []
  - set: { b: 1 }
";
    insta::assert_snapshot!(outline(&flow(text)), @r"
    entry 0 on_error end
    0: if then fetch else 1 -> 1
    1: set 1 -> end
    fetch: do http.request -> 1 on_error fetch.on_error.0
    fetch.on_error.0: set 1 -> fetch.on_error.1
    fetch.on_error.1: if then fetch.on_error.1.then.0 else 1 -> 1
    fetch.on_error.1.then.0: stop failed=true -> 1
    ");
}

#[test]
fn values_have_the_type_their_target_takes() {
    let text = "
steps:
  - do: http.request
    with:
      method: POST
      url: /orders
      headers: { X-Phone: +8613800138000, X-Count: 5, X-Code: 007, X-Yes: yes }
      json: { count: 5, price: 1.50, phone: +8613800138000, code: 007, yes: true, none: ~, text: \"= event.text\" }
";
    let compiled = flow(text);
    let Op::Do(step) = &compiled.program.steps[0].op else { panic!("a call") };
    let Expr::Map(fields) = &step.input else { panic!("a map") };
    let get = |name: &str| fields.iter().find(|(field, _)| &**field == name).map(|(_, value)| value);
    let Some(Expr::Literal(headers)) = get("headers") else { panic!("fixed") };
    let expected = serde_json::json!({ "X-Phone": "+8613800138000", "X-Count": "5", "X-Code": "007", "X-Yes": "yes" });
    assert_eq!(headers, &expected);
    let Some(Expr::Map(json)) = get("json") else { panic!("not fixed") };
    let fixed: Vec<String> = json
        .iter()
        .map(|(name, value)| match value {
            Expr::Literal(value) => format!("{name}={value}"),
            _ => format!("{name}=?"),
        })
        .collect();
    let expected =
        ["count=5", "price=1.50", "phone=\"+8613800138000\"", "code=\"007\"", "yes=true", "none=null", "text=?"];
    let expected: Vec<String> = expected.iter().map(|text| text.replace("1.50", "1.5")).collect();
    assert_eq!(fixed, expected);
}

fn first_do(compiled: &Compiled) -> &Do {
    match &compiled.program.steps[0].op {
        Op::Do(step) => step,
        other => panic!("not a call: {other:?}"),
    }
}

#[test]
fn retries_and_deadlines_are_as_written_or_the_standard() {
    let standard = flow("steps:\n  - do: whatsapp.send_text\n    with: { text: hi }\n");
    let step = first_do(&standard);
    assert_eq!(
        (step.retry.pauses.len(), step.expires.as_secs(), step.needs_window, step.resend_unknown),
        (2, 600, true, false)
    );
    let own = flow(
        "steps:\n  - do: crm.create_ticket\n    with: { subject: hi }\n    retry: [1s, 1m]\n    expires: 1h\n    on_unknown: resend\n",
    );
    let step = first_do(&own);
    let pauses: Vec<u64> = step.retry.pauses.iter().map(std::time::Duration::as_secs).collect();
    assert_eq!((pauses, step.expires.as_secs(), step.resend_unknown), (vec![1, 60], 3600, true));
    let never = flow("steps:\n  - do: crm.create_ticket\n    with: { subject: hi }\n    retry: none\n");
    assert_eq!((first_do(&never).retry.pauses.len(), first_do(&never).expires.as_secs()), (0, 86400));
}

#[test]
fn triggers_have_ids_defaults_and_both_conditions() {
    let compiled = compiled(
        "
format: 1
flow: test
when: event.id != \"\"
on:
  - conversation.no_reply: { after: 48h }
  - conversation.no_reply: { after: 24h, silent: us }
    when: event.since != \"\"
  - schedule.cron: { at: '0 9 * * 1', zone: Europe/Rome }
    id: monday
steps: []
",
    );
    let all: Vec<String> = compiled
        .triggers
        .iter()
        .map(|trigger| format!("{} {} {}", trigger.id, trigger.params, trigger.when.len()))
        .collect();
    assert_eq!(
        all,
        [
            r#"conversation.no_reply {"after":"48h","silent":"customer"} 1"#,
            r#"conversation.no_reply-2 {"after":"24h","silent":"us"} 2"#,
            r#"monday {"at":"0 9 * * 1","missed":"skip","zone":"Europe/Rome"} 1"#,
        ]
    );
}

#[test]
fn waits_are_durations_instants_or_expressions() {
    let compiled = flow(
        "steps:\n  - wait: 1h30m\n  - wait: { until: 2026-12-01 09:00, zone: Europe/Rome }\n  - wait: { until: \"= event.at\" }\n",
    );
    let waits: Vec<String> = compiled
        .program
        .steps
        .iter()
        .map(|step| match &step.op {
            Op::Wait { until: Until::For(span) } => format!("{}s", span.as_secs()),
            Op::Wait { until: Until::Instant { at: Expr::Literal(at), zone } } => format!("{at} {zone}"),
            Op::Wait { until: Until::Instant { at: Expr::Script { .. }, zone } } => format!("script {zone}"),
            other => panic!("not a wait: {other:?}"),
        })
        .collect();
    assert_eq!(waits, ["5400s", "\"2026-12-01 09:00\" Europe/Rome", "script UTC"]);
}

#[test]
fn tests_are_read_whole() {
    let compiled = flow(
        "
steps: []
tests:
  - name: all of it
    given: { contact: { phone: +8613800138000, tags: [a] }, conversation: { window_open: false }, at: 2026-01-05 09:00 }
    at:
      1h: [{ whatsapp.message_received: { text: 5 } }, { whatsapp.message_received: { text: b, message: { type: text } } }]
      0s: { manual: }
    fake: { crm.create_ticket: [{ fail: later }, { id: 007 }], http.request: { fail: refused, code: 404 } }
    expect:
      - at: 1h
        crm.create_ticket: { subject: 1 }
    others: allowed
    never: [contact.add_tags, { human.escalate: { team: x } }]
    end: waiting
    tags: [a, b]
    vars: { sum: 5 }
",
    );
    let test = &compiled.tests[0];
    assert_eq!(test.given.contact["phone"], "+8613800138000");
    assert_eq!(test.given.at.map(|at| at.to_string()).as_deref(), Some("2026-01-05T09:00:00.000Z"));
    let moments: Vec<(u64, usize)> =
        test.at.iter().map(|moment| (moment.after.as_secs(), moment.events.len())).collect();
    assert_eq!(moments, [(0, 1), (3600, 2)]);
    assert_eq!(test.at[1].events[0].1["text"], "5");
    assert_eq!(
        test.fake["crm.create_ticket"],
        [Fake::Fail { how: Fail::Later, code: None, message: None }, Fake::Reply(serde_json::json!({ "id": "007" })),]
    );
    let Expected::One(expect) = &test.expect[0] else { panic!("{:?}", test.expect) };
    assert_eq!(expect.at.map(|at| at.as_secs()), Some(3600));
    assert_eq!(expect.fields["subject"], "1");
    assert!(test.others_allowed && test.end == Some(End::Waiting));
    assert_eq!((test.never.len(), test.never[1].action.as_str()), (2, "human.escalate"));
    assert_eq!(test.tags.as_deref(), Some(&["a".to_owned(), "b".to_owned()][..]));
    assert_eq!(test.vars.as_ref().map(|vars| vars["sum"].clone()), Some(5.into()));
}

#[test]
fn a_flow_has_bounds() {
    let head = "format: 1\nflow: test\non: [manual]\nsteps:\n";
    let waits = |count: usize| format!("{head}{}", "  - wait: 1s\n".repeat(count));
    assert!(problems(&waits(501)).contains("[too_many_steps]"));
    assert_eq!(problems(&waits(500)), "");
    let nested = |depth: usize| {
        let (open, close) = ("[{ if: true, then: ".repeat(depth - 1), "}]".repeat(depth - 1));
        format!("format: 1\nflow: test\non: [manual]\nsteps: {open}[{{ wait: 1s }}]{close}\n")
    };
    assert_eq!(problems(&nested(16)), "");
    assert!(problems(&nested(17)).contains("[too_deep]"));
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_change_nothing() {
    let text = format!("\u{feff}{}", EXAMPLE.replace('\n', "\r\n"));
    assert_eq!(compiled(&text).meaning, compiled(EXAMPLE).meaning);
    let broken = text.replace("event.order.total > 0", "event.order.totl > 0");
    assert!(problems(&broken).starts_with("6:7 error[unknown_name]"), "{}", problems(&broken));
}

#[test]
fn whether_a_caller_can_be_answered_is_seen_in_the_steps_that_can_be_reached() {
    let can_answer = |steps: &str| {
        let text = format!("format: 1\nflow: test\non: [webhook.received]\nsteps:\n{steps}");
        let checked = check(&text, &Environment::new(&catalog()));
        checked.version.unwrap_or_else(|| panic!("{}", problems(&text))).program.can_answer()
    };
    let answer = "- answer_webhook: { body: yes }";
    assert!(can_answer(&format!("  {answer}")));
    assert!(can_answer("  - repeat: { max: 2, until: \"false\", steps: [{ answer_webhook: { body: yes } }] }"));
    assert!(can_answer(&format!("  - set: {{ a: 1 }}\n    on_error:\n      {answer}")));
    assert!(can_answer(&format!("  - stop: done\nfinally:\n  {answer}")));
    assert!(!can_answer(&format!("  - stop: done\n  {answer}")));
    assert!(!can_answer("  - set: { a: 1 }"));
}
