//! `switchboard audit`: proving that the log is whole, and taking it out.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use engine::audit::Anchor;
use serde_json::{Value, json};

use super::ask::ask;
use super::client::{Client, Needs};
use super::print::{self, text};
use super::{Context, Failure, Outcome, Verdict};

#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Proves that nothing was changed, removed or inserted
    Verify {
        /// Anchors kept outside (one JSON object a line): proves also that no tail was cut and nothing rewritten whole
        #[arg(long, value_name = "FILE")]
        against: Option<PathBuf>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// The whole log, one JSON object a line, in a form that an outsider can check
    Export {
        /// Leaves personal values out
        #[arg(long)]
        masked: bool,
    },
    /// Seals the log now and prints the anchor, to be kept elsewhere
    Anchor,
}

impl Audit {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        ask(context, Needs::Data, async |client| self.ask(client).await).await
    }

    async fn ask(self, client: &Client) -> Outcome {
        match self {
            Self::Verify { against, json } => {
                let against = against.as_deref().map(anchors).transpose()?.unwrap_or_default();
                let report = client.post("/audit/verify", &json!({ "against": against })).await?;
                if json {
                    print::json(&report)
                } else {
                    tell(&report, against.len())
                }
                return Ok(Verdict::good_if(report["clean"] == true));
            }
            Self::Export { masked } => client.copy(&format!("/audit/export?values={}", !masked)).await?,
            Self::Anchor => match client.post("/audit/anchor", &json!({})).await?["anchor"].take() {
                Value::Null => print::line("nothing changed since the last anchor"),
                anchor => print::line(anchor),
            },
        }
        Ok(Verdict::Good)
    }
}

fn anchors(file: &Path) -> Result<Vec<Anchor>, Failure> {
    let wrong = |why: String| Failure::Usage(format!("{}: {why}", file.display()));
    let lines = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let lines = lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(n, line)| serde_json::from_str(line).map_err(|error| wrong(format!("line {}: {error}", n + 1))))
        .collect()
}

fn tell(report: &Value, against: usize) {
    let count = |name: &str| text(report, name);
    for finding in report["findings"].as_array().map_or(&[][..], Vec::as_slice) {
        print::line(format_args!("BAD   {}", finding.as_str().unwrap_or_default()));
    }
    let seen = format!(
        "{} rows in {} blocks, {} anchors, {} erased, {} removed by age",
        count("rows"),
        count("blocks"),
        count("anchors"),
        count("erased"),
        count("removed")
    );
    match report["clean"] == true {
        true => print::line(format_args!("the log is whole: {seen}, checked against {against} anchor(s) kept outside")),
        false => print::line(format_args!("the log is NOT whole: {} problem(s); {seen}", count("problems"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_no_anchor_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.jsonl");
        let anchor = engine::audit::anchor(1, engine::clock::At(1), &[0; 32], Vec::new(), &[7; 32]);
        let good = serde_json::to_string(&anchor).unwrap();
        std::fs::write(&file, format!("{good}\n\n")).unwrap();
        assert_eq!(anchors(&file).unwrap(), [anchor]);
        std::fs::write(&file, format!("{good}\n{{}}\n")).unwrap();
        assert!(anchors(&file).unwrap_err().to_string().contains("line 2"));
    }
}
