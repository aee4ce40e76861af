//! What the checker counted, as one table for people and as JSON for machines.

use serde_json::{Value, json};

use super::books::Count;

/// What one fault did on one database.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) database: &'static str,
    pub(super) fault: &'static str,
    /// What was counted, or why the fault cannot be had on this machine.
    pub(super) outcome: Result<Outcome, String>,
}

#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// How often it struck.
    pub(super) strikes: u32,
    /// Messages that were taken.
    pub(super) taken: usize,
    pub(super) count: Count,
    /// How long until work went on, the slowest time of all strikes, in milliseconds.
    pub(super) back_ms: u64,
}

const HEAD: [&str; 12] = [
    "database",
    "fault",
    "strikes",
    "messages",
    "effects",
    "lost",
    "doubled",
    "disordered",
    "late",
    "unknown",
    "back after",
    "slowest",
];

impl Row {
    fn cells(&self) -> Vec<String> {
        let mut cells = vec![self.database.to_owned(), self.fault.to_owned()];
        match &self.outcome {
            Err(why) => cells.push(format!("SKIPPED: {why}")),
            Ok(Outcome { strikes, taken, count, back_ms }) => {
                let numbers =
                    [*taken, count.effects, count.lost, count.doubled, count.disordered, count.late, count.unknown];
                cells.push(strikes.to_string());
                cells.extend(numbers.iter().map(usize::to_string));
                cells.extend([format!("{back_ms} ms"), format!("{} ms", count.slowest_ms)]);
            }
        }
        cells
    }

    fn json(&self) -> Value {
        match &self.outcome {
            Err(why) => json!({ "database": self.database, "fault": self.fault, "skipped": why }),
            Ok(Outcome { strikes, taken, count, back_ms }) => json!({
                "database": self.database, "fault": self.fault, "strikes": strikes, "messages": taken,
                "effects": count.effects, "lost": count.lost, "doubled": count.doubled, "disordered": count.disordered,
                "late": count.late, "unknown": count.unknown, "back_after_ms": back_ms, "slowest_ms": count.slowest_ms,
            }),
        }
    }
}

/// Rows of the same fault on the same database joined, in the order in which they first came.
pub(super) fn summed(rows: Vec<Row>) -> Vec<Row> {
    let mut joined: Vec<Row> = Vec::new();
    for row in rows {
        let same = joined.iter_mut().find(|known| (known.database, known.fault) == (row.database, row.fault));
        match (same, row.outcome) {
            (Some(Row { outcome: Ok(known), .. }), Ok(more)) => known.add(more),
            (Some(_), _) => {}
            (None, outcome) => joined.push(Row { database: row.database, fault: row.fault, outcome }),
        }
    }
    joined
}

impl Outcome {
    fn add(&mut self, more: Self) {
        self.strikes += more.strikes;
        self.taken += more.taken;
        self.back_ms = self.back_ms.max(more.back_ms);
        self.count.add(more.count);
    }
}

/// The table in Markdown.
pub(super) fn markdown(rows: &[Row]) -> String {
    let mut cells = vec![HEAD.map(str::to_owned).to_vec()];
    cells.extend(rows.iter().map(Row::cells));
    let width = |column: usize| {
        // What is skipped says why over all columns.
        let numbers = cells.iter().filter(|row| row.len() == HEAD.len() || column < 2);
        numbers.filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let padded = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("| {} |", padded.collect::<Vec<_>>().join(" | "))
    };
    let mut lines: Vec<String> = cells.iter().map(line).collect();
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    lines.insert(1, format!("| {} |", rule.join(" | ")));
    lines.join("\n")
}

/// The same for machines.
pub(super) fn json(rows: &[Row], seed: u64) -> Value {
    json!({ "seed": seed, "rows": rows.iter().map(Row::json).collect::<Vec<_>>() })
}
