//! What the product promises to whoever runs it, word by word: each test starts the real binary and talks to it as providers,
//! scripts and people do.

mod accounts;
mod answers;
mod audit;
mod backup;
mod commands;
mod desk;
mod doors;
mod export;
mod inbox;
mod life;
mod limits;
mod misses;
mod outage;
mod person;
mod postgres;
mod retention;
mod rules;
mod segments;
mod sending;
mod serving;
mod twilio;
mod workspace;
