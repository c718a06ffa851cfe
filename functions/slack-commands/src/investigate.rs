//! The Bedrock agent's part of an answer to a question. Whatever happens here, the rules' answer stands in the thread.
//!
//! The agent sees the cluster as whoever asks may see it: the reading it is given ends where their role does, its tools answer
//! from that reading, and what they read beyond it (logs of running pods) is held to the same role. Its session is the
//! question's own: a thread holds people of different roles, and what one was told is not another's.

use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt, join};
use jiff::ToSpan;
use shared::bedrock::{Case, Limits, LiveRead, SimilarIncident, ToolCall};
use shared::config::ClusterSettings;
use shared::deadline::Deadline;
use shared::eks::{LogPlan, ReadPlan};
use shared::model::{Object, ObjectRef};
use shared::redact::redact;
use shared::roles::Reach;
use shared::snapshot::Snapshot;
use tokio::sync::watch;

use crate::App;
use crate::clients::Clients;
use crate::decide::Answer;
use crate::deliver::Shown;
use crate::event::Ask;
use crate::message;
use crate::question::{self, Agent, Failure, Reply};
use crate::situation::{Reading, Situation};

/// What is kept of the invocation for sending the answer and recording the outcome.
const RESERVE: Duration = Duration::from_secs(8);
/// With less time than this the agent is not asked.
const LEAST: Duration = Duration::from_secs(4);
/// What it looked at that is told while it looks.
const TOLD: usize = 4;
/// Earlier incidents that it may ask about.
const EARLIER: usize = 20;

/// Asks the agent, where one is configured and the cluster was read; `shown` says in the thread what it is looking at.
pub(crate) async fn further(
    app: &App,
    ask: &Ask,
    text: &str,
    reply: &mut Reply,
    situation: &Situation,
    shown: &mut Shown,
    deadline: Deadline,
) {
    let Reading::Cluster(snapshot) = &situation.reading else { return };
    let total = deadline.remaining().saturating_sub(RESERVE).min(Limits::default().total);
    let limits = Limits { total, silence: Limits::default().silence.min(total), ..Limits::default() };
    let Some(analyst) = app.clients.analyst(limits).await else { return };
    if total < LEAST {
        reply.agent = Agent::Failed(Failure::Slow);
        return;
    }
    let (_, diagnosis) = question::diagnosed(text, snapshot, &situation.reach);
    let similar = similar(app, situation).await;
    let settings = app.clients.settings();
    let of = settings.clusters.iter().find(|known| known.name == situation.cluster);
    let live = of.map(|of| Live { clients: &app.clients, of, snapshot, reach: &situation.reach, deadline });
    let (told, looks) = watch::channel(Vec::new());
    let phrases = &app.style.phrases;
    let watcher = |call: &ToolCall| {
        let look = message::look(call, snapshot, phrases);
        told.send_modify(|looks: &mut Vec<String>| {
            if !looks.contains(&look) {
                looks.push(look);
            }
        });
    };
    let case = Case {
        diagnosis: &diagnosis,
        snapshot,
        alarm: "",
        question: Some(text),
        language: phrases.language(),
        session: &ask.id,
        similar: &similar,
        live: live.as_ref().map(|live| live as &dyn LiveRead),
        watch: Some(&watcher),
    };
    let mut so_far = reply.clone();
    let (done, end) = tokio::sync::oneshot::channel();
    let look = async {
        let found = analyst.investigate(&case).await;
        let _ = done.send(());
        found
    };
    let show = show(app, ask, &mut so_far, situation, shown, looks, end, deadline);
    match join(look, show).await.0 {
        Ok(findings) => {
            app.metrics.count("Investigations");
            let dropped = findings.checked.dropped.len();
            tracing::info!(steps = findings.steps.len(), dropped, "the agent has looked further");
            for dropped in &findings.checked.dropped {
                tracing::info!(what = dropped.what, why = %dropped.why, "what the agent says does not pass the checks");
            }
            reply.learn(findings, &diagnosis);
        }
        Err(error) => {
            app.metrics.count("InvestigationsFailed");
            tracing::warn!(kind = error.kind(), %error, "the agent adds nothing; the rules' text stands");
            reply.agent = Agent::Failed(Failure::from(&error));
        }
    }
}

/// Shows the rules' answer, and under it what the agent is looking at, until it has looked. An edit that has begun is waited
/// for, so that none of these arrives after the answer.
#[allow(clippy::too_many_arguments, reason = "the state of one conversation")]
async fn show(
    app: &App,
    ask: &Ask,
    reply: &mut Reply,
    situation: &Situation,
    shown: &mut Shown,
    mut looks: watch::Receiver<Vec<String>>,
    end: tokio::sync::oneshot::Receiver<()>,
    deadline: Deadline,
) {
    let mut end = end.fuse();
    loop {
        let mut looking = looks.borrow_and_update().clone();
        looking.drain(..looking.len().saturating_sub(TOLD));
        reply.agent = Agent::Looking(looking);
        let answer = Answer::Question(Box::new(reply.clone()));
        let message = message::answer(&answer, &situation.cluster, situation.at, &app.style);
        shown.progress(app, ask, &message, deadline).await;
        let mut next = std::pin::pin!(looks.changed().fuse());
        futures::select_biased! {
            _ = end => return,
            changed = next => if changed.is_err() { return },
        }
    }
}

/// Incidents of the last half year in what whoever asks may see, the latest first. Detail: without them the agent is asked as
/// well.
async fn similar(app: &App, situation: &Situation) -> Vec<SimilarIncident> {
    let since = situation.at - (180 * 24).hours();
    let Ok(store) = app.clients.store().await else { return Vec::new() };
    let past = match store.past_incidents(&situation.cluster, since, EARLIER, situation.at).await {
        Ok(past) => past,
        Err(error) => {
            tracing::warn!(%error, "earlier incidents are left out");
            return Vec::new();
        }
    };
    let is_seen = |object: &ObjectRef| match &situation.reach {
        Reach::Everywhere => true,
        reach => !object.namespace.is_empty() && reach.covers(&object.namespace),
    };
    let sees_all = situation.reach == Reach::Everywhere;
    past.into_iter()
        .filter_map(|past| {
            Some(SimilarIncident {
                began: past.opened_at,
                cause: past.cause?,
                object: past.object.filter(|object| is_seen(object))?,
                // A headline may name what lies in other namespaces.
                summary: if sees_all { past.headline } else { String::new() },
                outcome: String::new(),
            })
        })
        .collect()
}

/// Logs of pods that the reading has no log of.
struct Live<'a> {
    clients: &'a Clients,
    of: &'a ClusterSettings,
    snapshot: &'a Arc<Snapshot>,
    reach: &'a Reach,
    deadline: Deadline,
}

impl LiveRead for Live<'_> {
    fn read<'a>(&'a self, call: &'a ToolCall) -> BoxFuture<'a, Result<Option<String>, String>> {
        async move {
            let ToolCall::Logs { namespace, pod, container, previous, tail } = call else { return Ok(None) };
            // A pod outside the asker's namespaces is one that does not exist.
            let Some(found) = self.snapshot.pods.get(namespace, pod).filter(|_| self.reach.covers(namespace)) else {
                return Ok(None);
            };
            let first = || found.spec.containers.first().map(|container| container.name.clone());
            let container = container.clone().or_else(first).unwrap_or_default();
            let cluster = crate::collect::connected(self.clients, self.of, self.deadline).await?;
            let time = Duration::from_secs(5).min(self.deadline.remaining());
            let logs = LogPlan { lines: (*tail).clamp(1, 200), time, ..LogPlan::default() };
            let plan = ReadPlan { time, request_time: time, logs, ..ReadPlan::default() };
            let survey = cluster.survey(&plan);
            match survey.log(found.namespace(), found.name(), &container, *previous).await {
                Ok(text) if text.trim().is_empty() => Ok(Some("the log is empty".to_owned())),
                Ok(text) => Ok(Some(redact(&text).into_owned())),
                Err(error) => Err(error.chain()),
            }
        }
        .boxed()
    }
}
