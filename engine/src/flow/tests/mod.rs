//! Tests of whole documents.

use std::collections::BTreeMap;
use std::fmt::Write as _;

mod approved;
mod broken;
mod codes;
mod difference;
mod documents;
mod identity;
mod outline;
mod plan;
mod rules;
mod schema;
mod scope;

use super::{Environment, check, check_document};
use crate::capability::{crm, human, web, whatsapp};
use crate::connector::{ActionSpec, Catalog, Repeat};

/// The flow of the design, whole.
const EXAMPLE: &str = include_str!("example.yaml");

/// What the shipped connectors offer, as far as flows see it.
fn catalog() -> Catalog {
    let mut catalog =
        Catalog { actions: crate::local::actions(), triggers: crate::trigger::all(), serves: BTreeMap::new() };
    let whatsapp = [
        ActionSpec::of::<whatsapp::SendText>(Repeat::OnlyIfRefused),
        ActionSpec::of::<whatsapp::SendTemplate>(Repeat::OnlyIfRefused),
        ActionSpec::of::<whatsapp::SendChoices>(Repeat::OnlyIfRefused),
        ActionSpec::of::<whatsapp::Reply>(Repeat::OnlyIfRefused),
    ];
    let crm = [
        ActionSpec::of::<crm::CreateTicket>(Repeat::OnlyIfRefused),
        ActionSpec::of::<crm::UpsertContact>(Repeat::OnlyIfRefused),
        ActionSpec::of::<crm::GetContact>(Repeat::Safe),
        ActionSpec::of::<crm::SetFields>(Repeat::Safe),
        ActionSpec::of::<crm::AddTags>(Repeat::Safe),
    ];
    let http = [
        ActionSpec::of::<web::Request>(Repeat::OnlyIfRefused),
        ActionSpec::of::<human::NotifyEscalation>(Repeat::OnlyIfRefused),
    ];
    let served: [(&'static str, Vec<ActionSpec>); 3] =
        [("whatsapp.cloud_api", whatsapp.into()), ("hubspot", crm.into()), ("http", http.into())];
    for (connector, actions) in served {
        catalog.serves.insert(connector, actions.iter().map(|action| action.name).collect());
        catalog.actions.extend(actions.into_iter().map(|action| (action.name, action)));
    }
    catalog
}

/// `line:col severity[code] message (hint)` per problem.
fn problems(text: &str) -> String {
    let catalog = catalog();
    let mut out = String::new();
    for problem in check_document(text, &Environment::new(&catalog)).problems {
        let severity = format!("{:?}", problem.severity).to_lowercase();
        let _ = write!(out, "{}:{} {severity}[{}] {}", problem.line, problem.column, problem.code, problem.message);
        let _ = if problem.hint.is_empty() { writeln!(out) } else { writeln!(out, " ({})", problem.hint) };
    }
    out
}

#[test]
fn the_example_of_the_design_has_no_error() {
    let catalog = catalog();
    let checked = check(EXAMPLE, &Environment::new(&catalog));
    // It promises a human within 20 s behind a call that is repeated for 31 s, and is told so.
    let told = problems(EXAMPLE);
    assert!(told.starts_with("21:9 warning[escalation_late]") && told.lines().count() == 1, "{told}");
    let compiled = checked.version.expect("clean");
    assert_eq!((&*compiled.flow, compiled.triggers.len(), compiled.tests.len()), ("order-to-ticket", 1, 1));
}
