//! Which services there are, and which one is meant.

use shared::config::{ClusterSettings, Settings};
use shared::eks::Survey;
use shared::model::{Deployment, Kind, Object, ObjectRef};
use shared::roles::Reach;

use crate::event::What;
use crate::situation::{Choice, Known, Services};

/// Services that are discovered at most.
const MOST: usize = 1_000;

/// What a command means.
pub(super) enum Meant {
    /// This one; the others can be chosen instead.
    One(Choice, Vec<Choice>),
    /// None, or several.
    Choose(Services),
}

/// The services of the file, without a look at the cluster.
pub(super) fn configured(settings: &Settings) -> Vec<Choice> {
    let choice = |service: &shared::config::ServiceSettings| {
        let workload = service.workload.as_deref().and_then(|text| {
            let (kind, name) = text.split_once('/')?;
            Some(ObjectRef::new(Kind::parse(kind)?, &service.namespace, name))
        });
        let workload = workload.unwrap_or_else(|| ObjectRef::new(Kind::Deployment, &service.namespace, &service.name));
        Choice { name: service.name.clone(), workload }
    };
    settings.structure.services.iter().map(choice).collect()
}

/// All services that somebody with this reach may ask about: those configured, or else the Deployments of K8S_NAMESPACE.
pub(super) async fn all(
    settings: &Settings,
    survey: &Survey<'_>,
    reach: &Reach,
) -> (Known<Vec<Choice>>, Option<String>) {
    let mut found = configured(settings);
    if !found.is_empty() {
        found.retain(|choice| reach.covers(&choice.workload.namespace));
        return (Known::Whole(found), None);
    }
    let namespaces = settings.namespace.split(',').map(str::trim).filter(|name| !name.is_empty() && reach.covers(name));
    let mut gap = None;
    for namespace in namespaces {
        let folded = survey.fold(Some(namespace), |names: &mut Vec<String>, deployment: Deployment| {
            if names.len() < MOST {
                names.push(deployment.name().to_owned());
            }
        });
        let names = folded.await.unwrap_or_else(|(names, error)| {
            gap.get_or_insert(error.chain());
            names
        });
        found.extend(
            names.into_iter().map(|name| Choice { workload: ObjectRef::new(Kind::Deployment, namespace, &name), name }),
        );
    }
    found.sort();
    let all = match gap {
        None => Known::Whole(found),
        Some(why) if found.is_empty() => Known::Missing(why),
        Some(why) => Known::Part(found, why),
    };
    (all, Some(settings.namespace.clone()))
}

/// Which of the services is meant.
pub(super) fn meant(
    all: Known<Vec<Choice>>,
    discovered_in: Option<String>,
    what: &What,
    of: &ClusterSettings,
) -> Meant {
    let choices = all.value().cloned().unwrap_or_default();
    let asked = match what {
        What::Pick(_, target) => {
            let known = choices.iter().find(|choice| choice.workload == target.workload).cloned();
            let picked = known
                .unwrap_or_else(|| Choice { name: target.workload.name.clone(), workload: target.workload.clone() });
            return Meant::One(picked, choices);
        }
        What::Command(_, words) => words.iter().find(|word| **word != of.name).cloned().unwrap_or_default(),
        _ => String::new(),
    };
    let is_it = |choice: &&Choice| {
        let ObjectRef { namespace, name, .. } = &choice.workload;
        choice.name.eq_ignore_ascii_case(&asked)
            || name.eq_ignore_ascii_case(&asked)
            || format!("{namespace}/{name}").eq_ignore_ascii_case(&asked)
    };
    let mut matching = choices.iter().filter(is_it);
    match (matching.next(), matching.next()) {
        (Some(one), None) => Meant::One(one.clone(), choices),
        _ => Meant::Choose(Services { all, asked, discovered_in }),
    }
}
