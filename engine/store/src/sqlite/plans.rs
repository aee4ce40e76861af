//! The plans of the hot statements: each must find its rows by an index, at every size it is used with.
//!
//! An index that a statement may use and should not is as bad as a missing one, so the plan is compared with what is wanted
//! of it, not only searched for scans.

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Row};

use super::values::Many;
use super::{
    chain, count, effects, erase, events, evidence, history, inputs, migrate, open, parties, people, read, unmatched,
    waits,
};

async fn empty() -> (tempfile::TempDir, SqliteConnection) {
    let folder = tempfile::tempdir().unwrap();
    let mut conn = open::writer(&folder.path().join("store.db")).await.unwrap();
    migrate::up(&mut conn).await.unwrap();
    (folder, conn)
}

/// The steps of a statement's plan.
async fn plan(conn: &mut SqliteConnection, text: &str) -> Vec<String> {
    let rows = sqlx::query(AssertSqlSafe(format!("explain query plan {text}"))).fetch_all(conn).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(3)).collect()
}

/// Fails unless every wanted step is in the plan and no table is read from end to end.
async fn expect(conn: &mut SqliteConnection, text: &str, wanted: &[&str]) {
    let steps = plan(conn, text).await;
    for step in wanted {
        assert!(steps.iter().any(|found| found.contains(step)), "no `{step}` in {steps:#?} of {text}");
    }
    const VALUES: [&str; 6] = ["wanted", "report", "op", "news", "strands", "-ROW VALUES"];
    let scan = |step: &&String| {
        step.starts_with("SCAN ") && !step.contains("CONSTANT ROW") && !VALUES.iter().any(|name| step.contains(name))
    };
    assert_eq!(steps.iter().find(scan), None, "{steps:#?} of {text}");
}

async fn expect_many(conn: &mut SqliteConnection, many: &Many, wanted: &[&str]) {
    for power in [0, 3, 6] {
        expect(conn, &many.text(power), wanted).await;
    }
}

#[tokio::test]
async fn every_hot_statement_of_the_writer_finds_its_rows_by_an_index() {
    let (_folder, mut conn) = empty().await;
    let by_id = |table: &str| format!("SEARCH {table} USING INTEGER PRIMARY KEY (rowid=?)");
    let statements: [(&Many, Vec<String>); 12] = [
        (&events::KNOWN, vec!["SEARCH event USING COVERING INDEX sqlite_autoindex_event_1 (key=?)".into()]),
        (
            &parties::FIND,
            vec!["SEARCH conversation USING INDEX sqlite_autoindex_conversation_1 (address=? AND number=?)".into()],
        ),
        (&parties::FIND_PHONE, vec!["SEARCH contact USING COVERING INDEX contact_phone (phone=?)".into()]),
        (
            &evidence::UNPROVED,
            vec![
                "SEARCH effect USING INDEX sqlite_autoindex_effect_1 (run_id=? AND n=?)".into(),
                "SEARCH input USING COVERING INDEX input_reference (reference=? AND kind=?)".into(),
            ],
        ),
        (&inputs::CONSUME, vec![by_id("input")]),
        (&effects::WITHDRAW, vec![by_id("effect")]),
        (&effects::FINISH, vec![by_id("effect")]),
        (&effects::START, vec![by_id("effect"), by_id("conversation")]),
        (&effects::AGAIN, vec![by_id("effect")]),
        (&effects::DOUBT, vec![by_id("effect")]),
        (&effects::PARK, vec![by_id("effect")]),
        (&waits::CLOSE, vec![by_id("wait")]),
    ];
    for (many, wanted) in &statements {
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        expect_many(&mut conn, many, &wanted).await;
    }
    expect_many(&mut conn, &people::SALTS, &[&by_id("contact")]).await;
    let untag =
        "SEARCH contact_tag USING COVERING INDEX sqlite_autoindex_contact_tag_1 (contact_id=? AND tag=? AND source=?";
    expect_many(&mut conn, &super::contacts::UNTAG, &[untag]).await;
    expect(&mut conn, chain::HEADS, &["SEARCH block USING INDEX sqlite_autoindex_block_1 (strand=? AND n=?)"]).await;
}

#[tokio::test]
async fn every_hot_statement_of_the_readers_finds_its_rows_by_an_index() {
    let (_folder, mut conn) = empty().await;
    let statements = [
        (read::INPUTS, "SEARCH input USING INTEGER PRIMARY KEY (rowid>?)"),
        (read::CONTACT, "SEARCH contact USING INTEGER PRIMARY KEY (rowid=?)"),
        (read::CONVERSATIONS, "SEARCH conversation USING INDEX conversation_contact (contact_id=?)"),
        (read::TAGS, "SEARCH contact_tag USING INDEX sqlite_autoindex_contact_tag_1 (contact_id=?)"),
        (read::OPEN_RUNS, "SEARCH run USING INDEX run_open (mailbox=?)"),
        (read::ARMED, "SEARCH wait USING INDEX wait_mailbox (mailbox=? AND state=?)"),
        (read::UNSETTLED, "SEARCH effect USING INDEX effect_mailbox (mailbox=?)"),
        (read::NOT_TAKEN, "SEARCH escalation USING INDEX escalation_open (mailbox=?)"),
        (read::RECENT, "SEARCH event USING INDEX event_mailbox (mailbox=?)"),
        (read::DUE_THEN, "SEARCH wait USING INDEX wait_due (due_at=? AND id>?)"),
        (read::DUE_LATER, "SEARCH wait USING INDEX wait_due (due_at>? AND due_at<?)"),
        (people::BLOCKS, "SEARCH block USING INDEX sqlite_autoindex_block_1 ((strand,n)>(?,?))"),
        (read::EFFECTS, "SEARCH effect USING INTEGER PRIMARY KEY (rowid>?)"),
        (read::UNCLEAR_EFFECTS, "SEARCH effect USING INDEX effect_unclear (state=? AND id>?)"),
        (read::RUN, "SEARCH run USING INTEGER PRIMARY KEY (rowid=?)"),
        (people::JOURNAL, "SEARCH journal USING INDEX sqlite_autoindex_journal_1 (subject=?)"),
        (people::JOURNAL_OF_PERSON, "SEARCH journal USING INDEX journal_contact (contact_id=?)"),
        (people::BLOCK_ROWS, "SEARCH journal USING INDEX journal_block (strand=? AND block=?)"),
        (people::MESSAGES_OF, "SEARCH message USING INDEX message_effect"),
        (people::MESSAGES_OF_PERSON, "SEARCH message USING INDEX message_conversation"),
        (people::EVENTS_OF_PERSON, "SEARCH event USING INDEX event_mailbox (mailbox=?)"),
        (history::EVENTS, "SEARCH event USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
        (history::WITH_FACTS, "SEARCH event USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
        (people::RUNS, "SEARCH run USING INTEGER PRIMARY KEY (rowid<?)"),
        (people::RUNS_OF_VERSION, "SEARCH run USING INDEX run_version (version_id=? AND id<?)"),
        (people::RUNS_OF_CONTACT, "SEARCH run USING INDEX run_contact"),
        (people::RUNS_IN_STATUS, "SEARCH run USING INDEX run_status"),
    ];
    for (text, wanted) in statements {
        expect(&mut conn, text, &[wanted]).await;
    }
    let handled = "SEARCH journal USING INDEX sqlite_autoindex_journal_1 (subject=?)";
    expect(&mut conn, history::WITH_FACTS, &[handled]).await;
    let oldest = "SEARCH unmatched USING INTEGER PRIMARY KEY (rowid<?)";
    let steps = plan(&mut conn, unmatched::TRIM).await;
    assert!(steps.iter().any(|step| step.contains(oldest)), "{steps:#?}");
    let of_event = "SEARCH run USING INDEX run_nobody (event_id=?)";
    expect(&mut conn, erase::RUNS_OF_NOBODY, &[of_event]).await;
    let handled = "SEARCH input USING COVERING INDEX input_reference (reference=? AND kind=?)";
    expect(&mut conn, read::RECENT, &[handled]).await;
    expect(&mut conn, count::STRANDS, &["SEARCH journal USING COVERING INDEX journal_block (strand>?)"]).await;
    expect(&mut conn, count::FIRST, &["SEARCH journal USING COVERING INDEX journal_block (strand=? AND block>?)"])
        .await;
    let some = "SEARCH journal USING COVERING INDEX journal_block (strand=? AND block>? AND block<?)";
    expect(&mut conn, count::ROWS, &[some]).await;
    expect(&mut conn, count::STRAYS, &["SEARCH journal USING COVERING INDEX journal_block (strand=? AND block>?)"])
        .await;
}

#[tokio::test]
async fn what_open_runs_are_on_is_read_from_the_index_alone() {
    let (_folder, mut conn) = empty().await;
    let steps = plan(&mut conn, read::VERSIONS).await;
    assert!(steps.iter().any(|step| step.contains("run USING COVERING INDEX run_open")), "{steps:#?}");
}

#[tokio::test]
async fn pages_without_order_by_in_memory() {
    let (_folder, mut conn) = empty().await;
    for text in [
        read::DUE_THEN,
        read::DUE_LATER,
        people::BLOCKS,
        read::RECENT,
        people::RUNS_OF_VERSION,
        people::RUNS_OF_CONTACT,
        people::RUNS_IN_STATUS,
    ] {
        let steps = plan(&mut conn, text).await;
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{steps:#?} of {text}");
    }
}
