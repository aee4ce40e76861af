//! How soon a keyword is answered: the flow that ships, with words of five languages, and other words that get no answer.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::Bench;
use crate::desk::Desk;
use crate::load::{self, Shot};
use crate::orders;
use crate::report::{Budget, Curve, Figure, Report};
use crate::serve::{Home, Serve};
use crate::stats::Spread;

const FLOW: (&str, &str) = ("price-autoreply.yaml", include_str!("../../flows/price-autoreply.yaml"));
/// Messages a second, each of a customer of its own.
const RATE: u32 = 100;
/// Questions in the five languages, and at the end what is none.
const WORDS: [&str; 6] =
    ["What is the PRICE?", "Какая цена?", "كم السعر؟", "Il prezzo, grazie", "价格多少", "Priceless, thank you"];
/// Customers who greet at once before it counts.
const AT_ONCE: usize = 20;
/// The last answer may take as long.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let desk = Desk::start(&bench.http).await?;
    let home = Home::new(bench, &desk.url, &[FLOW]).await?;
    let serve = Serve::start(&bench.binary, &home, &bench.http).await?;
    desk.send_webhooks_to(&serve.hook()).await?;
    let target = bench.target(&desk, serve.hook());
    let (at_s, count) = (load::wall_ms() as u64 / 1000, u64::from(RATE) * bench.options.open_for().as_secs());
    let customers = u64::from(RATE) + count;
    stream::iter((0..customers).map(|who| desk.greeted_by(who))).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    let post = |n: u64| orders::text(&target.app_secret, at_s, n, WORDS[n as usize % WORDS.len()]);
    // The first ones fill caches.
    let warm = load::shoot(&target, RATE, (0..u64::from(RATE)).map(post).collect()).await?;
    let shots = load::shoot(&target, RATE, (u64::from(RATE)..customers).map(post).collect()).await?;
    let asked = (0..customers).filter(|n| *n as usize % WORDS.len() < WORDS.len() - 1).count();
    let answered = answers(&desk, asked).await?;
    ensure!(answered.len() == asked, "{asked} customers asked for the price and {} got an answer", answered.len());
    ensure!(warm.len() + shots.len() > asked, "nobody wrote of anything else");
    let took = Spread::of(shots.iter().filter_map(|shot| Some(answered.get(digits(shot))? - shot.meant_at)));
    let what = |percent: &str| format!("keyword to the answer at the provider, {percent} at {RATE} messages/s");
    report.add(Figure::new("reply_p50", what("p50"), took.median(), "ms", Budget::Told));
    report.add(Figure::new("reply_p99", what("p99"), took.at(99.0), "ms", Budget::AtMost(100.0)));
    report.curve(Curve { name: "reply", what: "keyword to its answer", serve: took, floor: None, most: Some(100.0) });
    Ok(())
}

fn digits(shot: &Shot) -> &str {
    shot.phone.trim_start_matches('+')
}

/// When each customer was answered, once `count` were.
async fn answers(desk: &Desk, count: usize) -> Result<HashMap<String, f64>> {
    let began = Instant::now();
    loop {
        let books = desk.books().await?;
        let messages = books["messages"].as_array().context("no messages in the books")?;
        if messages.len() >= count || began.elapsed() > PATIENCE {
            let one = |message: &Value| Some((message["to"].as_str()?.to_owned(), message["at_ms"].as_f64()?));
            return Ok(messages.iter().filter_map(one).collect());
        }
        sleep(Duration::from_millis(100)).await;
    }
}
