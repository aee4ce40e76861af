//! Whoever changes the database behind the program's back is found out by `audit verify`.

use std::path::{Path, PathBuf};

use engine::audit::{self, ANCHORS, Head};
use engine::clock::At;
use engine::ids::{ContactId, JournalId};
use engine::store::{JournalKind, JournalRow};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Row};
use tests::stage::staged;

use crate::process::{Installation, Said, delivery, order};

/// A data folder with a few orders, stopped, and its anchors in a file outside.
struct Stopped {
    place: Installation,
    copies: std::cell::Cell<u32>,
}

impl Stopped {
    async fn new() -> Self {
        let place = Installation::new(&["order-to-ticket"]).await;
        let anchors = place.path("anchors.jsonl");
        let anchored = ["--anchors", anchors.to_str().unwrap()];
        // Two starts are two strands.
        for (start, orders) in [["wamid.A1", "wamid.A2"], ["wamid.B1", "wamid.B2"]].into_iter().enumerate() {
            let server = place.serve_with(&anchored).await;
            for id in orders {
                let phone = format!("39333000{:04}", id.as_bytes()[6]);
                let one = delivery(&[(&phone, "Giulia")], vec![order(id, &phone, 20.0)]);
                assert_eq!(place.deliver(&one).await.unwrap(), 200);
            }
            server.api.until_runs("", 2 * (start + 1), "waiting").await;
            place.sandbox.idle().await;
            place.cli(&["audit", "anchor"]).await.good();
            assert_eq!(server.stop().await.0, Some(0));
        }
        Self { place, copies: std::cell::Cell::default() }
    }

    /// Changes a copy of the data by `tamper`, and checks it, alone and against the anchors outside.
    async fn tampered(&self, tamper: impl AsyncFnOnce(&mut SqliteConnection)) -> (Said, Said) {
        let number = self.copies.get() + 1;
        self.copies.set(number);
        let data = self.place.path(&format!("copy-{number}"));
        copy(&self.place.path("data"), &data);
        let mut conn = SqliteConnectOptions::new().filename(data.join("switchboard.db")).connect().await.unwrap();
        tamper(&mut conn).await;
        conn.close().await.unwrap();
        let data = data.to_str().unwrap();
        let alone = self.place.cli(&["audit", "verify", "--data", data]).await;
        let against = self.place.cli(&["audit", "verify", "--data", data, "--against", "anchors.jsonl"]).await;
        (alone, against)
    }
}

fn copy(from: &Path, to: &PathBuf) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let file = entry.unwrap().path();
        if file.is_file() {
            std::fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
        }
    }
}

async fn execute(conn: &mut SqliteConnection, sql: &'static str) {
    let done = sqlx::query(sql).execute(conn).await.unwrap();
    assert!(done.rows_affected() > 0, "nothing was changed by: {sql}");
}

#[track_caller]
fn found(said: &Said) {
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    assert!(said.out.contains("BAD ") && said.out.contains("the log is NOT whole"), "{}", said.out);
}

#[track_caller]
fn whole(said: &Said) {
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert!(said.out.contains("the log is whole"), "{}", said.out);
}

#[test]
fn an_untouched_log_is_whole_and_one_row_more_less_or_different_is_found() {
    staged(async {
        let stopped = Stopped::new().await;
        let (alone, against) = stopped.tampered(async |_| {}).await;
        whole(&alone);
        whole(&against);
        let changes = [
            "delete from journal where id = (select min(id) from journal)",
            "delete from journal where id = (select max(id) from journal)",
            "delete from journal where id = (select id from journal order by id limit 1 offset 5)",
            "update journal set body = x'7b7d' where id = (select id from journal order by id limit 1 offset 5)",
            "update journal set at = at + 1 where id = (select id from journal order by id limit 1 offset 5)",
            "update journal set by = 'nobody' where id = (select id from journal order by id limit 1 offset 5)",
            "update journal set seq = seq + 100 where id = (select id from journal order by id limit 1 offset 5)",
            "update journal set contact_id = null where id = (select max(id) from journal where contact_id is not null)",
            "update journal set data = null where id = (select max(id) from journal where data is not null)",
            "update journal set data = x'00' where id = (select max(id) from journal where data is not null)",
            "insert into journal select id + 1, subject, seq + 1000, kind, by, contact_id, at, format, body, data, \
               data_digest, strand, block from journal order by id desc limit 1",
            "insert into journal select id + 1, subject, seq + 1000, kind, by, contact_id, at, format, body, data, \
               data_digest, strand, block + 1000 from journal order by id desc limit 1",
            "update block set at = at + 1 where strand > 0 and n = 1",
            "delete from block where strand = 0 and n = 1",
            "update block set mac = zeroblob(32) where strand = 0",
        ];
        for sql in changes {
            let (alone, against) = stopped.tampered(async |conn| execute(conn, sql).await).await;
            assert_eq!(alone.code, Some(1), "not found: {sql}\n{}{}", alone.out, alone.err);
            found(&alone);
            found(&against);
        }
    });
}

#[test]
fn a_cut_tail_is_found_against_an_anchor_kept_outside() {
    staged(async {
        let stopped = Stopped::new().await;
        // The last strand loses its last block with all its rows, and the anchors that would tell are gone as well.
        let cut = async |conn: &mut SqliteConnection| {
            execute(conn, "delete from block where strand = 0").await;
            execute(
                conn,
                "delete from journal where (strand, block) = (select strand, n from block order by strand desc, n desc limit 1)",
            )
            .await;
            execute(
                conn,
                "delete from block where (strand, n) = (select strand, n from block order by strand desc, n desc limit 1)",
            )
            .await;
        };
        let (alone, against) = stopped.tampered(cut).await;
        whole(&alone); // Nothing inside can tell: this is what anchors outside are for.
        found(&against);
        assert!(against.out.contains("a tail was cut"), "{}", against.out);

        // A whole strand, that is everything since the last start.
        let (alone, against) = stopped
            .tampered(async |conn| {
                execute(conn, "delete from block where strand = 0").await;
                execute(conn, "delete from journal where strand = (select max(strand) from block)").await;
                execute(conn, "delete from block where strand = (select max(strand) from block)").await;
            })
            .await;
        whole(&alone);
        found(&against);

        // Everything.
        let (_, against) = stopped
            .tampered(async |conn| {
                execute(conn, "delete from journal").await;
                execute(conn, "delete from block").await;
            })
            .await;
        found(&against);
    });
}

#[test]
fn a_log_rewritten_whole_is_found_against_an_anchor_kept_outside() {
    staged(async {
        let stopped = Stopped::new().await;
        // A row is changed and every hash is made anew, as somebody would who knows our code but has not our key.
        let (alone, against) = stopped.tampered(async |conn| rewrite(conn, None).await).await;
        whole(&alone);
        found(&against);
        assert!(against.out.contains("rewritten"), "{}", against.out);
        // With anchors of another key in the place of ours it is found by the key alone.
        let (alone, against) = stopped.tampered(async |conn| rewrite(conn, Some([1; 32])).await).await;
        found(&alone);
        assert!(alone.out.contains("seal"), "{}", alone.out);
        found(&against);
    });
}

/// Changes one row and computes the whole chain again; anchors are made with `key`, or left out.
async fn rewrite(conn: &mut SqliteConnection, key: Option<[u8; 32]>) {
    execute(
        conn,
        "update journal set by = 'somebody else' where id = (select id from journal order by id limit 1 offset 5)",
    )
    .await;
    execute(conn, "delete from block where strand = 0").await;
    let blocks = sqlx::query("select strand, n, at from block order by strand, n").fetch_all(&mut *conn).await.unwrap();
    let mut heads: Vec<Head> = Vec::new();
    let mut prev = vec![0; 32];
    let mut last = At(0);
    for block in blocks {
        let (strand, n, at): (i64, i64, i64) = (block.get(0), block.get(1), block.get(2));
        if heads.last().is_none_or(|head| head.strand != strand) {
            prev = vec![0; 32];
        } else {
            heads.pop();
        }
        let leaves: Vec<u8> = rows(conn, strand, n).await.iter().flat_map(audit::leaf).collect();
        let hash = audit::block_hash(strand, n, At(at), &prev, &leaves);
        let text = "update block set prev = ?, hash = ?, leaves = ? where strand = ? and n = ?";
        let update = sqlx::query(text).bind(&prev).bind(&hash[..]).bind(&leaves).bind(strand).bind(n);
        update.execute(&mut *conn).await.unwrap();
        heads.push(Head { strand, n, hash: hex::encode(hash) });
        (prev, last) = (hash.to_vec(), At(at));
    }
    if let Some(key) = key {
        let anchor = audit::anchor(1, last, &[0; 32], heads.clone(), &key);
        sqlx::query("insert into block (strand, n, at, prev, hash, leaves, mac) values (?, 1, ?, ?, ?, ?, ?)")
            .bind(ANCHORS)
            .bind(last.0)
            .bind(vec![0; 32])
            .bind(hex::decode(&anchor.hash).unwrap())
            .bind(audit::anchor_leaves(&heads))
            .bind(hex::decode(&anchor.mac).unwrap())
            .execute(conn)
            .await
            .unwrap();
    }
}

/// The journal rows of a block as the chain reads them.
async fn rows(conn: &mut SqliteConnection, strand: i64, n: i64) -> Vec<JournalRow> {
    let text = "select id, subject, seq, kind, by, contact_id, at, format, body, data_digest from journal \
                where strand = ? and block = ? order by id";
    let found = sqlx::query(text).bind(strand).bind(n).fetch_all(conn).await.unwrap();
    let row = |row: &sqlx::sqlite::SqliteRow| JournalRow {
        id: JournalId(row.get(0)),
        subject: row.get(1),
        seq: row.get(2),
        kind: kind(row.get(3)),
        by: row.get(4),
        contact_id: row.get::<Option<i64>, _>(5).map(ContactId),
        at: At(row.get(6)),
        format: row.get(7),
        body: row.get(8),
        data: None,
        data_digest: row.get(9),
        strand,
        block: n,
    };
    found.iter().map(row).collect()
}

fn kind(code: i64) -> JournalKind {
    match code {
        1 => JournalKind::Handling,
        2 => JournalKind::Turn,
        3 => JournalKind::Change,
        4 => JournalKind::Erasure,
        other => panic!("no journal kind {other}"),
    }
}

#[test]
fn an_export_leaves_values_out_when_it_is_masked() {
    staged(async {
        let stopped = Stopped::new().await;
        let full = stopped.place.cli(&["audit", "export"]).await.good();
        let masked = stopped.place.cli(&["audit", "export", "--masked"]).await.good();
        assert!(full.contains("Giulia") && !masked.contains("Giulia"));
        assert_eq!(full.lines().count(), masked.lines().count());
        for line in full.lines() {
            let _: audit::Line = serde_json::from_str(line).unwrap();
        }
    });
}
