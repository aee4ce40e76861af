//! `switchboard schema`: the JSON Schema of flow files, for editors; or the description of the API.

use clap::Args;

use super::{Outcome, Verdict, print};

#[derive(Debug, Args)]
pub(super) struct Schema {
    /// The API's description instead, OpenAPI 3.1
    #[arg(long)]
    openapi: bool,
}

impl Schema {
    /// Prints it.
    pub(super) fn run(self) -> Outcome {
        let document = match self.openapi {
            true => crate::router::document(),
            false => engine::flow::schema(&connectors::registry().catalog()),
        };
        print::json(&document);
        Ok(Verdict::Good)
    }
}
