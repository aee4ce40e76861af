//! The description of the API, OpenAPI 3.1, read from the signatures of the handlers: it cannot say anything else than the
//! code does.
//!
//! A route is listed with who may use it ([`crate::accounts::routes`]); [`routes`] notes what its handler takes ([`takes`]) and
//! gives ([`gives`]), and [`document`] puts it all together.

mod document;
mod gives;
mod routes;
mod takes;

pub(crate) use document::{Document, Operation};
pub(crate) use gives::Gives;
pub(crate) use routes::{Described, Noted};
pub(crate) use takes::Takes;
