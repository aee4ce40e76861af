//! A disk small enough to be filled: a file system in memory, where the machine lets us mount one.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// It. Dropping it takes it away with all that is on it.
pub(super) struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts one of so many megabytes on `folder`, which is made, for this user and group.
    pub(super) fn mount(folder: &Path, megabytes: u32, owner: Option<(u32, u32)>) -> Result<Self, String> {
        std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        let (uid, gid) = owner.unwrap_or((0, 0));
        let options = format!("size={megabytes}m,mode=700,uid={uid},gid={gid}");
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder).output();
        match done {
            Ok(done) if done.status.success() => Ok(Self { folder: folder.to_owned() }),
            Ok(done) => Err(format!("no disk can be mounted: {}", String::from_utf8_lossy(&done.stderr).trim())),
            Err(error) => Err(format!("no disk can be mounted: {error}")),
        }
    }

    /// Fills it up to so many bytes.
    pub(super) fn fill(&self, leave: u64) {
        let mut file = std::fs::File::options().create(true).append(true).open(self.filler()).unwrap();
        let block = vec![0_u8; 64 << 10];
        while file.write_all(&block).is_ok() {}
        let length = file.metadata().unwrap().len();
        file.set_len(length.saturating_sub(leave)).unwrap();
    }

    /// Gives the room back.
    pub(super) fn empty(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.folder.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: whoever is just ending may still have a file open.
        drop(Command::new("umount").arg("-l").arg(&self.folder).status());
    }
}
