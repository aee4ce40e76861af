//! Contacts as a file of comma-separated values, written as they are read. What a spreadsheet would take for a formula is guarded by
//! a `'`, which an import takes off again.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Body as HttpBody;
use axum::extract::{Extension, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use engine::account::Permission;
use engine::contact::Contact;
use engine::handle::contact_from;
use engine::ids::ContactId;
use engine::segment::Segment;
use engine::store::{self, Reads};
use futures_util::stream;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::extract::Params;
use crate::accounts::Who;
use crate::app::App;
use crate::error::ApiError;
use crate::openapi::{Gives, Operation};

/// Contacts read at a time.
const PAGE: u32 = 500;
/// Parts that may wait for their reader.
const AHEAD: usize = 4;
/// What every contact has.
const STANDARD: [&str; 8] =
    ["id", "phone", "name", "language", "priority", "order_status", "tags", "last_interaction_at"];

/// Which contacts.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    /// Those of this segment. Default: all.
    segment: Option<String>,
    /// Those with this tag. Default: all.
    tag: Option<String>,
}

/// A part of a file.
type Part = Result<Bytes, std::io::Error>;

/// A file of contacts.
pub(crate) struct Csv(Response);

impl IntoResponse for Csv {
    fn into_response(self) -> Response {
        self.0
    }
}

impl Gives for Csv {
    fn describe(operation: &mut Operation<'_>) {
        operation.gives("text/csv", &json!({ "type": "string" }), Some("One contact a line.".into()));
    }
}

/// `GET /contacts.csv`: those of a segment, or all. A reader that stops reading ends it.
pub(crate) async fn export(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Params(which): Params<Which>,
) -> Result<Csv, ApiError> {
    // Nothing in it is masked.
    if !who.may(Permission::PersonalRead) {
        return Err(ApiError::may_not(Permission::PersonalRead));
    }
    let chosen = Chosen::of(&app, &which)?;
    // Which columns there are is known only when all were seen: two ways over the same contacts, and none of them in memory.
    let columns = columns(&app, &chosen).await?;
    let told = json!({ "segment": which.segment, "tag": which.tag });
    app.engine.edit(Vec::new(), Some(("contacts.exported", "contacts", told)), who.by()).await?;
    let (parts, read) = mpsc::channel::<Part>(AHEAD);
    tokio::spawn(async move {
        if let Err(error) = write(&app, &chosen, &columns, &parts).await {
            tracing::error!(%error, "an export of contacts broke off");
            // A broken transfer is how the reader learns that it is not the whole file.
            let _ = parts.send(Err(std::io::Error::other("the contacts could not be read to their end"))).await;
        }
    });
    let body = HttpBody::from_stream(stream::unfold(read, async |mut read| Some((read.recv().await?, read))));
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"contacts.csv\""),
    ];
    Ok(Csv((headers, body).into_response()))
}

/// Whom an export takes.
struct Chosen {
    segment: Option<Arc<Segment>>,
    tag: Option<String>,
}

impl Chosen {
    fn of(app: &App, which: &Which) -> Result<Self, ApiError> {
        let named = |name: &String| {
            let live = app.engine.segments().into_iter().find(|segment| *segment.name == **name);
            live.ok_or_else(|| ApiError::not_found(format_args!("a segment `{name}`")))
        };
        Ok(Self { segment: which.segment.as_ref().map(named).transpose()?, tag: which.tag.clone() })
    }

    /// By which tag the store narrows.
    fn tag(&self) -> Option<String> {
        let of_segment = || self.segment.as_ref().and_then(|segment| segment.narrow.tags.first().cloned());
        self.tag.clone().or_else(of_segment)
    }

    fn takes(&self, contact: &Contact, app: &App) -> bool {
        let in_segment = self
            .segment
            .as_ref()
            .is_none_or(|segment| segment.holds(contact, app.clock.now()).is_ok_and(|decision| decision.holds));
        in_segment && self.tag.as_ref().is_none_or(|tag| contact.tags.contains_key(tag))
    }
}

/// The chosen contacts, page by page.
struct Pages<'a> {
    app: &'a App,
    chosen: &'a Chosen,
    /// Behind whom the next page begins; `None` when there is none.
    after: Option<ContactId>,
}

impl<'a> Pages<'a> {
    fn of(app: &'a App, chosen: &'a Chosen) -> Self {
        Self { app, chosen, after: Some(ContactId(i64::MIN)) }
    }

    async fn next(&mut self) -> Result<Option<Vec<Contact>>, store::Error> {
        let Some(after) = self.after else { return Ok(None) };
        let page = self.app.engine.store().members(self.chosen.tag(), after, PAGE).await?;
        self.after = page.last().filter(|_| page.len() == PAGE as usize).map(|member| member.contact.id);
        let contacts = page.into_iter().map(|member| contact_from(member.contact, member.tags));
        Ok(Some(contacts.filter(|contact| self.chosen.takes(contact, self.app)).collect()))
    }
}

/// Fields of our own and purposes that any of them has, as columns are named in an import.
async fn columns(app: &App, chosen: &Chosen) -> Result<Vec<String>, store::Error> {
    let mut found = BTreeSet::new();
    let mut pages = Pages::of(app, chosen);
    while let Some(contacts) = pages.next().await? {
        for contact in &contacts {
            found.extend(contact.consent.keys().map(|purpose| format!("consent:{purpose}")));
            let named = |(field, value): (&String, &Value)| {
                format!("{}:{field}", if value.is_number() { "number" } else { "field" })
            };
            found.extend(contact.fields.iter().map(named));
        }
    }
    Ok(found.into_iter().collect())
}

async fn write(app: &App, chosen: &Chosen, columns: &[String], parts: &mpsc::Sender<Part>) -> Result<(), store::Error> {
    // The mark by which spreadsheets know UTF-8.
    let mut head = "\u{feff}".as_bytes().to_vec();
    let names = STANDARD.into_iter().map(str::to_owned).chain(columns.iter().cloned());
    head.extend(line(names));
    if parts.send(Ok(head.into())).await.is_err() {
        return Ok(());
    }
    let mut pages = Pages::of(app, chosen);
    while let Some(contacts) = pages.next().await? {
        let lines: Vec<u8> = contacts.iter().flat_map(|contact| line(cells(contact, columns))).collect();
        if parts.send(Ok(lines.into())).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

fn cells<'c>(contact: &'c Contact, columns: &'c [String]) -> impl Iterator<Item = String> + 'c {
    let priority = serde_json::to_value(contact.priority).unwrap_or_default();
    let standard = [
        contact.id.to_string(),
        contact.phone.clone().unwrap_or_default(),
        contact.name.clone(),
        contact.language.clone(),
        priority.as_str().unwrap_or_default().to_owned(),
        contact.order_status.clone(),
        contact.tags.keys().map(String::as_str).collect::<Vec<_>>().join(";"),
        contact.last_interaction_at.map(|at| at.to_string()).unwrap_or_default(),
    ];
    let own = columns.iter().map(|column| match column.split_once(':') {
        Some(("consent", purpose)) => match contact.consent.get(purpose) {
            Some(true) => "yes".to_owned(),
            Some(false) => "no".to_owned(),
            None => String::new(),
        },
        Some((kind, field)) => match contact.fields.get(field) {
            // A field that holds texts and numbers has two columns.
            Some(Value::Number(number)) if kind == "number" => number.to_string(),
            Some(Value::String(text)) if kind == "field" => text.clone(),
            Some(Value::Bool(yes)) if kind == "field" => yes.to_string(),
            _ => String::new(),
        },
        None => String::new(),
    });
    // A number is no formula, also one below zero.
    let own = own.zip(columns).map(|(cell, column)| if column.starts_with("number:") { cell } else { guarded(cell) });
    standard.into_iter().map(guarded).chain(own)
}

/// A text that no spreadsheet takes for a formula. Source: OWASP, "CSV Injection", read on 2026-11-22.
fn guarded(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

fn line(cells: impl Iterator<Item = String>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // A vector takes everything.
    let _ = writer.write_record(cells);
    writer.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_line_is_a_formula_for_a_spreadsheet() {
        let mut contact = Contact::new(ContactId(7), [0; 16]);
        contact.phone = Some("+393331234567".into());
        contact.name = "=HYPERLINK(\"http://x\")".into();
        contact.fields.insert("note".into(), json!("@cmd, \"quoted\""));
        contact.fields.insert("balance".into(), json!(-5));
        contact.consent.insert("marketing".into(), false);
        let columns = ["consent:marketing", "field:note", "number:balance"].map(str::to_owned);
        let text = String::from_utf8(line(cells(&contact, &columns))).unwrap();
        let id = contact.id;
        assert_eq!(
            text,
            format!(
                "{id},'+393331234567,\"'=HYPERLINK(\"\"http://x\"\")\",,medium,,,,no,\"'@cmd, \"\"quoted\"\"\",-5\r\n"
            )
        );
    }
}
