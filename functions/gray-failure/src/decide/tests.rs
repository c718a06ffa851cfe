//! Scenes, and what holds of all of them.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;

/// A small generator: uniform in 0..1.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.0 >> 32).unwrap()) / f64::from(u32::MAX)
    }

    /// Near enough to normal, by twelve throws.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }

    fn count(&mut self, mean: f64) -> f64 {
        (mean + mean.sqrt() * self.normal()).round().max(0.0)
    }
}

#[derive(Debug, Clone)]
struct Scene {
    seed: u64,
    shares: Vec<f64>,
    requests: f64,
    fault_rate: f64,
    minutes: i64,
    instances: f64,
}

impl Default for Scene {
    fn default() -> Self {
        Self { seed: 1, shares: vec![1.2, 0.8, 1.0], requests: 6000.0, fault_rate: 0.01, minutes: 600, instances: 6.0 }
    }
}

impl Scene {
    /// The minutes, changed by `put`: minute number, zone number, sample.
    fn play(&self, put: impl Fn(i64, usize, &mut Sample)) -> Vec<Minute> {
        let mut chance = Chance(self.seed);
        let begin: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
        let minute = |index: i64| {
            let day = 1.0 + 0.3 * (f64::from(i32::try_from(index).unwrap()) / 1440.0 * std::f64::consts::TAU).sin();
            let zones = self.shares.iter().enumerate().map(|(zone, share)| {
                let requests = chance.count(self.requests * share * day);
                let mut sample = Sample {
                    requests,
                    faults: requests * self.fault_rate,
                    latency_ms: Some(80.0 * (0.05 * chance.normal()).exp()),
                    instances: Some(self.instances),
                    ..Sample::default()
                };
                put(index, zone, &mut sample);
                sample.faults = chance.count(sample.faults).min(sample.requests);
                (name(zone), sample)
            });
            Minute { at: begin + SignedDuration::from_mins(index), zones: zones.collect() }
        };
        (0..self.minutes).map(minute).collect()
    }
}

fn name(zone: usize) -> ZoneId {
    ZoneId(format!("use1-az{}", zone + 1))
}

fn rules() -> Rules {
    Rules { known_minutes: 120, ..Rules::default() }
}

fn judged(minutes: &[Minute]) -> Vec<Statement> {
    let mut memory = Memory::default();
    minutes.iter().flat_map(|minute| memory.step(minute, &rules())).collect()
}

fn calls(minutes: &[Minute]) -> Vec<(Call, String, Reason)> {
    judged(minutes).into_iter().map(|one| (one.decision, one.zone.0, one.reason)).collect()
}

fn shifts(minutes: &[Minute]) -> usize {
    judged(minutes).iter().filter(|one| one.decision == Call::Shift).count()
}

/// When, in minutes from the start, zone 1 was left.
fn left_at(minutes: &[Minute]) -> Option<i64> {
    let shift = judged(minutes).into_iter().find(|one| one.decision == Call::Shift)?;
    assert_eq!(shift.zone, name(0));
    Some((shift.timestamp.as_second() - minutes[0].at.as_second()) / 60)
}

#[test]
fn twice_the_faults_in_one_zone_are_found_within_five_minutes_and_traffic_returns_when_it_is_well() {
    let minutes = Scene { minutes: 700, ..Scene::default() }.play(|index, zone, sample| {
        if zone == 0 && (400..480).contains(&index) {
            sample.faults *= 2.0;
        }
    });
    let said = judged(&minutes);
    let course: Vec<Call> = said.iter().filter(|one| one.decision != Call::Watch).map(|one| one.decision).collect();
    assert_eq!(course, [Call::Shift, Call::Extend, Call::Extend, Call::Extend, Call::End], "{said:#?}");
    let at = left_at(&minutes).unwrap();
    assert!((401..=405).contains(&at), "{at}");
    let end = said.iter().find(|one| one.decision == Call::End).unwrap();
    assert_eq!(end.reason, Reason::WellAgain);
    let after = (end.timestamp.as_second() - minutes[480].at.as_second()) / 60;
    assert!((15..35).contains(&after), "{after}");
}

#[test]
fn what_a_zone_was_left_for_is_spent_when_traffic_returns() {
    for times in [2.0, 3.0, 10.0] {
        let minutes = Scene { minutes: 700, ..Scene::default() }.play(|index, zone, sample| {
            if zone == 0 && (400..480).contains(&index) {
                sample.faults *= times;
            }
        });
        let said = judged(&minutes);
        let end = said.iter().position(|one| one.decision == Call::End).unwrap();
        assert_eq!(said[end + 1..], [], "nothing is said after the end, {times} times");
        let evidence = &said[end].evidence;
        assert_eq!(evidence.minutes, 15);
        assert!(evidence.times_others < 1.2, "the end's numbers are of what is well: {evidence:?}");
    }
}

#[test]
fn trouble_that_comes_back_after_the_return_is_left_again_sooner_than_at_first() {
    let minutes = Scene { minutes: 700, ..Scene::default() }.play(|index, zone, sample| {
        if zone == 0 && ((400..480).contains(&index) || index >= 520) {
            sample.faults *= 2.0;
        }
    });
    let said = judged(&minutes);
    let left: Vec<i64> = said
        .iter()
        .filter(|one| one.decision == Call::Shift)
        .map(|one| (one.timestamp.as_second() - minutes[0].at.as_second()) / 60)
        .collect();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!((520..=524).contains(&left[1]), "{left:?}");
}

#[test]
fn latency_alone_is_found_and_named() {
    let minutes = Scene::default().play(|index, zone, sample| {
        if zone == 0 && index >= 400 {
            sample.latency_ms = sample.latency_ms.map(|usual| usual * 2.0);
        }
    });
    let said = calls(&minutes);
    assert!(said.contains(&(Call::Shift, "use1-az1".into(), Reason::Latency)), "{said:?}");
}

#[test]
fn all_zones_worse_is_no_zonal_fault() {
    let minutes = Scene::default().play(|index, _, sample| {
        if index >= 400 {
            sample.faults *= 10.0;
            sample.latency_ms = sample.latency_ms.map(|usual| usual * 3.0);
        }
    });
    assert_eq!(shifts(&minutes), 0);
}

#[test]
fn two_zones_worse_at_once_are_said_and_neither_is_left() {
    let scene = Scene { shares: vec![1.0; 4], ..Scene::default() };
    let minutes = scene.play(|index, zone, sample| {
        if index >= 400 && zone < 2 {
            sample.faults *= 4.0;
        }
    });
    let said = calls(&minutes);
    assert!(said.iter().all(|one| one.0 != Call::Shift), "{said:?}");
    assert!(said.contains(&(Call::Watch, "use1-az1".into(), Reason::OtherZonesToo)), "{said:?}");
}

#[test]
fn one_sick_instance_is_not_a_sick_zone() {
    let minutes = Scene { instances: 1.0, ..Scene::default() }.play(|index, zone, sample| {
        if zone == 0 && index >= 400 {
            sample.faults *= 4.0;
        }
    });
    let said = calls(&minutes);
    assert!(said.iter().all(|one| one.0 != Call::Shift), "{said:?}");
    assert!(said.contains(&(Call::Watch, "use1-az1".into(), Reason::NotCorroborated)), "{said:?}");
}

#[test]
fn a_burst_of_a_minute_or_two_is_not_left_for() {
    for length in [1, 2] {
        let minutes = Scene::default().play(|index, zone, sample| {
            if zone == 0 && (400..400 + length).contains(&index) {
                sample.faults *= 20.0;
            }
        });
        assert_eq!(shifts(&minutes), 0, "{length}");
    }
}

#[test]
fn a_burst_in_another_zone_does_not_hide_a_zone_that_limps() {
    for shares in [vec![1.0; 2], vec![1.0; 3], vec![1.0; 4]] {
        let minutes = Scene { shares: shares.clone(), ..Scene::default() }.play(|index, zone, sample| {
            if zone == 0 && index >= 400 {
                sample.faults *= 2.0;
            }
            if zone == 1 && (401..403).contains(&index) {
                sample.faults *= 6.0;
            }
        });
        let at = left_at(&minutes);
        assert!(at.is_some_and(|at| (402..=406).contains(&at)), "{shares:?} {at:?}");
    }
}

#[test]
fn a_zone_that_limps_while_all_get_better_is_found() {
    let minutes = Scene::default().play(|index, zone, sample| {
        // What all share falls by two fifths within forty minutes.
        sample.faults *= 1.0 - 0.4 * f64::from(i32::try_from(index - 360).unwrap().clamp(0, 40)) / 40.0;
        if zone == 0 && index >= 400 {
            sample.faults *= 2.0;
        }
    });
    let at = left_at(&minutes);
    assert!(at.is_some_and(|at| (402..=405).contains(&at)), "{at:?}");
}

#[test]
fn the_others_getting_better_at_once_is_no_fault_of_the_zone_that_does_not() {
    let minutes = Scene::default().play(|index, zone, sample| {
        if zone != 0 && index >= 400 {
            sample.faults *= 0.4;
        }
    });
    assert_eq!(shifts(&minutes), 0);
}

#[test]
fn one_slow_minute_is_no_evidence_however_slow_the_zone_is_beside_it() {
    let minutes = Scene::default().play(|index, zone, sample| {
        // A quarter slower for five minutes, which is no reason to leave, and in one of them many times as slow.
        let times = match index {
            403 => 6.0,
            400..=405 => 1.27,
            _ => 1.0,
        };
        if zone == 0 {
            sample.latency_ms = sample.latency_ms.map(|usual| usual * times);
        }
    });
    assert_eq!(shifts(&minutes), 0);
}

#[test]
fn a_zone_that_always_fails_more_is_not_left_for_it() {
    let minutes = Scene { minutes: 900, ..Scene::default() }.play(|_, zone, sample| {
        if zone == 0 {
            sample.faults *= 2.0;
        }
    });
    assert_eq!(shifts(&minutes), 0);
}

#[test]
fn a_zone_that_falls_silent_is_said_and_its_silence_is_not_health() {
    let mut minutes = Scene { minutes: 700, ..Scene::default() }.play(|index, zone, sample| {
        if zone == 0 && index >= 400 {
            sample.faults *= 4.0;
        }
    });
    // Traffic has left by the time of the first extension.
    minutes.iter_mut().skip(410).for_each(|minute| {
        minute.zones.remove(&name(0));
    });
    let said = calls(&minutes);
    assert!(said.contains(&(Call::Extend, "use1-az1".into(), Reason::NothingHeard)), "{said:?}");
    assert!(!said.iter().any(|one| one.2 == Reason::WellAgain), "{said:?}");
    assert!(said.contains(&(Call::End, "use1-az1".into(), Reason::OnTrial)), "{said:?}");
    minutes.iter_mut().skip(200).for_each(|minute| {
        minute.zones.remove(&name(1));
    });
    assert!(calls(&minutes).contains(&(Call::Watch, "use1-az2".into(), Reason::Silent)));
}

#[test]
fn what_aws_says_and_what_probes_say_corroborates() {
    let scene = Scene { instances: 1.0, ..Scene::default() };
    let witnessed = |witness: &dyn Fn(&mut Sample, bool)| {
        let minutes = scene.play(|index, zone, sample| {
            let bad = zone == 0 && index >= 400;
            if bad {
                sample.faults *= 3.0;
            }
            witness(sample, bad);
        });
        shifts(&minutes)
    };
    assert_eq!(witnessed(&|_, _| ()), 0);
    assert_eq!(witnessed(&|sample, bad| sample.named_by_aws = bad), 1);
    let tally = |bad: bool| Some(Tally { tried: 200.0, failed: if bad { 20.0 } else { 2.0 } });
    assert_eq!(witnessed(&|sample, bad| sample.probes = tally(bad)), 1);
    assert_eq!(
        witnessed(&|sample, bad| {
            sample.workloads = ["api", "ledger"].map(|name| (name.to_owned(), tally(bad).unwrap())).into();
        }),
        1
    );
}

#[test]
fn deciding_minute_by_minute_over_the_store_is_deciding_at_once() {
    let minutes = Scene { minutes: 460, ..Scene::default() }.play(|index, zone, sample| {
        if zone == 1 && index >= 420 {
            sample.faults *= 3.0;
        }
    });
    let at_once = judged(&minutes);
    assert!(at_once.iter().any(|one| one.decision == Call::Shift));
    let mut memory = Memory::default();
    let mut said = Vec::new();
    for part in minutes.chunks(23) {
        let situation = Situation { version: VERSION, memory, minutes: part.to_vec(), rules: rules() };
        let stored = serde_json::to_string(&situation).unwrap();
        let decision = decide(&serde_json::from_str(&stored).unwrap());
        assert_eq!(decide(&situation), decide(&situation));
        said.extend(decision.statements);
        memory = decision.memory;
    }
    let short = |said: &[Statement]| {
        said.iter().map(|one| (one.timestamp, one.zone.clone(), one.decision, one.reason)).collect::<Vec<_>>()
    };
    assert_eq!(short(&said), short(&at_once));
    // A redelivered minute changes nothing.
    let again =
        decide(&Situation { version: VERSION, memory: memory.clone(), minutes: minutes.clone(), rules: rules() });
    assert_eq!(again.statements, []);
    assert_eq!(again.memory, memory);
}

fn scenes() -> impl Strategy<Value = (Scene, usize, f64, f64)> {
    let scene = (any::<u64>(), prop::collection::vec(0.4f64..1.6, 2..5), 500.0f64..8000.0, 0.001f64..0.03);
    let fault = (0usize..4, 1.0f64..6.0, 1.0f64..4.0);
    (scene, fault).prop_map(|((seed, shares, requests, fault_rate), (zone, errors, slower))| {
        (Scene { seed, shares, requests, fault_rate, minutes: 260, instances: 4.0 }, zone, errors, slower)
    })
}

fn struck((scene, struck, errors, slower): &(Scene, usize, f64, f64)) -> Vec<Minute> {
    scene.play(|index, zone, sample| {
        if zone == *struck && index >= 215 {
            sample.faults *= errors;
            sample.latency_ms = sample.latency_ms.map(|usual| usual * slower);
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_names_of_the_zones_do_not_matter(scene in scenes()) {
        let minutes = struck(&scene);
        let count = scene.0.shares.len();
        let other = |id: &ZoneId| name(count - id.0.strip_prefix("use1-az").unwrap().parse::<usize>().unwrap());
        let renamed: Vec<Minute> = minutes
            .iter()
            .map(|minute| Minute {
                at: minute.at,
                zones: minute.zones.iter().map(|(id, sample)| (other(id), sample.clone())).collect(),
            })
            .collect();
        let mut said: Vec<_> = judged(&minutes).iter().map(|one| (one.timestamp, one.decision, other(&one.zone))).collect();
        let mut renamed: Vec<_> = judged(&renamed).iter().map(|one| (one.timestamp, one.decision, one.zone.clone())).collect();
        said.sort();
        renamed.sort();
        prop_assert_eq!(said, renamed);
    }

    #[test]
    fn the_unit_of_latency_does_not_matter(scene in scenes()) {
        let mut minutes = struck(&scene);
        let said = calls(&minutes);
        minutes.iter_mut().flat_map(|minute| minute.zones.values_mut()).for_each(|sample| {
            sample.latency_ms = sample.latency_ms.map(|latency| latency * 1024.0);
        });
        prop_assert_eq!(calls(&minutes), said);
    }

    #[test]
    fn without_traffic_no_zone_is_left(mut scene in scenes()) {
        scene.0.requests = 40.0;
        prop_assert_eq!(shifts(&struck(&scene)), 0);
    }

    #[test]
    fn a_zone_is_left_only_after_the_last_one_was_returned_to(scene in scenes(), second in 0usize..4) {
        let mut minutes = struck(&scene);
        for minute in minutes.iter_mut().skip(230) {
            if let Some(sample) = minute.zones.get_mut(&name(second)) {
                sample.faults = (sample.faults * 8.0).min(sample.requests);
            }
        }
        let mut left = None;
        for one in judged(&minutes) {
            match one.decision {
                Call::Shift => prop_assert_eq!(left.replace(one.zone), None),
                Call::End => prop_assert_eq!(left.take(), Some(one.zone)),
                Call::Extend => prop_assert_eq!(left.as_ref(), Some(&one.zone)),
                Call::Watch => {}
            }
        }
    }
}
