//! Whether ways are open.

use serde::{Deserialize, Serialize};
use shared::slack::Colour;

use crate::situation::{Known, Net, NetService, Probe};

/// How a way is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Open.
    Ok,
    /// Not looked at, or open in part.
    Warning,
    /// Closed.
    Critical,
}

/// A line of `/net-check`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum NetLine {
    /// A service.
    Service {
        /// How it is.
        level: Level,
        /// What was found.
        found: NetService,
        /// What is the matter, the worst first; nothing where all is well.
        matters: Vec<Matter>,
    },
    /// A dependency.
    Dependency {
        /// How it is.
        level: Level,
        /// `RDS`, `S3` or `DynamoDB`.
        name: String,
        /// What was found.
        found: Probe,
    },
}

/// What may be the matter with a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Matter {
    /// There is no such workload.
    NoWorkload,
    /// No pod is ready.
    NonReady,
    /// Pods are ready, and no address takes traffic.
    NoEndpoints,
    /// Some pods are not ready.
    SomeNotReady,
    /// No Service selects its pods.
    NoService,
    /// It is scaled to zero.
    ScaledToZero,
    /// No ready pod could be reached from here.
    NotReached,
    /// Pods refuse connections at the port they declare.
    PortRefused,
}

/// What `/net-check` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetAnswer {
    /// The worst of it.
    pub colour: Colour,
    /// Lines, dependencies last.
    pub lines: Vec<NetLine>,
    /// How many more services there are.
    pub more: usize,
    /// What could not be read.
    pub gaps: Vec<String>,
}

pub(super) fn decide(net: &Net) -> NetAnswer {
    let services = net.services.value().map(Vec::as_slice).unwrap_or_default();
    let mut lines: Vec<NetLine> = services.iter().map(service).collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.level()));
    for (name, found) in [("RDS", &net.rds), ("S3", &net.s3), ("DynamoDB", &net.dynamodb)] {
        let level = match found {
            Probe::Good { .. } => Level::Ok,
            Probe::NotConfigured | Probe::Doubtful { .. } => Level::Warning,
            Probe::Bad { .. } => Level::Critical,
        };
        lines.push(NetLine::Dependency { level, name: name.to_owned(), found: found.clone() });
    }
    // What nobody configured is said, and is no reason for alarm.
    let counts = |line: &&NetLine| !matches!(line, NetLine::Dependency { found: Probe::NotConfigured, .. });
    let worst = lines.iter().filter(counts).map(NetLine::level).max().unwrap_or(Level::Ok);
    let gaps: Vec<String> = net.services.gap().map(str::to_owned).into_iter().collect();
    let colour = match worst {
        // Of a cluster that cannot be read nobody knows that it is well.
        _ if net.services.value().is_none() => Colour::Critical,
        Level::Critical => Colour::Critical,
        Level::Warning => Colour::Warning,
        Level::Ok if matches!(net.services, Known::Whole(_)) => Colour::Good,
        Level::Ok => Colour::Warning,
    };
    NetAnswer { colour, lines, more: net.service_count.saturating_sub(services.len()), gaps }
}

impl NetLine {
    /// How it is.
    pub const fn level(&self) -> Level {
        match self {
            Self::Service { level, .. } | Self::Dependency { level, .. } => *level,
        }
    }
}

fn service(found: &NetService) -> NetLine {
    let mut matters = Vec::new();
    let wanted = usize::try_from(found.wanted.unwrap_or(0)).unwrap_or(0);
    match found.wanted {
        None => matters.push(Matter::NoWorkload),
        Some(0) => matters.push(Matter::ScaledToZero),
        Some(_) if found.ready == 0 => matters.push(Matter::NonReady),
        Some(_) if found.ready < wanted => matters.push(Matter::SomeNotReady),
        Some(_) => {}
    }
    if found.wanted.is_some() && found.services.is_empty() {
        matters.push(Matter::NoService);
    }
    if !found.services.is_empty() && found.ready > 0 && found.endpoints == 0 {
        matters.push(Matter::NoEndpoints);
    }
    if found.reached.tried > 0 && found.reached.reached == 0 {
        matters.push(if found.reached.refused > 0 { Matter::PortRefused } else { Matter::NotReached });
    }
    matters.sort();
    let critical = |matter: &Matter| matches!(matter, Matter::NoWorkload | Matter::NonReady | Matter::NoEndpoints);
    let level = match &matters[..] {
        [] => Level::Ok,
        some if some.iter().any(critical) => Level::Critical,
        _ => Level::Warning,
    };
    NetLine::Service { level, found: found.clone(), matters }
}

#[cfg(test)]
mod tests {
    use shared::model::{Kind, ObjectRef};

    use super::*;
    use crate::situation::{Choice, Reached};

    fn found(change: impl FnOnce(&mut NetService)) -> NetService {
        let mut found = NetService {
            of: Choice { name: "api".into(), workload: ObjectRef::new(Kind::Deployment, "payments", "api") },
            wanted: Some(3),
            ready: 3,
            services: vec!["api".into()],
            endpoints: 3,
            endpoints_not_ready: 0,
            reached: Reached { tried: 3, reached: 3, refused: 0 },
        };
        change(&mut found);
        found
    }

    #[test]
    fn a_service_is_as_well_as_its_worst_part() {
        use Level::{Critical, Ok, Warning};
        type Change = fn(&mut NetService);
        let cases: [(Change, Level, &[Matter]); 8] = [
            (|_| {}, Ok, &[]),
            (|found| found.ready = 2, Warning, &[Matter::SomeNotReady]),
            (|found| (found.ready, found.endpoints) = (0, 0), Critical, &[Matter::NonReady]),
            (|found| found.endpoints = 0, Critical, &[Matter::NoEndpoints]),
            (|found| found.services.clear(), Warning, &[Matter::NoService]),
            (|found| found.wanted = None, Critical, &[Matter::NoWorkload]),
            (|found| found.reached.reached = 0, Warning, &[Matter::NotReached]),
            (|found| (found.wanted, found.ready, found.endpoints) = (Some(0), 0, 0), Warning, &[Matter::ScaledToZero]),
        ];
        for (change, expected, expected_matters) in cases {
            let NetLine::Service { level, matters, .. } = service(&found(change)) else { panic!("a service") };
            assert_eq!((level, &matters[..]), (expected, expected_matters));
        }
    }

    #[test]
    fn what_nobody_configured_is_said_without_alarm() {
        let net = Net {
            services: Known::Whole(vec![found(|_| {})]),
            service_count: 1,
            rds: Probe::NotConfigured,
            s3: Probe::NotConfigured,
            dynamodb: Probe::Good { target: "carts".into(), took_ms: 4, detail: "ACTIVE".into() },
        };
        let answer = decide(&net);
        let levels: Vec<Level> = answer.lines.iter().map(NetLine::level).collect();
        assert_eq!(levels, [Level::Ok, Level::Warning, Level::Warning, Level::Ok]);
        assert_eq!(answer.colour, Colour::Good);
        let down = Net { rds: Probe::Bad { target: "db:5432".into(), why: "no answer".into() }, ..net };
        assert_eq!(decide(&down).colour, Colour::Critical);
    }
}
