//! The command parser under random lines.

use proptest::prelude::*;
use shared::bedrock::checks::command::parse;

/// Words that stand in commands, good and bad.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(vec![
            "kubectl", "aws", "get", "describe", "logs", "top", "events", "rollout", "history", "status", "auth", "can-i", "explain", "version",
            "pods", "pod", "deploy/api", "api-0", "nodes", "-n", "shop", "-A", "-o", "wide", "yaml", "-l", "app=api", "--tail=50", "--previous", "-c", "server",
            "delete", "exec", "edit", "apply", "scale", "drain", "port-forward", "patch", "secret", "secrets", "configmap", "-f", "-w", "--watch", "--raw",
            "--as=admin", "--token=x", "|", "sh", ";", "&&", "$(id)", "`id`", ">", "/tmp/x", "--", "eks", "describe-cluster", "--name", "prod", "cp", "debug", "run",
            "undo", "restart", "--kubeconfig=x", "--server=https://x", "'", "\"", "\\", "\n", "--namespace=kube-system", "--follow", "create", "replace", "label", "annotate", "cordon",
        ]).prop_map(str::to_owned),
        1 => "[ -~]{0,10}",
        1 => "\\PC{0,4}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, ..ProptestConfig::default() })]

    #[test]
    fn what_is_accepted_only_reads(words in prop::collection::vec(word(), 1..9), kubectl in any::<bool>()) {
        let mut words = words;
        if kubectl {
            words.insert(0, "kubectl".to_owned());
        }
        let Ok(command) = parse(&words.join(" ")) else { return Ok(()) };
        let shown = command.to_string();
        let parts: Vec<&str> = shown.split(' ').collect();
        match parts[0] {
            "kubectl" => prop_assert!(["get", "describe", "logs", "top", "events", "rollout", "auth", "explain", "version", "api-resources"].contains(&parts[1])),
            "aws" => prop_assert!(["describe-", "list-", "get-"].iter().any(|start| parts[2].starts_with(start))),
            other => prop_assert!(false, "{other}"),
        }
        prop_assert!(!shown.contains(['|', '&', ';', '<', '>', '$', '`', '\\', '\n', '{', '*', '#', '~', '"']), "{shown}");
        for flag in ["--raw", "--token", "--server", "--kubeconfig", "-f", "--follow", "-w", "--watch=true", "--watch"] {
            prop_assert!(!parts.contains(&flag), "{shown}");
        }
        prop_assert!(parts[0] != "kubectl" || parts[1] == "auth" || !shown.contains("secret"), "{shown}");
        // What is shown is understood again, as the same.
        prop_assert_eq!(parse(&shown).map(|again| again.to_string()), Ok(shown.clone()));
    }

    #[test]
    fn any_line_at_all_is_survived(line in "\\PC{0,400}") {
        let _ = parse(&line);
    }

    #[test]
    fn bytes_that_happen_to_be_text_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn a_command_is_written_anew() {
    for (line, shown) in [
        (
            "$ kubectl -n shop logs deploy/api --previous --tail 50",
            "kubectl logs deploy/api -n shop --previous --tail=50",
        ),
        ("kubectl get pods --namespace=shop -l 'app=api' -o wide", "kubectl get pods -n shop -l app=api -o wide"),
        ("kubectl rollout status deploy/api -n shop", "kubectl rollout status deploy/api -n shop --watch=false"),
        (
            "kubectl get events -n shop --field-selector 'type!=Normal'",
            "kubectl get events -n shop '--field-selector=type!=Normal'",
        ),
        ("aws eks describe-cluster --name prod", "aws eks describe-cluster --name prod"),
    ] {
        assert_eq!(parse(line).map(|command| command.to_string()), Ok(shown.to_owned()), "{line}");
    }
}
