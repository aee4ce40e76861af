//! Mails about approvals: to those who may give one, and to whoever asked once somebody answered.
//!
//! They go through the first mail connection by which alarms are told, each to the person's own address and in their language. Where
//! alarms are told to no mail connection, none goes out, and the bell says it alone.

use engine::account::{Accounts, Permissions, UserRow, UserState};
use engine::capability::notify::{Level, Send};
use engine::connector::Action;
use engine::flow::Kind;
use engine::handle::named;
use engine::ids::MailboxId;
use engine::order::Order;
use engine::store::{ReviewRow, ReviewState};

use super::words::Words;
use super::{is_answered, name};
use crate::accounts::who::{is_same_one, name_of};
use crate::api::studio::to_edit;
use crate::app::App;
use crate::error::ApiError;
use crate::flows::edited::Edited;

/// The connector whose connections send mail.
const MAIL: &str = "notify.email";
/// Longest subject, and longest comment that a mail repeats, in characters.
const MAX_TITLE_CHARS: usize = 150;
const MAX_COMMENT_CHARS: usize = 2_000;

/// Tells by mail what was just asked or answered about `edited`. What cannot be told is logged: the review itself stands.
pub(crate) async fn tell(app: &App, row: &ReviewRow, edited: &Edited) {
    if let Err(problem) = told(app, row, edited).await {
        tracing::warn!(?problem, flow = row.flow, "nobody could be told by mail of an approval");
    }
}

async fn told(app: &App, row: &ReviewRow, edited: &Edited) -> Result<(), ApiError> {
    let settings = app.sign_in.settings();
    if !settings.approval {
        return Ok(());
    }
    let Some(connection) = connection(app).await? else { return Ok(()) };
    let mut users = app.engine.store().users().await?;
    users.retain(|user| user.state == UserState::Active && is_told(user, row, edited));
    let what = name(&row.flow, edited.text());
    let address = format!("{}{}", app.public_url, page(&row.flow, edited.kind()));
    let language = |user: &UserRow| {
        if user.language.is_empty() { settings.language.clone() } else { user.language.clone() }
    };
    let notices: Vec<Send> =
        users.iter().map(|user| letter(row, &what, &address, &user.email, Words::of(&language(user)))).collect();
    if notices.is_empty() {
        return Ok(());
    }
    let by = row.answered_by.as_ref().unwrap_or(&row.asked_by);
    app.engine.order(MailboxId::ALARMS, by, Order::TellPeople { connection, notices }).await?;
    Ok(())
}

/// The connection that mails go through.
async fn connection(app: &App) -> Result<Option<String>, ApiError> {
    let policy = app.engine.alarm_policy().await?.policy;
    let mails = |id: &String| {
        let open = app.connections.get(id);
        open.is_some_and(|open| open.connector == MAIL && open.performers.contains_key(Send::NAME))
    };
    Ok(policy.routes.into_iter().map(|route| route.connection).find(mails))
}

/// Whether a mail goes to `user`: of an answer to whoever asked, of a question to everybody else who may answer it.
fn is_told(user: &UserRow, row: &ReviewRow, edited: &Edited) -> bool {
    let own = name_of(user);
    let is = |by: &str| is_same_one(by, &own);
    if is_answered(row) {
        return is(&row.asked_by) && !row.answered_by.as_deref().is_some_and(is);
    }
    let wrote = edited.authors().last().is_some_and(|by| is(by));
    let may = Permissions::of(user.role, user.publisher).has(to_edit(edited.kind()));
    may && !wrote && !is(&row.asked_by)
}

fn letter(row: &ReviewRow, what: &str, address: &str, to: &str, words: &Words) -> Send {
    let (title, by, comment) = match row.state {
        ReviewState::Asked => (words.asked, Some(&row.asked_by), &row.comment),
        ReviewState::Approved => (words.approved, row.answered_by.as_ref(), &row.answer),
        ReviewState::Declined => (words.declined, row.answered_by.as_ref(), &row.answer),
    };
    let who = by.map_or("", |by| named(by));
    let title = title.replace("{who}", who).replace("{what}", what);
    let comment: String = comment.chars().take(MAX_COMMENT_CHARS).collect();
    let open = format!("{} {address}", words.open);
    let text = if comment.trim().is_empty() { open } else { format!("{}\n\n{open}", comment.trim()) };
    Send {
        to: Some(to.to_owned()),
        title: Some(title.chars().take(MAX_TITLE_CHARS).collect()),
        text,
        level: Level::Info,
    }
}

/// The page on which it is answered.
fn page(id: &str, kind: Kind) -> String {
    let folder = if kind == Kind::Rules { "rules" } else { "flows" };
    format!("/{folder}/{id}?review=1")
}
