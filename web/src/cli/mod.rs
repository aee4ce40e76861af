//! The command line. Exit codes: 0 good, 1 found problems, 2 wrong use.
//!
//! One file per command. Commands that look at or change what is stored are requests to the API: over `DIR/control.sock` when a server
//! runs, else to the same router in this process ([`client`]).

mod ask;
mod attention;
mod audit;
mod backtest;
mod backup;
mod check;
mod client;
mod connection;
mod connectors;
mod contacts;
mod doctor;
mod flow;
mod junit;
mod messages;
mod migrate;
mod person;
mod play;
mod print;
mod rules;
mod run;
mod schema;
mod segment;
mod sending;
mod serve;
mod story;
mod team;
mod test;
mod user;
mod watch;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use engine::secret::Secret;

use crate::config::{self, FileSettings};
use crate::logging::{self, LogFormat};

/// Where data are when nothing else is said.
const DATA: &str = "data";

/// How long work outside the engine has to end when the command is over.
const LEAVE: Duration = Duration::from_secs(2);

/// Switchboard: visual flows between WhatsApp and CRM, self-hosted.
#[derive(Debug, Parser)]
#[command(name = "switchboard", version, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
struct Common {
    /// The data folder [default: ./data]
    #[arg(long, global = true, env = "SWITCHBOARD_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// A PostgreSQL database, such as `postgres://user:password@host/name` [default: a SQLite file in the data folder]
    #[arg(long, global = true, env = "SWITCHBOARD_DATABASE", value_name = "URL", hide_env_values = true, value_parser = secret)]
    database: Option<Secret>,
    /// The settings file [default: ./switchboard.toml if it is there]
    #[arg(long, global = true, env = "SWITCHBOARD_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The connections file
    #[arg(long, global = true, env = "SWITCHBOARD_CONNECTIONS", value_name = "FILE")]
    connections: Option<PathBuf>,
    /// A file that maps names in flow files to those here [default: bindings.yaml in --flows]
    #[arg(long, global = true, env = "SWITCHBOARD_BINDINGS", value_name = "FILE")]
    bindings: Option<PathBuf>,
    /// What is logged, such as `info` or `warn,web=debug` [default: info for serve, else warn]
    #[arg(long, global = true, env = "SWITCHBOARD_LOG", value_name = "FILTER")]
    log: Option<String>,
    /// How log lines look
    #[arg(long, global = true, env = "SWITCHBOARD_LOG_FORMAT", value_enum)]
    log_format: Option<LogFormat>,
}

/// A value that is not printed again.
fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text))
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the server
    Serve(serve::Serve),
    /// Checks flows and tag rules: every problem with its line and a hint
    Check(check::Check),
    /// Runs the tests of flows and tag rules in virtual time
    Test(test::Test),
    /// Proves that the log is whole; exports it
    #[command(subcommand)]
    Audit(audit::Audit),
    /// The JSON Schema of flow files; or the description of the API
    Schema(schema::Schema),
    /// Flows: list, show, on, off, run by hand, try a draft on the past
    #[command(subcommand)]
    Flow(flow::Flow),
    /// Tag rules: list, on, off, try a draft on the past
    #[command(subcommand)]
    Rules(rules::Rules),
    /// Segments: which there are, whom they hold, and slots that go over them
    #[command(subcommand)]
    Segment(segment::Segment),
    /// What customers wrote and nothing understood
    #[command(subcommand)]
    Messages(messages::Messages),
    /// What an import would do
    Plan(workspace::Plan),
    /// Brings flow files into the database, all or nothing
    Import(workspace::Import),
    /// Writes the flows in force to a folder
    Export(workspace::Export),
    /// The log of what flows did; cancel, kill or retry a run
    #[command(subcommand)]
    Run(run::Run),
    /// Stops all sending, of the workspace, a channel or a flow, and releases it
    #[command(subcommand)]
    Sending(sending::Sending),
    /// Calls that only a person can decide about: list, retry, fail, settle
    #[command(subcommand)]
    Attention(attention::Attention),
    /// Shows what flows can use: connectors, actions, triggers
    Connectors(connectors::Connectors),
    /// Plays a customer against a running `serve --sandbox`
    Play(play::Play),
    /// Many contacts: bring them in from a file, take lists of them out
    #[command(subcommand)]
    Contacts(contacts::Contacts),
    /// One person's data: export, change tags, erase
    #[command(subcommand)]
    Person(person::Person),
    /// Accounts at outside services: list, check, set up
    #[command(subcommand)]
    Connection(connection::Connection),
    /// People who work here: list, invite, roles, sign out, reset
    #[command(subcommand)]
    User(user::User),
    /// Teams that flows ask for humans: list, show, make or change
    #[command(subcommand)]
    Team(team::Team),
    /// A copy of the database, also while a server works on it
    Backup(backup::Backup),
    /// Puts a copy in the place of the database
    Restore(backup::Restore),
    /// Looks whether everything is as it should be
    Doctor(doctor::Doctor),
    /// Copies a SQLite file to an empty PostgreSQL database, and proves the log of both
    Migrate(migrate::Migrate),
}

/// How a command ended badly.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// Wrong use: exit 2.
    #[error("{0}")]
    Usage(String),
    /// Flows have problems, as the API lists them: exit 1.
    #[error("the flows have problems")]
    Problems(serde_json::Value),
    /// It did not work, or problems were found: exit 1.
    #[error("{0}")]
    Failed(String),
}

impl Failure {
    fn failed(why: impl ToString) -> Self {
        Self::Failed(why.to_string())
    }
}

impl From<config::Error> for Failure {
    fn from(error: config::Error) -> Self {
        Self::Usage(error.to_string())
    }
}

/// How a command ended: whether all is good.
type Outcome = Result<Verdict, Failure>;

/// What a command found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Exit 0.
    Good,
    /// Exit 1; the problems were printed.
    Problems,
}

impl Verdict {
    fn good_if(good: bool) -> Self {
        if good { Self::Good } else { Self::Problems }
    }
}

/// What every command works with, complete.
#[derive(Clone, Debug)]
struct Context {
    data: PathBuf,
    database: Option<Secret>,
    connections: Option<PathBuf>,
    bindings: Option<PathBuf>,
    file: FileSettings,
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let ended = start(&cli.common, matches!(cli.command, Command::Serve(_))).and_then(|context| {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::failed)?;
        let outcome = runtime.block_on(run(cli.command, context));
        // What still runs must not keep a process that is to start anew.
        runtime.shutdown_timeout(LEAVE);
        outcome
    });
    match ended {
        Ok(Verdict::Good) => ExitCode::SUCCESS,
        Ok(Verdict::Problems) => ExitCode::from(1),
        Err(failure) => {
            print::complain(&failure);
            ExitCode::from(if matches!(failure, Failure::Usage(_)) { 2 } else { 1 })
        }
    }
}

fn start(common: &Common, serving: bool) -> Result<Context, Failure> {
    let file = FileSettings::load(common.config.as_deref())?;
    let filter = common.log.as_deref().or(file.log.as_deref()).unwrap_or(if serving { "info" } else { "warn" });
    let format = common.log_format.or(file.log_format).unwrap_or_default();
    logging::start(format, filter).map_err(|error| Failure::Usage(error.to_string()))?;
    // An error means that a provider is there already, which is what we want.
    drop(rustls::crypto::ring::default_provider().install_default());
    let data = common.data.clone().or_else(|| file.data.clone()).unwrap_or_else(|| DATA.into());
    let database = common.database.clone().or_else(|| file.database.clone());
    let connections = common.connections.clone().or_else(|| file.connections.clone());
    let bindings = common.bindings.clone().or_else(|| file.bindings.clone());
    Ok(Context { data, database, connections, bindings, file })
}

async fn run(command: Command, context: Context) -> Outcome {
    match command {
        Command::Serve(command) => command.run(&context).await,
        Command::Check(command) => command.run(),
        Command::Test(command) => command.run().await,
        Command::Audit(command) => command.run(&context).await,
        Command::Schema(command) => command.run(),
        Command::Flow(command) => command.run(&context).await,
        Command::Rules(command) => command.run(&context).await,
        Command::Segment(command) => command.run(&context).await,
        Command::Messages(command) => command.run(&context).await,
        Command::Plan(command) => command.run(&context).await,
        Command::Import(command) => command.run(&context).await,
        Command::Export(command) => command.run(&context).await,
        Command::Run(command) => command.run(&context).await,
        Command::Sending(command) => command.run(&context).await,
        Command::Attention(command) => command.run(&context).await,
        Command::Connectors(command) => command.run(),
        Command::Play(command) => command.run(&context).await,
        Command::Contacts(command) => command.run(&context).await,
        Command::Person(command) => command.run(&context).await,
        Command::Connection(command) => command.run(&context).await,
        Command::User(command) => command.run(&context).await,
        Command::Team(command) => command.run(&context).await,
        Command::Backup(command) => command.run(&context).await,
        Command::Restore(command) => command.run(&context).await,
        Command::Doctor(command) => command.run(&context).await,
        Command::Migrate(command) => command.run(&context).await,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn common_options_may_stand_behind_the_command() {
        let cli = Cli::try_parse_from(["switchboard", "run", "list", "--data", "d", "--json"]).unwrap();
        assert_eq!(cli.common.data, Some("d".into()));
    }

    #[test]
    fn wrong_use_is_exit_code_2() {
        let error = Cli::try_parse_from(["switchboard", "run", "lst"]).unwrap_err();
        assert_eq!(error.exit_code(), 2);
    }
}
