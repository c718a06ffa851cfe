//! One contract for every backend. DynamoDB is judged by moto's server: `make test` starts it and names it in
//! `NIGHTSHIFT_MOTO_URL`; where `CI` or
//! `NIGHTSHIFT_REQUIRE_JUDGES` is set its absence is a failure.

use std::time::Duration;

use jiff::{Timestamp, ToSpan};
use serde_json::json;

use super::{
    backend::{Backend, Expect, Item, Key, Query, SortRange, StoreError, Version},
    memory::MemoryStore,
    *,
};

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn item(partition: &str, sort: &str, body: &[u8]) -> Item {
    Item { key: Key::new(partition, sort), version: Version::fresh(), expires_at: None, body: body.to_vec() }
}

/// Every rule, one after the other, each in partitions of its own.
async fn keeps_the_contract(backend: impl Backend + Clone + 'static) {
    conditional_writes(&backend).await;
    expired_items_count_as_absent(&backend).await;
    queries_are_ordered_and_bounded(&backend).await;
    any_key_and_body_is_kept(&backend).await;
    let store = Store::new(backend);
    one_of_many_claims_an_effect(&store).await;
    effects_are_taken_over_after_their_deadline(&store).await;
    large_values_are_kept_in_parts(&store).await;
    the_outbox_tells_sent_from_perhaps_sent(&store).await;
    a_change_is_never_lost(&store).await;
}

async fn conditional_writes(backend: &impl Backend) {
    let first = item("conditional", "a", b"{}");
    backend.put(&first, Expect::Absent(now())).await.unwrap();
    assert_eq!(backend.get(&first.key).await.unwrap().as_ref(), Some(&first));
    backend.put(&first, Expect::Absent(now())).await.expect("a repetition of the same write succeeds");

    let second = Item { version: Version::fresh(), body: b"2".to_vec(), ..first.clone() };
    assert!(matches!(backend.put(&second, Expect::Absent(now())).await, Err(StoreError::Conflict(_))));
    assert!(matches!(backend.put(&second, Expect::Version(Version::fresh())).await, Err(StoreError::Conflict(_))));
    assert_eq!(backend.get(&first.key).await.unwrap().unwrap().body, b"{}");
    backend.put(&second, Expect::Version(first.version)).await.unwrap();
    backend.put(&second, Expect::Version(first.version)).await.expect("a repetition of the same write succeeds");
    assert_eq!(backend.get(&first.key).await.unwrap().as_ref(), Some(&second));

    let third = Item { version: Version::fresh(), body: b"3".to_vec(), ..first.clone() };
    backend.put(&third, Expect::Anything).await.unwrap();
    assert!(matches!(backend.delete(&first.key, Some(second.version)).await, Err(StoreError::Conflict(_))));
    backend.delete(&first.key, Some(third.version)).await.unwrap();
    backend.delete(&first.key, Some(third.version)).await.expect("what is gone is deleted");
    backend.delete(&first.key, None).await.unwrap();
    assert_eq!(backend.get(&first.key).await.unwrap(), None);
    assert!(matches!(backend.put(&third, Expect::Version(second.version)).await, Err(StoreError::Conflict(_))));
}

async fn expired_items_count_as_absent(backend: &impl Backend) {
    let old = Item { expires_at: Some(now() + 10.seconds()), ..item("expiry", "a", b"1") };
    let new = Item { version: Version::fresh(), ..old.clone() };
    backend.put(&old, Expect::Absent(now())).await.unwrap();
    assert!(matches!(backend.put(&new, Expect::Absent(now() + 9.seconds())).await, Err(StoreError::Conflict(_))));
    backend.put(&new, Expect::Absent(now() + 10.seconds())).await.unwrap();
    assert_eq!(backend.get(&old.key).await.unwrap(), Some(new));
}

async fn queries_are_ordered_and_bounded(backend: &impl Backend) {
    for sort in ["a#2", "a#10", "b#1", "a#1", "ä", "a"] {
        backend.put(&item("query", sort, b"{}"), Expect::Absent(now())).await.unwrap();
    }
    backend.put(&item("query2", "a#0", b"{}"), Expect::Absent(now())).await.unwrap();
    let ask = async |range: SortRange, descending: bool, limit: usize| -> Vec<String> {
        let query = Query { partition: "query".into(), range, descending, limit };
        backend.query(&query).await.unwrap().into_iter().map(|item| item.key.sort).collect()
    };
    assert_eq!(ask(SortRange::All, false, 10).await, ["a", "a#1", "a#10", "a#2", "b#1", "ä"]);
    assert_eq!(ask(SortRange::All, true, 2).await, ["ä", "b#1"]);
    assert_eq!(ask(SortRange::Prefix("a#".into()), false, 2).await, ["a#1", "a#10"]);
    assert_eq!(ask(SortRange::Prefix("a#".into()), true, 9).await, ["a#2", "a#10", "a#1"]);
    assert_eq!(ask(SortRange::Between("a#10".into(), "b#1".into()), false, 9).await, ["a#10", "a#2", "b#1"]);
    assert!(ask(SortRange::Prefix("c".into()), false, 9).await.is_empty());
}

async fn any_key_and_body_is_kept(backend: &impl Backend) {
    let odd = Item { expires_at: Some(now()), ..item("odd #|🔥", "한국어 ", &[1, 0, 255, 128]) };
    backend.put(&odd, Expect::Absent(now())).await.unwrap();
    assert_eq!(backend.get(&odd.key).await.unwrap(), Some(odd));
}

async fn one_of_many_claims_an_effect(store: &Store) {
    let effect = EffectKey::new("event-1", "post");
    let begins = futures::future::join_all((0..8).map(|_| store.begin(&effect, now() + 30.seconds(), now()))).await;
    let mut claims: Vec<_> = begins
        .into_iter()
        .filter_map(|begin| match begin.unwrap() {
            Begin::Claimed(claim) => Some(claim),
            Begin::InProgress { .. } => None,
            Begin::Done(_) => panic!("nobody has done it"),
        })
        .collect();
    assert_eq!(claims.len(), 1);
    let claim = claims.remove(0);
    assert!(!claim.taken_over);
    store.finish(claim, json!({"posted": 1}), Duration::from_secs(3600), now()).await.unwrap();
    let again = store.begin(&effect, now() + 30.seconds(), now() + 40.seconds()).await.unwrap();
    assert!(matches!(again, Begin::Done(outcome) if outcome == json!({"posted": 1})));
    let expired = store.begin(&effect, now() + 5.hours(), now() + 4.hours()).await.unwrap();
    assert!(matches!(expired, Begin::Claimed(claim) if !claim.taken_over));
}

async fn effects_are_taken_over_after_their_deadline(store: &Store) {
    let effect = EffectKey::new("event-2", "post");
    let Begin::Claimed(lost) = store.begin(&effect, now() + 30.seconds(), now()).await.unwrap() else { panic!() };
    let early = store.begin(&effect, now() + 50.seconds(), now() + 20.seconds()).await.unwrap();
    assert!(matches!(early, Begin::InProgress { until } if until == now() + 30.seconds()));
    let late = store.begin(&effect, now() + 70.seconds(), now() + 31.seconds()).await.unwrap();
    let Begin::Claimed(claim) = late else { panic!() };
    assert!(claim.taken_over);
    let finished = store.finish(lost, json!(null), Duration::from_secs(60), now() + 32.seconds()).await;
    assert!(matches!(finished, Err(StoreError::Conflict(_))), "whoever lost the claim cannot finish");
    store.abandon(claim).await.unwrap();
    let again = store.begin(&effect, now() + 90.seconds(), now() + 33.seconds()).await.unwrap();
    assert!(matches!(again, Begin::Claimed(claim) if !claim.taken_over));
}

async fn large_values_are_kept_in_parts(store: &Store) {
    // Text that does not deflate below one part: hexadecimal of hashes.
    let noise: String =
        (0..40_000u32).map(|n| hex::encode(<sha2::Sha256 as sha2::Digest>::digest(n.to_le_bytes()))).collect();
    let record = DecisionRecord {
        id: DecisionId("decision-1".into()),
        function: "alarm-analysis".into(),
        code_version: "0.1.0".into(),
        cluster: "prod-eks".into(),
        incident: Some("inc-1".into()),
        decided_at: now(),
        situation: json!({ "noise": noise }),
        decision: json!({ "cause": "bad-rollout" }),
    };
    store.put_decision(&record, now()).await.unwrap();
    let second = DecisionRecord { decision: json!(null), ..record.clone() };
    store.put_decision(&second, now()).await.unwrap();
    assert_eq!(store.decision(&record.id, now()).await.unwrap().as_ref(), Some(&record), "the first record stands");
    let listed = store.decisions(5, now()).await.unwrap();
    assert_eq!(listed.iter().map(|summary| &summary.id).collect::<Vec<_>>(), [&record.id]);
    assert!(store.decision(&record.id, now() + (181 * 24).hours()).await.unwrap().is_none());
}

async fn the_outbox_tells_sent_from_perhaps_sent(store: &Store) {
    let key = OutboxKey("inc-1/first".into());
    let take = async |now: Timestamp| store.take_outbox(&key, now + 30.seconds(), now).await.unwrap();
    assert!(matches!(take(now()).await, TakeOutbox::Missing));
    store.put_outbox(&key, json!({"text": "a"}), now()).await.unwrap();
    store.put_outbox(&key, json!({"text": "b"}), now() + 1.second()).await.unwrap();
    let unsent = store.unsent_outbox(10, now()).await.unwrap();
    assert_eq!(unsent.iter().map(|row| row.body.clone()).collect::<Vec<_>>(), [json!({"text": "a"})]);

    let TakeOutbox::Taken(claim) = take(now()).await else { panic!() };
    assert!(!claim.perhaps_sent);
    assert!(matches!(take(now() + 29.seconds()).await, TakeOutbox::Busy { .. }));
    store.put_back_outbox(*claim, now()).await.unwrap();
    let TakeOutbox::Taken(claim) = take(now()).await else { panic!() };
    assert!(!claim.perhaps_sent, "what was put back was not sent");
    drop(claim);
    let TakeOutbox::Taken(claim) = take(now() + 31.seconds()).await else { panic!() };
    assert!(claim.perhaps_sent, "whoever took it was interrupted");
    store.put_back_outbox(*claim, now()).await.unwrap();
    let TakeOutbox::Taken(claim) = take(now() + 32.seconds()).await else { panic!() };
    assert!(claim.perhaps_sent, "putting it back does not make it unsent");
    assert_eq!(claim.row.attempts, 4);
    store.sent_outbox(*claim, json!("ts"), now()).await.unwrap();
    assert!(matches!(take(now() + 99.seconds()).await, TakeOutbox::Sent(receipt) if receipt == json!("ts")));
    assert!(store.unsent_outbox(10, now()).await.unwrap().is_empty());
}

async fn a_change_is_never_lost(store: &Store) {
    let key = Key::new("counter", "a");
    let add = || {
        store.change(&key, now(), |count: Option<Count>| {
            (Some((Count { n: count.map_or(0, |count| count.n) + 1 }, None)), ())
        })
    };
    for outcome in futures::future::join_all((0..12).map(|_| add())).await {
        outcome.unwrap();
    }
    let (count, _) = store.read::<Count>(&key, now()).await.unwrap().unwrap();
    assert_eq!(count.n, 12);
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Count {
    n: u32,
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    keeps_the_contract(MemoryStore::default()).await;
}

#[cfg(feature = "embedded-store")]
#[tokio::test]
async fn a_file_keeps_the_contract() {
    let directory = tempfile::tempdir().unwrap();
    keeps_the_contract(FileStore::open(directory.path().join("new/store.redb")).unwrap()).await;
}

#[cfg(feature = "embedded-store")]
#[tokio::test]
async fn two_openings_of_one_file_are_one_store() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.redb");
    let (one, other) = (FileStore::open(&path).unwrap(), FileStore::open(&path).unwrap());
    let written = item("shared", "a", b"{}");
    one.put(&written, Expect::Absent(now())).await.unwrap();
    assert_eq!(other.get(&written.key).await.unwrap(), Some(written));
}

#[cfg(feature = "dynamodb")]
#[tokio::test]
async fn dynamodb_keeps_the_contract() {
    let Ok(url) = std::env::var("NIGHTSHIFT_MOTO_URL") else {
        let is_required = ["CI", "NIGHTSHIFT_REQUIRE_JUDGES"].iter().any(|name| std::env::var_os(name).is_some());
        assert!(!is_required, "NIGHTSHIFT_MOTO_URL is not set: run the tests by make test");
        println!("skipped: NIGHTSHIFT_MOTO_URL is not set; make test sets it");
        return;
    };
    keeps_the_contract(moto::store(&url).await).await;
}

#[cfg(feature = "dynamodb")]
mod moto {
    use aws_config::Region;
    use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
    use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};

    use super::*;

    /// A table as infra/template.yaml makes it, under a name of its own.
    pub(super) async fn store(url: &str) -> DynamoStore {
        let credentials = Credentials::new("test", "test", None, None, "test");
        let config = crate::aws::sdk_config()
            .into_builder()
            .endpoint_url(url)
            .region(Region::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build();
        let client = aws_sdk_dynamodb::Client::new(&config);
        let table = format!("nightshift-{}", Version::fresh().0.unsigned_abs());
        let mut call = client.create_table().table_name(&table).billing_mode(BillingMode::PayPerRequest);
        for (name, kind) in [("pk", KeyType::Hash), ("sk", KeyType::Range)] {
            let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
            let key = KeySchemaElement::builder().attribute_name(name).key_type(kind);
            call = call.attribute_definitions(attribute.build().unwrap()).key_schema(key.build().unwrap());
        }
        call.send().await.expect("moto's server answers at NIGHTSHIFT_MOTO_URL");
        DynamoStore::new(&config, table)
    }
}
