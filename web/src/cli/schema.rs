//! `switchboard schema`: the JSON Schema of flow files, for editors; or the description of the API, or the catalogue's texts.

use clap::Args;

use super::{Outcome, Verdict, print};

#[derive(Debug, Args)]
pub(super) struct Schema {
    /// The API's description instead, OpenAPI 3.1
    #[arg(long)]
    openapi: bool,
    /// The English texts of the catalogue instead, one a line, for translators
    #[arg(long, conflicts_with = "openapi")]
    texts: bool,
}

impl Schema {
    /// Prints it.
    pub(super) fn run(self) -> Outcome {
        let catalog = connectors::registry().catalog();
        match (self.openapi, self.texts) {
            (true, _) => print::json(&crate::router::document()),
            (_, true) => engine::flow::texts(&catalog).iter().for_each(print::line),
            _ => print::json(&engine::flow::schema(&catalog)),
        }
        Ok(Verdict::Good)
    }
}
