//! The picture of a backtest: faults and latency by zone, what was said of them, and the time of shifts shaded.

use std::collections::{BTreeMap, BTreeSet};

use gray_failure::decide::{Call, Minute, Sample, Statement, ZoneId};
use jiff::Timestamp;
use plotters::{
    coord::types::RangedCoordf64,
    prelude::{
        Cartesian2d, ChartBuilder, ChartContext, Circle, Color as _, DrawingArea, IntoDrawingArea, IntoFont as _,
        LineSeries, RGBColor, Rectangle, SVGBackend, WHITE,
    },
};

const SIZE: (u32, u32) = (1400, 800);
/// Points along the picture: more cannot be seen.
const POINTS: usize = 1200;
/// Colours that people with any colour vision tell apart (Okabe and Ito).
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(213, 94, 0),
];
const SHIFTED: RGBColor = RGBColor(224, 30, 90);
const WATCHED: RGBColor = RGBColor(236, 178, 46);

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Panel<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type Failed = Box<dyn std::error::Error>;

/// The picture as SVG.
pub(crate) fn svg(minutes: &[Minute], statements: &[Statement]) -> Result<String, Failed> {
    let mut picture = String::new();
    {
        let root = SVGBackend::with_string(&mut picture, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        let (top, bottom) = root.split_vertically(SIZE.1 / 2);
        let faults =
            series(minutes, |sample| (sample.requests > 0.0).then_some((100.0 * sample.faults, sample.requests)));
        let latency = series(minutes, |sample| Some((sample.latency_ms?, 1.0)));
        panel(&top, "Failed requests, %", &faults, minutes, statements)?;
        panel(&bottom, "Latency, ms", &latency, minutes, statements)?;
        root.present()?;
    }
    Ok(picture)
}

type Series = BTreeMap<ZoneId, Vec<(f64, f64)>>;

/// By zone, the ratio of both parts summed over as many minutes as one point stands for.
fn series(minutes: &[Minute], parts: impl Fn(&Sample) -> Option<(f64, f64)>) -> Series {
    let zones: BTreeSet<&ZoneId> = minutes.iter().flat_map(|minute| minute.zones.keys()).collect();
    let step = minutes.len().div_ceil(POINTS).max(1);
    let mut all = Series::new();
    for zone in zones {
        let points = all.entry(zone.clone()).or_default();
        for chunk in minutes.chunks(step) {
            let sums = chunk.iter().filter_map(|minute| parts(minute.zones.get(zone)?));
            let (sum, weight) = sums.fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            if weight > 0.0 {
                points.push((seconds(chunk[0].at), sum / weight));
            }
        }
    }
    all
}

fn seconds(at: Timestamp) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let seconds = at.as_second() as f64;
    seconds
}

fn panel(
    area: &Area<'_>,
    title: &str,
    series: &Series,
    minutes: &[Minute],
    statements: &[Statement],
) -> Result<(), Failed> {
    let (Some(first), Some(last)) = (minutes.first(), minutes.last()) else { return Ok(()) };
    let range = seconds(first.at)..seconds(last.at).max(seconds(first.at) + 60.0);
    let mut values: Vec<f64> = series.values().flatten().map(|point| point.1).collect();
    values.sort_by(f64::total_cmp);
    // A rare peak does not press all else to the ground.
    let most = values.get(values.len().saturating_sub(1 + values.len() / 500)).copied().unwrap_or(1.0).max(1e-6) * 1.1;
    let mut panel = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 20).into_font())
        .margin(12)
        .x_label_area_size(28)
        .y_label_area_size(64)
        .build_cartesian_2d(range, 0.0..most)?;
    let of_days = seconds(last.at) - seconds(first.at) > 3.0 * 86_400.0;
    let label = move |at: &f64| {
        #[expect(clippy::cast_possible_truncation, reason = "within the range of the data")]
        let at = Timestamp::from_second(*at as i64).unwrap_or_default();
        at.strftime(if of_days { "%m-%d" } else { "%d. %H:%M" }).to_string()
    };
    panel.configure_mesh().x_labels(10).y_labels(6).light_line_style(WHITE).x_label_formatter(&label).draw()?;
    shade(&mut panel, statements, seconds(last.at), most)?;
    for ((zone, points), colour) in series.iter().zip(COLOURS.iter().cycle()) {
        let points = points.iter().map(|(at, value)| (*at, value.min(most)));
        let line = panel.draw_series(LineSeries::new(points, colour.stroke_width(1)))?;
        let colour = *colour;
        line.label(zone.0.clone()).legend(move |(x, y)| Rectangle::new([(x, y - 4), (x + 14, y + 4)], colour.filled()));
    }
    let watched = statements.iter().filter(|one| one.decision == Call::Watch);
    panel.draw_series(watched.map(|one| Circle::new((seconds(one.timestamp), most * 0.98), 3, WATCHED.filled())))?;
    panel.configure_series_labels().background_style(WHITE.mix(0.8)).draw()?;
    Ok(())
}

/// The time from each shift to its end.
fn shade(panel: &mut Panel<'_, '_>, statements: &[Statement], last: f64, most: f64) -> Result<(), Failed> {
    let mut since = None;
    let mut shaded = Vec::new();
    for one in statements {
        match one.decision {
            Call::Shift => since = Some(seconds(one.timestamp)),
            Call::End => shaded.extend(since.take().map(|since| (since, seconds(one.timestamp)))),
            Call::Watch | Call::Extend => {}
        }
    }
    shaded.extend(since.map(|since| (since, last)));
    let boxes = shaded.into_iter();
    panel.draw_series(
        boxes.map(|(from, to)| Rectangle::new([(from, 0.0), (to.max(from + 60.0), most)], SHIFTED.mix(0.25).filled())),
    )?;
    Ok(())
}
