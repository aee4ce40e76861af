//! What the sandbox did: every request, message, webhook and CRM object. Crash tests compare it with the journal.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;
use serde_json::Value;
use tokio::sync::Notify;

use super::{ChatwootBooks, Post, Provider, TakenMail, hubspot::Portal};

/// A snapshot of everything a sandbox did, oldest first.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Books {
    /// Counts since the start or the last reset, whatever [`super::Config::keep`] says.
    pub totals: Totals,
    /// Calls that came in.
    pub requests: Vec<Request>,
    /// WhatsApp messages accepted for sending.
    pub messages: Vec<Message>,
    /// Webhooks that went out, one entry an attempt.
    pub webhooks: Vec<Webhook>,
    /// What teams were told through `/bell`.
    pub notices: Vec<Value>,
    /// Messages in chats of people who work here, as they stand now.
    pub posts: Vec<Post>,
    /// Letters that the mail server took.
    pub mails: Vec<TakenMail>,
    /// What Chatwoot holds.
    pub chatwoot: ChatwootBooks,
    /// CRM objects by type: `contacts`, `tickets`, `notes`, …
    pub objects: BTreeMap<String, Vec<Object>>,
    /// CRM associations, each direction once.
    pub associations: Vec<Association>,
    /// CRM property names by type; a `*` behind the name marks a unique one.
    pub properties: BTreeMap<String, Vec<String>>,
}

impl Books {
    /// The tickets, oldest first.
    #[must_use]
    pub fn tickets(&self) -> &[Object] {
        self.objects.get("tickets").map_or(&[], Vec::as_slice)
    }

    /// The CRM contacts, oldest first.
    #[must_use]
    pub fn contacts(&self) -> &[Object] {
        self.objects.get("contacts").map_or(&[], Vec::as_slice)
    }

    /// The messages that used this template.
    pub fn templates_sent<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Message> {
        self.messages.iter().filter(move |message| message.template.as_deref() == Some(name))
    }
}

/// Counts that are never forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Calls that came in, refused ones included.
    pub requests: u64,
    /// Calls answered with 4xx or 5xx.
    pub refused: u64,
    /// Messages accepted for sending.
    pub messages: u64,
    /// Templates among them.
    pub templates: u64,
    /// Tickets created.
    pub tickets: u64,
    /// CRM contacts created.
    pub contacts: u64,
    /// Webhook attempts made.
    pub webhooks: u64,
    /// Webhook attempts that were not answered as the provider wants.
    pub webhooks_failed: u64,
    /// Messages, statuses and changes in well-answered webhooks.
    pub webhook_items: u64,
}

/// One call that came in.
#[derive(Clone, Debug, Serialize)]
pub struct Request {
    /// Its place among all calls, from 1.
    pub seq: u64,
    /// When it was handled, UTC milliseconds.
    pub at_ms: u64,
    /// Whose API was called.
    pub provider: Provider,
    /// HTTP method.
    pub method: String,
    /// Path and query, without the provider's prefix.
    pub path: String,
    /// The HTTP status of the answer.
    pub status: u16,
    /// False when a fault kept the answer back after the sandbox had acted.
    pub answered: bool,
}

/// One WhatsApp message accepted for sending.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Message {
    /// `wamid.…` or `SM…`.
    pub id: String,
    /// Which API took it.
    pub provider: Provider,
    /// When, UTC milliseconds.
    pub at_ms: u64,
    /// The customer's number, digits only.
    pub to: String,
    /// `text`, `template`, `image`, `interactive`, …
    pub kind: String,
    /// What the customer reads: the text, or the template filled in.
    pub text: Option<String>,
    /// Template name.
    pub template: Option<String>,
    /// Template language.
    pub language: Option<String>,
    /// Template parameters by placeholder.
    pub params: BTreeMap<String, String>,
    /// `biz_opaque_callback_data`, or Twilio's `StatusCallback` URL.
    pub callback: Option<String>,
    /// The rest: media, interactive and so on, as received.
    pub content: Option<Value>,
    /// The provider's code when the message was accepted and then failed.
    pub failed: Option<u32>,
}

/// One attempt to deliver a webhook.
#[derive(Clone, Debug, Serialize)]
pub struct Webhook {
    /// When it was answered or given up, UTC milliseconds.
    pub at_ms: u64,
    /// Who sent it.
    pub provider: Provider,
    /// `message`, `status`, `property_change` or `press`.
    pub kind: &'static str,
    /// Where it went.
    pub url: String,
    /// How many messages, statuses or changes it carried.
    pub items: usize,
    /// 0 for the first attempt.
    pub attempt: u32,
    /// The HTTP status of the answer; none when there was no answer.
    pub status: Option<u16>,
    /// How long the answer took, in milliseconds.
    pub ms: f64,
}

/// One CRM object.
#[derive(Clone, Debug, Serialize)]
pub struct Object {
    /// Decimal number, counting up.
    pub id: String,
    /// Its properties; all values are text.
    pub properties: BTreeMap<String, String>,
    /// UTC milliseconds.
    pub created_ms: u64,
    /// UTC milliseconds.
    pub updated_ms: u64,
}

/// One direction of a CRM association.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Association {
    /// Type of the object it starts at.
    pub from_type: String,
    /// Id of the object it starts at.
    pub from_id: u64,
    /// Type of the object it leads to.
    pub to_type: String,
    /// Id of the object it leads to.
    pub to_id: u64,
    /// HubSpot's association type id.
    pub type_id: u32,
}

/// The growing side of the books, shared by all handlers. Its lock is held for a push, never over an await.
pub(super) struct Ledger {
    pages: Mutex<Pages>,
    keep: usize,
    /// Woken after each entry.
    pub(super) changed: Notify,
}

#[derive(Default)]
struct Pages {
    totals: Totals,
    requests: VecDeque<Request>,
    messages: VecDeque<Message>,
    webhooks: VecDeque<Webhook>,
    notices: VecDeque<Value>,
    posts: VecDeque<Post>,
    mails: VecDeque<TakenMail>,
}

impl Ledger {
    pub(super) fn new(keep: usize) -> Self {
        Self { pages: Mutex::default(), keep, changed: Notify::new() }
    }

    pub(super) fn request(&self, mut request: Request) {
        self.write(|pages, keep| {
            pages.totals.requests += 1;
            pages.totals.refused += u64::from(request.status >= 400);
            request.seq = pages.totals.requests;
            push(&mut pages.requests, request, keep);
        });
    }

    pub(super) fn message(&self, message: Message) {
        self.write(|pages, keep| {
            pages.totals.messages += 1;
            pages.totals.templates += u64::from(message.template.is_some());
            push(&mut pages.messages, message, keep);
        });
    }

    pub(super) fn webhook(&self, webhook: Webhook, well_answered: bool) {
        self.write(|pages, keep| {
            pages.totals.webhooks += 1;
            match well_answered {
                true => pages.totals.webhook_items += webhook.items as u64,
                false => pages.totals.webhooks_failed += 1,
            }
            push(&mut pages.webhooks, webhook, keep);
        });
    }

    pub(super) fn notice(&self, notice: Value) {
        self.write(|pages, keep| push(&mut pages.notices, notice, keep));
    }

    pub(super) fn mail(&self, mail: TakenMail) {
        self.write(|pages, keep| push(&mut pages.mails, mail, keep));
    }

    pub(super) fn post(&self, post: Post) {
        self.write(|pages, keep| push(&mut pages.posts, post, keep));
    }

    /// Changes the newest post that fits; whether there was one.
    pub(super) fn edit_post(&self, fits: impl Fn(&Post) -> bool, change: impl FnOnce(&mut Post)) -> bool {
        let mut found = false;
        self.write(|pages, _| {
            if let Some(post) = pages.posts.iter_mut().rev().find(|post| fits(post)) {
                change(post);
                post.edits += 1;
                found = true;
            }
        });
        found
    }

    /// The newest post that fits.
    pub(super) fn post_where(&self, fits: impl Fn(&Post) -> bool) -> Option<Post> {
        self.lock().posts.iter().rev().find(|post| fits(post)).cloned()
    }

    pub(super) fn object_created(&self, object_type: &str) {
        self.write(|pages, _| match object_type {
            "tickets" => pages.totals.tickets += 1,
            "contacts" => pages.totals.contacts += 1,
            _ => {}
        });
    }

    pub(super) fn totals(&self) -> Totals {
        self.lock().totals
    }

    /// The newest message that fits, oldest forgotten ones excepted.
    pub(super) fn messages_where(&self, fits: impl Fn(&Message) -> bool) -> Vec<Message> {
        self.lock().messages.iter().rev().filter(|message| fits(message)).cloned().collect()
    }

    pub(super) fn snapshot(&self, portal: &Portal, chatwoot: ChatwootBooks) -> Books {
        let pages = self.lock();
        Books {
            totals: pages.totals,
            requests: pages.requests.iter().cloned().collect(),
            messages: pages.messages.iter().cloned().collect(),
            webhooks: pages.webhooks.iter().cloned().collect(),
            notices: pages.notices.iter().cloned().collect(),
            posts: pages.posts.iter().cloned().collect(),
            mails: pages.mails.iter().cloned().collect(),
            chatwoot,
            objects: portal.all_objects(),
            associations: portal.all_associations(),
            properties: portal.all_properties(),
        }
    }

    pub(super) fn clear(&self) {
        self.write(|pages, _| *pages = Pages::default());
    }

    fn write(&self, change: impl FnOnce(&mut Pages, usize)) {
        change(&mut self.lock(), self.keep);
        self.changed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn push<T>(entries: &mut VecDeque<T>, entry: T, keep: usize) {
    entries.push_back(entry);
    if entries.len() > keep {
        entries.pop_front();
    }
}
