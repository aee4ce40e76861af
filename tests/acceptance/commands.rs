//! The command line as scripts rely on it: what it prints, and exit codes 0 (good), 1 (found problems), 2 (wrong use).

use std::process::Command;

use serde_json::Value;
use tests::stage::staged;
use tokio::time::Instant;

use crate::process::{Installation, Said, list, run, shipped_flows};

/// Line, code and a word of the hint of each mistake in the file.
const MISTAKES: [(u64, &str, &str); 7] = [
    (6, "unknown_trigger", "whatsapp.order_received"),
    (11, "unknown_action", "crm.create_ticket"),
    (13, "script_syntax", ""),
    (16, "unknown_field", ""),
    (18, "unknown_name", "name"),
    (19, "bad_duration", "48h"),
    (22, "unknown_key", "retry"),
];

const FILE: &str = "tests/acceptance/seven-mistakes.yaml";

/// Runs the binary at the top of the checkout, without data.
async fn at_top(args: &[&str]) -> Said {
    let place = Installation::new(&[]).await;
    let mut command: Command = place.command();
    command.current_dir(shipped_flows().parent().unwrap()).args(args);
    run(command).await
}

#[test]
fn seven_mistakes_are_seven_problems_each_on_its_line_with_a_hint() {
    staged(async {
        let said = at_top(&["check", FILE]).await;
        assert_eq!(said.code, Some(1), "{}", said.err);
        let lines: Vec<&str> = said.out.lines().collect();
        assert_eq!(lines.len(), 14, "a problem and a hint each:\n{}", said.out);
        for (told, (line, code, hint)) in lines.chunks(2).zip(MISTAKES) {
            assert!(told[0].starts_with(&format!("{FILE}:{line}:")), "{}", told[0]);
            assert!(told[0].contains(&format!(": error[{code}]: ")), "{}", told[0]);
            let help = told[1].trim_start().strip_prefix("hint: ").unwrap_or_else(|| panic!("no hint: {}", told[1]));
            assert!(!help.is_empty() && help.contains(hint), "{help}");
        }
    });
}

#[test]
fn problems_as_json_have_every_field_that_scripts_read() {
    staged(async {
        let said = at_top(&["check", FILE, "--json"]).await;
        assert_eq!(said.code, Some(1), "{}", said.err);
        let problems: Vec<Value> = serde_json::from_str(&said.out).unwrap();
        assert_eq!(problems.len(), 7);
        for (problem, (line, code, _)) in problems.iter().zip(MISTAKES) {
            assert_eq!((&problem["line"], &problem["code"]), (&line.into(), &code.into()), "{problem}");
            assert_eq!((&problem["file"], &problem["severity"]), (&FILE.into(), &"error".into()), "{problem}");
            assert!(problem["column"].as_u64().unwrap() > 1, "{problem}");
            assert!(problem["message"].is_string() && problem["hint"].is_string(), "{problem}");
        }
    });
}

#[test]
fn the_flows_that_ship_are_good_and_their_tests_pass_in_virtual_time() {
    staged(async {
        at_top(&["check", "flows"]).await.good();
        let began = Instant::now();
        let said = at_top(&["test", "flows"]).await.good();
        // The promise of 2 s is for the release build on a quiet machine, so it is told and not asserted.
        println!("`switchboard test flows` took {:?}", began.elapsed());
        let last = said.lines().last().unwrap();
        assert!(last.ends_with(" passed, 0 failed") && !last.starts_with("0 "), "{said}");
        let json = at_top(&["test", "flows", "--json"]).await.json();
        assert_eq!(json["failed"], 0);
        assert_eq!(json["passed"], list(&json, "tests").len());
        assert!(last.starts_with(&format!("{} ", json["passed"])), "{last}");
    });
}

#[test]
fn a_test_that_fails_is_told_with_what_was_expected_and_exit_code_1() {
    staged(async {
        let place = Installation::new(&["complaint"]).await;
        let file = place.path("flows/complaint.yaml");
        let flow = std::fs::read_to_string(&file).unwrap();
        let failing = "tests:\n  - name: it reaches sales\n    at:\n      0s: { whatsapp.message_received: { text: a complaint } }\n    \
                       expect:\n      - human.escalate: { team: sales }\n";
        std::fs::write(&file, flow + failing).unwrap();
        let said = place.cli(&["test", "flows"]).await;
        assert_eq!(said.code, Some(1), "{}", said.err);
        assert!(said.out.contains("FAILED  complaint: it reaches sales"), "{}", said.out);
        assert!(said.out.contains("sales") && said.out.contains("care"), "{}", said.out);
        assert!(said.out.ends_with("0 passed, 1 failed\n"), "{}", said.out);
    });
}

#[test]
fn exit_codes_say_whether_it_was_good_found_problems_or_was_used_wrongly() {
    staged(async {
        let place = Installation::new(&["complaint"]).await;
        let table: [(&[&str], i32); 17] = [
            (&["check", "flows"], 0),
            (&["schema"], 0),
            (&["schema", "--openapi"], 0),
            (&["connectors", "--json"], 0),
            (&["--version"], 0),
            (&["--help"], 0),
            (&[], 2),
            (&["chekc", "flows"], 2),
            (&["check"], 2),
            (&["check", "nowhere.yaml"], 2),
            (&["test", "data"], 2),
            (&["run", "list"], 2),
            (&["audit", "verify"], 2),
            (&["serve", "--listen", "everywhere"], 2),
            (&["--config", "nowhere.toml", "schema"], 2),
            (&["play", "order"], 1),
            (&["serve", "--connections", "nowhere.yaml"], 1),
        ];
        for (args, code) in table {
            let said = place.cli(args).await;
            assert_eq!(said.code, Some(code), "{args:?}\n{}\n{}", said.out, said.err);
            assert_eq!(said.err.is_empty(), code == 0, "{args:?}: {}", said.err);
        }
        let server = place.serve().await;
        let table: [(&[&str], i32); 7] = [
            (&["run", "list"], 0),
            (&["audit", "verify"], 0),
            (&["flow", "list", "--json"], 0),
            (&["run", "list", "--status", "sleeping"], 2),
            (&["run", "show", "nonsense"], 2),
            (&["run", "show", "run_0000000000001"], 1),
            (&["person", "erase", "+390000000000"], 1),
        ];
        for (args, code) in table {
            let said = place.cli(args).await;
            assert_eq!(said.code, Some(code), "{args:?}\n{}\n{}", said.out, said.err);
        }
        drop(server);
    });
}

const PARTLY: &str = "format: 1
flow: partly
on: whatsapp.message_received
steps:
  - if: contact.language == \"it\"
    then:
      - do: contact.add_tags
        with: { tags: [italian] }
tests:
  - name: any language
    at: { 0s: { whatsapp.message_received: {} } }
    end: done
  - name: wrong on purpose
    at: { 0s: { whatsapp.message_received: {} } }
    end: failed
";

#[test]
fn tests_say_what_they_came_to_and_write_what_build_servers_read() {
    staged(async {
        let place = Installation::new(&[]).await;
        std::fs::write(place.path("flows/partly.yaml"), PARTLY).unwrap();
        let said = place.cli(&["test", "flows", "--junit", "results.xml", "--coverage", "50"]).await;
        assert_eq!(said.code, Some(1), "a test fails: {}", said.out);
        let coverage = "coverage  partly: 2/4 steps and ways, not taken: line 5 then, line 7";
        assert!(said.out.contains(coverage), "{}", said.out);
        let xml = std::fs::read_to_string(place.path("results.xml")).unwrap();
        assert!(xml.contains("<testsuites tests=\"2\" failures=\"1\">"), "{xml}");
        assert!(xml.contains("<failure message=\"end: expected failed, a run is done\">"), "{xml}");

        std::fs::write(place.path("flows/partly.yaml"), PARTLY.replace("end: failed", "end: done")).unwrap();
        assert_eq!(place.cli(&["test", "flows", "--coverage", "50"]).await.code, Some(0), "50 % is enough");
        assert_eq!(place.cli(&["test", "flows", "--coverage", "51"]).await.code, Some(1), "50 % is not");
        let json = place.cli(&["test", "flows", "--json"]).await.json();
        let told = &json["coverage"][0];
        assert_eq!((&told["flow"], &told["percent"]), (&"partly".into(), &50.into()), "{told}");
        assert_eq!(told["missing"][0], serde_json::json!({ "line": 5, "way": "then" }));
    });
}

#[test]
fn watched_tests_run_again_when_a_file_changes() {
    staged(async {
        let place = Installation::new(&[]).await;
        let file = place.path("flows/partly.yaml");
        std::fs::write(&file, PARTLY).unwrap();
        let watching = place.begin(&["test", "flows", "--watch"]);
        watching.says("1 passed, 1 failed").await;
        std::fs::write(&file, PARTLY.replace("end: failed", "end: done")).unwrap();
        watching.says("2 passed, 0 failed").await;
    });
}

#[test]
fn a_cancelled_run_cleans_up_and_a_killed_one_does_not() {
    staged(async {
        let place = Installation::new(&[]).await;
        let flow = "format: 1\nflow: patient\non: manual\nsteps: [{ wait: 1h }]\nfinally: [{ set: { cleaned: up } }]\n";
        std::fs::write(place.path("flows/patient.yaml"), flow).unwrap();
        let server = place.serve().await;
        for _ in 0..2 {
            place.cli(&["flow", "run", "patient"]).await.good();
        }
        let runs = server.api.until_runs("", 2, "waiting").await;
        for (how, run, cleaned) in [("cancel", &runs[0], true), ("kill", &runs[1], false)] {
            let id = run["id"].as_str().unwrap();
            place.cli(&["run", how, id]).await.good();
            let story = place.cli(&["run", "show", id]).await.good();
            assert!(story.contains("run ended: cancelled"), "{story}");
            assert_eq!(story.contains("clean-up first"), cleaned, "{story}");
            assert_eq!(story.contains("set: cleaned = \"up\""), cleaned, "{story}");
        }
    });
}
