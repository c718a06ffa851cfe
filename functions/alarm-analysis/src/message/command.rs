//! Commands that only read.

/// A `kubectl` command that reads and does nothing else. There is no other way to make one than [`Self::parse`], and
/// messages show no other commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOnlyCommand(String);

/// Verbs that only read, with the second word where only some are harmless.
const VERBS: &[(&str, &[&str])] = &[
    ("get", &[]),
    ("describe", &[]),
    ("logs", &[]),
    ("top", &["pod", "pods", "node", "nodes"]),
    ("events", &[]),
    ("explain", &[]),
    ("rollout", &["history", "status"]),
    ("auth", &["can-i"]),
];

/// Flags before the verb that take a value.
const FLAGS_WITH_VALUE: &[&str] = &["-n", "--namespace", "--context"];

impl ReadOnlyCommand {
    /// `command`, if it is one `kubectl` call whose verb reads, without anything a shell would interpret.
    pub fn parse(command: &str) -> Option<Self> {
        let command = command.trim();
        let harmless = |c: char| c.is_ascii_alphanumeric() || " -_./:=,@'\"{}[]*%+!".contains(c);
        if !command.chars().all(harmless) {
            return None;
        }
        let mut words = command.split_whitespace();
        if words.next() != Some("kubectl") {
            return None;
        }
        let mut verb = words.next()?;
        while verb.starts_with('-') {
            if FLAGS_WITH_VALUE.contains(&verb) {
                words.next()?;
            } else if !FLAGS_WITH_VALUE.iter().any(|flag| verb.starts_with(&format!("{flag}="))) {
                return None;
            }
            verb = words.next()?;
        }
        let (_, seconds) = VERBS.iter().find(|(name, _)| *name == verb)?;
        let rest: Vec<&str> = words.collect();
        let fits = seconds.is_empty() || rest.first().is_some_and(|second| seconds.contains(second));
        let reads_secrets = matches!(verb, "get" | "describe")
            && rest.iter().any(|word| {
                word.split(['/', ',']).any(|part| matches!(part.to_ascii_lowercase().as_str(), "secret" | "secrets"))
            });
        let reaches_elsewhere = rest.iter().any(|word| {
            ["--raw", "--kubeconfig", "--server", "-s", "--token", "--as", "-f", "--filename"]
                .iter()
                .any(|flag| *word == *flag || word.starts_with(&format!("{flag}=")))
                && !(verb == "logs" && *word == "-f")
        });
        (fits && !reads_secrets && !reaches_elsewhere).then(|| Self(command.to_owned()))
    }

    /// The command line.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_read_pass() {
        for command in [
            "kubectl -n payments logs deploy/api --previous --tail=50",
            "kubectl get pods -n shop -o wide",
            "kubectl --namespace=shop describe deployment/api",
            "kubectl get events -n shop --field-selector involvedObject.name=api",
            "kubectl rollout history deployment/api -n shop",
            "kubectl top pods -n shop",
            "kubectl auth can-i list pods",
        ] {
            assert!(ReadOnlyCommand::parse(command).is_some(), "{command}");
        }
    }

    #[test]
    fn commands_that_change_something_or_chain_do_not() {
        for command in [
            "kubectl delete pod api-0",
            "kubectl -n shop scale deploy/api --replicas=0",
            "kubectl rollout undo deployment/api",
            "kubectl rollout restart deployment/api",
            "kubectl get pods; kubectl delete pod api-0",
            "kubectl get pods && reboot",
            "kubectl get pods | xargs kubectl delete pod",
            "kubectl get pods $(kubectl delete pod api-0)",
            "kubectl get pods\nkubectl delete pod api-0",
            "kubectl get pods > /etc/passwd",
            "kubectl exec api-0 -- rm -rf .",
            "kubectl get secret db -o yaml",
            "kubectl get pods,secrets -n shop",
            "kubectl get --raw /api/v1/secrets",
            "kubectl --server https://elsewhere get pods",
            "helm rollback api",
            "rm -rf /",
            "",
        ] {
            assert_eq!(ReadOnlyCommand::parse(command), None, "{command}");
        }
    }
}
