//! Files of contacts: sent in parts, looked at, brought in.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, FromRequest, Request, State};
use axum::http::StatusCode;
use bytes::Bytes;
use engine::ids::ImportId;
use engine::import::Manner;
use engine::phone;
use engine::store::{Contacts, ImportRow, ImportState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Answer;
use super::extract::{Body, Id, Params};
use super::view::Time;
use crate::accounts::Who;
use crate::app::App;
use crate::error::ApiError;
use crate::imports::{self, Encoding, File, Looked, Plan, Reading, Table, Target};
use crate::openapi::{Operation, Takes};

/// Imports shown.
const SHOWN: u32 = 50;
/// Longest name of a file, in characters.
const MAX_NAME_CHARS: usize = 200;

/// A file that is to come.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewImport {
    /// The file's name, at most 200 characters.
    name: String,
}

/// Where its bytes go.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ImportOpened")]
pub(crate) struct Opened {
    id: ImportId,
}

/// `POST /imports`: room for a file, kept for 30 minutes after it was touched last.
pub(crate) async fn open(
    State(app): State<Arc<App>>,
    Body(asked): Body<NewImport>,
) -> Result<(StatusCode, Json<Opened>), ApiError> {
    let name = asked.name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS {
        return Err(ApiError::bad_request("name: 1 to 200 characters"));
    }
    let now = app.clock.now();
    let id = ImportId(app.ids.next(now));
    app.imports.open(id, name.to_owned(), now)?;
    Ok((StatusCode::CREATED, Json(Opened { id })))
}

/// Where a part of a file begins.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// The place of its first byte in the file.
    #[serde(default)]
    at: usize,
}

/// A part of a file, as it is.
pub(crate) struct Raw(Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state).await;
        bytes.map(Self).map_err(|error| ApiError::bad_request(error.body_text()))
    }
}

impl Takes for Raw {
    fn describe(operation: &mut Operation<'_>) {
        operation.takes_file();
    }
}

/// How much of a file is here.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ImportReceived")]
pub(crate) struct Received {
    /// Bytes.
    bytes: usize,
}

/// `POST /imports/{id}/bytes?at=`: a part of the file; 50 MB in all, each part at most 16 MB. The same part again changes nothing.
pub(crate) async fn add(
    State(app): State<Arc<App>>,
    Id(id): Id<ImportId>,
    Params(part): Params<Part>,
    Raw(bytes): Raw,
) -> Answer<Received> {
    Ok(Json(Received { bytes: app.imports.add(id, part.at, &bytes, app.clock.now())? }))
}

/// How a file is read and brought in. What is not said is found.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ContactImportPlan")]
pub(crate) struct Asked {
    /// Encoding and separator.
    #[serde(default)]
    reading: Reading,
    /// What becomes of each column, in their order. Default: as their headers say.
    #[serde(default)]
    columns: Option<Vec<Target>>,
    /// Two letters: whose numbers those without `+` are. Default: the workspace's country.
    #[serde(default)]
    country: Option<String>,
    /// Whether only what is empty is filled. Default: the file's values replace those that are there.
    #[serde(default)]
    only_empty: bool,
    /// Whether flows that listen to new tags and consents start. Default: nothing starts.
    #[serde(default)]
    starts: bool,
}

impl Asked {
    fn country(&self, app: &App) -> Result<Option<String>, ApiError> {
        let told = self.country.clone().unwrap_or_else(|| app.sign_in.settings().country.clone());
        if told.is_empty() {
            return Ok(None);
        }
        match phone::is_country(&told) {
            true => Ok(Some(told)),
            false => Err(ApiError::bad_request("country: two letters such as IT")),
        }
    }

    fn manner(&self) -> Manner {
        Manner { only_empty: self.only_empty, starts: self.starts }
    }
}

/// A file as it was read, and what bringing it in would do.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ImportLooked")]
pub(crate) struct Preview {
    encoding: Encoding,
    separator: char,
    /// Whose numbers those without `+` are.
    country: Option<String>,
    #[serde(flatten)]
    looked: Looked,
}

/// `POST /imports/{id}/preview`: nothing changes.
pub(crate) async fn preview(
    State(app): State<Arc<App>>,
    Id(id): Id<ImportId>,
    Body(asked): Body<Asked>,
) -> Answer<Preview> {
    let file = app.imports.file(id, app.clock.now())?;
    let country = asked.country(&app)?;
    let table = table(&file, asked.reading).await?;
    let columns = imports::columns(&table, asked.columns.as_deref());
    let looked = imports::look(&app, &table, columns, country.as_deref(), asked.manner()).await?;
    Ok(Json(Preview { encoding: table.encoding, separator: table.separator.into(), country, looked }))
}

/// `POST /imports/{id}/begin`: brings it in. It starts no flows unless that is asked for.
pub(crate) async fn begin(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<ImportId>,
    Body(asked): Body<Asked>,
) -> Answer<Import> {
    let file = app.imports.file(id, app.clock.now())?;
    let country = asked.country(&app)?;
    let table = table(&file, asked.reading).await?;
    let columns = imports::columns(&table, asked.columns.as_deref());
    let targets = columns.into_iter().map(|column| column.target).collect();
    let plan = Plan { targets, country, manner: asked.manner() };
    Ok(Json(imports::begin(&app, file, table, plan, who.by()).await?.into()))
}

/// The file's rows; reading 50 MB keeps a core busy for a moment.
async fn table(file: &Arc<File>, reading: Reading) -> Result<Arc<Table>, ApiError> {
    let bytes = file.bytes();
    if bytes.is_empty() {
        return Err(ApiError::bad_request("the file is empty"));
    }
    let read = tokio::task::spawn_blocking(move || Table::read(&bytes, reading)).await;
    read.map(Arc::new).map_err(ApiError::internal)
}

/// `POST /imports/{id}/stop`: rows that are under way are done, further ones are left.
pub(crate) async fn stop(State(app): State<Arc<App>>, Id(id): Id<ImportId>) -> Answer<Imports> {
    match app.imports.stop(id) {
        true => shown(&app).await,
        false => Err(ApiError::not_found("an import that goes on with this id")),
    }
}

/// Imports, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Imports {
    imports: Vec<Import>,
}

/// A file that was brought in.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Import {
    id: ImportId,
    name: String,
    by: String,
    at: Time,
    /// Its rows.
    total: u64,
    /// Rows done so far.
    done: u64,
    created: u64,
    changed: u64,
    same: u64,
    refused: u64,
    /// The first rows that could not be taken.
    refusals: Vec<Refused>,
    state: ImportState,
    ended_at: Option<Time>,
}

/// A row that could not be taken.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ImportedRefusal")]
pub(crate) struct Refused {
    line: u64,
    /// As in the preview; or `erased`, `failed`.
    why: String,
}

impl From<ImportRow> for Import {
    fn from(row: ImportRow) -> Self {
        let done = row.created + row.changed + row.same + row.refused;
        Self {
            id: row.id,
            name: row.name,
            by: row.by,
            at: Time(row.at),
            total: row.total,
            done,
            created: row.created,
            changed: row.changed,
            same: row.same,
            refused: row.refused,
            refusals: row.refusals.into_iter().map(|(line, why)| Refused { line, why }).collect(),
            state: row.state,
            ended_at: row.ended_at.map(Time),
        }
    }
}

/// `GET /imports`
pub(crate) async fn list(State(app): State<Arc<App>>) -> Answer<Imports> {
    shown(&app).await
}

async fn shown(app: &App) -> Answer<Imports> {
    let rows = app.engine.store().imports(SHOWN).await?;
    Ok(Json(Imports { imports: rows.into_iter().map(Into::into).collect() }))
}
