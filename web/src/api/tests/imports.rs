//! Contacts from files and to files: what an import would do and does, again and again, and what comes out of an export.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::time::{Duration, sleep, timeout};
use tower::ServiceExt;

use crate::peer::Peer;
use crate::testing::Place;

const LISTENS: &str = "
format: 1
flow: listens
on: contact.tag_added
steps:
  - set: { seen: true }
";

/// Sends a file; gives the address of its import.
async fn sent(place: &Place, bytes: &[u8]) -> String {
    let opened = place.post("/imports", &json!({ "name": "people.csv" })).await;
    let path = format!("/imports/{}", opened["id"].as_str().unwrap());
    let mut at = 0;
    for part in bytes.chunks(40) {
        let uri = format!("/api/v1{path}/bytes?at={at}");
        let mut request = Request::builder().method(Method::POST).uri(uri).body(Body::from(part.to_vec())).unwrap();
        request.extensions_mut().insert(Peer::Control);
        let answer = place.router().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        at += part.len();
    }
    path
}

/// Brings a file in and gives what came of it.
async fn brought(place: &Place, bytes: &[u8], asked: &Value) -> Value {
    let path = sent(place, bytes).await;
    let begun = place.post(&format!("{path}/begin"), asked).await;
    let done = async {
        loop {
            let imports = place.get("/imports").await["imports"].clone();
            let found = imports.as_array().unwrap().iter().find(|import| import["id"] == begun["id"]).unwrap().clone();
            if found["state"] != "running" {
                return found;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(20), done).await.unwrap()
}

fn counts(of: &Value, made: &str) -> [u64; 4] {
    [made, "changed", "same", "refused"].map(|name| of[name].as_u64().unwrap())
}

async fn csv(place: &Place, path: &str) -> Vec<u8> {
    let answer = place.send(Method::GET, &format!("/api/v1{path}"), None).await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.into_body().collect().await.unwrap().to_bytes().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_looked_at_brought_in_once_and_taken_out_again() {
    let place = Place::open().await;
    place.publish(&[LISTENS]).await;
    let text = "Имя;Телефон;Метки;Согласие;Город;Сумма\r\n\
                Анна Иванова;333 123 4567;vip;да;Турин;12,5\r\n\
                Пётр;+7 912 345-67-89;vip, cold;нет;=1+1;3\r\n\
                Никто;не номер;;;;\r\n\
                Анна;+39 333 1234567;;;;\r\n";
    let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(text);
    let asked = json!({ "country": "IT", "columns": null });

    let path = sent(&place, &bytes).await;
    let looked = place.post(&format!("{path}/preview"), &asked).await;
    assert_eq!((&looked["encoding"], &looked["separator"]), (&json!("windows-1251"), &json!(";")));
    let targets: Vec<&str> =
        looked["columns"].as_array().unwrap().iter().map(|column| column["target"].as_str().unwrap()).collect();
    assert_eq!(targets, ["name", "phone", "tags", "consent:marketing", "field:город", "field:сумма"]);
    assert_eq!((looked["rows"].as_u64(), counts(&looked, "new")), (Some(4), [2, 1, 0, 1]));
    assert_eq!(looked["refusals"], json!([{ "line": 4, "why": "bad_phone", "cell": "не номер" }]));
    assert_eq!(looked["first"][0]["phone"], "+393331234567");
    assert_eq!(place.get("/contacts").await["contacts"], json!([]), "a preview changes nothing");

    let done = brought(&place, &bytes, &asked).await;
    assert_eq!((&done["state"], counts(&done, "created")), (&json!("done"), [2, 1, 0, 1]));
    assert_eq!(done["refusals"], json!([{ "line": 4, "why": "bad_phone" }]), "without what stood there");
    let anna = place.get("/contacts/%2B393331234567").await;
    assert_eq!((&anna["name"], &anna["consent"]), (&json!("Анна"), &json!({ "marketing": true })));
    assert_eq!(anna["tags"][0]["source"], "import");
    assert_eq!(place.get("/runs").await["runs"], json!([]), "nothing started");

    // The same file again: the row that says less of Anna comes last, as before.
    let again = brought(&place, &bytes, &asked).await;
    assert_eq!(counts(&again, "created"), [0, 2, 1, 1], "the two rows about Anna differ in her name");
    assert!(place.get("/audit").await.to_string().contains("contacts.imported"));

    // What comes out goes in again and changes nothing; no cell is a formula.
    let out = csv(&place, "/contacts.csv").await;
    let written = String::from_utf8(out.clone()).unwrap();
    assert!(
        written.starts_with('\u{feff}') && written.contains("'=1+1") && written.contains("'+393331234567"),
        "{written}"
    );
    let back = brought(&place, &out, &json!({})).await;
    assert_eq!(counts(&back, "created"), [0, 0, 2, 0]);
    let tagged = String::from_utf8(csv(&place, "/contacts.csv?tag=cold").await).unwrap();
    assert_eq!(tagged.lines().count(), 2, "{tagged}");
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_not_overruled_and_flows_start_only_when_that_is_asked_for() {
    let place = Place::open().await;
    place.publish(&[LISTENS]).await;
    brought(&place, b"phone,marketing\n+393331234567,no\n", &json!({})).await;
    let path = sent(&place, b"phone,marketing,tags\n+393331234567,yes,vip\n").await;
    let asked = json!({ "starts": true });
    let looked = place.post(&format!("{path}/preview"), &asked).await;
    assert_eq!((looked["kept_refusals"].as_u64(), counts(&looked, "new")), (Some(1), [0, 1, 0, 0]));
    brought(&place, b"phone,marketing,tags\n+393331234567,yes,vip\n", &asked).await;
    place.app.engine.idle().await;
    let contact = place.get("/contacts/%2B393331234567").await;
    assert_eq!(contact["consent"], json!({ "marketing": false }));
    assert_eq!(place.get("/runs").await["runs"].as_array().unwrap().len(), 1);
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_brought_in_is_said_before_anything_happens() {
    let place = Place::open().await;
    let path = sent(&place, b"name,city\nAda,Turin\n").await;
    let (status, answer) = place.ask(Method::POST, &format!("{path}/begin"), Some(&json!({}))).await;
    assert_eq!((status, answer["error"]["code"].as_str()), (StatusCode::BAD_REQUEST, Some("bad_request")));
    let (status, _) = place.ask(Method::POST, &format!("{path}/preview"), Some(&json!({ "country": "Italy" }))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, _) = place.ask(Method::POST, "/imports/imp_0000000000001/preview", Some(&json!({}))).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = place.ask(Method::POST, "/imports", Some(&json!({ "name": " " }))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    place.close().await;
}
