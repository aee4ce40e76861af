//! What the pages of the editor read, of a customer who orders and writes.

use axum::http::{Method, StatusCode};
use connectors::sandbox::Act;
use serde_json::{Value, json};

use super::answers::cart;
use crate::testing::{Place, Staged};

fn list<'a>(answer: &'a Value, name: &str) -> &'a [Value] {
    answer[name].as_array().unwrap_or_else(|| panic!("no list `{name}` in {answer}"))
}

fn each<'a>(list: &'a [Value], name: &str) -> Vec<&'a str> {
    list.iter().map(|one| one[name].as_str().unwrap_or("-")).collect()
}

async fn ordered() -> Staged {
    let staged = Staged::open(&["order-to-ticket", "customer-care"]).await;
    staged.play(cart()).await;
    staged
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_drawn_over_the_text_of_its_flow() {
    let staged = ordered().await;
    let runs = staged.place.get("/runs?flow=order-to-ticket").await;
    assert_eq!(runs["runs"][0]["contact_name"], "Li Wei");
    let run = staged.place.get(&format!("/runs/{}", runs["runs"][0]["id"].as_str().unwrap())).await;
    let picture = &run["picture"];
    let text = staged.place.get("/flows/order-to-ticket").await["source"].as_str().unwrap().to_owned();
    let flow: Value = serde_yaml::from_str(&text).unwrap();
    for step in list(picture, "steps") {
        let place = format!("/{}", step["path"].as_str().unwrap());
        let found = flow.pointer(&place).unwrap_or_else(|| panic!("nothing stands at {place}"));
        assert!(found.get(step["verb"].as_str().unwrap()).is_some(), "{place} is no {}: {found}", step["verb"]);
    }
    let paths = each(list(picture, "steps"), "path");
    let branch = paths.iter().position(|path| path.ends_with("/then/0")).unwrap();
    assert_eq!(
        paths[branch - 1],
        paths[branch].trim_end_matches("/then/0"),
        "a branch comes behind its step: {paths:?}"
    );
    let ticket = list(picture, "steps").iter().find(|step| step["id"] == "ticket").unwrap();
    assert_eq!((&ticket["state"], &ticket["times"], &ticket["verb"]), (&json!("done"), &json!(1), &json!("do")));
    assert_eq!(ticket["attempts"][0]["verdict"], "done");
    assert_eq!(ticket["output"]["id"], staged.sandbox.books().tickets()[0].id);
    let waiting = list(picture, "steps").iter().find(|step| step["state"] == "waiting").unwrap();
    assert_eq!(waiting["path"], picture["waits"][0]["path"]);
    assert_eq!(picture["waits"][0]["event"], "whatsapp.message_received");
    staged.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flows_tell_how_their_runs_are_doing() {
    let staged = ordered().await;
    let flows = staged.place.get("/flows").await;
    let flow = &list(&flows, "flows")[0];
    assert_eq!(
        (&flow["id"], &flow["state"], &flow["owner"]),
        (&json!("order-to-ticket"), &json!("live"), &json!("editor"))
    );
    assert_eq!(flow["figures"], json!({ "runs_24h": 1, "failed_24h": 0, "waiting": 1, "attention": 0 }));
    assert_eq!(flow["has_draft"], false);
    let (status, _) =
        staged.place.ask(Method::PUT, "/flows/order-to-ticket/state", Some(&json!({ "on": false }))).await;
    assert_eq!(status, StatusCode::OK);
    let flows = staged.place.get("/flows").await;
    let flow = &list(&flows, "flows")[0];
    assert_eq!(
        (&flow["state"], &flow["name"]),
        (&json!("off"), &json!("WhatsApp order → CRM ticket")),
        "it keeps its name"
    );
    staged.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_found_by_what_the_page_asks() {
    let staged = ordered().await;
    let place = &staged.place;
    let id = place.get("/runs").await["runs"][0]["id"].as_str().unwrap().to_owned();
    for (query, count) in [
        ("status=waiting", 1),
        ("status=failed", 0),
        ("text=li+WEI", 1),
        ("text=8613800", 1),
        ("text=nobody", 0),
        (&format!("text={id}"), 1),
        ("since=2020-01-01T00:00:00Z", 1),
        ("until=2020-01-01T00:00:00Z", 0),
        ("flow=other", 0),
        (&format!("after={id}"), 0),
    ] {
        let found = place.get(&format!("/runs?{query}")).await;
        assert_eq!(list(&found, "runs").len(), count, "{query}");
    }
    staged.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_is_shown_with_the_tags_they_have() {
    let staged = ordered().await;
    let place = &staged.place;
    place.post("/contacts/%2B8613800138000/tags", &json!({ "add": ["friend"], "remove": ["vip"] })).await;
    let talks = place.get("/conversations?box=all").await;
    let talk = list(&talks, "conversations")[0]["id"].as_str().unwrap();
    place.post(&format!("/conversations/{talk}/escalate"), &json!({ "team": "care", "reason": "angry" })).await;
    staged.rest().await;
    let desk = place.get("/desk").await;
    let waiting = list(&desk, "waiting");
    assert_eq!(each(waiting, "reason"), ["VIP order", "angry"], "oldest first");
    let contact = &waiting[0]["contact"];
    assert_eq!((&contact["name"], &contact["tags"]), (&json!("Li Wei"), &json!(["friend", "hot"])), "vip was taken");
    staged.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_is_found_and_its_story_told_newest_first() {
    let staged = ordered().await;
    let place = &staged.place;
    place.post("/contacts/%2B8613800138000/tags", &json!({ "add": ["friend"], "remove": ["vip"] })).await;
    for query in ["", "text=li", "text=%2B8613800138000", "tag=friend"] {
        let found = place.get(&format!("/contacts?{query}")).await;
        assert_eq!(each(list(&found, "contacts"), "name"), ["Li Wei"], "{query}");
    }
    assert!(list(&place.get("/contacts?tag=vip").await, "contacts").is_empty(), "it was taken");
    let path = "/contacts/%2B8613800138000/timeline";
    let whole = place.get(path).await;
    let story = list(&whole, "timeline");
    let tags: Vec<_> =
        story.iter().filter(|one| one["kind"] == "tag").map(|one| (&one["tag"], &one["added"])).collect();
    assert_eq!(tags[..2], [(&json!("friend"), &json!(true)), (&json!("vip"), &json!(false))]);
    let times = each(story, "at");
    assert!(times.is_sorted_by(|one, other| one >= other), "{times:?}");
    for kind in ["message", "run"] {
        assert!(story.iter().any(|one| one["kind"] == kind), "no {kind}");
    }
    // The same, a few at a time.
    let (mut paged, mut next) = (Vec::new(), Value::Null);
    loop {
        let after = next.as_str().map(|key| format!("&after={key}")).unwrap_or_default();
        let page = place.get(&format!("{path}?limit=2{after}")).await;
        paged.extend(list(&page, "timeline").to_vec());
        next = page["next"].clone();
        if next.is_null() {
            break;
        }
    }
    assert_eq!(paged, story);
    staged.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_read_across_everything() {
    let staged = ordered().await;
    let place = &staged.place;
    let people = place.get("/audit?people=true").await;
    assert_eq!(each(list(&people, "rows"), "by"), ["cli", "cli"], "two documents were brought in");
    let about = place.get("/audit?subject=order-to-ticket").await;
    assert_eq!(list(&about, "rows")[0]["entries"][0]["what"]["what"], "flow.published");
    let run = place.get("/runs").await["runs"][0]["id"].as_str().unwrap().to_owned();
    let of_run = place.get(&format!("/audit?subject={run}")).await;
    assert!(list(&of_run, "rows").iter().all(|row| row["subject"] == *run));
    let page = place.get("/audit?limit=1").await;
    let next = page["next"].as_str().unwrap();
    assert_ne!(place.get(&format!("/audit?limit=1&after={next}")).await["rows"][0]["id"], page["rows"][0]["id"]);
    staged.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_box_finds_everything() {
    let staged = ordered().await;
    let place = &staged.place;
    place.publish(&["format: 1\nsegment: went-cold\nname: Cold leads\ntags: [cold]\n"]).await;
    let run = place.get("/runs").await["runs"][0]["id"].as_str().unwrap().to_owned();
    for (asked, kind, title) in [
        ("ORDER-to", "flow", "CRM ticket"),
        ("complain", "rule", "The customer complains"),
        ("li+wei", "contact", "Li Wei"),
        ("%2B86+138+0013+8000", "contact", "Li Wei"),
        ("hubspot", "connection", "hubspot-main"),
        ("cold+lea", "segment", "Cold leads"),
        (&run, "run", "order-to-ticket"),
    ] {
        let found = place.get(&format!("/search?q={asked}")).await;
        let hit = list(&found, "hits").iter().find(|hit| hit["kind"] == kind);
        let hit = hit.unwrap_or_else(|| panic!("no {kind} for {asked} in {found}"));
        assert!(hit["title"].as_str().unwrap().contains(title), "{hit}");
    }
    assert!(list(&place.get("/search?q=+").await, "hits").is_empty());
    let uses = place.get("/uses?kind=team&name=care").await;
    assert_eq!(each(list(&uses, "uses"), "flow")[0], "customer-care");
    let first = &list(&uses, "uses")[0];
    assert_eq!((&first["kind"], &first["state"]), (&json!("rules"), &json!("live")), "{first}");
    assert_eq!((&first["step"]["verb"], first["step"]["id"].is_string()), (&json!("rule"), true), "{first}");
    staged.close().await;
}

/// Somebody who may read flows finds no customers and no runs by the box that everybody has.
#[tokio::test(flavor = "multi_thread")]
async fn the_box_finds_what_its_asker_may_see() {
    let staged = ordered().await;
    let place = &staged.place;
    let door = place.serve().await;
    let run = place.get("/runs").await["runs"][0]["id"].as_str().unwrap().to_owned();
    let finds = async |scopes: &[&str], asked: &str| {
        let (status, made) =
            place.ask(Method::POST, "/tokens", Some(&json!({ "name": "asker", "scopes": scopes }))).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        let url = format!("http://{}/api/v1/search?q={asked}", door.address);
        let asked = reqwest::Client::new().get(url).bearer_auth(made["secret"].as_str().unwrap());
        let found: Value = asked.send().await.unwrap().json().await.unwrap();
        each(list(&found, "hits"), "kind").iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let none = Vec::<String>::new();
    assert_eq!(finds(&["flows.read"], "ORDER-to").await, ["flow"]);
    assert_eq!(finds(&["flows.read"], "li+wei").await, none);
    assert_eq!(finds(&["flows.read"], &run).await, none);
    assert_eq!(finds(&["contacts.read"], "li+wei").await, none, "names are masked for them");
    assert_eq!(finds(&["contacts.read", "personal.read"], "li+wei").await, ["contact"]);
    assert_eq!(finds(&["runs.read"], &run).await, ["run"]);
    assert_eq!(finds(&["runs.read"], "ORDER-to").await, none);
    door.stop.cancel();
    door.server.await.unwrap();
    staged.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_library_is_in_the_binary_and_begins_to_work_as_it_is() {
    let place = Place::open().await;
    let library = place.get("/library").await;
    let flows = list(&library, "flows");
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../flows")).unwrap();
    let files = files.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|end| end == "yaml")).count();
    assert_eq!(flows.len(), files, "each can be read: {:?}", each(flows, "id"));
    let order = flows.iter().find(|flow| flow["id"] == "order-to-ticket").unwrap();
    assert_eq!(order["on"], json!(["whatsapp.order_received"]));
    assert!(order["tests"].as_u64().unwrap() > 0 && !list(&order["needs"], "templates").is_empty(), "{order}");
    assert!(order["note"].as_str().unwrap().len() > 20, "{order}");
    let text = place.get("/library/order-to-ticket").await;
    assert!(text["text"].as_str().unwrap().contains("flow: order-to-ticket"));
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_of_the_sandbox_is_played_and_their_phone_shown() {
    let staged = ordered().await;
    let place = &staged.place;
    place.post("/play", &json!({ "what": "message", "text": "grazie" })).await;
    staged.rest().await;
    let chat = place.get("/play/chat").await;
    let messages = list(&chat, "messages");
    assert_eq!((&messages[0]["inbound"], &messages[0]["text"]), (&json!(true), &json!("")));
    let template = messages.iter().find(|one| one["template"] == "order_confirmation").unwrap();
    assert!(!template["text"].as_str().unwrap().starts_with('['), "it is filled in: {template}");
    assert_eq!((&template["inbound"], &template["status"]), (&json!(false), &json!("read")));
    assert_eq!(messages.last().unwrap()["text"], "grazie");
    let (status, answer) = place.ask(Method::POST, "/play", Some(&json!({ "what": "tap", "text": "Yes" }))).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::CONFLICT, &json!("refused")), "nothing can be tapped");
    staged.close().await;
    let alone = Place::open().await;
    let (status, answer) = alone.ask(Method::POST, "/play", Some(&json!({ "what": "read" }))).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(answer["error"]["message"].as_str().unwrap().contains("--sandbox"), "{answer}");
    alone.close().await;
}

/// Customers whose choices are asked for can tap them.
#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_tapped_is_shown_and_tapped() {
    let staged = Staged::open(&[]).await;
    let asks = "
format: 1
flow: asks
on: whatsapp.message_received
steps:
  - id: size
    ask: \"Which size?\"
    choices: [Small, Large]
    timeout: 1h
";
    staged.place.publish(&[asks]).await;
    staged.play(Act::Message { text: "hello".into() }).await;
    let chat = staged.place.get("/play/chat").await;
    assert_eq!(list(&chat, "messages").last().unwrap()["buttons"], json!(["Small", "Large"]));
    staged.place.post("/play", &json!({ "what": "tap", "text": "Large" })).await;
    staged.rest().await;
    let run = staged.place.get("/runs").await["runs"][0].clone();
    assert_eq!(run["status"], "done");
    let shown = staged.place.get(&format!("/runs/{}", run["id"].as_str().unwrap())).await;
    let asked = list(&shown["picture"], "steps").iter().find(|step| step["id"] == "size").unwrap();
    assert_eq!((&asked["verb"], &asked["state"], &asked["path"]), (&json!("ask"), &json!("done"), &json!("steps/0")));
    assert_eq!(asked["output"]["answer"], "Large");
    staged.close().await;
}
