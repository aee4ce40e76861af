//! How times are spread, as a picture: one chart for each curve, the server beside its floor.
//!
//! Across is time on a logarithmic scale; upwards is the share of all that took no longer, drawn so that 90 %, 99 % and 99.9 % are
//! equally far apart: what is rare is what matters.

use std::path::Path;

use anyhow::Result;
use plotters::coord::Shift;
use plotters::prelude::*;

use crate::report::Curve;
use crate::stats::Spread;

const WIDTH: u32 = 860;
/// Of one chart.
const HEIGHT: u32 = 300;
/// The steps of the vertical scale, as they are written.
const SHARES: [&str; 5] = ["0 %", "90 %", "99 %", "99.9 %", "99.99 %"];

/// Writes one SVG with all of them.
pub(crate) fn write(curves: &[Curve], file: &Path) -> Result<()> {
    let rows = curves.len().max(1);
    let area = SVGBackend::new(file, (WIDTH, HEIGHT * rows as u32)).into_drawing_area();
    area.fill(&WHITE)?;
    for (curve, area) in curves.iter().zip(area.split_evenly((rows, 1))) {
        chart(curve, &area)?;
    }
    area.present()?;
    Ok(())
}

fn chart(curve: &Curve, area: &DrawingArea<SVGBackend<'_>, Shift>) -> Result<()> {
    let all = || std::iter::once(&curve.serve).chain(&curve.floor);
    let slowest =
        all().map(|spread| spread.at(100.0)).chain(curve.most).filter(|ms| ms.is_finite()).fold(1.0, f64::max);
    let fastest = all().map(|spread| spread.at(0.0)).fold(slowest, f64::min).max(0.01);
    let mut chart = ChartBuilder::on(area)
        .caption(curve.what, ("sans-serif", 18))
        .margin(14)
        .x_label_area_size(36)
        .y_label_area_size(64)
        .build_cartesian_2d((fastest * 0.9..slowest * 1.1).log_scale(), 0.0..(SHARES.len() - 1) as f64)?;
    let share = |nines: &f64| SHARES.get(*nines as usize).map_or_else(String::new, |share| (*share).to_owned());
    let mut mesh = chart.configure_mesh();
    mesh.x_desc("milliseconds").y_labels(SHARES.len()).y_label_formatter(&share).max_light_lines(0).draw()?;
    if let Some(floor) = &curve.floor {
        let line = LineSeries::new(points(floor), RGBColor(140, 140, 140).stroke_width(2));
        chart.draw_series(line)?.label("floor").legend(|at| key(at, RGBColor(140, 140, 140)));
    }
    let line = LineSeries::new(points(&curve.serve), RGBColor(16, 110, 86).stroke_width(2));
    chart.draw_series(line)?.label("serve").legend(|at| key(at, RGBColor(16, 110, 86)));
    if let Some(most) = curve.most {
        // Budgets are of the 99th percentile or a rarer one.
        let line = LineSeries::new([(most, 2.0), (most, (SHARES.len() - 1) as f64)], RED.stroke_width(1));
        chart.draw_series(line)?.label("budget").legend(|at| key(at, RED));
    }
    let mut labels = chart.configure_series_labels();
    labels
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE)
        .border_style(RGBColor(200, 200, 200))
        .draw()?;
    Ok(())
}

fn key((x, y): (i32, i32), color: RGBColor) -> PathElement<(i32, i32)> {
    PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2))
}

/// Its curve: how many nines at what time.
fn points(spread: &Spread) -> impl Iterator<Item = (f64, f64)> + '_ {
    let steps = (SHARES.len() - 1) * 50;
    let points = (0..=steps).map(|step| step as f64 / 50.0);
    // No further than one in all of them can show.
    let most = (spread.len() as f64).log10();
    points
        .take_while(move |nines| *nines <= most)
        .map(|nines| (spread.at(100.0 - 100.0 / 10f64.powf(nines)), nines))
        .filter(|(ms, _)| ms.is_finite())
}
