//! The floor: the same work without an engine. A process that takes the same webhooks, makes the same calls to the same
//! sandbox with the same client, and group-commits as many rows and bytes to the same database with full sync, in the same stages: nothing is
//! decided, explained, retried or resumed.
//!
//! What is fixed here, so that ratios can be compared: the client and its pool ([`client`]), the rows of each stage and
//! their bytes ([`Stage`] and below), the calls ([`calls`](mod@calls)), the writer ([`writer`](mod@writer)) and its statements
//! ([`sqlite`](mod@sqlite), [`postgres`](mod@postgres)).

mod calls;
mod postgres;
mod sqlite;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use reqwest::Client;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::database::Database;
use crate::process::{self, Process};
use calls::Calls;
use writer::{Ops, ROWS_OF_A_RUN, Row, Writer};

/// Rows of one stage by what they are: those added and changed with their bytes, and those that go.
struct Stage {
    adds: &'static [(Part, usize)],
    changes: &'static [(Part, usize)],
    removes: &'static [Part],
}

/// The rows of a run of `order.yaml` as the engine writes them; engine and floor commit at the same points of it.
#[derive(Clone, Copy)]
enum Part {
    Event,
    Received,
    Input,
    Contact,
    Conversation,
    Run,
    Handled,
    Turn1,
    Call1,
    Turn2,
    Call2,
    Turn3,
    Sent,
    Tag,
}
use Part::*;

// Bytes are those that the engine's columns hold (text and blobs, 8 a number), measured on its database.
const ARRIVED: Stage = Stage {
    adds: &[(Event, 800), (Received, 65), (Input, 48), (Contact, 80), (Conversation, 95)],
    changes: &[],
    removes: &[],
};
const BEGAN: Stage = Stage {
    adds: &[(Run, 660), (Handled, 230), (Turn1, 380), (Call1, 385)],
    changes: &[(Contact, 80), (Conversation, 95)],
    removes: &[Input],
};
const STARTED_1: Stage = Stage { adds: &[], changes: &[(Call1, 385)], removes: &[] };
const TICKETED: Stage = Stage { adds: &[(Turn2, 370), (Call2, 405)], changes: &[(Run, 660)], removes: &[Call1] };
const STARTED_2: Stage = Stage { adds: &[], changes: &[(Call2, 405)], removes: &[] };
const ENDED: Stage = Stage {
    adds: &[(Turn3, 390), (Sent, 330), (Tag, 46)],
    changes: &[(Run, 120), (Contact, 80), (Conversation, 95)],
    removes: &[Call2],
};
const STATUS: Stage = Stage { adds: &[], changes: &[(Sent, 330)], removes: &[] };

/// A running floor.
pub(crate) struct Floor {
    pub(crate) process: Process,
    pub(crate) hook: String,
}

/// Starts the floor's process, with its rows in `database`.
pub(crate) async fn start(sandbox: &str, database: &Database) -> Result<Floor> {
    let mut process = Process::own("floor", &[sandbox, &database.to_string()])?;
    let (url, _) = process.says("floor on ", Duration::from_secs(10)).await?;
    Ok(Floor { process, hook: format!("{url}/hooks/wa-main") })
}

/// `bench floor SANDBOX DATABASE`: serves until the benchmark is gone.
pub(crate) async fn serve(sandbox: &str, database: &Database) -> Result<()> {
    let shop = Arc::new(Shop { calls: Calls::new(client()?, sandbox), writer: Writer::start(database).await? });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    crate::say(format_args!("floor on http://{}", listener.local_addr()?));
    let router = Router::new().route("/hooks/{id}", post(hook)).with_state(shop);
    tokio::select! {
        served = axum::serve(listener, router) => served.context("the floor's server ended"),
        () = process::until_left_alone() => Ok(()),
    }
}

/// The engine's client for outgoing calls (`connectors/src/net`), as far as it matters on loopback.
fn client() -> Result<Client> {
    let builder = Client::builder()
        .connect_timeout(Duration::from_millis(1_500))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tcp_nodelay(true)
        .pool_idle_timeout(Duration::from_secs(4))
        .pool_max_idle_per_host(512);
    Ok(builder.build()?)
}

struct Shop {
    calls: Calls,
    writer: Writer,
}

/// Takes a webhook: 200 after its rows are on disk.
async fn hook(State(shop): State<Arc<Shop>>, body: Bytes) -> StatusCode {
    let Ok(body) = serde_json::from_slice::<Value>(&body) else { return StatusCode::BAD_REQUEST };
    let value = &body["entry"][0]["changes"][0]["value"];
    let items = |name: &str| value[name].as_array().cloned().unwrap_or_default();
    let orders: Vec<(Order, i64)> =
        items("messages").iter().map(|message| (Order::of(message), shop.writer.new_run())).collect();
    let mut ops = Ops::default();
    orders.iter().for_each(|(_, run)| ops.stage(*run, &ARRIVED));
    // Which run a status belongs to is told by the key that comes back with it.
    let keys = items("statuses");
    let runs = keys.iter().filter_map(|status| status["biz_opaque_callback_data"].as_str()?.parse().ok());
    runs.for_each(|run| ops.stage(run, &STATUS));
    if shop.writer.commit(ops).await.is_err() {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    for (order, run) in orders {
        let shop = Arc::clone(&shop);
        tokio::spawn(async move {
            if let Err(error) = carry_out(&shop, &order, run).await {
                crate::tell(format_args!("floor: a run failed: {error:#}"));
            }
        });
    }
    StatusCode::OK
}

struct Order {
    id: String,
    phone: String,
}

impl Order {
    fn of(message: &Value) -> Self {
        let text = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
        Self { id: text("id"), phone: format!("+{}", text("from")) }
    }
}

/// One run: the calls of `order.yaml` with a commit before and after each.
async fn carry_out(shop: &Shop, order: &Order, run: i64) -> Result<()> {
    let commit = async |stage: &Stage| {
        let mut ops = Ops::default();
        ops.stage(run, stage);
        shop.writer.commit(ops).await
    };
    commit(&BEGAN).await?;
    commit(&STARTED_1).await?;
    let ticket = shop.calls.create_ticket(&order.id, &order.phone, run).await?;
    commit(&TICKETED).await?;
    commit(&STARTED_2).await?;
    shop.calls.send_template(&order.id, &order.phone, &ticket, run).await?;
    commit(&ENDED).await
}

impl Ops {
    fn stage(&mut self, run: i64, stage: &Stage) {
        let row = |(part, bytes): &(Part, usize)| Row { id: number(run, *part), run, bytes: *bytes };
        self.adds.extend(stage.adds.iter().map(row));
        self.changes.extend(stage.changes.iter().map(row));
        self.removes.extend(stage.removes.iter().map(|part| number(run, *part)));
    }
}

/// The number of a row.
fn number(run: i64, part: Part) -> i64 {
    run * ROWS_OF_A_RUN + part as i64
}
