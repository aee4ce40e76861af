//! The list of addresses and the guard before each: there is no way to add one without saying who may use it.

use std::any::type_name;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, Request, State};
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use engine::account::Permission;
use serde_json::Value;

use super::mask;
use super::who::Who;
use crate::app::App;
use crate::error::ApiError;
use crate::openapi::{Described, Document, Noted};

/// Who may use an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody: signing in, and links that work once.
    Anyone,
    /// Everybody we know.
    SignedIn,
    /// Those with this permission.
    May(Permission),
}

/// What holds for one operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    access: Access,
    /// Whether what it answers tells of customers: masked for those without [`Permission::PersonalRead`].
    personal: bool,
    /// Whether it shows one customer or conversation: the handler tells the log whose, see `read.rs`.
    reads: bool,
}

/// Everybody: signing in, and links that work once.
pub(crate) const ANYONE: Rule = Rule { access: Access::Anyone, personal: false, reads: false };
/// Everybody we know.
pub(crate) const SIGNED_IN: Rule = Rule { access: Access::SignedIn, personal: false, reads: false };

/// Those with this permission.
pub(crate) const fn may(permission: Permission) -> Rule {
    Rule { access: Access::May(permission), personal: false, reads: false }
}

impl Rule {
    /// What it answers tells of customers.
    pub(crate) const fn personal(self) -> Self {
        Self { personal: true, ..self }
    }

    /// It shows one customer or conversation.
    pub(crate) const fn reads(self) -> Self {
        Self { personal: true, reads: true, ..self }
    }
}

/// One operation of the API, as it was declared.
#[derive(Clone, Debug)]
#[cfg_attr(not(test), allow(dead_code, reason = "the test of the whole matrix reads it"))]
pub(crate) struct Operation {
    /// How.
    pub(crate) method: Method,
    /// Where, with `{…}` for what varies.
    pub(crate) path: &'static str,
    /// Who.
    pub(crate) rule: Rule,
}

impl Operation {
    /// Who may.
    #[cfg(test)]
    pub(crate) fn access(&self) -> Access {
        self.rule.access
    }
}

/// Addresses under construction.
#[derive(Default)]
pub(crate) struct Routes {
    router: Router<Arc<App>>,
    operations: Vec<Operation>,
    noted: Vec<Noted>,
}

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident $method:ident)*) => {
        $($(#[$doc])*
        pub(crate) fn $name<H, T, A>(self, path: &'static str, rule: Rule, handler: H) -> Self
        where
            H: Handler<T, Arc<App>> + Described<A>,
            T: 'static,
        {
            self.add(Method::$method, MethodFilter::$method, path, rule, handler)
        })*
    };
}

impl Routes {
    methods! {
        /// Answers `GET path` for those whom `rule` admits.
        get GET
        /// Answers `POST path` for those whom `rule` admits.
        post POST
        /// Answers `PUT path` for those whom `rule` admits.
        put PUT
        /// Answers `PATCH path` for those whom `rule` admits.
        patch PATCH
        /// Answers `DELETE path` for those whom `rule` admits.
        delete DELETE
    }

    fn add<H, T, A>(mut self, method: Method, filter: MethodFilter, path: &'static str, rule: Rule, handler: H) -> Self
    where
        H: Handler<T, Arc<App>> + Described<A>,
        T: 'static,
    {
        let guard = from_fn_with_state(rule, guard);
        self.router = self.router.route(path, on(filter, handler).route_layer(guard));
        self.noted.push(Noted { path, method: method.clone(), handler: type_name::<H>(), describe: H::describe });
        self.operations.push(Operation { method, path, rule });
        self
    }

    /// One more method of an address that is there for something else; the description does not tell of it.
    pub(crate) fn unlisted<H, T>(mut self, filter: MethodFilter, path: &'static str, rule: Rule, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.router = self.router.route(path, on(filter, handler).route_layer(from_fn_with_state(rule, guard)));
        self
    }

    /// The operations declared so far.
    #[cfg(test)]
    pub(crate) fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// What the addresses take and give, OpenAPI 3.1.
    pub(crate) fn document(&self) -> Value {
        Document::of(&self.noted)
    }

    /// The router, without a word about addresses that are not there.
    pub(crate) fn bare(self) -> Router<Arc<App>> {
        self.router
    }

    /// The router; an address that is not there says so to those we know, and nothing to others.
    pub(crate) fn finish(self) -> Router<Arc<App>> {
        let missing = async |Extension(who): Extension<Who>, request: Request| {
            who.admit(Access::SignedIn, request.method(), request.headers())?;
            Err::<Response, _>(ApiError::not_found("this address"))
        };
        self.bare().fallback(missing).method_not_allowed_fallback(async || ApiError::method_not_allowed())
    }
}

/// Middleware: admits a request by the rule of its address, and looks after what it answers.
async fn guard(
    State(rule): State<Rule>,
    Extension(who): Extension<Who>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    who.admit(rule.access, request.method(), request.headers())?;
    let response = next.run(request).await;
    if rule.reads && response.status().is_success() && !who.was_told() {
        return Err(ApiError::internal("a customer's data were read and the log was not told: nothing is shown"));
    }
    if rule.personal && !who.may(Permission::PersonalRead) {
        return mask::response(response).await;
    }
    Ok(response)
}
