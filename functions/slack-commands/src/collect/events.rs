//! The latest events, of a namespace or of all that somebody may see.

use jiff::Timestamp;
use shared::config::ClusterSettings;
use shared::deadline::Deadline;
use shared::model::Event;
use shared::roles::Reach;

use super::{connected, plan};
use crate::clients::Clients;
use crate::event::What;
use crate::situation::{EventLine, Known, LatestEvents, Reading};

/// Events that are kept.
const KEPT: usize = 10;
/// The word that asks for warnings alone.
const WARNINGS: &[&str] = &["warning", "warnings", "경고"];

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
    let What::Command(_, words) = what else { return Reading::NotNeeded };
    let warnings = words.iter().any(|word| WARNINGS.contains(&word.to_lowercase().as_str()));
    let named = namespace_in(words).filter(|name| *name != of.name);
    // Said before; here it only must not be read.
    if named.is_some_and(|name| !reach.covers(name)) {
        return Reading::NotNeeded;
    }
    let namespaces: Vec<Option<&str>> = match (named, reach) {
        (Some(namespace), _) => vec![Some(namespace)],
        (None, Reach::Everywhere) => vec![None],
        (None, Reach::Namespaces(names)) => names.iter().map(|name| Some(name.as_str())).collect(),
    };
    let plan = plan(deadline);
    let survey = cluster.survey(&plan);
    let add = |all: &mut LatestEvents, event: Event| {
        if warnings && event.type_ != "Warning" {
            return;
        }
        all.count += 1;
        all.latest.push(line(event));
        if all.latest.len() > 8 * KEPT {
            sort(&mut all.latest);
        }
    };
    let folds = futures::future::join_all(namespaces.into_iter().map(|namespace| survey.fold(namespace, add))).await;
    let (mut all, mut gap, mut answered) = (LatestEvents::default(), None, false);
    for fold in folds {
        let part = match fold {
            Ok(part) => {
                answered = true;
                part
            }
            Err((_, error)) if error.is_total() => {
                clients.forget(&of.name).await;
                return Reading::Unreachable { reason: error.chain() };
            }
            Err((part, error)) => {
                gap.get_or_insert(error.chain());
                part
            }
        };
        all.count += part.count;
        all.latest.extend(part.latest);
    }
    sort(&mut all.latest);
    Reading::Events(match gap {
        None => Known::Whole(all),
        Some(why) if !answered && all.count == 0 => Known::Missing(why),
        Some(why) => Known::Part(all, why),
    })
}

/// The namespace among the words of the command: what Kubernetes takes as one, and is no word of the command.
pub(crate) fn namespace_in(words: &[String]) -> Option<&str> {
    let is_name =
        |word: &str| word.len() <= 63 && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    words.iter().map(String::as_str).find(|word| is_name(word) && !WARNINGS.contains(word))
}

fn sort(lines: &mut Vec<EventLine>) {
    lines.sort_by(|a, b| b.time.cmp(&a.time).then_with(|| a.name.cmp(&b.name)));
    lines.truncate(KEPT);
}

fn line(event: Event) -> EventLine {
    let time: Option<Timestamp> = event.last_seen();
    let times = event.times();
    EventLine {
        time,
        warning: event.type_ == "Warning",
        reason: event.reason,
        kind: event.involved_object.kind,
        namespace: event.involved_object.namespace,
        name: event.involved_object.name,
        message: event.message,
        times,
    }
}
