//! WhatsApp: receiving and sending through two providers, Meta's own Cloud API and Twilio.
//!
//! Both decode webhooks to the same events ([`engine::trigger::MessageEvent`], [`engine::trigger::OrderEvent`]) and
//! perform the same capability ([`engine::capability::whatsapp`]), so a flow does not know which of them it runs on.

mod choices;
pub(crate) mod cloud_api;
mod common;
mod shelf;
#[cfg(test)]
mod tests;
pub(crate) mod twilio;
