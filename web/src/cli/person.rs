//! `switchboard person`: one person's data, by contact or by a number that never was a contact's.

use clap::Subcommand;
use serde_json::{Value, json};

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
    /// Gives and takes tags. What is taken stays off: tag rules do not give it until it is given or allowed again
    Tags {
        /// Contact id, phone number (+…) or conversation address
        who: String,
        /// A tag to give
        #[arg(long, value_name = "TAG")]
        add: Vec<String>,
        /// A tag to take
        #[arg(long, value_name = "TAG")]
        remove: Vec<String>,
        /// A tag that rules may give again
        #[arg(long, value_name = "TAG")]
        allow: Vec<String>,
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
            Self::Tags { who, add, remove, allow } => {
                let body = json!({ "add": add, "remove": remove, "allow": allow });
                let answer = client.post(&format!("/contacts/{}/tags", segment(&who)), &body).await?;
                print::line(format_args!("tags: {}; kept off: {}", names(&answer["tags"]), names(&answer["off"])));
            }
            Self::Erase { who } => {
                let answer = client.delete(&format!("/people/{}", segment(&who))).await?;
                print::line(told(&answer));
            }
        }
        Ok(Verdict::Good)
    }
}

/// What was erased, without who.
fn told(answer: &Value) -> String {
    let others = format!(
        "{} event(s) without a contact and {} unreadable item(s) that told of the person",
        print::text(answer, "events"),
        print::text(answer, "bad_items")
    );
    let contacts = answer["erased"].as_array().into_iter().flatten().filter_map(Value::as_str);
    contacts.map(|contact| format!("{contact}, ")).chain([others, " are erased".into()]).collect()
}

fn names(list: &Value) -> String {
    let names: Vec<&str> = list.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
