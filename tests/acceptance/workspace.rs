//! Flows as files: a plan changes nothing, an import does what the plan said, an export gives the bytes back.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use tests::stage::staged;

use crate::process::{Installation, list, shipped_flows};

/// The flow files of a folder, by name.
fn flows_in(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let flows = files.filter(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    flows.map(|file| (file.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(file).unwrap())).collect()
}

/// What a plan or an import says of each flow.
fn whats(answer: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    list(answer, "changes").iter().map(|change| (text(&change["flow"]), text(&change["what"]))).collect()
}

/// Shipped documents that name no account but those of the sandbox.
const WITHOUT_OTHER_ACCOUNTS: [&str; 8] = [
    "order-to-ticket.yaml",
    "no-reply-reminder.yaml",
    "crm-stage-to-message.yaml",
    "price-autoreply.yaml",
    "customer-care.yaml",
    "opt-out.yaml",
    "cold-leads.yaml",
    "cold-lead-follow-up.yaml",
];

#[test]
fn plan_import_and_export_come_round_byte_for_byte() {
    staged(async {
        let place = Installation::new(&[]).await;
        let chosen = place.path("chosen");
        std::fs::create_dir(&chosen).unwrap();
        for name in WITHOUT_OTHER_ACCOUNTS {
            std::fs::copy(shipped_flows().join(name), chosen.join(name)).unwrap();
        }
        let before = flows_in(&chosen);
        let files = chosen.to_str().unwrap();

        let plan = place.cli(&["plan", files, "--publish", "--json"]).await.json();
        assert_eq!(plan["applied"], false);
        assert!(whats(&plan).values().all(|what| what == "new"), "{plan}");
        assert_eq!(whats(&plan).len(), before.len());
        let flows = place.cli(&["flow", "list", "--json"]).await.json();
        assert!(list(&flows, "flows").is_empty(), "a plan changes nothing");

        let import = place.cli(&["import", files, "--publish", "--json"]).await.json();
        assert_eq!((&import["applied"], whats(&import)), (&true.into(), whats(&plan)));
        let again = place.cli(&["plan", files, "--publish", "--json"]).await.json();
        assert!(whats(&again).values().all(|what| what == "same"), "{again}");

        place.cli(&["export", "out"]).await.good();
        assert_eq!(flows_in(&place.path("out")), before, "byte for byte");

        // And from there into another one, through its server.
        let other = Installation::new(&[]).await;
        let out = place.path("out");
        let server = other.serve().await;
        other.cli(&["import", out.to_str().unwrap(), "--publish"]).await.good();
        other.cli(&["export", "out"]).await.good();
        assert_eq!(flows_in(&other.path("out")), before);
        let (flows, rules) = (server.api.get("/flows").await, server.api.get("/rules").await);
        let segments = server.api.get("/segments").await;
        let counts = [list(&flows, "flows"), list(&rules, "rules"), list(&segments, "segments")].map(<[Value]>::len);
        assert_eq!(counts.iter().sum::<usize>(), before.len());
        assert_eq!(rules["rules"][0]["list"][0]["rule"], "complaint", "{rules}");
    });
}

#[test]
fn an_import_with_one_mistake_changes_nothing_at_all() {
    staged(async {
        let place = Installation::new(&["complaint", "price"]).await;
        place.cli(&["import", "flows/price.yaml", "--publish"]).await.good();
        let good = std::fs::read_to_string(place.path("flows/price.yaml")).unwrap();
        std::fs::write(place.path("flows/price.yaml"), good.replace("on its way", "almost there")).unwrap();
        let complaint = std::fs::read_to_string(place.path("flows/complaint.yaml")).unwrap();
        std::fs::write(place.path("flows/complaint.yaml"), complaint.replace("team:", "taem:")).unwrap();
        let said = place.cli(&["import", "flows", "--publish"]).await;
        assert_eq!(said.code, Some(1), "{}", said.out);
        let told = format!("{}{}", said.out, said.err);
        assert!(told.contains("complaint.yaml:8:") && told.contains("unknown_field"), "{told}");
        place.cli(&["export", "out"]).await.good();
        let out = flows_in(&place.path("out"));
        assert_eq!(out.keys().collect::<Vec<_>>(), ["price.yaml"]);
        assert_eq!(out["price.yaml"], good.into_bytes());
    });
}

#[test]
fn a_flow_of_the_folder_cannot_be_imported_as_well() {
    staged(async {
        let place = Installation::new(&["price"]).await;
        let _server = place.serve().await;
        let said = place.cli(&["import", "flows/price.yaml", "--publish"]).await;
        assert_eq!(said.code, Some(1), "{}", said.out);
        assert!(format!("{}{}", said.out, said.err).contains("flow_taken"), "{}{}", said.out, said.err);
    });
}

#[test]
fn a_draft_starts_nothing_until_it_is_published() {
    staged(async {
        let place = Installation::new(&["price"]).await;
        place.cli(&["import", "flows/price.yaml"]).await.good();
        let flows = place.cli(&["flow", "list", "--json"]).await.json();
        let live = list(&flows, "flows").iter().filter(|flow| flow["state"] == "live").count();
        assert_eq!(live, 0, "{flows}");
        let plan = place.cli(&["plan", "flows/price.yaml", "--publish", "--json"]).await.json();
        assert_eq!(whats(&plan)["price"], "published");
    });
}
