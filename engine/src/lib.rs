//! The rules of Switchboard: flows, events, runs, timers, escalation, audit. No HTTP, no SQL, no wall clock.
//!
//! webhook in -> event -> contact and conversation -> tag rules -> waits -> match triggers -> run -> step -> action -> log
//!
//! `ARCHITECTURE.md` beside this crate holds the map and the invariants.

pub mod account;
pub mod alarm;
pub mod audit;
pub mod book;
pub mod calendar;
pub mod capability;
pub mod clock;
pub mod connector;
pub mod contact;
pub mod crm;
pub mod desk;
pub mod duration;
pub mod erasure;
pub mod event;
pub mod expr;
pub mod first_hour;
pub mod flow;
pub mod flowtest;
pub mod handle;
pub mod ids;
pub mod import;
pub mod inbox;
pub mod letter;
pub mod local;
pub mod mailbox;
pub mod matching;
pub mod merge;
pub mod order;
pub mod phone;
pub mod publication;
pub mod rules;
pub mod run;
pub mod runner;
pub mod schedule;
pub mod secret;
pub mod segment;
pub mod sentence;
pub mod stops;
pub mod store;
pub mod trigger;
