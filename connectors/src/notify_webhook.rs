//! `notify.webhook`: tells a team about an escalation by a POST to an address of its own.
//!
//! The body is the escalation as JSON with a `text` that reads by itself. With a secret it is signed as `webhook.rs`
//! describes.

use engine::capability::contact::Nothing;
use engine::capability::human::NotifyEscalation;
use engine::connector::{
    Call, Connection, Connector, ConnectorBuilder, Finding, OpenContext, Performs, Repeat, Verdict,
};
use engine::secret::Secret;
use futures_util::future::BoxFuture;
use http::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::net::{Class, Net, NetError, Outgoing, verdict_of_status};
use crate::webhook::sign;

/// The connector.
pub(crate) fn connector() -> Connector {
    ConnectorBuilder::<NotifyWebhook>::new("notify.webhook", "Notification by webhook")
        .performs::<NotifyEscalation>()
        .opens(open)
}

/// Whom to tell.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The whole address. Its path is kept out of problems and logs, as some services put a secret there.
    url: String,
    /// Key of the signature in `X-Signature`. Default: not signed.
    #[serde(default)]
    secret: Option<Secret>,
}

fn open(settings: Settings, context: &OpenContext) -> Result<NotifyWebhook, String> {
    let Settings { url, secret } = settings;
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return Err("url must begin with https://".into());
    }
    Ok(NotifyWebhook { net: Net::open(context)?, url, secret })
}

/// One address to be told.
pub(crate) struct NotifyWebhook {
    net: Net,
    url: String,
    secret: Option<Secret>,
}

impl Connection for NotifyWebhook {
    fn check(&self) -> BoxFuture<'_, Vec<Finding>> {
        let text = "a call would disturb the team, so none is made to check it".to_owned();
        Box::pin(async { vec![Finding { good: true, about: "address".into(), text }] })
    }
}

impl Performs<NotifyEscalation> for NotifyWebhook {
    /// Told twice does less harm than not told at all. The key goes along, so that a careful receiver drops the double.
    const REPEAT: Repeat = Repeat::Safe;

    async fn perform(&self, input: NotifyEscalation, call: &Call) -> Verdict<Nothing> {
        let body = message(&input);
        let mut outgoing = Outgoing::new(Method::POST, self.url.clone(), Class::MayRepeat)
            .hide_path()
            .header("Idempotency-Key", &call.key)
            .json(&body);
        if let Some(secret) = &self.secret {
            outgoing = outgoing.header("X-Signature", &sign(secret, body.to_string().as_bytes(), call.now));
        }
        match self.net.send(outgoing).await {
            Ok(answer) => verdict_of_status(&answer, Class::MayRepeat).unwrap_or_else(|| Verdict::done(Nothing {})),
            // Nobody reads the answer, so its length does not matter.
            Err(NetError::TooLarge(answer)) if answer.status.is_success() => Verdict::done(Nothing {}),
            Err(error) => error.into_verdict(),
        }
    }
}

fn message(input: &NotifyEscalation) -> Value {
    let NotifyEscalation { escalation, state, team, reason, customer, deadline, run, .. } = input;
    let text = format!("escalation {state} to {team}: {reason} ({customer}), to be taken by {deadline}");
    json!({
        "text": text, "escalation": escalation, "state": state, "team": team, "reason": reason,
        "customer": customer, "deadline": deadline, "run": run,
    })
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::post;
    use engine::clock::At;
    use engine::connector::Scope;
    use tokio::sync::mpsc;

    use super::*;

    fn input() -> NotifyEscalation {
        NotifyEscalation {
            escalation: "esc_1".into(),
            state: "offered".into(),
            team: "care".into(),
            reason: "complaint".into(),
            customer: "Li Wei +8613800138000".into(),
            deadline: "2026-01-01T00:00:20.000Z".into(),
            run: "run_1".into(),
            ..NotifyEscalation::default()
        }
    }

    fn call() -> Call {
        Call { key: "run_1/2".into(), attempt: 1, tries: 0, now: At(1_760_000_000_000), address: None, phone: None }
    }

    async fn serve(routes: Router) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        format!("http://{address}")
    }

    fn notifier(url: String) -> NotifyWebhook {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let context =
            OpenContext { id: "n".into(), public_url: "https://flows.test".into(), allow_private_network: true };
        open(Settings { url, secret: Some(Secret::new("k")) }, &context).unwrap()
    }

    #[tokio::test]
    async fn the_team_gets_a_signed_and_keyed_message() {
        let (told, mut heard) = mpsc::unbounded_channel();
        let routes = Router::new().route(
            "/t0ken",
            post(move |headers: http::HeaderMap, body: String| async move {
                let _ = told.send((headers, body));
            }),
        );
        let base = serve(routes).await;
        assert_eq!(notifier(format!("{base}/t0ken")).perform(input(), &call()).await.name(), "done");
        let (headers, body) = heard.recv().await.unwrap();
        assert_eq!(headers["idempotency-key"], "run_1/2");
        assert_eq!(headers["x-signature"], sign(&Secret::new("k"), body.as_bytes(), call().now).as_str());
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["escalation"], "esc_1");
        assert_eq!(
            body["text"],
            "escalation offered to care: complaint (Li Wei +8613800138000), to be taken by 2026-01-01T00:00:20.000Z"
        );
    }

    #[tokio::test]
    async fn a_failure_names_the_host_but_not_the_secret_path() {
        let routes = Router::new().route("/t0ken", post(|| async { http::StatusCode::SERVICE_UNAVAILABLE }));
        let base = serve(routes).await;
        let verdict = notifier(format!("{base}/t0ken")).perform(input(), &call()).await;
        assert!(matches!(verdict, Verdict::Later { scope: Scope::Connection, .. }), "{verdict:?}");
        let message = verdict.problem().unwrap().message.clone();
        assert!(message.contains("127.0.0.1") && !message.contains("t0ken"), "{message}");
    }
}
