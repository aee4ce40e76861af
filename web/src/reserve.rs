//! What is kept free of the disk for work in progress: doors close before it is used, and open again by themselves.
//!
//! Only the volume of our own database file is looked at. Whether a PostgreSQL server has room is known when it says no: then
//! nothing is stored, and doors refuse all the same.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::ApiError;
use crate::room;

/// What is kept free, in bytes: the log of the database may grow by so much before it is moved into the file.
const LEAST: u64 = 64 << 20;
/// How long an answer of the system counts.
const COUNTS_FOR: Duration = Duration::from_millis(250);

/// The volume of the database, if it is ours to look at.
#[derive(Debug, Default)]
pub(crate) struct Reserve {
    folder: Option<PathBuf>,
    least: u64,
    last: Mutex<Option<Look>>,
}

/// What a look showed.
#[derive(Clone, Copy, Debug)]
struct Look {
    at: Instant,
    room: bool,
}

impl Reserve {
    /// Keeps room on the volume of `folder`.
    pub(crate) fn on(folder: &Path) -> Self {
        Self { folder: Some(folder.to_owned()), least: LEAST, last: Mutex::default() }
    }

    /// Refuses what would be stored while the disk is nearly full.
    ///
    /// # Errors
    /// 503 with a hint when to come again.
    pub(crate) fn expect(&self) -> Result<(), ApiError> {
        self.expect_at(Instant::now())
    }

    fn expect_at(&self, now: Instant) -> Result<(), ApiError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (had_room, fresh) =
            last.map_or((true, false), |look| (look.room, now.duration_since(look.at) < COUNTS_FOR));
        let room = if fresh { had_room } else { self.look(folder) };
        if !fresh {
            *last = Some(Look { at: now, room });
        }
        match (had_room, room) {
            (true, false) => tracing::error!(
                folder = %folder.display(),
                "the disk is nearly full: nothing is taken in until there is room again; work in progress goes on"
            ),
            (false, true) => tracing::warn!("there is room on the disk again: doors are open"),
            _ => {}
        }
        if room { Ok(()) } else { Err(ApiError::no_room()) }
    }

    /// Whether there is room. Where the system does not say, the database will.
    fn look(&self, folder: &Path) -> bool {
        room::free(folder).map_or(true, |free| free >= self.least)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use axum::response::IntoResponse;

    use super::*;

    #[test]
    fn doors_close_while_the_disk_is_nearly_full_and_open_by_themselves() {
        let dir = tempfile::tempdir().unwrap();
        let mut reserve = Reserve { least: u64::MAX, ..Reserve::on(dir.path()) };
        let now = Instant::now();
        let refused = reserve.expect_at(now).unwrap_err().into_response();
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(refused.headers().contains_key("retry-after"));
        reserve.least = 1;
        assert!(reserve.expect_at(now + COUNTS_FOR / 2).is_err(), "a look counts for a moment");
        assert!(reserve.expect_at(now + COUNTS_FOR).is_ok());
    }

    #[test]
    fn a_volume_that_is_not_ours_closes_no_door() {
        assert!(Reserve::default().expect().is_ok());
        assert!(Reserve { least: u64::MAX, ..Reserve::on(Path::new("/not/there")) }.expect().is_ok());
    }
}
