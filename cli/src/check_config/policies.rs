//! What the policies say: sample requests put to those that are shipped and those of the settings file, each answer with the
//! policies that gave it.

use std::collections::BTreeSet;
use std::fmt::Write;

use shared::config::Settings;
use shared::model::{Kind, ObjectRef};
use shared::remediation::Rules;
use shared::remediation::policy::{NOT_ALLOWED, Policies, PolicyError, Sample, samples_in, samples_of_cluster};

/// Every sample and its answer.
pub(super) fn explained(settings: &Settings) -> Result<String, PolicyError> {
    let remediation = &settings.structure.remediation;
    let of_file: Vec<(String, String)> = remediation.policies.clone().into_iter().collect();
    let shipped = Policies::shipped()?.names().len();
    let policies = Policies::with(&of_file)?;
    let mut out = format!("{shipped} policies are shipped, {} are of this file\n", policies.names().len() - shipped);
    let cluster = settings.clusters.first().map(|cluster| cluster.name.as_str()).unwrap_or_default();
    let now = jiff::Timestamp::UNIX_EPOCH;
    let rules = |namespace: &str, kind: Kind| {
        Rules::of(remediation, cluster, &ObjectRef::new(kind, namespace, "api"), &settings.time_zone, now)
    };
    let named = remediation.automation.iter().chain(&remediation.restricted).map(String::as_str);
    let mut namespaces: BTreeSet<&str> = named.filter(|name| *name != "*").collect();
    namespaces.extend([settings.namespace.as_str(), "kube-system"]);
    for namespace in namespaces {
        let _ = writeln!(out, "in namespace {namespace}");
        for sample in samples_in(namespace, &rules(namespace, Kind::Deployment)) {
            line(&mut out, &policies, &sample)?;
        }
    }
    let _ = writeln!(out, "of the cluster");
    for sample in samples_of_cluster(&rules("", Kind::Node), &settings.structure) {
        line(&mut out, &policies, &sample)?;
    }
    Ok(out)
}

fn line(out: &mut String, policies: &Policies, sample: &Sample) -> Result<(), PolicyError> {
    let people = policies.ask("people", &sample.question)?;
    let automation = policies.ask("automation", &sample.question)?;
    let names = |names: &[String]| if names.is_empty() { NOT_ALLOWED.to_owned() } else { names.join(", ") };
    let answer = match (people.allowed, automation.allowed) {
        (false, _) => format!("refused: {}", names(&people.policies)),
        (true, true) => format!("by itself where its risk is low: {}", names(&automation.policies)),
        (true, false) => format!("people decide: {}", names(&automation.policies)),
    };
    let _ = writeln!(out, "  {:<56} {answer}", sample.about);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(yaml: &str) -> Result<String, PolicyError> {
        let lookup = |name: &str| (name == "NIGHTSHIFT_CONFIG").then(|| "nightshift.yaml".to_owned());
        explained(&Settings::from_lookup(&[], &lookup, &|_| Ok(yaml.to_owned())).unwrap())
    }

    #[test]
    fn nothing_runs_by_itself_until_a_namespace_is_named() {
        let shown = shown("").unwrap();
        assert!(!shown.contains("by itself"), "{shown}");
        assert!(shown.contains("refused: secrets-and-configmaps-are-never-changed"), "{shown}");
        assert!(shown.contains("refused: system-namespaces-are-restricted"), "{shown}");
    }

    #[test]
    fn a_teams_policies_are_asked_too_and_named() {
        let yaml = r#"
remediation:
  automation: [shop]
  restricted: [payments]
  policies:
    ours: |
      @id("shop-is-frozen")
      forbid (principal, action == Nightshift::Action::"roll-back", resource) when { resource.namespace == "shop" };
"#;
        insta::assert_snapshot!("sample_requests", shown(yaml).unwrap());
    }

    #[test]
    fn a_policy_that_does_not_fit_is_told() {
        let yaml = "remediation: { policies: { ours: 'permit (principal, action, resource);' } }";
        assert!(shown(yaml).unwrap_err().to_string().contains("@id"));
    }
}
