//! What an import would do: its first rows one by one, and how many of which kind there are. Nothing changes.

use std::collections::HashMap;
use std::sync::Arc;

use csv::StringRecord;
use engine::clock::At;
use engine::contact::Contact;
use engine::handle::contact_from;
use engine::ids::ContactId;
use engine::import::{Imported, Manner};
use engine::phone::Phone;
use engine::store::{self, Contacts, ListedContact};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::row::{self, Refusal};
use super::{Column, MOST_ROWS, Table, Target};
use crate::app::App;

/// Rows shown one by one.
const SHOWN: usize = 20;
/// Cells shown of each column.
const SAMPLES: usize = 3;
/// Rows that are looked at to say what a column is.
const GUESSED_FROM: usize = 200;
/// Rows that are counted by kind: 100 000 take a few seconds.
pub(super) const COUNTED: u64 = 100_000;
/// Refused rows shown.
pub(super) const REFUSED: usize = 200;
/// Rows whose contacts are looked for at a time.
pub(super) const BATCH: usize = 200;

/// What an import would do.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "ImportPreview")]
pub(crate) struct Looked {
    /// The columns, each with what becomes of it.
    pub(crate) columns: Vec<Column>,
    /// Rows below the headers; one more than 1 000 000 stands for more.
    pub(crate) rows: u64,
    /// Rows counted below: all, or the first 100 000.
    pub(crate) counted: u64,
    /// Contacts that would be made.
    pub(crate) new: u64,
    /// Contacts that would change.
    pub(crate) changed: u64,
    /// Rows that would change nothing.
    pub(crate) same: u64,
    /// Rows that cannot be taken.
    pub(crate) refused: u64,
    /// Rows that say yes where the person refused: the refusal stays.
    pub(crate) kept_refusals: u64,
    /// The first rows, one by one.
    pub(crate) first: Vec<Row>,
    /// The first rows that cannot be taken.
    pub(crate) refusals: Vec<RefusedRow>,
}

/// A row and what would become of it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ImportRowPreview")]
pub(crate) struct Row {
    line: u64,
    /// `new`, `changed`, `same` or `refused`.
    outcome: &'static str,
    phone: Option<String>,
    name: Option<String>,
    /// The contact it is, unless it is new.
    contact: Option<ContactId>,
    /// Values that change.
    changes: Vec<Change>,
    /// Tags that it gets.
    tags: Vec<String>,
}

/// A value that changes.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ImportedValue")]
pub(crate) struct Change {
    /// `name`, `fields.city`, `consent.marketing` …
    name: String,
    before: Value,
    after: Value,
}

/// A row that cannot be taken.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ImportRefusal")]
pub(crate) struct RefusedRow {
    /// Its line in the file.
    pub(crate) line: u64,
    /// `no_phone`, `bad_phone`, `bad_language`, `bad_priority`, `bad_consent`, `bad_tag`, `bad_number`, `too_long`.
    pub(crate) why: String,
    /// The cell that is wrong.
    pub(crate) cell: String,
}

/// The columns of a table; `told` counts more than what is guessed.
pub(crate) fn columns(table: &Table, told: Option<&[Target]>) -> Vec<Column> {
    let mut rows = table.rows().map(|(_, row)| row);
    let headers = rows.next().unwrap_or_default();
    let first: Vec<StringRecord> = rows.take(GUESSED_FROM).collect();
    let column = |(place, header): (usize, &str)| {
        let cells = || first.iter().filter_map(|row| row.get(place)).filter(|cell| !cell.trim().is_empty());
        let told = told.and_then(|told| told.get(place)).cloned();
        Column {
            header: header.trim().to_owned(),
            target: told.unwrap_or_else(|| Target::guess(header, cells())),
            samples: cells().take(SAMPLES).map(str::to_owned).collect(),
        }
    };
    headers.iter().enumerate().map(column).collect()
}

/// The contacts that these rows are about, by what their numbers have in common.
pub(super) async fn known<'r>(
    app: &App,
    rows: impl Iterator<Item = &'r Imported>,
) -> Result<HashMap<String, ListedContact>, store::Error> {
    let phones: Vec<Phone> = rows.filter_map(|row| row.phone.clone()?.try_into().ok()).collect();
    let spelled = phones.iter().flat_map(Phone::spellings).map(|digits| format!("+{digits}"));
    let mut found: HashMap<String, ListedContact> = HashMap::new();
    for (number, listed) in app.engine.store().by_phone(spelled.collect()).await? {
        // They come oldest first, and the oldest counts.
        found.entry(key(&number)).or_insert(listed);
    }
    Ok(found)
}

/// What the spellings of a number have in common.
pub(super) fn key(phone: &str) -> String {
    Phone::try_from(phone.to_owned()).map_or_else(|_| phone.to_owned(), |phone| phone.match_key())
}

/// Looks at a table.
///
/// # Errors
/// When the store fails.
pub(crate) async fn look(
    app: &App,
    table: &Arc<Table>,
    columns: Vec<Column>,
    country: Option<&str>,
    manner: Manner,
) -> Result<Looked, store::Error> {
    let targets: Vec<Target> = columns.iter().map(|column| column.target.clone()).collect();
    let mut looked = Looked { columns, rows: table.count(MOST_ROWS), ..Looked::default() };
    let mut seen: HashMap<String, (Option<ContactId>, Contact)> = HashMap::new();
    let mut rows = table.rows().skip(1).take(usize::try_from(COUNTED).unwrap_or(usize::MAX));
    loop {
        let batch: Vec<_> = rows.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return Ok(looked);
        }
        let read: Vec<_> = batch.iter().map(|(line, cells)| (*line, row::read(cells, &targets, country))).collect();
        let known = known(app, read.iter().filter_map(|(_, row)| row.as_ref().ok())).await?;
        for (line, row) in read {
            looked.counted += 1;
            match row {
                Ok(row) => looked.take(line, &row, &known, &mut seen, (manner, app.clock.now())),
                Err(refusal) => looked.refuse(line, refusal),
            }
        }
        // The next batch may wait for others.
        tokio::task::yield_now().await;
    }
}

impl Looked {
    fn take(
        &mut self,
        line: u64,
        row: &Imported,
        known: &HashMap<String, ListedContact>,
        seen: &mut HashMap<String, (Option<ContactId>, Contact)>,
        (manner, now): (Manner, At),
    ) {
        let key = key(row.phone.as_deref().unwrap_or_default());
        let new = !seen.contains_key(&key) && !known.contains_key(&key);
        let (contact, person) = seen.entry(key.clone()).or_insert_with(|| match known.get(&key) {
            Some(listed) => (Some(listed.contact.id), contact_from(listed.contact.clone(), listed.tags.clone())),
            None => (None, Contact::new(ContactId(0), [0; 16])),
        });
        let changes = row.apply(person, manner, now);
        let outcome = if new {
            "new"
        } else if changes.is_empty() {
            "same"
        } else {
            "changed"
        };
        match outcome {
            "new" => self.new += 1,
            "changed" => self.changed += 1,
            _ => self.same += 1,
        }
        self.kept_refusals += u64::from(!changes.kept_refused.is_empty());
        if self.first.len() < SHOWN {
            self.first.push(Row {
                line,
                outcome,
                phone: row.phone.clone(),
                name: row.name.clone().or_else(|| Some(person.name.clone())).filter(|name| !name.is_empty()),
                contact: *contact,
                changes: changes
                    .values
                    .into_iter()
                    .map(|(name, (before, after))| Change { name, before, after })
                    .collect(),
                tags: changes.tags,
            });
        }
    }

    fn refuse(&mut self, line: u64, Refusal { code, cell }: Refusal) {
        self.refused += 1;
        if self.first.len() < SHOWN {
            let (phone, name, contact) = (None, None, None);
            let (changes, tags) = (Vec::new(), Vec::new());
            self.first.push(Row { line, outcome: "refused", phone, name, contact, changes, tags });
        }
        if self.refusals.len() < REFUSED {
            self.refusals.push(RefusedRow { line, why: code.to_owned(), cell });
        }
    }
}
