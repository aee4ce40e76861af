//! Files that people here send: taken in, given to the provider at once, and kept nowhere. Until a message takes it, a file is named
//! by what only we can have written: which conversation it is for, and what the provider calls it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::capability::file::{FileKind, MAX_CAPTION_CHARS};
use engine::connector::Upload;
use engine::ids::ConversationId;
use engine::inbox::Words;
use engine::sentence;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sight;
use crate::accounts::{Seal, Who};
use crate::api::Answer;
use crate::api::extract::{Id, Params, RawFile};
use crate::app::App;
use crate::error::ApiError;

/// Longest name of a file, in characters; a longer one is cut. Source: Meta, "Cloud API, messages", `filename`.
const MAX_NAME_CHARS: usize = 240;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Named {
    /// The file's name, as the customer is to see it.
    name: String,
}

/// A file that the provider has.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "FileTaken")]
pub(crate) struct TakenFile {
    /// What a message names it by, in this conversation.
    file: String,
    /// What the customer gets it as.
    kind: FileKind,
    name: String,
    /// In bytes.
    size: u64,
}

/// What is sealed into [`TakenFile::file`].
#[derive(Debug, Deserialize, Serialize)]
struct Kept {
    media: String,
    kind: FileKind,
    name: String,
    size: u64,
}

/// `POST /conversations/{id}/files?name=`: the file as it is; `Content-Type` says its type.
pub(crate) async fn take(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<ConversationId>,
    Params(Named { name }): Params<Named>,
    RawFile { content_type, bytes }: RawFile,
) -> Answer<TakenFile> {
    app.expect_accounts()?;
    let talk = sight::talk(&app, &who, id).await?;
    let kind = fitting(&content_type, bytes.len())?;
    let name: String = name.chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARS).collect();
    let connection = talk.conversation.connection.as_str();
    let open = app.connections.get(connection);
    let open =
        open.ok_or_else(|| ApiError::conflict(sentence!("there is no connection `{id}` any more", id = connection)))?;
    let size = bytes.len() as u64;
    let given = open.connection.upload(Upload { content_type, name: name.clone(), bytes }).await;
    let media = given.map_err(|problem| ApiError::conflict_of("no_file", problem.message, &problem.code))?;
    let file = seal(&app.sign_in.seal, id, &Kept { media, kind, name: name.clone(), size })?;
    Ok(Json(TakenFile { file, kind, name, size }))
}

/// What a file of this type and size goes out as.
fn fitting(content_type: &str, size: usize) -> Result<FileKind, ApiError> {
    let kind = FileKind::of(content_type).ok_or_else(|| {
        ApiError::bad_request(sentence!(
            "WhatsApp takes no files of the type `{kind}`: send it as a PDF or a picture",
            kind = content_type
        ))
    })?;
    match size {
        0 => Err(ApiError::bad_request("the file is empty")),
        size if size > kind.most_bytes() => Err(ApiError::too_large(kind.most_bytes())),
        _ => Ok(kind),
    }
}

fn place(id: ConversationId) -> String {
    format!("file:{id}")
}

fn seal(seal: &Seal, id: ConversationId, kept: &Kept) -> Result<String, ApiError> {
    let plain = serde_json::to_vec(kept).map_err(ApiError::internal)?;
    let sealed = seal.seal(&place(id), &plain).map_err(ApiError::internal)?;
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}

/// A file in a message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "InboxFileSent")]
pub(crate) struct FileSent {
    /// What `POST …/files` named it by.
    file: String,
    /// The words under it; none under sound.
    #[serde(default)]
    #[schemars(length(max = 1024))]
    caption: Option<String>,
}

impl FileSent {
    /// The message that it is, if it was taken in for this conversation.
    pub(super) fn words(self, app: &App, id: ConversationId) -> Result<Words, ApiError> {
        let sealed = URL_SAFE_NO_PAD.decode(self.file).ok();
        let plain = sealed.and_then(|sealed| app.sign_in.seal.open(&place(id), &sealed).ok());
        let kept: Option<Kept> = plain.and_then(|plain| serde_json::from_slice(&plain).ok());
        let Some(Kept { media, kind, name, size }) = kept else {
            return Err(ApiError::bad_request(
                "file: what `POST /conversations/{id}/files` answered for this conversation",
            ));
        };
        let caption = self.caption.filter(|caption| !caption.trim().is_empty());
        match caption.as_deref().map(|caption| caption.chars().count()) {
            Some(_) if !kind.takes_caption() => Err(ApiError::bad_request("caption: no words can stand under sound")),
            Some(length) if length > MAX_CAPTION_CHARS => {
                Err(ApiError::bad_request(sentence!("caption: at most {most} characters", most = MAX_CAPTION_CHARS)))
            }
            _ => Ok(Words::File { media, kind, name, size, caption }),
        }
    }
}
