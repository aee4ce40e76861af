//! What customers have in their hands: they play on it, and see what was sent to them.

use std::sync::Arc;

use super::Provider;
use super::cloud_api::{self, interactive};
use super::play::{self, Error, Play, Played};
use super::world::{World, digits};

/// Types of messages on which a file hangs.
const FILES: [&str; 4] = ["image", "audio", "video", "document"];

/// The phones of the sandbox's customers. Cheap to clone; it keeps the sandbox's memory alive, not its server.
#[derive(Clone)]
pub struct Phones(pub(super) Arc<World>);

/// A message as its customer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnPhone {
    /// What we gave the provider along with it: the key of the call.
    pub callback: Option<String>,
    /// What is read: the text, or the template filled in.
    pub text: Option<String>,
    /// The template's name.
    pub template: Option<String>,
    /// What can be tapped, in the order shown.
    pub buttons: Vec<String>,
    /// The file that hangs on it.
    pub file: Option<FileOnPhone>,
}

/// A file as its customer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileOnPhone {
    /// `image`, `audio`, `video` or `document`.
    pub kind: String,
    /// A document's name.
    pub name: Option<String>,
}

/// The file that hangs on a message, and the words under it.
fn file_of(message: &super::Message) -> Option<(FileOnPhone, Option<String>)> {
    let content = message.content.as_ref().filter(|_| FILES.contains(&message.kind.as_str()))?;
    let text = |name: &str| content[name].as_str().map(str::to_owned);
    Some((FileOnPhone { kind: message.kind.clone(), name: text("filename") }, text("caption")))
}

impl Phones {
    /// A customer does something: one signed webhook, delivered at once.
    ///
    /// # Errors
    /// No webhook address is set, or the provider has no such event.
    pub async fn play(&self, play: Play) -> Result<Played, Error> {
        play::play(&self.0, play).await
    }

    /// A customer opens the conversation: what was sent to them counts as read.
    pub fn read(&self, customer: &str) {
        cloud_api::tell_read(&self.0, &digits(customer));
    }

    /// What was sent to this customer, newest first.
    #[must_use]
    pub fn sent_to(&self, customer: &str) -> Vec<OnPhone> {
        let to = digits(customer);
        let messages =
            self.0.ledger.messages_where(|message| message.provider == Provider::CloudApi && message.to == to);
        let shown = |choice: interactive::Choice| choice.shown["title"].as_str().unwrap_or_default().to_owned();
        let seen = |message: super::Message| {
            let (file, caption) = file_of(&message).unzip();
            OnPhone {
                buttons: interactive::choices(&message).into_iter().map(shown).collect(),
                text: message.text.clone().or_else(|| interactive::words(&message)).or(caption.flatten()),
                callback: message.callback,
                template: message.template,
                file,
            }
        };
        messages.into_iter().map(seen).collect()
    }
}
