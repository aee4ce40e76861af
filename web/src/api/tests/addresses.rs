//! What people name may be named as they like: no address of the API stands in the way.

use engine::account::Role;
use serde_json::Value;

use crate::accounts::stage::Stage;
use crate::router::api_routes;

/// Things whose ids people choose.
const NAMED_BY_PEOPLE: [&str; 7] =
    ["/flows/", "/rules/", "/calendars/", "/segments/", "/connections/", "/teams/", "/snippets/"];

/// Whether the address `literal` is also that of something of `pattern` with such a name.
fn is_also(literal: &str, pattern: &str) -> bool {
    let (one, other) = (literal.split('/'), pattern.split('/'));
    let part = |(one, other): (&str, &str)| one == other || (other.starts_with('{') && !one.starts_with('{'));
    literal != pattern && one.clone().count() == other.clone().count() && one.zip(other).all(part)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_called_as_an_address_is_found_and_removed_there_all_the_same() {
    let stage = Stage::new().await;
    let admin = stage.signed_in(&stage.somebody(Role::Admin, true).await).await;
    let operations = api_routes().operations().to_vec();
    let mut tried = 0;
    for named in operations.iter().filter(|one| NAMED_BY_PEOPLE.iter().any(|kind| one.path.starts_with(kind))) {
        for address in operations.iter().filter(|address| is_also(address.path, named.path)) {
            let what = format!("{} {}", named.method, address.path);
            assert_ne!(
                address.method, named.method,
                "{what} is {} and never reached: give it a path of its own",
                named.path
            );
            let answered = stage.send(&admin, &what, Value::Null, &[("if-match", "\"1\"")]).await;
            let code = answered.body["error"]["code"].as_str().unwrap_or_default();
            assert_eq!(code, "not_found", "{what} is not {}: {}", named.path, answered.body);
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
}
