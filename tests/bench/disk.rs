//! What the disk itself takes to make a write durable: latency budgets are told beside it.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use tokio::time::Instant;

use crate::stats::Spread;

/// Bytes of one write: about what a small group commit adds to the log.
const BYTES: usize = 16 * 1024;

/// Times of fdatasync after small writes in `dir`, in milliseconds; probes for `during`.
pub(crate) fn probe(dir: &Path, during: Duration) -> Result<Spread> {
    let mut file = File::create(dir.join("probe"))?;
    let began = Instant::now();
    let mut times = Vec::new();
    while began.elapsed() < during {
        file.write_all(&[7; BYTES])?;
        let before = Instant::now();
        file.sync_data()?;
        times.push(before.elapsed().as_secs_f64() * 1000.0);
    }
    std::fs::remove_file(dir.join("probe"))?;
    Ok(Spread::of(times))
}
