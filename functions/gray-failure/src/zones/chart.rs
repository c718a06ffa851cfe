//! The picture in the thread: failed requests and latency by zone, the zone in question in the strong colour, the time of
//! the suspicion and of the shift shaded. A PNG, readable on a phone.
//!
//! Drawn by `embedded-graphics`, whose fonts are part of it: a Lambda has none.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{OriginDimensions, Point, Size};
use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::ascii::{FONT_9X18_BOLD, FONT_10X20};
use embedded_graphics::pixelcolor::{Rgb888, RgbColor as _};
use embedded_graphics::prelude::Primitive as _;
use embedded_graphics::primitives::{Line, PrimitiveStyle, Rectangle};
use embedded_graphics::text::{Alignment, Text};
use embedded_graphics::{Drawable as _, geometry::Dimensions as _};
use jiff::Timestamp;
use shared::text::Clock;

use super::story::Story;
use crate::decide::{Minute, Sample, ZoneId};

const WIDTH: i32 = 1200;
const HEIGHT: i32 = 720;
/// Where panels begin and end, from left to right.
const LEFT: i32 = 90;
const RIGHT: i32 = WIDTH - 30;
const INK: Rgb888 = Rgb888::new(29, 28, 29);
const GREY: Rgb888 = Rgb888::new(120, 120, 125);
const GRID: Rgb888 = Rgb888::new(225, 225, 228);
const SUSPECTED: Rgb888 = Rgb888::new(253, 244, 214);
const SHIFTED: Rgb888 = Rgb888::new(252, 224, 232);
/// The zone in question; the others. People with any colour vision tell them apart (Okabe and Ito).
const STRONG: Rgb888 = Rgb888::new(213, 94, 0);
const OTHERS: [Rgb888; 5] = [
    Rgb888::new(0, 114, 178),
    Rgb888::new(0, 158, 115),
    Rgb888::new(86, 180, 233),
    Rgb888::new(204, 121, 167),
    Rgb888::new(100, 100, 100),
];

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    /// There is nothing to draw.
    #[error("nothing was measured of the zones in that time")]
    Nothing,
    /// It cannot be encoded.
    #[error(transparent)]
    Encode(#[from] png::EncodingError),
}

struct Canvas(Vec<u8>);

impl OriginDimensions for Canvas {
    fn size(&self) -> Size {
        Size::new(WIDTH.unsigned_abs(), HEIGHT.unsigned_abs())
    }
}

impl DrawTarget for Canvas {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        let area = self.bounding_box();
        for Pixel(at, colour) in pixels {
            if area.contains(at)
                && let Ok(start) = usize::try_from((at.y * WIDTH + at.x) * 3)
                && let Some(pixel) = self.0.get_mut(start..start + 3)
            {
                pixel.copy_from_slice(&[colour.r(), colour.g(), colour.b()]);
            }
        }
        Ok(())
    }
}

impl Canvas {
    fn text(&mut self, text: &str, at: (i32, i32), colour: Rgb888, alignment: Alignment) {
        let style = MonoTextStyle::new(&FONT_10X20, colour);
        let Ok(_) = Text::with_alignment(text, Point::new(at.0, at.1), style, alignment).draw(self);
    }

    fn title(&mut self, text: &str, at: (i32, i32)) {
        let style = MonoTextStyle::new(&FONT_9X18_BOLD, INK);
        let Ok(_) = Text::new(text, Point::new(at.0, at.1), style).draw(self);
    }

    fn line(&mut self, from: (i32, i32), to: (i32, i32), colour: Rgb888, width: u32) {
        let line = Line::new(Point::new(from.0, from.1), Point::new(to.0, to.1));
        let Ok(()) = line.into_styled(PrimitiveStyle::with_stroke(colour, width)).draw(self);
    }

    fn area(&mut self, (left, right): (i32, i32), (top, bottom): (i32, i32), colour: Rgb888) {
        let size = Size::new((right - left).max(0).unsigned_abs(), (bottom - top).max(0).unsigned_abs());
        let area = Rectangle::new(Point::new(left, top), size);
        let Ok(()) = area.into_styled(PrimitiveStyle::with_fill(colour)).draw(self);
    }
}

/// The time along the picture.
struct Span {
    from: i64,
    to: i64,
}

impl Span {
    #[expect(clippy::cast_possible_truncation, reason = "within the picture")]
    fn x(&self, at: Timestamp) -> i32 {
        let at = at.as_second().clamp(self.from, self.to) - self.from;
        LEFT + (i64::from(RIGHT - LEFT) * at / (self.to - self.from).max(1)) as i32
    }
}

type Series = BTreeMap<ZoneId, Vec<(Timestamp, f64)>>;

fn series(minutes: &[Minute], of: impl Fn(&Sample) -> Option<f64>) -> Series {
    let mut all = Series::new();
    for minute in minutes {
        for (zone, sample) in &minute.zones {
            if let Some(value) = of(sample) {
                all.entry(zone.clone()).or_default().push((minute.at, value));
            }
        }
    }
    all
}

/// Draws the minutes around a story.
///
/// # Errors
///
/// Where there is nothing to draw.
pub fn png(minutes: &[Minute], story: &Story, clock: &Clock) -> Result<Vec<u8>, ChartError> {
    let heard = || minutes.iter().filter(|minute| !minute.zones.is_empty());
    let (Some(first), Some(last)) = (heard().next(), heard().next_back()) else { return Err(ChartError::Nothing) };
    let span = Span { from: first.at.as_second(), to: last.at.as_second() };
    let zones: BTreeSet<&ZoneId> = minutes.iter().flat_map(|minute| minute.zones.keys()).collect();
    let mut others = OTHERS.into_iter().cycle();
    let colours: BTreeMap<&ZoneId, Rgb888> = zones
        .into_iter()
        .map(|zone| (zone, if *zone == story.zone { STRONG } else { others.next().unwrap_or(GREY) }))
        .collect();
    let mut canvas = Canvas(vec![255; (WIDTH * HEIGHT * 3).unsigned_abs() as usize]);
    legend(&mut canvas, &colours, &story.zone);
    let failed = series(minutes, |sample| (sample.requests > 0.0).then(|| 100.0 * sample.faults / sample.requests));
    let latency = series(minutes, |sample| sample.latency_ms);
    let panels = [("failed requests, %", failed, (80, 350)), ("latency, ms", latency, (410, 680))];
    for (title, series, (top, bottom)) in panels {
        shade(&mut canvas, &span, story, (top, bottom));
        panel(&mut canvas, &span, (title, &series), (top, bottom), &colours, &story.zone, clock);
    }
    encode(&canvas.0)
}

fn legend(canvas: &mut Canvas, colours: &BTreeMap<&ZoneId, Rgb888>, zone: &ZoneId) {
    let mut x = LEFT;
    // The zone in question first.
    let ordered =
        colours.iter().filter(|(one, _)| **one == zone).chain(colours.iter().filter(|(one, _)| **one != zone));
    for (one, colour) in ordered {
        canvas.line((x, 30), (x + 34, 30), *colour, if *one == zone { 5 } else { 3 });
        canvas.text(&one.0, (x + 44, 36), INK, Alignment::Left);
        x += 44 + 10 * i32::try_from(one.0.len()).unwrap_or(0) + 40;
    }
    canvas.area((RIGHT - 300, RIGHT - 276), (22, 40), SUSPECTED);
    canvas.text("suspected", (RIGHT - 268, 36), INK, Alignment::Left);
    canvas.area((RIGHT - 150, RIGHT - 126), (22, 40), SHIFTED);
    canvas.text("to be left", (RIGHT - 118, 36), INK, Alignment::Left);
}

fn shade(canvas: &mut Canvas, span: &Span, story: &Story, rows: (i32, i32)) {
    let end = story.over.map_or(RIGHT, |over| span.x(over));
    let left = story.left.as_ref().map(|left| span.x(left.at));
    canvas.area((span.x(story.since), left.unwrap_or(end)), rows, SUSPECTED);
    if let Some(left) = left {
        canvas.area((left, end), rows, SHIFTED);
    }
}

fn panel(
    canvas: &mut Canvas,
    span: &Span,
    (title, series): (&str, &Series),
    (top, bottom): (i32, i32),
    colours: &BTreeMap<&ZoneId, Rgb888>,
    zone: &ZoneId,
    clock: &Clock,
) {
    let most = series.values().flatten().map(|(_, value)| *value).fold(0.0, f64::max);
    let step = nice(most / 3.0);
    let top_value = (most / step).ceil().max(1.0) * step;
    #[expect(clippy::cast_possible_truncation, reason = "within the picture")]
    let y = |value: f64| bottom - (f64::from(bottom - top) * (value / top_value).clamp(0.0, 1.0)) as i32;
    let mut value = 0.0;
    while value <= top_value * 1.001 {
        canvas.line((LEFT, y(value)), (RIGHT, y(value)), GRID, 1);
        canvas.text(&label(value, step), (LEFT - 10, y(value) + 6), GREY, Alignment::Right);
        value += step;
    }
    canvas.title(title, (LEFT, top - 12));
    for at in marks(span) {
        let x = span.x(at);
        canvas.line((x, bottom), (x, bottom + 6), GREY, 1);
        let time = clock.minute(at);
        let time = time.split(' ').next().unwrap_or_default();
        canvas.text(time, (x, bottom + 26), GREY, Alignment::Center);
    }
    // The zone in question last, above the others.
    let ordered = series.iter().filter(|(one, _)| *one != zone).chain(series.get_key_value(zone));
    for (one, points) in ordered {
        let colour = colours.get(one).copied().unwrap_or(GREY);
        for pair in points.windows(2) {
            let [(from, a), (to, b)] = pair else { continue };
            // What was not measured is not drawn.
            if to.as_second() - from.as_second() <= 180 {
                let width = if one == zone { 5 } else { 3 };
                canvas.line((span.x(*from), y(*a)), (span.x(*to), y(*b)), colour, width);
            }
        }
    }
}

/// 1, 2 or 5 times a power of ten, not below `value`.
fn nice(value: f64) -> f64 {
    if value <= 0.0 || !value.is_finite() {
        return 1.0;
    }
    let power = 10f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * power).find(|step| *step >= value * 0.999).unwrap_or(value)
}

fn label(value: f64, step: f64) -> String {
    match step {
        step if step >= 1.0 => format!("{value:.0}"),
        step if step >= 0.1 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Times that are told: every quarter or half of an hour, or hour.
fn marks(span: &Span) -> Vec<Timestamp> {
    let step = match span.to - span.from {
        ..=3_600 => 600,
        3_601..=10_800 => 900,
        _ => 3_600,
    };
    let first = (span.from + step - 1).div_euclid(step) * step;
    (0..)
        .map(|at| first + at * step)
        .take_while(|at| *at <= span.to)
        .filter_map(|at| Timestamp::from_second(at).ok())
        .collect()
}

fn encode(pixels: &[u8]) -> Result<Vec<u8>, ChartError> {
    // A palette: a handful of colours, a third of the bytes.
    let mut palette: Vec<[u8; 3]> = Vec::new();
    let mut indexed = Vec::with_capacity(pixels.len() / 3);
    for pixel in pixels.chunks_exact(3) {
        let colour = [pixel[0], pixel[1], pixel[2]];
        let index = palette.iter().position(|one| *one == colour).unwrap_or_else(|| {
            palette.push(colour);
            palette.len() - 1
        });
        indexed.push(u8::try_from(index).unwrap_or(u8::MAX));
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, WIDTH.unsigned_abs(), HEIGHT.unsigned_abs());
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette.concat());
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&indexed)?;
    writer.finish()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::decide::{Call, Evidence, Reason};
    use crate::zones::story::Told;

    fn at(minute: i64) -> Timestamp {
        "2026-03-02T05:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
    }

    fn minutes() -> Vec<Minute> {
        let sample = |zone: usize, minute: i64| {
            let bad = zone == 0 && minute >= 60;
            let wave = (minute as f64 * 0.7 + zone as f64).sin();
            Sample {
                requests: 6000.0,
                faults: if bad { 180.0 } else { 9.0 } * (1.0 + 0.2 * wave),
                latency_ms: Some(if bad { 150.0 } else { 90.0 } * (1.0 + 0.04 * wave)),
                ..Sample::default()
            }
        };
        let zones = |minute| (0..3).map(move |zone| (ZoneId(format!("apne2-az{}", zone + 1)), sample(zone, minute)));
        (0..90).map(|minute| Minute { at: at(minute), zones: zones(minute).collect() }).collect()
    }

    fn story() -> Story {
        let told = |minute, call| Told { at: at(minute), call, reason: Reason::Faults, evidence: Evidence::default() };
        Story {
            zone: ZoneId("apne2-az1".to_owned()),
            since: at(60),
            latest: told(66, Call::Shift),
            left: Some(told(66, Call::Shift)),
            until: Some(at(96)),
            extended: 0,
            outlook: None,
            over: None,
            revision: 2,
        }
    }

    #[test]
    fn a_picture_is_small_and_shows_the_zone_in_its_colour() {
        let clock = Clock::new(TimeZone::get("Asia/Seoul").unwrap());
        let picture = png(&minutes(), &story(), &clock).unwrap();
        if let Some(path) = std::env::var_os("NIGHTSHIFT_CHART") {
            std::fs::write(path, &picture).unwrap();
        }
        assert!(picture.len() < 40_000, "{} bytes", picture.len());
        let mut reader = png::Decoder::new(std::io::Cursor::new(&picture)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (1200, 720));
        let palette = reader.info().palette.as_ref().unwrap();
        let strong = palette.chunks(3).position(|one| one == [213, 94, 0]).unwrap();
        let count = pixels.iter().filter(|index| usize::from(**index) == strong).count();
        assert!(count > 3_000, "{count} pixels of the zone");
    }

    #[test]
    fn without_anything_measured_there_is_no_picture() {
        let empty = vec![Minute { at: at(0), zones: BTreeMap::new() }];
        assert!(matches!(png(&empty, &story(), &Clock::new(TimeZone::UTC)), Err(ChartError::Nothing)));
    }

    #[test]
    fn steps_are_round() {
        assert_eq!([0.0, 0.13, 0.9, 3.0, 41.0, 100.0].map(nice), [1.0, 0.2, 1.0, 5.0, 50.0, 100.0]);
    }
}
