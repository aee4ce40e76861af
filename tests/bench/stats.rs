//! Percentiles of what was measured.

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

    /// The middle one.
    pub(crate) fn median(&self) -> f64 {
        self.at(50.0)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
