//! CloudWatch alarms over the world's metrics: definitions, states, and evaluation once a minute.
//!
//! Rules are CloudWatch's: M datapoints out of N periods, the four ways of treating missing data, composite alarms over the
//! states of others. See
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html>.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde_json::Value;

use super::alarm_event;
use super::metrics::{MetricId, MetricStore, Statistic};

/// An alarm's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StateValue {
    /// All is well.
    Ok,
    /// The threshold is breached.
    Alarm,
    /// Not enough was measured.
    InsufficientData,
}

impl StateValue {
    /// In CloudWatch's words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

/// How a value is held against the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `GreaterThanThreshold`.
    GreaterThan,
    /// `GreaterThanOrEqualToThreshold`.
    GreaterThanOrEqual,
    /// `LessThanThreshold`.
    LessThan,
    /// `LessThanOrEqualToThreshold`.
    LessThanOrEqual,
}

impl Comparison {
    /// In the API's words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GreaterThan => "GreaterThanThreshold",
            Self::GreaterThanOrEqual => "GreaterThanOrEqualToThreshold",
            Self::LessThan => "LessThanThreshold",
            Self::LessThanOrEqual => "LessThanOrEqualToThreshold",
        }
    }

    /// In the words of a state's reason.
    pub fn words(self) -> &'static str {
        match self {
            Self::GreaterThan => "greater than",
            Self::GreaterThanOrEqual => "greater than or equal to",
            Self::LessThan => "less than",
            Self::LessThanOrEqual => "less than or equal to",
        }
    }

    /// From the API's words.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::GreaterThan, Self::GreaterThanOrEqual, Self::LessThan, Self::LessThanOrEqual]
            .into_iter()
            .find(|known| known.as_str() == text)
    }

    fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::GreaterThan => value > threshold,
            Self::GreaterThanOrEqual => value >= threshold,
            Self::LessThan => value < threshold,
            Self::LessThanOrEqual => value <= threshold,
        }
    }
}

/// What a period without a measurement counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingData {
    /// `missing`: leads to INSUFFICIENT_DATA.
    Missing,
    /// `notBreaching`.
    NotBreaching,
    /// `breaching`.
    Breaching,
    /// `ignore`: the state stays.
    Ignore,
}

impl MissingData {
    /// From the API's words.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Missing, Self::NotBreaching, Self::Breaching, Self::Ignore]
            .into_iter()
            .find(|known| known.as_str() == text)
    }

    /// In the API's words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::NotBreaching => "notBreaching",
            Self::Breaching => "breaching",
            Self::Ignore => "ignore",
        }
    }
}

/// What an alarm watches.
#[derive(Debug, Clone, PartialEq)]
pub enum Watched {
    /// One metric.
    Metric {
        /// Which.
        metric: MetricId,
        /// Which statistic of it.
        statistic: Statistic,
    },
    /// Metric math: `100 * errors / requests`, both as sums.
    ErrorPercent {
        /// Id `errors`.
        errors: MetricId,
        /// Id `requests`.
        requests: MetricId,
    },
    /// Other alarms, any of which in ALARM sets this one off.
    AnyOf(Vec<String>),
}

/// Where a metric alarm draws the line; unused by composite alarms.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Length of a period in seconds.
    pub period_s: i64,
    /// N: how many periods are looked at.
    pub evaluation_periods: usize,
    /// M: how many of them have to breach.
    pub datapoints_to_alarm: usize,
    /// The threshold.
    pub threshold: f64,
    /// How a value is held against it.
    pub comparison: Comparison,
    /// What a missing datapoint counts as.
    pub missing: MissingData,
}

impl Line {
    pub(crate) fn above(threshold: f64, datapoints_to_alarm: usize, evaluation_periods: usize) -> Self {
        Self {
            period_s: 60,
            evaluation_periods,
            datapoints_to_alarm,
            threshold,
            comparison: Comparison::GreaterThan,
            missing: MissingData::NotBreaching,
        }
    }

    pub(crate) fn at_least(threshold: f64, datapoints_to_alarm: usize, evaluation_periods: usize) -> Self {
        Self {
            comparison: Comparison::GreaterThanOrEqual,
            ..Self::above(threshold, datapoints_to_alarm, evaluation_periods)
        }
    }

    pub(crate) fn below(threshold: f64, datapoints_to_alarm: usize, evaluation_periods: usize) -> Self {
        Self { comparison: Comparison::LessThan, ..Self::above(threshold, datapoints_to_alarm, evaluation_periods) }
    }
}

/// The state an alarm is in, and since when.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// Which.
    pub value: StateValue,
    /// Why, for people.
    pub reason: String,
    /// Why, as a JSON document.
    pub reason_data: String,
    /// Since when.
    pub since: Timestamp,
}

/// An alarm.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// Name.
    pub name: String,
    /// ARN.
    pub arn: String,
    /// Description.
    pub description: String,
    /// What it watches.
    pub watched: Watched,
    /// Where it draws the line.
    pub line: Line,
    /// ARNs told of a change to ALARM or OK.
    pub actions: Vec<String>,
    /// When it was last configured.
    pub configured: Timestamp,
    /// Its state.
    pub state: State,
}

impl Alarm {
    /// A composite alarm's rule; empty for other alarms.
    pub fn rule(&self) -> String {
        alarm_event::rule(self)
    }
}

/// All alarms, and the state changes nobody has taken yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct AlarmBook {
    alarms: Vec<Alarm>,
    by_name: HashMap<String, usize>,
    changes: Vec<Value>,
    history: Vec<Value>,
}

impl AlarmBook {
    pub(crate) fn add(&mut self, alarm: Alarm) {
        self.by_name.insert(alarm.name.clone(), self.alarms.len());
        self.alarms.push(alarm);
    }

    /// Makes an alarm, or gives one of this name another configuration; its state stays until it is evaluated again.
    pub(crate) fn put(&mut self, alarm: Alarm) {
        match self.by_name.get(&alarm.name) {
            Some(index) => {
                let known = &mut self.alarms[*index];
                *known = Alarm { state: known.state.clone(), ..alarm };
            }
            None => self.add(alarm),
        }
    }

    /// Deletes alarms by name.
    pub(crate) fn delete(&mut self, names: &[&str]) {
        self.alarms.retain(|alarm| !names.contains(&alarm.name.as_str()));
        self.by_name = self.alarms.iter().enumerate().map(|(index, alarm)| (alarm.name.clone(), index)).collect();
    }

    pub(crate) fn all(&self) -> &[Alarm] {
        &self.alarms
    }

    pub(crate) fn take_changes(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.changes)
    }

    pub(crate) fn history(&self) -> &[Value] {
        &self.history
    }

    /// Evaluates every alarm at `now`; composite alarms last, as they depend on the others.
    pub(crate) fn evaluate(&mut self, metrics: &MetricStore, now: Timestamp) {
        for pass in [false, true] {
            for index in 0..self.alarms.len() {
                let composite = matches!(self.alarms[index].watched, Watched::AnyOf(_));
                if composite != pass {
                    continue;
                }
                if let Some(next) = self.next_state(index, metrics, now) {
                    let previous = std::mem::replace(&mut self.alarms[index].state, next);
                    let event = alarm_event::state_change(&self.alarms[index], &previous);
                    // A new alarm's way out of INSUFFICIENT_DATA is no news to anybody in the settled world.
                    self.history.push(event.clone());
                    self.changes.push(event);
                }
            }
        }
    }

    /// The state an alarm changes to, if it does.
    fn next_state(&self, index: usize, metrics: &MetricStore, now: Timestamp) -> Option<State> {
        let alarm = &self.alarms[index];
        if let Watched::AnyOf(children) = &alarm.watched {
            let ringing: Vec<&Alarm> = children
                .iter()
                .filter_map(|name| self.by_name.get(name))
                .map(|index| &self.alarms[*index])
                .filter(|child| child.state.value == StateValue::Alarm)
                .collect();
            let value = if ringing.is_empty() { StateValue::Ok } else { StateValue::Alarm };
            return (value != alarm.state.value).then(|| alarm_event::composite_state(alarm, value, &ringing, now));
        }
        let line = &alarm.line;
        let points = self.points(alarm, metrics, now);
        let wanted = line.evaluation_periods;
        let newest = now.as_second().div_euclid(line.period_s) * line.period_s - line.period_s;
        let (mut breaching, mut measured) = (0, 0);
        let mut recent = Vec::new();
        for step in 0..wanted as i64 {
            let at = newest - step * line.period_s;
            match points.get(&at) {
                Some(value) => {
                    measured += 1;
                    breaching += usize::from(line.comparison.breaches(*value, line.threshold));
                    recent.push((at, *value));
                }
                None => breaching += usize::from(line.missing == MissingData::Breaching),
            }
        }
        recent.reverse();
        let value = if breaching >= line.datapoints_to_alarm {
            StateValue::Alarm
        } else if measured == 0 && line.missing == MissingData::Missing {
            StateValue::InsufficientData
        } else if measured == 0 && line.missing == MissingData::Ignore {
            alarm.state.value
        } else {
            StateValue::Ok
        };
        (value != alarm.state.value).then(|| alarm_event::metric_state(alarm, value, &recent, now))
    }

    fn points(&self, alarm: &Alarm, metrics: &MetricStore, now: Timestamp) -> BTreeMap<i64, f64> {
        let line = &alarm.line;
        let span = line.period_s * (line.evaluation_periods as i64 + 1);
        let Ok(start) = Timestamp::from_second(now.as_second() - span) else { return BTreeMap::new() };
        let read = |metric: &MetricId, statistic| {
            metrics
                .statistic(metric, statistic, start, now, line.period_s)
                .into_iter()
                .map(|(time, value)| (time.as_second(), value))
                .collect::<BTreeMap<_, _>>()
        };
        match &alarm.watched {
            Watched::Metric { metric, statistic } => read(metric, *statistic),
            Watched::ErrorPercent { errors, requests } => {
                let errors = read(errors, Statistic::Sum);
                read(requests, Statistic::Sum)
                    .into_iter()
                    .filter(|(_, requests)| *requests > 0.0)
                    .map(|(at, requests)| (at, 100.0 * errors.get(&at).copied().unwrap_or(0.0) / requests))
                    .collect()
            }
            Watched::AnyOf(_) => BTreeMap::new(),
        }
    }
}
