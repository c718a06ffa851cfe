//! `nightshift sim`: the world alone, to point kubectl, an AWS client or a function at.

use std::io::Write as _;

use jiff::SignedDuration;
use sim::world::Scenario;
use sim::{Options, Sim};

use crate::Outcome;

/// How far back the world begins: by the time it is ready, what breaks has had its effects.
const BEGINNING: SignedDuration = SignedDuration::from_mins(15);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What breaks.
    #[arg(long, default_value_t)]
    scenario: Scenario,
    #[command(flatten)]
    size: Size,
    /// Break it a few seconds after the start rather than some minutes before it, to watch it happen.
    #[arg(long)]
    live: bool,
}

/// How large the cluster is.
#[derive(clap::Args)]
pub(crate) struct Size {
    /// Number of nodes, over three zones.
    #[arg(long, default_value_t = 6)]
    nodes: usize,
    /// Number of pods, about.
    #[arg(long, default_value_t = 50)]
    pods: usize,
}

impl Size {
    /// The options of a world of this size.
    pub(crate) fn apply(&self, mut options: Options) -> Options {
        options.world.nodes = self.nodes;
        options.world.pods = self.pods;
        options
    }
}

pub(crate) async fn run(arguments: Arguments) -> Result<Outcome, Box<dyn std::error::Error>> {
    let options = arguments.size.apply(Options::running(arguments.scenario));
    let sim = match arguments.live {
        true => Sim::start(options).await?,
        false => {
            let sim = Sim::start(options.beginning(BEGINNING)).await?;
            tokio::task::block_in_place(|| sim.world().tick(jiff::Timestamp::now()));
            sim
        }
    };
    let mut lines = String::new();
    for (name, value) in sim.environment() {
        lines.push_str(&format!("export {name}={value}\n"));
    }
    lines.push_str(&format!("export NIGHTSHIFT_SIM_PAGE={}\nready\n", sim.page()));
    std::io::stdout().write_all(lines.as_bytes())?;
    std::io::stdout().flush()?;
    interrupted().await?;
    Ok(Outcome::Done)
}

/// Returns when the process is asked to end.
pub(crate) async fn interrupted() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminated.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
