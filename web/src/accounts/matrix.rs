//! Every operation of the API times every role, through the real router.
//!
//! `matrix.txt` is what is wanted, written down by hand and read by people; the test fails when the server does anything else, and
//! when an address is missing there.

use std::fmt::Write;

use axum::http::StatusCode;
use engine::account::{Accounts, Role};
use serde_json::json;

use super::routes::{Access, Operation};
use super::stage::{Browser, Stage};
use crate::router::api_routes;

const WANTED: &str = include_str!("matrix.txt");

/// Columns of the table: each role, and those for whom *publisher* makes a difference.
const PEOPLE: [(&str, Role, bool); 9] = [
    ("viewer", Role::Viewer, false),
    ("auditor", Role::Auditor, false),
    ("agent", Role::Agent, false),
    ("lead", Role::TeamLead, false),
    ("ops", Role::Ops, false),
    ("ops+p", Role::Ops, true),
    ("crm", Role::CrmAdmin, false),
    ("crm+p", Role::CrmAdmin, true),
    ("admin", Role::Admin, false),
];

/// An address with something in the place of what varies: well formed, and nobody's.
fn filled(path: &str) -> String {
    let id = match path.split('/').nth(1) {
        Some("runs") => "run_0000000000001",
        Some("attention") => "eff_0000000000001",
        Some("escalations") => "esc_0000000000001",
        Some("users") => "usr_0000000000001",
        Some("agents") => "usr_0000000000001",
        Some("conversations") => "cnv_0000000000001",
        Some("tokens") => "tok_0000000000001",
        _ => "nobody",
    };
    path.replace("{id}", id).replace("{who}", id).replace("{message}", "msg_0000000000001")
}

/// Whether the guard let it through: what comes of it then (nothing is there, the body is wrong) is the handler's.
async fn admitted(stage: &Stage, browser: &Browser, operation: &Operation) -> bool {
    let what = format!("{} {}", operation.method, filled(operation.path));
    let answered = stage.send(browser, &what, json!({}), &[("if-match", "\"1\"")]).await;
    let code = answered.body["error"]["code"].as_str().unwrap_or_default();
    let refused = answered.status == StatusCode::FORBIDDEN || code == "unauthorized";
    assert_ne!(answered.status, StatusCode::INTERNAL_SERVER_ERROR, "{what}: {}", answered.body);
    assert_ne!(code, "method_not_allowed", "{what}");
    !refused
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_lets_each_role_do_what_the_table_says_and_nothing_else() {
    let stage = Stage::new().await;
    let mut people = Vec::new();
    for (_, role, publisher) in PEOPLE {
        people.push(stage.somebody(role, publisher).await);
    }
    let mut found = format!("{:<44}", "");
    for (name, ..) in PEOPLE {
        write!(found, "{name:<8}").unwrap();
    }
    found = format!("{}\n", found.trim_end());
    let mut operations = api_routes().operations().to_vec();
    operations.sort_by(|one, other| (one.path, one.method.as_str()).cmp(&(other.path, other.method.as_str())));
    for operation in &operations {
        let mut line = format!("{:<44}", format!("{} {}", operation.method, operation.path));
        let anybody = admitted(&stage, &Browser::default(), operation).await;
        assert_eq!(anybody, operation.access() == Access::Anyone, "{line}: without signing in");
        for user in &people {
            // Anew each time: some operations end the session or change the person.
            let browser = stage.signed_in(&stage.user(user.id).await).await;
            let yes = admitted(&stage, &browser, operation).await;
            write!(line, "{:<8}", if yes { "yes" } else { "." }).unwrap();
            if yes && operation.method != axum::http::Method::GET && operation.access() != Access::Anyone {
                let browser = stage.signed_in(&stage.user(user.id).await).await;
                let browser = Browser { csrf: None, ..browser };
                assert!(!admitted(&stage, &browser, operation).await, "{line}: a write without the token");
            }
        }
        found.push_str(line.trim_end());
        found.push('\n');
    }
    assert_eq!(stage.app.engine.store().users().await.unwrap().len(), PEOPLE.len());
    assert!(found == WANTED, "the table differs from web/src/accounts/matrix.txt; found:\n{found}");
}
