//! Sample requests: what `nightshift check-config` puts to the policies, so that a team sees what theirs do before anybody's
//! night depends on it.

use super::Question;
use crate::config::{Mode, Structure};
use crate::model::{Kind, ObjectRef};
use crate::remediation::Rules;

/// A question, and what it is about in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// In words.
    pub about: &'static str,
    /// The question.
    pub question: Question,
}

/// A question about an object of which nothing is known that would be in the way.
fn plain(action: &str, object: ObjectRef, rules: &Rules) -> Question {
    Question {
        action: action.to_owned(),
        environment: rules.environment.as_str().to_owned(),
        automation: rules.automation,
        restricted: rules.restricted,
        command: format!("kubectl -n {} {action} {}", object.namespace, object.name),
        share_percent: 25,
        pods: 1,
        stateful: object.kind == Kind::StatefulSet,
        data_loss: false,
        headroom: 1,
        crash_loop: false,
        restarts: 0,
        to_previous: false,
        change_percent: 0,
        pressure: false,
        carried: true,
        rollout: false,
        mandate: rules.mandate,
        evidence: false,
        confidence: 90,
        object,
    }
}

/// Samples in a namespace.
pub fn samples_in(namespace: &str, rules: &Rules) -> Vec<Sample> {
    let of = |action: &str, kind: Kind| plain(action, ObjectRef::new(kind, namespace, "api"), rules);
    let restart = Question { crash_loop: true, restarts: 5, ..of("restart-pod", Kind::Pod) };
    let back = Question { to_previous: true, ..of("roll-back", Kind::Deployment) };
    let bounds = |percent: i64| Question {
        change_percent: percent,
        share_percent: 0,
        ..of("adjust-hpa", Kind::HorizontalPodAutoscaler)
    };
    let sample = |about: &'static str, question: Question| Sample { about, question };
    vec![
        sample("restart a pod in CrashLoopBackOff after 5 restarts", restart.clone()),
        sample("restart a pod in CrashLoopBackOff after 4 restarts", Question { restarts: 4, ..restart.clone() }),
        sample("restart a pod that runs", Question { crash_loop: false, ..restart.clone() }),
        sample("restart a crash-looping pod of a StatefulSet", Question { stateful: true, ..restart.clone() }),
        sample("restart a crash-looping pod with a scratch volume", Question { data_loss: true, ..restart }),
        sample("roll back to the previous revision", back.clone()),
        sample(
            "roll back to the previous revision, all replicas at once",
            Question { share_percent: 100, ..back.clone() },
        ),
        sample("roll back to an older revision", Question { to_previous: false, ..back }),
        sample("raise an autoscaler's bound by 50 %", bounds(50)),
        sample("raise an autoscaler's bound by 51 %", bounds(51)),
        sample("restart a rollout", of("restart-rollout", Kind::Deployment)),
        sample("scale a Deployment", of("scale", Kind::Deployment)),
        sample("resize a pod in place", of("resize", Kind::Pod)),
        sample("change a Secret", of("scale", Kind::Secret)),
    ]
}

/// Samples of what has no namespace.
pub fn samples_of_cluster(rules: &Rules, settings: &Structure) -> Vec<Sample> {
    let lets = |mode: Mode| mode == Mode::Automatic;
    let of = |action: &str, kind: Kind| plain(action, ObjectRef::new(kind, "", "node-a"), rules);
    let sample = |about: &'static str, question: Question| Sample { about, question };
    let drain = Question { pressure: true, ..of("drain", Kind::Node) };
    let leave = Question { share_percent: 34, ..of("zonal-shift", Kind::ZonalShift) };
    vec![
        sample("cordon a node", of("cordon", Kind::Node)),
        sample("drain a node that is short of memory", drain.clone()),
        sample("drain a node that is well", Question { pressure: false, ..drain.clone() }),
        sample("drain a node with a StatefulSet's pod", Question { stateful: true, ..drain.clone() }),
        sample(
            "drain a node with force",
            Question { command: "kubectl drain node-a --force".to_owned(), ..drain.clone() },
        ),
        sample("taint a node", of("taint", Kind::Node)),
        sample("taint a node that is ill", Question { mandate: lets(settings.nodes.mode), ..of("taint", Kind::Node) }),
        sample(
            "isolate the node of a finding",
            Question { mandate: lets(settings.guardduty.mode), ..of("isolate", Kind::Node) },
        ),
        sample("drain an isolated node", Question { evidence: true, ..drain }),
        sample("change a NodePool's limits", of("set-node-pool-limits", Kind::NodePool)),
        sample("leave a zone that the others can carry", leave.clone()),
        sample("leave a zone that the others cannot carry", Question { carried: false, ..leave.clone() }),
        sample("leave a zone while a rollout is on its way", Question { rollout: true, ..leave.clone() }),
        sample("leave a zone with a StatefulSet's volumes", Question { stateful: true, ..leave.clone() }),
        sample("leave the only zone of a service", Question { share_percent: 100, ..leave }),
    ]
}
