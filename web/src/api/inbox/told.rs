//! What the provider told of a message, read for people: its type, what hangs on it, what it answers.

use engine::connector::ShownTemplate;
use engine::event::{MESSAGE_ECHOED, ORDER_RECEIVED, Origin};
use engine::ids::{Ids, MessageId};
use engine::inbox::{Said, SaidKind, SaidRow, Words};
use engine::store::{EventRow, HeardMessage, HeardSaid};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::view::By;
use crate::api::view::{Time, blob};

/// Types whose content can be fetched.
const MEDIA: [&str; 5] = ["image", "video", "audio", "document", "sticker"];

/// Something that hangs on a message.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "MessageMedia")]
pub(crate) struct Media {
    /// For `GET /media/{id}`.
    pub(super) id: MessageId,
    /// `image`, `video`, `audio`, `voice`, `document` or `sticker`.
    pub(super) kind: String,
    /// The file's name, where the customer's phone told one.
    pub(super) name: Option<String>,
    /// In bytes, where it is known.
    pub(super) size: Option<u64>,
}

/// When something with this id was stored.
pub(super) fn at(id: MessageId) -> Time {
    Time(Ids::time_of(id.0))
}

/// The message as the provider told it; null for what we sent.
pub(super) fn message_of(event: Option<&EventRow>) -> Value {
    let mut body = event.and_then(|row| row.body.as_deref()).map(blob).unwrap_or_default();
    body["message"].take()
}

/// Who wrote it.
pub(super) fn by(heard: &HeardMessage) -> By {
    let echoed = |event: &EventRow| event.origin == Origin::AppEcho || event.kind == MESSAGE_ECHOED;
    match &heard.event {
        _ if heard.message.inbound => By::Customer,
        _ if heard.message.effect_key.is_some() => By::Flow,
        Some(event) if echoed(event) => By::App,
        _ => By::System,
    }
}

/// What it is: the provider's word, or what we sent.
pub(super) fn kind(heard: &HeardMessage) -> String {
    match &heard.event {
        Some(event) if event.kind == ORDER_RECEIVED => "order".to_owned(),
        Some(event) => type_of(&message_of(Some(event))),
        None if ShownTemplate::of(heard.message.text.as_deref().unwrap_or_default()).is_some() => "template".to_owned(),
        None => "text".to_owned(),
    }
}

fn type_of(message: &Value) -> String {
    let kind = message["type"].as_str().unwrap_or("text");
    if kind == "audio" && message["audio"]["voice"] == true { "voice".to_owned() } else { kind.to_owned() }
}

/// The text of what people here said: of a template that left, as the connection told it.
pub(super) fn text_of(said: &HeardSaid) -> Option<&String> {
    let template = said.said.kind == SaidKind::Template;
    let sent = said.message.as_ref().and_then(|message| message.text.as_ref()).filter(|_| template);
    sent.or(said.said.text.as_ref())
}

/// The provider's id of the file that hangs on it.
pub(super) fn media_id(message: &Value) -> Option<&str> {
    let kind = message["type"].as_str().filter(|kind| MEDIA.contains(kind))?;
    message[kind]["id"].as_str().filter(|id| !id.is_empty())
}

/// What hangs on it.
pub(super) fn media(id: MessageId, message: &Value) -> Option<Media> {
    media_id(message)?;
    let content = &message[message["type"].as_str()?];
    Some(Media {
        id,
        kind: type_of(message),
        name: content["filename"].as_str().map(str::to_owned),
        size: content["file_size"].as_u64(),
    })
}

/// What is kept of something that people here said.
pub(super) fn body_of(row: &SaidRow) -> Said {
    row.body.as_deref().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default()
}

/// The file in what people here said.
pub(super) fn media_said(id: MessageId, words: Option<&Words>) -> Option<Media> {
    let Some(Words::File { kind, name, size, .. }) = words else { return None };
    let name = Some(name.clone()).filter(|name| !name.is_empty());
    Some(Media { id, kind: kind.name().to_owned(), name, size: Some(*size) })
}

/// The provider's id of what it answers.
pub(super) fn answers(message: &Value) -> Option<&str> {
    message["context"]["id"].as_str().filter(|id| !id.is_empty())
}

/// Code and words of a failure, which are stored as one text.
pub(super) fn failure(text: &str) -> (&str, &str) {
    text.split_once(' ').unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_voice_message_is_told_from_other_sound_and_a_text_has_no_media() {
        let voice = json!({ "type": "audio", "audio": { "id": "m1", "voice": true } });
        let found = media(MessageId(1), &voice).unwrap();
        assert_eq!((found.kind.as_str(), found.name), ("voice", None));
        assert_eq!(media(MessageId(1), &json!({ "type": "text", "text": { "body": "oi" } })), None);
    }
}
