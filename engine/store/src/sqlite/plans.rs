//! The plans of the hot statements: each must find its rows by an index.
//!
//! An index that a statement may use and should not is as bad as a missing one, so the plan is compared with what is wanted
//! of it, not only searched for scans.

use rusqlite::Connection;

use super::open;
use crate::database::{
    accounts_read, board, chain, collections, contacts, count, editing, effects, events, evidence, figures, hits,
    inputs, life, members, messages, pages, parties, past, people, read, retention, runs, said, talks, traces,
    unmatched, waits,
};

async fn empty() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    open::up_to_date(&path).await.unwrap();
    (folder, open::writer(&path).unwrap())
}

/// The steps of a statement's plan.
fn plan(conn: &Connection, text: &str) -> Vec<String> {
    let mut statement = conn.prepare(&format!("explain query plan {text}")).unwrap();
    // A value that is not bound is null.
    let mut rows = statement.raw_query();
    std::iter::from_fn(|| rows.next().unwrap().map(|row| row.get(3).unwrap())).collect()
}

/// Fails unless every wanted step is in the plan and no table is read from end to end.
fn expect(conn: &Connection, text: &str, wanted: &[&str]) {
    let steps = plan(conn, text);
    for step in wanted {
        assert!(steps.iter().any(|found| found.contains(step)), "no `{step}` in {steps:#?} of {text}");
    }
    // What the statement itself made is no table.
    const VALUES: [&str; 3] = ["wanted", "strands", "unseen"];
    let scan = |step: &&String| {
        step.starts_with("SCAN ") && !step.contains("CONSTANT ROW") && !VALUES.iter().any(|name| step.contains(name))
    };
    assert_eq!(steps.iter().find(scan), None, "{steps:#?} of {text}");
}

#[tokio::test]
async fn every_hot_statement_of_the_writer_finds_its_rows_by_an_index() {
    let (_folder, conn) = empty().await;
    let by_id = |table: &str| format!("SEARCH {table} USING INTEGER PRIMARY KEY (rowid=?)");
    let untag = "SEARCH contact_tag USING INDEX sqlite_autoindex_contact_tag_1 \
        (contact_id=? AND tag=? AND source=? AND source_id=?)";
    let statements: [(&str, Vec<String>); 18] = [
        (events::KNOWN, vec!["SEARCH event USING COVERING INDEX sqlite_autoindex_event_1 (key=?)".into()]),
        (
            parties::FIND,
            vec!["SEARCH conversation USING INDEX sqlite_autoindex_conversation_1 (address=? AND number=?)".into()],
        ),
        (parties::FIND_PHONE, vec!["SEARCH contact USING COVERING INDEX contact_phone (phone=?)".into()]),
        (
            evidence::UNPROVED,
            vec![
                "SEARCH effect USING INDEX sqlite_autoindex_effect_1 (run_id=? AND n=?)".into(),
                "SEARCH input USING COVERING INDEX input_reference (reference=? AND kind=?)".into(),
            ],
        ),
        (inputs::CONSUME, vec![by_id("input")]),
        (effects::WITHDRAW, vec![by_id("effect")]),
        (effects::FINISH, vec![by_id("effect")]),
        (
            effects::START,
            vec![
                by_id("effect"),
                by_id("conversation"),
                "SEARCH conversation USING INDEX conversation_contact (contact_id=?)".into(),
            ],
        ),
        (effects::AGAIN, vec![by_id("effect")]),
        (effects::DOUBT, vec![by_id("effect")]),
        (effects::PARK, vec![by_id("effect")]),
        (waits::CLOSE, vec![by_id("wait")]),
        (waits::DISARM, vec!["SEARCH wait USING INDEX wait_key (kind=? AND key=?)".into()]),
        (contacts::UNTAG, vec![untag.into()]),
        (contacts::CHANGE, vec![by_id("contact")]),
        (contacts::CHANGE_CONVERSATION, vec![by_id("conversation")]),
        (runs::CHANGE, vec![by_id("run")]),
        (messages::RAISE, vec!["SEARCH message USING INDEX sqlite_autoindex_message_1 (external_key=?)".into()]),
    ];
    for (text, wanted) in &statements {
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        expect(&conn, text, &wanted);
    }
    let by_key = "SEARCH message USING INDEX sqlite_autoindex_message_1 (external_key=?)";
    expect(&conn, evidence::HUSHED_UNKNOWN, &[by_key]);
    expect(&conn, evidence::HUSHED_RUN, &[&by_id("run")]);
    expect(&conn, evidence::SENDER, &[&by_id("run"), &by_id("event")]);
    expect(&conn, chain::HEADS, &["SEARCH block USING INDEX sqlite_autoindex_block_1 (strand=? AND n=?)"]);
}

/// What the readers ask while work is done, and how each finds its rows.
const HOT: [(&str, &str); 43] = [
    (read::INPUTS, "SEARCH input USING INTEGER PRIMARY KEY (rowid>?)"),
    (read::CONTACT, "SEARCH contact USING INTEGER PRIMARY KEY (rowid=?)"),
    (read::CONVERSATIONS, "SEARCH conversation USING INDEX conversation_contact (contact_id=?)"),
    (read::TAGS, "SEARCH contact_tag USING INDEX sqlite_autoindex_contact_tag_1 (contact_id=?)"),
    (read::OPEN_RUNS, "SEARCH run USING INDEX run_open (mailbox=?)"),
    (read::ARMED, "SEARCH wait USING INDEX wait_mailbox (mailbox=? AND state=?)"),
    (read::UNSETTLED, "SEARCH effect USING INDEX effect_mailbox (mailbox=?)"),
    (read::NOT_DONE, "SEARCH escalation USING INDEX escalation_open (mailbox=?)"),
    (read::RECENT, "SEARCH event USING INDEX event_mailbox (mailbox=?)"),
    (read::GATHERED, "SEARCH event USING INTEGER PRIMARY KEY (rowid=?)"),
    (read::GATHERED, "SEARCH wait USING INDEX wait_mailbox (mailbox=? AND state=?)"),
    (read::DUE_THEN, "SEARCH wait USING INDEX wait_due (due_at=? AND id>?)"),
    (read::DUE_LATER, "SEARCH wait USING INDEX wait_due (due_at>? AND due_at<?)"),
    (board::LAST_INBOUND, "SEARCH latest USING INDEX message_conversation (conversation_id=?)"),
    (board::LAST_INBOUND, "SEARCH message USING INTEGER PRIMARY KEY (rowid=?)"),
    (board::DAY, "SEARCH escalation USING INDEX escalation_received (received_at>?)"),
    (people::BLOCKS, "SEARCH block USING INDEX sqlite_autoindex_block_1 ((strand,n)>(?,?))"),
    (read::EFFECTS, "SEARCH effect USING INTEGER PRIMARY KEY (rowid>?)"),
    (read::UNCLEAR_EFFECTS, "SEARCH effect USING INDEX effect_unclear (state=? AND id>?)"),
    (read::RUN, "SEARCH run USING INTEGER PRIMARY KEY (rowid=?)"),
    (read::EVIDENCE, "SEARCH message USING INDEX message_effect (effect_key=?)"),
    (people::JOURNAL, "SEARCH journal USING INDEX sqlite_autoindex_journal_1 (subject=?)"),
    (people::JOURNAL_OF_PERSON, "SEARCH journal USING INDEX journal_contact (contact_id=?)"),
    (people::BLOCK_ROWS, "SEARCH journal USING INDEX journal_block (strand=? AND block=?)"),
    (people::MESSAGES_OF, "SEARCH message USING INDEX message_effect"),
    (people::MESSAGES_OF_PERSON, "SEARCH message USING INDEX message_conversation"),
    (people::EVENTS_OF_PERSON, "SEARCH event USING INDEX event_mailbox (mailbox=?)"),
    (past::EVENTS, "SEARCH event USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
    (past::WITH_FACTS, "SEARCH event USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
    (life::MAILBOXES_OF, "SEARCH run USING COVERING INDEX run_open (mailbox>?)"),
    (life::OPEN_OF, "SEARCH run USING COVERING INDEX run_open (mailbox>? AND mailbox<?)"),
    (life::WAITING, "SEARCH wait USING INDEX wait_mailbox (mailbox=? AND state=?)"),
    (pages::WAITS_OF, "SEARCH wait USING INDEX wait_mailbox (mailbox=? AND state=?)"),
    (life::HELD, "SEARCH wait USING INDEX wait_key (kind=? AND key>? AND key<?)"),
    (people::RUNS, "SEARCH run USING INTEGER PRIMARY KEY (rowid<?)"),
    (people::RUNS_OF_VERSION, "SEARCH run USING INDEX run_version (version_id=? AND id<?)"),
    (people::RUNS_OF_CONTACT, "SEARCH run USING INDEX run_contact"),
    (people::RUNS_IN_STATUS, "SEARCH run USING INDEX run_status"),
    (members::ALL, "SEARCH contact USING INTEGER PRIMARY KEY (rowid>?)"),
    (members::TAGGED, "SEARCH contact_tag USING INDEX contact_tag_tag (tag=? AND contact_id>?)"),
    (collections::KEYS, "SEARCH contact USING INTEGER PRIMARY KEY (rowid>?)"),
    (collections::BY_PHONE, "SEARCH known USING COVERING INDEX contact_phone (phone=?)"),
    (collections::HOLDERS, "SEARCH contact_tag USING COVERING INDEX contact_tag_tag (tag=?)"),
];

#[tokio::test]
async fn every_hot_statement_of_the_readers_finds_its_rows_by_an_index() {
    let (_folder, conn) = empty().await;
    for (text, wanted) in HOT {
        expect(&conn, text, &[wanted]);
    }
    let of_session = [
        "SEARCH session USING INDEX sqlite_autoindex_session_1 (hash=?)",
        "SEARCH app_user USING INTEGER PRIMARY KEY (rowid=?)",
    ];
    expect(&conn, accounts_read::SESSION, &of_session);
    expect(&conn, accounts_read::TOKEN, &["SEARCH token USING INDEX sqlite_autoindex_token_1 (hash=?)"]);
    expect(&conn, accounts_read::USER_BY_EMAIL, &["SEARCH app_user USING INDEX app_user_email (email=?)"]);
    let by_identity = "SEARCH app_user USING INDEX app_user_subject (issuer=? AND subject=?)";
    expect(&conn, accounts_read::USER_BY_IDENTITY, &[by_identity]);
    let handled = "SEARCH journal USING INDEX sqlite_autoindex_journal_1 (subject=?)";
    expect(&conn, past::WITH_FACTS, &[handled]);
    let oldest = "SEARCH unmatched USING INTEGER PRIMARY KEY (rowid<?)";
    let steps = plan(&conn, unmatched::TRIM);
    assert!(steps.iter().any(|step| step.contains(oldest)), "{steps:#?}");
    expect(&conn, hits::SINCE, &["SEARCH rule_hit USING PRIMARY KEY (day>?)"]);
    let of_event = "SEARCH run USING INDEX run_nobody (event_id=?)";
    expect(&conn, traces::RUNS_OF, &[of_event]);
    let salt = "SEARCH contact USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN";
    expect(&conn, people::BLOCK_ROWS, &[salt]);
    let erased = ["SEARCH run USING INDEX run_erased (mailbox=?)", "SEARCH event USING INDEX event_erased (mailbox=?)"];
    expect(&conn, read::ERASED, &erased);
    let handled = "SEARCH input USING COVERING INDEX input_reference (reference=? AND kind=?)";
    expect(&conn, read::RECENT, &[handled]);
    expect(&conn, count::STRANDS, &["SEARCH journal USING COVERING INDEX journal_block (strand>?)"]);
    expect(&conn, count::FIRST, &["SEARCH journal USING COVERING INDEX journal_block (strand=? AND block>?)"]);
    let some = "SEARCH journal USING COVERING INDEX journal_block (strand=? AND block>? AND block<?)";
    expect(&conn, count::ROWS, &[some]);
    expect(&conn, count::STRAYS, &["SEARCH journal USING COVERING INDEX journal_block (strand=? AND block>?)"]);
}

#[tokio::test]
async fn lists_with_filters_find_their_candidates_by_an_index_in_order() {
    let (_folder, conn) = empty().await;
    let run = "SEARCH run USING INTEGER PRIMARY KEY (rowid";
    let journal = "SEARCH journal USING INTEGER PRIMARY KEY (rowid";
    for (text, wanted) in [
        (pages::RUNS, "SEARCH run USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
        (pages::RUNS_OF_VERSION, "SEARCH run USING INDEX run_version (version_id=? AND id>? AND id<?)"),
        (pages::RUNS_OF_CONTACT, "SEARCH run USING INDEX run_contact (contact_id=? AND id>? AND id<?)"),
        (pages::RUNS_IN_STATUS, "SEARCH run USING INDEX run_status (status=? AND id>? AND id<?)"),
        (pages::CONTACTS, "SEARCH contact USING INTEGER PRIMARY KEY (rowid<?)"),
        (pages::LOG, "SEARCH journal USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
        (pages::LOG_OF, "SEARCH journal USING INDEX journal_contact (contact_id=? AND id<?)"),
        (pages::MESSAGES_IN, "SEARCH message USING INDEX message_conversation (conversation_id=? AND id<?)"),
    ] {
        expect(&conn, text, &[wanted]);
        let steps = plan(&conn, text);
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{steps:#?} of {text}");
    }
    // Those that are chosen are few: they are put in order in memory.
    expect(&conn, pages::CHOSEN_RUNS, &[run]);
    expect(&conn, pages::CHOSEN_LOG, &[journal]);
    expect(&conn, pages::CHOSEN_CONTACTS, &["SEARCH contact USING INTEGER PRIMARY KEY (rowid=?)"]);
    expect(
        &conn,
        pages::CHOSEN_TAGS,
        &["SEARCH contact_tag USING INDEX sqlite_autoindex_contact_tag_1 (contact_id=?)"],
    );
    expect(&conn, pages::LOG_ABOUT, &["SEARCH journal USING INDEX sqlite_autoindex_journal_1 (subject=?)"]);
    let tagged = plan(&conn, pages::CONTACTS_WITH_TAG);
    assert!(tagged.iter().any(|step| step.contains("contact_tag_tag (tag=? AND contact_id<?)")), "{tagged:#?}");
    let begun = plan(&conn, pages::BEGUN);
    assert!(begun.iter().any(|step| step.contains("COVERING INDEX run_version (version_id=? AND id>?)")), "{begun:#?}");
    let failed = plan(&conn, pages::FAILED);
    assert!(failed.iter().any(|step| step.contains("INDEX run_status (status=? AND id>?)")), "{failed:#?}");
    let open = plan(&conn, pages::OPEN);
    assert!(open.iter().any(|step| step.contains("run USING COVERING INDEX run_open")), "{open:#?}");
}

#[tokio::test]
async fn what_open_runs_are_on_is_read_from_the_index_alone() {
    let (_folder, conn) = empty().await;
    let steps = plan(&conn, read::VERSIONS);
    assert!(steps.iter().any(|step| step.contains("run USING COVERING INDEX run_open")), "{steps:#?}");
}

#[tokio::test]
async fn pages_without_order_by_in_memory() {
    let (_folder, conn) = empty().await;
    for text in [
        read::DUE_THEN,
        read::DUE_LATER,
        people::BLOCKS,
        read::RECENT,
        people::RUNS_OF_VERSION,
        people::RUNS_OF_CONTACT,
        people::RUNS_IN_STATUS,
        members::ALL,
        members::TAGGED,
    ] {
        let steps = plan(&conn, text);
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{steps:#?} of {text}");
    }
}

#[tokio::test]
async fn what_the_editor_reads_is_found_by_an_index() {
    let (_folder, conn) = empty().await;
    expect(&conn, editing::CHANGE_DRAFT, &[]);
    expect(&conn, editing::PUBLICATIONS, &["SEARCH published USING INDEX published_flow (flow=?)"]);
}

#[tokio::test]
async fn the_inbox_finds_its_conversations_by_an_index_in_order() {
    let (_folder, conn) = empty().await;
    for (text, wanted) in [
        (
            talks::page::IN_PLACE,
            "SEARCH conversation USING INDEX conversation_place (place=? AND active_at>? AND active_at<?)",
        ),
        (
            talks::page::OF_ASSIGNEE,
            "SEARCH conversation USING INDEX conversation_assignee (assignee=? AND active_at>? AND active_at<?)",
        ),
        (
            talks::page::OF_TEAM,
            "SEARCH conversation USING INDEX conversation_team (team=? AND active_at>? AND active_at<?)",
        ),
        (talks::HEARD_IN, "SEARCH message USING INDEX message_conversation (conversation_id=? AND id<?)"),
        (talks::SAID_IN, "SEARCH said USING INDEX said_conversation (conversation_id=? AND id<?)"),
        (talks::mentions::NAMED, "SEARCH mention USING COVERING INDEX mention_agent (agent=? AND seen>?)"),
    ] {
        expect(&conn, text, &[wanted]);
        let steps = plan(&conn, text);
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{steps:#?} of {text}");
    }
    for (text, wanted) in [
        (
            talks::page::COUNT_IN_PLACE,
            "SEARCH conversation USING INDEX conversation_place (place=? AND active_at>? AND active_at<?)",
        ),
        (talks::page::COUNT_OF_ASSIGNEE, "SEARCH conversation USING INDEX conversation_assignee (assignee=?"),
        (talks::page::COUNT_OF_TEAM, "SEARCH conversation USING INDEX conversation_team (team=?"),
        (talks::listed::LAST, "SEARCH latest USING INDEX message_conversation (conversation_id=?)"),
        (talks::listed::LAST_SAID, "SEARCH latest USING INDEX said_conversation (conversation_id=?)"),
        (talks::listed::ESCALATIONS, "SEARCH escalation USING INDEX escalation_contact (contact_id=?)"),
        (talks::listed::RUNS, "SEARCH run USING INDEX run_open (mailbox=?)"),
        (talks::SAID_BY_KEY, "SEARCH said USING INDEX said_key (conversation_id=? AND key=?)"),
        (talks::heard::BY_EFFECT, "SEARCH message USING INDEX message_effect (effect_key=?)"),
        (talks::BY_EXTERNAL, "SEARCH message USING INDEX sqlite_autoindex_message_1 (external_key=?)"),
        (talks::heard::EVENTS, "SEARCH event USING INTEGER PRIMARY KEY (rowid=?)"),
        (talks::heard::FLOWS, "SEARCH run USING INTEGER PRIMARY KEY (rowid=?)"),
        (talks::CHANGES, "SEARCH event USING INDEX event_mailbox (mailbox=? AND id>?)"),
        (talks::listed::CHOSEN, "SEARCH conversation USING INTEGER PRIMARY KEY (rowid=?)"),
        (talks::listed::CHOSEN_CONTACTS, "SEARCH contact USING INTEGER PRIMARY KEY (rowid=?)"),
        (talks::RATINGS, "SEARCH rating USING INDEX rating_at (at>? AND at<?)"),
        (figures::CLOSINGS, "SEARCH closing USING INDEX closing_at (at>? AND at<?)"),
        (figures::HEARD, "SEARCH event USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
        (figures::SPOKEN, "SEARCH said USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
        (figures::RAN, "SEARCH run USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
        (figures::JOURNAL, "SEARCH journal USING INDEX sqlite_autoindex_journal_1 (subject=?)"),
        (talks::mentions::UNSEEN, "SEARCH mention USING INDEX mention_agent (agent=? AND seen=?)"),
        (said::SEE, "SEARCH mention USING INDEX mention_agent (agent=? AND seen=?)"),
        (said::MOVE, "SEARCH said USING INTEGER PRIMARY KEY (rowid=?)"),
        (people::SAID_OF_PERSON, "SEARCH said USING INDEX said_conversation (conversation_id=?)"),
    ] {
        expect(&conn, text, &[wanted]);
    }
}

#[tokio::test]
async fn what_is_old_enough_is_found_and_removed_by_an_index() {
    let (_folder, conn) = empty().await;
    for ((stretch, still), table) in [
        (retention::RUNS, "run"),
        (retention::EVENTS, "event"),
        (retention::MESSAGES, "message"),
        (retention::SAID, "said"),
        (retention::BAD_ITEMS, "bad_item"),
    ] {
        expect(&conn, stretch, &[&format!("SEARCH {table} USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)")]);
        expect(&conn, still, &[&format!("SEARCH {table} USING INTEGER PRIMARY KEY (rowid=?)")]);
    }
    let runs = [
        "SEARCH run USING INDEX run_contact (contact_id=? AND id>?)",
        "SEARCH run USING INDEX run_nobody (event_id=?)",
    ];
    expect(&conn, retention::EVENTS.0, &runs);
    let subject = "SEARCH journal USING INDEX sqlite_autoindex_journal_1 (subject=?)";
    expect(&conn, retention::TURNS, &[subject]);
    expect(&conn, retention::HANDLINGS, &[subject]);
    expect(&conn, retention::OF_STRAND, &["SEARCH block USING INDEX sqlite_autoindex_block_1 (strand=? AND n=?)"]);
    expect(&conn, retention::CLOSED_WAITS, &["SEARCH wait USING INDEX wait_mailbox (mailbox=? AND state>?)"]);
    expect(&conn, people::REMOVALS, &["SEARCH journal USING INDEX journal_removal"]);
}
