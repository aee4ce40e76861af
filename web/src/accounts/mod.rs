//! Signing in, and who may what: passwords, second factors, sessions, tokens, and the guard before every address.
//!
//! A request is *identified* once ([`identify`](who::identify)): a cookie is a person, a bearer token a machine, the control socket and
//! the token of `DIR/api-token` on loopback are whoever runs this machine. Then the address's [`Rule`](routes::Rule) admits it or not:
//! there is no way to add an address without one.

mod codes;
mod mask;
#[cfg(test)]
mod matrix;
pub(crate) mod oidc;
mod password;
mod read;
pub mod retention;
pub(crate) mod routes;
pub mod satisfaction;
mod seal;
mod secret;
pub mod settings;
pub(crate) mod sign_in;
#[cfg(test)]
pub(crate) mod stage;
#[cfg(test)]
mod tests;
mod throttle;
pub(crate) mod totp;
pub mod who;

pub(crate) use codes::recovery_codes;
pub use seal::Seal;
pub(crate) use secret::{Purpose, digest, random_token};
pub(crate) use sign_in::SignIn;
pub(crate) use who::Who;
