//! The plans of the hot statements: each must find its rows by the index that is there for it.
//!
//! Most tables are empty and reading them from end to end is forbidden, so what is compared is which index can serve a statement at all;
//! plans are made without looking at values, as those of prepared statements are.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Row};

use super::{Place, dialect, migrate, server};
use crate::database::{
    accounts_read, board, chain, contacts, count, effects, events, evidence, inputs, life, members, pages, parties,
    past, people, read, retention, traces, waits,
};

/// The plan of a statement, whose parameters have these types: `i` number, `t` text, `b` bytes, in capitals lists of them.
async fn plan(conn: &mut PgConnection, text: &str, types: &str) -> String {
    let names = types.chars().map(|letter| match letter.to_ascii_lowercase() {
        'i' => ("bigint", "1", letter.is_uppercase()),
        't' => ("text", "'a'", letter.is_uppercase()),
        _ => ("bytea", "'a'", letter.is_uppercase()),
    });
    let (mut declared, mut given) = (Vec::new(), Vec::new());
    for (name, value, list) in names {
        let kind = format!("{name}{}", if list { "[]" } else { "" });
        given.push(format!("{}::{kind}", if list { "'{}'" } else { value }));
        declared.push(kind);
    }
    let brackets = |list: Vec<String>| if list.is_empty() { String::new() } else { format!("({})", list.join(", ")) };
    let prepare = format!("prepare asked {} as {text}", brackets(declared));
    let explain = format!("explain execute asked {}", brackets(given));
    sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *conn).await.unwrap();
    let rows = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(&mut *conn).await.unwrap();
    sqlx::raw_sql("deallocate asked").execute(conn).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n")
}

async fn empty() -> Option<PgConnection> {
    let database = server::server_or_skip()?.database().await;
    migrate::up(&Place::parse(&database.url()).unwrap()).await.unwrap();
    let mut conn = database.connect().await;
    // Of a table with next to nothing in it any index is as good as another.
    let fill = "insert into wait select n, 1, n, null, 0, 0, 0, null, null, 0, n, '' from generate_series(1, 5000) as n; \
                analyze wait; set enable_seqscan = off; set plan_cache_mode = force_generic_plan";
    sqlx::raw_sql(fill).execute(&mut conn).await.unwrap();
    Some(conn)
}

#[tokio::test]
async fn every_hot_statement_for_one_row_finds_it_by_its_index() {
    let Some(mut conn) = empty().await else { return };
    for (text, types, index) in [
        (events::KNOWN, "b", "event_key_key"),
        (parties::FIND, "tt", "conversation_address_number_key"),
        (parties::FIND_PHONE, "t", "contact_phone"),
        (evidence::UNPROVED, "ii", "effect_run_id_n_key"),
        (evidence::HUSHED_UNKNOWN, "b", "message_external_key_key"),
        (evidence::SENDER, "i", "run_pkey"),
        (read::INPUTS, "ii", "input_pkey"),
        (read::CONVERSATIONS, "i", "conversation_contact"),
        (read::TAGS, "i", "contact_tag_pkey"),
        (read::OPEN_RUNS, "i", "run_open"),
        (read::ARMED, "i", "wait_mailbox"),
        (read::UNSETTLED, "i", "effect_mailbox"),
        (read::NOT_DONE, "i", "escalation_open"),
        (read::RECENT, "i", "event_mailbox"),
        (read::DUE_THEN, "iii", "wait_due"),
        (read::DUE_LATER, "iii", "wait_due"),
        (read::EFFECTS, "iii", "effect_pkey"),
        (read::UNCLEAR_EFFECTS, "iii", "effect_unclear"),
        (read::RUN, "i", "run_pkey"),
        (read::EVIDENCE, "T", "message_effect"),
        (retention::RUNS.0, "iiii", "run_pkey"),
        (retention::RUNS.1, "Ii", "run_pkey"),
        (retention::EVENTS.0, "iiii", "run_nobody"),
        (retention::EVENTS.1, "Ii", "event_pkey"),
        (retention::MESSAGES.0, "iiii", "message_pkey"),
        (retention::SAID.0, "iiii", "said_pkey"),
        (retention::TURNS, "I", "journal_subject_seq_key"),
        (retention::OF_STRAND, "Ii", "block_pkey"),
        (board::LAST_INBOUND, "I", "message_conversation"),
        (board::DAY, "i", "escalation_received"),
        (pages::CHOSEN_TAGS, "I", "contact_tag_pkey"),
        (people::REMOVALS, "ii", "journal_removal"),
        (read::ERASED, "i", "run_erased"),
        (people::JOURNAL, "i", "journal_subject_seq_key"),
        (people::JOURNAL_OF_PERSON, "i", "journal_contact"),
        (people::BLOCK_ROWS, "ii", "journal_block"),
        (people::BLOCKS, "iii", "block_pkey"),
        (people::MESSAGES_OF, "tt", "message_effect"),
        (past::EVENTS, "iii", "event_pkey"),
        (past::WITH_FACTS, "iii", "journal_subject_seq_key"),
        (life::MAILBOXES_OF, "tii", "run_open"),
        (life::WAITING, "tii", "wait_mailbox"),
        (pages::WAITS_OF, "I", "wait_mailbox"),
        (life::HELD, "tti", "wait_key"),
        (members::TAGGED, "tii", "contact_tag_tag"),
        (traces::RUNS_OF, "i", "run_nobody"),
        (count::FIRST, "ii", "journal_block"),
        (chain::HEADS, "", "block_pkey"),
        (pages::RUNS, "iiii", "run_pkey"),
        (pages::RUNS_OF_VERSION, "iiii", "run_version"),
        (pages::RUNS_OF_CONTACT, "iiii", "run_contact"),
        (pages::RUNS_IN_STATUS, "iiii", "run_status"),
        (pages::CHOSEN_RUNS, "I", "run_pkey"),
        (pages::LOG_OF, "iii", "journal_contact"),
        (pages::MESSAGES_IN, "iii", "message_conversation"),
        (accounts_read::SESSION, "b", "session_pkey"),
        (accounts_read::TOKEN, "b", "token_hash_key"),
        (accounts_read::USER_BY_EMAIL, "t", "app_user_email"),
        (accounts_read::USER_BY_IDENTITY, "tt", "app_user_subject"),
    ] {
        expect(&mut conn, &dialect::one(text), types, index).await;
    }
}

#[tokio::test]
async fn every_hot_statement_for_many_rows_finds_them_by_their_index() {
    let Some(mut conn) = empty().await else { return };
    for (text, types, index) in [
        (inputs::CONSUME, "I", "input_pkey"),
        (effects::WITHDRAW, "I", "effect_pkey"),
        (effects::FINISH, "I", "effect_pkey"),
        (effects::START, "II", "effect_pkey"),
        (effects::AGAIN, "IIIB", "effect_pkey"),
        (effects::DOUBT, "IIB", "effect_pkey"),
        (effects::PARK, "ITIB", "effect_pkey"),
        (waits::CLOSE, "II", "wait_pkey"),
        (waits::DISARM, "ITI", "wait_key"),
        // Either of its two.
        (contacts::UNTAG, "ITIT", "contact_tag_"),
    ] {
        expect(&mut conn, &dialect::many(text), types, index).await;
    }
    for (text, types, index) in [
        (events::KNOWN, "IB", "event_key_key"),
        (parties::FIND, "ITT", "conversation_address_number_key"),
        (parties::FIND_PHONE, "IT", "contact_phone"),
        (evidence::UNPROVED, "III", "effect_run_id_n_key"),
        (evidence::SENDER, "II", "run_pkey"),
    ] {
        expect(&mut conn, &dialect::question(text), types, index).await;
    }
}

async fn expect(conn: &mut PgConnection, text: &str, types: &str, index: &str) {
    let plan = plan(conn, text, types).await;
    assert!(plan.contains(index), "no `{index}` in the plan of {text}\n{plan}");
    // Few flows and versions; a table without rows is read as fast as its index.
    let scanned = plan.lines().find(|line| line.contains("Seq Scan on ") && !line.contains("Seq Scan on version"));
    assert_eq!(scanned, None, "{text}\n{plan}");
}
