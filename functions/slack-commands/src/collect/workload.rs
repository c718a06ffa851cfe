//! How one service is: its workload, its pods, and the log of the newest of them.

use shared::config::ClusterSettings;
use shared::deadline::Deadline;
use shared::eks::{ReadError, Survey};
use shared::model::{
    ContainerState, ContainerStatus, DaemonSet, Deployment, Kind, LabelSelector, Object, Pod, PodSpec, StatefulSet,
};
use shared::redact::redact;
use shared::roles::Reach;

use super::pods::{Condition, condition};
use super::services::{self, Meant};
use super::{connected, known, plan};
use crate::clients::Clients;
use crate::event::{Command, What};
use crate::situation::{
    Choice, ContainerLine, ContainerStateLine, Known, LogTail, PodLine, Reading, Replicas, Workload,
};

/// Pods that are kept.
const KEPT: usize = 100;
/// Lines of a log.
pub(crate) const LINES: usize = 20;
/// What says which container of a pod is the one that matters.
const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

pub(super) async fn read(
    clients: &Clients,
    of: &ClusterSettings,
    what: &What,
    reach: &Reach,
    deadline: Deadline,
) -> Reading {
    let cluster = match connected(clients, of, deadline).await {
        Ok(cluster) => cluster,
        Err(reason) => return Reading::Unreachable { reason },
    };
    let mut plan = plan(deadline);
    plan.logs.lines = LINES;
    let survey = cluster.survey(&plan);
    let (all, discovered_in) = services::all(clients.settings(), &survey, reach).await;
    let (choice, others) = match services::meant(all, discovered_in, what, of) {
        // With nothing read there is nothing to choose from, and why is what people have to know.
        Meant::Choose(services) => {
            return match (services.all.value(), services.all.gap()) {
                (None, Some(reason)) => Reading::Unreachable { reason: reason.to_owned() },
                _ => Reading::Choose(services),
            };
        }
        Meant::One(choice, others) => (choice, others),
    };
    let (workload, newest) = match workload(&survey, choice, others).await {
        Ok(found) => found,
        Err(error) => {
            clients.forget(&of.name).await;
            return Reading::Unreachable { reason: error.chain() };
        }
    };
    match what {
        What::Command(Command::Logs, _) | What::Pick(Command::Logs, _) => {
            let tail = match newest {
                Some(pod) => tail(&survey, &pod).await,
                None => {
                    LogTail { pod: String::new(), container: String::new(), previous: false, lines: Err(String::new()) }
                }
            };
            Reading::Logs(Box::new(workload), tail)
        }
        _ => Reading::Workload(Box::new(workload)),
    }
}

/// Its selector and replicas, by kind.
pub(super) async fn found(
    survey: &Survey<'_>,
    choice: &Choice,
) -> Result<Option<(LabelSelector, Replicas)>, ReadError> {
    let (namespace, name) = (&choice.workload.namespace, &choice.workload.name);
    let images = |spec: &PodSpec| spec.containers.iter().map(|container| container.image.clone()).collect();
    Ok(match choice.workload.kind {
        Kind::StatefulSet => survey.named::<StatefulSet>(namespace, name).await?.map(|set| {
            let replicas = Replicas {
                ready: set.status.ready_replicas,
                wanted: set.spec.replicas.unwrap_or(1),
                updated: set.status.updated_replicas,
                images: images(&set.spec.template.spec),
            };
            (set.spec.selector, replicas)
        }),
        Kind::DaemonSet => survey.named::<DaemonSet>(namespace, name).await?.map(|set| {
            let replicas = Replicas {
                ready: set.status.number_ready,
                wanted: set.status.desired_number_scheduled,
                updated: set.status.updated_number_scheduled,
                images: images(&set.spec.template.spec),
            };
            (set.spec.selector, replicas)
        }),
        _ => survey.named::<Deployment>(namespace, name).await?.map(|deployment| {
            let replicas = Replicas {
                ready: deployment.status.ready_replicas,
                wanted: deployment.spec.replicas.unwrap_or(1),
                updated: deployment.status.updated_replicas,
                images: images(&deployment.spec.template.spec),
            };
            (deployment.spec.selector, replicas)
        }),
    })
}

#[derive(Default)]
struct Pods {
    count: usize,
    lines: Vec<PodLine>,
    newest: Option<Pod>,
}

/// The workload, and its newest pod; an error only where nothing of the cluster can be read.
async fn workload(survey: &Survey<'_>, of: Choice, others: Vec<Choice>) -> Result<(Workload, Option<Pod>), ReadError> {
    let mut workload =
        Workload { others, replicas: Known::NotConfigured, pods: Known::Whole(Vec::new()), pod_count: 0, of };
    let (selector, replicas) = match found(survey, &workload.of).await {
        Ok(Some(found)) => found,
        Ok(None) => return Ok((workload, None)),
        Err(error) if error.is_total() => return Err(error),
        Err(error) => {
            workload.replicas = Known::Missing(error.chain());
            return Ok((workload, None));
        }
    };
    workload.replicas = Known::Whole(replicas);
    let folded = survey.fold_selected(&workload.of.workload.namespace, &selector, |all: &mut Pods, pod: Pod| {
        all.count += 1;
        all.lines.push(line(&pod));
        if all.lines.len() > 4 * KEPT {
            sort(&mut all.lines);
        }
        let is_newer = |newest: &Pod| newest.metadata.creation_timestamp < pod.metadata.creation_timestamp;
        if all.newest.as_ref().is_none_or(is_newer) {
            all.newest = Some(pod);
        }
    });
    match known(folded.await, |pods: &Pods| pods.count == 0) {
        Known::Whole(mut pods) => {
            sort(&mut pods.lines);
            (workload.pod_count, workload.pods) = (pods.count, Known::Whole(pods.lines));
            Ok((workload, pods.newest))
        }
        Known::Part(mut pods, why) => {
            sort(&mut pods.lines);
            (workload.pod_count, workload.pods) = (pods.count, Known::Part(pods.lines, why));
            Ok((workload, pods.newest))
        }
        Known::Missing(why) => {
            workload.pods = Known::Missing(why);
            Ok((workload, None))
        }
        Known::NotConfigured => Ok((workload, None)),
    }
}

/// Those in trouble first, then the newest; no more than are kept.
fn sort(lines: &mut Vec<PodLine>) {
    lines.sort_by(|a, b| {
        let rank =
            |line: &PodLine| (line.trouble.map_or(2, |failing| u8::from(!failing)), std::cmp::Reverse(line.created));
        rank(a).cmp(&rank(b)).then_with(|| a.name.cmp(&b.name))
    });
    lines.truncate(KEPT);
}

fn line(pod: &Pod) -> PodLine {
    let (condition, word) = condition(pod);
    let status = &pod.status;
    let all_ready = !status.container_statuses.is_empty() && status.container_statuses.iter().all(|one| one.ready);
    let statuses =
        status.init_container_statuses.iter().filter(|one| is_telling(one)).chain(&status.container_statuses);
    let mut containers: Vec<ContainerLine> = statuses.map(container).collect();
    if containers.is_empty() {
        // No kubelet has it yet.
        containers.extend(pod.spec.containers.iter().map(|container| ContainerLine {
            name: container.name.clone(),
            state: ContainerStateLine::Unknown,
            restarts: 0,
            last_ended: None,
            image: container.image.clone(),
        }));
    }
    PodLine {
        name: pod.name().to_owned(),
        word: if pod.metadata.deletion_timestamp.is_some() { "Terminating".to_owned() } else { word },
        trouble: match condition {
            Condition::Error => Some(true),
            Condition::Pending => Some(false),
            Condition::Running | Condition::Completed => None,
        },
        ready: all_ready,
        node: pod.spec.node_name.clone(),
        created: pod.metadata.creation_timestamp,
        containers,
    }
}

/// An init container that has done its work is no news.
fn is_telling(status: &ContainerStatus) -> bool {
    status.state.terminated.as_ref().is_none_or(|ended| ended.exit_code != 0)
}

fn container(status: &ContainerStatus) -> ContainerLine {
    let ContainerState { waiting, running, terminated } = &status.state;
    let state = match (waiting, running, terminated) {
        (Some(waiting), _, _) => ContainerStateLine::Waiting(waiting.reason.clone()),
        (_, _, Some(ended)) => ContainerStateLine::Terminated(ended.reason.clone(), ended.exit_code),
        (_, Some(_), _) => ContainerStateLine::Running(status.ready),
        _ => ContainerStateLine::Unknown,
    };
    let last = status.last_state.terminated.as_ref();
    ContainerLine {
        name: status.name.clone(),
        state,
        restarts: status.restart_count,
        last_ended: last.map(|ended| (ended.reason.clone(), ended.exit_code)),
        image: status.image.clone(),
    }
}

/// The end of the log of a pod's main container; of its run before where this one has written nothing.
async fn tail(survey: &Survey<'_>, pod: &Pod) -> LogTail {
    let named = pod.metadata.annotations.get(DEFAULT_CONTAINER);
    let main = named.or_else(|| pod.spec.containers.first().map(|container| &container.name));
    let container = main.cloned().unwrap_or_default();
    let status = pod.status.container_statuses.iter().find(|status| status.name == container);
    let (namespace, name) = (pod.namespace(), pod.name());
    let now = survey.log(namespace, name, &container, false).await;
    let has_run_before = status.is_some_and(|status| status.restart_count > 0);
    let (lines, previous) = match now {
        Ok(text) if !text.trim().is_empty() || !has_run_before => (Ok(text), false),
        other if has_run_before => match survey.log(namespace, name, &container, true).await {
            Ok(text) => (Ok(text), true),
            Err(_) => (other, false),
        },
        other => (other, false),
    };
    let lines = match lines {
        Ok(text) => {
            let lines: Vec<&str> = text.lines().collect();
            Ok(redact(&lines[lines.len().saturating_sub(LINES)..].join("\n")).into_owned())
        }
        // What the API says of a container that has not started is its reason, better said by the status.
        Err(error) => Err(match status.and_then(|status| status.state.waiting.as_ref()) {
            Some(waiting) if !waiting.reason.is_empty() => waiting.reason.clone(),
            _ => error.chain(),
        }),
    };
    LogTail { pod: name.to_owned(), container, previous, lines }
}
