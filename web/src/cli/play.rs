//! `switchboard play`: a customer (or a CRM user) of the sandbox.

use clap::{Args, Subcommand};
use connectors::sandbox::{Act, Item, Order, Play as Played, Provider};
use serde_json::Value;

use super::watch::{Watch, server};
use super::{Context, Failure, Outcome, Verdict, print};

#[derive(Debug, Args)]
pub(super) struct Play {
    #[command(subcommand)]
    act: PlayAct,
    /// The customer's phone number
    #[arg(long, global = true, default_value = "+8613800138000")]
    from: String,
    /// The customer's name
    #[arg(long, global = true, default_value = "Li Wei")]
    name: String,
    /// Through Twilio instead of the Cloud API
    #[arg(long, global = true)]
    twilio: bool,
    /// A message id to use: playing the same one twice is a repeated delivery
    #[arg(long, global = true)]
    message_id: Option<String>,
    /// Waits for what comes of it and tells the runs step by step
    #[arg(long, global = true)]
    watch: bool,
    /// The sandbox's address [default: the one of the server that works in --data]
    #[arg(long, global = true, env = "SWITCHBOARD_SANDBOX_URL")]
    sandbox_url: Option<String>,
}

#[derive(Debug, Subcommand)]
enum PlayAct {
    /// Sends a cart
    Order {
        /// A line: sku, quantity and price of one, such as TEA-1:2:1250
        #[arg(long = "item", value_parser = item, default_value = "TEA-1:2:1250")]
        items: Vec<(String, u32, serde_json::Number)>,
        /// ISO 4217
        #[arg(long, default_value = "CNY")]
        currency: String,
        /// The customer's note
        #[arg(long)]
        note: Option<String>,
    },
    /// Writes a text
    Message {
        /// The text
        text: String,
    },
    /// Taps a quick reply of a template
    Button {
        /// The button's text
        text: String,
        /// The button's payload [default: its text]
        #[arg(long)]
        payload: Option<String>,
    },
    /// Taps a button or a row of the newest message with choices
    Tap {
        /// Its place from 1, or its words
        choice: String,
    },
    /// Changes a property of a CRM record, as a CRM user would
    Change {
        /// `contacts` or `tickets`
        object: String,
        /// The record's id
        id: String,
        /// The property
        property: String,
        /// Its new value
        value: String,
    },
}

fn item(text: &str) -> Result<(String, u32, serde_json::Number), String> {
    let shape = || format!("`{text}` is not SKU:QUANTITY:PRICE");
    let (rest, price) = text.rsplit_once(':').ok_or_else(shape)?;
    let (sku, quantity) = rest.rsplit_once(':').ok_or_else(shape)?;
    Ok((sku.to_owned(), quantity.parse().map_err(|_| shape())?, price.parse().map_err(|_| shape())?))
}

impl Play {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        let url = match &self.sandbox_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => sandbox_of_server(context).await?,
        };
        let watch = match self.watch {
            true => Some(Watch::begin(context, &self.from).await?),
            false => None,
        };
        let desk = format!("{url}/_sandbox/play");
        let response =
            reqwest::Client::new().post(desk).json(&self.into_play()).send().await.map_err(Failure::failed)?;
        let (status, answer) = (response.status(), response.json::<Value>().await.unwrap_or_default());
        if !status.is_success() {
            return Err(Failure::failed(format_args!("the sandbox refused ({status}): {answer}")));
        }
        let webhook = answer["webhook_status"].as_u64();
        let code = webhook.map_or("no answer".to_owned(), |code| code.to_string());
        let ms = answer["webhook_ms"].as_f64().unwrap_or_default();
        print::line(format_args!(
            "{} delivered: webhook answered {code} after {ms:.1} ms",
            print::text(&answer, "message_id")
        ));
        if let Some(watch) = watch {
            watch.tell().await?;
        }
        Ok(Verdict::good_if(webhook == Some(200)))
    }

    fn into_play(self) -> Played {
        let act = match self.act {
            PlayAct::Order { items, currency, note } => {
                let item = |(sku, quantity, price)| Item { sku, quantity, price, currency: currency.clone() };
                let items = items.into_iter().map(item).collect();
                Act::Order { order: Order { catalog_id: "demo".into(), items, text: note } }
            }
            PlayAct::Message { text } => Act::Message { text },
            PlayAct::Button { text, payload } => {
                Act::Button { payload: payload.unwrap_or_else(|| text.clone()), text, reply_to: None }
            }
            PlayAct::Tap { choice } => Act::Tap { choice },
            PlayAct::Change { object, id, property, value } => Act::PropertyChange { object, id, property, value },
        };
        let provider = match (&act, self.twilio) {
            (Act::PropertyChange { .. }, _) => Provider::Hubspot,
            (_, true) => Provider::Twilio,
            (_, false) => Provider::CloudApi,
        };
        Played { provider, from: self.from, name: self.name, message_id: self.message_id, act }
    }
}

async fn sandbox_of_server(context: &Context) -> Result<String, Failure> {
    let missing =
        "no server with a sandbox works there: start one with `switchboard serve --sandbox`, or name --sandbox-url";
    let system = server(context).await?.get("/system").await?;
    let url = system["sandbox_url"].as_str().map(str::to_owned);
    url.ok_or_else(|| Failure::failed(missing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_sku_quantity_and_price() {
        let (sku, quantity, price) = item("SHOP:TEA-1:2:12.50").unwrap();
        assert_eq!((sku.as_str(), quantity, price.as_f64()), ("SHOP:TEA-1", 2, Some(12.5)));
        assert!(item("TEA-1:2").is_err());
        assert!(item("TEA-1:two:3").is_err());
    }
}
