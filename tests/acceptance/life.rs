//! What happens to runs from outside their flow: publications while they wait, and the first hour of a trigger.

use serde_json::{Value, json};
use tests::stage::staged;

use crate::process::{Installation, Server, delivery, list, text, until};

const PHONE: &str = "4915112345678";

fn waiter(tag: &str, before: &str) -> String {
    format!(
        "format: 1\nflow: waiter\non:\n  - whatsapp.message_received: {{ keywords: [start] }}\nsteps:\n{before}  - id: later\n    wait_for: whatsapp.message_received\n    timeout: 10h\n    take: true\n    on_publish: continue\n  - do: contact.add_tags\n    with: {{ tags: [{tag}] }}\n"
    )
}

async fn say(place: &Installation, id: &str, words: &str) {
    let said = delivery(&[(PHONE, "Udo")], vec![text(id, PHONE, words)]);
    assert_eq!(place.deliver(&said).await.unwrap(), 200);
}

async fn tagged(server: &Server, tag: &str) {
    until(&format!("the tag {tag}"), async || {
        let (status, person) = server.api.raw(&format!("/contacts/+{PHONE}")).await;
        (status == 200 && person.contains(tag)).then_some(())
    })
    .await;
}

#[test]
fn a_waiting_run_goes_on_in_a_version_that_was_published_while_no_server_ran() {
    staged(async {
        let place = Installation::new(&[]).await;
        let file = place.path("waiter.yaml");
        let path = file.to_str().unwrap();
        std::fs::write(&file, waiter("old", "")).unwrap();
        let server = place.serve().await;
        place.cli(&["import", path, "--publish"]).await.good();
        say(&place, "wamid.1", "start").await;
        let runs = server.api.until_runs("&flow=waiter", 1, "waiting").await;
        let first = runs[0]["version"].clone();

        std::fs::write(&file, waiter("new", "  - set: { a: 1 }\n")).unwrap();
        let plan = place.cli(&["plan", path, "--publish", "--json"]).await.json();
        let waiting = &plan["changes"][0]["waiting"];
        assert_eq!((&waiting[0]["step"], &waiting[0]["count"]), (&json!("later"), &json!(1)), "{plan}");
        assert_eq!((&waiting[0]["then"], &waiting[0]["version"]), (&json!("continue"), &first), "{plan}");
        let stop = place.cli(&["plan", path, "--publish", "--waiting", "waiter/later=stop"]).await.good();
        assert!(stop.contains("1 wait at step later") && stop.contains("and stop"), "{stop}");
        let wrong = place.cli(&["plan", path, "--publish", "--waiting", "waiter/latr=stop"]).await;
        assert_eq!(wrong.code, Some(2), "{}", wrong.out);
        assert!(wrong.err.contains("`latr`"), "{}", wrong.err);

        server.stop().await;
        place.cli(&["import", path, "--publish"]).await.good();
        let server = place.serve().await;
        let moved = until("the run is on the new version", async || {
            // While it moves it may be in neither version's list.
            server.api.runs("&flow=waiter").await.into_iter().find(|run| run["version"] != first)
        })
        .await;
        let told = place.cli(&["run", "show", moved["id"].as_str().unwrap()]).await.good();
        assert!(told.contains("goes on in") && told.contains("[cli]"), "{told}");
        say(&place, "wamid.2", "anything").await;
        tagged(&server, "new").await;
        server.api.until_runs("&flow=waiter", 1, "done").await;
        assert_eq!(place.count("select count(*) from publication").await, 0, "all have heard of it");
    });
}

#[test]
fn runs_of_a_flow_whose_file_is_removed_finish_or_stop_and_the_log_says_so() {
    staged(async {
        let place = Installation::new(&[]).await;
        let file = place.path("flows/waiter.yaml");
        std::fs::write(&file, waiter("old", "").replace("continue", "stop")).unwrap();
        let server = place.serve().await;
        say(&place, "wamid.1", "start").await;
        server.api.until_runs("&flow=waiter", 1, "waiting").await;
        std::fs::remove_file(&file).unwrap();
        server.api.until_runs("&flow=waiter", 1, "cancelled").await;
        let log = server.log();
        assert!(log.contains("runs wait") && log.contains("Stop"), "{log}");
    });
}

const WIDE: &str = "format: 1\nflow: wide\non: whatsapp.message_received\nfirst_hour: 2\nsteps:\n  - set: { a: 1 }\n";

#[test]
fn what_a_new_trigger_matches_beyond_its_bound_waits_for_a_person_over_a_restart() {
    staged(async {
        let place = Installation::new(&[]).await;
        std::fs::write(place.path("flows/wide.yaml"), WIDE).unwrap();
        let server = place.serve().await;
        for id in 1..=5 {
            say(&place, &format!("wamid.{id}"), "hello").await;
        }
        let held = async |server: &Server, count: usize| -> Value {
            until(&format!("{count} held starts"), async || {
                let answer = server.api.get("/held?flow=wide").await;
                (list(&answer, "held").len() == count).then_some(answer)
            })
            .await
        };
        let shown = held(&server, 3).await;
        assert_eq!(shown["triggers"][0]["trigger"], "whatsapp.message_received", "{shown}");
        assert_eq!(server.api.until_runs("&flow=wide", 2, "done").await.len(), 2);
        assert!(server.log().contains("matched too often in its first hour"), "{}", server.log());
        server.kill().await;

        // A change of its steps does not begin the hour anew.
        std::fs::write(place.path("flows/wide.yaml"), WIDE.replace("a: 1", "a: 2")).unwrap();
        let server = place.serve().await;
        say(&place, "wamid.6", "hello").await;
        held(&server, 4).await;
        let told = place.cli(&["flow", "held"]).await.good();
        assert!(told.contains("whatsapp.message_received of wide"), "{told}");

        let released = place.cli(&["flow", "release", "wide"]).await.good();
        assert_eq!(released.trim(), "wide: 4 start(s) released");
        say(&place, "wamid.7", "hello").await;
        server.api.until_runs("&flow=wide", 7, "done").await;
        assert_eq!(place.cli(&["flow", "held"]).await.good().trim(), "nothing is held");
        let dropped = place.cli(&["flow", "drop", "wide"]).await.good();
        assert_eq!(dropped.trim(), "wide: 0 start(s) dropped");
    });
}
