//! `switchboard schema`: the JSON Schema of flow files, for editors.

use super::{Outcome, Verdict, print};

/// Prints it.
pub(super) fn run() -> Outcome {
    print::json(&engine::flow::schema(&connectors::registry().catalog()));
    Ok(Verdict::Good)
}
