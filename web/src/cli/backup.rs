//! `switchboard backup` and `switchboard restore`: a copy of the database while it is at work, and the way back.

use std::path::PathBuf;

use clap::Args;
use engine::audit::Report;

use super::{Context, Failure, Outcome, Verdict, print};
use crate::backup;

#[derive(Debug, Args)]
pub(super) struct Backup {
    /// Where the copy goes: a file that is not there yet
    file: PathBuf,
}

impl Backup {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        expect_file(context)?;
        let copied = backup::copy(&context.data, &self.file).await.map_err(Failure::failed)?;
        print::line(format_args!(
            "{}: {:.1} MB, as of {}; {}",
            self.file.display(),
            copied.bytes as f64 / f64::from(1 << 20),
            copied.until,
            told(&copied.report)
        ));
        print::line("Its keys (audit.key, seal.key of the data folder) are not in it: keep them somewhere else.");
        Ok(Verdict::good_if(copied.report.clean()))
    }
}

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The copy; none with --database, where the server's own tools put it back first
    file: Option<PathBuf>,
    /// Puts a database that is there aside, into DIR/before-restore-N
    #[arg(long)]
    replace: bool,
    /// A list of what was erased since, besides those in the data folder and beside the copy
    #[arg(long, value_name = "FILE")]
    erasures: Vec<PathBuf>,
}

impl Restore {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        let (data, lists) = (&context.data, &self.erasures);
        let restored = match (&self.file, &context.database) {
            (Some(file), None) => backup::restore(data, file, self.replace, lists).await,
            (None, Some(database)) if !self.replace => backup::put_back(data, database.clone(), lists).await,
            (None, None) => return Err(Failure::Usage("which copy? `switchboard restore FILE`".into())),
            (_, Some(_)) => return Err(Failure::Usage(PUT_BACK.into())),
        };
        let restored = restored.map_err(Failure::failed)?;
        print::line(format_args!("restored as of {}; {}", restored.until, told(&restored.report)));
        if restored.erased > 0 {
            print::line(format_args!("{} erasure(s) that the copy did not know of were done again", restored.erased));
        }
        if let Some(kept) = &restored.kept {
            print::line(format_args!("what was there before is in {}", kept.display()));
        }
        print::line(
            "Nothing goes to customers until you looked at what would, and said so: switchboard sending show, sending release",
        );
        Ok(Verdict::good_if(restored.report.clean()))
    }
}

const PUT_BACK: &str = "for PostgreSQL, put the copy back with pg_restore or psql, then say `switchboard restore --database URL`, without a file";

/// A server has tools of its own for this, which know its log and its replicas.
fn expect_file(context: &Context) -> Result<(), Failure> {
    match context.database {
        None => Ok(()),
        Some(_) => Err(Failure::Usage(
            "this is for the file in the data folder: for PostgreSQL, use pg_dump or its own backups".into(),
        )),
    }
}

fn told(report: &Report) -> String {
    match report.clean() {
        true => format!("its log is whole: {} rows in {} blocks", report.rows, report.blocks),
        false => format!("its log is NOT whole: {} problem(s), see switchboard audit verify", report.problems),
    }
}
