//! The buttons under a diagnosis: right cause, wrong cause. One vote a person; a later one takes the place of the earlier.

use shared::bus::Interaction;
use shared::deadline::Deadline;
use shared::incident::IncidentId;
use shared::lessons::{Verdict, Vote};
use shared::slack::{Block, Button, Message, Mrkdwn};

use crate::App;
use crate::layer::RecordError;
use crate::message::Style;

/// The action ids, which the bus's rule sends to this function's queue.
const RIGHT: &str = "diagnosis.right";
const WRONG: &str = "diagnosis.wrong";

/// The buttons under the diagnosis of `incident`.
pub(crate) fn buttons(incident: &str, style: &Style) -> Block {
    let button = |label: &str, action_id: &str| Button::new(&style.phrases.say(label), action_id, incident).into();
    Block::actions([button("vote-right", RIGHT), button("vote-wrong", WRONG)])
}

/// What a click says of which incident; `None` where it is none of ours.
fn read(interaction: &Interaction) -> Option<(IncidentId, Vote)> {
    let verdict = match interaction.action_id.as_str() {
        RIGHT => Verdict::Right,
        WRONG => Verdict::Wrong,
        _ => return None,
    };
    let id = interaction.value.as_str();
    let is_id = id
        .strip_prefix("inc-")
        .is_some_and(|rest| (1..=40).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    (is_id && !interaction.user_id.is_empty())
        .then(|| (IncidentId(id.to_owned()), Vote { verdict, at: interaction.received_at }))
}

/// Takes in a click. The same click again changes nothing.
pub(crate) async fn click(app: &App, interaction: &Interaction, deadline: Deadline) -> Result<(), RecordError> {
    let Some((id, vote)) = read(interaction) else {
        tracing::warn!(action_id = interaction.action_id, "a click that is not ours");
        app.metrics.count("EventsRefused");
        return Ok(());
    };
    let votes = app.clients.store().await?.vote(&id, &interaction.user_id, &vote, (app.now)()).await?;
    app.metrics.count(match vote.verdict {
        Verdict::Right => "DiagnosisRight",
        Verdict::Wrong => "DiagnosisWrong",
    });
    tracing::info!(incident = %id, verdict = ?vote.verdict, "somebody judged a diagnosis");
    let right = votes.values().filter(|vote| vote.verdict == Verdict::Right).count();
    // What counts of them: an older click that came late does not.
    let counts = votes.get(&interaction.user_id).map_or(vote.verdict, |vote| vote.verdict);
    answer(app, interaction, counts, (right, votes.len() - right), deadline).await;
    app.see_to_judged(&id, deadline).await?;
    // What people say of it is part of what it teaches.
    app.feed(&id, deadline).await
}

/// Tells the one who clicked. Detail: nothing depends on it.
async fn answer(
    app: &App,
    interaction: &Interaction,
    verdict: Verdict,
    (right, wrong): (usize, usize),
    deadline: Deadline,
) {
    let key = match verdict {
        Verdict::Right => "vote-noted-right",
        Verdict::Wrong => "vote-noted-wrong",
    };
    let text = app.style.phrases.say_with(key, &[("right", right.into()), ("wrong", wrong.into())]);
    let Ok(url) = interaction.response_url.parse() else { return };
    let Ok(slack) = app.clients.slack().await else { return };
    if let Err(error) = slack.respond(&url, false, false, &Message::new(&Mrkdwn::data(text)), deadline).await {
        tracing::warn!(%error, "who clicked could not be answered");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn click(action_id: &str, value: &str, user_id: &str) -> Interaction {
        serde_json::from_value(serde_json::json!({
            "id": "act-1", "kind": "block_actions", "user_id": user_id, "action_id": action_id, "value": value,
            "received_at": "2026-03-01T12:00:00Z",
        }))
        .unwrap()
    }

    #[test]
    fn a_click_is_a_vote_of_a_person_on_an_incident() {
        let (id, vote) = read(&click(WRONG, "inc-0123456789ab", "U1")).unwrap();
        assert_eq!((id.0.as_str(), vote.verdict), ("inc-0123456789ab", Verdict::Wrong));
        for other in [
            click("remediation.approve", "inc-0123456789ab", "U1"),
            click(RIGHT, "inc-../../x", "U1"),
            click(RIGHT, "", "U1"),
            click(RIGHT, "inc-0123456789ab", ""),
        ] {
            assert!(read(&other).is_none(), "{other:?}");
        }
    }
}
