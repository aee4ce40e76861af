//! Both connectors as the engine uses them: opened through the registry, called against a server on loopback.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use bytes::Bytes;
use engine::connector::{Open, OpenContext, Repeat, Scope, Verdict};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::common::tests::call;
use crate::registry;
use crate::sandbox::{Config, Sandbox, Template};

/// What a server was asked, one line a call: `METHOD path auth body`.
type Calls = Arc<Mutex<Vec<String>>>;

/// A provider that answers every call alike.
async fn provider(status: u16, answer: Value) -> (String, Calls) {
    let calls = Calls::default();
    let reply = (StatusCode::from_u16(status).unwrap(), answer.to_string());
    let answer = move |calls: State<Calls>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes| async move {
        let auth = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let body = String::from_utf8_lossy(&body).into_owned();
        calls.lock().unwrap().push(format!("{method} {uri} {auth} {body}").trim_end().to_owned());
        (reply.0, [(CONTENT_TYPE, "application/json")], reply.1).into_response()
    };
    let routes = Router::new().fallback(answer).with_state(Arc::clone(&calls));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (base, calls)
}

fn open(connector: &str, settings: Value) -> Open {
    // Twice is an error that says it is there already, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let context = OpenContext {
        id: Arc::from("wa"),
        public_url: Arc::from("https://flows.example.com"),
        allow_private_network: true,
    };
    registry().open(connector, settings, &context).unwrap()
}

fn cloud_api(base_url: &str) -> Open {
    let settings = json!({
        "phone_number_id": "700100200300", "waba_id": "9001", "base_url": base_url, "country": "BR",
        "access_token": "tok", "app_secret": "s", "verify_token": "v",
    });
    open("whatsapp.cloud_api", settings)
}

fn twilio(base_url: &str) -> Open {
    let templates = json!({ "order_ready": { "en": "HX1" } });
    let settings = json!({
        "account_sid": "AC0123", "auth_token": "tok", "from": "+14155238886",
        "base_url": base_url, "templates": templates,
    });
    open("whatsapp.twilio", settings)
}

async fn perform(open: &Open, action: &str, input: Value) -> Verdict {
    open.performers[action].perform(input, call(Some("5511987654321"), None)).await
}

fn only(calls: &Calls) -> String {
    let calls = calls.lock().unwrap();
    assert_eq!(calls.len(), 1, "{calls:?}");
    calls[0].clone()
}

#[test]
fn both_perform_the_same_actions_and_wait_for_evidence() {
    for connector in [super::cloud_api::connector(), super::twilio::connector()] {
        let actions = connector.actions.iter().map(|action| (action.name, action.repeat)).collect::<Vec<_>>();
        let evidence = Repeat::Evidence { settle_s: 600 };
        let names = ["whatsapp.send_text", "whatsapp.send_template", "whatsapp.send_choices", "whatsapp.send_media"];
        let expected = names.map(|name| (name, evidence));
        assert_eq!(actions, expected, "{}", connector.name);
    }
}

#[tokio::test]
async fn the_cloud_api_is_called_once_with_token_and_key() {
    let answer = json!({ "contacts": [{ "wa_id": "5511987654321" }], "messages": [{ "id": "wamid.OUT1" }] });
    let (base, calls) = provider(200, answer).await;
    let verdict = perform(&cloud_api(&base), "whatsapp.send_text", json!({ "text": "Pronto!" })).await;
    assert!(matches!(&verdict, Verdict::Done(done) if done.output["message_id"] == "wamid.OUT1"), "{verdict:?}");
    let call = only(&calls);
    let (head, body) = call.split_once('{').unwrap();
    assert_eq!(head, "POST /v24.0/700100200300/messages Bearer tok ");
    let body: Value = serde_json::from_str(&format!("{{{body}")).unwrap();
    assert_eq!(body["biz_opaque_callback_data"], "run_00000000000a1/3");
}

#[tokio::test]
async fn twilio_is_called_once_with_token_and_key() {
    let (base, calls) = provider(201, json!({ "sid": "SM01", "status": "queued" })).await;
    let verdict = perform(&twilio(&base), "whatsapp.send_template", json!({ "template": "order_ready" })).await;
    assert!(matches!(&verdict, Verdict::Done(done) if done.output["message_id"] == "SM01"), "{verdict:?}");
    let expected = "POST /2010-04-01/Accounts/AC0123/Messages.json Basic QUMwMTIzOnRvaw== \
        To=whatsapp%3A%2B5511987654321&From=whatsapp%3A%2B14155238886\
        &StatusCallback=https%3A%2F%2Fflows.example.com%2Fhooks%2Fwa%3Fkey%3Drun_00000000000a1%252F3&ContentSid=HX1";
    assert_eq!(only(&calls), expected);
}

#[tokio::test]
async fn a_service_that_is_down_costs_no_attempt_and_a_crash_of_it_is_unknown() {
    for (status, later) in [(503, true), (429, true), (500, false)] {
        let (base, _) = provider(status, json!({})).await;
        for open in [cloud_api(&base), twilio(&base)] {
            let verdict = perform(&open, "whatsapp.send_text", json!({ "text": "oi" })).await;
            let as_expected = match &verdict {
                Verdict::Later { scope, .. } => later && *scope == Scope::Connection,
                other => !later && matches!(other, Verdict::Unknown(_)),
            };
            assert!(as_expected, "{} {status}: {verdict:?}", open.connector);
        }
    }
}

#[tokio::test]
async fn what_cannot_be_sent_makes_no_call() {
    let (base, calls) = provider(200, json!({})).await;
    for open in [cloud_api(&base), twilio(&base)] {
        let verdict = perform(&open, "whatsapp.send_text", json!({ "text": "x".repeat(5000) })).await;
        assert!(matches!(&verdict, Verdict::Refused(problem) if problem.code == "bad_input"), "{verdict:?}");
    }
    assert!(calls.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_number_that_works_is_told_with_its_templates() {
    let templates = json!([{ "name": "a", "status": "APPROVED" }, { "name": "b", "status": "PAUSED" }]);
    let number = json!({ "id": "700100200300", "display_phone_number": "+55 11 3000-1000", "data": templates });
    let (base, calls) = provider(200, number).await;
    let findings = cloud_api(&base).connection.setup().await;
    assert!(findings.iter().all(|finding| finding.good), "{findings:?}");
    assert_eq!(findings[1].text, "1 of 2 templates are approved");
    let asked = calls.lock().unwrap().iter().map(|call| call.split('?').next().unwrap().to_owned()).collect::<Vec<_>>();
    let expected = [
        "POST /v24.0/9001/subscribed_apps Bearer tok",
        "GET /v24.0/700100200300",
        "GET /v24.0/9001/message_templates",
        "GET /v24.0/9001/subscribed_apps Bearer tok",
    ];
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn a_token_that_does_not_work_is_told() {
    let (base, _) = provider(401, json!({ "error": { "code": 190, "message": "Malformed access token EAAG" } })).await;
    let findings = cloud_api(&base).connection.check().await;
    assert!(!findings[0].good);
    assert!(findings[0].text.starts_with("Meta refused the access token"), "{}", findings[0].text);
    let (base, _) = provider(401, json!({ "code": 20003, "message": "Authenticate" })).await;
    let account = twilio(&base).connection.check().await.remove(0);
    assert!(!account.good);
    assert!(account.text.starts_with("Twilio refused"), "{}", account.text);
}

/// A sandbox whose account has so many templates that Twilio tells them on two pages: one of them waits for approval, two have buttons.
async fn many_templates() -> Sandbox {
    let mut config = Config { statuses: false, ..Config::default() };
    let ready = Template::new("order_ready", "en", "Hello {{name}}, {{order}} is ready");
    config.templates = (0..120).map(|n| Template::new(&format!("news_{n}"), "en", "News")).collect();
    config.templates.push(Template { status: "PENDING".into(), ..Template::new("order_late", "en", "Late") });
    config.templates.push(Template { buttons: vec!["Thanks".into()], ..ready.clone() });
    config.templates.push(Template { language: "pt_BR".into(), ..ready });
    Sandbox::start(config).await.unwrap()
}

fn twilio_at(sandbox: &Sandbox, templates: Value) -> Open {
    let account = Config::default().twilio;
    let settings = json!({
        "account_sid": account.account_sid, "auth_token": account.auth_token, "from": account.from,
        "base_url": format!("{}/twilio", sandbox.url()), "templates": templates,
    });
    open("whatsapp.twilio", settings)
}

#[tokio::test]
async fn twilio_tells_the_approved_templates_of_all_pages() {
    let sandbox = many_templates().await;
    let open = twilio_at(&sandbox, json!({}));
    assert!(open.connection.known_templates().is_none());
    let told = open.connection.templates().await.unwrap();
    assert_eq!(told.len(), 122);
    assert!(told.iter().all(|template| template.name != "order_late"));
    let ready = told.iter().find(|template| template.name == "order_ready").unwrap();
    assert_eq!((ready.language.as_str(), ready.category.as_str()), ("en", "utility"));
    assert_eq!((&ready.params[..], &ready.buttons[..]), (&["name".into(), "order".into()][..], &["Thanks".into()][..]));
    assert_eq!(open.connection.known_templates().unwrap().len(), 122);
    let findings = open.connection.check().await;
    assert_eq!(findings[2].text, "122 of 123 templates are approved");
}

#[tokio::test]
async fn twilio_sends_a_template_by_the_name_it_was_approved_under() {
    let sandbox = many_templates().await;
    let open = twilio_at(&sandbox, json!({}));
    let input = json!({ "template": "order_ready", "language": "pt_PT", "params": { "name": "Ana", "order": "#42" } });
    let refused = perform(&open, "whatsapp.send_template", input.clone()).await;
    assert!(matches!(&refused, Verdict::Refused(problem) if problem.code == "no_template"), "{refused:?}");
    let asked = sandbox.totals().requests;
    perform(&open, "whatsapp.send_template", input.clone()).await;
    assert_eq!(sandbox.totals().requests, asked, "a wrong name is not asked for with every message");
    let mut input = input;
    input["language"] = "pt-br".into();
    let verdict = perform(&open, "whatsapp.send_template", input).await;
    let Verdict::Done(done) = verdict else { panic!("{verdict:?}") };
    assert_eq!(done.sent.unwrap().text, "[order_ready]\nHello Ana, #42 is ready");
    assert_eq!(sandbox.books().messages[0].text.as_deref(), Some("Hello Ana, #42 is ready"));
}

#[tokio::test]
async fn a_name_of_the_settings_is_told_beside_the_one_whatsapp_knows() {
    let sandbox = many_templates().await;
    let sid = Template::new("order_ready", "en", "").content_sid();
    let open = twilio_at(&sandbox, json!({ "come_and_get_it": { "en": sid } }));
    let told = open.connection.templates().await.unwrap();
    let of = |name: &str| told.iter().filter(|template| template.name == name).count();
    assert_eq!((told.len(), of("come_and_get_it"), of("order_ready")), (123, 1, 2));
}

#[tokio::test]
async fn a_listing_that_fails_sends_nothing_and_is_tried_again() {
    let (base, calls) = provider(500, json!({})).await;
    let verdict = perform(&twilio(&base), "whatsapp.send_template", json!({ "template": "order_late" })).await;
    assert!(matches!(&verdict, Verdict::Later { scope: Scope::Item, .. }), "{verdict:?}");
    assert!(only(&calls).starts_with("GET /v1/ContentAndApprovals?PageSize=100 Basic"), "{calls:?}");
}
