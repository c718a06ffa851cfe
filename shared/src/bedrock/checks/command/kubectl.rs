//! The reading commands of kubectl: <https://kubernetes.io/docs/reference/kubectl/generated/>.

use super::{BadCommand, Flag, OwnedMention, ReadCommand, Taken, is_name, take};
use crate::bedrock::protocol::kind_named;
use crate::model::Kind;

const NAMESPACE: Flag = Flag("--namespace", "-n", true);
const ALL: Flag = Flag("--all-namespaces", "-A", false);
const SELECTOR: Flag = Flag("--selector", "-l", true);
const FIELDS: Flag = Flag("--field-selector", "", true);
const OUTPUT: Flag = Flag("--output", "-o", true);
const SORT: Flag = Flag("--sort-by", "", true);
const NO_HEADERS: Flag = Flag("--no-headers", "", false);
const CONTAINER: Flag = Flag("--container", "-c", true);

const GET: &[&Flag] = &[
    &NAMESPACE,
    &ALL,
    &SELECTOR,
    &FIELDS,
    &OUTPUT,
    &SORT,
    &NO_HEADERS,
    &Flag("--show-labels", "", false),
    &Flag("--ignore-not-found", "", false),
    &Flag("--label-columns", "-L", true),
];
const DESCRIBE: &[&Flag] = &[&NAMESPACE, &ALL, &SELECTOR];
const LOGS: &[&Flag] = &[
    &NAMESPACE,
    &SELECTOR,
    &CONTAINER,
    &Flag("--previous", "-p", false),
    &Flag("--tail", "", true),
    &Flag("--since", "", true),
    &Flag("--since-time", "", true),
    &Flag("--timestamps", "", false),
    &Flag("--all-containers", "", false),
    &Flag("--prefix", "", false),
    &Flag("--limit-bytes", "", true),
];
const TOP: &[&Flag] = &[&NAMESPACE, &ALL, &SELECTOR, &SORT, &NO_HEADERS, &Flag("--containers", "", false)];
const EVENTS: &[&Flag] = &[&NAMESPACE, &ALL, &NO_HEADERS, &Flag("--for", "", true), &Flag("--types", "", true)];
const ROLLOUT: &[&Flag] =
    &[&NAMESPACE, &Flag("--revision", "", true), &Flag("--timeout", "", true), &Flag("--watch", "-w", true)];
const CAN_I: &[&Flag] = &[&NAMESPACE, &ALL, &Flag("--list", "", false), &Flag("--as", "", true)];
const EXPLAIN: &[&Flag] = &[&Flag("--recursive", "", false), &Flag("--api-version", "", true)];
const VERSION: &[&Flag] = &[&Flag("--client", "", false), &OUTPUT];
const RESOURCES: &[&Flag] = &[
    &Flag("--namespaced", "", true),
    &Flag("--api-group", "", true),
    &OUTPUT,
    &NO_HEADERS,
    &Flag("--verbs", "", true),
];

/// Kinds beyond those Nightshift knows by name; whether they live in a namespace.
const OTHERS: &[(&str, bool)] = &[
    ("endpoints", true),
    ("ep", true),
    ("leases", true),
    ("limitranges", true),
    ("replicationcontrollers", true),
    ("poddisruptionbudget", true),
    ("virtualservices", true),
    ("destinationrules", true),
    ("gateways", true),
    ("httproutes", true),
    ("targetgroupbindings", true),
    ("applications", true),
    ("rollouts", true),
    ("certificates", true),
    ("externalsecrets", true),
    ("scaledobjects", true),
    ("verticalpodautoscalers", true),
    ("vpa", true),
    ("nodepools", false),
    ("nodeclaims", false),
    ("ec2nodeclasses", false),
    ("priorityclasses", false),
    ("volumeattachments", false),
    ("csinodes", false),
    ("csidrivers", false),
    ("componentstatuses", false),
    ("customresourcedefinitions", false),
    ("crd", false),
    ("apiservices", false),
    ("clusterroles", false),
    ("clusterrolebindings", false),
    ("roles", true),
    ("rolebindings", true),
    ("validatingwebhookconfigurations", false),
    ("mutatingwebhookconfigurations", false),
    ("ingressclasses", false),
    ("runtimeclasses", false),
];

pub(super) fn parse(words: &[String]) -> Result<ReadCommand, BadCommand> {
    // Only the namespace may stand before the verb.
    let (before, mut words) = match words {
        [flag, namespace, rest @ ..] if flag == "-n" || flag == "--namespace" => {
            (vec!["-n".to_owned(), namespace.clone()], rest)
        }
        [flag, rest @ ..] if flag.starts_with("--namespace=") || flag.starts_with("-n=") => (vec![flag.clone()], rest),
        [flag, rest @ ..] if flag == "-A" || flag == "--all-namespaces" => (vec![flag.clone()], rest),
        _ => (Vec::new(), words),
    };
    let verb = words.first().cloned().unwrap_or_default();
    words = words.get(1..).unwrap_or_default();
    let mut verbs = vec!["kubectl".to_owned(), verb.clone()];
    let allowed = match verb.as_str() {
        "get" => GET,
        "describe" => DESCRIBE,
        "logs" => LOGS,
        "top" => TOP,
        "events" => EVENTS,
        "explain" => EXPLAIN,
        "version" => VERSION,
        "api-resources" => RESOURCES,
        "rollout" | "auth" => {
            let sub = words.first().cloned().unwrap_or_default();
            words = words.get(1..).unwrap_or_default();
            verbs.push(sub.clone());
            match (verb.as_str(), sub.as_str()) {
                ("rollout", "history" | "status") => ROLLOUT,
                ("auth", "can-i") => CAN_I,
                _ => return Err(BadCommand::Verb(format!("{verb} {sub}"))),
            }
        }
        _ => return Err(BadCommand::Verb(verb)),
    };
    let all: Vec<String> = before.iter().chain(words).cloned().collect();
    let taken = take(&all, allowed)?;
    let mut reading = Reading { taken, mentions: Vec::new() };
    reading.flags()?;
    match verb.as_str() {
        "get" | "describe" => reading.objects(verb == "describe")?,
        "logs" => reading.logs()?,
        "top" => reading.top()?,
        "events" => reading.events()?,
        "rollout" => reading.rollout(&verbs[2])?,
        "auth" => reading.can_i()?,
        "explain" => reading.explain()?,
        _ => reading.nothing()?,
    }
    let mut rendered = verbs;
    rendered.extend(reading.taken.positional.iter().cloned());
    rendered.extend(reading.taken.rendered());
    Ok(ReadCommand { words: rendered, mentions: reading.mentions })
}

struct Reading {
    taken: Taken,
    mentions: Vec<OwnedMention>,
}

/// A kind as written, and whether its objects live in a namespace.
struct Resource {
    kind: Option<Kind>,
    namespaced: bool,
}

fn resource(word: &str) -> Result<Resource, BadCommand> {
    let bad = || BadCommand::Resource(word.to_owned());
    let lower = word.to_ascii_lowercase();
    // `deployments.apps`, `nodepools.karpenter.sh`: the group adds nothing here.
    let plain = lower.split('.').next().unwrap_or_default();
    if !plain.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
        return Err(bad());
    }
    match kind_named(plain) {
        Some(Kind::Secret) => Err(bad()),
        Some(kind) => Ok(Resource { kind: Some(kind), namespaced: kind.is_namespaced() }),
        None => {
            let other = OTHERS.iter().find(|(name, _)| *name == plain || name.strip_suffix('s') == Some(plain));
            let (_, namespaced) = other.ok_or_else(bad)?;
            Ok(Resource { kind: None, namespaced: *namespaced })
        }
    }
}

impl Reading {
    /// Checks the values of flags.
    fn flags(&mut self) -> Result<(), BadCommand> {
        for (flag, value) in &self.taken.flags {
            let Some(value) = value else { continue };
            let bad = || BadCommand::Name(format!("{flag}={value}"));
            let number = || value.parse::<u32>().is_ok();
            let duration = || {
                value.len() <= 8
                    && value.starts_with(|c: char| c.is_ascii_digit())
                    && value.ends_with(['s', 'm', 'h'])
                    && value.chars().all(|c| c.is_ascii_digit() || matches!(c, 's' | 'm' | 'h' | '.'))
            };
            let good = match *flag {
                "--namespace" => {
                    self.mentions.push(OwnedMention::Namespace(value.clone()));
                    is_name(value)
                }
                "--container" => {
                    self.mentions.push(OwnedMention::Word(value.clone()));
                    is_name(value)
                }
                "--selector" => {
                    self.mentions.extend(selector(value).ok_or_else(bad)?.into_iter().map(OwnedMention::Word));
                    true
                }
                "--field-selector" => {
                    self.mentions.extend(fields(value).ok_or_else(bad)?.into_iter().map(OwnedMention::Word));
                    true
                }
                "--output" => matches!(value.as_str(), "wide" | "name" | "yaml" | "json"),
                "--sort-by" => {
                    value.len() <= 80 && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_'))
                }
                "--tail" | "--limit-bytes" | "--revision" => number(),
                "--since" | "--timeout" => duration(),
                "--since-time" => value.parse::<jiff::Timestamp>().is_ok(),
                "--watch" => value == "false",
                "--types" => matches!(value.as_str(), "Warning" | "Normal" | "Warning,Normal" | "Normal,Warning"),
                "--as" => value.starts_with("system:serviceaccount:"),
                "--namespaced" => matches!(value.as_str(), "true" | "false"),
                "--label-columns" | "--api-version" | "--api-group" | "--verbs" => {
                    value.len() <= 80 && value.chars().all(|c| c.is_ascii_alphanumeric() || "./-_,".contains(c))
                }
                // Seen to where its object is.
                "--for" => true,
                _ => false,
            };
            if !good {
                return Err(bad());
            }
        }
        if self.taken.has("--all-namespaces") && self.taken.has("--namespace") {
            return Err(BadCommand::Flag("--all-namespaces".to_owned()));
        }
        Ok(())
    }

    /// Notes an object; a name in a namespaced kind needs its namespace said.
    fn object(&mut self, resource: &Resource, name: &str) -> Result<(), BadCommand> {
        if !is_name(name) {
            return Err(BadCommand::Name(name.to_owned()));
        }
        let namespace = if resource.namespaced {
            self.taken.value("--namespace").ok_or(BadCommand::NoNamespace)?.to_owned()
        } else {
            String::new()
        };
        self.mentions.push(OwnedMention::Object { kind: resource.kind, namespace, name: name.to_owned() });
        Ok(())
    }

    fn scoped(&self, namespaced: bool) -> Result<(), BadCommand> {
        let said = self.taken.has("--namespace") || self.taken.has("--all-namespaces");
        if namespaced && !said { Err(BadCommand::NoNamespace) } else { Ok(()) }
    }

    /// `TYPE`, `TYPE,TYPE`, `TYPE NAME…`, `TYPE/NAME…`.
    fn objects(&mut self, describe: bool) -> Result<(), BadCommand> {
        let positional = self.taken.positional.clone();
        let (first, names) = positional.split_first().ok_or_else(|| BadCommand::Shape("the end".to_owned()))?;
        let details = describe || matches!(self.taken.value("--output"), Some("yaml" | "json"));
        let check = |resource: &Resource, word: &str| match resource.kind {
            Some(Kind::ConfigMap) if details => Err(BadCommand::Resource(word.to_owned())),
            _ => Ok(()),
        };
        if first.contains('/') {
            for word in &positional {
                let (kind, name) = word.split_once('/').ok_or_else(|| BadCommand::Shape(word.clone()))?;
                let resource = resource(kind)?;
                check(&resource, kind)?;
                self.object(&resource, name)?;
            }
            return Ok(());
        }
        if first == "all" && names.is_empty() && !details {
            return self.scoped(true);
        }
        let kinds: Vec<&str> = first.split(',').collect();
        for kind in &kinds {
            let resource = resource(kind)?;
            check(&resource, kind)?;
            self.scoped(resource.namespaced)?;
            if names.is_empty() {
                continue;
            }
            if kinds.len() > 1 || self.taken.has("--selector") || self.taken.has("--all-namespaces") {
                return Err(BadCommand::Shape(names[0].clone()));
            }
            for name in names {
                self.object(&resource, name)?;
            }
        }
        Ok(())
    }

    /// `POD`, `TYPE/NAME` or a selector.
    fn logs(&mut self) -> Result<(), BadCommand> {
        let positional = self.taken.positional.clone();
        self.scoped(true)?;
        match positional.as_slice() {
            [] if self.taken.has("--selector") => Ok(()),
            [target] if !self.taken.has("--selector") => self.target(target, "pod"),
            // The old form: pod, then container.
            [target, container] if !target.contains('/') && !self.taken.has("--container") => {
                self.mentions.push(OwnedMention::Word(container.clone()));
                if is_name(container) { self.target(target, "pod") } else { Err(BadCommand::Name(container.clone())) }
            }
            words => Err(BadCommand::Shape(words.join(" "))),
        }
    }

    fn target(&mut self, target: &str, otherwise: &str) -> Result<(), BadCommand> {
        let (kind, name) = target.split_once('/').unwrap_or((otherwise, target));
        let resource = resource(kind)?;
        self.object(&resource, name)
    }

    fn top(&mut self) -> Result<(), BadCommand> {
        let positional = self.taken.positional.clone();
        let (kind, names) = positional.split_first().ok_or_else(|| BadCommand::Shape("the end".to_owned()))?;
        let resource = match resource(kind)? {
            resource if matches!(resource.kind, Some(Kind::Pod | Kind::Node)) => resource,
            _ => return Err(BadCommand::Resource(kind.clone())),
        };
        self.scoped(resource.namespaced)?;
        match names {
            [] => Ok(()),
            [name] => self.object(&resource, name),
            more => Err(BadCommand::Shape(more.join(" "))),
        }
    }

    fn events(&mut self) -> Result<(), BadCommand> {
        self.nothing()?;
        self.scoped(true)?;
        match self.taken.value("--for").map(str::to_owned) {
            Some(target) if target.contains('/') => self.target(&target, ""),
            Some(target) => Err(BadCommand::Name(target)),
            None => Ok(()),
        }
    }

    fn rollout(&mut self, sub: &str) -> Result<(), BadCommand> {
        let positional = self.taken.positional.clone();
        let (kind, name) = match positional.as_slice() {
            [target] => target.split_once('/').ok_or_else(|| BadCommand::Shape(target.clone()))?,
            [kind, name] => (kind.as_str(), name.as_str()),
            words => return Err(BadCommand::Shape(words.join(" "))),
        };
        let resource = resource(kind)?;
        if !matches!(resource.kind, Some(Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet)) {
            return Err(BadCommand::Resource(kind.to_owned()));
        }
        self.object(&resource, name)?;
        // Without it the command waits for the rollout, which here is the thing that hangs.
        if sub == "status" && !self.taken.has("--watch") {
            self.taken.flags.push(("--watch", Some("false".to_owned())));
        }
        Ok(())
    }

    /// `VERB TYPE [NAME]` or `--list`; the answer is yes or no, whatever the verb.
    fn can_i(&mut self) -> Result<(), BadCommand> {
        let plain = |word: &String| word.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '-' | '/' | '.'));
        match self.taken.positional.as_slice() {
            [] if self.taken.has("--list") => Ok(()),
            [verb, kind] if plain(verb) && plain(kind) => Ok(()),
            words => Err(BadCommand::Shape(words.join(" "))),
        }
    }

    fn explain(&self) -> Result<(), BadCommand> {
        match self.taken.positional.as_slice() {
            [path] if path.len() <= 120 && path.chars().all(|c| c.is_ascii_alphanumeric() || c == '.') => Ok(()),
            words => Err(BadCommand::Shape(words.join(" "))),
        }
    }

    fn nothing(&self) -> Result<(), BadCommand> {
        match self.taken.positional.first() {
            None => Ok(()),
            Some(word) => Err(BadCommand::Shape(word.clone())),
        }
    }
}

/// The values of `a=b,c!=d,e in (f,g)`; keys may be any label's.
fn selector(text: &str) -> Option<Vec<String>> {
    if text.contains(['(', ')']) {
        let (key, list) = text.split_once(" in (").or_else(|| text.split_once(" notin ("))?;
        let list = list.strip_suffix(')')?;
        return label_key(key).then(|| list.split(',').map(|value| value.trim().to_owned()).collect());
    }
    let mut values = Vec::new();
    for part in text.split(',') {
        match part.split_once('=') {
            Some((key, value)) => {
                let key = key.strip_suffix('!').unwrap_or(key);
                let value = value.strip_prefix('=').unwrap_or(value);
                if !label_key(key) || !label_value(value) {
                    return None;
                }
                values.push(value.to_owned());
            }
            None if label_key(part.trim_start_matches('!')) => {}
            None => return None,
        }
    }
    Some(values)
}

fn label_key(key: &str) -> bool {
    !key.is_empty() && key.len() <= 120 && key.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
}

fn label_value(value: &str) -> bool {
    value.len() <= 63 && value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// Names in `involvedObject.name=api-0,type!=Normal`.
fn fields(text: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for part in text.split(',') {
        let (key, value) = part.split_once('=')?;
        let key = key.strip_suffix('!').unwrap_or(key);
        let value = value.strip_prefix('=').unwrap_or(value);
        if value.is_empty() || !label_value(value) {
            return None;
        }
        match key {
            "involvedObject.name" | "metadata.name" | "spec.nodeName" => names.push(value.to_owned()),
            "metadata.namespace" | "involvedObject.namespace" => names.push(value.to_owned()),
            "involvedObject.kind"
            | "type"
            | "reason"
            | "status.phase"
            | "spec.restartPolicy"
            | "spec.schedulerName" => {}
            _ => return None,
        }
    }
    Some(names)
}
