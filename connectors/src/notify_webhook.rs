//! `notify.webhook`: tells people by a POST to an address of their own: escalations, alarms, and what flows tell.
//!
//! The body is JSON: `event` says what it is (`escalation`, `alarm`, `notice`), `text` reads by itself, and the fields of
//! the action stand beside them. With a secret it is signed as `webhook.rs` describes. An answer `{"message": "…"}` names
//! the message; when it is to be changed, that name comes back in `earlier`.

use std::sync::Arc;

use engine::capability::human::NotifyEscalation;
use engine::capability::notify::{AlarmState, Send, TellAlarm, Told};
use engine::connector::{
    Call, Connection, Connector, ConnectorBuilder, Finding, OpenContext, Performs, Repeat, Verdict,
};
use engine::secret::Secret;
use engine::sentence;
use futures_util::future::BoxFuture;
use http::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::net::{Answer, Class, Net, NetError, Outgoing, verdict_of_status};
use crate::notice::whole;
use crate::webhook::sign;

/// Longest name of a message that is kept.
const LONGEST_NAME: usize = 200;

/// The connector.
pub(crate) fn connector() -> Connector {
    ConnectorBuilder::<NotifyWebhook>::new("notify.webhook", "Notification by webhook")
        .performs::<NotifyEscalation>()
        .performs::<Send>()
        .performs::<TellAlarm>()
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
    Ok(NotifyWebhook { net: Net::open(context)?, url, secret, own: Arc::clone(&context.public_url) })
}

/// One address to be told.
pub(crate) struct NotifyWebhook {
    net: Net,
    url: String,
    secret: Option<Secret>,
    /// Our own address.
    own: Arc<str>,
}

impl Connection for NotifyWebhook {
    fn check(&self) -> BoxFuture<'_, Vec<Finding>> {
        let text = sentence!("a call would disturb the team, so none is made to check it");
        Box::pin(async { vec![Finding::new(true, "address", text)] })
    }
}

impl Performs<NotifyEscalation> for NotifyWebhook {
    /// Told twice does less harm than not told at all. The key goes along, so that a careful receiver drops the double.
    const REPEAT: Repeat = Repeat::Safe;

    async fn perform(&self, input: NotifyEscalation, call: &Call) -> Verdict<Told> {
        self.post(&of_escalation(&input, &self.own), call).await
    }
}

impl Performs<Send> for NotifyWebhook {
    /// As for escalations.
    const REPEAT: Repeat = Repeat::Safe;

    async fn perform(&self, input: Send, call: &Call) -> Verdict<Told> {
        let body = json!({
            "event": "notice", "text": input.text, "title": input.title, "level": input.level, "to": input.to,
        });
        self.post(&body, call).await
    }
}

impl Performs<TellAlarm> for NotifyWebhook {
    /// As for escalations.
    const REPEAT: Repeat = Repeat::Safe;

    async fn perform(&self, input: TellAlarm, call: &Call) -> Verdict<Told> {
        self.post(&of_alarm(&input, &self.own), call).await
    }
}

impl NotifyWebhook {
    async fn post(&self, body: &Value, call: &Call) -> Verdict<Told> {
        let mut outgoing = Outgoing::new(Method::POST, self.url.clone(), Class::MayRepeat)
            .hide_path()
            .header("Idempotency-Key", &call.key)
            .json(body);
        if let Some(secret) = &self.secret {
            outgoing = outgoing.header("X-Signature", &sign(secret, body.to_string().as_bytes(), call.now));
        }
        match self.net.send(outgoing).await {
            Ok(answer) => verdict_of_status(&answer, Class::MayRepeat).unwrap_or_else(|| Verdict::done(told(&answer))),
            // A longer answer names no message.
            Err(NetError::TooLarge(answer)) if answer.status.is_success() => Verdict::done(Told::default()),
            Err(error) => error.into_verdict(),
        }
    }
}

/// The message that the receiver names, if it names one: at most 200 characters.
fn told(answer: &Answer) -> Told {
    let named = answer.json().and_then(|body| Some(body["message"].as_str()?.to_owned()));
    Told { message: named.filter(|name| !name.is_empty() && name.chars().count() <= LONGEST_NAME) }
}

fn of_escalation(input: &NotifyEscalation, own: &str) -> Value {
    let NotifyEscalation { escalation, state, team, reason, customer, deadline, run, channel, earlier, url, by } =
        input;
    let url = url.as_deref().map(|url| whole(url, own));
    let text = match by {
        Some(by) => format!("escalation {state} by {by}: {reason} ({customer})"),
        None => format!("escalation {state} to {team}: {reason} ({customer}), to be taken by {deadline}"),
    };
    json!({
        "event": "escalation", "text": text, "escalation": escalation, "state": state, "team": team, "reason": reason,
        "customer": customer, "deadline": deadline, "run": run, "channel": channel, "earlier": earlier, "url": url, "by": by,
    })
}

fn of_alarm(input: &TellAlarm, own: &str) -> Value {
    let TellAlarm { alarm, key, kind, title, text, level, url, repeat, state, channel, earlier, by, .. } = input;
    let TellAlarm { team, customer, waits_s, .. } = input;
    let url = url.as_deref().map(|url| whole(url, own));
    let words = match state {
        AlarmState::Open if waits_s.is_some() => {
            let (waits, name) =
                (waits_s.unwrap_or_default(), customer.as_deref().unwrap_or("somebody whose name is not known"));
            format!("{title}: {name} waits for {waits} s")
        }
        AlarmState::Open => format!("{title}: {text}"),
        AlarmState::Acknowledged => format!("{title}: acknowledged by {}", by.as_deref().unwrap_or("somebody")),
        AlarmState::Ended => format!("{title}: over"),
    };
    json!({
        "event": "alarm", "text": words, "alarm": alarm, "key": key, "kind": kind, "title": title, "detail": text, "level": level,
        "url": url, "repeat": repeat, "state": state, "channel": channel, "earlier": earlier, "by": by,
        "team": team, "customer": customer, "waits_s": waits_s,
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
    async fn alarms_and_notices_say_what_they_are_and_a_named_message_is_remembered() {
        let (told, mut heard) = mpsc::unbounded_channel();
        let route = post(move |body: axum::Json<Value>| async move {
            let _ = told.send(body.0);
            axum::Json(json!({ "message": "m-1" }))
        });
        let notifier = notifier(serve(Router::new().route("/t", route)).await + "/t");
        let alarm = crate::notice::tests::alarm(AlarmState::Open);
        let verdict = notifier.perform(TellAlarm { earlier: Some("m-0".into()), ..alarm }, &call()).await;
        assert_eq!(verdict, Verdict::done(Told { message: Some("m-1".into()) }));
        let body = heard.recv().await.unwrap();
        assert_eq!(
            (&body["event"], &body["earlier"], &body["level"]),
            (&json!("alarm"), &json!("m-0"), &json!("alarm"))
        );
        assert_eq!(body["text"], "hubspot-main is down: It answers 401. Sign in again.");
        notifier.perform(crate::notice::tests::missed(), &call()).await;
        let body = heard.recv().await.unwrap();
        let missed = "Nobody of Customer care took a customer in time: Li Wei · +8613800138000 waits for 75 s";
        assert_eq!(
            (&body["text"], &body["team"], &body["waits_s"]),
            (&json!(missed), &json!("Customer care"), &json!(75))
        );
        notifier.perform(crate::notice::tests::said("five left"), &call()).await;
        let body = heard.recv().await.unwrap();
        assert_eq!(
            (&body["event"], &body["text"], &body["title"]),
            (&json!("notice"), &json!("five left"), &json!("Stock"))
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
