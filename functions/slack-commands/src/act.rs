//! All writing: the answer, in Slack.
//!
//! An answer replaces what was said at its place before ([`deliver`](crate::deliver)), so sending it twice shows it once. It is
//! sent as soon as it is there; where Slack does not take it, it is kept in the outbox, and the minute's sweep and the
//! redelivered request send it, whichever comes first.

use std::time::Duration;

use serde_json::{Value, json};
use shared::deadline::Deadline;
use shared::roles::{Reach, Role};
use shared::slack::Message;
use shared::telemetry::Unit;

use crate::App;
use crate::clients::ClientError;
use crate::collect;
use crate::decide::{self, Answer};
use crate::deliver::{self, Kept};
use crate::event::{Ask, What};
use crate::layer::RecordError;
use crate::message;
use crate::situation::{self, Reading, Situation};

/// An answer that is there within this time is the first word; otherwise that it is being read is.
const AT_ONCE: Duration = Duration::from_millis(700);
/// The same for a command, of which intake has said that it was heard.
const AFTER_HEARD: Duration = Duration::from_secs(3);

/// Answers one request.
pub(crate) async fn answer(app: &App, ask: &Ask, deadline: Deadline) -> Result<Value, RecordError> {
    if let What::Elsewhere(action) = &ask.what {
        tracing::info!(action, "another function deals with this click");
        return Ok(json!({ "outcome": "elsewhere" }));
    }
    // An answer that Slack did not take before is sent as it is.
    if deliver::kept(app, &ask.id, deadline).await? == Kept::Sent {
        return Ok(json!({ "outcome": "sent later" }));
    }
    let (outcome, message) = {
        let work = composed(app, ask, deadline);
        tokio::pin!(work);
        let patience = if matches!(ask.what, What::Command(..)) { AFTER_HEARD } else { AT_ONCE };
        match tokio::time::timeout(patience, &mut work).await {
            Ok(done) => done?,
            Err(_) => {
                let cluster = collect::cluster_of(app.clients.settings(), &ask.what);
                let cluster = cluster.map(|known| known.name.clone()).unwrap_or_default();
                let first = message::progress(&ask.what, &cluster, &app.style);
                let (_, done) = futures::join!(deliver::first_word(app, ask, first, deadline), work);
                done?
            }
        }
    };
    deliver::deliver(app, ask, message, deadline).await?;
    let waited = (app.now)().duration_since(ask.asked_at).as_secs_f64() * 1000.0;
    app.metrics.add("AskToAnswer", Unit::Milliseconds, waited.max(0.0));
    app.metrics.count("Answers");
    Ok(json!({ "outcome": outcome }))
}

/// The answer and the name of its kind.
async fn composed(app: &App, ask: &Ask, deadline: Deadline) -> Result<(&'static str, Message), RecordError> {
    let reach = match reach(app, ask, deadline).await {
        Ok(reach) => reach,
        Err(answer) => return Ok(said(app, &answer, "")),
    };
    if let Err(refusal) = decide::admit(&ask.what, &reach) {
        tracing::info!(user = %ask.user, "refused for want of a role");
        app.metrics.count("Refusals");
        return Ok(said(app, &refusal, ""));
    }
    let at = (app.now)();
    let (cluster, reading) = match collect::cluster_of(app.clients.settings(), &ask.what) {
        _ if matches!(ask.what, What::UnknownCommand(_)) => (String::new(), Reading::NotNeeded),
        Err(known) => (String::new(), Reading::UnknownCluster { known }),
        Ok(known) => (known.name.clone(), collect::read(&app.clients, known, &ask.what, &reach, at, deadline).await),
    };
    let what = ask.what.clone();
    let situation = Situation { version: situation::VERSION, what, reach, cluster, at, reading };
    Ok(said(app, &decide::decide(&situation), &situation.cluster))
}

fn said(app: &App, answer: &Answer, cluster: &str) -> (&'static str, Message) {
    (answer.name(), message::answer(answer, cluster, (app.now)(), &app.style))
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
