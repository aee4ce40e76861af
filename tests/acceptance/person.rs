//! `person erase`: afterwards nothing anywhere shows who it was, and the log still proves itself.

use std::path::Path;

use connectors::sandbox::{CallFault, Config, Fail, Faults, Provider};
use serde_json::{Value, json};
use tests::stage::staged;

use crate::process::{Api, Installation, delivery, list, order, text, until};

const PHONE: &str = "4915112345678";
const NAME: &str = "Zebulon Quartermaine";
const WORDS: &str = "pineapple rhubarb";
/// What names the person or was said by them, in any file of ours.
const TRACES: [&str; 5] = [PHONE, "Zebulon", "Quartermaine", "pineapple", "rhubarb"];

const OTHER: &str = "393331234567";

#[test]
fn after_an_erasure_no_file_no_answer_and_no_log_line_shows_the_person() {
    staged(async {
        let config = Config { enforce_window: false, ..Config::default() };
        let place = Installation::with(config, &["order-to-ticket", "complaint", "price"]).await;
        let server =
            place.serve_with(&["--log", "info,engine=debug,engine_store=debug,web=debug,connectors=debug"]).await;
        live_through_something(&place, &server.api).await;
        assert!(shown(&place, &server.api).await.contains(NAME), "there is something to erase");
        let export = place.cli(&["person", "export", &format!("+{PHONE}")]).await.json();
        assert_eq!(export["contact"]["name"], NAME);
        assert!(export.to_string().contains(WORDS), "{export}");
        let contact = export["contact"]["id"].as_str().unwrap().to_owned();

        let said = place.cli(&["person", "erase", &format!("+{PHONE}")]).await.good();
        assert!(said.contains(&contact) && !said.contains(PHONE), "{said}");

        let after = shown(&place, &server.api).await;
        nothing_in("the API, the command line and the export", after.as_bytes());
        assert_eq!(server.api.raw(&format!("/people/%2B{PHONE}")).await.0, 404);
        let (status, nobody) = server.api.raw(&format!("/people/{contact}")).await;
        assert!(status == 404 || !TRACES.iter().any(|trace| nobody.contains(trace)), "{nobody}");
        data_are_clean(&place.path("data"));

        // Late words about the person's messages are for nobody any more, and the other person is still there.
        let other = place.cli(&["person", "export", &format!("+{OTHER}")]).await.json();
        assert_eq!(other["contact"]["name"], "Giulia Rossi");
        let report = place.cli(&["audit", "verify", "--json"]).await.json();
        assert_eq!(report["clean"], true, "{report}");
        assert!(report["erased"].as_u64().unwrap() > 0, "{report}");

        let (code, log) = server.stop().await;
        assert_eq!(code, Some(0));
        nothing_in("the server's log", log.as_bytes());
        data_are_clean(&place.path("data"));
        place.cli(&["audit", "verify"]).await.good();
    });
}

#[test]
fn an_erased_person_who_writes_again_is_somebody_new() {
    staged(async {
        let place = Installation::new(&["complaint"]).await;
        let server = place.serve().await;
        let say = async |id: &str| {
            let said = delivery(&[(PHONE, NAME)], vec![text(id, PHONE, "A complaint")]);
            assert_eq!(place.deliver(&said).await.unwrap(), 200);
        };
        say("wamid.1").await;
        let runs = server.api.until_runs("", 1, "done").await;
        let before = runs[0]["contact"].clone();
        place.cli(&["person", "erase", &format!("+{PHONE}")]).await.good();
        say("wamid.2").await;
        let runs = server.api.until_runs("", 2, "done").await;
        assert_ne!(runs[0]["contact"], before);
        let contact = server.api.get(&format!("/contacts/%2B{PHONE}")).await;
        assert_eq!((&contact["name"], &contact["id"]), (&json!(NAME), &runs[0]["contact"]));
    });
}

/// A person is met in every way there is: orders, words, answers, sent texts, statuses, a call that is refused with their name, an
/// unreadable item, an escalation; and another person beside.
async fn live_through_something(place: &Installation, api: &Api) {
    let people = [(PHONE, NAME), (OTHER, "Giulia Rossi")];
    let mut noted = order("wamid.ORDER1", PHONE, 1500.0);
    noted["order"]["text"] = json!(format!("with {WORDS} please"));
    let deliver = async |messages: Vec<Value>| {
        assert_eq!(place.deliver(&delivery(&people, messages)).await.unwrap(), 200);
    };
    deliver(vec![noted, order("wamid.ORDER2", OTHER, 10.0)]).await;
    api.until_runs("&flow=order-to-ticket", 2, "waiting").await;
    let words = format!("A complaint about the price of {WORDS}");
    deliver(vec![text("wamid.TEXT1", PHONE, &words), text("wamid.TEXT2", OTHER, "The price?")]).await;
    api.until_runs("", 5, "done").await;

    let broken = json!({ "from": PHONE, "type": "text", "text": { "body": WORDS } });
    deliver(vec![broken]).await;
    // A service that repeats what it was given in its error.
    let message = format!("{NAME} (+{PHONE}) wants {WORDS}: refused");
    let body = json!({ "status": "error", "category": "VALIDATION_ERROR", "message": message, "correlationId": "c" });
    let fail = Fail { status: 400, body: Some(body), ..Fail::default() };
    let fault = CallFault { path: "/crm".into(), fail: Some(fail), ..CallFault::default() };
    place.sandbox.set_faults(Faults::default().on(Provider::Hubspot, fault));
    deliver(vec![order("wamid.ORDER3", PHONE, 20.0)]).await;
    until("the refused order failed", async || {
        let failed = api.runs("&status=failed").await;
        (!failed.is_empty()).then_some(())
    })
    .await;
    place.sandbox.set_faults(Faults::default());
    // One that still waits for the person's answer when the person is erased.
    deliver(vec![order("wamid.ORDER4", PHONE, 30.0)]).await;
    until("the last order waits", async || {
        let waiting = api.runs("&status=waiting").await;
        (waiting.len() == 1).then_some(())
    })
    .await;
    place.sandbox.idle().await;
    let statuses = place.sandbox.books().messages.len() as u64 * 3;
    until("all statuses are noted", async || {
        let counted = place.count("select count(*) from message where inbound = 0 and status >= 3").await;
        (counted.unsigned_abs() * 3 >= statuses).then_some(())
    })
    .await;
}

/// Everything the API, the command line and the exports tell.
async fn shown(place: &Installation, api: &Api) -> String {
    let mut all = String::new();
    for run in api.runs("").await {
        all += &api.raw(&format!("/runs/{}", run["id"].as_str().unwrap())).await.1;
        all += &place.cli(&["run", "show", run["id"].as_str().unwrap()]).await.good();
        all += &run.to_string();
    }
    for path in ["/bad-items", "/attention", "/escalations", "/connections", "/system", "/audit/export?values=true"] {
        all += &api.raw(path).await.1;
    }
    all += &place.cli(&["audit", "export"]).await.good();
    all += &place.cli(&["run", "list"]).await.good();
    assert!(!list(&api.get("/runs").await, "runs").is_empty());
    all
}

/// No file in the data folder, the write-ahead log included, holds a trace: neither as it is nor packed.
fn data_are_clean(data: &Path) {
    let mut seen = 0;
    for entry in std::fs::read_dir(data).unwrap() {
        let file = entry.unwrap().path();
        if file.is_file() {
            nothing_in(&file.display().to_string(), &std::fs::read(&file).unwrap());
            seen += 1;
        }
    }
    assert!(seen >= 3, "database, lock, key: {seen}");
}

#[track_caller]
fn nothing_in(place: &str, bytes: &[u8]) {
    for trace in TRACES {
        let found = bytes.windows(trace.len()).position(|window| window == trace.as_bytes());
        if let Some(at) = found {
            let around = &bytes[at.saturating_sub(300)..(at + 120).min(bytes.len())];
            panic!("`{trace}` is in {place}: …{}…", String::from_utf8_lossy(around));
        }
    }
}
