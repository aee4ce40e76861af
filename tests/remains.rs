//! Everything that can be read in a folder with a database: the bytes of its files, and what is packed in them.

use std::path::Path;

use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Row};
use zstd::bulk::Decompressor;

/// What journal rows refer to.
const TEXT: &[u8] = include_bytes!("../engine/src/run/pack.2.txt");
/// How a zstd frame begins.
const FRAME: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// No frame of ours is larger, unpacked.
const LARGEST: usize = 1 << 20;

/// The bytes of every file in `folder`, then every frame found in them, unpacked; then every blob of the database
/// `file` there, unpacked, as a frame in a file may lie on several pages.
pub async fn all(folder: &Path, file: &str) -> Vec<u8> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            found.extend(std::fs::read(path).unwrap());
        }
    }
    let mut readable = unpacked(&found);
    readable.extend(blobs(&folder.join(file)).await);
    found.extend(readable);
    found
}

/// Every frame in `bytes`, unpacked. What only looks like a frame is left out.
pub fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let starts = bytes.windows(FRAME.len()).enumerate().filter(|(_, start)| *start == FRAME);
    let frame = |(at, _): (usize, &[u8])| {
        let size = zstd::zstd_safe::find_frame_compressed_size(&bytes[at..]).ok()?;
        // Frames that refer to the text are read with it, others read the same with it.
        Decompressor::with_dictionary(TEXT).ok()?.decompress(&bytes[at..at + size], LARGEST).ok()
    };
    starts.filter_map(frame).flatten().collect()
}

/// Every frame in a column of bytes of a server's database, unpacked.
pub async fn of_server(conn: &mut PgConnection) -> Vec<u8> {
    let columns = "select table_name::text, column_name::text from information_schema.columns \
                   where table_schema = 'public' and data_type = 'bytea'";
    let mut found = Vec::new();
    for row in sqlx::query(columns).fetch_all(&mut *conn).await.unwrap() {
        let (table, column): (String, String) = (row.get(0), row.get(1));
        let text = format!("select \"{column}\" from \"{table}\" where \"{column}\" is not null");
        for row in sqlx::query(AssertSqlSafe(text)).fetch_all(&mut *conn).await.unwrap() {
            found.extend(unpacked(&row.get::<Vec<u8>, _>(0)));
        }
    }
    found
}

async fn blobs(file: &Path) -> Vec<u8> {
    let mut conn = SqliteConnectOptions::new().filename(file).read_only(true).connect().await.unwrap();
    let columns =
        "select t.name, c.name from sqlite_master as t, pragma_table_info(t.name) as c where t.type = 'table'";
    let mut found = Vec::new();
    for row in sqlx::query(columns).fetch_all(&mut conn).await.unwrap() {
        let (table, column): (String, String) = (row.get(0), row.get(1));
        found.extend(column_of(&mut conn, &table, &column).await);
    }
    found
}

async fn column_of(conn: &mut SqliteConnection, table: &str, column: &str) -> Vec<u8> {
    let text = format!("select \"{column}\" from \"{table}\" where typeof(\"{column}\") = 'blob'");
    let rows = sqlx::query(AssertSqlSafe(text)).fetch_all(conn).await.unwrap();
    rows.iter().flat_map(|row| unpacked(&row.get::<Vec<u8>, _>(0))).collect()
}
