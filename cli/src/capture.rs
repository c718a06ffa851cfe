//! `nightshift capture`: a live cluster as a directory, in the layout of `kubectl cluster-info dump`.
//!
//! What is written may be handed to others: secrets are hidden in logs, environments, arguments, annotations, settings and
//! events before anything reaches the disk. Secrets are not read to begin with.

use std::{collections::BTreeSet, path::PathBuf};

use serde::Serialize;
use shared::{
    eks::ReadPlan,
    model::{Container, Metadata, Object, PodSpec},
    redact::redact,
    snapshot::{Gap, Snapshot},
};

use crate::{Format, Outcome, target::TargetArguments};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    target: TargetArguments,
    /// The directory to write; made where it is missing, and empty where it is not.
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    /// Only this namespace; may be repeated.
    #[arg(long = "namespace", short = 'n', value_name = "NAME")]
    namespaces: Vec<String>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What was written, for scripts.
#[derive(Serialize)]
struct Captured<'a> {
    output: &'a PathBuf,
    cluster: &'a str,
    taken_at: Option<jiff::Timestamp>,
    nodes: usize,
    pods: usize,
    events: usize,
    logs: usize,
    gaps: &'a [Gap],
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
enum CaptureError {
    #[error("{0} is not empty: name a new directory, so that two captures do not mix")]
    NotEmpty(PathBuf),
}

pub(crate) async fn run(arguments: Arguments) -> Result<Outcome, Box<dyn std::error::Error>> {
    let Arguments { target, output, namespaces, format } = arguments;
    if output.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(CaptureError::NotEmpty(output).into());
    }
    let cluster = target.connect().await?;
    let mut snapshot = cluster.read(&ReadPlan::for_capture(namespaces.into_iter().collect::<BTreeSet<_>>())).await?;
    hide_secrets(&mut snapshot);
    snapshot.write_dir(&output)?;

    let captured = Captured {
        output: &output,
        cluster: &snapshot.cluster,
        taken_at: snapshot.taken_at,
        nodes: snapshot.nodes.len(),
        pods: snapshot.pods.len(),
        events: snapshot.events.len(),
        logs: snapshot.logs.len(),
        gaps: &snapshot.gaps,
    };
    match format {
        Format::Json => println!("{}", serde_json::to_string(&captured)?),
        Format::Text => {
            let Captured { nodes, pods, events, logs, .. } = captured;
            println!("{}: {nodes} nodes, {pods} pods, {events} events, {logs} container logs", output.display());
            for gap in &snapshot.gaps {
                println!("not read: {}: {}", gap.what, gap.why);
            }
        }
    }
    Ok(Outcome::Done)
}

/// Hides secrets wherever people write them.
fn hide_secrets(snapshot: &mut Snapshot) {
    for log in &mut snapshot.logs {
        hide(&mut log.text);
    }
    for event in &mut snapshot.events.items {
        hide(&mut event.message);
    }
    for settings in &mut snapshot.config_maps.items {
        settings.data.iter_mut().for_each(|(name, value)| hide_value(name, value));
    }
    for pod in &mut snapshot.pods.items {
        hide_in_spec(&mut pod.spec);
        hide(&mut pod.status.message);
    }
    macro_rules! templates {
        ($($kind:ident),*) => {
            $(for item in &mut snapshot.$kind.items { hide_in_spec(&mut item.spec.template.spec); })*
        };
    }
    templates!(deployments, replica_sets, stateful_sets, daemon_sets, jobs);
    macro_rules! annotations {
        ($($kind:ident),*) => { $(snapshot.$kind.items.iter_mut().for_each(|item| hide_in_metadata(item.metadata_mut()));)* };
    }
    annotations!(
        pods,
        nodes,
        namespaces,
        deployments,
        replica_sets,
        stateful_sets,
        daemon_sets,
        jobs,
        cron_jobs,
        services,
        ingresses,
        config_maps,
        service_accounts,
        claims,
        persistent_volumes
    );
}

fn hide_in_metadata(metadata: &mut Metadata) {
    metadata.annotations.iter_mut().for_each(|(name, value)| hide_value(name, value));
}

fn hide_in_spec(spec: &mut PodSpec) {
    for container in spec.containers.iter_mut().chain(&mut spec.init_containers) {
        let Container { env, command, args, .. } = container;
        for variable in env {
            let name = variable.name.clone();
            if let Some(value) = &mut variable.value {
                hide_value(&name, value);
            }
        }
        command.iter_mut().chain(args).for_each(hide);
    }
}

fn hide(text: &mut String) {
    if let std::borrow::Cow::Owned(hidden) = redact(text) {
        *text = hidden;
    }
}

/// Hides a named value: what `NAME=value` would hide is hidden.
fn hide_value(name: &str, value: &mut String) {
    let line = format!("{name}={value}");
    if let std::borrow::Cow::Owned(hidden) = redact(&line)
        && hidden != line
    {
        *value = hidden.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')).unwrap_or(&hidden).to_owned();
    }
}
