//! Example: a shop's order service, called "Parcel" here. Reads an order, and makes a shipment once.
//!
//! Copy this file to `src/<name>.rs`, rename, and add two lines to `src/lib.rs`: `mod <name>;` and
//! `.with(<name>::connector())`. There is nothing else to do: the form comes from the settings' schema, retries and the
//! log from the engine. This very file is compiled and tested with the others. Begin the module's first lines as here:
//! what it is, and the source of every fact ("Parcel, API reference, read 2026-11-01").

use engine::connector::{
    Action, Call, Connection, Connector, ConnectorBuilder, Finding, OpenContext, Performs, Problem, Repeat, Verdict,
};
use engine::secret::Secret;
use futures_util::future::BoxFuture;
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::net::{Class, Net, Outgoing, base_url, verdict_of_status};

/// How long Parcel remembers an idempotency key, in seconds. Source: Parcel, "Idempotency".
const KEY_WINDOW_S: u32 = 24 * 60 * 60;

/// The connector: everything this file offers, in reading order.
pub(crate) fn connector() -> Connector {
    ConnectorBuilder::<Parcel>::new("parcel", "Parcel")
        .performs::<CreateShipment>()
        // 5 calls a second, 4 at once. Source: Parcel, "Rate limits".
        .limits(5, 4)
        .opens(open)
}

/// What a person fills in to connect an account. Each doc line is the text beside its field.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// API token, from Parcel's settings page.
    token: Secret,
    /// Address of the API. Default `https://api.parcel.example`.
    #[serde(default = "default_base")]
    base_url: String,
}

fn default_base() -> String {
    "https://api.parcel.example".into()
}

/// Says what is wrong with the settings, in words for the person who wrote them. Makes no call.
fn open(settings: Settings, context: &OpenContext) -> Result<Parcel, String> {
    Ok(Parcel { net: Net::open(context)?, base: base_url(&settings.base_url)?, token: settings.token })
}

/// One account.
pub(crate) struct Parcel {
    net: Net,
    base: String,
    token: Secret,
}

impl Connection for Parcel {
    // A service with webhooks also has `fn door`, and its account implements `Door`: see `webhook.rs`.

    /// The cheapest call that proves the token.
    fn check(&self) -> BoxFuture<'_, Vec<Finding>> {
        Box::pin(async {
            let call = Outgoing::new(Method::GET, format!("{}/me", self.base), Class::MayRepeat).bearer(&self.token);
            let problem = match self.net.send(call).await {
                Ok(answer) => {
                    verdict_of_status::<()>(&answer, Class::MayRepeat).and_then(|verdict| verdict.problem().cloned())
                }
                Err(error) => error.into_verdict::<()>().problem().cloned(),
            };
            let text = problem.as_ref().map_or("works".to_owned(), |problem| problem.message.clone());
            vec![Finding::new(problem.is_none(), "token", text)]
        })
    }
}

/// Makes a shipment for an order. An action of this connector only; a capability's action would come from
/// `engine::capability`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateShipment {
    /// The order's number in the shop.
    #[schemars(length(min = 1, max = 64))]
    order: String,
    /// Weight in grams, 1 to 30 000.
    #[schemars(range(min = 1, max = 30_000))]
    grams: u32,
}

/// What later steps read.
#[derive(Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
pub(crate) struct Shipment {
    /// Parcel's tracking number.
    tracking: String,
}

impl Action for CreateShipment {
    const NAME: &'static str = "parcel.create_shipment";
    const ABOUT: &'static str = "Makes a shipment for an order.";
    type Output = Shipment;
    fn sample() -> Shipment {
        Shipment { tracking: "TEST-1".into() }
    }
}

impl Performs<CreateShipment> for Parcel {
    /// Parcel drops a second call with the same `Idempotency-Key`. Source: Parcel, "Idempotency".
    const REPEAT: Repeat = Repeat::Keyed { window_s: KEY_WINDOW_S };

    /// One call, never repeated here. The key is kept by repeats, so it is what the provider must see.
    async fn perform(&self, input: CreateShipment, call: &Call) -> Verdict<Shipment> {
        let outgoing = Outgoing::new(Method::POST, format!("{}/shipments", self.base), Class::MayRepeat)
            .bearer(&self.token)
            .header("Idempotency-Key", &call.key)
            .json(&json!({ "order": input.order, "weight_g": input.grams }));
        let answer = match self.net.send(outgoing).await {
            Ok(answer) => answer,
            Err(error) => return error.into_verdict(),
        };
        // What the service says better than its status comes before the default.
        if answer.status == 422 {
            let problem =
                Problem::new("bad_address", "parcel does not deliver to the order's address").with_status(422);
            return Verdict::Refused(problem);
        }
        if let Some(verdict) = verdict_of_status(&answer, Class::MayRepeat) {
            return verdict;
        }
        match serde_json::from_slice(&answer.body) {
            Ok(shipment) => Verdict::done(shipment),
            // It answered "done", so it may have happened: never `Refused`.
            Err(error) => Verdict::Unknown(Problem::new("unreadable_answer", format!("parcel's answer: {error}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::StatusCode;
    use axum::routing::post;
    use engine::clock::At;

    use super::*;

    /// An account at a Parcel that answers each shipment so, over real HTTP.
    async fn parcel(status: u16, body: &'static str) -> Parcel {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let answer = move |headers: http::HeaderMap| async move {
            assert_eq!(headers["idempotency-key"], "run_1/1");
            (StatusCode::from_u16(status).unwrap(), body)
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new().route("/shipments", post(answer));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let context =
            OpenContext { id: "p".into(), public_url: "https://flows.test".into(), allow_private_network: true };
        open(Settings { token: Secret::new("t"), base_url }, &context).unwrap()
    }

    async fn shipped(status: u16, body: &'static str) -> Verdict<Shipment> {
        let call = Call { key: "run_1/1".into(), attempt: 1, tries: 0, now: At(0), address: None, phone: None };
        parcel(status, body).await.perform(CreateShipment { order: "A1".into(), grams: 500 }, &call).await
    }

    #[tokio::test]
    async fn an_answer_becomes_the_output_and_a_refusal_a_verdict() {
        assert_eq!(shipped(201, r#"{"tracking":"P9"}"#).await, Verdict::done(Shipment { tracking: "P9".into() }));
        assert!(matches!(shipped(422, "").await, Verdict::Refused(problem) if problem.code == "bad_address"));
        for (status, body, name) in
            [(429, "", "later"), (401, "", "auth"), (500, "", "unknown"), (201, "<html>", "unknown")]
        {
            assert_eq!(shipped(status, body).await.name(), name, "{status}");
        }
    }

    #[test]
    fn it_opens_from_its_settings() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let context =
            OpenContext { id: "p".into(), public_url: "https://flows.test".into(), allow_private_network: false };
        let registry = engine::connector::Registry::default().with(connector());
        assert!(registry.open("parcel", json!({ "token": "t" }), &context).is_ok());
        assert!(registry.open("parcel", json!({ "tokn": "t" }), &context).is_err());
    }
}
