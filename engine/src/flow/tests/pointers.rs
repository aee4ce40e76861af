//! Steps are found in their text.

use super::super::pointers;
use super::{Environment, catalog, check};

#[test]
fn every_step_is_found_where_it_stands_also_several_on_one_line() {
    let text = "
format: 1
flow: places
on: whatsapp.message_received
steps:
  - if: event.text == \"a\"
    then: [{ set: { a: 1 } }, { id: two, set: { b: 2 } }]
    else:
      - switch: event.text
        cases:
          one: [{ stop: { reason: \"one\" } }]
  - parallel:
      left:
        - repeat:
            id: rounds
            max: 3
            until: event.text == \"b\"
            steps:
              - set: { d: 4 }
      right: [{ wait: 1h }]
  - ask: \"Which size?\"
    timeout: 1h
    choices: [S, M]
finally:
  - set: { e: 5 }
";
    let catalog = catalog();
    let checked = check(text, &Environment::new(&catalog));
    let program = checked.version.unwrap_or_else(|| panic!("{:?}", checked.problems)).program;
    let places = pointers(text, &program);
    let line =
        |(step, at): (&super::super::Step, &Option<String>)| format!("{}: {}", step.path, at.as_deref().unwrap_or("-"));
    let mut told: Vec<String> = program.steps.iter().zip(&places).map(line).collect();
    told.sort();
    insta::assert_snapshot!(told.join("\n"), @r#"
    0.else.0.one.0: steps/0/else/0/cases/one/0
    0.else.0: steps/0/else/0
    0.then.0: steps/0/then/0
    0: steps/0
    1.right.0: steps/1/parallel/right/0
    1: steps/1
    2.answer: steps/2
    2.check: steps/2
    2: steps/2
    finally.0: finally/0
    rounds.steps.0: steps/1/parallel/left/0/repeat/steps/0
    rounds.until: steps/1/parallel/left/0
    rounds: steps/1/parallel/left/0
    two: steps/0/then/1
    "#);
}
