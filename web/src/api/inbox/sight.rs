//! Who may see which conversation, and in whose name they work in it.

use engine::account::Permission;
use engine::ids::{ConversationId, UserId};
use engine::order::Actor;
use engine::store::{ListedTalk, Sight, Talks};

use crate::accounts::Who;
use crate::app::App;
use crate::error::ApiError;

/// What this one may see; `None` = everything. A machine that may read the inbox is nobody's colleague and sees all.
pub(super) fn of(app: &App, who: &Who) -> Option<Sight> {
    let user = who.user().filter(|_| !who.may(Permission::InboxAll))?;
    Some(Sight { user, teams: teams_of(app, user) })
}

/// The teams somebody is a member of.
pub(super) fn teams_of(app: &App, user: UserId) -> Vec<String> {
    app.engine.staff().teams_of(user).map(|team| team.id.to_string()).collect()
}

/// Who works.
pub(super) fn actor(who: &Who) -> Actor {
    let agent = who.user();
    Actor { agent, everywhere: agent.is_none() || who.may(Permission::InboxAll) }
}

/// A conversation that this one may see.
///
/// # Errors
/// 404 for all others, whether they are there or not.
pub(super) async fn talk(app: &App, who: &Who, id: ConversationId) -> Result<ListedTalk, ApiError> {
    let found = app.engine.store().talk(id).await?;
    let inbox = |talk: &ListedTalk| (talk.conversation.inbox.assignee, talk.conversation.inbox.team.clone());
    let sees = |talk: &ListedTalk| {
        let (assignee, team) = inbox(talk);
        of(app, who).is_none_or(|sight| sight.sees(assignee, team.as_deref()))
    };
    found.filter(sees).ok_or_else(|| ApiError::not_found(format_args!("conversation {id}")))
}
