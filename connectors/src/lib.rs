//! One file or folder per outside service, and the sandbox that imitates them.

mod net;
pub mod sandbox;
mod whatsapp;

/// All connectors of this build.
#[must_use]
pub fn registry() -> engine::connector::Registry {
    engine::connector::Registry::default().with(whatsapp::cloud_api::connector()).with(whatsapp::twilio::connector())
}
