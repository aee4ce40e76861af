//! `http`: any system with an HTTP interface.
//!
//! Without settings a connection calls any public address and carries no credentials. With `base_url` it calls only
//! what lies below it, and only then may it carry credentials: a flow's author must not be able to send them elsewhere.

use std::collections::BTreeMap;

use engine::capability::web::{Method, Request, Response};
use engine::connector::{
    Call, Connection, Connector, ConnectorBuilder, Finding, OpenContext, Performs, Problem, Repeat, Scope, Verdict,
};
use engine::secret::Secret;
use engine::sentence;
use futures_util::future::BoxFuture;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::net::{Answer, Class, Net, NetError, Outgoing, base_url, verdict_of_status};

/// Longest body handed to the flow; a longer one becomes text and is cut there.
const OUTPUT_CAP: usize = 256 * 1024;
/// Headers that belong to the transport, not to a flow.
const TRANSPORT_HEADERS: [&str; 6] = ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te"];

/// The connector.
pub(crate) fn connector() -> Connector {
    ConnectorBuilder::<Http>::new("http", "HTTP request").performs::<Request>().opens(open)
}

/// Where requests go and what they carry. All empty: any public address, no credentials.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Only addresses below this one are called, and paths are taken from here. Default: any address.
    #[serde(default)]
    base_url: Option<String>,
    /// Token sent as `Authorization: Bearer`. Needs `base_url`.
    #[serde(default)]
    bearer: Option<Secret>,
    /// Name and password sent as `Authorization: Basic`. Needs `base_url`.
    #[serde(default)]
    basic: Option<Basic>,
    /// Further secret headers, such as `X-Api-Key`. Needs `base_url`.
    #[serde(default)]
    headers: BTreeMap<String, Secret>,
}

/// Name and password.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Basic {
    /// User name.
    user: String,
    /// Password.
    password: Secret,
}

fn open(settings: Settings, context: &OpenContext) -> Result<Http, String> {
    let base = settings.base_url.as_deref().map(base_url).transpose()?;
    let secrets = settings.bearer.is_some() || settings.basic.is_some() || !settings.headers.is_empty();
    if secrets && base.is_none() {
        return Err("bearer, basic and headers need base_url: else a flow could send them anywhere".into());
    }
    if settings.bearer.is_some() && settings.basic.is_some() {
        return Err("give bearer or basic, not both".into());
    }
    let Settings { bearer, basic, headers, .. } = settings;
    Ok(Http { net: Net::open(context)?, base, bearer, basic, headers })
}

/// One way to call others.
pub(crate) struct Http {
    net: Net,
    base: Option<String>,
    bearer: Option<Secret>,
    basic: Option<Basic>,
    headers: BTreeMap<String, Secret>,
}

impl Connection for Http {
    fn check(&self) -> BoxFuture<'_, Vec<Finding>> {
        let text = match &self.base {
            Some(base) => sentence!("calls go to {base}; none is made to check it", base = base.as_str()),
            None => sentence!("calls go to any public address, without credentials"),
        };
        Box::pin(async { vec![Finding::new(true, "address", text)] })
    }
}

impl Performs<Request> for Http {
    /// What another system does with a second POST nobody knows. A GET whose outcome is unclear did nothing, so it is
    /// reported as [`Verdict::Later`] and tried again all the same.
    const REPEAT: Repeat = Repeat::OnlyIfRefused;

    async fn perform(&self, input: Request, _: &Call) -> Verdict<Response> {
        let reads = input.method == Method::Get;
        let verdict = match self.outgoing(input) {
            Ok(outgoing) => self.send(outgoing, if reads { Class::MayRepeat } else { Class::Once }).await,
            Err(problem) => Verdict::Refused(problem),
        };
        self.settle(verdict, reads)
    }
}

impl Http {
    fn outgoing(&self, input: Request) -> Result<Outgoing, Problem> {
        let bad = |why: String| Problem::new("bad_input", why);
        let (method, class) = match input.method {
            Method::Get => (http::Method::GET, Class::MayRepeat),
            Method::Post => (http::Method::POST, Class::Once),
            Method::Put => (http::Method::PUT, Class::Once),
            Method::Patch => (http::Method::PATCH, Class::Once),
            Method::Delete => (http::Method::DELETE, Class::Once),
        };
        let query: Vec<(String, String)> = input.query.into_iter().collect();
        let mut outgoing = Outgoing::new(method, self.address(&input.url).map_err(bad)?, class).query(&query);
        for (name, value) in &input.headers {
            if TRANSPORT_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
                return Err(bad(format!("header `{name}` is set by the transport")));
            }
            outgoing = outgoing.header(name, value);
        }
        outgoing = match (input.json, input.text) {
            (Some(_), Some(_)) => return Err(bad("give `json` or `text`, not both".into())),
            (Some(json), None) => outgoing.json(&json),
            (None, Some(text)) => outgoing.text(text),
            (None, None) => outgoing,
        };
        // The connection's own come last: a flow cannot replace them.
        for (name, value) in &self.headers {
            outgoing = outgoing.secret_header(name, value);
        }
        if let Some(token) = &self.bearer {
            outgoing = outgoing.bearer(token);
        }
        if let Some(Basic { user, password }) = &self.basic {
            outgoing = outgoing.basic(user, password);
        }
        Ok(outgoing)
    }

    /// The whole address, which lies below the base if there is one, also after `..` was taken out of it.
    fn address(&self, url: &str) -> Result<String, String> {
        let whole = url.starts_with("https://") || url.starts_with("http://");
        let Some(base) = &self.base else {
            return if whole {
                Ok(url.into())
            } else {
                Err("`url` must begin with https://, as the connection has no base_url".into())
            };
        };
        let joined = match (whole, url.strip_prefix('/')) {
            (true, _) => url.to_owned(),
            (false, Some(path)) => format!("{base}/{path}"),
            (false, None) if url.starts_with('?') => format!("{base}{url}"),
            (false, None) => format!("{base}/{url}"),
        };
        let parsed = Url::parse(&joined).map_err(|error| format!("`url` is not an address: {error}"))?;
        let below = parsed.as_str().strip_prefix(base.as_str());
        if below.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#'])) {
            Ok(joined)
        } else {
            Err(format!("`url` leads away from the connection's base_url {base}"))
        }
    }

    async fn send(&self, outgoing: Outgoing, class: Class) -> Verdict<Response> {
        let answer = match self.net.send(outgoing).await {
            Ok(answer) => answer,
            // It happened, whatever the length of what it brought.
            Err(NetError::TooLarge(answer)) => *answer,
            Err(error) => return error.into_verdict(),
        };
        verdict_of_status(&answer, class)
            .unwrap_or_else(|| Verdict::done(Response { status: answer.status.as_u16(), body: body_of(&answer) }))
    }

    fn settle(&self, verdict: Verdict<Response>, reads: bool) -> Verdict<Response> {
        match verdict {
            Verdict::Unknown(problem) if reads => Verdict::Later { after: None, scope: Scope::Item, problem },
            // Without a base, one silent host says nothing about the others.
            Verdict::Later { after, problem, .. } if self.base.is_none() => {
                Verdict::Later { after, scope: Scope::Item, problem }
            }
            Verdict::Auth(problem) if self.base.is_none() => Verdict::Refused(problem),
            other => other,
        }
    }
}

/// JSON when it is JSON, else text; at most [`OUTPUT_CAP`] bytes.
fn body_of(answer: &Answer) -> Value {
    let whole = &answer.body[..];
    if whole.len() <= OUTPUT_CAP
        && let Some(json) = answer.json()
    {
        return json;
    }
    let mut text = String::from_utf8_lossy(&whole[..whole.len().min(OUTPUT_CAP)]).into_owned();
    // A character that was cut in two would show as a replacement character at the end.
    if whole.len() > OUTPUT_CAP {
        text.truncate(text.trim_end_matches(char::REPLACEMENT_CHARACTER).len());
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::{any, get};
    use serde_json::json;

    use super::*;

    fn connection(settings: Value, private: bool) -> Result<Http, String> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let context =
            OpenContext { id: "web".into(), public_url: "https://flows.test".into(), allow_private_network: private };
        open(serde_json::from_value(settings).unwrap(), &context)
    }

    fn request(fields: Value) -> Request {
        serde_json::from_value(fields).unwrap()
    }

    fn call() -> Call {
        Call { key: "run/1".into(), attempt: 1, tries: 0, now: engine::clock::At(0), address: None, phone: None }
    }

    async fn serve(routes: Router) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        format!("http://{address}")
    }

    #[test]
    fn credentials_stay_below_the_base() {
        assert!(connection(json!({ "bearer": "s" }), false).is_err());
        assert!(
            connection(
                json!({ "base_url": "https://a.test", "bearer": "s", "basic": { "user": "u", "password": "p" } }),
                false
            )
            .is_err()
        );
        let http = connection(json!({ "base_url": "https://api.test/v1/", "bearer": "s" }), false).unwrap();
        for good in ["orders", "/orders?x=1", "https://api.test/v1/orders", "?x=1", "https://api.test/v1"] {
            assert!(http.address(good).is_ok(), "{good}");
        }
        let away = [
            "https://evil.test/",
            "../admin",
            "/%2e%2e/admin",
            "https://api.test/v10",
            "https://api.test.evil.test/v1/",
            "https://api.test@evil.test/v1",
        ];
        for bad in away {
            assert!(http.address(bad).is_err(), "{bad}");
        }
        assert!(connection(json!({}), false).unwrap().address("orders").is_err());
    }

    #[tokio::test]
    async fn an_answer_is_json_when_it_can_be_and_text_otherwise() {
        let routes = Router::new()
            .route("/json", get(|| async { axum::Json(json!({ "a": 1 })) }))
            .route("/text", get(|| async { "hello" }))
            .route("/long", get(|| async { "é".repeat(OUTPUT_CAP) }))
            .route(
                "/echo",
                any(|headers: http::HeaderMap, body: String| async move {
                    format!("{} {body}", headers["authorization"].to_str().unwrap())
                }),
            );
        let base = serve(routes).await;
        let http = connection(json!({ "base_url": base, "bearer": "s" }), true).unwrap();
        let body = async |fields: Value| match http.perform(request(fields), &call()).await {
            Verdict::Done(done) => done.output.body,
            other => panic!("{other:?}"),
        };
        assert_eq!(body(json!({ "url": "/json" })).await, json!({ "a": 1 }));
        assert_eq!(body(json!({ "url": "/text" })).await, json!("hello"));
        assert_eq!(body(json!({ "url": "/long" })).await, json!("é".repeat(OUTPUT_CAP / 2)));
        let forged = json!({ "url": "/echo", "method": "POST", "headers": { "Authorization": "mine" }, "text": "x" });
        assert_eq!(body(forged).await, json!("Bearer s x"));
    }

    #[tokio::test]
    async fn an_unclear_read_is_tried_again_and_an_unclear_write_is_not() {
        let broken = || async { http::StatusCode::INTERNAL_SERVER_ERROR };
        let base =
            serve(Router::new().route("/", any(broken)).route("/no", any(|| async { http::StatusCode::NOT_FOUND })))
                .await;
        let http = connection(json!({}), true).unwrap();
        let perform = async |fields: Value| http.perform(request(fields), &call()).await;
        let read = perform(json!({ "url": base })).await;
        assert!(matches!(read, Verdict::Later { scope: Scope::Item, .. }), "{read:?}");
        assert_eq!(perform(json!({ "url": base, "method": "POST" })).await.name(), "unknown");
        let missing = perform(json!({ "url": format!("{base}/no") })).await;
        assert!(matches!(&missing, Verdict::Refused(problem) if problem.code == "404"), "{missing:?}");
        let both = perform(json!({ "url": base, "json": 1, "text": "x" })).await;
        assert!(matches!(&both, Verdict::Refused(problem) if problem.code == "bad_input"), "{both:?}");
        let host = perform(json!({ "url": base, "headers": { "Host": "evil.test" } })).await;
        assert_eq!(host.name(), "refused");
    }

    #[tokio::test]
    async fn private_addresses_are_refused_by_default() {
        let http = connection(json!({}), false).unwrap();
        let verdict = http.perform(request(json!({ "url": "http://169.254.169.254/latest/meta-data" })), &call()).await;
        assert!(matches!(&verdict, Verdict::Refused(problem) if problem.code == "private_address"), "{verdict:?}");
    }
}
