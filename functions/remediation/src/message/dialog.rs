//! The dialog in which somebody who denies an action says why.

use shared::mrkdwn;
use shared::remediation::Case;
use shared::slack::{Block, Input, View};
use shared::text::Style;

use super::{quote, value, what};

/// Under which name it comes back.
pub(crate) const ID: &str = "remediation.deny-own-words";
/// The input.
pub(crate) const REASON: &str = "reason";
/// Characters that may be typed.
const LONGEST: u16 = 300;

/// The dialog of a case, as its object was shown.
pub(crate) fn why(case: &Case, style: &Style) -> View {
    let say = |key: &str| style.phrases.say(key);
    let buttons = [say("dialog-submit"), say("dialog-close")];
    View::new(ID, &value(case), &say("dialog-title"), [&buttons[0], &buttons[1]])
        .block(Block::section(&mrkdwn!("{}", quote(&what(&case.proposal.action, style)))))
        .input(Input::lines(REASON, &say("dialog-reason"), &say("dialog-reason-hint"), LONGEST))
}
