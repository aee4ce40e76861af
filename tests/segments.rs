//! Schedules over segments and searches, by the whole engine over a real database.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use engine::audit::verify;
use engine::connector::{Incoming, Item, Party, Sender};
use engine::event::{MESSAGE_RECEIVED, Origin};
use engine::handle::schedule_mailbox;
use engine::ids::ContactId;
use engine::runner::Engine;
use engine::store::{Reads, RunRow, RunStatus, Store, WaitKind};
use engine_store::{Database, Options};
use serde_json::{Value, json};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use tests::remains;
use tests::stage::mortal::Moment;
use tests::stage::{AUDIT_KEY, Stage, StageStore, runs, staged};

/// More than one page of a sweep, and of a search.
const PEOPLE: usize = 103;
const YEAR: Duration = Duration::from_secs(400 * 24 * 60 * 60);

const NEWCOMERS: &str = "
format: 1
rules: newcomers
list:
  - rule: wrote
    on: whatsapp.message_received
    then: { add_tags: [cold] }
";

const COLD: &str = r#"
format: 1
segment: cold-leads
when: contact.tags.contains("cold") && contact.name != "Person 7"
"#;

const FOLLOW_UP: &str = r#"
format: 1
flow: follow-up
on:
  - schedule.cron: { at: "0 0 1 1 *", missed: last, each: cold-leads }
steps:
  - do: contact.set_field
    with: { field: asked, value: "{{contact.name}}" }
"#;

const LIST: &str = r#"
format: 1
flow: list
on: manual
steps:
  - set: { next: "", names: "= []" }
  - repeat:
      max: 10
      until: vars.next == ""
      steps:
        - id: page
          do: contact.find
          with: { segment: cold-leads, limit: 60, after: "{{vars.next}}" }
        - for_each: steps.page.contacts
          as: person
          limit: 50
          steps:
            - set: { names: "= vars.names + [person.name]" }
        - set: { next: '= steps.page.next ?? ""' }
  - wait: 30d
"#;

/// A first message of person `n`.
fn hello(n: usize) -> Item {
    let address = format!("4915112{n:05}");
    Item::Event(Box::new(Incoming {
        external_id: format!("wamid.{n}"),
        kind: MESSAGE_RECEIVED,
        origin: Origin::Customer,
        provider_at: None,
        party: Some(Party {
            number: "700100200300".into(),
            phone: Some(format!("+{address}")),
            address,
            name: Some(format!("Person {n}")),
        }),
        object: None,
        body: json!({ "text": "hi", "message": { "id": format!("wamid.{n}"), "type": "text" } }),
    }))
}

/// A stage on which everybody wrote, and the engine ended.
async fn peopled(documents: &[&str]) -> Stage {
    let stage = Stage::new(documents).await;
    let life = stage.live(0, Moment::Before);
    life.engine.receive("wa", (0..PEOPLE).map(hello).collect(), Sender::Retried).await.expect("they are stored");
    let all = async |engine: &Engine<StageStore>| {
        let tagged = engine.store().members(Some("cold".into()), ContactId(i64::MIN), 500).await.expect("it reads");
        tagged.len() == PEOPLE
    };
    assert!(!stage.until(&life, all).await);
    stage.kill(life);
    stage
}

async fn of(engine: &Engine<StageStore>, flow: &str) -> Vec<RunRow> {
    runs(engine).await.into_iter().filter(|run| run.flow == flow && run.status == RunStatus::Done).collect()
}

/// The slot was gone over to its end.
async fn swept(engine: &Engine<StageStore>) -> bool {
    let rows = engine.store().mailbox(schedule_mailbox("follow-up", "schedule.cron")).await.expect("it reads");
    !rows.waits.iter().any(|wait| wait.kind == WaitKind::Sweep) && of(engine, "follow-up").await.len() >= PEOPLE - 1
}

/// What is committed in the database at `from`, as a file of its own.
async fn copy(from: &Path, to: &Path) {
    let mut conn = SqliteConnectOptions::new().filename(from).connect().await.expect("it opens");
    sqlx::query("vacuum into ?").bind(to.to_str()).execute(&mut conn).await.expect("a copy");
}

#[test]
fn wherever_the_process_dies_a_slot_starts_each_contact_of_its_segment_once() {
    staged(async {
        let mut stage = peopled(&[NEWCOMERS, COLD, FOLLOW_UP]).await;
        let kept = tempfile::tempdir().expect("a folder");
        let before = kept.path().join("before.db");
        copy(&stage.database(), &before).await;
        // The slot falls due while nothing runs.
        stage.ahead = YEAR;
        for moment in [Moment::Before, Moment::After] {
            let mut died = 0;
            // Slot, page, turns of contacts, the page's end, the second page, its turns, the sweep's end.
            for at in [1, 2, 3, 4, 50, 102, 103, 104, 105, 106, 107, 108] {
                stage.folder = tempfile::tempdir().expect("a folder");
                std::fs::copy(&before, stage.database()).expect("a copy");
                died += usize::from(dies_at(&stage, at, moment).await);
            }
            assert!(died >= 10, "it died only {died} times: nothing was tested");
        }
    });
}

async fn dies_at(stage: &Stage, at: u64, moment: Moment) -> bool {
    let mut life = stage.live(at, moment);
    let died = stage.until(&life, swept).await;
    if died {
        stage.kill(life);
        life = stage.live(0, moment);
        assert!(!stage.until(&life, swept).await, "nothing kills the last life");
    }
    let started = of(&life.engine, "follow-up").await;
    let people: BTreeSet<_> = started.iter().filter_map(|run| run.contact_id).collect();
    // Person 7 is not in the segment.
    assert_eq!((started.len(), people.len()), (PEOPLE - 1, PEOPLE - 1), "crash {moment:?} write {at}");
    assert!(started.iter().all(|run| run.conversation_id.is_some()));
    let report = verify(life.engine.store(), Some(AUDIT_KEY), &[]).await.expect("it reads");
    assert!(report.clean(), "crash {moment:?} write {at}: {report:?}");
    stage.kill(life);
    died
}

#[test]
fn a_flow_finds_all_contacts_and_an_erased_one_is_gone_from_what_it_knew() {
    staged(async {
        let stage = peopled(&[NEWCOMERS, COLD, LIST]).await;
        let life = stage.live(0, Moment::Before);
        life.engine.start_by_hand("list", "test", Value::Null).await.expect("it starts");
        let waits = async |engine: &Engine<StageStore>| {
            runs(engine).await.iter().any(|run| run.flow == "list" && run.status == RunStatus::Waiting)
        };
        assert!(!stage.until(&life, waits).await);
        let known = remains::all(stage.folder.path(), "switchboard.db").await;
        assert!(times(&known, "\"Person 99\"") > 0 && times(&known, "\"Person 102\"") > 0, "all pages were found");

        let erasure = life.engine.erase("+491511200042", "test").await.expect("it is erased");
        assert_eq!((erasure.contacts.len(), erasure.events.len()), (1, 1), "{erasure:?}");
        life.engine.idle().await;
        assert!(runs(&life.engine).await.iter().all(|run| run.flow != "list" || run.status == RunStatus::Cancelled));
        let report = verify(life.engine.store(), Some(AUDIT_KEY), &[]).await.expect("it reads");
        assert!(report.clean(), "{report:?}");
        stage.kill(life);

        let store = Database::open(&stage.database(), Options::new(i64::MAX)).await.expect("it opens");
        store.vacuum().await.expect("it is rewritten");
        store.close().await;
        let after = remains::all(stage.folder.path(), "switchboard.db").await;
        for trace in ["Person 42", "491511200042"] {
            assert_eq!(times(&after, trace), 0, "{trace}");
        }
        assert!(times(&after, "Person 43") > 0, "the others are there");
    });
}

fn times(bytes: &[u8], text: &str) -> usize {
    bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
}
