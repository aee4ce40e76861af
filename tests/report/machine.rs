//! On which machine, and when: figures of another one are no comparison.

use serde_json::{Value, json};

/// What is told of it.
pub(crate) struct Machine {
    processor: String,
    cores: usize,
    memory: String,
    kernel: String,
    date: String,
}

/// Looks at this machine, now. What the system does not tell is called unknown.
pub(crate) fn look() -> Machine {
    Machine {
        processor: value_of("/proc/cpuinfo", "model name"),
        cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        memory: value_of("/proc/meminfo", "MemTotal"),
        kernel: std::fs::read_to_string("/proc/sys/kernel/osrelease")
            .map_or_else(|_| unknown(), |text| text.trim().to_owned()),
        date: today(),
    }
}

#[allow(clippy::disallowed_methods, reason = "a report says when it was made")]
fn today() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(since.as_secs()).ok().and_then(|now| chrono::DateTime::from_timestamp(now, 0));
    now.map_or_else(unknown, |now| now.format("%Y-%m-%d %H:%M UTC").to_string())
}

/// The value behind the first `name` and its colon.
fn value_of(file: &str, name: &str) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_once(':')).map_or_else(unknown, |(_, value)| value.trim().to_owned())
}

fn unknown() -> String {
    "unknown".to_owned()
}

impl Machine {
    pub(crate) fn words(&self) -> String {
        let Self { processor, cores, memory, kernel, date } = self;
        format!("Measured {date} on {cores} cores of {processor}, {memory} of memory, Linux {kernel}.")
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "processor": self.processor, "cores": self.cores, "memory": self.memory, "kernel": self.kernel, "date": self.date,
        })
    }
}
