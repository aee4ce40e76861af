//! What a handler's signature says of its address.

use super::{Gives, Operation, Takes};

/// One method of one address, with what describes it.
#[derive(Clone)]
pub(crate) struct Noted {
    pub(crate) path: &'static str,
    /// `GET`, `POST` …
    pub(crate) method: http::Method,
    /// The handler's type, which names it.
    pub(crate) handler: &'static str,
    pub(crate) describe: fn(&mut Operation<'_>),
}

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
