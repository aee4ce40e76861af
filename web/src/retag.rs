//! Carries out operations over the tags of many contacts, one contact after the other, slowly enough that customers who write go
//! first. Who is still to come is stored: after a new start it goes on where it was.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use engine::ids::{ContactId, MailboxId, RetagId};
use engine::order::{self, Order, Retagging};
use engine::store::{self, EditOp, Editing, RetagOp, RetagRow};
use serde_json::json;

use crate::app::App;

/// Contacts between two notes of how far it came.
const PAGE: u32 = 50;
/// Pause behind each contact: about 200 a second at most.
const PAUSE_EACH: Duration = Duration::from_millis(5);
/// Pause before what the store refused is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// Operations that are looked at; older ones have ended long ago.
const KNOWN: u32 = 100;

/// Begins an operation over what `rule`, as (file, rule), gives to `contacts`, or over a tag, as (nothing, tag), in one commit with
/// `besides`. The log tells who asked for it.
///
/// # Errors
/// When the store fails; nothing began then.
pub(crate) async fn begin(
    app: &App,
    rule: (&str, &str),
    what: Retagging,
    contacts: BTreeSet<ContactId>,
    mut besides: Vec<EditOp>,
    by: &str,
) -> Result<RetagId, store::Error> {
    let at = app.clock.now();
    let (id, total) = (RetagId(app.ids.next(at)), contacts.len() as u64);
    let (name, about) = match &what {
        Retagging::Give => ("rule.applied", rule.0),
        Retagging::TakeBack { .. } => ("rule.tags_taken_back", rule.0),
        Retagging::Rename { .. } => ("tag.renamed", rule.1),
    };
    let told = json!({ "rule": rule.1, "what": what, "contacts": total, "operation": id });
    let row = RetagRow {
        id,
        rules: rule.0.to_owned(),
        rule: rule.1.to_owned(),
        what,
        by: by.to_owned(),
        at,
        total,
        done: 0,
        changed: 0,
        ended_at: None,
    };
    besides.push(EditOp::Retag(RetagOp::Begin(Box::new(row), contacts.into_iter().collect())));
    app.engine.edit(besides, Some((name, about, told)), by).await?;
    app.retagging.notify_one();
    Ok(id)
}

/// Runs until it is dropped.
pub(crate) async fn run(app: Arc<App>) {
    loop {
        match step(&app).await {
            Ok(true) => {}
            Ok(false) => app.retagging.notified().await,
            Err(error) => {
                tracing::warn!(%error, "tags could not be changed; it is tried again");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

/// Does the next part; `false` when there is nothing to do.
///
/// # Errors
/// When the store fails.
pub(crate) async fn step(app: &App) -> Result<bool, order::Error> {
    match next(app).await? {
        Some(row) => page(app, &row).await.map(|()| true),
        None => Ok(false),
    }
}

/// The oldest operation that has not ended.
async fn next(app: &App) -> Result<Option<RetagRow>, store::Error> {
    let known = app.engine.store().retags(KNOWN).await?;
    Ok(known.into_iter().rev().find(|row| row.ended_at.is_none()))
}

/// The next contacts of one.
async fn page(app: &App, row: &RetagRow) -> Result<(), order::Error> {
    let contacts = app.engine.store().retag_contacts(row.id, PAGE).await?;
    if contacts.is_empty() {
        let end = EditOp::Retag(RetagOp::End(row.id, app.clock.now()));
        return Ok(app.engine.edit(vec![end], None, &row.by).await?);
    }
    let mut changed = 0;
    for contact in &contacts {
        let order = Order::Retag { rules: row.rules.clone(), rule: row.rule.clone(), what: row.what.clone() };
        match app.engine.order(MailboxId::of_contact(*contact), &row.by, order).await {
            Ok(told) => changed += u64::from(told["changed"] == true),
            Err(order::Error::Store(error)) => return Err(error.into()),
            // Somebody was erased meanwhile, or the rule is not in force any more.
            Err(error) => tracing::debug!(operation = %row.id, %contact, %error, "left out"),
        }
        tokio::time::sleep(PAUSE_EACH).await;
    }
    let done = EditOp::Retag(RetagOp::Done { id: row.id, contacts, changed });
    Ok(app.engine.edit(vec![done], None, &row.by).await?)
}
