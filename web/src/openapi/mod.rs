//! The description of the API, OpenAPI 3.1, read from the signatures of the handlers: it cannot say anything else than the
//! code does.
//!
//! A route is listed as ever, `.route("/runs", get(api::runs::list))`; [`routes`] notes what its handler takes ([`takes`]) and
//! gives ([`gives`]), and [`document`] puts it all together.

mod document;
mod gives;
mod routes;
mod takes;

pub(crate) use document::Operation;
pub(crate) use gives::Gives;
pub(crate) use routes::{Routes, get, post, put};
pub(crate) use takes::Takes;
