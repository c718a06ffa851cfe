//! A zone is left and returned to through the real binaries: `gray-failure` finds and proposes it, two people press Approve,
//! `remediation` begins the shifts, and boto3 sees them in ARC, where somebody then ends them.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sim::lambda::{FunctionProcess, FunctionSettings};
use sim::world::Scenario;
use sim::{Options, Sim};
use tests::asks::find;
use tests::binary::binary;
use tests::judges;
use tests::limp::{balancer, config};
use tests::night::batch;

const LEADS: [&str; 2] = ["U0LEAD0001", "U0LEAD0002"];
const ZONE: &str = "apne2-az1";

/// What boto3 sees of the shifts that stand, after it has done this.
async fn seen(python: &Path, sim: &Sim, deed: &str) -> Vec<Value> {
    let output = tokio::process::Command::new(python)
        .arg(judges::script("zonal_shifts_seen.py"))
        .arg(deed)
        .env_clear()
        .envs(sim.environment())
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn invoke(function: &FunctionProcess, event: &Value) -> Value {
    match function.invoke(event).await {
        Ok(answer) => answer.payload,
        Err(error) => panic!("{error}: {:#?}", function.logs()),
    }
}

/// What the Approve button holds, where it stands.
fn asked(sim: &Sim) -> Option<String> {
    let is_approve = |value: &Value| value["action_id"] == "remediation.approve";
    sim.slack().messages().iter().find_map(|message| {
        let button = find(&json!([message.blocks, message.attachments]), &is_approve)?;
        button["value"].as_str().map(str::to_owned)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boto3_sees_the_shift_that_the_binaries_were_agreed_to_and_what_it_ends_stays_ended() {
    let Some(python) = judges::python() else { return };
    // The functions' clock is the machine's: the zone has limped for twenty minutes by now.
    let options = Options::stopped(Scenario::GrayFailure).beginning(SignedDuration::from_mins(20));
    let sim = Sim::start(options).await.unwrap();
    sim.world().tick(Timestamp::now());
    sim.slack().rates.enforce(false);
    let balancer = balancer(&sim);
    sim.account().zonal_shifts.manage(&balancer);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nightshift.yaml");
    std::fs::write(&file, config(&sim, "ask")).unwrap();
    let mut environment = sim.environment();
    environment.push(("NIGHTSHIFT_STORE".to_owned(), format!("file:{}", folder.path().join("store").display())));
    environment.push(("NIGHTSHIFT_CONFIG".to_owned(), file.display().to_string()));
    let start = async |name: &str| {
        let settings = FunctionSettings { concurrency: 1, ..FunctionSettings::new(&binary(name), environment.clone()) };
        FunctionProcess::start_with(settings).await.unwrap()
    };
    let (gray, remediation) = (start("gray-failure").await, start("remediation").await);
    let minute = json!({ "source": "nightshift", "detail-type": "Nightshift Sweep" });
    for _ in 0..3 {
        assert_eq!(invoke(&gray, &minute).await["clusters"], 1, "{:#?}", gray.logs());
        invoke(&remediation, &minute).await;
    }
    assert_eq!(seen(&python, &sim, "look").await, Vec::<Value>::new(), "nobody has agreed");

    let Some(value) = asked(&sim) else { panic!("nobody is asked: {:#?}", sim.slack().messages()) };
    for user in LEADS {
        let pressed = json!({
            "version": "0", "source": "nightshift.intake", "detail-type": "Slack Interaction",
            "detail": {
                "id": format!("press-{user}"), "kind": "block_actions", "user_id": user,
                "action_id": "remediation.approve", "value": value, "received_at": Timestamp::now().to_string(),
            },
        });
        let answer = invoke(&remediation, &batch(&[pressed])).await;
        assert_eq!(answer["batchItemFailures"], json!([]), "{:#?}", remediation.logs());
    }
    invoke(&remediation, &minute).await;
    let standing = seen(&python, &sim, "look").await;
    let of = |field: &str| standing.iter().map(|shift| shift[field].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let mut resources = of("resourceIdentifier");
    resources.sort();
    let mut expected = vec![sim.world().options().cluster_arn(), balancer];
    expected.sort();
    assert_eq!(resources, expected, "{:#?}", remediation.logs());
    assert_eq!(of("awayFrom"), [ZONE, ZONE]);
    for shift in &standing {
        let lasts = shift["lastsMinutes"].as_i64().unwrap();
        assert!((1..=60).contains(&lasts), "short, and made longer while it is wanted: {shift}");
    }

    assert_eq!(seen(&python, &sim, "cancel").await, Vec::<Value>::new());
    for _ in 0..2 {
        invoke(&gray, &minute).await;
        invoke(&remediation, &minute).await;
    }
    assert_eq!(seen(&python, &sim, "look").await, Vec::<Value>::new(), "what somebody has ended stays ended");
    assert_eq!(sim.account().zonal_shifts.all().len(), 2);
    let says = |text: &str| sim.slack().messages().iter().any(|message| format!("{message:?}").contains(text));
    assert!(says("somebody has ended it in ARC"), "{:#?}", sim.slack().messages());
    gray.stop().await;
    remediation.stop().await;
}
