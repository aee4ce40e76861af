//! Contacts, found by id, phone number or conversation address.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::contact::TagSourceKind;
use engine::expr::text::normalise;
use engine::ids::{ContactId, MailboxId};
use engine::order::Order;
use engine::store::{ContactQuery, ContactRow, ListedContact, Pages, Reads, Store, TagRow};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::extract::{Body, Id, Limit, Params};
use super::{Answer, told, view};
use crate::accounts::Who;
use crate::app::App;
use crate::error::ApiError;

/// Which contacts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    /// Whose name or number holds this; or an id, a phone number, an address.
    text: Option<String>,
    /// With this tag only.
    tag: Option<String>,
    /// `next` of the page before.
    after: Option<ContactId>,
    #[serde(default)]
    limit: Limit,
}

/// Contacts, newest first. A page may be short and still have a `next`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Contacts {
    pub(super) contacts: Vec<ContactListed>,
    pub(super) next: Option<ContactId>,
}

/// A contact as the list shows it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ContactListed {
    #[serde(flatten)]
    contact: view::Contact,
    /// Each source of each tag.
    tags: Vec<view::Tag>,
}

impl From<ListedContact> for ContactListed {
    fn from(row: ListedContact) -> Self {
        let tags = row.tags.iter().filter(|tag| gives(tag)).map(Into::into).collect();
        Self { contact: (&row.contact).into(), tags }
    }
}

/// `GET /contacts`. Whom the text names exactly comes first.
pub(crate) async fn list(State(app): State<Arc<App>>, Params(filter): Params<Filter>) -> Answer<Contacts> {
    let text = filter.text.as_deref().map(normalise).filter(|text| !text.is_empty());
    let mut first = None;
    if let (Some(text), None, None) = (&filter.text, &filter.tag, filter.after) {
        first = app.engine.whom(text.trim()).await?;
    }
    let query = ContactQuery { text, tag: filter.tag, before: filter.after, limit: filter.limit.get() };
    let mut page = app.engine.store().contact_page(query).await?;
    if let Some(contact) = first.filter(|first| page.rows.iter().all(|row| row.contact.id != first.id)) {
        let tags = app.engine.store().mailbox(MailboxId::of_contact(contact.id)).await?.tags;
        page.rows.insert(0, ListedContact { contact, tags });
    }
    Ok(Json(Contacts { contacts: page.rows.into_iter().map(Into::into).collect(), next: page.next }))
}

/// Whether it gives the tag, and does not keep it off.
fn gives(tag: &TagRow) -> bool {
    tag.source != TagSourceKind::PersonOff as i64
}

/// A contact with its conversations and tags.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ContactShown {
    #[serde(flatten)]
    contact: view::Contact,
    conversations: Vec<view::Conversation>,
    /// Each source of each tag.
    tags: Vec<view::Tag>,
    /// Tags that a person took: rules do not give them.
    tags_off: Vec<String>,
    /// The contact it became a part of.
    merged_into: Option<ContactId>,
    /// Contacts that became a part of it.
    joined: Vec<ContactId>,
}

/// `GET /contacts/{who}`: by id, phone number or conversation address.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(whose): Id<String>,
) -> Answer<ContactShown> {
    let row = find(&app, &whose).await?;
    app.sign_in.reads(&app, &who, "contact.read", row.id.to_string()).await?;
    let rows = app.engine.store().mailbox(MailboxId::of_contact(row.id)).await?;
    let person = app.engine.store().same_person(row.id).await?;
    let (tags, off): (Vec<_>, Vec<_>) = rows.tags.iter().partition(|tag| gives(tag));
    Ok(Json(ContactShown {
        contact: (&row).into(),
        conversations: rows.conversations.iter().map(Into::into).collect(),
        tags: tags.into_iter().map(Into::into).collect(),
        tags_off: off.into_iter().map(|tag| tag.tag.clone()).collect(),
        merged_into: person.first().copied().filter(|stays| *stays != row.id),
        joined: person.into_iter().skip(1).filter(|id| *id != row.id).collect(),
    }))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tags {
    /// Given.
    #[serde(default)]
    add: Vec<String>,
    /// Taken: rules do not give them any more.
    #[serde(default)]
    remove: Vec<String>,
    /// Rules may give them again.
    #[serde(default)]
    allow: Vec<String>,
}

/// `POST /contacts/{who}/tags`: a person gives and takes tags.
pub(crate) async fn change_tags(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(whose): Id<String>,
    Body(tags): Body<Tags>,
) -> Answer<Tagged> {
    let contact = find(&app, &whose).await?;
    let Tags { add, remove, allow } = tags;
    let order = Order::ChangeTags { add, remove, allow };
    told(app.engine.order(MailboxId::of_contact(contact.id), who.by(), order).await?)
}

/// The tags of a contact as they are now.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub(crate) struct Tagged {
    contact: ContactId,
    tags: Vec<String>,
    /// Those that rules do not give any more.
    off: Option<Vec<String>>,
}

pub(super) async fn find(app: &App, who: &str) -> Result<ContactRow, ApiError> {
    let found = app.engine.whom(who).await?;
    found.ok_or_else(nobody)
}

/// The text may be a phone number: it does not belong into an error that somebody logs.
pub(super) fn nobody() -> ApiError {
    ApiError::not_found("a contact with this id, phone or address")
}
