//! Carries an import out: orders to the contacts' mailboxes, a batch at a time and with pauses, so that customers who write go first.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use engine::ids::{ContactId, ImportId, MailboxId};
use engine::import::{Imported, Manner};
use engine::order::{self, Order};
use engine::store::{self, ContactsOp, EditOp, ImportRow, ImportState};
use futures_util::future::join_all;
use serde_json::json;

use super::look::{BATCH, REFUSED, key, known};
use super::{File, MOST_ROWS, Table, Target, row};
use crate::app::App;
use crate::error::ApiError;

/// Pause behind each batch: some 2 000 rows a second at most.
const PAUSE: Duration = Duration::from_millis(100);
/// Pause before what the store refused is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// How a file is brought in.
pub(crate) struct Plan {
    pub(crate) targets: Vec<Target>,
    pub(crate) country: Option<String>,
    pub(crate) manner: Manner,
}

/// Begins an import; the log tells who asked for it.
///
/// # Errors
/// 400 without a column of numbers or with too many rows, 409 when it was begun before; as the store fails.
pub(crate) async fn begin(
    app: &Arc<App>,
    file: Arc<File>,
    table: Arc<Table>,
    plan: Plan,
    by: &str,
) -> Result<ImportRow, ApiError> {
    if !plan.targets.contains(&Target::Phone) {
        return Err(ApiError::bad_request("columns: one must hold the telephone numbers"));
    }
    let total = table.count(MOST_ROWS);
    if total > MOST_ROWS {
        return Err(ApiError::bad_request("the file has more than 1 000 000 rows: split it"));
    }
    if file.begun.swap(true, Ordering::AcqRel) {
        return Err(ApiError::conflict("this file is being imported already"));
    }
    let row = ImportRow {
        id: file.id,
        name: file.name.clone(),
        by: by.to_owned(),
        at: app.clock.now(),
        total,
        created: 0,
        changed: 0,
        same: 0,
        refused: 0,
        refusals: Vec::new(),
        state: ImportState::Running,
        ended_at: None,
    };
    let columns: Vec<String> = plan.targets.iter().map(ToString::to_string).collect();
    let told = json!({ "name": file.name, "rows": total, "columns": columns, "manner": plan.manner });
    let begun = EditOp::Contacts(ContactsOp::Import(row.clone()));
    app.engine.edit(vec![begun], Some(("contacts.imported", &file.id.to_string(), told)), by).await?;
    let work = Bringing { app: Arc::clone(app), file, table, plan, row: row.clone() };
    tokio::spawn(work.whole());
    Ok(row)
}

/// An import under way.
struct Bringing {
    app: Arc<App>,
    file: Arc<File>,
    table: Arc<Table>,
    plan: Plan,
    row: ImportRow,
}

impl Bringing {
    /// All of it. A process that ends half way leaves it as interrupted.
    async fn whole(mut self) {
        let table = Arc::clone(&self.table);
        let mut rows = table.rows().skip(1);
        loop {
            let batch: Vec<_> = rows.by_ref().take(BATCH).collect();
            let stopped = self.file.stop.load(Ordering::Acquire);
            if batch.is_empty() || stopped {
                self.row.state = if stopped { ImportState::Stopped } else { ImportState::Done };
                self.row.ended_at = Some(self.app.clock.now());
                break;
            }
            let mut told = Vec::with_capacity(batch.len());
            for (line, cells) in batch {
                match row::read(&cells, &self.plan.targets, self.plan.country.as_deref()) {
                    Ok(row) => told.push((line, row)),
                    Err(refusal) => self.refuse(line, refusal.code),
                }
            }
            if self.bring(told).await.is_err() || self.note().await.is_err() {
                // The engine is closing: the next start says that it was interrupted.
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
        self.app.imports.close(self.file.id);
        if self.note().await.is_err() {
            tracing::warn!(import = %self.row.id, "an import ended and could not be noted");
        }
    }

    /// Orders of one batch, beside each other. Rows about one person go to one mailbox, in their order.
    async fn bring(&mut self, rows: Vec<(u64, Imported)>) -> Result<(), Closing> {
        let known = loop {
            match known(&self.app, rows.iter().map(|(_, row)| row)).await {
                Ok(known) => break known,
                Err(error) => self.wait(&error).await?,
            }
        };
        let mut whose: HashMap<String, ContactId> = HashMap::new();
        let mut orders = Vec::with_capacity(rows.len());
        for (line, row) in rows {
            let key = key(row.phone.as_deref().unwrap_or_default());
            let contact = *whose.entry(key).or_insert_with_key(|key| {
                let new = || ContactId(self.app.ids.next(self.app.clock.now()));
                known.get(key).map_or_else(new, |listed| listed.contact.id)
            });
            orders.push(one(&self.app, (self.row.id, contact), line, row, self.plan.manner, &self.row.by));
        }
        for (line, outcome) in join_all(orders).await {
            match outcome {
                Ok("new") => self.row.created += 1,
                Ok("changed") => self.row.changed += 1,
                Ok(_) => self.row.same += 1,
                Err(code) => self.refuse(line, code),
            }
        }
        Ok(())
    }

    fn refuse(&mut self, line: u64, code: &str) {
        self.row.refused += 1;
        if self.row.refusals.len() < REFUSED {
            self.row.refusals.push((line, code.to_owned()));
        }
    }

    /// Stores how far it is.
    async fn note(&self) -> Result<(), Closing> {
        loop {
            let edit = EditOp::Contacts(ContactsOp::Import(self.row.clone()));
            match self.app.engine.edit(vec![edit], None, &self.row.by).await {
                Ok(()) => return Ok(()),
                Err(error) => self.wait(&error).await?,
            }
        }
    }

    /// Waits until the store may be well again.
    async fn wait(&self, error: &store::Error) -> Result<(), Closing> {
        if matches!(error, store::Error::InDoubt(_) | store::Error::Taken(_) | store::Error::Refused(_)) {
            return Err(Closing);
        }
        tracing::warn!(%error, import = %self.row.id, "an import waits for the store");
        tokio::time::sleep(AGAIN).await;
        Ok(())
    }
}

/// Nothing more can be stored.
struct Closing;

/// One row; what came of it, or the code of why nothing did.
async fn one(
    app: &App,
    (import, contact): (ImportId, ContactId),
    line: u64,
    row: Imported,
    manner: Manner,
    by: &str,
) -> (u64, Result<&'static str, &'static str>) {
    let mut salt = [0; 16];
    if getrandom::fill(&mut salt).is_err() {
        return (line, Err("failed"));
    }
    let order = Order::Import { import, salt, row: Box::new(row), manner };
    let outcome = match app.engine.order(MailboxId::of_contact(contact), by, order).await {
        Ok(told) => match told["outcome"].as_str() {
            Some("new") => Ok("new"),
            Some("changed") => Ok("changed"),
            _ => Ok("same"),
        },
        // Somebody was erased meanwhile.
        Err(order::Error::Gone(_)) => Err("erased"),
        Err(error) => {
            tracing::debug!(%import, %contact, %error, "a row of an import was not taken");
            Err("failed")
        }
    };
    (line, outcome)
}
