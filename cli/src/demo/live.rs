//! The demo to watch: a page with the channel, and a choice of what to break next.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use sim::slack::{Panel, PanelAction, Workspace};
use sim::world::{Scenario, StateValue};
use sim::{Options, Sim};
use tokio::task::JoinHandle;

use super::Arguments;
use super::product::Product;
use crate::Outcome;
use crate::sim::interrupted;

/// How far back the world begins. It runs through this time at [`SPEED`] and keeps step with the machine's clock after.
const BEGINNING: SignedDuration = SignedDuration::from_mins(15);
/// How many times faster than the machine's clock the world runs until it has caught up.
const SPEED: f64 = 30.0;
/// How long, in the world's time, all is well before something breaks: three seconds to look at it.
const BREAK_AFTER: SignedDuration = SignedDuration::from_secs(90);
/// How often the world is asked for alarms.
const LOOK: Duration = Duration::from_millis(200);
/// How often `remediation` looks after what is not over: the table's stream wakes it at once, and the schedule each minute.
const CARRY_ON: Duration = Duration::from_secs(5);
/// How often the zones are judged: more often than every minute, as the world runs ahead at first.
const JUDGE: Duration = Duration::from_secs(15);
/// How often the schedule has the function finish what an event should have.
const SWEEP: Duration = Duration::from_secs(60);

pub(super) async fn run(arguments: Arguments) -> Result<Outcome, Box<dyn std::error::Error>> {
    let workspace = Workspace::default();
    let mut clicks = workspace.clicks();
    let mut stage = Stage::set(&arguments, arguments.scenario, workspace, arguments.port).await?;
    let port = stage.sim.slack_port();
    println!("the channel: {}", stage.sim.page());
    println!("breaking:    {} (choose others on the page; end with Ctrl-C)", stage.scenario);

    let end = interrupted();
    tokio::pin!(end);
    let mut looks = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            ended = &mut end => {
                ended?;
                return Ok(Outcome::Done);
            }
            Some(name) = clicks.recv() => {
                let Ok(scenario) = name.parse::<Scenario>() else { continue };
                println!("breaking:    {scenario}");
                let workspace = stage.sim.slack().clone();
                stage.end().await;
                stage = Stage::set(&arguments, scenario, workspace, port).await?;
            }
            _ = looks.tick() => stage.show(),
        }
    }
}

/// One scenario being played.
struct Stage {
    scenario: Scenario,
    sim: Arc<Sim>,
    work: JoinHandle<()>,
    shown: Panel,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.work.abort();
    }
}

/// Hands on what the world raises, and sends what the schedule sends.
async fn work(sim: Arc<Sim>, product: Product, logs: bool) {
    // Open for as long as this works.
    let _door = product.open(&sim, logs).await;
    let mut looks = tokio::time::interval(LOOK);
    let mut sweeps = tokio::time::interval(SWEEP);
    sweeps.tick().await;
    let mut carries_on = tokio::time::interval(CARRY_ON);
    let mut judges = tokio::time::interval(JUDGE);
    loop {
        tokio::select! {
            _ = looks.tick() => {
                if product.take_alarms(&sim) == 0 && !product.has_work() {
                    continue;
                }
                let report = product.work().await;
                for error in &report.errors {
                    eprintln!("nightshift: alarm-analysis: {error}");
                }
                if report.dead > 0 {
                    eprintln!("nightshift: {} messages are in the dead-letter queue; see --logs", report.dead);
                }
            }
            _ = judges.tick() => {
                if let Err(error) = product.judge_zones().await {
                    eprintln!("nightshift: gray-failure: {error}");
                }
            }
            _ = carries_on.tick() => {
                if let Err(error) = product.carry_on().await {
                    eprintln!("nightshift: remediation: {error}");
                }
            }
            _ = sweeps.tick() => {
                if let Err(error) = product.sweep().await {
                    eprintln!("nightshift: alarm-analysis: {error}");
                }
            }
        }
    }
}

impl Stage {
    async fn set(
        arguments: &Arguments,
        scenario: Scenario,
        workspace: Workspace,
        port: u16,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let mut options = arguments.size.apply(Options::running(scenario).beginning(BEGINNING));
        options.world.break_after = BREAK_AFTER;
        options.speed = SPEED;
        options.slack_port = port;
        options.workspace = workspace;
        let sim = Arc::new(Sim::start(options).await?);
        let product = Product::start(&sim, arguments.logs).await?;
        let work = tokio::spawn(work(Arc::clone(&sim), product, arguments.logs));
        let mut stage = Self { scenario, sim, work, shown: Panel::default() };
        stage.show();
        Ok(stage)
    }

    /// Ends it; the page's port is free afterwards.
    async fn end(mut self) {
        self.work.abort();
        // The work holds the simulation, and the function its processes, until it is gone.
        let _ = (&mut self.work).await;
    }

    /// Says on the page where things stand.
    fn show(&mut self) {
        let world = self.sim.world();
        let options = world.options();
        let now = world.now();
        let broken_at = options.start.checked_add(options.break_after).unwrap_or(options.start);
        let clock = |time: jiff::Timestamp| time.to_zoned(TimeZone::UTC).strftime("%H:%M UTC").to_string();
        let state = match self.scenario {
            Scenario::Healthy => "nothing is broken".to_owned(),
            scenario if now < broken_at => format!("{scenario} is about to happen"),
            scenario => format!("{scenario} since {}", clock(broken_at)),
        };
        let ringing = world.alarms().iter().filter(|alarm| alarm.state.value == StateValue::Alarm).count();
        let alarms = match ringing {
            0 => "no alarm is ringing".to_owned(),
            1 => "1 alarm is ringing".to_owned(),
            count => format!("{count} alarms are ringing"),
        };
        let size = format!("{} · {} nodes · {} pods", options.cluster, options.nodes, options.pods);
        let panel = Panel {
            status: vec![size, format!("world time {}", clock(now)), state, alarms],
            actions: actions(self.scenario),
        };
        // The page is told only of what has changed.
        if panel != self.shown {
            self.shown = panel.clone();
            self.sim.slack().show_panel(panel);
        }
    }
}

fn actions(current: Scenario) -> Vec<PanelAction> {
    let action = |scenario: Scenario| {
        let (label, hint) = describe(scenario);
        PanelAction {
            label: label.to_owned(),
            hint: hint.to_owned(),
            path: format!("/click/{scenario}"),
            active: scenario == current,
        }
    };
    Scenario::ALL.into_iter().map(action).collect()
}

fn describe(scenario: Scenario) -> (&'static str, &'static str) {
    match scenario {
        Scenario::Healthy => ("Nothing", "a quiet night: no message"),
        Scenario::BadRollout => ("Bad rollout", "a new version misses a variable"),
        Scenario::MemoryLeak => ("Memory leak", "a service grows until it is killed"),
        Scenario::NodeFailure => ("Node failure", "a kubelet stops reporting"),
        Scenario::WrongImage => ("Wrong image", "a rollout to a tag that does not exist"),
        Scenario::AlarmStorm => ("Alarm storm", "a zone goes away, everything rings"),
        Scenario::GrayFailure => ("Gray failure", "a zone limps, nothing rings"),
    }
}
