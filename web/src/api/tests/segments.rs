//! Segments: how many and who are in each, and those that are only drafts.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::testing::Place;

const GOLD: &str = "format: 1\nsegment: gold\nname: Gold customers\ntags: [vip]\nwhen: contact.language == \"it\"\n";

async fn with_contacts(rows: &str) -> Place {
    let place = Place::open().await;
    let opened = place.post("/imports", &json!({ "name": "a.csv" })).await;
    let id = opened["id"].as_str().unwrap();
    let csv = format!("phone,name,language,tags\n{rows}");
    place.app.imports.add(id.parse().unwrap(), 0, csv.as_bytes(), place.app.clock.now()).unwrap();
    place.post(&format!("/imports/{id}/begin"), &json!({})).await;
    while place.get("/imports").await["imports"][0]["state"] == "running" {
        tokio::task::yield_now().await;
    }
    place
}

fn names(page: &Value) -> Vec<&str> {
    page["contacts"].as_array().unwrap().iter().map(|contact| contact["name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_tells_how_many_and_who_are_in_it() {
    let rows =
        "+393330000001,Anna,it,vip\n+393330000002,Bo,en,vip\n+393330000003,Carla,it,vip\n+393330000004,Dino,it,\n";
    let place = with_contacts(rows).await;
    let segment = async || place.get("/segments").await["segments"][0].clone();
    assert_eq!(segment().await, Value::Null);
    place.post("/flows", &json!({ "text": GOLD })).await;
    let drafted = segment().await;
    assert_eq!((&drafted["state"], &drafted["name"]), (&json!("draft"), &json!("Gold customers")));
    assert_eq!(drafted["count"], Value::Null, "nobody is in what is not in force");
    let (status, _) = place.ask(Method::GET, "/segments/gold/members", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    place.publish(&[GOLD]).await;
    let live = segment().await;
    assert_eq!((&live["count"]["contacts"], &live["count"]["more"]), (&json!(2), &json!(false)));
    assert_eq!((&live["tags"], &live["language"]), (&json!(["vip"]), &json!("it")));
    let first = place.get("/segments/gold/members?limit=1").await;
    assert_eq!(names(&first), ["Anna"]);
    let next = first["next"].as_str().unwrap();
    let second = place.get(&format!("/segments/gold/members?limit=1&after={next}")).await;
    assert_eq!(names(&second), ["Carla"]);
    let next = second["next"].as_str().unwrap();
    assert_eq!(
        place.get(&format!("/segments/gold/members?after={next}")).await,
        json!({ "contacts": [], "next": null })
    );
    let wider = json!({ "document": { "path": "gold.yaml", "text": GOLD.replace("when:", "# when:") } });
    assert_eq!(place.post("/segment-count", &wider).await["contacts"], 3, "as the text is edited");
    let shown = place.get("/segments/gold").await;
    assert_eq!((&shown["source"], &shown["uses"]), (&json!(GOLD), &json!([])));
    place.close().await;
}
