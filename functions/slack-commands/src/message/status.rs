//! `/service-status` of one service.

use jiff::Timestamp;
use shared::mrkdwn;
use shared::slack::{Block, Colour, Message, Mrkdwn};
use shared::text::Value;

use super::{Style, barred, choose, gaps, links, more, quote, read_at};
use crate::event::Command;
use crate::situation::{ContainerLine, ContainerStateLine, Known, PodLine, Workload};

/// Pods that are shown, each in a block of its own.
const PODS: usize = 20;

pub(super) fn message(colour: Colour, workload: &Workload, cluster: &str, at: Timestamp, style: &Style) -> Message {
    let mut blocks = Vec::new();
    if let Some(replicas) = workload.replicas.value() {
        let versions: Vec<Mrkdwn> = replicas.images.iter().map(|image| Mrkdwn::code(version(image))).collect();
        let updated = (replicas.updated < replicas.wanted).then(|| {
            say(style, "status-updated", &[("count", count(replicas.updated)), ("of", count(replicas.wanted))])
        });
        let parts = [Some(Mrkdwn::join(versions, " ")), updated].into_iter().flatten();
        blocks.push(Block::context([&Mrkdwn::join(parts, " · ")]));
    }
    let pods = workload.pods.value().map(Vec::as_slice).unwrap_or_default();
    blocks.extend(pods.iter().take(PODS).map(|line| Block::section(&pod(line, at, style))));
    if workload.pod_count > pods.len().min(PODS) {
        blocks.push(Block::context([&more(workload.pod_count - pods.len().min(PODS), style)]));
    }
    if workload.replicas.value().is_some() && workload.pod_count == 0 {
        blocks.push(Block::section(&say(style, "status-no-pods", &[])));
    }
    let why =
        [workload.replicas.gap(), workload.pods.gap()].into_iter().flatten().map(str::to_owned).collect::<Vec<_>>();
    blocks.extend(gaps(&why, style));
    let mut foot = vec![read_at(cluster, at, style)];
    let links = links::of_object(&workload.of.workload, at, style);
    if !links.is_empty() {
        foot.push(Block::context([&links]));
    }
    blocks.extend(foot);
    let message = barred(colour, &headline(workload, style), blocks);
    if workload.others.len() > 1 {
        return message.blocks(choose::elements(Command::ServiceStatus, &workload.others, cluster, style));
    }
    message
}

/// `payments/api: 3/5 ready`.
pub(super) fn headline(workload: &Workload, style: &Style) -> Mrkdwn {
    let of = &workload.of.workload;
    let name = format!("{}/{}", of.namespace, of.name);
    let name = if workload.of.name == of.name { name } else { format!("{} ({name})", workload.of.name) };
    match &workload.replicas {
        Known::Whole(replicas) | Known::Part(replicas, _) => {
            let (ready, wanted) = (count(replicas.ready), count(replicas.wanted));
            say(style, "status-ready", &[("name", (&name).into()), ("ready", ready), ("wanted", wanted)])
        }
        Known::Missing(_) => say(style, "status-unread", &[("name", (&name).into())]),
        Known::NotConfigured => {
            say(style, "status-absent", &[("name", (&name).into()), ("kind", of.kind.as_str().into())])
        }
    }
}

fn pod(pod: &PodLine, at: Timestamp, style: &Style) -> Mrkdwn {
    let mark = match (pod.trouble, pod.ready) {
        (Some(true), _) => "🔴",
        (Some(false), _) | (None, false) => "🟡",
        (None, true) => "🟢",
    };
    let restarts: i32 = pod.containers.iter().map(|container| container.restarts).sum();
    let age = pod.created.map(|created| style.phrases.duration(shared::text::Duration(at.duration_since(created))));
    let node = if pod.node.is_empty() { style.phrases.say("status-no-node") } else { pod.node.clone() };
    let mut facts = vec![quote(&pod.word)];
    facts.push(say(style, "status-restarts", &[("count", count(restarts))]));
    facts.push(quote(&node));
    facts.extend(age.map(|age| say(style, "status-age", &[("age", (&age).into())])));
    let mut lines = vec![mrkdwn!("{} *{}* {}", mark, quote(&pod.name), Mrkdwn::join(facts, " · "))];
    lines.extend(pod.containers.iter().map(|one| container(one, style)));
    Mrkdwn::join(lines, "\n")
}

fn container(container: &ContainerLine, style: &Style) -> Mrkdwn {
    let state = match &container.state {
        ContainerStateLine::Running(true) => mrkdwn!("Running"),
        ContainerStateLine::Running(false) => mrkdwn!("Running ({})", style.phrases.say("status-not-ready")),
        ContainerStateLine::Waiting(reason) if reason.is_empty() => mrkdwn!("Waiting"),
        ContainerStateLine::Waiting(reason) => mrkdwn!("Waiting ({})", quote(reason)),
        ContainerStateLine::Terminated(reason, code) => mrkdwn!("Terminated ({}, exit {})", quote(reason), *code),
        ContainerStateLine::Unknown => mrkdwn!("{}", style.phrases.say("ask-unknown")),
    };
    let mut facts = vec![state];
    if let Some((reason, code)) = &container.last_ended {
        let ended = format!("{reason}, exit {code}");
        facts.push(say(style, "status-last-ended", &[("how", (&ended).into())]));
    }
    facts.push(Mrkdwn::code(version(&container.image)));
    mrkdwn!("      {}: {}", quote(&container.name), Mrkdwn::join(facts, " · "))
}

/// What of an image's reference tells its version: the tag, or the beginning of the digest.
fn version(image: &str) -> String {
    let name = image.rsplit('/').next().unwrap_or(image);
    match name.split_once('@') {
        Some((tagged, _)) if tagged.contains(':') => tagged.to_owned(),
        Some((bare, digest)) => format!("{bare}@{}", digest.chars().take(19).collect::<String>()),
        None => name.to_owned(),
    }
}

fn say(style: &Style, key: &str, values: &[(&str, Value<'_>)]) -> Mrkdwn {
    quote(&style.phrases.say_with(key, values))
}

fn count(number: i32) -> Value<'static> {
    Value::Count(u64::try_from(number).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_told_by_its_tag_or_digest() {
        assert_eq!(version("registry.example/shop/api:v2.3.1"), "api:v2.3.1");
        assert_eq!(version("registry.example:5000/shop/api"), "api");
        assert_eq!(version("api@sha256:0123456789abcdef0123"), "api@sha256:0123456789ab");
        assert_eq!(version("shop/api:v1@sha256:0123456789abcdef0123"), "api:v1");
    }
}
