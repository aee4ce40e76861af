//! What an agent reaches from a conversation: templates, flows that may be started, a ticket.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::connector::ApprovedTemplate;
use engine::event::MANUAL;
use engine::ids::{ConversationId, MailboxId};
use engine::inbox::Act;
use engine::order::Order;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::list::{TalkShown, now_shown};
use super::sight;
use crate::accounts::Who;
use crate::api::Answer;
use crate::api::extract::{Body, Id};
use crate::app::App;
use crate::error::ApiError;

/// Templates that may be sent in a conversation.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InboxTemplates")]
pub(crate) struct Templates {
    templates: Vec<ApprovedTemplate>,
}

/// `GET /conversations/{id}/templates`: as the account tells them now.
pub(crate) async fn templates(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<ConversationId>,
) -> Answer<Templates> {
    let talk = sight::talk(&app, &who, id).await?;
    let accounts = app.connections.all();
    let Some(open) = accounts.get(talk.conversation.connection.as_str()) else {
        return Ok(Json(Templates { templates: Vec::new() }));
    };
    let known = open.connection.templates().await;
    let templates = known.map_err(|problem| ApiError::conflict_of("no_templates", problem.message, &problem.code))?;
    Ok(Json(Templates { templates }))
}

/// Flows that a person may start.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InboxFlows")]
pub(crate) struct Flows {
    flows: Vec<FlowNamed>,
}

/// A flow by name.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InboxFlow")]
struct FlowNamed {
    id: String,
    name: String,
}

/// `GET /conversations/{id}/flows`: live flows with the trigger `manual`.
pub(crate) async fn flows(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<ConversationId>,
) -> Answer<Flows> {
    sight::talk(&app, &who, id).await?;
    Ok(Json(Flows { flows: startable(&app) }))
}

fn startable(app: &App) -> Vec<FlowNamed> {
    let live = app.engine.live();
    let by_hand = live.iter().filter(|flow| flow.triggers.iter().any(|trigger| &*trigger.kind == MANUAL));
    by_hand.map(|flow| FlowNamed { id: flow.flow.to_string(), name: flow.name.to_string() }).collect()
}

/// Which flow.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "InboxStartFlow")]
pub(crate) struct StartFlow {
    flow: String,
}

/// `POST /conversations/{id}/flow`: starts it with this contact. What it sends goes out although a person talks.
pub(crate) async fn start(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<ConversationId>,
    Body(asked): Body<StartFlow>,
) -> Answer<TalkShown> {
    app.expect_accounts()?;
    let talk = sight::talk(&app, &who, id).await?;
    if !startable(&app).iter().any(|flow| flow.id == asked.flow) {
        let why = format!("`{}` is no live flow that is started by hand: give it the trigger `manual`", asked.flow);
        return Err(ApiError::conflict(why));
    }
    app.engine.start_in(&asked.flow, who.by(), &talk.conversation).await?;
    now_shown(&app, &who, id).await
}

/// A ticket about a conversation.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "InboxTicket")]
pub(crate) struct NewTicket {
    #[schemars(length(min = 1, max = 200))]
    subject: String,
    #[serde(default)]
    #[schemars(length(max = 4096))]
    text: String,
}

/// `POST /conversations/{id}/ticket`: in the CRM that flows use when they name none. A note says what became of it.
pub(crate) async fn ticket(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<ConversationId>,
    Body(new): Body<NewTicket>,
) -> Answer<TalkShown> {
    app.expect_accounts()?;
    let talk = sight::talk(&app, &who, id).await?;
    let (subject, text) = (new.subject.trim().to_owned(), new.text);
    if subject.is_empty() || subject.chars().count() > 200 || text.chars().count() > 4096 {
        return Err(ApiError::bad_request("subject: 1 to 200 characters, text: at most 4096"));
    }
    let connection = app.checker.serves("crm.create_ticket").ok_or_else(|| {
        ApiError::conflict(
            "no connection makes tickets, or several do and none is the default of `crm`: see the connections file",
        )
    })?;
    let act = Act::Ticket { connection, subject, text };
    let order = Order::Talk { conversation: id, actor: sight::actor(&who), act };
    app.engine.order(MailboxId::of_contact(talk.contact.id), who.by(), order).await?;
    now_shown(&app, &who, id).await
}
