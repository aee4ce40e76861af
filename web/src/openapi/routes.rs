//! A list of routes that is a router and a description at once.

use std::any::type_name;
use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::routing::MethodRouter;
use serde_json::Value;

use super::document::Document;
use super::{Gives, Operation, Takes};
use crate::app::App;

/// Addresses with their handlers.
#[derive(Default)]
pub(crate) struct Routes {
    router: Router<Arc<App>>,
    noted: Vec<Noted>,
}

/// One method of one address, with what describes it.
pub(super) struct Noted {
    pub(super) path: String,
    pub(super) method: &'static str,
    /// The handler's type, which names it.
    pub(super) handler: &'static str,
    pub(super) describe: fn(&mut Operation<'_>),
}

impl Routes {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// One more address.
    pub(crate) fn route(mut self, path: &str, methods: Methods) -> Self {
        self.noted.extend(methods.noted.into_iter().map(|noted| Noted { path: path.to_owned(), ..noted }));
        self.router = self.router.route(path, methods.router);
        self
    }

    /// The router.
    pub(crate) fn into_router(self) -> Router<Arc<App>> {
        self.router
    }

    /// The description.
    pub(crate) fn into_document(self) -> Value {
        Document::of(&self.noted)
    }
}

/// The methods of one address.
#[derive(Default)]
pub(crate) struct Methods {
    router: MethodRouter<Arc<App>>,
    /// Their path is not known yet.
    noted: Vec<Noted>,
}

macro_rules! methods {
    ($($method:ident),*) => {
        impl Methods {
            $(
                /// The same address with one more method.
                pub(crate) fn $method<H, T, A>(mut self, handler: H) -> Self
                where
                    H: Handler<T, Arc<App>> + Described<A>,
                    T: 'static,
                {
                    self.router = self.router.$method(handler);
                    let (method, handler) = (stringify!($method), type_name::<H>());
                    self.noted.push(Noted { path: String::new(), method, handler, describe: H::describe });
                    self
                }
            )*
        }
    };
}

methods!(delete, get, post, put);

macro_rules! beginnings {
    ($($method:ident),*) => {
        $(
            /// An address that takes this method.
            pub(crate) fn $method<H, T, A>(handler: H) -> Methods
            where
                H: Handler<T, Arc<App>> + Described<A>,
                T: 'static,
            {
                Methods::default().$method(handler)
            }
        )*
    };
}

beginnings!(get, post, put);

/// A function whose arguments and answer can be described; `A` are its arguments.
pub(crate) trait Described<A> {
    /// Notes them.
    fn describe(operation: &mut Operation<'_>);
}

macro_rules! described {
    ($($argument:ident),*) => {
        impl<F, Answer, R, $($argument),*> Described<($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> Answer,
            Answer: Future<Output = R>,
            R: Gives,
            $($argument: Takes,)*
        {
            fn describe(operation: &mut Operation<'_>) {
                $($argument::describe(operation);)*
                R::describe(operation);
            }
        }
    };
}

described!();
described!(A1);
described!(A1, A2);
described!(A1, A2, A3);
described!(A1, A2, A3, A4);
described!(A1, A2, A3, A4, A5);
