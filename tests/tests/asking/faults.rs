//! Every call that slack-commands makes to Slack and to the store, times everything that can go wrong with it.
//!
//! A command, a choice and a question are answered once, to learn the calls. Then they are answered again for every pair of call
//! and fault, each delivered as SQS does: again while it fails or the process ends, at most five times, and with the sweeps of the
//! minutes after it. Each of them has its answer in the end, and where Slack keeps one message of it, it stands once. An answer to
//! a command or a choice says that it replaces what stands there; Slack has no way to ask what that is, so where a post was not
//! heard of or could not be written down, and only there, it is posted again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use shared::deadline::Deadline;
use shared::store::Store;
use sim::fault::Faults;
use sim::slack::Workspace;
use sim::world::Scenario;
use sim::{Options, Sim};
use slack_commands::{App, Clients};
use tests::asks::{Hooks, click, command, question, read};
use tests::memory::Memory;
use tests::night::{Clock, INVOCATION, aws, batch, settings, sweep};
use tests::table::{Table, drawn};
use tests::trouble::{Trouble, attempt, has_struck, is_taken};
use tests::way::text;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// As in the queue's redrive policy.
const RECEIVES: usize = 5;
/// As the queue's visibility time-out.
const VISIBILITY: Duration = Duration::from_secs(360);
/// Lives at the same time: most of a life is waiting for an answer that does not come.
const AT_ONCE: usize = 16;
/// What is asked, by the name of its address.
const ASKED: [&str; 2] = ["command", "choice"];

struct Stage {
    environment: Vec<(String, String)>,
    /// Made once: reading the machine's root certificates takes longer than a life.
    aws: aws_config::SdkConfig,
    start: Timestamp,
}

/// What came of a life.
#[derive(Debug)]
struct Outcome {
    /// What was posted for the command and for the choice, in order.
    posted: [Vec<Value>; 2],
    /// What stands in the question's thread.
    replies: Vec<String>,
    dead: usize,
    again: usize,
    has_struck: bool,
}

impl Stage {
    fn app(&self, slack: SocketAddr, store: &Memory, clock: &Clock) -> App {
        let address = format!("http://{slack}/api/");
        let clients =
            Clients::new(settings(&self.environment, &[("SLACK_API_URL", &address), ("K8S_NAMESPACE", "shop")]))
                .with_store(Store::new(store.clone()))
                .with_aws(self.aws.clone());
        let clock = clock.clone();
        App::with(clients, Arc::new(move || clock.now()))
    }

    async fn live(&self, trouble: Option<&Trouble>) -> (Outcome, Memory, Faults) {
        let workspace = Workspace::default();
        // Lives are told in fast motion; Slack's clock is not.
        workspace.rates.enforce(false);
        let (store, faults) = Trouble::arm(trouble);
        let crashes = trouble.is_some_and(Trouble::crashes);
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let slack = listener.local_addr().unwrap();
        let router = sim::slack::router(workspace.clone(), faults.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        let hooks = Hooks::start(faults.clone()).await;
        let said = "<@U0NGHTSHFT> how is catalog?";
        let ts = workspace.say(tests::asks::USER, tests::asks::CHANNEL, None, said).await.0.ts;
        let events = [
            command("command", "/events", &hooks.address("command")),
            click("choice", "logs.pick.0", "prod-eks/shop/Deployment/catalog", &hooks.address("choice")),
            question("question", said, &ts),
        ];
        // Questions are looked for in Slack by the time at which they were asked, which is Slack's.
        let clock = Clock::at(self.start);
        let (mut dead, mut again) = (0, 0);
        for event in &events {
            let mut receives = 0;
            loop {
                receives += 1;
                if self.deliver(event, slack, &store, &faults, &clock, crashes).await {
                    break;
                }
                again += 1;
                clock.advance(VISIBILITY);
                if receives == RECEIVES {
                    dead += 1;
                    break;
                }
            }
        }
        for _ in 0..3 {
            clock.advance(VISIBILITY);
            let app = self.app(slack, &store, &clock);
            attempt(app.handle(sweep(), Deadline::within(INVOCATION)), &store, &faults, crashes).await;
        }
        server.abort();
        let standing = workspace.messages().into_iter();
        let replies = standing.filter(|message| message.is_reply()).map(|message| text(&message)).collect();
        let has_struck = has_struck(&store, &faults);
        let posted = ASKED.map(|name| hooks.posted(name));
        (Outcome { posted, replies, dead, again, has_struck }, store, faults)
    }

    /// One delivery by a new process; whether it succeeded.
    async fn deliver(
        &self,
        event: &Value,
        slack: SocketAddr,
        store: &Memory,
        faults: &Faults,
        clock: &Clock,
        crashes: bool,
    ) -> bool {
        let app = self.app(slack, store, clock);
        let invocation = app.handle(batch(std::slice::from_ref(event)), Deadline::within(INVOCATION));
        is_taken(attempt(invocation, store, faults, crashes).await)
    }
}

/// What is wrong with the outcome, in words.
fn complaint(outcome: &Outcome, trouble: Option<&Trouble>) -> Option<String> {
    if outcome.dead > 0 {
        return Some(format!("{} dead letters", outcome.dead));
    }
    // Posted and not heard of, or posted and not written down.
    let is_unheard_of = trouble.is_some_and(|trouble| match trouble {
        Trouble::Store { .. } => true,
        Trouble::Service { fault, .. } => fault.takes_effect(),
    });
    // Slack replaces nothing after a command; after a click, the message that was clicked.
    for (posted, (holds, replaces)) in outcome.posted.iter().zip([("Reason", false), ("catalog-", true)]) {
        let Some(last) = posted.last() else { return Some(format!("{holds} is lost")) };
        if !read(last).contains(holds) {
            return Some(format!("{holds} is not what stands there: {last}"));
        }
        // That it is being read may be said before; after a redelivery the answer takes its place.
        let answers = posted.iter().filter(|post| read(post).contains(holds)).count();
        if answers > 1 && !is_unheard_of || posted.iter().any(|post| post["replace_original"] != replaces) {
            return Some(format!("{holds} stands {answers} times"));
        }
    }
    match &outcome.replies[..] {
        [one] if one.contains("shop/catalog") => None,
        other => Some(format!("in the thread: {other:?}")),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_of_slack_or_the_store_loses_an_answer_or_repeats_what_was_heard_of() {
    let sim = Sim::start(Options::stopped(Scenario::Healthy)).await.unwrap();
    sim.world().advance(SignedDuration::from_mins(5));
    let environment = sim.environment();
    // Slack's own clock is the machine's, and answers are looked for by it.
    let stage = Arc::new(Stage { aws: aws(&environment), environment, start: Timestamp::now() });
    let started = std::time::Instant::now();
    let (clean, store, faults) = stage.live(None).await;
    assert_eq!((clean.again, complaint(&clean, None)), (0, None), "{clean:?}");
    println!("a life takes {} ms", started.elapsed().as_millis());
    let known = ["response_url", "chat.postMessage", "chat.update", "conversations.replies", "conversations.history"];
    let troubles = Trouble::all(&store, &faults.journal(), &known);
    let total = troubles.len();

    let (places, mut lives) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    for (site, trouble) in troubles {
        let (stage, places) = (Arc::clone(&stage), Arc::clone(&places));
        lives.spawn(async move {
            let _place = places.acquire().await;
            let (outcome, _, _) = stage.live(Some(&trouble)).await;
            let complaint = complaint(&outcome, Some(&trouble));
            (site, trouble, complaint, outcome)
        });
    }
    let mut table = Table::new();
    let (mut complaints, mut again, mut idle, mut repeated) = (Vec::new(), 0, 0, 0);
    while let Some(life) = lives.join_next().await {
        let (site, trouble, complaint, outcome) = life.unwrap();
        let cell = table.entry((site.clone(), trouble.word())).or_default();
        cell.0 += 1;
        again += outcome.again;
        // How often the answer is edited while the agent looks depends on how long it takes: edits after the first may not
        // be there.
        let is_later_edit =
            matches!(&trouble, Trouble::Service { operation, skip: 1.., .. } if operation == "chat.update");
        idle += usize::from(!outcome.has_struck && !is_later_edit);
        repeated += outcome.posted.iter().filter(|posted| posted.len() > 1).count();
        if let Some(complaint) = complaint {
            cell.1 += 1;
            complaints.push(format!("{site}, {trouble:?}: {complaint}"));
        }
    }
    println!("{}", drawn(&table));
    println!(
        "{total} pairs tried, {again} redeliveries, {} lost or repeated, {repeated} answers posted again that were not heard of, in {} s",
        complaints.len(),
        started.elapsed().as_secs()
    );
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert_eq!(idle, 0, "every fault has to come about");
}
