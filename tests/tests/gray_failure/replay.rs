//! Decisions about zones, as the function keeps them in a night, made again by the real command line.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use shared::store::{DecisionRecord, Store};
use tests::binary::binary;
use tests::limp::Limp;

fn nightshift(arguments: &[&str]) -> (Option<i32>, Value, String) {
    let Output { status, stdout, stderr } = Command::new(binary("nightshift"))
        .args(["replay", "--format", "json"])
        .args(arguments)
        .env_remove("NIGHTSHIFT_STORE")
        .output()
        .unwrap();
    let printed = serde_json::from_slice(&stdout).unwrap_or(Value::Null);
    (status.code(), printed, String::from_utf8_lossy(&stderr).into_owned())
}

fn written(path: &Path, record: &DecisionRecord) -> String {
    std::fs::write(path, serde_json::to_vec(record).unwrap()).unwrap();
    path.display().to_string()
}

#[tokio::test]
async fn what_was_decided_in_a_night_is_decided_again_and_a_record_that_says_otherwise_is_found() {
    let night = Limp::new("observe").await;
    night.sweep().await;
    night.pass_until(20, "🔴").await;
    let (kept, now) = (night.remedy.store(), night.night().clock.now());
    let listed = kept.decisions(50, now).await.unwrap();
    // One a decision: minutes of which nothing is to be said are not kept.
    assert!((1..=8).contains(&listed.len()), "{listed:?}");
    let folder = tempfile::tempdir().unwrap();
    let location = format!("file:{}", folder.path().join("store").display());
    let mut records = Vec::new();
    {
        let store = Store::open(&location.parse().unwrap(), async || unreachable!("a file")).await.unwrap();
        for summary in &listed {
            let record = kept.decision(&summary.id, now).await.unwrap().unwrap();
            store.put_decision(&record, now).await.unwrap();
            records.push(record);
        }
    }
    let calls = |record: &DecisionRecord| record.decision["statements"].to_string();
    let shift = records.iter().find(|record| calls(record).contains("\"shift\"")).unwrap();
    assert_eq!(shift.decision["want"]["zone"], "apne2-az1");

    // From the store, by id, and as a file.
    let (code, printed, _) = nightshift(&["--store", &location]);
    assert_eq!((code, printed["records"].as_array().unwrap().len()), (Some(0), listed.len()));
    let saved = folder.path().join("record.json").display().to_string();
    let (code, printed, error) = nightshift(&["--store", &location, &shift.id.0, "--save", &saved]);
    assert_eq!((code, &printed["same"], &printed["differences"]), (Some(0), &json!(true), &json!([])), "{error}");
    for record in &records {
        let path = written(&folder.path().join("one.json"), record);
        assert_eq!(nightshift(&[&path]).1["same"], true, "{}", record.id);
    }
    assert_eq!(nightshift(&[&saved]).0, Some(0));

    // What is said to have been decided otherwise, and what would be by other settings.
    let mut forged = shift.clone();
    forged.decision["want"]["zone"] = json!("apne2-az2");
    let (code, printed, _) = nightshift(&[&written(&folder.path().join("forged.json"), &forged)]);
    assert_eq!((code, &printed["differences"][0]["path"]), (Some(1), &json!("/want/zone")), "{printed}");
    let mut stricter = shift.clone();
    stricter.situation["rules"]["proposal"] = json!(0.9);
    let (code, printed, _) = nightshift(&[&written(&folder.path().join("stricter.json"), &stricter)]);
    assert_eq!((code, &printed["same"]), (Some(1), &json!(false)), "{printed}");

    let (code, _, error) = nightshift(&["--store", &location, "zones-of-nowhere"]);
    assert!(code == Some(2) && error.contains("no record zones-of-nowhere"), "{error}");
    let (code, _, error) = nightshift(&["zones-of-nowhere"]);
    assert!(code == Some(2) && error.contains("name a store"), "{error}");
}
