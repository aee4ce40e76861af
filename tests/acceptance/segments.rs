//! Segments as people meet them: listed with their counts, gone over by a schedule, exported as files.

use tests::stage::staged;

use crate::process::{Installation, delivery, list, text};

const PEOPLE: [(&str, &str); 2] = [("4915112345678", "Anna"), ("393331234567", "Giulia")];

#[test]
fn a_schedule_starts_each_contact_of_a_segment_and_people_see_how_many_there_are() {
    staged(async {
        let place = Installation::new(&["talkers", "see-talkers"]).await;
        let server = place.serve().await;
        for (phone, name) in PEOPLE {
            let said = delivery(&[(phone, name)], vec![text(&format!("wamid.{phone}"), phone, "hi")]);
            assert_eq!(place.deliver(&said).await.unwrap(), 200);
        }
        // A slot each second: whoever was seen is in the segment no more, in the contact's own turn at the latest.
        let runs = server.api.until_runs("", 2, "done").await;
        assert_ne!(runs[0]["contact"], runs[1]["contact"]);
        assert!(runs.iter().all(|run| run["flow"] == "see-talkers"), "{runs:?}");

        let segments = place.cli(&["segment", "list", "--json"]).await.json();
        let segment = &list(&segments, "segments")[0];
        assert_eq!((&segment["flow"], &segment["state"]), (&"talkers".into(), &"live".into()));
        assert_eq!(segment["count"], serde_json::json!({ "contacts": 0, "failed": 0, "error": null, "more": false }));
        let shown = place.cli(&["segment", "show", "talkers"]).await.good();
        assert!(shown.contains("segment: talkers") && shown.contains("contacts: 0"), "{shown}");
        assert!(shown.contains("used by: see-talkers, line "), "{shown}");
        assert_eq!(server.api.raw("/segments/nobody").await.0, 404);

        let (code, _) = server.stop().await;
        assert_eq!(code, Some(0));
        let said = place.cli(&["segment", "stop", "see-talkers/schedule.cron/1"]).await;
        assert!(said.code == Some(1) && said.err.contains("see-talkers/schedule.cron/1"), "{}", said.err);
        place.cli(&["segment", "sweeps"]).await.good();
        place.cli(&["export", "out"]).await.good();
        let before = std::fs::read(crate::process::flow_file("talkers")).unwrap();
        assert_eq!(std::fs::read(place.path("out").join("talkers.yaml")).unwrap(), before);
    });
}
