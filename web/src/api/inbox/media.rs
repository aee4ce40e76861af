//! Files that customers or people here sent, fetched from the provider when somebody looks at them and kept nowhere.

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::connector::Media;
use engine::ids::{ConversationId, MessageId};
use engine::inbox::Words;
use engine::store::Talks;

use super::{sight, told};
use crate::accounts::Who;
use crate::api::extract::Id;
use crate::app::App;
use crate::error::ApiError;
use crate::openapi::{Gives, Operation};

/// The largest file that is fetched. Source: Meta, "Supported media types": images 5 MB, sound and video 16 MB; documents may be
/// larger and are looked at in the app.
const MOST: usize = 32 * 1024 * 1024;

/// `GET /media/{id}`: the file of the message with this id, a customer's or ours.
pub(crate) async fn fetch(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<MessageId>,
    headers: HeaderMap,
) -> Result<File, ApiError> {
    let missing = || ApiError::not_found(format_args!("a file of message {id}"));
    let (conversation, through, media) = find(&app, id).await?.ok_or_else(missing)?;
    let talk = sight::talk(&app, &who, conversation).await?;
    app.sign_in.reads(&app, &who, "conversation.read", conversation.to_string()).await?;
    let connection = through.unwrap_or(talk.conversation.connection);
    let accounts = app.connections.all();
    let open = accounts.get(connection.as_str()).ok_or_else(|| {
        ApiError::conflict(format!("there is no connection `{connection}` any more, through which this file came"))
    })?;
    let fetched = open.connection.media(&media, MOST).await;
    let wanted = headers.get(header::RANGE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let file = |media| File { media, wanted };
    fetched.map(file).map_err(|problem| ApiError::conflict_of("no_file", problem.message, &problem.code))
}

/// The file of the message `id`: in which conversation, through which connection if not that one's, and what the provider calls it.
async fn find(app: &App, id: MessageId) -> Result<Option<(ConversationId, Option<String>, String)>, ApiError> {
    let store = app.engine.store();
    if let Some(said) = store.said(id).await? {
        let Some(Words::File { media, .. }) = told::body_of(&said.said).words else { return Ok(None) };
        return Ok(Some((said.said.conversation_id, None, media)));
    }
    let Some(heard) = store.heard(id).await? else { return Ok(None) };
    let message = told::message_of(heard.event.as_ref());
    let connection = heard.event.map(|event| event.connection);
    let found = heard.message.conversation_id.zip(told::media_id(&message));
    Ok(found.map(|(conversation, media)| (conversation, connection, media.to_owned())))
}

/// A file, as its sender made it: shown only if it is a picture, sound or film, and never trusted.
pub(crate) struct File {
    media: Media,
    /// The part that is asked for: players ask so, and some play nothing that cannot be asked for in parts.
    wanted: Option<String>,
}

/// The first and the last byte of `bytes=first-last` in a file of so many bytes; `None` for all other forms, which get the whole file.
/// Source: RFC 9110, section 14.
fn part(wanted: &str, length: usize) -> Option<(usize, usize)> {
    let (first, last) = wanted.strip_prefix("bytes=")?.split_once('-')?;
    let end = length.checked_sub(1)?;
    let part = match (first, last) {
        ("", tail) => (length.saturating_sub(tail.parse().ok().filter(|tail| *tail > 0)?), end),
        (first, "") => (first.parse().ok()?, end),
        (first, last) => (first.parse().ok()?, last.parse::<usize>().ok()?.min(end)),
    };
    (part.0 <= part.1).then_some(part)
}

impl IntoResponse for File {
    fn into_response(self) -> Response {
        let Self { media: Media { content_type, bytes }, wanted } = self;
        let shown = ["image/", "audio/", "video/"].iter().any(|kind| content_type.starts_with(kind));
        let shown = shown && !content_type.contains("svg");
        let kind = if shown { content_type } else { "application/octet-stream".to_owned() };
        let headers: [(HeaderName, &str); 4] = [
            (header::ACCEPT_RANGES, "bytes"),
            (header::CONTENT_DISPOSITION, if shown { "inline" } else { "attachment" }),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        ];
        let Some((first, last)) = wanted.and_then(|wanted| part(&wanted, bytes.len())) else {
            return ([(header::CONTENT_TYPE, kind)], headers, bytes).into_response();
        };
        let place = format!("bytes {first}-{last}/{}", bytes.len());
        let told = [(header::CONTENT_TYPE, kind), (header::CONTENT_RANGE, place)];
        (StatusCode::PARTIAL_CONTENT, told, headers, bytes.slice(first..=last)).into_response()
    }
}

impl Gives for File {
    fn describe(operation: &mut Operation<'_>) {
        let about = "The file, as its sender made it.";
        let schema = serde_json::json!({ "type": "string", "format": "binary" });
        operation.gives("application/octet-stream", &schema, Some(about.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_player_asks_for_parts_and_what_is_no_part_is_the_whole() {
        for (wanted, found) in [
            ("bytes=0-1", Some((0, 1))),
            ("bytes=4-", Some((4, 9))),
            ("bytes=-3", Some((7, 9))),
            ("bytes=2-99", Some((2, 9))),
            ("bytes=10-", None),
            ("bytes=5-4", None),
            ("bytes=-0", None),
            ("bytes=0-1,4-5", None),
            ("seconds=0-1", None),
        ] {
            assert_eq!(part(wanted, 10), found, "{wanted}");
        }
        assert_eq!(part("bytes=0-", 0), None);
    }
}
