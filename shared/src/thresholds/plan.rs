//! What has to change for the alarms to be as they should.

use super::alarm::{Alarm, MARK, Measure, PREFIX};

/// An alarm as CloudWatch has it, as far as it concerns us.
#[derive(Debug, Clone, PartialEq)]
pub struct Existing {
    /// The alarm, read back into our terms; `None` where it is of a kind we never make.
    pub alarm: Option<Alarm>,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
}

impl Existing {
    fn is_ours(&self) -> bool {
        self.name.starts_with(PREFIX) && self.description.ends_with(MARK)
    }
}

/// What to do, by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// To be made.
    pub create: Vec<Alarm>,
    /// To be written anew, because something differs.
    pub update: Vec<Alarm>,
    /// As they should be.
    pub keep: Vec<String>,
    /// Ours, and no longer asked for.
    pub delete: Vec<String>,
    /// Of a name we would use, and not ours: left alone.
    pub foreign: Vec<String>,
}

impl Plan {
    /// Whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.create.is_empty() && self.update.is_empty() && self.delete.is_empty()
    }
}

/// Compares what should be with what is. `existing` are the alarms whose names begin with [`PREFIX`]; of those only the ones
/// of `clusters` are deleted, so that two installations in one account do not undo each other.
pub fn plan(desired: &[Alarm], existing: &[Existing], clusters: &[&str]) -> Plan {
    let mut plan = Plan::default();
    for alarm in desired {
        match existing.iter().find(|other| other.name == alarm.name) {
            None => plan.create.push(alarm.clone()),
            Some(other) if !other.is_ours() => plan.foreign.push(alarm.name.clone()),
            Some(other) if other.alarm.as_ref().is_some_and(|is| same(is, alarm)) => plan.keep.push(alarm.name.clone()),
            Some(_) => plan.update.push(alarm.clone()),
        }
    }
    let gone = existing.iter().filter(|other| {
        other.is_ours() && desired.iter().all(|alarm| alarm.name != other.name) && is_of(other, clusters)
    });
    plan.delete = gone.map(|other| other.name.clone()).collect();
    plan.delete.sort();
    plan
}

/// Whether an alarm is about one of these clusters: what it measures says so, or else its name.
fn is_of(existing: &Existing, clusters: &[&str]) -> bool {
    let dimensions = existing.alarm.as_ref().map(|alarm| match &alarm.measure {
        Measure::One { dimensions, .. } | Measure::ErrorPercent { dimensions } => dimensions.as_slice(),
    });
    let named = dimensions.unwrap_or_default().iter().find(|(name, _)| name == "ClusterName");
    match named {
        Some((_, cluster)) => clusters.contains(&cluster.as_str()),
        None => {
            // `prod` is not the cluster of an alarm of `prod-eu`: the longest name that fits is, if it is known.
            let rest = existing.name.strip_prefix(PREFIX).unwrap_or_default();
            clusters.iter().any(|cluster| rest.strip_prefix(cluster).is_some_and(|rest| rest.starts_with('-')))
        }
    }
}

/// Tags are not compared: PutMetricAlarm sets them only when an alarm is made.
fn same(a: &Alarm, b: &Alarm) -> bool {
    Alarm { tags: Vec::new(), ..a.clone() } == Alarm { tags: Vec::new(), ..b.clone() }
}

#[cfg(test)]
mod tests {
    use super::super::{Levels, desired};
    use super::*;
    use crate::config::ClusterSettings;

    fn wanted(levels: &str) -> Vec<Alarm> {
        let cluster = ClusterSettings { name: "prod".into(), ..ClusterSettings::default() };
        desired(&[cluster], &[], &serde_yaml_ng::from_str::<Levels>(levels).unwrap())
    }

    fn existing(alarms: &[Alarm]) -> Vec<Existing> {
        let of = |alarm: &Alarm| Existing {
            alarm: Some(Alarm { tags: Vec::new(), ..alarm.clone() }),
            name: alarm.name.clone(),
            description: alarm.description.clone(),
        };
        alarms.iter().map(of).collect()
    }

    #[test]
    fn what_is_as_it_should_be_is_left_alone() {
        let alarms = wanted("{}");
        let plan = plan(&alarms, &existing(&alarms), &["prod"]);
        assert!(plan.is_empty());
        assert_eq!(plan.keep.len(), 6);
    }

    #[test]
    fn a_line_moved_changes_its_alarm_and_no_other() {
        let plan = plan(&wanted("cpu_percent: { warning: 60 }"), &existing(&wanted("{}")), &["prod"]);
        assert_eq!(
            plan.update.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(),
            ["nightshift-threshold-prod-nodes-cpu-warning"]
        );
        assert_eq!((plan.create.len(), plan.keep.len(), plan.delete.len()), (0, 5, 0));
    }

    #[test]
    fn what_is_no_longer_asked_for_goes_if_it_is_ours_and_of_our_cluster() {
        let desired = wanted("disk_percent: { off: true }");
        let plan_of = |clusters: &[&str]| plan(&desired, &existing(&wanted("{}")), clusters);
        assert_eq!(plan_of(&["prod"]).delete.len(), 2);
        assert_eq!(plan_of(&["stage"]).delete.len(), 0);
    }

    #[test]
    fn an_alarm_of_somebody_else_is_neither_changed_nor_deleted() {
        let mut theirs = existing(&wanted("{}"));
        theirs.iter_mut().for_each(|it| it.description = "made by hand".into());
        let plan = plan(&wanted("cpu_percent: { warning: 60 }\ndisk_percent: { off: true }"), &theirs, &["prod"]);
        assert!(plan.is_empty());
        assert_eq!(plan.foreign.len(), 4);
    }
}
