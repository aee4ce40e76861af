//! Percentiles of what was measured.

/// Those that are written down.
const PERCENTILES: [f64; 12] = [0.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.5, 99.9, 99.99, 100.0];

/// Measured values, sorted.
#[derive(Debug)]
pub(crate) struct Spread(Vec<f64>);

impl Spread {
    /// Of any values, in any order.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// The smallest value that `percent` of all do not exceed; not a number when there are none.
    pub(crate) fn at(&self, percent: f64) -> f64 {
        let place = (percent / 100.0 * self.0.len() as f64).ceil() as usize;
        self.0.get(place.clamp(1, self.0.len().max(1)) - 1).copied().unwrap_or(f64::NAN)
    }

    /// Some of them, for machines: pairs of a percentage and the value there.
    pub(crate) fn percentiles(&self) -> Vec<(f64, f64)> {
        PERCENTILES.map(|percent| (percent, self.at(percent))).to_vec()
    }

    /// The middle one.
    pub(crate) fn median(&self) -> f64 {
        self.at(50.0)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
