//! Notes that name whoever asks, those first that they have not looked at.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::ids::{ContactId, ConversationId, MessageId, UserId};
use engine::inbox::Act;
use engine::store::{Mention, MentionPlace, Talks};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::colleagues::{Colleague, Names};
use super::list::TalkShown;
use super::{acts, sight, told};
use crate::accounts::Who;
use crate::api::Answer;
use crate::api::extract::{Body, Id, Limit, Params};
use crate::api::view::Time;
use crate::app::App;
use crate::error::ApiError;

/// A place in the list, as text: `new-` or `seen-`, and the note.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String")]
pub(crate) struct Place(MentionPlace);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self((seen, note)) = self;
        write!(f, "{}-{note}", if *seen { "seen" } else { "new" })
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.to_string()
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let seen = |word: &str| ["new", "seen"].iter().position(|known| *known == word).map(|at| at == 1);
        let parts = text.split_once('-').and_then(|(word, note)| Some((seen(word)?, note.parse().ok()?)));
        parts.map(Self).ok_or_else(|| "after: `next` of the page before".to_owned())
    }
}

impl TryFrom<String> for Place {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MentionsPart")]
pub(crate) struct Part {
    /// `next` of the page before.
    after: Option<Place>,
    #[serde(default)]
    limit: Limit,
}

/// Notes that name whoever asks: new ones first, the newest on top.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Mentions {
    mentions: Vec<MentionView>,
    /// How many are new; counting ends at 1 000.
    new: u32,
    next: Option<Place>,
}

/// A note that names whoever asks.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Mention")]
struct MentionView {
    /// The note.
    id: MessageId,
    at: Time,
    /// Who wrote it.
    by: Option<Colleague>,
    text: String,
    /// Whether they have not looked at it yet.
    new: bool,
    conversation: ConversationId,
    contact: Customer,
}

/// The customer in whose conversation a note stands.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MentionContact")]
struct Customer {
    id: ContactId,
    name: Option<String>,
    phone: Option<String>,
}

impl MentionView {
    fn of(mention: Mention, names: &Names) -> Self {
        let Mention { note, conversation, contact, name, phone, by, text, seen, .. } = mention;
        let contact = Customer { id: contact, name: Some(name).filter(|name| !name.is_empty()), phone };
        Self {
            id: note,
            at: told::at(note),
            by: by.map(|user| names.get(user)),
            text,
            new: !seen,
            conversation,
            contact,
        }
    }
}

/// `GET /mentions`: of conversations that they may see. A page may be short and still have a `next`.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Params(part): Params<Part>,
) -> Answer<Mentions> {
    let user = who.expect_person()?.user.id;
    let (store, limit) = (app.engine.store(), part.limit.get());
    let mut found = store.mentions(user, part.after.map(|place| place.0), limit).await?;
    let full = found.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    let next = found.last().filter(|_| full).map(|last| Place(last.place()));
    if let Some(sight) = sight::of(&app, &who) {
        found.retain(|mention| sight.sees(mention.assignee, mention.team.as_deref()));
    }
    let writers: Vec<UserId> = found.iter().filter_map(|mention| mention.by).collect();
    let names = Names::of(&app, writers).await?;
    let new = store.unseen_mentions(user, None).await?;
    let mentions = found.into_iter().map(|mention| MentionView::of(mention, &names)).collect();
    Ok(Json(Mentions { mentions, new, next }))
}

/// `POST /conversations/{id}/mentions/read`: whoever asks has looked at the notes there that name them.
pub(crate) async fn read(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<ConversationId>,
    Body(acts::Nothing {}): Body<acts::Nothing>,
) -> Answer<TalkShown> {
    acts::act(&app, &who, id, Act::SeeMentions).await
}

/// How many notes there name whoever asks and are new to them.
pub(super) async fn new_in(app: &App, who: &Who, id: Option<ConversationId>) -> Result<u32, ApiError> {
    match who.user() {
        Some(user) => Ok(app.engine.store().unseen_mentions(user, id).await?),
        None => Ok(0),
    }
}
