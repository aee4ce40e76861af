//! What was measured: a table and a picture for people, JSON for machines.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::{Value, json};

use crate::plot;
use crate::stats::Spread;

/// What a figure must be. Source: design section 10.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Budget {
    AtLeast(f64),
    AtMost(f64),
    /// Only told.
    Told,
}

/// One figure.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// Its name in the JSON.
    pub(crate) name: &'static str,
    pub(crate) what: String,
    pub(crate) unit: &'static str,
    pub(crate) budget: Budget,
    pub(crate) value: f64,
    /// The floor of the same run, in the same unit.
    pub(crate) floor: Option<f64>,
}

impl Figure {
    pub(crate) fn new(
        name: &'static str,
        what: impl Into<String>,
        value: f64,
        unit: &'static str,
        budget: Budget,
    ) -> Self {
        Self { name, what: what.into(), unit, budget, value, floor: None }
    }

    fn good(&self) -> Option<bool> {
        match self.budget {
            Budget::AtLeast(least) => Some(self.value >= least),
            Budget::AtMost(most) => Some(self.value <= most),
            Budget::Told => None,
        }
    }

    fn ratio(&self) -> Option<f64> {
        self.floor.map(|floor| self.value / floor)
    }

    fn row(&self) -> [String; 5] {
        let budget = match self.budget {
            Budget::AtLeast(least) => format!("≥ {}", rounded(least)),
            Budget::AtMost(most) => format!("≤ {}", rounded(most)),
            Budget::Told => String::new(),
        };
        let good = match self.good() {
            Some(true) => "ok",
            Some(false) => "MISSED",
            None => "",
        };
        let ratio = self.ratio().map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
        [self.what.clone(), budget, format!("{} {}", rounded(self.value), self.unit), ratio, good.to_owned()]
    }

    fn json(&self) -> Value {
        let (least, most) = match self.budget {
            Budget::AtLeast(least) => (Some(least), None),
            Budget::AtMost(most) => (None, Some(most)),
            Budget::Told => (None, None),
        };
        json!({
            "name": self.name, "what": self.what, "unit": self.unit, "value": self.value, "at_least": least,
            "at_most": most, "floor": self.floor, "ratio": self.ratio(), "ok": self.good(),
        })
    }
}

/// How the times of one thing are spread, for the plot.
#[derive(Debug)]
pub(crate) struct Curve {
    /// Its name in the JSON.
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    /// Milliseconds, of the server and of the floor under the same load.
    pub(crate) serve: Spread,
    pub(crate) floor: Option<Spread>,
    /// The budget of the rarest percentile that has one.
    pub(crate) most: Option<f64>,
}

impl Curve {
    fn json(&self) -> Value {
        json!({
            "name": self.name, "what": self.what, "unit": "ms", "at_most": self.most,
            "percentiles": self.serve.percentiles(), "floor": self.floor.as_ref().map(Spread::percentiles),
        })
    }
}

/// Three digits that count.
fn rounded(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 || value.fract() == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// All figures of one run.
#[derive(Debug, Default)]
pub(crate) struct Report {
    figures: Vec<Figure>,
    curves: Vec<Curve>,
    /// What was seen besides: where time went, what failed.
    notes: Vec<String>,
}

impl Report {
    /// Adds a figure, and shows it at once.
    pub(crate) fn add(&mut self, figure: Figure) {
        let [what, budget, value, ratio, good] = figure.row();
        crate::tell(format_args!("  {what}: {value} {budget} {ratio} {good}"));
        self.figures.push(figure);
    }

    /// Adds to the plot.
    pub(crate) fn curve(&mut self, curve: Curve) {
        self.curves.push(curve);
    }

    pub(crate) fn note(&mut self, note: String) {
        crate::tell(format_args!("  {note}"));
        self.notes.push(note);
    }

    /// The table.
    pub(crate) fn table(&self) -> String {
        let head = ["what", "budget", "measured", "of floor", ""].map(str::to_owned);
        let rows: Vec<[String; 5]> = std::iter::once(head).chain(self.figures.iter().map(Figure::row)).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..5).map(width).collect();
        let line = |row: &[String; 5]| {
            let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            cells.join("  ").trim_end().to_owned()
        };
        let mut lines: Vec<String> = rows.iter().map(line).collect();
        lines.extend(self.notes.iter().map(|note| format!("- {note}")));
        lines.join("\n")
    }

    /// Writes everything as JSON, and the curves as a picture beside it, which it answers if there are any.
    pub(crate) fn write(&self, file: &Path) -> Result<Option<PathBuf>> {
        let figures: Vec<Value> = self.figures.iter().map(Figure::json).collect();
        let curves: Vec<Value> = self.curves.iter().map(Curve::json).collect();
        let text = serde_json::to_string_pretty(&json!({ "figures": figures, "curves": curves, "notes": self.notes }))?;
        std::fs::write(file, text + "\n")?;
        if self.curves.is_empty() {
            return Ok(None);
        }
        let picture = file.with_extension("svg");
        plot::write(&self.curves, &picture)?;
        Ok(Some(picture))
    }
}
