//! What the commands share that ask the API: the way there and back, options, lists.

use clap::Args;
use serde_json::Value;

use super::client::{Client, Needs, segment};
use super::{Context, Outcome, print};

/// Who reads the answer.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Shown {
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Shown {
    /// Prints an answer: as it is for a script, told by `tell` for people.
    pub(super) fn print(self, answer: &Value, tell: impl FnOnce(&Value)) {
        if self.json { print::json(answer) } else { tell(answer) }
    }
}

/// Opens the way to the API, asks, and closes it whatever came of that.
pub(super) async fn ask(context: &Context, needs: Needs, asking: impl AsyncFnOnce(&Client) -> Outcome) -> Outcome {
    let client = Client::open(context, needs).await?;
    let outcome = asking(&client).await;
    client.close().await;
    outcome
}

/// JSON on the command line.
pub(super) fn parse(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text)
}

/// An address with those parameters that have a value.
pub(super) fn address(path: &str, parameters: &[(&str, Option<String>)]) -> String {
    let mut address = path.to_owned();
    for (name, value) in parameters {
        if let Some(value) = value {
            let sign = if address.contains('?') { '&' } else { '?' };
            address.push_str(&format!("{sign}{name}={}", segment(value)));
        }
    }
    address
}

/// A list in an answer; empty when it is not there.
pub(super) fn list<'a>(answer: &'a Value, name: &str) -> &'a [Value] {
    answer[name].as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_without_a_value_are_left_out() {
        let parameters = [("limit", Some("5".to_owned())), ("flow", None), ("who", Some("+39".to_owned()))];
        assert_eq!(address("/runs", &parameters), "/runs?limit=5&who=%2B39");
    }
}
