//! Files in messages to the customer: what WhatsApp takes as what and how much of it, and sending one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::whatsapp::Accepted;
use crate::connector::Action;

/// Longest caption, in characters. Source: Meta, "Cloud API, messages".
pub const MAX_CAPTION_CHARS: usize = 1_024;
/// Largest file that people here send, in bytes: WhatsApp's own limit of sound and film. A document may have 100 MB there and is
/// sent by its `link` then.
pub const MAX_FILE_BYTES: usize = 16 * 1024 * 1024;
/// Largest picture, in bytes. Source: Meta, "Supported media types".
const MAX_IMAGE_BYTES: usize = 5 * 1024 * 1024;

/// What the customer gets a file as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A picture: JPEG or PNG, at most 5 MB.
    Image,
    /// Sound: AAC, AMR, MP3, M4A or OGG with Opus, at most 16 MB.
    Audio,
    /// Film: MP4 or 3GP, at most 16 MB.
    Video,
    /// Text, PDF and documents of office programs.
    Document,
}

impl FileKind {
    /// Its name, which is the provider's, too.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Document => "document",
        }
    }

    /// What a file of this type goes out as; `None` for types that WhatsApp does not take. Source: Meta, "Supported media types".
    #[must_use]
    pub fn of(content_type: &str) -> Option<Self> {
        let plain = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        Some(match plain.as_str() {
            "image/jpeg" | "image/png" => Self::Image,
            "audio/aac" | "audio/amr" | "audio/mpeg" | "audio/mp4" | "audio/ogg" => Self::Audio,
            "video/mp4" | "video/3gpp" => Self::Video,
            "text/plain"
            | "application/pdf"
            | "application/msword"
            | "application/vnd.ms-excel"
            | "application/vnd.ms-powerpoint"
            | "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
            | "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
            | "application/vnd.openxmlformats-officedocument.presentationml.presentation" => Self::Document,
            _ => return None,
        })
    }

    /// How large one may be, in bytes.
    #[must_use]
    pub fn most_bytes(self) -> usize {
        if self == Self::Image { MAX_IMAGE_BYTES } else { MAX_FILE_BYTES }
    }

    /// Whether words may stand under it: not under sound.
    #[must_use]
    pub fn takes_caption(self) -> bool {
        self != Self::Audio
    }
}

/// Sends a picture, sound, film or document to the customer. Only inside the 24 hours after their last message.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendMedia {
    /// What the customer gets it as.
    pub kind: FileKind,
    /// Its public https address, from which the provider fetches it. Either this or `media`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub link: Option<String>,
    /// The provider's id of a file that it has, such as `{{event.message.image.id}}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub media: Option<String>,
    /// The words under it; none under sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024), extend("x-format" = "whatsapp"))]
    pub caption: Option<String>,
    /// The name of a document, as the customer sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 240))]
    pub name: Option<String>,
    /// Another number in international form. Default: the customer the run is about.
    #[serde(default)]
    pub to: Option<String>,
    /// The provider's id of the customer's message that this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
}

impl SendMedia {
    /// As a conversation's history shows it: the words under it, else its name.
    #[must_use]
    pub fn shown(&self) -> String {
        self.caption.clone().or_else(|| self.name.clone()).unwrap_or_default()
    }
}

impl Action for SendMedia {
    const NAME: &'static str = "whatsapp.send_media";
    const ABOUT: &'static str =
        "Sends a picture, sound, film or document, inside the 24 hours after the customer's last message.";
    const NEEDS_WINDOW: bool = true;
    const REPLY: bool = true;
    type Output = Accepted;
    fn sample() -> Accepted {
        Accepted { message_id: "wamid.TEST".into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_says_what_a_file_goes_out_as_and_what_whatsapp_refuses_is_nothing() {
        let kind = |content_type| FileKind::of(content_type);
        assert_eq!(kind("IMAGE/PNG"), Some(FileKind::Image));
        assert_eq!(kind("audio/ogg; codecs=opus"), Some(FileKind::Audio));
        assert_eq!(kind("application/pdf"), Some(FileKind::Document));
        assert_eq!((kind("image/svg+xml"), kind("text/html"), kind("")), (None, None, None));
        assert!(FileKind::Image.most_bytes() < FileKind::Video.most_bytes());
    }
}
