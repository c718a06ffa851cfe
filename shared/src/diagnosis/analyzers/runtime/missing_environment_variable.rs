//! missing-environment-variable: the process ends because a variable it needs is not set.
//!
//! The last words of the process name the variable, in the form of its language or framework, and the container's
//! specification does not set it
//! (<https://kubernetes.io/docs/tasks/inject-data-application/define-environment-variable-container/>). Where the revision before set it, the rollout lost it. Mistaken for a missing Secret or ConfigMap, where
//! the container does not even start (`CreateContainerConfigError`), and for a plain bug.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, LogPattern, Risk},
    model::PodSpec,
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("missing-environment-variable", Category::Runtime)];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for workload in view.workloads() {
        let ended = |status: &crate::model::ContainerStatus| {
            let last = status.state.terminated.as_ref().or(status.last_state.terminated.as_ref());
            !status.ready && last.is_some_and(|it| it.exit_code != 0 && it.reason != "OOMKilled")
        };
        let crashing: Vec<&str> =
            workload.containers().filter(|(_, it)| ended(it)).map(|(_, status)| status.name.as_str()).collect();
        let named = view
            .patterns_of(workload)
            .iter()
            .filter(|it| it.at_end && crashing.contains(&it.container.as_str()))
            .find_map(|pattern| Some((pattern, variable(pattern)?)));
        let Some((pattern, name)) = named else { continue };
        let sets = |spec: &PodSpec| {
            let container = spec.containers.iter().chain(&spec.init_containers).find(|it| it.name == pattern.container);
            container.map(|it| it.env.iter().any(|variable| variable.name == name))
        };
        if sets(workload.template) != Some(false) {
            continue;
        }
        let lost = workload.previous_template().and_then(sets) == Some(true);
        let object = workload.object.clone();
        let mut evidence = vec![case.log(pattern)];
        let text = format!("container {} does not set {name}", pattern.container);
        evidence.push(case.spec(&object, if lost { format!("{text}; the revision before did") } else { text }));
        let summary = match lost {
            true => format!("cannot start: {name} is missing, the revision before set it"),
            false => format!("cannot start: {name} is missing"),
        };
        let finding = Finding::new(&CAUSES[0], &object)
            .strength(if lost { 0.97 } else { 0.9 })
            .summary(summary)
            .fact("variable", name.as_str())
            .because(evidence)
            .since(pattern.first_seen)
            .check(Kubectl::logs(&object, Some(&pattern.container), true))
            .check(Kubectl::rollout_history(&object));
        let finding = match lost {
            true => finding.fact("before", "set").action(
                ActionKind::Rollback,
                Risk::Medium,
                format!("the revision before sets {name}"),
            ),
            false => {
                finding.action(ActionKind::Manual, Risk::Low, format!("set {name} on container {}", pattern.container))
            }
        };
        case.find(finding);
    }
}

/// The variable a line says is missing.
fn variable(pattern: &LogPattern) -> Option<String> {
    static FORMS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
        const NAME: &str = r#"['"`$\{]*([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[A-Z]{3,})['"`\}]*"#;
        // Where nothing but its shape tells a variable from a shouted word.
        const LONG_NAME: &str = r#"['"`$\{]*([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)['"`\}]*"#;
        [
            // Python, Ruby
            format!(r"KeyError: {NAME}\s*$"),
            format!(r"key not found: {NAME}"),
            // most languages: the words before or after the name
            format!(r"(?i:env(?:ironment)?(?:[ _-]?var(?:iable)?)?s?)\b[^A-Z]{{0,40}}{NAME}\s*(?:(?i:is |was |not |must |required|missing|undefined|unset)|$)"),
            format!(r"(?i:missing|required|undefined|unset)\b[^A-Z]{{0,20}}(?i:env(?:ironment)?\b)[^A-Z]{{0,40}}{NAME}"),
            format!(r"{LONG_NAME}\s+(?i:(?:env(?:ironment)?(?: var(?:iable)?)? )?(?:is|was|must be|has to be)?\s*(?:not set|unset|required|missing|undefined|set|not defined|not found))"),
            // Spring
            format!(r"(?i:could not resolve placeholder) {NAME}"),
        ]
        .iter()
        .filter_map(|form| Regex::new(form).ok())
        .collect()
    });
    FORMS.iter().find_map(|form| Some(form.captures(&pattern.example)?.get(1)?.as_str().to_owned()))
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::testkit::{Scene, scene};

    fn last_words(line: &str) -> Scene {
        scene().deployment("shop", "api", 2).crashing("shop", "api", 1, "Error").log(
            "shop",
            "api",
            &format!("2026-03-01T11:59:00Z starting\n{line}\n"),
        )
    }

    #[test]
    fn a_variable_named_missing_is_the_cause_in_many_languages() {
        for line in [
            "KeyError: 'DEPLOY_ENV'",
            "panic: environment variable DEPLOY_ENV is not set",
            "Error: Missing required environment variable: DEPLOY_ENV",
            "fatal: DEPLOY_ENV must be set",
            "java.lang.IllegalArgumentException: Could not resolve placeholder 'DEPLOY_ENV' in value",
            "Uncaught Error: DEPLOY_ENV is undefined",
            "ERROR required env DEPLOY_ENV missing",
        ] {
            let scene = last_words(line);
            let first = scene.diagnose().causes.into_iter().next();
            let first = first.map(|it| (it.id.to_string(), it.facts.get("variable").cloned().unwrap_or_default()));
            assert_eq!(first, Some(("missing-environment-variable".into(), "DEPLOY_ENV".into())), "{line}");
        }
    }

    #[test]
    fn a_variable_that_is_set_is_not_missing() {
        last_words("KeyError: 'DEPLOY_ENV'")
            .template("shop", "api", |spec| {
                let name = "DEPLOY_ENV".into();
                let value = Some("prod".into());
                spec.containers[0].env.push(crate::model::EnvVar { name, value, value_from: None });
            })
            .expect_not("missing-environment-variable");
    }

    #[test]
    fn other_last_words_name_no_variable() {
        for line in ["KeyError: 'order_id'", "ERROR connection to DB refused", "HTTP ERROR is required reading"] {
            last_words(line).expect_not("missing-environment-variable");
        }
    }
}
