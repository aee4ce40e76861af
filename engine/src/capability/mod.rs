//! Capabilities: actions that flows are written against, whoever performs them.
//!
//! One file per capability, each a list of typed inputs and outputs. A connector performs them by
//! `impl Performs<SendText> for …`; the schema of the struct draws the form and checks the YAML.
//! A text field that goes to WhatsApp carries `x-format: whatsapp`: formatting characters in inserted values are escaped there.

pub mod contact;
pub mod crm;
pub mod file;
pub mod human;
pub mod notify;
pub mod web;
pub mod whatsapp;
