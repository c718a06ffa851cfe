//! All writing: the answer, in Slack.
//!
//! An answer is shown once ([`deliver`](crate::deliver)), as soon as it is there; where Slack does not take it, it is kept in the
//! outbox, and the minute's sweep and the redelivered request send it, whichever comes first. To a question the rules' answer
//! is shown at once and an agent, where there is one, looks further ([`investigate`](crate::investigate)).

use std::time::Duration;

use serde_json::{Value, json};
use shared::deadline::Deadline;
use shared::roles::{Reach, Role};
use shared::telemetry::Unit;

use crate::App;
use crate::clients::ClientError;
use crate::collect;
use crate::decide::{self, Answer};
use crate::deliver::{self, Kept, Shown};
use crate::event::{Ask, What};
use crate::investigate;
use crate::layer::RecordError;
use crate::message;
use crate::question::Agent;
use crate::situation::{self, Reading, Situation};

/// An answer that is there within this time is the first word; otherwise that it is being read is.
const AT_ONCE: Duration = Duration::from_millis(700);

/// Answers one request.
pub(crate) async fn answer(app: &App, ask: &Ask, deadline: Deadline) -> Result<Value, RecordError> {
    if let What::Elsewhere(action) = &ask.what {
        tracing::info!(action, "another function deals with this click");
        return Ok(json!({ "outcome": "elsewhere" }));
    }
    let mut shown = Shown::default();
    // An answer that was decided before is sent as it is, unless it was.
    if deliver::kept(app, &ask.id, &mut shown, deadline).await? == Kept::Sent {
        return Ok(json!({ "outcome": "sent later" }));
    }
    let Found { mut answer, situation } = found_in_time(app, ask, &mut shown, deadline).await;
    if let (Answer::Question(reply), What::Question(text), Some(situation)) = (&mut answer, &ask.what, &situation) {
        investigate::further(app, ask, text, reply, situation, &mut shown, deadline).await;
    }
    let cluster = situation.as_ref().map(|situation| situation.cluster.as_str()).unwrap_or_default();
    let message = message::answer(&answer, cluster, (app.now)(), &app.style);
    let keep = matches!(&answer, Answer::Question(reply) if reply.agent != Agent::NotAsked);
    deliver::deliver(app, ask, message, keep, &mut shown, deadline).await?;
    let waited = (app.now)().duration_since(ask.asked_at).as_secs_f64() * 1000.0;
    app.metrics.add("AskToAnswer", Unit::Milliseconds, waited.max(0.0));
    app.metrics.count("Answers");
    Ok(json!({ "outcome": answer.name() }))
}

/// An answer, and what it was decided from where anything was read.
struct Found {
    answer: Answer,
    situation: Option<Situation>,
}

/// The answer; where it takes its time, that it is being worked on is said meanwhile.
async fn found_in_time(app: &App, ask: &Ask, shown: &mut Shown, deadline: Deadline) -> Found {
    let work = found(app, ask, deadline);
    tokio::pin!(work);
    if let Ok(done) = tokio::time::timeout(AT_ONCE, &mut work).await {
        return done;
    }
    let cluster = collect::cluster_of(app.clients.settings(), &ask.what);
    let cluster = cluster.map(|known| known.name.clone()).unwrap_or_default();
    let first = message::progress(&ask.what, &cluster, &app.style);
    futures::join!(shown.progress(app, ask, &first, deadline), work).1
}

async fn found(app: &App, ask: &Ask, deadline: Deadline) -> Found {
    let reach = match reach(app, ask, deadline).await {
        Ok(reach) => reach,
        Err(answer) => return Found { answer, situation: None },
    };
    if let Err(refusal) = decide::admit(&ask.what, &reach) {
        tracing::info!(user = %ask.user, "refused for want of a role");
        app.metrics.count("Refusals");
        return Found { answer: refusal, situation: None };
    }
    let at = (app.now)();
    let (cluster, reading) = match collect::cluster_of(app.clients.settings(), &ask.what) {
        _ if matches!(ask.what, What::UnknownCommand(_)) => (String::new(), Reading::NotNeeded),
        Err(known) => (String::new(), Reading::UnknownCluster { known }),
        Ok(known) => (known.name.clone(), collect::read(&app.clients, known, &ask.what, &reach, at, deadline).await),
    };
    let what = ask.what.clone();
    let situation = Situation { version: situation::VERSION, what, reach, cluster, at, reading };
    Found { answer: decide::decide(&situation), situation: Some(situation) }
}

/// Where whoever asks may read; an answer where that cannot be told.
async fn reach(app: &App, ask: &Ask, deadline: Deadline) -> Result<Reach, Answer> {
    let roles = app.clients.roles();
    let slack = async || match app.clients.slack().await {
        Ok(slack) => Ok(slack.clone()),
        Err(ClientError::Slack(error)) => Err(error),
        Err(error) => Err(shared::slack::SlackError::Client(error.to_string())),
    };
    match app.clients.directory.person(&ask.user, roles, slack, deadline).await {
        Ok(person) => Ok(roles.reach(&person, Role::Viewer)),
        Err(error) => Err(Answer::Unidentified { reason: error.to_string() }),
    }
}
