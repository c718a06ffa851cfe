//! Starting it all: ports, tasks, environment.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::aws::{self, Account};
use crate::bus::{self, Buses};
use crate::fault::Faults;
use crate::slack::{self, Workspace};
use crate::trackers::{self, Trackers};
use crate::world::{self, Scenario, World};
use crate::{clock, kube, kube_faults};

/// The token of the one bot. Slack's real ones are longer.
const BOT_TOKEN: &str = "xoxb-sim";

/// What is simulated, and how fast.
#[derive(Debug, Clone)]
pub struct Options {
    /// The cluster and what breaks in it.
    pub world: world::Options,
    /// How many times faster than the machine's clock the world's runs until it has caught up; 0 for a world that is only
    /// stepped by hand.
    pub speed: f64,
    /// The port of Slack and its page; 0 for any.
    pub slack_port: u16,
    /// A workspace that is there already: its messages stay.
    pub workspace: Workspace,
    /// What goes wrong.
    pub faults: Faults,
}

impl Options {
    /// A world in step with the machine's clock.
    pub fn running(scenario: Scenario) -> Self {
        Self {
            world: world::Options { scenario, history: scenario.history(), ..world::Options::at(Timestamp::now()) },
            speed: 1.0,
            slack_port: 0,
            workspace: Workspace::default(),
            faults: Faults::default(),
        }
    }

    /// A world whose clock is stepped by hand, from now on.
    pub fn stopped(scenario: Scenario) -> Self {
        Self { speed: 0.0, ..Self::running(scenario) }
    }

    /// Lets the world begin this long ago: it runs fast until it is in step with the machine's clock.
    pub fn beginning(mut self, ago: SignedDuration) -> Self {
        self.world.start = self.world.start.checked_sub(ago).unwrap_or(self.world.start);
        self
    }
}

/// The simulation could not be started.
#[derive(Debug, thiserror::Error)]
#[error("cannot serve on 127.0.0.1:{port}")]
pub struct StartError {
    /// The port; 0 for any.
    pub port: u16,
    /// Why.
    #[source]
    pub source: std::io::Error,
}

/// A running simulation. Dropping it ends it.
#[derive(Debug)]
pub struct Sim {
    world: Arc<World>,
    workspace: Workspace,
    account: Account,
    kube: SocketAddr,
    aws: SocketAddr,
    slack: SocketAddr,
    trackers: Trackers,
    tracker_address: SocketAddr,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Sim {
    /// Builds the world and serves it, each of Kubernetes, AWS and Slack on a port of its own on loopback.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let world_options = options.world.clone();
        // Hours of history are lived through here.
        let built = tokio::task::spawn_blocking(move || World::new(world_options)).await;
        let world = Arc::new(built.unwrap_or_else(|_| World::new(options.world.clone())));
        let mut sim = Self::serving(world, options.workspace, options.faults, options.slack_port).await?;
        if options.speed > 0.0 {
            let (world, now) = (Arc::downgrade(&sim.world), sim.world.now());
            sim.tasks.push(tokio::spawn(clock::run(world, now, options.speed)));
        }
        Ok(sim)
    }

    /// The same world once more, on ports of its own: with a channel of its own, and with faults that are nobody else's.
    pub async fn beside(&self, faults: Faults) -> Result<Self, StartError> {
        Self::serving(Arc::clone(&self.world), Workspace::default(), faults, 0).await
    }

    /// A world that goes on from this one's moment on its own, stepped by hand, with a channel and faults of its own.
    pub async fn apart(&self) -> Result<Self, StartError> {
        let world = Arc::new(World::from(&self.world.moment()));
        Self::serving(world, Workspace::default(), Faults::default(), 0).await
    }

    async fn serving(
        world: Arc<World>,
        workspace: Workspace,
        faults: Faults,
        slack_port: u16,
    ) -> Result<Self, StartError> {
        let (kube_listener, kube) = bind(0).await?;
        let (aws_listener, aws) = bind(0).await?;
        let (slack_listener, slack) = bind(slack_port).await?;
        let (tracker_listener, tracker_address) = bind(0).await?;
        let trackers = Trackers::default();
        trackers.serve_at(format!("http://{tracker_address}/"));
        let clock = Arc::downgrade(&world);
        trackers.set_clock(move || clock.upgrade().map_or_else(Timestamp::now, |world| world.now()));
        let account = Account::new(Arc::clone(&world), format!("http://{kube}"), faults.clone());
        account.secrets.put("nightshift/slack-bot-token", BOT_TOKEN);
        account.secrets.put("nightshift/slack-signing-secret", crate::SIGNING_SECRET);
        workspace.serve_at(format!("http://{slack}/"));
        let tasks = vec![
            serve(kube_listener, kube_faults::layer(kube::router(Arc::clone(&world)), faults.clone())),
            serve(aws_listener, aws::router(account.clone())),
            serve(slack_listener, slack::router(workspace.clone(), faults.clone())),
            serve(tracker_listener, trackers::router(trackers.clone(), faults)),
        ];
        Ok(Self { world, workspace, account, kube, aws, slack, trackers, tracker_address, tasks })
    }

    /// The world behind it.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// The Slack workspace.
    pub fn slack(&self) -> &Workspace {
        &self.workspace
    }

    /// The AWS account.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The account's event buses.
    pub fn buses(&self) -> &Buses {
        &self.account.buses
    }

    /// What goes wrong, and the journal of calls.
    pub fn faults(&self) -> &Faults {
        &self.account.faults
    }

    /// The trackers of tickets.
    pub fn trackers(&self) -> &Trackers {
        &self.trackers
    }

    /// The variables, in addition to [`Self::environment`], by which every incident gets an issue in Jira.
    pub fn jira_environment(&self) -> Vec<(String, String)> {
        let address = format!("http://{}/", self.tracker_address);
        let all = [
            ("JIRA_URL", address.as_str()),
            ("JIRA_PROJECT", trackers::JIRA_PROJECT),
            ("JIRA_USER", "nightshift@example.com"),
            ("JIRA_TOKEN", trackers::TOKEN),
        ];
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    /// The same for GitHub.
    pub fn github_environment(&self) -> Vec<(String, String)> {
        let address = format!("http://{}/", self.tracker_address);
        let all = [
            ("GITHUB_ISSUES_API_URL", address.as_str()),
            ("GITHUB_ISSUES_REPOSITORY", trackers::GITHUB_REPOSITORY),
            ("GITHUB_ISSUES_TOKEN", trackers::TOKEN),
        ];
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    /// Where an issue of GitHub's is read.
    pub fn ticket_page(&self, number: usize) -> String {
        format!("http://{}/{}/issues/{number}", self.tracker_address, trackers::GITHUB_REPOSITORY)
    }

    /// The Kubernetes API's address.
    pub fn kube_endpoint(&self) -> String {
        format!("http://{}", self.kube)
    }

    /// The AWS account's address.
    pub fn aws_endpoint(&self) -> String {
        format!("http://{}", self.aws)
    }

    /// The page that shows the channel.
    pub fn page(&self) -> String {
        format!("http://{}/", self.slack)
    }

    /// The port of Slack and its page.
    pub fn slack_port(&self) -> u16 {
        self.slack.port()
    }

    /// The variables that point kubectl, an AWS client and the functions at it. A store is the caller's to add.
    pub fn environment(&self) -> Vec<(String, String)> {
        let options = self.world.options();
        let all = [
            ("NIGHTSHIFT_KUBE_ENDPOINT", self.kube_endpoint()),
            ("NIGHTSHIFT_CLUSTERS", options.cluster.clone()),
            ("AWS_ENDPOINT_URL", self.aws_endpoint()),
            ("AWS_REGION", options.region.clone()),
            ("AWS_DEFAULT_REGION", options.region.clone()),
            // Any key will do: signatures have to be there and are not verified.
            ("AWS_ACCESS_KEY_ID", "sim".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "sim".to_owned()),
            ("NIGHTSHIFT_BUS", bus::PRODUCT_BUS.to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("SLACK_API_URL", format!("http://{}/api/", self.slack)),
            ("SLACK_BOT_TOKEN", BOT_TOKEN.to_owned()),
            ("SLACK_SIGNING_SECRET", crate::SIGNING_SECRET.to_owned()),
            ("SLACK_CHANNEL", slack::ALERTS_CHANNEL.to_owned()),
            ("BEDROCK_ANALYSIS_AGENT_ID", aws::MECHANICAL_AGENT_ID.to_owned()),
            ("BEDROCK_ANALYSIS_AGENT_ALIAS_ID", aws::AGENT_ALIAS_ID.to_owned()),
        ];
        all.map(|(name, value)| (name.to_owned(), value)).into()
    }
}

async fn bind(port: u16) -> Result<(TcpListener, SocketAddr), StartError> {
    let bound = async {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    bound.await.map_err(|source| StartError { port, source })
}

fn serve(listener: TcpListener, routes: Router) -> JoinHandle<()> {
    tokio::spawn(async move {
        // Serving ends only with the task.
        let _ = axum::serve(listener, routes).await;
    })
}
