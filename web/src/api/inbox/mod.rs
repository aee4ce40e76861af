//! The shared inbox: conversations by box, one of them with what was said in it, and what agents do there.
//!
//! Who may not see all conversations sees their own, nobody's, and those of their teams; what they may not see is not there.

mod acts;
mod colleagues;
mod files;
mod list;
mod media;
mod mentions;
mod messages;
mod more;
mod sight;
mod snippets;
mod ticks;
mod told;
mod view;

pub(crate) use colleagues::Attending;
pub(crate) use ticks::{statuses, tell_statuses};

use engine::account::Permission::{InboxAll, InboxRead, InboxWork};

use crate::accounts::routes::{Routes, may};

/// The addresses.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/conversations", may(InboxRead).personal(), list::list)
        .get("/conversations/{id}", may(InboxRead).reads(), list::show)
        .get("/conversations/{id}/messages", may(InboxRead).reads(), messages::list)
        .post("/conversations/{id}/messages", may(InboxWork).personal(), messages::send)
        .post("/conversations/{id}/files", may(InboxWork), files::take)
        .post("/conversations/{id}/messages/{message}/resend", may(InboxWork).personal(), messages::resend)
        .post("/conversations/{id}/notes", may(InboxWork).personal(), acts::note)
        .put("/conversations/{id}/assignee", may(InboxWork).personal(), acts::assign)
        .post("/conversations/{id}/close", may(InboxWork).personal(), acts::close)
        .post("/conversations/{id}/reopen", may(InboxWork).personal(), acts::reopen)
        .post("/conversations/{id}/bot", may(InboxWork).personal(), acts::bot)
        .post("/conversations/{id}/read", may(InboxWork).personal(), acts::read)
        .post("/conversations/{id}/mentions/read", may(InboxRead).personal(), mentions::read)
        .get("/mentions", may(InboxRead).personal(), mentions::list)
        .post("/conversations/{id}/typing", may(InboxWork).personal(), acts::typing)
        .put("/conversations/{id}/priority", may(InboxWork).personal(), acts::prioritise)
        .put("/conversations/{id}/order-status", may(InboxWork).personal(), acts::order_status)
        .get("/conversations/{id}/templates", may(InboxRead), more::templates)
        .get("/conversations/{id}/flows", may(InboxRead), more::flows)
        .post("/conversations/{id}/flow", may(InboxWork).personal(), more::start)
        .post("/conversations/{id}/ticket", may(InboxWork).personal(), more::ticket)
        .get("/snippets", may(InboxRead), snippets::list)
        .put("/snippets/{id}", may(InboxAll), snippets::put)
        .delete("/snippets/{id}", may(InboxAll), snippets::remove)
        .get("/media/{id}", may(InboxRead).reads(), media::fetch)
}
