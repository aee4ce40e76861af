//! `switchboard migrate`: from a SQLite file to PostgreSQL.

use std::path::PathBuf;

use clap::Args;
use engine::audit;
use engine::secret::Secret;
use engine_store::Database;

use super::{Context, Failure, Outcome, Verdict, print, secret};
use crate::lock::Lock;
use crate::{config, keys, start};

#[derive(Debug, Args)]
pub(super) struct Migrate {
    /// The SQLite file [default: the one in the data folder]
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// The PostgreSQL database, which must be empty, such as `postgres://user:password@host/name`
    #[arg(long, value_name = "URL", value_parser = secret)]
    to: Secret,
}

impl Migrate {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        let from = self.from.unwrap_or_else(|| start::database(&context.data));
        if !from.exists() {
            return Err(Failure::Usage(format!(
                "{}: there is no such file; name it with --from or --data",
                from.display()
            )));
        }
        // No server writes the file meanwhile.
        let _lock = Lock::take(&context.data).map_err(Failure::failed)?;
        let key = keys::audit_key(&context.data, config::audit_key().as_ref()).map_err(Failure::failed)?;
        let before = proved(&Database::read_only(&from).await.map_err(Failure::failed)?, key).await?;
        if !before.clean() {
            return Ok(problems("the log of the file is not whole, nothing was copied", &before));
        }
        let rows = engine_store::copy(&from, self.to.expose()).await.map_err(Failure::failed)?;
        let copied = Database::connect_read_only(self.to.expose()).await.map_err(Failure::failed)?;
        let after = proved(&copied, key).await?;
        if before != after {
            return Ok(problems("the log of the copy is not that of the file, do not use it", &after));
        }
        print::line(format_args!(
            "{rows} rows copied; {} blocks and {} rows of the log proved before and after",
            after.blocks, after.rows
        ));
        print::line("start the server with --database and the same data folder, which holds the keys");
        Ok(Verdict::Good)
    }
}

async fn proved(store: &Database, key: [u8; 32]) -> Result<audit::Report, Failure> {
    let report = audit::verify(store, Some(key), &[]).await.map_err(Failure::failed)?;
    store.close().await;
    Ok(report)
}

fn problems(what: &str, report: &audit::Report) -> Verdict {
    print::line(format_args!("{what}: {} problems", report.problems));
    for finding in &report.findings {
        print::line(finding);
    }
    Verdict::Problems
}
