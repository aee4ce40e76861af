//! `switchboard person`: one person's data.

use clap::Subcommand;

use super::ask::ask;
use super::client::{Client, Needs, segment};
use super::{Context, Outcome, Verdict, print};

#[derive(Debug, Subcommand)]
pub(super) enum Person {
    /// Everything stored about a person, as JSON
    Export {
        /// Contact id, phone number (+…) or conversation address
        who: String,
    },
    /// Deletes a person's data; what happened stays in the log, without who
    Erase {
        /// Contact id, phone number (+…) or conversation address
        who: String,
    },
}

impl Person {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        ask(context, Needs::Data, async |client| self.ask(client).await).await
    }

    async fn ask(self, client: &Client) -> Outcome {
        match self {
            Self::Export { who } => print::json(&client.get(&format!("/people/{}", segment(&who))).await?),
            Self::Erase { who } => {
                let answer = client.delete(&format!("/people/{}", segment(&who))).await?;
                print::line(format_args!("{} is erased", print::text(&answer, "erased")));
            }
        }
        Ok(Verdict::Good)
    }
}
