//! What a click does to a case. Whoever denies for a reason of their own is asked for it in a dialog, whose submission is a
//! click like the others.

use jiff::Timestamp;
use shared::bus::Interaction;
use shared::deadline::Deadline;
use shared::redact::redact;
use shared::remediation::approval::{Approver, NotAnApprover};
use shared::remediation::{Case, CaseId, Stage};
use shared::roles::Role;
use shared::slack::{ChannelId, Message, Mrkdwn, Opening, Submitted, UserId};
use shared::store::StoreError;

use crate::message::dialog;
use crate::{App, RunError};

/// What a click asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Press {
    /// Yes.
    Approve,
    /// No, for this reason.
    Deny(String),
    /// No, for a reason of their own, which they are asked for.
    Explain,
    /// Take it back.
    Undo,
}

/// The choice of the menu that asks for a reason.
pub(crate) const OWN_WORDS: &str = "own-words";
/// Characters of a reason that are kept.
const REASON: usize = 300;

/// A reason as it is kept: on one line, bounded, without what nobody is to read.
fn own_words(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    redact(&words).chars().take(REASON).collect()
}

/// How a change that somebody wants taken back says so.
pub(crate) const ASKED_BY: &str = "asked-by:";

/// A click on a case: what, on which case, as the object was when the button was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Click {
    /// What.
    pub press: Press,
    /// Which case.
    pub case: CaseId,
    /// The object's `resourceVersion` that was shown.
    pub version: String,
}

impl Click {
    /// What an interaction asks for; `None` where it is none of ours.
    pub fn of(interaction: &Interaction) -> Option<Self> {
        if interaction.kind == "view_submission" {
            let submitted = Submitted::new(interaction.view.as_ref().filter(|_| interaction.action_id == dialog::ID)?);
            let (case, version) = submitted.metadata().split_once(':')?;
            let press = Press::Deny(own_words(submitted.text(dialog::REASON)));
            return Some(Self { press, case: CaseId(case.to_owned()), version: version.to_owned() });
        }
        let chosen = interaction.selected.first().unwrap_or(&interaction.value);
        let mut parts = chosen.splitn(3, ':');
        let (case, version) = (CaseId(parts.next()?.to_owned()), parts.next().unwrap_or_default().to_owned());
        let press = match interaction.action_id.as_str() {
            "remediation.approve" => Press::Approve,
            "remediation.deny" => match parts.next().unwrap_or_default() {
                OWN_WORDS => Press::Explain,
                word => Press::Deny(word.to_owned()),
            },
            "remediation.undo" => Press::Undo,
            _ => return None,
        };
        Some(Self { press, case, version })
    }
}

/// What to tell the one who clicked, where nobody else has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Nothing: the message says it.
    None,
    /// Their role is too small.
    NotAnApprover,
    /// They asked for it themselves.
    NotTheRequester,
    /// There is nothing to press any more.
    TooLate(&'static str),
    /// The object is not what the button was shown for.
    LookAgain,
    /// They are asked why.
    AskWhy,
}

/// What a click makes of a case: pure. `None` where the case stays as it is.
pub fn pressed(
    case: &Case,
    click: &Click,
    approver: &Result<Approver, NotAnApprover>,
    user: &str,
    now: Timestamp,
) -> (Option<Case>, Reply) {
    let Ok(approver) = approver else {
        let mut refused = case.clone();
        // Who pressed without the right to is kept, too.
        refused.note(&format!("not-allowed:{user}"), user, &[("pressed", format!("{:?}", click.press))], now);
        return (Some(refused), Reply::NotAnApprover);
    };
    match (&click.press, &case.stage) {
        (Press::Undo, Stage::Watching { execution, .. } | Stage::Done { execution, .. })
        | (Press::Undo, Stage::Failed { execution: Some(execution), .. }) => {
            let mut undone = case.clone();
            let stage = Stage::Undoing { execution: execution.clone(), why: format!("{ASKED_BY}{user}") };
            undone.comes_to(stage, "undo-asked", user, &[], now);
            (Some(undone), Reply::None)
        }
        (Press::Approve | Press::Deny(_) | Press::Explain, Stage::Asked { requirement }) => {
            if now > requirement.until {
                return (None, Reply::TooLate("expired"));
            }
            let Some(shown) = &case.shown else { return (None, Reply::LookAgain) };
            if click.version != shown.bound.version.resource_version {
                return (None, Reply::LookAgain);
            }
            if matches!(click.press, Press::Approve) && requirement.requester.as_deref() == Some(user) {
                return (None, Reply::NotTheRequester);
            }
            if case.votes.iter().any(|vote| vote.by() == user) {
                return (None, Reply::None);
            }
            if click.press == Press::Explain {
                return (None, Reply::AskWhy);
            }
            let mut voted = case.clone();
            let version = shown.bound.version.resource_version.clone();
            match &click.press {
                Press::Deny(reason) => {
                    voted.votes.push(approver.deny(shown.bound.clone(), reason, now));
                    let details = [("reason", reason.clone()), ("resource_version", version.clone())];
                    voted.note(&format!("voted-no:{user}:{version}"), user, &details, now);
                }
                _ => {
                    voted.votes.push(approver.approve(shown.bound.clone(), now));
                    voted.note(&format!("approved:{user}:{version}"), user, &[("resource_version", version)], now);
                }
            }
            (Some(voted), Reply::None)
        }
        (_, stage) => (None, Reply::TooLate(stage.name())),
    }
}

/// Takes in a click.
pub(crate) async fn click(app: &App, interaction: &Interaction, deadline: Deadline) -> Result<(), RunError> {
    let Some(click) = Click::of(interaction) else {
        tracing::warn!(action_id = interaction.action_id, "a click that is not ours");
        return Ok(());
    };
    let store = app.clients.store().await?;
    let (reply, seen) = loop {
        let Some(kept) = store.case(&click.case, app.now()).await? else { break (Reply::TooLate("gone"), None) };
        let approver = approver(app, interaction, &kept.case, deadline).await?;
        let (changed, reply) = pressed(&kept.case, &click, &approver, &interaction.user_id, app.now());
        let Some(changed) = changed else { break (reply, Some(kept.case)) };
        match store.keep_case(&kept, changed, app.now()).await {
            Ok(kept) => {
                // One that was over is carried on again.
                store.open_case(&kept.case, app.now()).await?;
                break (reply, Some(kept.case));
            }
            Err(StoreError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    };
    app.metrics.count(match &reply {
        Reply::None | Reply::AskWhy => "ClicksTaken",
        _ => "ClicksRefused",
    });
    answer(app, interaction, &reply, seen.as_ref(), deadline).await;
    app.carry_on(&click.case, deadline).await
}

async fn approver(
    app: &App,
    interaction: &Interaction,
    case: &Case,
    deadline: Deadline,
) -> Result<Result<Approver, NotAnApprover>, RunError> {
    let slack = app.clients.slack().await?.clone();
    let user = interaction.user_id.as_str();
    let person = app.directory.person(user, &app.roles, async || Ok(slack), deadline).await?;
    let namespace = case.proposal.action.target().namespace;
    Ok(Approver::check(user, &namespace, |_, namespace| app.roles.allows(&person, Role::Approver, namespace)))
}

/// How a stage is told to somebody who presses too late.
fn state_key(stage: &str) -> &'static str {
    match stage {
        "proposed" => "stage-proposed",
        "needs-review" => "stage-needs-review",
        "asked" => "stage-asked",
        "denied" => "stage-denied",
        "expired" => "stage-expired",
        "overtaken" => "stage-overtaken",
        "dry-run-refused" => "stage-dry-run-refused",
        "changing" => "stage-changing",
        "watching" => "stage-watching",
        "undoing" => "stage-undoing",
        "done" => "stage-done",
        "undone" => "stage-undone",
        "failed" => "stage-failed",
        _ => "stage-gone",
    }
}

/// Tells the one who clicked. Detail: nothing depends on it.
async fn answer(app: &App, interaction: &Interaction, reply: &Reply, case: Option<&Case>, deadline: Deadline) {
    let phrases = &app.style.phrases;
    let text = match reply {
        // Where Slack does not open it, the menu with its reasons is still there.
        Reply::AskWhy if ask_why(app, interaction, case, deadline).await => return,
        Reply::AskWhy => phrases.say("dialog-not-opened"),
        Reply::None => return,
        Reply::NotAnApprover => phrases.say("not-an-approver"),
        Reply::NotTheRequester => phrases.say("not-the-requester"),
        Reply::TooLate(state) => {
            let state = phrases.say(state_key(state));
            phrases.say_with("too-late", &[("state", (&state).into())])
        }
        Reply::LookAgain => phrases.say("asks-again"),
    };
    let Ok(slack) = app.clients.slack().await else { return };
    let message = Message::new(&Mrkdwn::data(text));
    let outcome = match (interaction.response_url.parse(), case) {
        (Ok(url), _) => slack.respond(&url, false, false, &message, deadline).await,
        // A dialog has no address for answers.
        (Err(_), Some(case)) => {
            let (channel, user) = (ChannelId(case.told.channel.clone()), UserId(interaction.user_id.clone()));
            slack.ephemeral(&channel, &user, &message, deadline).await
        }
        (Err(_), None) => return,
    };
    if let Err(error) = outcome {
        tracing::warn!(%error, "who clicked could not be answered");
    }
}

/// Opens the dialog that asks for a reason; whether it is open.
async fn ask_why(app: &App, interaction: &Interaction, case: Option<&Case>, deadline: Deadline) -> bool {
    let (Some(case), Ok(slack)) = (case, app.clients.slack().await) else { return false };
    match slack.open_view(&interaction.trigger_id, &dialog::why(case, &app.style), deadline).await {
        Ok(opening) => opening == Opening::Open,
        Err(error) => {
            tracing::warn!(case = %case.id, %error, "the dialog is not opened");
            false
        }
    }
}
