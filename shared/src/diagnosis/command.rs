//! kubectl commands that only read.
//!
//! There is no way to make one from text: each constructor is one reading verb of kubectl, and names from the cluster are
//! quoted where a shell would read anything else into them.

use std::{borrow::Cow, fmt};

use crate::model::{Kind, ObjectRef};

/// A kubectl command that reads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kubectl {
    namespace: String,
    words: Vec<String>,
}

impl Kubectl {
    fn new(namespace: &str, words: &[&str]) -> Self {
        Self { namespace: namespace.to_owned(), words: words.iter().map(|word| (*word).to_owned()).collect() }
    }

    /// `kubectl get KIND NAME -o yaml`
    pub fn get(object: &ObjectRef) -> Self {
        Self::new(&object.namespace, &["get", &kind(object.kind), &object.name, "-o", "yaml"])
    }

    /// `kubectl get KINDS -o wide`
    pub fn list(of: Kind, namespace: &str) -> Self {
        Self::new(if of.is_namespaced() { namespace } else { "" }, &["get", of.plural(), "-o", "wide"])
    }

    /// `kubectl get pods -l SELECTOR -o wide`
    pub fn pods_with(namespace: &str, labels: &std::collections::BTreeMap<String, String>) -> Self {
        let selector: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        Self::new(namespace, &["get", "pods", "-l", &selector.join(","), "-o", "wide"])
    }

    /// `kubectl describe KIND NAME`
    pub fn describe(object: &ObjectRef) -> Self {
        Self::new(&object.namespace, &["describe", &kind(object.kind), &object.name])
    }

    /// `kubectl logs KIND/NAME --tail=50`, of the container before its last restart if `previous`.
    pub fn logs(object: &ObjectRef, container: Option<&str>, previous: bool) -> Self {
        let mut words = vec!["logs".to_owned(), format!("{}/{}", kind(object.kind), object.name)];
        words.extend(container.map(|container| format!("--container={container}")));
        if previous {
            words.push("--previous".to_owned());
        }
        words.push("--tail=50".to_owned());
        Self { namespace: object.namespace.clone(), words }
    }

    /// `kubectl events --for KIND/NAME`
    pub fn events(object: &ObjectRef) -> Self {
        Self::new(&object.namespace, &["events", "--for", &format!("{}/{}", kind(object.kind), object.name)])
    }

    /// `kubectl top pods`
    pub fn top_pods(namespace: &str) -> Self {
        Self::new(namespace, &["top", "pods", "--containers"])
    }

    /// `kubectl top nodes`
    pub fn top_nodes() -> Self {
        Self::new("", &["top", "nodes"])
    }

    /// `kubectl rollout history KIND/NAME`
    pub fn rollout_history(object: &ObjectRef) -> Self {
        Self::new(&object.namespace, &["rollout", "history", &format!("{}/{}", kind(object.kind), object.name)])
    }
}

fn kind(kind: Kind) -> String {
    kind.as_str().to_ascii_lowercase()
}

impl fmt::Display for Kubectl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("kubectl")?;
        if !self.namespace.is_empty() {
            write!(f, " -n {}", quoted(&self.namespace))?;
        }
        self.words.iter().try_for_each(|word| write!(f, " {}", quoted(word)))
    }
}

/// The word as a POSIX shell reads it back unchanged.
fn quoted(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '/' | '=' | ',' | ':' | '@');
    if !word.is_empty() && word.chars().all(plain) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(format!("'{}'", word.replace(|c: char| c.is_control(), " ").replace('\'', r"'\''")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_reads_as_a_person_would_type_it() {
        let api = ObjectRef::new(Kind::Deployment, "shop", "api");
        assert_eq!(Kubectl::describe(&api).to_string(), "kubectl -n shop describe deployment api");
        assert_eq!(
            Kubectl::logs(&api, Some("app"), true).to_string(),
            "kubectl -n shop logs deployment/api --container=app --previous --tail=50"
        );
        assert_eq!(Kubectl::list(Kind::Node, "").to_string(), "kubectl get nodes -o wide");
    }

    #[test]
    fn a_hostile_name_stays_one_word() {
        let object = ObjectRef::new(Kind::Pod, "shop", "x; kubectl delete ns shop\n'");
        assert_eq!(
            Kubectl::describe(&object).to_string(),
            r"kubectl -n shop describe pod 'x; kubectl delete ns shop '\'''"
        );
    }
}
