//! Metric math: arithmetic over metrics, and the functions alarms commonly use.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>. A point of a result exists where
//! all operands have one; dividing by zero leaves the point out. Known: `+ - * /`, parentheses, numbers, ids, lists,
//! `METRICS()`, `SUM`, `AVG`, `MIN`, `MAX`, `FILL`, `RATE`, `SEARCH` and `ANOMALY_DETECTION_BAND`.

use std::collections::BTreeMap;

/// Points by time, in seconds since 1970.
pub(super) type Points = BTreeMap<i64, f64>;

/// A named series.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Series {
    pub(super) label: String,
    /// Dimensions and metric name, for dynamic labels.
    pub(super) properties: BTreeMap<String, String>,
    pub(super) points: Points,
}

/// The value of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    Number(f64),
    Text(String),
    Series(Series),
    Many(Vec<Series>),
}

/// What an expression may refer to.
pub(super) trait Scope {
    /// The value of another query, by its id.
    fn named(&self, id: &str) -> Result<Operand, String>;
    /// All queries that are metrics, for `METRICS()`.
    fn metrics(&self) -> Result<Vec<Series>, String>;
    /// What `SEARCH` finds.
    fn search(&self, expression: &str, statistic: &str, period_s: i64) -> Result<Vec<Series>, String>;
}

/// Evaluates an expression; `Err` says what is wrong with it.
pub(super) fn evaluate(expression: &str, scope: &dyn Scope) -> Result<Operand, String> {
    let mut parser = Parser { rest: expression.trim_start(), scope };
    let value = parser.sum()?;
    match parser.rest.trim_start() {
        "" => Ok(value),
        rest => Err(format!("unexpected {rest:?}")),
    }
}

struct Parser<'a> {
    rest: &'a str,
    scope: &'a dyn Scope,
}

impl<'a> Parser<'a> {
    fn take(&mut self, wanted: char) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        if self.take(wanted) { Ok(()) } else { Err(format!("{wanted:?} expected before {:?}", self.rest)) }
    }

    fn sum(&mut self) -> Result<Operand, String> {
        let mut left = self.product()?;
        loop {
            if self.take('+') {
                left = combine(left, self.product()?, |a, b| a + b)?;
            } else if self.take('-') {
                left = combine(left, self.product()?, |a, b| a - b)?;
            } else {
                return Ok(left);
            }
        }
    }

    fn product(&mut self) -> Result<Operand, String> {
        let mut left = self.atom()?;
        loop {
            if self.take('*') {
                left = combine(left, self.atom()?, |a, b| a * b)?;
            } else if self.take('/') {
                left = combine(left, self.atom()?, |a, b| a / b)?;
            } else {
                return Ok(left);
            }
        }
    }

    fn atom(&mut self) -> Result<Operand, String> {
        if self.take('-') {
            return combine(Operand::Number(0.0), self.atom()?, |a, b| a - b);
        }
        if self.take('(') {
            let inner = self.sum()?;
            self.expect(')')?;
            return Ok(inner);
        }
        if self.take('[') {
            let items = self.list(']')?;
            return Ok(Operand::Many(series_of(items)?));
        }
        for quote in ['\'', '"'] {
            if self.take(quote) {
                let (text, rest) = self.rest.split_once(quote).ok_or("a text has no end")?;
                self.rest = rest;
                return Ok(Operand::Text(text.to_owned()));
            }
        }
        let length =
            self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        if let Ok(number) = word.parse() {
            return Ok(Operand::Number(number));
        }
        if word.is_empty() {
            return Err(format!("a value expected before {:?}", self.rest));
        }
        if self.take('(') {
            let arguments = self.list(')')?;
            return self.function(word, arguments);
        }
        if word == "REPEAT" {
            return Ok(Operand::Text(word.to_owned()));
        }
        self.scope.named(word)
    }

    fn list(&mut self, close: char) -> Result<Vec<Operand>, String> {
        let mut items = Vec::new();
        if self.take(close) {
            return Ok(items);
        }
        loop {
            items.push(self.sum()?);
            if self.take(close) {
                return Ok(items);
            }
            self.expect(',')?;
        }
    }

    fn function(&self, name: &str, arguments: Vec<Operand>) -> Result<Operand, String> {
        match (name, &arguments[..]) {
            ("METRICS", _) => Ok(Operand::Many(self.scope.metrics()?)),
            ("SEARCH", [Operand::Text(expression), Operand::Text(statistic), rest @ ..]) => {
                let period_s = match rest {
                    [Operand::Number(period)] => *period as i64,
                    _ => 300,
                };
                Ok(Operand::Many(self.scope.search(expression, statistic, period_s)?))
            }
            ("SUM", _) => fold(name, arguments, |values| values.iter().sum()),
            ("AVG", _) => fold(name, arguments, |values| values.iter().sum::<f64>() / values.len() as f64),
            ("MIN", _) => fold(name, arguments, |values| values.iter().copied().fold(f64::MAX, f64::min)),
            ("MAX", _) => fold(name, arguments, |values| values.iter().copied().fold(f64::MIN, f64::max)),
            ("FILL", [Operand::Series(series), filling]) => fill(series, filling),
            ("RATE", [Operand::Series(series)]) => {
                let after = series.points.iter().skip(1);
                let rate =
                    series.points.iter().zip(after).map(|((t0, v0), (t1, v1))| (*t1, (v1 - v0) / (t1 - t0) as f64));
                Ok(Operand::Series(Series { points: rate.collect(), ..series.clone() }))
            }
            ("ANOMALY_DETECTION_BAND", [Operand::Series(series)]) => Ok(band(series, 2.0)),
            ("ANOMALY_DETECTION_BAND", [Operand::Series(series), Operand::Number(width)]) => Ok(band(series, *width)),
            _ => Err(format!("sim does not know {name} with these arguments")),
        }
    }
}

fn combine(left: Operand, right: Operand, with: impl Fn(f64, f64) -> f64) -> Result<Operand, String> {
    let finite = |points: Points| points.into_iter().filter(|(_, value)| value.is_finite()).collect::<Points>();
    Ok(match (left, right) {
        (Operand::Number(left), Operand::Number(right)) => Operand::Number(with(left, right)),
        (Operand::Series(mut series), Operand::Number(number)) => {
            series.points = finite(series.points.into_iter().map(|(at, value)| (at, with(value, number))).collect());
            Operand::Series(series)
        }
        (Operand::Number(number), Operand::Series(mut series)) => {
            series.points = finite(series.points.into_iter().map(|(at, value)| (at, with(number, value))).collect());
            Operand::Series(series)
        }
        (Operand::Series(left), Operand::Series(right)) => {
            let both = left.points.iter().filter_map(|(at, value)| Some((*at, with(*value, *right.points.get(at)?))));
            let points = finite(both.collect());
            Operand::Series(Series { points, ..left })
        }
        _ => return Err("arithmetic is on numbers and single series".to_owned()),
    })
}

fn series_of(operands: Vec<Operand>) -> Result<Vec<Series>, String> {
    let mut all = Vec::new();
    for operand in operands {
        match operand {
            Operand::Series(series) => all.push(series),
            Operand::Many(many) => all.extend(many),
            _ => return Err("a list holds series".to_owned()),
        }
    }
    Ok(all)
}

/// Many series into one, point by point; one series into a number of its own, repeated.
fn fold(name: &str, arguments: Vec<Operand>, with: impl Fn(&[f64]) -> f64) -> Result<Operand, String> {
    let single = matches!(&arguments[..], [Operand::Series(_)]);
    let all = series_of(arguments)?;
    if single && let [series] = &all[..] {
        let values: Vec<f64> = series.points.values().copied().collect();
        return Ok(Operand::Number(if values.is_empty() { 0.0 } else { with(&values) }));
    }
    let mut by_time: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
    for (at, value) in all.iter().flat_map(|series| &series.points) {
        by_time.entry(*at).or_default().push(*value);
    }
    let points = by_time.into_iter().map(|(at, values)| (at, with(&values))).collect();
    Ok(Operand::Series(Series { label: name.to_owned(), properties: BTreeMap::new(), points }))
}

fn fill(series: &Series, filling: &Operand) -> Result<Operand, String> {
    let mut filled = series.clone();
    let times: Vec<i64> = series.points.keys().copied().collect();
    let (Some(first), Some(last)) = (times.first(), times.last()) else { return Ok(Operand::Series(filled)) };
    let step = times.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(60);
    let mut previous = 0.0;
    let mut at = *first;
    while at <= *last {
        match (series.points.get(&at), filling) {
            (Some(value), _) => previous = *value,
            (None, Operand::Number(number)) => {
                filled.points.insert(at, *number);
            }
            (None, Operand::Text(word)) if word == "REPEAT" => {
                filled.points.insert(at, previous);
            }
            _ => return Err("FILL takes a number or REPEAT".to_owned()),
        }
        at += step;
    }
    Ok(Operand::Series(filled))
}

/// What is expected of each point from those before it: their mean and `width` standard deviations around it. A model that
/// knows the time of day would be narrower.
fn band(series: &Series, width: f64) -> Operand {
    let values: Vec<(i64, f64)> = series.points.iter().map(|(at, value)| (*at, *value)).collect();
    let (mut upper, mut lower) = (Points::new(), Points::new());
    for (index, (at, value)) in values.iter().enumerate() {
        let past: Vec<f64> = values[..index].iter().map(|(_, value)| *value).collect();
        let count = past.len().max(1) as f64;
        let mean = if past.is_empty() { *value } else { past.iter().sum::<f64>() / count };
        let deviation = (past.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
        upper.insert(*at, mean + width * deviation);
        lower.insert(*at, mean - width * deviation);
    }
    let named = |points| Series { points, ..series.clone() };
    Operand::Many(vec![named(upper), named(lower)])
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    fn series(points: &[(i64, f64)]) -> Series {
        Series { points: points.iter().copied().collect(), ..Series::default() }
    }

    impl Scope for Fixed {
        fn named(&self, id: &str) -> Result<Operand, String> {
            match id {
                "errors" => Ok(Operand::Series(series(&[(0, 1.0), (60, 5.0), (120, 2.0)]))),
                "requests" => Ok(Operand::Series(series(&[(0, 10.0), (60, 0.0), (180, 4.0)]))),
                _ => Err(format!("no query {id}")),
            }
        }

        fn metrics(&self) -> Result<Vec<Series>, String> {
            Ok(vec![series(&[(0, 1.0)]), series(&[(0, 2.0), (60, 3.0)])])
        }

        fn search(&self, expression: &str, statistic: &str, period_s: i64) -> Result<Vec<Series>, String> {
            Ok(vec![Series { label: format!("{expression} {statistic} {period_s}"), ..Series::default() }])
        }
    }

    fn points(expression: &str) -> Vec<(i64, f64)> {
        match evaluate(expression, &Fixed).unwrap() {
            Operand::Series(series) => series.points.into_iter().collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn points_exist_where_all_operands_have_one_and_nothing_is_divided_by_zero() {
        assert_eq!(points("100 * errors / requests"), [(0, 10.0)]);
        assert_eq!(points("(errors + 1) * 2 - -1"), [(0, 5.0), (60, 13.0), (120, 7.0)]);
    }

    #[test]
    fn functions_fold_fill_and_search() {
        assert_eq!(points("SUM(METRICS())"), [(0, 3.0), (60, 3.0)]);
        assert_eq!(points("MAX([errors, requests])"), [(0, 10.0), (60, 5.0), (120, 2.0), (180, 4.0)]);
        assert_eq!(points("FILL(requests, 0)"), [(0, 10.0), (60, 0.0), (120, 0.0), (180, 4.0)]);
        assert_eq!(points("FILL(requests, REPEAT)")[2], (120, 0.0));
        let Operand::Many(found) = evaluate("SEARCH('{A,B} x=\"y\"', 'Average', 60)", &Fixed).unwrap() else {
            panic!()
        };
        assert_eq!(found[0].label, "{A,B} x=\"y\" Average 60");
        let Operand::Many(bands) = evaluate("ANOMALY_DETECTION_BAND(errors, 2)", &Fixed).unwrap() else { panic!() };
        assert!(bands[0].points[&120] > bands[1].points[&120]);
    }

    #[test]
    fn what_is_no_expression_is_an_error() {
        for wrong in ["", "errors +", "nothing", "SLEEP(1)", "errors)", "(errors", "'open", "1 2"] {
            assert!(evaluate(wrong, &Fixed).is_err(), "{wrong}");
        }
    }
}
