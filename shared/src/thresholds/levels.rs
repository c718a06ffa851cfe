//! The lines that are drawn, by settings: two for each metric.

use serde::Deserialize;

/// What is held against a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// CPU in percent: of the node, or of the pods' limit.
    Cpu,
    /// Memory in percent: of the node, or of the pods' limit.
    Memory,
    /// Requests answered with 5xx, in percent.
    ErrorRate,
    /// 95th percentile of the time to an answer, in milliseconds.
    Latency,
    /// File system in percent.
    Disk,
}

impl Metric {
    /// All of them, in the order of MON-3.
    pub const ALL: [Self; 5] = [Self::Cpu, Self::Memory, Self::ErrorRate, Self::Latency, Self::Disk];

    /// As it stands in names and in the settings' file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::ErrorRate => "error-rate",
            Self::Latency => "latency-p95",
            Self::Disk => "disk",
        }
    }

    /// The setting in the file, with its unit in the name.
    pub const fn setting(self) -> &'static str {
        match self {
            Self::Cpu => "cpu_percent",
            Self::Memory => "memory_percent",
            Self::ErrorRate => "error_rate_percent",
            Self::Latency => "latency_p95_ms",
            Self::Disk => "disk_percent",
        }
    }

    /// Its unit.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Latency => "ms",
            _ => "%",
        }
    }

    /// The lines where nothing else is set (MON-3): warning, critical.
    const fn default_level(self) -> (f64, f64) {
        match self {
            Self::Cpu => (70.0, 85.0),
            Self::Memory | Self::Disk => (75.0, 90.0),
            Self::ErrorRate => (0.5, 2.0),
            Self::Latency => (500.0, 2000.0),
        }
    }
}

/// How grave it is to cross a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Should be looked at.
    Warning,
    /// Hurts, or is about to.
    Critical,
}

impl Severity {
    /// As it stands in names, tags and labels.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// The two lines of one metric. One that is left out keeps its default; `off` draws none.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Level {
    /// From here on it is a warning.
    pub warning: Option<f64>,
    /// From here on it is critical.
    pub critical: Option<f64>,
    /// No alarms on this metric.
    pub off: bool,
}

/// `thresholds:` of the settings' file.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Levels {
    /// CPU, in percent.
    pub cpu_percent: Level,
    /// Memory, in percent.
    pub memory_percent: Level,
    /// Requests answered with 5xx, in percent.
    pub error_rate_percent: Level,
    /// 95th percentile of the time to an answer, in milliseconds.
    pub latency_p95_ms: Level,
    /// File system, in percent.
    pub disk_percent: Level,
    /// ARNs told of a change; without any, EventBridge still is, which is how Nightshift hears of it.
    pub actions: Vec<String>,
}

impl Levels {
    /// The setting of a metric.
    pub const fn of(&self, metric: Metric) -> &Level {
        match metric {
            Metric::Cpu => &self.cpu_percent,
            Metric::Memory => &self.memory_percent,
            Metric::ErrorRate => &self.error_rate_percent,
            Metric::Latency => &self.latency_p95_ms,
            Metric::Disk => &self.disk_percent,
        }
    }

    /// Where the line of a metric is drawn; `None` where it is off.
    pub fn line(&self, metric: Metric, severity: Severity) -> Option<f64> {
        let (level, (warning, critical)) = (self.of(metric), metric.default_level());
        if level.off {
            return None;
        }
        Some(match severity {
            Severity::Warning => level.warning.unwrap_or(warning),
            Severity::Critical => level.critical.unwrap_or(critical),
        })
    }

    /// What cannot be meant: the setting, and what is wrong with it.
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        for metric in Metric::ALL {
            let place = format!("thresholds.{}", metric.setting());
            let lines = [Severity::Warning, Severity::Critical].map(|severity| self.line(metric, severity));
            let [Some(warning), Some(critical)] = lines else { continue };
            let most = if metric == Metric::Latency { f64::MAX } else { 100.0 };
            if [warning, critical].iter().any(|line| !line.is_finite() || *line <= 0.0 || *line > most) {
                let range =
                    if metric == Metric::Latency { "milliseconds above 0" } else { "percent, above 0 and up to 100" };
                problems.push((place, format!("is {warning} and {critical}; write {range}")));
            } else if warning >= critical {
                problems
                    .push((place, format!("warns at {warning}, not before {critical}; let warning be the lower one")));
            }
        }
        for (at, action) in self.actions.iter().enumerate() {
            if !action.starts_with("arn:") {
                problems.push((
                    format!("thresholds.actions[{at}]"),
                    "is no ARN; write for example that of an SNS topic".into(),
                ));
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(yaml: &str) -> Levels {
        serde_yaml_ng::from_str(yaml).unwrap()
    }

    #[test]
    fn the_defaults_are_those_of_the_product() {
        let levels = Levels::default();
        let lines =
            |metric| [Severity::Warning, Severity::Critical].map(|severity| levels.line(metric, severity).unwrap());
        assert_eq!(lines(Metric::Cpu), [70.0, 85.0]);
        assert_eq!(lines(Metric::Memory), [75.0, 90.0]);
        assert_eq!(lines(Metric::ErrorRate), [0.5, 2.0]);
        assert_eq!(lines(Metric::Latency), [500.0, 2000.0]);
        assert_eq!(lines(Metric::Disk), [75.0, 90.0]);
        assert!(levels.problems().is_empty());
    }

    #[test]
    fn each_line_is_set_by_itself_and_a_metric_can_be_left_out() {
        let levels = levels("cpu_percent: { warning: 60 }\ndisk_percent: { off: true }");
        assert_eq!(levels.line(Metric::Cpu, Severity::Warning), Some(60.0));
        assert_eq!(levels.line(Metric::Cpu, Severity::Critical), Some(85.0));
        assert_eq!(levels.line(Metric::Disk, Severity::Critical), None);
    }

    #[test]
    fn lines_that_cannot_be_meant_are_told_with_their_place() {
        let wrong = "cpu_percent: { warning: 90 }\nmemory_percent: { critical: 101 }\nlatency_p95_ms: { warning: -1 }\nactions: [ops]";
        let places: Vec<String> = levels(wrong).problems().into_iter().map(|problem| problem.0).collect();
        let wanted = [
            "thresholds.cpu_percent",
            "thresholds.memory_percent",
            "thresholds.latency_p95_ms",
            "thresholds.actions[0]",
        ];
        assert_eq!(places, wanted);
    }
}
