//! `switchboard serve`: opens the doors, and closes them in order.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use clap::builder::FalseyValueParser;
use connectors::sandbox::{self, Provider, Sandbox};
use engine::account::{Accounts, admins_among};
use engine::flow::FirstHour;
use engine_store::{Database, Reach};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Context, Failure, Outcome, Verdict, print};
use crate::app::App;
use crate::clock::SystemClock;
use crate::config::bindings;
use crate::config::connections::{self, Connections};
use crate::config::server::{Given, ServerSettings};
use crate::flows::folder;
use crate::front::Front;
use crate::lock::Lock;
use crate::start::{self, Setup, Started};
use crate::{api, backup, demo, imports, keys, lock, push, retag, retain, room, router, server, shift, socket, upkeep};

/// Bounds of the buckets of `switchboard_hook_seconds`.
const HOOK_SECONDS: [f64; 9] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 1.0, 10.0];

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, env = "SWITCHBOARD_LISTEN", value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Our address as the outside sees it, such as `https://flows.example.com`; providers sign it
    #[arg(long, env = "SWITCHBOARD_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// With --database: where the other processes on it reach this one itself, not a load balancer, such as `10.0.0.5:8080` [default: where it listens]
    #[arg(long, env = "SWITCHBOARD_ADVERTISE", value_name = "HOST:PORT")]
    advertise: Option<String>,
    /// A folder of flow files, loaded at start and on change
    #[arg(long, env = "SWITCHBOARD_FLOWS", value_name = "DIR")]
    flows: Option<PathBuf>,
    /// Lets the editor write the files of --flows
    #[arg(long, env = "SWITCHBOARD_FLOWS_WRITABLE", value_parser = FalseyValueParser::new())]
    flows_writable: bool,
    /// Starts simulated providers; without --connections, accounts at them
    #[arg(long, env = "SWITCHBOARD_SANDBOX", value_parser = FalseyValueParser::new())]
    sandbox: bool,
    /// The sandbox's port on 127.0.0.1; 0 takes a free one [default: 9100, or a free one where no --connections name it]
    #[arg(long, env = "SWITCHBOARD_SANDBOX_PORT", value_name = "PORT")]
    sandbox_port: Option<u16>,
    /// A file outside the data folder to which anchors of the audit log are appended
    #[arg(long, env = "SWITCHBOARD_ANCHORS", value_name = "FILE")]
    anchors: Option<PathBuf>,
    /// A file outside the data folder in which it is noted whom we erased: a backup that is restored is told
    #[arg(long, env = "SWITCHBOARD_ERASURES", value_name = "FILE")]
    erasures: Option<PathBuf>,
    /// The folder where backups are put: too little room there is an alarm, as in the data folder
    #[arg(long, env = "SWITCHBOARD_BACKUPS", value_name = "DIR")]
    backups: Option<PathBuf>,
    /// How many runs a trigger starts in the hour after it went live, where its flow does not say; the rest waits for a person.
    /// A number, or `off` [default: 100]
    #[arg(long, env = "SWITCHBOARD_FIRST_HOUR", value_name = "N")]
    first_hour: Option<FirstHour>,
    /// With --database: while another process serves the database, passes requests on to it; takes its place when it is gone
    #[arg(long, env = "SWITCHBOARD_STANDBY", value_parser = FalseyValueParser::new())]
    standby: bool,
}

impl Serve {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        let given = Given {
            listen: self.listen,
            public_url: self.public_url,
            advertise: self.advertise,
            flows: self.flows,
            flows_writable: self.flows_writable,
            connections: context.connections.clone(),
            sandbox: self.sandbox,
            sandbox_port: self.sandbox_port,
            anchors: self.anchors,
            erasures: self.erasures,
            backups: self.backups,
            first_hour: self.first_hour,
        };
        let settings = ServerSettings::new(given, &context.file)?;
        let mut signals = Signals::new().map_err(Failure::failed)?;
        let mut front = None;
        if self.standby {
            tokio::select! {
                stood = stand_by(context, &settings) => front = stood?,
                () = signals.next() => return Ok(Verdict::Good),
            }
        }
        let front = match front {
            Some(front) => front,
            None => listen(&settings).await.map_err(|why| cannot_listen(&settings, &why))?,
        };
        let doors = Doors::open(context, &settings, front).await?;
        print::line(format_args!("listening on http://{}", doors.address));
        let fatal = tokio::select! {
            () = signals.next() => None,
            why = doors.started.app.engine.fatal() => Some(why),
        };
        if let Some(why) = fatal {
            return Err(Failure::Failed(format!(
                "cannot go on: {why}; start it again, what was under way is resolved then"
            )));
        }
        tracing::info!("stopping: doors close, calls under way have 10 s");
        tokio::select! {
            () = doors.close() => Ok(Verdict::Good),
            () = signals.next() => Err(Failure::failed("stopped at once by a second signal")),
        }
    }
}

async fn listen(settings: &ServerSettings) -> io::Result<Front> {
    Front::new(TcpListener::bind(settings.listen).await?)
}

fn cannot_listen(settings: &ServerSettings, why: &io::Error) -> Failure {
    Failure::Failed(format!("cannot listen on {}: {why}", settings.listen))
}

/// Passes on what comes until this process can serve the database; gives back where it listens. When the address is that of the
/// process at work, on the same machine, there is nothing to pass on.
async fn stand_by(context: &Context, settings: &ServerSettings) -> Result<Option<Front>, Failure> {
    let address = context.database.as_ref().ok_or_else(|| {
        Failure::Usage("--standby needs --database: a SQLite file is served by one process at a time".to_owned())
    })?;
    let front = match listen(settings).await {
        Ok(front) => Some(front),
        Err(why) if why.kind() == io::ErrorKind::AddrInUse => None,
        Err(why) => return Err(cannot_listen(settings, &why)),
    };
    lock::folder(&context.data).map_err(Failure::failed)?;
    let own = keys::mark(&context.data).map_err(Failure::failed)?;
    let (tell, at_work) = watch::channel(None);
    tokio::select! {
        free = Database::until_free(address.expose(), &tell) => free.map_err(Failure::failed)?,
        ended = pass_on(front.as_ref(), at_work.clone(), settings) => match ended? {},
        () = other_keys(at_work.clone(), &own) => return Err(Failure::Failed(
            "the process at work has other keys, and what it sealed could not be read here: give both the same SWITCHBOARD_SEAL_KEY and SWITCHBOARD_AUDIT_KEY".to_owned(),
        )),
    }
    Ok(front)
}

/// Passes on what comes, if there is where.
async fn pass_on(
    front: Option<&Front>,
    at_work: watch::Receiver<Option<Reach>>,
    settings: &ServerSettings,
) -> Result<Infallible, Failure> {
    let Some(front) = front else {
        tracing::info!("standing by; {} is taken, so no requests are passed on", settings.listen);
        return std::future::pending().await;
    };
    let address = front.address().map_err(Failure::failed)?;
    print::line(format_args!("standing by on http://{address}, passing requests on to the process at work"));
    Ok(front.pass_on(at_work, settings.limits.connections).await)
}

/// Waits until a process with other keys is at work.
async fn other_keys(mut at_work: watch::Receiver<Option<Reach>>, own: &str) {
    let other = at_work.wait_for(|now| now.as_ref().is_some_and(|reach| reach.keys != own)).await;
    if other.is_err() {
        std::future::pending().await
    }
}

/// Everything that `serve` runs.
struct Doors {
    address: SocketAddr,
    started: Started,
    sandbox: Option<Sandbox>,
    stop: CancellationToken,
    tasks: TaskTracker,
    data: PathBuf,
}

impl Doors {
    async fn open(context: &Context, settings: &ServerSettings, front: Front) -> Result<Self, Failure> {
        let lock = Lock::take(&context.data).map_err(Failure::failed)?;
        backup::expect_whole(&context.data).map_err(Failure::failed)?;
        let address = front.address().map_err(Failure::failed)?;
        let keys = keys::mark(&context.data).map_err(Failure::failed)?;
        let reach = front.reach(settings.advertise.as_deref(), keys).map_err(Failure::failed)?;
        let control = socket::bind(&context.data).map_err(Failure::failed)?;
        let (sandbox, connections) = accounts(settings).await?;
        let setup = Setup {
            clock: Arc::new(SystemClock::default()),
            data: context.data.clone(),
            database: context.database.clone(),
            connections: Some(connections),
            bindings: bindings::load(context.bindings.as_deref(), settings.flows.as_deref())?,
            flows: settings.flows.clone(),
            flows_writable: settings.flows_writable,
            reach: Some(reach),
            anchors: settings.anchors.clone(),
            erasures: settings.erasures.clone(),
            public_url: settings.public_url.clone().unwrap_or_else(|| format!("http://{address}")),
            sandbox_url: sandbox.as_ref().map(|sandbox| sandbox.url().to_owned()),
            first_hour: settings.first_hour,
            phones: sandbox.as_ref().map(Sandbox::phones),
            quiet: false,
            metrics: recorder()?,
        };
        let started = start::start(lock, setup).await.map_err(Failure::failed)?;
        let app = &started.app;
        tracing::info!("API token for scripts on this machine: {}", app.token.expose());
        invite_first(app).await?;
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        if let Some(sandbox) = &sandbox {
            join(sandbox, app).await;
        }
        if let Some(dir) = &settings.flows {
            let watched = folder::watch(std::slice::from_ref(dir)).map_err(Failure::failed)?;
            folder::load(app, dir).await.map_err(Failure::failed)?;
            tasks.spawn(stop.clone().run_until_cancelled_owned(watched.reload(Arc::clone(app), dir.clone())));
        }
        imports::after_start(app).await.map_err(Failure::failed)?;
        let router = router::router(Arc::clone(app), settings.limits);
        tasks.spawn(server::serve(control, router.clone(), settings.limits, stop.clone()));
        tasks.spawn(server::serve(front, router, settings.limits, stop.clone()));
        tasks.spawn(stop.clone().run_until_cancelled_owned(upkeep::run(Arc::clone(app))));
        let rooms = [Some(context.data.clone()), settings.backups.clone()].into_iter().flatten().collect();
        tasks.spawn(stop.clone().run_until_cancelled_owned(room::watch(Arc::clone(app), rooms)));
        tasks.spawn(stop.clone().run_until_cancelled_owned(push::run(Arc::clone(app))));
        tasks.spawn(stop.clone().run_until_cancelled_owned(retag::run(Arc::clone(app))));
        tasks.spawn(stop.clone().run_until_cancelled_owned(retain::run(Arc::clone(app))));
        tasks.spawn(stop.clone().run_until_cancelled_owned(shift::run(Arc::clone(app))));
        Ok(Self { address, started, sandbox, stop, tasks, data: context.data.clone() })
    }

    /// Nothing comes in any more, then calls under way end, then the store closes.
    async fn close(self) {
        self.stop.cancel();
        self.started.app.engine.let_callers_go();
        self.tasks.close();
        self.tasks.wait().await;
        socket::remove(&self.data);
        self.started.stop().await;
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
    }
}

/// While nobody can administer, each start prints a link that makes an admin; the link of the start before ends.
async fn invite_first(app: &App) -> Result<(), Failure> {
    let users = app.engine.store().users().await.map_err(Failure::failed)?;
    if admins_among(&users) == 0 {
        let link = api::users::make_setup_link(app, "").await.map_err(Failure::failed)?;
        tracing::warn!(
            "nobody can sign in yet; this link makes the first admin, once, within a day: {}{link}",
            app.public_url
        );
    }
    Ok(())
}

/// The sandbox if it is wanted, and the accounts: those of the file, else those at the sandbox.
async fn accounts(settings: &ServerSettings) -> Result<(Option<Sandbox>, Connections), Failure> {
    let declared = settings.connections.as_deref().map(connections::load).transpose().map_err(Failure::failed)?;
    let Some(listen) = settings.sandbox else {
        return Ok((None, declared.unwrap_or_default()));
    };
    let mut config = sandbox::Config { listen, ..sandbox::Config::default() };
    let mut sandbox = Sandbox::start(config.clone()).await;
    // The demo's accounts follow the sandbox wherever it is; a connections file names its port.
    let taken = sandbox.as_ref().err().is_some_and(|why| why.kind() == std::io::ErrorKind::AddrInUse);
    if taken && declared.is_none() {
        tracing::warn!(%listen, "the sandbox's port is taken; it uses a free one");
        config.listen.set_port(0);
        sandbox = Sandbox::start(config.clone()).await;
    }
    let sandbox = sandbox.map_err(|why| Failure::Failed(format!("cannot start the sandbox on {listen}: {why}")))?;
    tracing::info!(url = sandbox.url(), "the sandbox plays WhatsApp and the CRM");
    let connections = declared.unwrap_or_else(|| demo::connections(sandbox.url(), &config));
    Ok((Some(sandbox), connections))
}

/// Tells the sandbox where our hooks are, and makes the custom fields there that the demo's accounts need.
async fn join(sandbox: &Sandbox, app: &App) {
    for open in app.connections.all().values() {
        let provider = match open.connector {
            "whatsapp.cloud_api" => Provider::CloudApi,
            "whatsapp.twilio" => Provider::Twilio,
            "hubspot" => Provider::Hubspot,
            "notify.slack" => Provider::Slack,
            "notify.telegram" => Provider::Telegram,
            _ => continue,
        };
        sandbox.set_webhook_url(provider, Some(format!("{}/hooks/{}", app.public_url, open.id)));
        for finding in open.connection.setup().await.iter().filter(|finding| !finding.good) {
            tracing::warn!(connection = %open.id, about = finding.about, "{}", finding.text);
        }
    }
}

fn recorder() -> Result<PrometheusHandle, Failure> {
    let hooks = Matcher::Full("switchboard_hook_seconds".to_owned());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(hooks, &HOOK_SECONDS).map_err(Failure::failed)?;
    builder.install_recorder().map_err(Failure::failed)
}

/// What asks us to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
