//! One file or folder per outside service, and the sandbox that imitates them. `SPEC.md` says what a connector must do.

mod chatwoot;
mod email;
mod http_request;
mod hubspot;
mod net;
mod notice;
mod notify_webhook;
pub mod push;
pub mod sandbox;
mod slack;
mod telegram;
#[cfg(test)]
#[path = "../TEMPLATE.rs"]
mod template;
mod webhook;
mod whatsapp;

pub use notice::alarm_headline;

/// All connectors of this build.
#[must_use]
pub fn registry() -> engine::connector::Registry {
    engine::connector::Registry::default()
        .with(http_request::connector())
        .with(chatwoot::connector())
        .with(email::connector())
        .with(hubspot::connector())
        .with(notify_webhook::connector())
        .with(slack::connector())
        .with(telegram::connector())
        .with(webhook::connector())
        .with(whatsapp::cloud_api::connector())
        .with(whatsapp::twilio::connector())
}
