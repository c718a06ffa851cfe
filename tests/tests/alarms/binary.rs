//! The real binary, in the Lambda service of sim, fed from its queue.

use jiff::SignedDuration;
use sim::lambda::{FunctionProcess, Queue};
use sim::world::Scenario;
use sim::{Options, Sim};
use tests::binary::binary;
use tests::night::{another, causes, firing, later};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_binary_posts_the_cause_once_resolves_it_and_sends_what_is_malformed_to_the_dead_letters() {
    let sim = Sim::start(Options::stopped(Scenario::WrongImage)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut environment = sim.environment();
    environment.push(("NIGHTSHIFT_STORE".to_owned(), format!("file:{}", folder.path().join("store").display())));
    let function = FunctionProcess::start(&binary("alarm-analysis"), environment).await.unwrap();
    let fires = |world: &sim::world::World| {
        world.alarm_history().iter().any(|event| event["detail"]["state"]["value"] == "ALARM")
    };
    assert!(sim.world().advance_until(SignedDuration::from_mins(30), fires));
    let alarm = firing(&sim.world().take_alarm_events());

    let queue = Queue::new("alarms");
    queue.send(&alarm);
    queue.send(&alarm);
    queue.send_body("not json");
    queue.send(&another(&alarm, "second"));
    let report = queue.drive(&function).await;
    assert!(report.errors.is_empty(), "{:?}", report.errors);
    assert_eq!(queue.dead_letters().iter().map(|letter| letter.body.as_str()).collect::<Vec<_>>(), ["not json"]);
    let threads = || sim.slack().messages().into_iter().filter(|message| !message.is_reply()).collect::<Vec<_>>();
    assert_eq!(threads().len(), 1, "{:#?}", function.logs());
    assert!(Scenario::WrongImage.expected_causes().contains(&causes(&threads()[0])[0].as_str()));

    queue.send(&later(&alarm, "OK", 60));
    queue.send(&later(&another(&alarm, "second"), "OK", 61));
    queue.drive(&function).await;
    assert_eq!(threads().len(), 1);
    assert!(threads()[0].text.starts_with("✅"), "{}\n{:#?}", threads()[0].text, function.logs());
    function.stop().await;
}
