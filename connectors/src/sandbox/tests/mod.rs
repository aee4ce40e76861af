//! The sandbox from outside: real HTTP both ways, webhooks caught by a server of the test.

mod cloud_api;
mod faults;
mod hubspot;
mod twilio;

use std::sync::{Arc, Mutex};

use axum::{Router, body::Bytes, extract::Request, http::HeaderMap, response::IntoResponse};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::*;

/// A webhook as it arrived.
struct Caught {
    headers: HeaderMap,
    body: Bytes,
}

impl Caught {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }

    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// The statuses in a Cloud API webhook, as (id, status).
    fn statuses(&self) -> Vec<(String, String)> {
        let body = self.json();
        let statuses = body["entry"][0]["changes"][0]["value"]["statuses"].as_array().unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        statuses.iter().map(|status| (text(&status["id"]), text(&status["status"]))).collect()
    }
}

/// A server that catches webhooks; it answers with the statuses it is given, then 200.
struct Net {
    url: String,
    caught: mpsc::UnboundedReceiver<Caught>,
}

impl Net {
    async fn spread(answers: &[u16]) -> Self {
        let (sender, caught) = mpsc::unbounded_channel();
        let answers = Arc::new(Mutex::new(answers.to_vec()));
        let catch = move |request: Request| {
            let (sender, answers) = (sender.clone(), answers.clone());
            async move {
                if request.method() == "GET" {
                    let query = request.uri().query().unwrap_or("").to_owned();
                    let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
                    return pairs.into_iter().find(|(name, _)| name == "hub.challenge").unwrap().1.into_response();
                }
                let headers = request.headers().clone();
                let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
                sender.send(Caught { headers, body }).unwrap();
                let mut answers = answers.lock().unwrap();
                let status = if answers.is_empty() { 200 } else { answers.remove(0) };
                axum::http::StatusCode::from_u16(status).unwrap().into_response()
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks/x?tenant=7", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(catch)).await });
        Self { url, caught }
    }

    async fn next(&mut self) -> Caught {
        self.caught.recv().await.unwrap()
    }
}

/// A sandbox with a client that knows its secrets.
struct Bench {
    sandbox: Sandbox,
    http: reqwest::Client,
}

impl Bench {
    async fn start(change: impl FnOnce(&mut Config)) -> Self {
        // Another test may have installed it before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut config = Config { retry_ms: vec![0, 0], ..Config::default() };
        change(&mut config);
        let sandbox = Sandbox::start(config).await.unwrap();
        Self { sandbox, http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.url())
    }

    async fn graph(&self, body: Value) -> (u16, Value) {
        let call = self.http.post(self.url("/graph/v24.0/700100200300/messages"));
        read(call.bearer_auth("sandbox-wa-token").json(&body)).await
    }

    async fn crm(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let call = self.http.request(method.parse().unwrap(), self.url(&format!("/hubspot{path}")));
        read(call.bearer_auth("pat-na1-sandbox").json(&body)).await
    }

    async fn twilio(&self, form: &[(&str, &str)]) -> (u16, Value) {
        let account = Config::default().twilio;
        let path = format!("/twilio/2010-04-01/Accounts/{}/Messages.json", account.account_sid);
        let call = self.http.post(self.url(&path)).basic_auth(account.account_sid, Some(account.auth_token));
        read(call.form(form)).await
    }

    async fn unique_ticket_key(&self) {
        let property = json!({"name": "wa_case_key", "label": "Case", "type": "string", "fieldType": "text",
            "groupName": "ticketinformation", "hasUniqueValue": true});
        assert_eq!(self.crm("POST", "/crm/v3/properties/tickets", property).await.0, 201);
    }
}

async fn read(call: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = call.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

fn confirmation(to: &str, params: &[(&str, &str)]) -> Value {
    let parameters: Vec<Value> =
        params.iter().map(|(name, text)| json!({"type": "text", "parameter_name": name, "text": text})).collect();
    json!({"messaging_product": "whatsapp", "to": to, "type": "template", "biz_opaque_callback_data": "run7/2",
        "template": {"name": "order_confirmation", "language": {"code": "zh_CN"},
            "components": [{"type": "body", "parameters": parameters}]}})
}

const CUSTOMER: &str = "+8613800138000";
const BOTH: &[(&str, &str)] = &[("order", "A1"), ("ticket", "90001")];

fn says(text: &str) -> Play {
    Play { from: CUSTOMER.into(), name: "Li Wei".into(), act: Act::Message { text: text.into() }, ..Play::default() }
}

#[tokio::test]
async fn another_process_can_drive_it_over_http() {
    let mut net = Net::spread(&[]).await;
    let bench = Bench::start(|_| ()).await;
    let set = bench.http.put(bench.url("/_sandbox/webhooks"));
    assert_eq!(read(set.json(&json!({"provider": "cloud_api", "url": net.url}))).await.0, 204);
    let order = json!({"provider": "cloud_api", "kind": "order", "from": "8613800138000", "name": "Li Wei",
        "order": {"catalog_id": "445566", "text": "no onions",
            "items": [{"sku": "SKU-12", "quantity": 2, "price": 19.9, "currency": "CNY"}]}});
    let (status, played) = read(bench.http.post(bench.url("/_sandbox/play")).json(&order)).await;
    assert_eq!((status, &played["webhook_status"]), (200, &json!(200)));
    let caught = net.next().await.json();
    let message = &caught["entry"][0]["changes"][0]["value"]["messages"][0];
    assert_eq!(message["id"], played["message_id"]);
    let item = json!({"product_retailer_id": "SKU-12", "quantity": 2, "item_price": 19.9, "currency": "CNY"});
    let cart = json!({"catalog_id": "445566", "text": "no onions", "product_items": [item]});
    assert_eq!((&message["type"], &message["order"]), (&json!("order"), &cart));
    let (_, books) = read(bench.http.get(bench.url("/_sandbox/books"))).await;
    assert_eq!(books["webhooks"][0]["kind"], "message");
    assert_eq!(read(bench.http.delete(bench.url("/_sandbox/books"))).await.0, 204);
    let (_, totals) = read(bench.http.get(bench.url("/_sandbox/books?only=totals"))).await;
    assert_eq!(totals["webhooks"], 0);
    let (_, verified) = read(bench.http.post(bench.url("/_sandbox/verify"))).await;
    assert_eq!(verified["verified"], true);
}

#[tokio::test]
async fn a_reaction_is_on_another_message() {
    let mut net = Net::spread(&[]).await;
    let bench = Bench::start(|config| config.cloud_api.webhook_url = Some(net.url.clone())).await;
    let reaction = json!({"kind": "reaction", "from": "8613800138000", "message_id": "wamid.MINE",
        "to_message": "wamid.ORDER", "emoji": "👍"});
    let (status, played) = read(bench.http.post(bench.url("/_sandbox/play")).json(&reaction)).await;
    assert_eq!((status, &played["message_id"]), (200, &json!("wamid.MINE")));
    let message = &net.next().await.json()["entry"][0]["changes"][0]["value"]["messages"][0];
    assert_eq!(message["id"], "wamid.MINE");
    assert_eq!(message["reaction"], json!({"message_id": "wamid.ORDER", "emoji": "👍"}));
}

#[test]
fn every_play_can_be_written_as_json() {
    let text = || "x".to_owned();
    let item = Item { sku: text(), quantity: 1, price: 19.into(), currency: "CNY".into() };
    let acts = [
        Act::Message { text: text() },
        Act::Order { order: Order { catalog_id: text(), items: vec![item], text: None } },
        Act::Button { payload: text(), text: text(), reply_to: Some(text()) },
        Act::Reply { id: text(), title: text(), reply_to: None },
        Act::Tap { choice: text() },
        Act::Reaction { to_message: text(), emoji: text() },
        Act::Raw { message: serde_json::Map::from_iter([("type".to_owned(), json!("sticker"))]) },
        Act::PropertyChange { object: text(), id: text(), property: text(), value: text() },
    ];
    for act in acts {
        let play = Play { from: CUSTOMER.into(), message_id: Some("wamid.1".into()), act, ..Play::default() };
        let written = serde_json::to_value(&play).unwrap();
        let read: Play = serde_json::from_value(written.clone()).unwrap_or_else(|error| panic!("{written}: {error}"));
        assert_eq!(serde_json::to_value(read).unwrap(), written);
    }
}

#[tokio::test]
async fn a_stopped_sandbox_answers_nobody() {
    let bench = Bench::start(|_| ()).await;
    let url = bench.url("/_sandbox/books");
    assert!(bench.http.get(&url).send().await.is_ok());
    bench.sandbox.stop().await;
    assert!(bench.http.get(&url).send().await.is_err());
}

#[tokio::test]
async fn bounded_books_forget_the_oldest_and_count_all() {
    let bench = Bench::start(|config| config.keep = 2).await;
    for _ in 0..5 {
        assert_eq!(bench.graph(confirmation(CUSTOMER, BOTH)).await.0, 200);
    }
    let books = bench.sandbox.books();
    assert_eq!((books.messages.len(), books.requests.len(), books.totals.messages), (2, 2, 5));
    assert_eq!(books.requests[1].seq, 5);
}
