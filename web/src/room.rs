//! How much room is left on the volumes that hold our data: too little is an alarm, which ends by itself.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use engine::alarm::Raise;
use tokio::time::{MissedTickBehavior, interval};

use crate::app::App;

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(15);
/// An alarm ends when there is a tenth more room than is wanted: at the very edge it would come and go.
const MORE: u64 = 10;

/// Bytes that whoever runs this process may still write to the volume of `path`; what only root may use does not count.
///
/// # Errors
/// When there is no such path, or the system does not say.
pub(crate) fn free(path: &Path) -> io::Result<u64> {
    let volume = rustix::fs::statvfs(path)?;
    Ok(volume.f_bavail.saturating_mul(volume.f_frsize))
}

/// A folder whose volume is looked at.
pub(crate) struct Watched {
    folder: PathBuf,
    /// Whether there was too little room at the last look; `None` before the first.
    low: Option<bool>,
}

impl Watched {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, low: None }
    }
}

/// Looks at the volumes of `folders` now and then, until it is dropped.
pub(crate) async fn watch(app: Arc<App>, folders: Vec<PathBuf>) {
    let mut watched: Vec<Watched> = folders.into_iter().map(Watched::new).collect();
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        look(&app, &mut watched, free).await;
    }
}

/// One look, with what `probe` says of the room.
pub(crate) async fn look(app: &App, watched: &mut [Watched], probe: fn(&Path) -> io::Result<u64>) {
    let wanted = match app.engine.alarm_policy().await {
        Ok(stored) => u64::from(stored.policy.disk_free_mb) << 20,
        Err(error) => return tracing::warn!(%error, "how much room is wanted could not be read; tried again"),
    };
    for one in watched {
        let folder = one.folder.clone();
        // A volume on a network may not answer for long.
        let asked = tokio::task::spawn_blocking(move || probe(&folder)).await;
        match asked.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok(free) => one.judge(app, free, wanted),
            Err(error) => {
                tracing::warn!(%error, folder = %one.folder.display(), "how much room is left could not be found out");
            }
        }
    }
}

impl Watched {
    /// Raises the alarm or ends it, when that is news. At the first look an alarm of an earlier process is ended, too.
    fn judge(&mut self, app: &App, free: u64, wanted: u64) {
        let enough = if self.low == Some(true) { wanted + wanted / MORE } else { wanted };
        let low = free < enough;
        if self.low.replace(low) == Some(low) {
            return;
        }
        let folder = self.folder.display().to_string();
        if low {
            app.engine.raise_alarm(Raise::disk_low(&folder, free, wanted));
        } else {
            app.engine.end_alarm(Raise::disk_key(&folder));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::Place;

    #[test]
    fn a_folder_has_room_and_one_that_is_not_there_says_so() {
        let dir = tempfile::tempdir().unwrap();
        assert!(free(dir.path()).unwrap() > 0);
        assert_eq!(free(&dir.path().join("missing")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    /// Of each alarm: what it is about, where it stands, how often it was noticed.
    async fn alarms(place: &Place) -> Vec<Value> {
        place.app.engine.idle().await;
        let found = place.get("/alarms").await;
        let alarms = found["alarms"].as_array().unwrap();
        alarms.iter().map(|alarm| json!([alarm["kind"], alarm["state"], alarm["count"]])).collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn too_little_room_is_one_alarm_that_ends_when_there_is_clearly_more() {
        let place = Place::open().await;
        let mut watched = [Watched::new("/srv/data".into())];
        let app = &place.app;
        look(app, &mut watched, |_| Ok(2_000 << 20)).await;
        assert_eq!(alarms(&place).await, [Value::Null; 0]);
        look(app, &mut watched, |_| Ok(500 << 20)).await;
        look(app, &mut watched, |_| Ok(400 << 20)).await;
        assert_eq!(alarms(&place).await, [json!(["disk_low", "open", 1])]);
        let told = place.get("/alarms").await;
        assert_eq!(told["alarms"][0]["key"], "disk//srv/data");
        look(app, &mut watched, |_| Ok(1_030 << 20)).await;
        assert_eq!(alarms(&place).await, [json!(["disk_low", "open", 1])], "hardly more is not enough");
        look(app, &mut watched, |_| Ok(1_200 << 20)).await;
        assert_eq!(alarms(&place).await, [json!(["disk_low", "ended", 1])]);
        place.close().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_alarm_of_an_earlier_process_ends_and_a_volume_that_is_silent_changes_nothing() {
        let place = Place::open().await;
        place.app.engine.raise_alarm(Raise::disk_low("/srv/data", 1, 2));
        let mut watched = [Watched::new("/srv/data".into())];
        look(&place.app, &mut watched, |_| Err(io::Error::other("no answer"))).await;
        assert_eq!(alarms(&place).await, [json!(["disk_low", "open", 1])]);
        look(&place.app, &mut watched, |_| Ok(u64::MAX)).await;
        assert_eq!(alarms(&place).await, [json!(["disk_low", "ended", 1])]);
        place.close().await;
    }
}
