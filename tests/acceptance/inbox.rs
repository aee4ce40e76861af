//! The shared inbox, as agents work in it: their messages reach the customer's phone and the ticks come back, one conversation is
//! one agent's, and flows wait while a person talks.

use connectors::sandbox::Config;
use serde_json::{Value, json};
use tests::stage::staged;

use super::accounts::Browser;
use crate::process::{Installation, delivery, list, text, until, until_told};

const PHONE: &str = "4915112345678";

/// A place whose sandbox leaves the window to us: customers write to our door directly.
async fn installation(flows: &[&str]) -> Installation {
    Installation::with(Config { enforce_window: false, ..Config::default() }, flows).await
}

/// A server with a lead and two agents.
struct Desk {
    lead: Browser,
    ana: Browser,
    ben: Browser,
}

impl Desk {
    async fn open(place: &Installation) -> Self {
        let add = async |name: &str, role: &str| {
            let email = format!("{name}@example.com");
            let link = place.cli(&["user", "add", &email, "--name", name, "--role", role]).await.good();
            Browser::open(place, &link, json!({})).await
        };
        let link = place.cli(&["user", "setup-link"]).await.good();
        Browser::open(place, &link, json!({ "name": "Mia", "email": "mia@example.com" })).await;
        Self { lead: add("lea", "team_lead").await, ana: add("ana", "agent").await, ben: add("ben", "agent").await }
    }
}

async fn writes(place: &Installation, id: &str, words: &str) {
    let message = delivery(&[(PHONE, "Udo")], vec![text(id, PHONE, words)]);
    assert_eq!(place.deliver(&message).await.unwrap(), 200);
}

/// The one conversation in a box, once it is there.
async fn first(browser: &Browser, which: &str) -> Value {
    until(&format!("a conversation in {which}"), async || {
        let (status, page) = browser.get(&format!("/conversations?box={which}")).await;
        assert_eq!(status, 200, "{page}");
        list(&page, "conversations").first().cloned()
    })
    .await
}

/// The texts on the customer's phone.
fn phone(place: &Installation) -> Vec<String> {
    place.sandbox.phones().sent_to(PHONE).into_iter().filter_map(|message| message.text).collect()
}

async fn on_the_phone(place: &Installation, wanted: &str) {
    until_told(wanted, async || {
        let texts = phone(place);
        if texts.iter().any(|text| text == wanted) { Ok(()) } else { Err(format!("{texts:?}")) }
    })
    .await;
}

#[test]
fn an_agent_answers_the_customer_reads_it_and_the_log_says_who_looked() {
    staged(async {
        let place = installation(&[]).await;
        let _server = place.serve().await;
        let desk = Desk::open(&place).await;
        writes(&place, "wamid.IN1", "Where is my order?").await;
        let talk = first(&desk.ana, "unassigned").await;
        assert_eq!((&talk["unread"], &talk["assignee"], &talk["state"]), (&json!(1), &Value::Null, &json!("open")));
        assert_eq!(talk["last_message"]["text"], "Where is my order?");
        let id = talk["id"].as_str().unwrap();
        let messages = format!("/conversations/{id}/messages");
        let (_, page) = desk.ana.get(&messages).await;
        let asked = list(&page, "messages")[0].clone();
        assert_eq!(
            (&asked["direction"], &asked["by"], &asked["type"]),
            (&json!("in"), &json!("customer"), &json!("text"))
        );

        let say = json!({ "key": "k1", "text": "On its way.", "quote": asked["id"] });
        let (status, sent) = desk.ana.post(&messages, &say).await;
        assert_eq!(
            (status, &sent["message"]["by"], &sent["message"]["agent"]["name"]),
            (200, &json!("agent"), &json!("ana"))
        );
        assert_eq!(sent["message"]["quote"], json!({ "id": asked["id"], "text": "Where is my order?" }));
        on_the_phone(&place, "On its way.").await;
        place.sandbox.phones().read(PHONE);
        let read = until_told("it is read", async || {
            let (_, page) = desk.ana.get(&messages).await;
            let newest = list(&page, "messages")[0].clone();
            if newest["status"] == "read" { Ok(newest) } else { Err(page.to_string()) }
        })
        .await;
        assert_eq!((&read["id"], &read["error"]), (&sent["message"]["id"], &Value::Null));

        let answer = place.sandbox.books().messages.last().unwrap().id.clone();
        let mut thanks = text("wamid.IN2", PHONE, "Thanks!");
        thanks["context"] = json!({ "from": "us", "id": answer });
        assert_eq!(place.deliver(&delivery(&[(PHONE, "Udo")], vec![thanks])).await.unwrap(), 200);
        until_told("the answer is quoted", async || {
            let (_, page) = desk.ana.get(&messages).await;
            let quote = json!({ "id": sent["message"]["id"], "text": "On its way." });
            if list(&page, "messages")[0]["quote"] == quote { Ok(()) } else { Err(page.to_string()) }
        })
        .await;
        let (_, again) = desk.ana.post(&messages, &say).await;
        assert_eq!((&again["message"]["id"], phone(&place).len()), (&sent["message"]["id"], 1), "the key makes it one");
        let mine = first(&desk.ana, "mine").await;
        assert_eq!((&mine["assignee"]["name"], &mine["bot"]["state"]), (&json!("ana"), &json!("paused")));

        let log = place.cli(&["audit", "export"]).await.good();
        let read = |line: &&str| line.contains("conversation.read") && line.contains(id) && line.contains(" ana");
        assert_eq!(log.lines().filter(read).count(), 1, "one reading, whoever asks how often");
        place.cli(&["audit", "verify"]).await.good();
        let contact = talk["contact"]["id"].as_str().unwrap();
        let person = place.cli(&["person", "export", contact]).await.json();
        assert_eq!(person["said"][0]["text"], "On its way.");
    });
}

#[test]
fn a_conversation_is_one_agents_until_it_is_given_to_another() {
    staged(async {
        let place = installation(&[]).await;
        let _server = place.serve().await;
        let desk = Desk::open(&place).await;
        writes(&place, "wamid.IN1", "hello").await;
        let talk = first(&desk.ana, "unassigned").await;
        let at = |path: &str| format!("/conversations/{}{path}", talk["id"].as_str().unwrap());
        let (_, ana) = desk.ana.get("/session").await;
        let (_, ben) = desk.ben.get("/session").await;
        let (ana, ben) = (&ana["user"]["id"], &ben["user"]["id"]);
        assert_eq!(desk.ana.put(&at("/assignee"), &json!({ "agent": ana })).await.0, 200);
        assert_eq!(desk.ben.get(&at("")).await.0, 404, "what is another's is not there");
        let (_, page) = desk.ben.get("/conversations?box=all").await;
        assert_eq!((list(&page, "conversations").len(), &page["counts"]["all"]), (0, &json!(0)));

        let (status, seen) = desk.lead.get(&at("")).await;
        assert_eq!((status, &seen["others"][0]["name"]), (200, &json!("ana")));
        let note = json!({ "text": "Ben, please take over", "mentions": [ben] });
        assert_eq!(desk.lead.post(&at("/notes"), &note).await.0, 200);
        assert_eq!(desk.lead.put(&at("/assignee"), &json!({ "agent": ben })).await.0, 200);
        let (_, messages) = desk.ben.get(&at("/messages")).await;
        let note = &list(&messages, "messages")[0];
        assert_eq!((&note["direction"], &note["mentions"][0]["name"]), (&json!("note"), &json!("ben")));
        let refused = desk.ana.post(&at("/messages"), &json!({ "key": "k", "text": "Still me" })).await;
        assert_eq!(refused.0, 404);
        assert!(phone(&place).is_empty());
    });
}

#[test]
fn free_text_is_refused_once_the_window_is_closed_and_a_template_goes() {
    staged(async {
        let place = installation(&[]).await;
        let _server = place.serve().await;
        let desk = Desk::open(&place).await;
        let mut old = text("wamid.OLD", PHONE, "hello");
        let at: i64 = old["timestamp"].as_str().unwrap().parse().unwrap();
        old["timestamp"] = (at - 25 * 60 * 60).to_string().into();
        assert_eq!(place.deliver(&delivery(&[(PHONE, "Udo")], vec![old])).await.unwrap(), 200);
        let talk = first(&desk.ana, "unassigned").await;
        let messages = format!("/conversations/{}/messages", talk["id"].as_str().unwrap());
        let (status, refused) = desk.ana.post(&messages, &json!({ "key": "k1", "text": "Hi" })).await;
        assert_eq!((status, &refused["error"]["code"]), (409, &json!("window_closed")));
        let template =
            json!({ "name": "order_confirmation", "language": "en", "params": { "order": "1", "ticket": "2" } });
        let (status, sent) = desk.ana.post(&messages, &json!({ "key": "k2", "template": template })).await;
        assert_eq!((status, &sent["message"]["template"]), (200, &json!("order_confirmation")), "{sent}");
        until("the template is on the phone", async || {
            place.sandbox.phones().sent_to(PHONE).into_iter().find(|one| one.template.is_some())
        })
        .await;
    });
}

/// A customer asked for a reminder, an agent writes, and the reminder is held.
async fn held(place: &Installation, desk: &Desk) -> String {
    writes(place, "wamid.IN1", "please remind me").await;
    on_the_phone(place, "I will remind you.").await;
    let talk = first(&desk.ana, "all").await;
    let id = talk["id"].as_str().unwrap().to_owned();
    let (status, sent) = desk
        .ana
        .post(&format!("/conversations/{id}/messages"), &json!({ "key": "k", "text": "Hello, Ana here." }))
        .await;
    assert_eq!(status, 200, "{sent}");
    until_told("the reminder is held", async || {
        let (_, shown) = desk.ana.get(&format!("/conversations/{id}")).await;
        let held = list(&shown, "held");
        if held.len() == 1 && held[0]["text"] == "This is the reminder." { Ok(()) } else { Err(shown.to_string()) }
    })
    .await;
    on_the_phone(place, "Hello, Ana here.").await;
    assert_eq!(phone(place).len(), 2, "the agent's message passed what is held");
    id
}

#[test]
fn what_a_flow_sends_waits_while_a_person_talks_and_goes_out_when_it_is_handed_back() {
    staged(async {
        let place = installation(&["reminder"]).await;
        let server = place.serve().await;
        let desk = Desk::open(&place).await;
        let id = held(&place, &desk).await;
        // The hold is on disk: another process keeps it.
        server.stop().await;
        let server = place.serve().await;
        let (_, shown) = desk.ana.get(&format!("/conversations/{id}")).await;
        assert_eq!((&shown["bot"]["state"], list(&shown, "held").len()), (&json!("paused"), 1), "{shown}");
        let (status, shown) = desk.ana.post(&format!("/conversations/{id}/bot"), &json!({ "do": "continue" })).await;
        assert_eq!((status, list(&shown, "held").len()), (200, 0), "{shown}");
        on_the_phone(&place, "This is the reminder.").await;
        server.api.until_runs("&flow=reminder", 1, "done").await;
    });
}

#[test]
fn a_hand_back_can_end_the_run_instead() {
    staged(async {
        let place = installation(&["reminder"]).await;
        let server = place.serve().await;
        let desk = Desk::open(&place).await;
        let id = held(&place, &desk).await;
        assert_eq!(desk.ana.post(&format!("/conversations/{id}/bot"), &json!({ "do": "end" })).await.0, 200);
        server.api.until_runs("&flow=reminder", 1, "cancelled").await;
        let (_, shown) = desk.ana.get(&format!("/conversations/{id}")).await;
        assert_eq!((&shown["bot"]["state"], list(&shown, "runs").len()), (&json!("none"), 0));
        assert_eq!(phone(&place).len(), 2, "nothing of it goes out");
    });
}

#[test]
fn a_customer_says_how_it_was_and_nothing_opens_again() {
    staged(async {
        let place = installation(&[]).await;
        let _server = place.serve().await;
        let desk = Desk::open(&place).await;
        writes(&place, "wamid.IN1", "hello").await;
        let talk = first(&desk.ana, "unassigned").await;
        let at = |path: &str| format!("/conversations/{}{path}", talk["id"].as_str().unwrap());
        desk.ana.post(&at("/messages"), &json!({ "key": "k", "text": "Solved?" })).await;
        let (status, closed) = desk.ana.post(&at("/close"), &json!({ "ask_satisfaction": true })).await;
        assert_eq!((status, &closed["state"], &closed["assignee"]), (200, &json!("closed"), &Value::Null));
        until("the question is on the phone", async || {
            phone(&place).into_iter().find(|text| text.starts_with("How was our help"))
        })
        .await;
        writes(&place, "wamid.IN2", "5").await;
        on_the_phone(&place, "Thank you for your answer!").await;
        let (_, shown) = desk.ana.get(&at("")).await;
        assert_eq!((&shown["state"], &shown["unread"]), (&json!("closed"), &json!(0)));
        assert_eq!(place.count("select stars from rating").await, 5);

        // The lead's figures know how long it took, that a human wrote, and how it was.
        for by in ["agent", "team", "flow", "day"] {
            let (status, figures) = desk.lead.get(&format!("/figures/people?by={by}")).await;
            assert_eq!((status, &figures["complete"]), (200, &json!(true)), "{figures}");
            let [row] = list(&figures, "rows") else { panic!("{figures}") };
            assert_eq!((&row["conversations"], &row["human_share"]), (&json!(1), &json!(1.0)), "{figures}");
            assert_eq!(row["satisfaction"], json!({ "mean": 5.0, "n": 1 }), "{figures}");
            assert!(row["resolution_ms"]["p50"].as_u64().is_some(), "{figures}");
        }
        let (_, figures) = desk.lead.get("/figures/people").await;
        assert_eq!(figures["rows"][0]["name"], "ana");
        assert_eq!(figures["total"]["satisfaction"], json!({ "mean": 5.0, "n": 1 }));
        let (status, staffing) = desk.lead.get("/figures/staffing").await;
        assert_eq!((status, list(&staffing, "hours").len(), &staffing["zone"]), (200, 168, &json!("UTC")));
        let asked: f64 = list(&staffing, "hours").iter().filter_map(|hour| hour["needed"].as_f64()).sum();
        assert!(asked >= 1.0, "somebody took it up, so somebody was needed: {staffing}");
    });
}

#[test]
fn files_reactions_templates_flows_and_tickets_are_at_hand_in_a_conversation() {
    staged(async {
        let place = installation(&["greet"]).await;
        let _server = place.serve().await;
        place.cli(&["connection", "setup", "hubspot-main"]).await.good();
        let desk = Desk::open(&place).await;
        let image = json!({ "id": "sandbox-image", "mime_type": "image/png", "caption": "It is broken" });
        let mut photo = text("wamid.IMG", PHONE, "");
        photo["type"] = "image".into();
        photo["image"] = image;
        let reaction = json!({ "from": PHONE, "id": "wamid.R1", "timestamp": photo["timestamp"], "type": "reaction",
            "reaction": { "message_id": "wamid.IMG", "emoji": "👍" } });
        assert_eq!(place.deliver(&delivery(&[(PHONE, "Udo")], vec![photo, reaction])).await.unwrap(), 200);
        let talk = first(&desk.ana, "unassigned").await;
        let at = |path: &str| format!("/conversations/{}{path}", talk["id"].as_str().unwrap());
        let shown = until_told("the reaction", async || {
            let (_, page) = desk.ana.get(&at("/messages")).await;
            let photo = list(&page, "messages")[0].clone();
            if photo["reactions"] == json!([{ "by": "customer", "emoji": "👍" }]) {
                Ok(photo)
            } else {
                Err(page.to_string())
            }
        })
        .await;
        assert_eq!(
            (&shown["type"], &shown["text"], &shown["media"]["kind"]),
            (&json!("image"), &json!("It is broken"), &json!("image"))
        );
        let (kind, bytes) = desk.ana.file(&format!("/media/{}", shown["media"]["id"].as_str().unwrap())).await;
        assert_eq!((kind.as_str(), &bytes[1..4]), ("image/png", &b"PNG"[..]));

        let (status, page) = desk.ana.get(&at("/templates")).await;
        let templates = list(&page, "templates");
        let order =
            templates.iter().find(|one| one["name"] == "order_confirmation" && one["language"] == "en").unwrap();
        assert_eq!((status, list(order, "params").len() > 1), (200, true), "{order}");
        assert_eq!(
            desk.ana.get(&at("/flows")).await.1["flows"],
            json!([{ "id": "greet", "name": "A greeting by hand" }])
        );

        desk.ana.post(&at("/messages"), &json!({ "key": "k", "text": "One moment" })).await;
        let (status, started) = desk.ana.post(&at("/flow"), &json!({ "flow": "greet" })).await;
        assert_eq!(status, 200, "{started}");
        on_the_phone(&place, "Hello Udo, from a flow.").await;

        assert_eq!(
            desk.ana.post(&at("/ticket"), &json!({ "subject": "Broken cup", "text": "See photo" })).await.0,
            200
        );
        let note = until_told("the ticket", async || {
            let (_, page) = desk.ana.get(&at("/messages")).await;
            let note = list(&page, "messages").iter().find(|one| one["direction"] == "note").cloned();
            note.ok_or_else(|| page.to_string())
        })
        .await;
        assert!(note["text"].as_str().unwrap().ends_with(" · Broken cup"), "{note}");
        assert_eq!((place.sandbox.books().tickets().len(), &note["error"]), (1, &Value::Null));

        let snippet = json!({ "title": "Greeting", "shortcut": "hi", "texts": { "en": "Hello!", "it": "Ciao!" } });
        assert_eq!(desk.ana.change("/snippets/greeting", "0", &snippet).await.0, 403);
        assert_eq!(desk.lead.change("/snippets/greeting", "0", &snippet).await.0, 200);
        assert_eq!(desk.lead.change("/snippets/greeting", "0", &snippet).await.1["error"]["code"], "changed");
        assert_eq!(desk.ana.get("/snippets").await.1["snippets"][0]["texts"]["it"], "Ciao!");
    });
}
