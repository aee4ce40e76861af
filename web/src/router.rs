//! Every address there is, on one screen, each with who may use it.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn_with_state, map_response};
use axum::{Router, routing};
use engine::account::Permission::{
    ConnectionsCheck, ConnectionsManage, ContactsChange, ContactsManage, ContactsRead, FiguresRead, FlowsEdit,
    FlowsPublish, FlowsRead, InboxRead, LogExport, LogProve, LogRead, PeopleErase, PeopleExport, RulesEdit,
    RulesPublish, RunsControl, RunsRead, SegmentsEdit, SegmentsPublish, SendingStop, SettingsManage, SystemRead,
    TokensManage, UsersManage,
};
use serde_json::Value;
use tower_http::catch_panic::CatchPanicLayer;

use crate::accounts::routes::{ANYONE, Routes, SIGNED_IN, may};
use crate::accounts::who;
use crate::app::App;
use crate::config::server::Limits;
use crate::error::ApiError;
use crate::pace::{self, Paces};
use crate::{api, body, hooks, pages, status};

/// The largest request to the API: an import of a workspace.
const MAX_API_BYTES: usize = 16 * 1024 * 1024;

/// How many times as long as others a request that brings a file may take.
const SLOWER: u32 = 6;

/// The whole web side over `app`.
pub fn router(app: Arc<App>, limits: Limits) -> Router {
    let bounds = |cap| body::Bounds { cap, within: limits.body, file_within: limits.body * SLOWER };
    let bounded = |cap| from_fn_with_state(bounds(cap), body::whole);
    let identified = from_fn_with_state(Arc::clone(&app), who::identify);
    let paces = Arc::<Paces>::default();

    let hooks = Router::new()
        .route("/hooks/{connection}", routing::get(hooks::receive).post(hooks::receive))
        .route("/hooks/{connection}/{*path}", routing::get(hooks::receive).post(hooks::receive))
        .layer(bounded(hooks::MAX_HOOK_BYTES));
    let api = api_routes()
        .finish()
        .layer(bounded(MAX_API_BYTES))
        .layer(from_fn_with_state(Arc::clone(&paces), pace::of_credential))
        .layer(identified.clone())
        .layer(from_fn_with_state(paces, pace::of_peer))
        .layer(map_response(pages::private));
    let figures = Routes::default().get("/metrics", may(FiguresRead), status::metrics).bare().layer(identified);

    Router::new()
        .route("/healthz", routing::get(async || "ok"))
        .route("/readyz", routing::get(status::ready))
        .merge(figures)
        .merge(hooks)
        .nest("/api/v1", api)
        .fallback(pages::serve)
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        // `body::whole` bounds what comes in; the framework's own bound of 2 MB is lower than ours.
        .layer(DefaultBodyLimit::disable())
        .layer(CatchPanicLayer::custom(|_| ApiError::panicked()))
        .with_state(app)
}

/// The description of the API, OpenAPI 3.1.
#[must_use]
pub fn document() -> Value {
    api_routes().document()
}

/// The API, below `/api/v1`.
pub(crate) fn api_routes() -> Routes {
    people(api::desk::routes(api::inbox::routes(api::studio::routes(flows(Routes::default())))))
        .get("/system", may(SystemRead), api::system::show)
        .get("/catalog", may(FlowsRead), api::system::catalog)
        .get("/schema", may(FlowsRead), api::system::schema)
        .get("/openapi.json", SIGNED_IN, api::system::openapi)
        .get("/events", SIGNED_IN, api::live::stream)
        .get("/search", SIGNED_IN, api::search::find)
        .get("/uses", may(FlowsRead), api::uses::list)
        .get("/templates", may(FlowsRead), api::templates::list)
        .get("/library", may(FlowsRead), api::library::list)
        .get("/library/{id}", may(FlowsRead), api::library::show)
        .post("/play", may(FlowsEdit), api::play::play)
        .get("/play/chat", may(FlowsEdit), api::play::chat)
        .get("/messages/unmatched", may(RunsRead).personal(), api::messages::unmatched)
        .get("/runs", may(RunsRead).personal(), api::runs::list)
        .post("/runs/bulk", may(RunsControl), api::runs::bulk)
        .get("/runs/{id}", may(RunsRead).reads(), api::runs::show)
        .post("/runs/{id}/cancel", may(RunsControl), api::runs::cancel)
        .post("/runs/{id}/kill", may(RunsControl), api::runs::kill)
        .post("/runs/{id}/retry", may(RunsControl), api::runs::retry)
        .post("/runs/{id}/replay", may(RunsControl), api::runs::replay)
        .get("/sending", may(SystemRead).personal(), api::sending::show)
        .post("/sending/stop", may(SendingStop), api::sending::stop)
        .post("/sending/release", may(SendingStop).personal(), api::sending::release)
        .get("/attention", may(RunsRead).personal(), api::attention::list)
        .post("/attention/{id}/retry", may(RunsControl), api::attention::retry)
        .post("/attention/{id}/fail", may(RunsControl), api::attention::fail)
        .post("/attention/{id}/settle", may(RunsControl), api::attention::settle)
        .get("/alarms", may(SystemRead), api::alarms::list)
        .get("/alarms/{id}", may(SystemRead), api::alarms::one)
        .get("/alarms/policy", may(SystemRead), api::alarms::policy)
        .put("/alarms/policy", may(SettingsManage), api::alarms::change_policy)
        .post("/alarms/test", may(SettingsManage), api::alarms::test)
        .post("/alarms/{id}/acknowledge", may(InboxRead), api::alarms::acknowledge)
        .get("/audit", may(LogRead).personal(), api::log::list)
        .post("/audit/anchor", may(LogProve), api::audit::anchor)
        .post("/audit/verify", may(LogProve), api::audit::verify)
        .get("/audit/export", may(LogExport), api::audit::export)
        .get("/bad-items", may(RunsRead).personal(), api::bad_items::list)
        .get("/connections", may(FiguresRead), api::connections::list)
        .get("/connections/{id}", may(ConnectionsManage), api::made_connections::show)
        .put("/connections/{id}", may(ConnectionsManage), api::made_connections::put)
        .delete("/connections/{id}", may(ConnectionsManage), api::made_connections::remove)
        .post("/connections/{id}/check", may(ConnectionsCheck), api::connections::check)
        .post("/connections/{id}/setup", may(ConnectionsManage), api::connections::setup)
        .get("/contacts", may(ContactsRead).personal(), api::contacts::list)
        .get("/duplicates", may(ContactsManage).personal(), api::merges::duplicates)
        .get("/merges", may(ContactsManage).personal(), api::merges::list)
        .post("/merges", may(ContactsManage).personal(), api::merges::join)
        .post("/merges/preview", may(ContactsManage).personal(), api::merges::preview)
        .post("/merges/{id}/part", may(ContactsManage).personal(), api::merges::part)
        .get("/tags", may(FlowsRead), api::tags::list)
        .put("/tags/{id}", may(ContactsManage), api::tags::define)
        .delete("/tags/{id}", may(ContactsManage), api::tags::forget)
        .post("/tags/{id}/rename", may(ContactsManage), api::tags::rename)
        .post("/tags/{id}/rename/preview", may(ContactsManage), api::tags::preview)
        .get("/contacts.csv", may(ContactsManage), api::contact_list::export)
        .get("/imports", may(ContactsManage), api::imports::list)
        .post("/imports", may(ContactsManage), api::imports::open)
        .post("/imports/{id}/bytes", may(ContactsManage), api::imports::add)
        .post("/imports/{id}/preview", may(ContactsManage).personal(), api::imports::preview)
        .post("/imports/{id}/begin", may(ContactsManage), api::imports::begin)
        .post("/imports/{id}/stop", may(ContactsManage), api::imports::stop)
        .get("/contacts/{who}/timeline", may(ContactsRead).reads(), api::timeline::list)
        .get("/contacts/{who}", may(ContactsRead).reads(), api::contacts::show)
        .post("/contacts/{who}/tags", may(ContactsChange), api::contacts::change_tags)
        .get("/people/{who}", may(PeopleExport).reads(), api::people::export)
        .delete("/people/{who}", may(PeopleErase), api::people::erase)
}

/// Flows and tag rules.
fn flows(routes: Routes) -> Routes {
    routes
        .get("/flows", may(FlowsRead), api::flows::list)
        .post("/flows/backtest", may(FlowsEdit).personal(), api::backtests::flows)
        .get("/flows/{id}", may(FlowsRead), api::flows::show)
        .put("/flows/{id}/state", may(FlowsPublish), api::flows::switch)
        .put("/flows/{id}/alarm", may(FlowsEdit), api::alarms::watch_flow)
        .post("/flows/{id}/held/release", may(RunsControl), api::held::release)
        .post("/flows/{id}/held/drop", may(RunsControl), api::held::discard)
        .get("/held", may(RunsRead), api::held::list)
        .post("/flows/{id}/runs", may(RunsControl), api::flows::start)
        .get("/flows/{id}/misses", may(RunsRead).personal(), api::flows::misses)
        .get("/labels", may(RulesEdit).personal(), api::labels::list)
        .put("/labels/{id}", may(RulesEdit).personal(), api::labels::mark)
        .get("/labels/offered", may(RulesEdit).personal(), api::labels::offered)
        .post("/labels/accuracy", may(RulesEdit), api::labels::accuracy)
        .get("/rules", may(FlowsRead), api::rules::list)
        .post("/rules/backtest", may(RulesEdit).personal(), api::backtests::rules)
        .get("/rules/{id}/given", may(RulesEdit), api::rule_changes::given)
        .post("/rules/{id}/undo", may(RulesPublish), api::rule_changes::undo)
        .post("/rules/{id}/apply", may(RulesPublish).personal(), api::rule_changes::apply)
        .post("/rules/{id}/apply/preview", may(RulesEdit).personal(), api::rule_changes::preview)
        .get("/rules/{id}/changes", may(FlowsRead), api::rule_changes::changes)
        .put("/rules/{id}/state", may(RulesPublish), api::flows::switch)
        .get("/segments", may(FlowsRead), api::segments::list)
        .get("/sweeps", may(RunsRead), api::segments::sweeps)
        .post("/sweeps/stop", may(RunsControl), api::segments::stop)
        .get("/segments/{id}", may(FlowsRead), api::segments::show)
        .put("/segments/{id}/state", may(SegmentsPublish), api::flows::switch)
        .post("/segment-count", may(SegmentsEdit), api::segments::count)
        .get("/segments/{id}/members", may(ContactsRead).personal(), api::segments::members)
        .get("/workspace", may(FlowsRead), api::workspace::export)
        .post("/workspace/plan", may(FlowsEdit), api::workspace::plan)
        .post("/workspace/needs", may(FlowsEdit), api::workspace::needs)
        .post("/workspace/import", may(FlowsEdit), api::workspace::import)
}

/// People who work here: signing in, themselves, and what an admin does.
fn people(routes: Routes) -> Routes {
    routes
        .get("/session", ANYONE, api::session::show)
        .post("/session", ANYONE, api::session::begin)
        .delete("/session", SIGNED_IN, api::session::end)
        .get("/oidc/{id}", ANYONE, api::oidc::begin)
        .post("/oidc/{id}", ANYONE, api::oidc::finish)
        .get("/oidc/{id}/callback", ANYONE, api::oidc::callback)
        .post("/setup", ANYONE, api::session::set_up)
        .post("/setup/link", may(UsersManage), api::users::setup_link)
        .post("/invitation", ANYONE, api::session::accept)
        .patch("/me", SIGNED_IN, api::me::change)
        .post("/me/password", SIGNED_IN, api::me::password)
        .post("/me/sign-out-everywhere", SIGNED_IN, api::me::sign_out_everywhere)
        .post("/me/totp", SIGNED_IN, api::me::begin_totp)
        .delete("/me/totp", SIGNED_IN, api::me::end_totp)
        .post("/me/totp/confirm", SIGNED_IN, api::me::confirm_totp)
        .get("/me/push", SIGNED_IN, api::push::list)
        .post("/me/push", SIGNED_IN, api::push::add)
        .delete("/me/push", SIGNED_IN, api::push::remove)
        .post("/me/push/test", SIGNED_IN, api::push::test)
        .get("/users", may(UsersManage), api::users::list)
        .post("/users", may(UsersManage), api::users::invite)
        .patch("/users/{id}", may(UsersManage), api::users::change)
        .delete("/users/{id}", may(UsersManage), api::users::remove)
        .delete("/users/{id}/identity", may(UsersManage), api::users::unbind)
        .post("/users/{id}/sign-out", may(UsersManage), api::users::sign_out)
        .post("/users/{id}/invitation", may(UsersManage), api::users::renew)
        .get("/roles", SIGNED_IN, api::roles::list)
        .get("/tokens", may(TokensManage), api::tokens::list)
        .post("/tokens", may(TokensManage), api::tokens::make)
        .delete("/tokens/{id}", may(TokensManage), api::tokens::revoke)
        .get("/settings", SIGNED_IN, api::settings::show)
        .put("/settings", may(SettingsManage), api::settings::change)
        .get("/settings/retention", may(SettingsManage), api::retention::preview)
}
