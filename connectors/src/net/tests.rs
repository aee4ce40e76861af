//! The door against real servers on loopback.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use engine::connector::{OpenContext, Scope, Verdict};
use engine::secret::Secret;
use futures_util::FutureExt;
use http::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// A way out; the TLS provider is installed as the binary does.
fn net(private: bool) -> Net {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let context =
        OpenContext { id: "x".into(), public_url: "https://flows.test".into(), allow_private_network: private };
    Net::open(&context).unwrap()
}

/// Serves `routes` until the test ends; returns the address.
async fn serve(routes: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}")
}

fn get_of(url: String) -> Outgoing {
    Outgoing::new(Method::GET, url, Class::MayRepeat)
}

#[tokio::test]
async fn a_call_arrives_as_it_was_built() {
    let echo = |headers: http::HeaderMap, uri: http::Uri, body: String| async move {
        let show = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default().to_owned());
        axum::Json(json!({
            "auth": show("authorization"), "type": show("content-type"), "length": show("content-length"),
            "key": show("x-key"), "uri": uri.to_string(), "body": body,
        }))
    };
    let base = serve(Router::new().route("/echo", post(echo))).await;
    let call = Outgoing::new(Method::POST, format!("{base}/echo"), Class::Once)
        .bearer(&Secret::new("t0ken"))
        .header("X-Key", "run/1")
        .query(&[("a b".into(), "c&d".into())])
        .json(&json!({ "n": 1 }));
    let answer = net(true).send(call).await.unwrap();
    let expected = json!({
        "auth": "Bearer t0ken", "type": "application/json", "length": "7", "key": "run/1", "uri": "/echo?a+b=c%26d", "body": "{\"n\":1}",
    });
    assert_eq!(answer.json(), Some(expected));
    let call = Outgoing::new(Method::POST, format!("{base}/echo"), Class::Once)
        .basic("user", &Secret::new("pass"))
        .form(&[("To".into(), "+1 555".into())]);
    let shown = net(true).send(call).await.unwrap().json().unwrap();
    assert_eq!(shown["auth"], "Basic dXNlcjpwYXNz");
    assert_eq!(shown["body"], "To=%2B1+555");
    let empty = Outgoing::new(Method::POST, format!("{base}/echo"), Class::Once);
    let shown = net(true).send(empty).await.unwrap().json().unwrap();
    assert_eq!((&shown["length"], &shown["type"]), (&json!("0"), &json!(null)));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let away = || async { (http::StatusCode::FOUND, [("location", "/there")]) };
    let base = serve(Router::new().route("/", get(away)).route("/there", get(|| async { "followed" }))).await;
    let answer = net(true).send(get_of(base)).await.unwrap();
    assert_eq!(answer.status, 302);
    assert!(matches!(verdict_of_status::<()>(&answer, Class::Once), Some(Verdict::Refused(_))));
}

#[tokio::test]
async fn a_body_past_the_cap_is_cut_and_said_to_be() {
    let body = |size: usize| move || async move { vec![b'x'; size] };
    let routes = Router::new().route("/fits", get(body(BODY_CAP))).route("/over", get(body(BODY_CAP + 1)));
    let base = serve(routes).await;
    assert_eq!(net(true).send(get_of(format!("{base}/fits"))).await.unwrap().body.len(), BODY_CAP);
    let error = net(true).send(get_of(format!("{base}/over"))).await.unwrap_err();
    assert!(matches!(&error, NetError::TooLarge(answer) if answer.body.len() == BODY_CAP), "{error}");
    assert!(matches!(error.into_verdict::<()>(), Verdict::Unknown(problem) if problem.code == "too_large"));
}

#[tokio::test]
async fn a_refused_connection_was_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = net(true).send(get_of(format!("http://{address}/x?token=s3cret"))).await.unwrap_err();
    assert!(matches!(&error, NetError::NotSent { .. }), "{error}");
    assert!(!error.to_string().contains("s3cret"), "{error}");
    assert!(matches!(error.into_verdict::<()>(), Verdict::Later { scope: Scope::Connection, .. }));
}

#[tokio::test]
async fn tls_that_fails_was_not_sent() {
    let base = serve(Router::new()).await.replace("http://", "https://");
    let error = net(true).send(get_of(base)).await.unwrap_err();
    assert!(matches!(error, NetError::NotSent { .. }), "{error}");
}

/// A server that takes one whole request and then does as `then` says.
async fn after_the_request<F: Future<Output = ()> + Send + 'static>(
    then: impl FnOnce(tokio::net::TcpStream) -> F + Send + 'static,
) -> (String, tokio::sync::oneshot::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (arrived, seen) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.windows(4).any(|end| end == b"\r\n\r\n") {
            stream.read_buf(&mut request).await.unwrap();
        }
        arrived.send(()).unwrap();
        then(stream).await;
    });
    (format!("http://{address}/tickets?token=s3cret"), seen)
}

#[tokio::test]
async fn silence_after_sending_is_unclear_once_the_time_is_over() {
    let (url, seen) = after_the_request(|stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let call = Outgoing::new(Method::POST, url, Class::Once).within(Duration::from_millis(300));
    let error = net(true).send(call).await.unwrap_err();
    seen.await.expect("the request arrived whole");
    assert!(matches!(&error, NetError::Unclear { why, .. } if why == "time-out"), "{error}");
    assert!(!error.to_string().contains("s3cret"), "{error}");
    assert!(matches!(error.into_verdict::<()>(), Verdict::Unknown(problem) if problem.code == "timeout"));
}

#[tokio::test]
async fn a_call_whose_turn_is_too_far_off_is_not_sent() {
    let base = serve(Router::new().fallback(|| async { "hello" })).await;
    let one_a_second = net(true).paced(1);
    // A call takes its turn when it is first polled: one goes at once, five wait.
    let calls: Vec<_> = (0..7).map(|_| one_a_second.send(get_of(base.clone())).now_or_never()).collect();
    let [error] = <[NetError; 1]>::try_from(calls.into_iter().flatten().filter_map(Result::err).collect::<Vec<_>>())
        .unwrap_or_else(|errors| panic!("{errors:?}"));
    let verdict = error.into_verdict::<()>();
    let Verdict::Later { after: Some(after), scope: Scope::Connection, .. } = verdict else { panic!("{verdict:?}") };
    assert!(after > Duration::from_secs(5), "{after:?}");
    assert_eq!(net(true).paced(0).send(get_of(base)).await.unwrap().status, 200);
}

#[test]
fn a_call_that_must_happen_once_is_waited_for_longer() {
    assert_eq!(Class::MayRepeat.timeout(), Duration::from_secs(10));
    assert_eq!(Class::Once.timeout(), Duration::from_secs(30));
}

#[tokio::test]
async fn a_connection_that_breaks_after_sending_is_unclear() {
    let (url, _seen) = after_the_request(|stream| async move { drop(stream) }).await;
    let error = net(true).send(get_of(url)).await.unwrap_err();
    assert!(matches!(error, NetError::Unclear { .. }), "{error}");
    let (url, _seen) = after_the_request(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await.unwrap();
    })
    .await;
    let error = net(true).send(get_of(url)).await.unwrap_err();
    assert!(matches!(error, NetError::Unclear { .. }), "{error}");
    assert!(matches!(error.into_verdict::<()>(), Verdict::Unknown(_)));
}

#[tokio::test]
async fn private_addresses_are_refused_before_anything_is_sent() {
    let hits = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let count = Arc::clone(&hits);
    let routes = Router::new().fallback(move || {
        count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async { "inside" }
    });
    let base = serve(routes).await;
    let port = base.rsplit(':').next().unwrap();
    for host in
        ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "[::1]", "169.254.169.254", "0"]
    {
        let error = net(false).send(get_of(format!("http://{host}:{port}/"))).await.unwrap_err();
        assert!(matches!(error, NetError::Address { .. }), "{host}: {error}");
    }
    assert_eq!(hits.load(std::sync::atomic::Ordering::SeqCst), 0);
    assert_eq!(net(true).send(get_of(format!("http://localhost:{port}/"))).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_call_that_cannot_be_built_is_refused() {
    let calls = [
        get_of("ftp://files.test/".into()),
        get_of("not an address".into()),
        get_of("https://user:s3cret@crm.test/".into()),
        get_of("https://crm.test/".into()).header("bad name", "x"),
        get_of("https://crm.test/".into()).header("x", "line\r\nInjected: 1"),
        get_of("https://crm.test/".into()).bearer(&Secret::new("s3cret\n")),
    ];
    for call in calls {
        let error = net(true).send(call).await.unwrap_err();
        assert!(matches!(error, NetError::Invalid(_)), "{error}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
        assert!(matches!(error.into_verdict::<()>(), Verdict::Refused(_)));
    }
}

#[tokio::test]
async fn a_service_that_quotes_our_secrets_is_not_quoted_with_them() {
    let echo = |headers: http::HeaderMap| async move {
        let show = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default().to_owned());
        (http::StatusCode::BAD_REQUEST, format!("bad {:?} or {:?}", show("authorization"), show("x-api-key")))
    };
    let base = serve(Router::new().fallback(echo)).await;
    let calls = [
        get_of(base.clone()).bearer(&Secret::new("s3cret-t0ken")),
        get_of(base.clone()).basic("user", &Secret::new("s3cret-word")),
        get_of(base.clone()).secret_header("X-Api-Key", &Secret::new("Token s3cret-key")),
    ];
    for call in calls {
        let answer = net(true).send(call).await.unwrap();
        let message = answer.problem().message;
        assert!(message.contains("***"), "{message}");
        assert!(!message.contains("s3cret") && !message.contains("dXNlcjpz"), "{message}");
        assert_eq!(answer.words("unknown key s3cret"), "unknown key s3cret", "no secret of this call");
    }
}

#[tokio::test]
async fn who_a_call_is_about_stays_out_of_problems() {
    let base = serve(Router::new().fallback(|body: String| async { (http::StatusCode::CONFLICT, body) })).await;
    let url = format!("{base}/contacts/%2B8613800138000");
    let call = Outgoing::new(Method::PUT, url, Class::MayRepeat).text("taken: ana@example.com, 8613800138000".into());
    let message = net(true).send(call).await.unwrap().problem().message;
    assert!(message.ends_with("/contacts/… answered 409: taken: …, …"), "{message}");
}

#[test]
fn a_path_that_is_a_secret_is_not_named() {
    let url = Url::parse("https://hooks.test/services/T0/B0/s3cret?x=1").unwrap();
    assert_eq!(place(&url, true), "hooks.test/…");
    assert_eq!(place(&url, false), "hooks.test/services/T0/B0/s3cret");
}

#[test]
fn a_base_url_is_checked_when_the_connection_opens() {
    assert_eq!(base_url("http://127.0.0.1:9100/"), Ok("http://127.0.0.1:9100".into()));
    assert_eq!(base_url("https://api.hubapi.com"), Ok("https://api.hubapi.com".into()));
    for bad in ["api.hubapi.com", "ftp://x.test", "https://u:p@x.test", "https://x.test/?a=1", ""] {
        assert!(base_url(bad).is_err(), "{bad}");
    }
}
