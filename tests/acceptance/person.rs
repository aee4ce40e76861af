//! `person erase`: afterwards nothing anywhere shows who it was, and the log still proves itself.

use connectors::sandbox::{Act, CallFault, Config, Fail, Faults, Play, Provider};
use serde_json::{Value, json};
use tests::stage::staged;

use super::export;
use crate::process::{Api, CRM, Installation, delivery, flow_file, list, order, text, until};

const PHONE: &str = "4915112345678";
const NAME: &str = "Zebulon Quartermaine";
const WORDS: &str = "pineapple rhubarb";
/// What names the person or was said by them, in any file of ours.
const TRACES: [&str; 5] = [PHONE, "Zebulon", "Quartermaine", "pineapple", "rhubarb"];

const OTHER: &str = "393331234567";

#[test]
fn after_an_erasure_no_file_no_answer_and_no_log_line_shows_the_person() {
    staged(async {
        let place = Installation::with(config(), &["order-to-ticket", "complaint", "price"]).await;
        welcomes(&place);
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
        data_are_clean(&place).await;

        // Late words about the person's messages are for nobody any more, and the other person is still there.
        let other = place.cli(&["person", "export", &format!("+{OTHER}")]).await.json();
        assert_eq!(other["contact"]["name"], "Giulia Rossi");
        let report = place.cli(&["audit", "verify", "--json"]).await.json();
        assert_eq!(report["clean"], true, "{report}");
        assert!(report["erased"].as_u64().unwrap() > 0, "{report}");
        export::check(&place.cli(&["audit", "export", "--masked"]).await.good());

        let (code, log) = server.stop().await;
        assert_eq!(code, Some(0));
        nothing_in("the server's log", log.as_bytes());
        data_are_clean(&place).await;
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

#[test]
fn a_number_is_erased_however_it_is_spelled() {
    staged(async {
        let place = Installation::new(&["price"]).await;
        let server = place.serve().await;
        // With a 1 that WhatsApp puts into Mexican mobiles, and that nobody dials.
        let said = delivery(&[("5215512345678", NAME)], vec![text("wamid.1", "5215512345678", "Hello")]);
        assert_eq!(place.deliver(&said).await.unwrap(), 200);
        let export = place.cli(&["person", "export", "+525512345678"]).await.json();
        assert_eq!(export["contact"]["name"], NAME);
        place.cli(&["person", "erase", "+525512345678"]).await.good();
        let left = tests::remains::all(&place.path("data"), "switchboard.db").await;
        assert!(!holds(&left, "5512345678") && !holds(&left, NAME));
        // Asking again by what stays changes nothing.
        let id = export["contact"]["id"].as_str().unwrap();
        assert!(place.cli(&["person", "erase", id]).await.good().contains(id));
        server.stop().await;
    });
}

#[test]
fn somebody_to_whom_only_the_crm_led_is_erased_by_number() {
    staged(async {
        let place = Installation::with(config(), &["price"]).await;
        welcomes(&place);
        let server = place.serve().await;
        won(&place, "+49 151 12345678", NAME).await;
        won(&place, &format!("+{OTHER}"), "Giulia Rossi").await;
        server.api.until_runs("", 2, "done").await;
        place.sandbox.idle().await;
        until("all statuses are noted", async || {
            (place.count("select count(*) from message where status >= 4").await == 2).then_some(())
        })
        .await;
        assert_eq!(place.count("select count(*) from contact").await, 0);
        assert!(shown(&place, &server.api).await.contains(NAME), "there is something to erase");
        let export = place.cli(&["person", "export", &format!("+{PHONE}")]).await.json();
        let counts = ["events", "runs", "messages"].map(|name| list(&export, name).len());
        assert_eq!((counts, &export["contact"]), ([2, 1, 1], &Value::Null), "{export}");
        assert!(export.to_string().contains(NAME) && !export.to_string().contains("Giulia"), "{export}");

        let said = place.cli(&["person", "erase", &format!("+{PHONE}")]).await.good();
        assert!(said.starts_with("2 event(s) without a contact") && !said.contains(PHONE), "{said}");
        let after = shown(&place, &server.api).await;
        nothing_in("the API, the command line and the export", after.as_bytes());
        assert!(after.contains("Giulia Rossi") && after.contains(OTHER), "{after}");
        data_are_clean(&place).await;
        let report = place.cli(&["audit", "verify", "--json"]).await.json();
        assert_eq!(report["clean"], true, "{report}");
        let (rows, erased) = export::check(&place.cli(&["audit", "export"]).await.good());
        assert!(rows > 0 && erased as u64 == report["erased"].as_u64().unwrap(), "{rows}, {erased}, {report}");
        let again = place.cli(&["person", "erase", &format!("+{PHONE}")]).await;
        assert!(again.code != Some(0) && !again.err.contains(PHONE), "nobody is left: {}", again.err);
        server.stop().await;
        data_are_clean(&place).await;

        // Beside no server as well.
        place.cli(&["person", "erase", &format!("+{OTHER}")]).await.good();
        let left = tests::remains::all(&place.path("data"), "switchboard.db").await;
        assert!(!holds(&left, OTHER) && !holds(&left, "Giulia"));
        place.cli(&["audit", "verify"]).await.good();
    });
}

#[test]
fn messages_under_way_while_their_person_is_erased_leave_nothing() {
    staged(async {
        let place = Installation::with(config(), &["price"]).await;
        welcomes(&place);
        let server = place.serve().await;
        // Both of a customer who wrote and of one whom nobody knows to be the same.
        let slow = CallFault { path: "/v".into(), delay_ms: 8_000, ..CallFault::default() };
        place.sandbox.set_faults(Faults::default().on(Provider::CloudApi, slow));
        let words = format!("What is the price of {WORDS}?");
        let said = delivery(&[(PHONE, NAME)], vec![text("wamid.1", PHONE, &words)]);
        assert_eq!(place.deliver(&said).await.unwrap(), 200);
        won(&place, "+49 151 12345678", NAME).await;
        until("both are under way", async || {
            (place.count("select count(*) from effect where state = 1").await == 2).then_some(())
        })
        .await;
        place.cli(&["person", "erase", &format!("+{PHONE}")]).await.good();
        assert_eq!(place.sandbox.books().messages.len(), 0, "they are still under way");
        data_are_clean(&place).await;
        until("both are back", async || {
            let told = "select count(*) from journal join run on run.id = journal.subject where journal.kind = 3";
            (place.count(told).await == 2).then_some(())
        })
        .await;
        place.sandbox.idle().await;
        assert_eq!(place.sandbox.books().messages.len(), 2, "what was under way cannot be called back");
        data_are_clean(&place).await;
        place.cli(&["audit", "verify"]).await.good();
        let (_, log) = server.stop().await;
        nothing_in("the server's log", log.as_bytes());
        data_are_clean(&place).await;
    });
}

/// A person is met in every way there is: orders, words, answers, sent texts, statuses, a call that is refused with their name, an
/// unreadable item, an escalation, changes in the CRM; and another person beside.
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

    // Changes in the CRM, of which nobody knows at first whom they concern.
    won(place, "+49 151 12345678", NAME).await;
    won(place, &format!("+{OTHER}"), "Giulia Rossi").await;
    api.until_runs("&flow=crm-stage-to-message", 2, "done").await;

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
async fn data_are_clean(place: &Installation) {
    nothing_in("the data folder", &tests::remains::all(&place.path("data"), "switchboard.db").await);
}

/// The flow that welcomes whoever is won in the CRM, by HubSpot's names.
fn welcomes(place: &Installation) {
    let text = std::fs::read_to_string(flow_file("crm-stage-to-message")).unwrap();
    let text = text.replace("field: stage, to: won", "field: lifecyclestage, to: customer");
    let (flow, _) = text.split_once("\ntests:").unwrap();
    std::fs::write(place.path("flows/welcome.yaml"), flow).unwrap();
    let door = format!("{}/hooks/{CRM}", place.url());
    place.sandbox.set_webhook_url(Provider::Hubspot, Some(door));
}

/// A contact of the CRM, first renamed and then won there; its number is written as people do.
async fn won(place: &Installation, phone: &str, name: &str) {
    let properties = json!({ "phone": phone, "firstname": name, "lifecyclestage": "lead" });
    let url = format!("{}/hubspot/crm/v3/objects/contacts", place.sandbox.url());
    let request = place.http().post(url).bearer_auth(Config::default().hubspot.access_token);
    let made = request.json(&json!({ "properties": properties })).send().await.unwrap();
    assert!(made.status().is_success(), "{}", made.status());
    let made: Value = made.json().await.unwrap();
    for (property, value) in [("firstname", name), ("lifecyclestage", "customer")] {
        let (object, id) = ("contacts".into(), made["id"].as_str().unwrap().to_owned());
        let act = Act::PropertyChange { object, id, property: property.into(), value: value.into() };
        place.sandbox.play(Play { provider: Provider::Hubspot, act, ..Play::default() }).await.unwrap();
    }
}

fn config() -> Config {
    Config { enforce_window: false, ..Config::default() }
}

fn holds(bytes: &[u8], trace: &str) -> bool {
    bytes.windows(trace.len()).any(|window| window == trace.as_bytes())
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
