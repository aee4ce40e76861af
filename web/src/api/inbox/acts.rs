//! What agents do with a conversation besides talking. Every answer is the conversation as it stands then.

use std::sync::Arc;

use axum::extract::{Extension, State};
use engine::account::{Accounts, Permission, Permissions, UserRow, UserState};
use engine::contact::Priority;
use engine::ids::{ConversationId, MailboxId, RunId, UserId};
use engine::inbox::Act;
use engine::order::Order;
use engine::runner::Change;
use schemars::JsonSchema;
use serde::Deserialize;

use super::list::{TalkShown, now_shown};
use super::sight;
use crate::accounts::Who;
use crate::api::Answer;
use crate::api::extract::{Body, Id};
use crate::app::App;
use crate::error::ApiError;

/// Carries out `act` and shows the conversation.
pub(super) async fn act(app: &App, who: &Who, id: ConversationId, act: Act) -> Answer<TalkShown> {
    let talk = sight::talk(app, who, id).await?;
    let order = Order::Talk { conversation: id, actor: sight::actor(who), act };
    app.engine.order(MailboxId::of_contact(talk.contact.id), who.by(), order).await?;
    now_shown(app, who, id).await
}

/// Nothing to say.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// A note among people here.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "InboxNote")]
pub(crate) struct NewNote {
    #[schemars(length(min = 1, max = 4096))]
    text: String,
    /// Who is to see it.
    #[serde(default)]
    mentions: Vec<UserId>,
}

/// `POST /conversations/{id}/notes`.
pub(crate) async fn note(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<ConversationId>,
    Body(note): Body<NewNote>,
) -> Answer<TalkShown> {
    act(&app, &who, id, Act::Note { text: note.text, mentions: note.mentions }).await
}

/// Whose it is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "InboxAssignee")]
pub(crate) struct Assignee {
    /// Nothing = nobody's.
    agent: Option<UserId>,
    /// Nothing = no team's.
    team: Option<String>,
}

/// `PUT /conversations/{id}/assignee`.
pub(crate) async fn assign(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<ConversationId>,
    Body(to): Body<Assignee>,
) -> Answer<TalkShown> {
    if let Some(agent) = to.agent {
        let user = app.engine.store().user(agent).await?.filter(|user| user.state == UserState::Active);
        let works = |user: &UserRow| Permissions::of(user.role, user.publisher).has(Permission::InboxWork);
        if !user.as_ref().is_some_and(works) {
            return Err(ApiError::bad_request("agent: somebody who is here and may work in the inbox"));
        }
    }
    act(&app, &who, id, Act::Assign { agent: to.agent, team: to.team }).await
}

/// How it is closed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "InboxClose")]
pub(crate) struct Closing {
    /// Whether the customer is asked how it was. Left out, as the settings say.
    ask_satisfaction: Option<bool>,
}

/// `POST /conversations/{id}/close`.
pub(crate) async fn close(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<ConversationId>,
    Body(closing): Body<Closing>,
) -> Answer<TalkShown> {
    let talk = sight::talk(&app, &who, id).await?;
    let settings = app.sign_in.settings();
    let asks = closing.ask_satisfaction.unwrap_or(settings.satisfaction.ask);
    let ask = asks.then(|| settings.satisfaction.question(&talk.contact.language, &settings.language));
    act(&app, &who, id, Act::Close { ask }).await
}

/// `POST /conversations/{id}/reopen`.
pub(crate) async fn reopen(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<ConversationId>,
    Body(Nothing {}): Body<Nothing>,
) -> Answer<TalkShown> {
    act(&app, &who, id, Act::Reopen).await
}

/// What the flows are to do.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "InboxBotOrder")]
pub(crate) struct BotOrder {
    #[serde(rename = "do")]
    what: BotDoes,
    /// With `end`: this run only.
    run: Option<RunId>,
}

/// What the flows are to do.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "InboxBotDoes")]
enum BotDoes {
    /// They have it again: what was held goes out.
    Continue,
    /// They have it again, and their runs in this conversation end.
    End,
    /// What they send is held until the conversation is closed or handed back.
    Pause,
}

/// `POST /conversations/{id}/bot`.
pub(crate) async fn bot(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<ConversationId>,
    Body(order): Body<BotOrder>,
) -> Answer<TalkShown> {
    let order = match order.what {
        BotDoes::Continue => Act::HandBack { end: false, run: None },
        BotDoes::End => Act::HandBack { end: true, run: order.run },
        BotDoes::Pause => Act::Pause,
    };
    act(&app, &who, id, order).await
}

/// `POST /conversations/{id}/read`.
pub(crate) async fn read(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<ConversationId>,
    Body(Nothing {}): Body<Nothing>,
) -> Answer<TalkShown> {
    act(&app, &who, id, Act::Read).await
}

/// `POST /conversations/{id}/typing`: whoever is signed in writes in it. Said again every few seconds.
pub(crate) async fn typing(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<ConversationId>,
    Body(Nothing {}): Body<Nothing>,
) -> Answer<TalkShown> {
    let user = who.expect_person()?.user.clone();
    sight::talk(&app, &who, id).await?;
    app.attending.types(id, user.id, app.clock.now());
    app.engine.tell(Change::Typing { id, user: user.id, name: user.name });
    now_shown(&app, &who, id).await
}

/// How urgent the contact is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "InboxPriority")]
pub(crate) struct NewPriority {
    priority: Priority,
}

/// `PUT /conversations/{id}/priority`.
pub(crate) async fn prioritise(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<ConversationId>,
    Body(new): Body<NewPriority>,
) -> Answer<TalkShown> {
    act(&app, &who, id, Act::Prioritise { priority: new.priority }).await
}

/// How the contact's last order stands.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "InboxOrderStatus")]
pub(crate) struct NewStatus {
    /// Its code; empty = none.
    #[schemars(length(max = 64))]
    status: String,
}

/// `PUT /conversations/{id}/order-status`.
pub(crate) async fn order_status(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<ConversationId>,
    Body(new): Body<NewStatus>,
) -> Answer<TalkShown> {
    act(&app, &who, id, Act::OrderStatus { status: new.status }).await
}
