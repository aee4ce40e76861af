//! What our connectors send, and what the sandbox answers, against the API descriptions that Meta and Twilio publish.
//!
//! The descriptions are not a part of the project: where the folder `shared/specs` is not beside it or above, these tests
//! print SKIPPED. Where a description contradicts the provider's own documentation or examples, the difference is
//! written down here, and must be exactly that.

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use connectors::sandbox::{Config, Provider, Sandbox};
use engine::clock::At;
use engine::connector::{Call, Open, OpenContext, Verdict};
use serde_json::{Map, Value, json};
use tests::stage::{prepare, staged};

/// Meta's file asks for `policy` beside the language's code; its own examples leave it out (`Send Test Message`), and the
/// documentation of templates does not know it any more.
const NO_POLICY: &str = "/template/language: \"policy\" is a required property";
/// Documented in "Cloud API, messages", and given back in statuses; missing in the file's list of a message's fields.
const CALLBACK_DATA: &str = ": Additional properties are not allowed ('biz_opaque_callback_data' was unexpected)";

/// A request as a provider would get it.
#[derive(Clone, Debug)]
struct Caught {
    method: String,
    path: String,
    content_type: String,
    body: String,
}

type Net = Arc<Mutex<Vec<Caught>>>;

/// A provider that takes everything: its address, and what it was sent.
async fn provider() -> (String, Net) {
    let net = Net::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(catch).with_state(Arc::clone(&net));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, net)
}

async fn catch(State(net): State<Net>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let content_type = head.headers.get("content-type").map(|value| value.to_str().unwrap().to_owned());
    let path = head.uri.path().to_owned();
    let twilio = path.contains("/Accounts/");
    net.lock().unwrap().push(Caught {
        method: head.method.to_string(),
        path,
        content_type: content_type.unwrap_or_default(),
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    let answer = match (twilio, head.method.as_str()) {
        (true, "POST") => json!({ "sid": "SM1", "status": "queued" }),
        (false, "POST") => json!({ "messages": [{ "id": "wamid.1" }], "success": true }),
        _ => json!({ "id": "700100200300", "display_phone_number": "+1", "data": [], "status": "active" }),
    };
    axum::Json(answer).into_response()
}

/// The files of `shared/specs`, wherever above this project it is.
fn spec(file: &str) -> Option<Value> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().skip(1);
    let found = above.map(|dir| dir.join("shared/specs").join(file)).find(|file| file.exists());
    let Some(found) = found else {
        println!("SKIPPED: shared/specs/{file} is not there, so nothing is compared with it");
        return None;
    };
    let text = std::fs::read_to_string(found).unwrap();
    let json = file.ends_with(".json");
    Some(if json { serde_json::from_str(&text).unwrap() } else { serde_yaml::from_str(&text).unwrap() })
}

fn open(connector: &str, settings: Value) -> Open {
    let context =
        OpenContext { id: "wa".into(), public_url: "https://flows.example.com".into(), allow_private_network: true };
    connectors::registry().open(connector, settings, &context).unwrap()
}

fn cloud_api(url: &str) -> Open {
    let account = Config::default().cloud_api;
    let settings = json!({ "base_url": url, "phone_number_id": account.phone_number_id, "waba_id": account.waba_id,
        "access_token": account.access_token, "app_secret": "s", "verify_token": "v" });
    open("whatsapp.cloud_api", settings)
}

fn twilio(url: &str) -> Open {
    let Config { twilio, templates, .. } = Config::default();
    let sid = templates.iter().find(|template| template.name == "order_confirmation").unwrap().content_sid();
    let settings = json!({ "base_url": url, "account_sid": twilio.account_sid, "auth_token": twilio.auth_token,
        "from": twilio.from, "templates": { "order_confirmation": { "en": sid } } });
    open("whatsapp.twilio", settings)
}

/// Inputs of everything that is sent, by action.
fn sends() -> Vec<(&'static str, Value)> {
    vec![
        ("whatsapp.send_text", json!({ "text": "Pronto! 谢谢 \u{1F600}" })),
        ("whatsapp.send_text", json!({ "text": "x".repeat(1_600), "to": "+5511987654321" })),
        ("whatsapp.send_choices", json!({ "text": "Which size?", "choices": ["S", "M", "L"] })),
        ("whatsapp.send_choices", json!({ "text": "Which?", "choices": ["S", "M", "L", "XL"], "button": "Sizes" })),
        ("whatsapp.send_template", json!({ "template": "order_confirmation", "language": "en", "params": {} })),
        (
            "whatsapp.send_template",
            json!({ "template": "order_confirmation", "language": "en", "params": { "order": "A1", "ticket": "7" } }),
        ),
        (
            "whatsapp.send_template",
            json!({ "template": "order_confirmation", "params": { "1": "A1", "2": "7" }, "to": "+5511987654321" }),
        ),
    ]
}

/// Sends everything, and returns what arrived.
async fn caught(account: &Open, net: &Net) -> Vec<Caught> {
    for (number, (action, input)) in sends().into_iter().enumerate() {
        let call = Call {
            key: format!("run_00000000000a1/{number}").into(),
            attempt: 1,
            tries: 0,
            now: At(1_760_000_000_000),
            address: Some("5511987654321".into()),
            phone: Some("+5511987654321".into()),
        };
        let verdict = account.performers[action].perform(input, call).await;
        assert!(matches!(verdict, Verdict::Done(_)), "{action}: {verdict:?}");
    }
    let requests = std::mem::take(&mut *net.lock().unwrap());
    assert_eq!(requests.len(), sends().len());
    requests
}

/// The operation a request is, by the description's paths.
fn operation<'a>(spec: &'a Value, request: &Caught) -> &'a Value {
    let fits = |template: &str| {
        let (mut given, mut asked) = (request.path.split('/'), template.split('/'));
        loop {
            match (given.next(), asked.next()) {
                (None, None) => return true,
                (Some(given), Some(asked)) if matches(asked, given) => {}
                _ => return false,
            }
        }
    };
    let paths = spec["paths"].as_object().unwrap();
    let method = request.method.to_lowercase();
    let mut found = paths.iter().filter(|(template, item)| fits(template) && item.get(&method).is_some());
    let (_, item) = found.next().unwrap_or_else(|| panic!("{} {} is not described", request.method, request.path));
    &item[&*method]
}

/// Whether a part of a path fits a part of a template, such as `{Sid}.json`.
fn matches(asked: &str, given: &str) -> bool {
    match asked.split_once('{') {
        None => asked == given,
        Some((before, rest)) => {
            let after = rest.split_once('}').unwrap().1;
            given.len() > before.len() + after.len() && given.starts_with(before) && given.ends_with(after)
        }
    }
}

fn schema<'a>(spec: &'a Value, reference: &Value) -> &'a Value {
    let path = reference["$ref"].as_str().and_then(|path| path.strip_prefix('#')).expect("a reference");
    spec.pointer(path).unwrap_or_else(|| panic!("{path} is not there"))
}

/// A schema whose `allOf` are one object: as they stand, `additionalProperties: false` of one part forbids the fields of the others.
fn joined(spec: &Value, schema_: &Value) -> Value {
    let schema_ = if schema_.get("$ref").is_some() { schema(spec, schema_) } else { schema_ };
    let Some(parts) = schema_["allOf"].as_array() else { return schema_.clone() };
    let mut whole = json!({ "type": "object", "properties": {}, "required": [] });
    for part in parts.iter().map(|part| joined(spec, part)) {
        let properties = part["properties"].as_object().cloned().unwrap_or_default();
        whole["properties"].as_object_mut().unwrap().extend(properties);
        let required = part["required"].as_array().cloned().unwrap_or_default();
        whole["required"].as_array_mut().unwrap().extend(required);
        if part["additionalProperties"] == false {
            whole["additionalProperties"] = false.into();
        }
    }
    let required = whole["required"].as_array_mut().unwrap();
    required.sort_by_key(Value::to_string);
    required.dedup();
    whole
}

/// What does not fit, as `/path: why`.
fn problems(spec: &Value, mut schema: Value, value: &Value) -> Vec<String> {
    schema["components"] = spec["components"].clone();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let found = validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path()));
    found.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

#[test]
fn requests_to_the_cloud_api_are_as_meta_describes_them() {
    let Some(spec) = spec("meta-business-messaging-v23.0.yaml") else { return };
    staged(async move {
        prepare();
        let (url, net) = provider().await;
        let account = cloud_api(&url);
        for request in caught(&account, &net).await {
            let body = &operation(&spec, &request)["requestBody"]["content"];
            assert!(body.get(&*request.content_type).is_some(), "{}", request.content_type);
            let message: Value = serde_json::from_str(&request.body).unwrap();
            let kind = message["type"].as_str().unwrap();
            let described = schema(&spec, &body["application/json"]["schema"]);
            let of_kind = json!({ "$ref": described["discriminator"]["mapping"][kind] });
            let known = if kind == "template" { [NO_POLICY] } else { [CALLBACK_DATA] };
            assert_eq!(problems(&spec, joined(&spec, &of_kind), &message), known, "{message}");
            components_fit(&spec, &message);
        }
        // Looking at an account and setting it up go to addresses that are described, too.
        account.connection.setup().await;
        account.connection.check().await;
        let looked = std::mem::take(&mut *net.lock().unwrap());
        assert!(looked.len() >= 4, "{looked:?}");
        for request in looked {
            operation(&spec, &request);
        }
    });
}

/// The components of a template, each against the schema of its type, which the description names by a discriminator only.
fn components_fit(spec: &Value, message: &Value) {
    let components = message["template"]["components"].as_array().cloned().unwrap_or_default();
    let schemas = &spec["components"]["schemas"];
    for component in components {
        let kind = component["type"].as_str().unwrap();
        let of_kind = json!({ "$ref": schemas["TemplateComponent"]["discriminator"]["mapping"][kind] });
        assert_eq!(problems(spec, joined(spec, &of_kind), &component), [""; 0], "{component}");
        for parameter in component["parameters"].as_array().unwrap() {
            let kind = parameter["type"].as_str().unwrap();
            let of_kind = json!({ "$ref": schemas["ParameterObject"]["discriminator"]["mapping"][kind] });
            assert_eq!(problems(spec, joined(spec, &of_kind), parameter), [""; 0], "{parameter}");
        }
    }
}

#[test]
fn the_validation_finds_what_is_wrong_with_a_message() {
    let Some(spec) = spec("meta-business-messaging-v23.0.yaml") else { return };
    let text = json!({ "$ref": "#/components/schemas/TextMessage" });
    let good = json!({ "messaging_product": "whatsapp", "recipient_type": "individual", "to": "1", "type": "text",
        "text": { "body": "hi" } });
    assert_eq!(problems(&spec, joined(&spec, &text), &good), [""; 0]);
    for (field, value) in
        [("to", json!(1)), ("recipient_type", json!("person")), ("text", json!({ "bodi": "hi" })), ("extra", json!(1))]
    {
        let mut bad = good.clone();
        bad[field] = value;
        assert_eq!(problems(&spec, joined(&spec, &text), &bad).len(), 1, "{bad}");
    }
}

/// The parameters of a form, in the description's types.
fn form(body: &str) -> Value {
    let pairs = url_decoded(body);
    Value::Object(pairs.into_iter().map(|(name, value)| (name, Value::from(value))).collect::<Map<_, _>>())
}

/// Name and value of each field of `application/x-www-form-urlencoded`.
fn url_decoded(body: &str) -> Vec<(String, String)> {
    let url = reqwest::Url::parse(&format!("http://form/?{body}")).unwrap();
    url.query_pairs().into_owned().collect()
}

/// OpenAPI 3.0 says `nullable: true` where JSON Schema lists the type `null`.
fn with_null(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let mut fields: Map<String, Value> =
                fields.iter().map(|(name, field)| (name.clone(), with_null(field))).collect();
            if fields.get("nullable") == Some(&true.into())
                && let Some(kind) = fields.get("type").cloned()
            {
                fields.insert("type".into(), json!([kind, "null"]));
            }
            Value::Object(fields)
        }
        Value::Array(items) => items.iter().map(with_null).collect(),
        other => other.clone(),
    }
}

#[test]
fn requests_to_twilio_are_as_twilio_describes_them() {
    let contents = spec("twilio-content-v1.json");
    let Some(spec) = spec("twilio-api-v2010.json") else { return };
    staged(async move {
        prepare();
        let (url, net) = provider().await;
        let account = twilio(&url);
        for request in caught(&account, &net).await {
            let body = &operation(&spec, &request)["requestBody"]["content"];
            assert!(body.get(&*request.content_type).is_some(), "{}", request.content_type);
            let mut described = body[&*request.content_type]["schema"].clone();
            described["additionalProperties"] = false.into();
            let sent = form(&request.body);
            assert_eq!(problems(&spec, described, &sent), [""; 0], "{sent}");
            assert_eq!(url_decoded(&request.body).len(), sent.as_object().unwrap().len(), "no field twice");
            for number in ["To", "From"] {
                let digits = sent[number].as_str().unwrap().strip_prefix("whatsapp:+").unwrap();
                assert!(digits.bytes().all(|digit| digit.is_ascii_digit()), "{sent}");
            }
            let callback = reqwest::Url::parse(sent["StatusCallback"].as_str().unwrap()).unwrap();
            assert_eq!(callback.scheme(), "https");
            if let Some(variables) = sent.get("ContentVariables") {
                let _: Map<String, Value> = serde_json::from_str(variables.as_str().unwrap()).unwrap();
            }
        }
        // Templates are told by another API than messages.
        let Some(contents) = contents else { return };
        account.connection.check().await;
        for request in std::mem::take(&mut *net.lock().unwrap()) {
            operation(if request.path.starts_with("/v1/") { &contents } else { &spec }, &request);
        }
    });
}

/// What our connector sends, replayed at a sandbox; its answers.
async fn answered(provider_: Provider) -> (Vec<(Caught, u16, Value)>, Sandbox) {
    prepare();
    let sandbox = Sandbox::start(Config { enforce_window: false, ..Config::default() }).await.unwrap();
    let (url, net) = provider().await;
    let account = if provider_ == Provider::Twilio { twilio(&url) } else { cloud_api(&url) };
    let mut answers = Vec::new();
    for request in caught(&account, &net).await {
        let (status, answer) = replay(&sandbox, provider_, &request, true).await;
        answers.push((request, status, answer));
    }
    (answers, sandbox)
}

async fn replay(sandbox: &Sandbox, provider: Provider, request: &Caught, known: bool) -> (u16, Value) {
    let Config { cloud_api, twilio, .. } = Config::default();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let prefix = if provider == Provider::Twilio { "twilio" } else { "graph" };
    let post = http.post(format!("{}/{prefix}{}", sandbox.url(), request.path));
    let post = match (provider, known) {
        (_, false) => post,
        (Provider::Twilio, true) => post.basic_auth(twilio.account_sid, Some(twilio.auth_token)),
        (_, true) => post.bearer_auth(cloud_api.access_token),
    };
    let post = post.header("content-type", &request.content_type).body(request.body.clone());
    let answer = post.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[test]
fn the_sandbox_answers_as_meta_describes_it() {
    let Some(spec) = spec("meta-business-messaging-v23.0.yaml") else { return };
    staged(async move {
        let (answers, sandbox) = answered(Provider::CloudApi).await;
        let error = json!({ "$ref": "#/components/schemas/GraphAPIError" });
        for (request, status, answer) in &answers {
            // A template without the variables it has is refused, as it should be.
            if *status != 200 {
                assert_eq!(problems(&spec, error.clone(), answer), [""; 0], "{answer}");
                assert!(request.body.contains("\"order_confirmation\""), "{answer}");
                continue;
            }
            let described =
                operation(&spec, request)["responses"]["200"]["content"]["application/json"]["schema"].clone();
            assert_eq!(problems(&spec, described, answer), [""; 0], "{answer}");
            assert!(answer["messages"][0]["id"].is_string() && answer["contacts"][0]["wa_id"].is_string(), "{answer}");
        }
        assert!(answers.iter().filter(|(_, status, _)| *status == 200).count() >= 3);
        let (status, refused) = replay(&sandbox, Provider::CloudApi, &answers[0].0, false).await;
        assert!([401, 403].contains(&status), "{status}");
        assert_eq!(problems(&spec, error, &refused), [""; 0], "{refused}");
    });
}

#[test]
fn the_sandbox_answers_as_twilio_describes_it() {
    let Some(spec) = spec("twilio-api-v2010.json") else { return };
    let spec = with_null(&spec);
    staged(async move {
        let (answers, _sandbox) = answered(Provider::Twilio).await;
        let mut accepted = 0;
        for (request, status, answer) in &answers {
            if *status >= 400 {
                assert!(answer["code"].is_u64() && answer["message"].is_string(), "{answer}");
                assert!(request.body.contains("ContentSid"), "{answer}");
                continue;
            }
            let responses = &operation(&spec, request)["responses"][status.to_string()]["content"];
            let described = &responses["application/json"]["schema"];
            let mut described = schema(&spec, described).clone();
            described["additionalProperties"] = false.into();
            assert_eq!(problems(&spec, described, answer), [""; 0], "{answer}");
            accepted += 1;
        }
        assert!(accepted >= 3);
    });
}
