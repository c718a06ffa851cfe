//! `nightshift demo`: the real functions against a simulated cluster, and the Slack channel to watch.
//!
//! The functions' own binaries run against a Lambda Runtime API; what the world's alarms say reaches it as EventBridge
//! events through a queue, as it does on AWS. [`live`] shows a page on which things can be broken one after the other, and
//! opens [`door`], so that commands, clicks and questions on the page reach the functions behind it;
//! [`headless`] runs one scenario to its end, in the world's time rather than the machine's, and judges what was posted;
//! [`approve`] presses the button that people would.

mod approve;
mod door;
mod headless;
mod live;
mod messages;
mod product;

use sim::world::Scenario;

use crate::sim::Size;
use crate::{Format, Outcome};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What breaks.
    #[arg(long, default_value = "bad-rollout")]
    scenario: Scenario,
    /// Run the scenario to its end, print what was posted and say whether the right cause was reported.
    #[arg(long)]
    headless: bool,
    /// How to print what was posted; with `json` a line a message, and the verdict.
    #[arg(long, value_enum, default_value_t, requires = "headless")]
    format: Format,
    /// Press Approve on the first action that is proposed, and see it through: rollback, recovery, the end of the alarm.
    #[arg(long, requires = "headless")]
    approve: bool,
    /// The port of the page; any free one where not given.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Print what the function logs.
    #[arg(long)]
    logs: bool,
    #[command(flatten)]
    size: Size,
}

pub(crate) async fn run(arguments: Arguments) -> Result<Outcome, Box<dyn std::error::Error>> {
    match arguments.headless {
        true => headless::run(arguments).await,
        false => live::run(arguments).await,
    }
}
