//! Healthy clusters with the noise of ordinary days are given no cause. The benchmark asks a thousand; here are some.

#[allow(dead_code, reason = "the benchmark uses more of it")]
#[path = "../benches/diagnosis/healthy/mod.rs"]
mod healthy;
#[allow(dead_code, reason = "the benchmark uses more of it")]
#[path = "../benches/diagnosis/random.rs"]
mod random;

use shared::diagnosis::{Trigger, Verdict, diagnose};

#[test]
fn healthy_clusters_are_given_no_cause() {
    for seed in 5000..5060 {
        let snapshot = healthy::cluster(seed).unwrap();
        let diagnosis = diagnose(&snapshot, &Trigger::default());
        assert_eq!(diagnosis.verdict, Verdict::Healthy, "seed {seed}: {diagnosis:#?}");
    }
}

#[test]
fn the_clusters_differ_and_repeat() {
    let of = |seed: u64| healthy::cluster(seed).unwrap();
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
    assert!((0..20).any(|seed| of(seed).pods.iter().any(|pod| !shared::diagnosis::is_ready(pod))), "all too quiet");
}
