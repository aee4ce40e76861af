//! `switchboard contacts`: brings contacts in from a file, and takes lists of them out.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::ask::ask;
use super::client::{Client, Needs, segment};
use super::print::text;
use super::{Context, Failure, Outcome, Verdict, print};

/// Bytes of one part of a file.
const PART: usize = 4 * 1024 * 1024;
/// Between two looks how far it is.
const LOOK: Duration = Duration::from_millis(300);

#[derive(Debug, Subcommand)]
pub(super) enum Contacts {
    /// Brings in a CSV file: encoding, separator and columns are found unless they are told. Starts no flows; the same file again
    /// changes nothing
    Import {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// What a column is, such as `"Mobile=phone"` or `City=field:town`: phone, name, language, priority, order_status, tags,
        /// consent:PURPOSE, field:NAME, number:NAME, skip
        #[arg(long, value_name = "HEADER=WHAT", value_parser = mapped)]
        map: Vec<(String, String)>,
        /// Where numbers without + belong, two letters [default: the workspace's country]
        #[arg(long, value_name = "COUNTRY")]
        country: Option<String>,
        /// Values that are there stay; only gaps are filled
        #[arg(long)]
        only_empty: bool,
        /// Flows that listen to new tags and consents start
        #[arg(long)]
        starts: bool,
        /// Only says what it would do
        #[arg(long)]
        dry_run: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Writes contacts as CSV to standard output
    Export {
        /// Those of this segment
        #[arg(long, value_name = "ID")]
        segment: Option<String>,
        /// Those with this tag
        #[arg(long, value_name = "TAG")]
        tag: Option<String>,
    },
}

fn mapped(told: &str) -> Result<(String, String), String> {
    // A header may hold the sign, what a column is does not.
    let (header, what) = told.rsplit_once('=').ok_or_else(|| format!("`{told}`: write HEADER=WHAT"))?;
    Ok((header.trim().to_owned(), what.trim().to_owned()))
}

impl Contacts {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        ask(context, Needs::Nothing, async |client| self.ask(client).await).await
    }

    async fn ask(self, client: &Client) -> Outcome {
        match self {
            Self::Import { file, map, country, only_empty, starts, dry_run, json } => {
                let id = sent(client, &file).await?;
                let mut asked = json!({ "only_empty": only_empty, "starts": starts });
                if let Some(country) = country {
                    asked["country"] = country.into();
                }
                let mut looked = look(client, &id, &asked).await?;
                if !map.is_empty() {
                    asked["columns"] = targets(&looked, &map)?;
                    looked = look(client, &id, &asked).await?;
                }
                if dry_run {
                    return Ok(told(&looked, json));
                }
                asked["columns"] = targets(&looked, &[])?;
                client.post(&format!("/imports/{id}/begin"), &asked).await?;
                let ended = ended(client, &id).await?;
                Ok(told_end(&ended, json))
            }
            Self::Export { segment: of, tag } => {
                let part = |name: &str, value: &str| format!("{name}={}", segment(value));
                let parts = [of.map(|of| part("segment", &of)), tag.map(|tag| part("tag", &tag))];
                let parts: Vec<String> = parts.into_iter().flatten().collect();
                client.copy(&format!("/contacts.csv?{}", parts.join("&"))).await?;
                Ok(Verdict::Good)
            }
        }
    }
}

/// Sends a file; gives the import's id.
async fn sent(client: &Client, file: &Path) -> Result<String, Failure> {
    let read = tokio::fs::read(file).await;
    let bytes = Bytes::from(read.map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))?);
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let id = text(&client.post("/imports", &json!({ "name": name })).await?, "id");
    for at in (0..bytes.len()).step_by(PART) {
        let part = bytes.slice(at..bytes.len().min(at + PART));
        client.send_bytes(&format!("/imports/{id}/bytes?at={at}"), part).await?;
    }
    Ok(id)
}

async fn look(client: &Client, id: &str, asked: &Value) -> Result<Value, Failure> {
    client.post(&format!("/imports/{id}/preview"), asked).await
}

/// What becomes of each column, with what was told in the place of what was found.
fn targets(looked: &Value, map: &[(String, String)]) -> Result<Value, Failure> {
    let columns = looked["columns"].as_array().map(Vec::as_slice).unwrap_or_default();
    let known = |header: &String| columns.iter().any(|column| column["header"] == **header);
    if let Some((header, _)) = map.iter().find(|(header, _)| !known(header)) {
        let headers: Vec<&str> = columns.iter().filter_map(|column| column["header"].as_str()).collect();
        return Err(Failure::Usage(format!("no column `{header}`: the file has {}", headers.join(", "))));
    }
    let target = |column: &Value| {
        let told = map.iter().find(|(header, _)| column["header"] == **header);
        told.map_or_else(|| column["target"].clone(), |(_, what)| what.clone().into())
    };
    Ok(columns.iter().map(target).collect())
}

/// The import once it ended.
async fn ended(client: &Client, id: &str) -> Result<Value, Failure> {
    loop {
        let imports = client.get("/imports").await?;
        let found = imports["imports"].as_array().and_then(|all| all.iter().find(|import| import["id"] == *id));
        match found {
            Some(import) if import["state"] != "running" => return Ok(import.clone()),
            Some(_) => tokio::time::sleep(LOOK).await,
            None => return Err(Failure::failed("this import is not known any more")),
        }
    }
}

/// Counts by kind, as one line.
fn counts(of: &Value, made: &str) -> String {
    let count = |name: &str| text(of, name);
    format!(
        "{} new, {} changed, {} the same, {} refused",
        count(made),
        count("changed"),
        count("same"),
        count("refused")
    )
}

fn told(looked: &Value, json: bool) -> Verdict {
    if json {
        print::json(looked);
        return Verdict::good_if(looked["refused"] == 0);
    }
    let columns: Vec<Vec<String>> = looked["columns"].as_array().into_iter().flatten().map(column).collect();
    print::table(&["COLUMN", "BECOMES", "SUCH AS"], &columns);
    print::line("");
    print::line(format_args!("{}, separated by `{}`", text(looked, "encoding"), text(looked, "separator")));
    let of_all = if looked["counted"] == looked["rows"] { "" } else { " (of the rows that were counted)" };
    print::line(format_args!("{} rows: {}{of_all}; nothing was changed", text(looked, "rows"), counts(looked, "new")));
    refusals(looked);
    Verdict::good_if(looked["refused"] == 0)
}

fn column(column: &Value) -> Vec<String> {
    let samples: Vec<&str> = column["samples"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    vec![text(column, "header"), text(column, "target"), samples.join(", ")]
}

fn told_end(import: &Value, json: bool) -> Verdict {
    let verdict = Verdict::good_if(import["state"] == "done" && import["refused"] == 0);
    if json {
        print::json(import);
        return verdict;
    }
    print::line(format_args!("{}: {}", text(import, "state"), counts(import, "created")));
    refusals(import);
    verdict
}

fn refusals(of: &Value) {
    let empty = Map::new();
    for refusal in of["refusals"].as_array().into_iter().flatten() {
        let cell = refusal.as_object().unwrap_or(&empty).get("cell").and_then(Value::as_str).unwrap_or_default();
        print::line(format_args!("line {}: {} {cell}", text(refusal, "line"), text(refusal, "why")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_mapped_by_their_headers() {
        let looked = json!({ "columns": [
            { "header": "Mobile=", "target": "field:mobile" },
            { "header": "City", "target": "field:city" },
        ] });
        let map = [mapped("Mobile==phone").unwrap()];
        assert_eq!(targets(&looked, &map).unwrap(), json!(["phone", "field:city"]));
        let unknown = [mapped("Town=skip").unwrap()];
        assert!(targets(&looked, &unknown).unwrap_err().to_string().contains("the file has Mobile=, City"));
        assert!(mapped("Mobile").is_err());
    }
}
