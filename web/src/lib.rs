//! Switchboard's web side and command line: webhooks in, the API, the wiring of everything.
//!
//! **webhook in** -> event -> contact and conversation -> tag rules -> waits -> match triggers -> run -> step -> action -> log
//!
//! [`start`] puts the parts together, [`router`] shows every address, [`server`] is the accept loop, [`cli`] has one file per command.

pub mod accounts;
mod anchors;
mod api;
pub mod app;
mod backtest;
pub mod backup;
mod body;
pub mod cli;
pub mod clock;
pub mod config;
pub mod connections;
mod demo;
pub mod duplicates;
mod erasures;
mod error;
mod figures;
mod flows;
mod front;
mod hooks;
pub mod imports;
mod keys;
pub mod lock;
mod logging;
mod openapi;
mod pace;
mod pages;
pub mod peer;
mod private;
mod push;
mod reserve;
mod retag;
mod retain;
mod reviews;
mod room;
pub mod router;
pub mod server;
mod shift;
mod socket;
mod stall;
pub mod start;
mod status;
#[cfg(test)]
mod testing;
mod upkeep;
