//! `switchboard connectors`: the catalogue of what flows can use.

use clap::Args;
use serde_json::{Value, json};

use super::{Outcome, Verdict, print};

#[derive(Debug, Args)]
pub(super) struct Connectors {
    /// As JSON, with the schemas of settings, inputs and outputs
    #[arg(long)]
    json: bool,
}

impl Connectors {
    pub(super) fn run(self) -> Outcome {
        let registry = connectors::registry();
        let catalog = registry.catalog();
        if self.json {
            let connectors: Vec<Value> = registry
                .connectors()
                .map(|connector| {
                    json!({
                        "name": connector.name, "title": connector.title, "settings": connector.settings,
                        "actions": connector.actions, "rate_per_second": connector.rate_per_second,
                        "concurrency": connector.concurrency,
                    })
                })
                .collect();
            let local: Vec<_> = engine::local::actions().into_values().collect();
            print::json(&json!({ "connectors": connectors, "local": local, "triggers": catalog.triggers }));
            return Ok(Verdict::Good);
        }
        for connector in registry.connectors() {
            print::line(format_args!("{}  ({})", connector.name, connector.title));
            for action in &connector.actions {
                print::line(format_args!("  do  {:28} {}", action.name, action.about));
            }
        }
        print::line("without a connection");
        for action in engine::local::actions().values() {
            print::line(format_args!("  do  {:28} {}", action.name, action.about));
        }
        print::line("triggers");
        for trigger in catalog.triggers.values() {
            print::line(format_args!("  on  {:28} {}", trigger.name, trigger.about));
        }
        Ok(Verdict::Good)
    }
}
