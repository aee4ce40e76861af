//! What documents need before they are brought in: also of those that a plan refuses because it is not here.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::testing::Staged;

const ASKS: &str = "\
format: 1
flow: asks
on: [whatsapp.message_received]
steps:
  - do: whatsapp.reply
    with: { text: Hello, template: order_confirmation }
  - do: whatsapp.send_template
    with: { template: order_confirmation, language: tlh }
  - do: crm.create_ticket
    connection: hubspot-gone
    with: { subject: Help }
  - do: notify.send
    with: { text: Look }
  - do: contact.add_tags
    with: { tags: [vip, vpi] }
  - do: human.escalate
    with: { team: care, reason: Help }
  - do: human.escalate
    with: { team: nobody, reason: Help }
  - run_flow: other
  - run_flow: asks-too
";
const OTHER: &str = "format: 1\nflow: other\non: [manual]\nsteps:\n  - set: { a: 1 }\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_import_says_all_it_lacks() {
    let staged = Staged::open(&[]).await;
    let place = &staged.place;
    let document = |path: &str, text: &str| json!({ "path": path, "text": text });
    let body = json!({ "documents": [document("asks.yaml", ASKS), document("other.yaml", OTHER)] });
    let (status, _) = place.ask(Method::POST, "/workspace/plan", Some(&body)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    for (method, path, body) in [
        (Method::PUT, "/tags/vip", json!({ "meaning": "Buys much" })),
        (Method::PUT, "/teams/care", json!({ "name": "Care" })),
    ] {
        let request = axum::http::Request::builder().method(method).uri(format!("/api/v1{path}"));
        let request = request.header("content-type", "application/json").header("if-match", "\"0\"");
        let mut request = request.body(axum::body::Body::from(body.to_string())).unwrap();
        request.extensions_mut().insert(crate::peer::Peer::Control);
        let response = tower::ServiceExt::oneshot(place.router(), request).await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.status());
    }
    let answer = place.post("/workspace/needs", &body).await;
    let line = |need: &Value| {
        let part = |name: &str| need[name].as_str().unwrap().to_owned();
        [part("kind"), part("name"), part("language"), part("state")].join(" ")
    };
    let needs: Vec<String> = answer["needs"].as_array().unwrap().iter().map(line).collect();
    let wanted = [
        "connection hubspot-gone  missing",
        "capability notify  here",
        "capability whatsapp  here",
        "template order_confirmation  here",
        "template order_confirmation tlh missing",
        "team care  empty",
        "team nobody  missing",
        "flow asks-too  missing",
        "flow other  here",
        "tag vip  here",
        "tag vpi  missing",
    ];
    assert_eq!(needs, wanted);
    staged.close().await;
}
