//! The judgement on one zone at one minute: what its window holds against it, and whether that is proof.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    ZoneId,
    evidence::{self, Corroboration, Evidence, Gathered},
    hold::Hold,
    minute::Tally,
    numbers::{LogSum, binomial_at_least},
    reason::Reason,
    rules::Rules,
    zone::{Entry, WILD, Zone},
};

/// The part of the proof that each signal may contribute.
const WEIGHT_FAULTS: f64 = 0.7;
const WEIGHT_LATENCY: f64 = 0.3;
/// The exact test against the others has to say at least this.
const EXACT: f64 = 1e-3;
/// Entries by which it is told how often the others usually fail.
const QUARTER: usize = 15;
/// Entries before what is judged, by which it is told how the zone did just now.
const JUST_NOW: usize = 10;
/// Minutes that an instance which restarts takes with it.
const BURST: usize = 2;
/// How many times as often a zone fails that goes along with the others.
const ALONG: f64 = 1.35;
/// Entries by which it is told whether a zone that was left is well.
const WELL_OVER: usize = 10;
/// A zone is well again below this: less than the warning takes, so that it does not flap.
const WELL_BELOW: f64 = 1.15;
/// Deviations that chance may add to that: a well zone of little traffic is off by more in one stretch of twenty.
const BY_CHANCE: f64 = 1.64;
/// The most that drift may excuse, as a variance: a tenth.
const MOST_DRIFT: f64 = 0.01;

/// The judgement.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) finding: Finding,
    pub(crate) evidence: Evidence,
    /// Entries that the trouble covers.
    pub(crate) entries: usize,
    /// Whether it was well of late; `None` where that cannot be told.
    pub(crate) well: Option<bool>,
    /// What keeps it from being left.
    pub(crate) held: Vec<Hold>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finding {
    /// Nothing worth a word.
    Well,
    /// Worth a warning, and why no more than that.
    Suspicious(Reason),
    /// Proven.
    Faulty(Reason),
}

/// Judges a zone. `proof` is the part of the full evidence that is asked for: 1 but where something else already speaks.
pub(crate) fn judge(id: &ZoneId, zones: &BTreeMap<ZoneId, Zone>, rules: &Rules, proof: f64) -> Verdict {
    let zone = &zones[id];
    let newest_first = || zone.window.iter().rev();
    let faults = evidence::of_faults(newest_first(), &zone.noise);
    let latency = evidence::of_latency(newest_first(), &zone.latency_noise);
    let mut sum = LogSum::new();
    let (of_faults, of_latency) = (faults.ln + WEIGHT_FAULTS.ln(), latency.ln + WEIGHT_LATENCY.ln());
    sum.add(of_faults);
    sum.add(of_latency);
    let total = sum.ln();
    let threshold = rules.log_threshold();
    let well = well(zone, rules);
    let (early, proposal) = (Rules::times(rules.early_warning), Rules::times(rules.proposal));
    if total < 0.5 * rules.log_watch() {
        return worse_in_common_trouble(id, zones, rules).unwrap_or_else(|| {
            let held = vec![Hold::Evidence];
            Verdict { finding: Finding::Well, evidence: Evidence::default(), entries: 0, well, held }
        });
    }
    let by_faults = Signal::of_faults(zone, &faults, rules, early);
    let by_latency = Signal::of_latency(zone, &latency, rules, early);
    let named = newest_first().take(30).any(|entry| entry.sample.named_by_aws);
    let needed = threshold * proof.min(if named { 2.0 / 3.0 } else { 1.0 });
    let both = by_faults.worse(early)
        && by_latency.worse(early)
        && by_latency.lasting
        && faults.ln.min(latency.ln) >= 0.5 * needed;
    // The evidence has to be of what is far worse: a minute of a release is slow in one zone and odd in another.
    let by_faults_alone = by_faults.far_worse(proposal, early) && (of_faults >= needed || of_faults >= of_latency);
    let leading = if by_faults_alone || !by_latency.worse(early) { &by_faults } else { &by_latency };
    let proven = both || needed <= if leading.is_faults { of_faults } else { of_latency };
    let entries = leading.entries;
    let mut evidence = numbers(zone, entries);
    evidence.log_evidence_faults = faults.ln.max(0.0);
    evidence.log_evidence_latency = latency.ln.max(0.0);
    evidence.log_threshold = needed;
    evidence.p_value = by_faults.p_value;
    let performance = by_faults.times().max(by_latency.times());
    evidence.below_baseline_percent = 100.0 * (1.0 - 1.0 / performance.max(1.0));
    if both {
        evidence.corroborated_by.push(Corroboration::SecondSignal);
    }
    if named {
        evidence.corroborated_by.push(Corroboration::Aws);
    }
    corroborate(&mut evidence, id, zones, entries, early);
    evidence.others = others(id, zones, entries, leading.is_faults);
    let log_watch = rules.log_watch() * proof;
    let warned = (total >= log_watch || both) && (by_faults.worse(early) || by_latency.worse(early));
    let as_bad = 0.5 * leading.times_past.max(1.0).ln();
    let held = [
        (Hold::Known, zone.known < rules.known_minutes),
        (Hold::Traffic, evidence.requests < rules.min_requests * f64::from(evidence.minutes.max(1))),
        (Hold::OtherZones, evidence.others.values().any(|times| *times >= early && times.ln() >= as_bad)),
        (Hold::Size, !leading.far_worse(proposal, early)),
        (Hold::Evidence, !proven),
        (Hold::Persistence, !leading.lasting),
        (Hold::Faults, leading.is_faults && evidence.faults < rules.min_faults),
        (Hold::Exact, leading.is_faults && by_faults.p_value > EXACT),
        (Hold::Corroboration, evidence.corroborated_by.is_empty()),
    ];
    let held: Vec<Hold> = held.into_iter().filter_map(|(hold, holds)| holds.then_some(hold)).collect();
    let finding = match held.first() {
        _ if !warned => Finding::Well,
        Some(hold) => Finding::Suspicious(hold.reason()),
        None => Finding::Faulty(match (both, leading.is_faults) {
            (true, _) => Reason::FaultsAndLatency,
            (false, true) => Reason::Faults,
            (false, false) => Reason::Latency,
        }),
    };
    Verdict { finding, evidence, entries, well, held }
}

/// What is said of a zone that is far worse than the others while they are in trouble themselves: it is no evidence, and
/// worth a word.
fn worse_in_common_trouble(id: &ZoneId, zones: &BTreeMap<ZoneId, Zone>, rules: &Rules) -> Option<Verdict> {
    let zone = &zones[id];
    let minutes = rules.persistence_minutes as usize;
    if !zone.window.iter().rev().take(minutes).all(|entry| entry.trouble) {
        return None;
    }
    let (early, proposal) = (Rules::times(rules.early_warning), Rules::times(rules.proposal));
    let signal = Signal::of_faults(zone, &Gathered { ln: f64::NEG_INFINITY, entries: minutes }, rules, early);
    let mut evidence = numbers(zone, minutes);
    let enough =
        evidence.faults >= rules.min_faults && evidence.requests >= rules.min_requests * f64::from(evidence.minutes);
    if !enough || !signal.far_worse(proposal, early) || !signal.lasting || signal.p_value > EXACT {
        return None;
    }
    evidence.p_value = signal.p_value;
    evidence.below_baseline_percent = 100.0 * (1.0 - 1.0 / signal.times().max(1.0));
    evidence.log_threshold = rules.log_threshold();
    evidence.others = others(id, zones, minutes, true);
    Some(Verdict {
        finding: Finding::Suspicious(Reason::OtherZonesToo),
        evidence,
        entries: minutes,
        well: well(zone, rules),
        held: vec![Hold::OtherZones, Hold::Evidence],
    })
}

/// What one signal says over the time of the trouble.
struct Signal {
    is_faults: bool,
    entries: usize,
    times_others: f64,
    times_past: f64,
    p_value: f64,
    lasting: bool,
}

impl Signal {
    /// How much worse, by the more lenient of both comparisons.
    fn times(&self) -> f64 {
        self.times_others.min(self.times_past)
    }

    fn worse(&self, times: f64) -> bool {
        self.times() >= times
    }

    /// So much worse than the others, and clearly worse than its own past: else it would be the others that got better.
    fn far_worse(&self, proposal: f64, early: f64) -> bool {
        self.times_others >= proposal && self.times_past >= if self.is_faults { early } else { proposal }
    }

    fn of_faults(zone: &Zone, gathered: &Gathered, rules: &Rules, early: f64) -> Self {
        let entries = gathered.entries.max(rules.persistence_minutes as usize);
        let (of, part) = comparable(zone, entries);
        let sum = |part: fn(&Entry) -> f64| of.iter().map(|entry| part(entry)).sum::<f64>();
        let (faults, expected) = (sum(|one| one.sample.faults), sum(|one| one.expected));
        let usual = part * usual_faults(zone, entries);
        let (exposure, others, others_exposure) =
            (sum(|one| one.exposure), sum(|one| one.others_faults), sum(|one| one.others_exposure));
        let scatter = zone.noise.scatter.max(1.0);
        let share = exposure / (exposure + others_exposure);
        let by_others = (faults / exposure) / ((others + 0.5) / others_exposure);
        Self {
            is_faults: true,
            entries,
            // By what was expected, and by what the others did in this very time.
            times_others: (faults / expected.max(1e-9)).min(1.15 * by_others),
            times_past: if usual > 0.0 { faults / usual } else { f64::INFINITY },
            p_value: binomial_at_least(faults / scatter, (faults + others) / scatter, share),
            lasting: zone.window.len() >= entries
                && lasting(&of, rules.persistence_minutes as usize, |block: &[&Entry]| {
                    let faults: f64 = block.iter().map(|entry| entry.sample.faults).sum();
                    faults >= early * block.iter().map(|entry| entry.expected).sum::<f64>()
                }),
        }
    }

    fn of_latency(zone: &Zone, gathered: &Gathered, rules: &Rules, early: f64) -> Self {
        // One minute more than faults: pauses and warm-ups are common.
        let least = rules.persistence_minutes as usize + 1;
        let entries = gathered.entries.max(least);
        let of: Vec<&Entry> = zone.window.iter().rev().take(entries).collect();
        let latencies: Vec<_> = of.iter().filter_map(|entry| entry.latency).collect();
        #[expect(clippy::cast_precision_loss, reason = "at most 60")]
        let mean = |sum: f64| if latencies.is_empty() { 0.0 } else { sum / latencies.len() as f64 };
        let recent: Vec<f64> = of.iter().take(least).filter_map(|entry| Some(entry.latency?.off())).collect();
        let slow = recent.iter().filter(|off| **off >= early.ln()).count();
        Self {
            is_faults: false,
            entries,
            times_others: mean(latencies.iter().map(super::zone::Latency::off).sum()).exp(),
            times_past: mean(latencies.iter().map(|one| one.over_past).sum()).exp(),
            p_value: 1.0,
            lasting: recent.len() == least && slow + 1 >= least && recent[0] >= early.ln(),
        }
    }
}

/// Whether trouble is there now and in most of the latest minutes. Where so few faults are expected that a minute says
/// nothing, blocks of minutes are asked in its place.
fn lasting(newest_first: &[&Entry], minutes: usize, worse: impl Fn(&[&Entry]) -> bool) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "at most 60")]
    let mean = newest_first.iter().map(|entry| entry.expected).sum::<f64>() / newest_first.len().max(1) as f64;
    let mut length = 1;
    while f64::from(length) * mean < 3.0 && (length as usize) * minutes < newest_first.len() {
        length += 1;
    }
    let blocks: Vec<bool> = newest_first.chunks(length as usize).map(&worse).collect();
    let bad = |blocks: &[bool]| blocks.iter().filter(|bad| **bad).count();
    let latest = &blocks[..blocks.len().min(minutes)];
    blocks.first() == Some(&true) && bad(latest) + 1 >= minutes && 2 * bad(&blocks) >= blocks.len()
}

/// The latest `entries` by which the zone is compared with the others, and their part of its requests. A minute or two in which
/// the others fail far more often than in their latest quarter of an hour while this zone does not go with them are the
/// others' own, such as an instance that restarts: they are left out.
fn comparable(zone: &Zone, entries: usize) -> (Vec<&Entry>, f64) {
    let of: Vec<&Entry> = zone.window.iter().rev().take(entries).collect();
    let sum = |of: &[&Entry], part: fn(&Entry) -> f64| of.iter().map(|entry| part(entry)).sum::<f64>();
    let own_rate = |of: &[&Entry]| sum(of, |one| one.sample.faults) / sum(of, |one| one.exposure);
    let others_rate = |entry: &Entry| entry.others_faults / entry.others_exposure;
    let usual = median(zone.window.iter().rev().take(QUARTER).map(others_rate).collect()).unwrap_or_default();
    let (odd, even): (Vec<&Entry>, Vec<&Entry>) = of.iter().partition(|entry| others_rate(entry) > WILD * usual);
    let others_own = (1..=BURST).contains(&odd.len()) && even.len() >= 2 && own_rate(&odd) <= ALONG * own_rate(&even);
    if !others_own {
        return (of, 1.0);
    }
    let part = sum(&even, |one| one.sample.requests) / sum(&of, |one| one.sample.requests).max(1.0);
    (even, part)
}

/// Faults that the latest `entries` would have had as in the past: as in the hour before, as in the last seven days where that
/// is less, or as just before, since the rate that all share may have fallen since either. (The other way round, it would be
/// the others that got better.)
fn usual_faults(zone: &Zone, entries: usize) -> f64 {
    let by_week: f64 = zone.window.iter().rev().take(entries).map(|entry| entry.usual).sum();
    let past =
        [Some(by_week).filter(|faults| *faults > 0.0), by_hour(zone, entries), by_past(zone, entries, JUST_NOW, 6)];
    past.into_iter().flatten().reduce(f64::min).unwrap_or(by_week)
}

/// Faults that the latest `entries` would have had as in what is known of the hour before, where that is enough to tell.
fn by_hour(zone: &Zone, entries: usize) -> Option<f64> {
    by_past(zone, entries, usize::MAX, 20)
}

/// The same of no more than so many entries before, where no fewer than `least` of them tell.
fn by_past(zone: &Zone, entries: usize, most: usize, least: usize) -> Option<f64> {
    let (now, before) = (zone.window.iter().rev().take(entries), zone.window.iter().rev().skip(entries).take(most));
    let (faults, requests, minutes) = before
        .filter(|entry| !entry.suspect && !entry.trouble)
        .fold((0.0, 0.0, 0), |sum, one| (sum.0 + one.sample.faults, sum.1 + one.sample.requests, sum.2 + 1));
    let known = minutes >= least && faults >= 20.0;
    known.then(|| now.map(|entry| entry.sample.requests).sum::<f64>() * faults / requests)
}

/// Whether the zone was well over the latest minutes; `None` without enough traffic to tell.
fn well(zone: &Zone, rules: &Rules) -> Option<bool> {
    let of: Vec<&Entry> = zone.window.iter().rev().take(WELL_OVER).collect();
    let sum = |part: fn(&Entry) -> f64| of.iter().map(|entry| part(entry)).sum::<f64>();
    #[expect(clippy::cast_precision_loss, reason = "at most 10")]
    if of.is_empty() || sum(|one| one.sample.requests) < rules.min_requests * of.len() as f64 {
        return None;
    }
    let (faults, expected) = (sum(|one| one.sample.faults), sum(|one| one.expected));
    #[expect(clippy::cast_precision_loss, reason = "at most 10")]
    let doubt = sum(|one| one.doubt) / of.len() as f64;
    let variance = zone.noise.scatter * expected + (zone.noise.drift.min(MOST_DRIFT) + doubt) * expected * expected;
    let chance = BY_CHANCE * variance.sqrt();
    let latency: Vec<f64> = of.iter().filter_map(|entry| Some(entry.latency?.off())).collect();
    #[expect(clippy::cast_precision_loss, reason = "at most 10")]
    let slow = latency.iter().sum::<f64>() / latency.len().max(1) as f64;
    let latency_chance = BY_CHANCE * (zone.latency_noise.drift + zone.latency_noise.scatter / 10.0).sqrt();
    Some(faults <= (WELL_BELOW * expected).max(expected + chance) && slow <= WELL_BELOW.ln().max(latency_chance))
}

/// The numbers of the latest `entries`.
pub(crate) fn numbers(zone: &Zone, entries: usize) -> Evidence {
    let of: Vec<&Entry> = zone.window.iter().rev().take(entries).collect();
    let sum = |part: fn(&Entry) -> f64| of.iter().map(|entry| part(entry)).sum::<f64>();
    let (requests, faults, expected) =
        (sum(|one| one.sample.requests), sum(|one| one.sample.faults), sum(|one| one.expected));
    let latencies: Vec<_> = of.iter().filter_map(|entry| entry.latency).collect();
    #[expect(clippy::cast_precision_loss, reason = "at most 60")]
    let mean = |sum: f64| (!latencies.is_empty()).then(|| (sum / latencies.len() as f64).exp());
    let per = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    Evidence {
        minutes: u32::try_from(of.len()).unwrap_or(u32::MAX),
        requests,
        faults,
        expected_faults: expected,
        fault_percent: 100.0 * per(faults, requests),
        others_fault_percent: 100.0
            * per(sum(|one| one.others_faults), sum(|one| one.others_exposure))
            * per(sum(|one| one.exposure), requests),
        times_others: per(faults, expected),
        times_usual: per(faults, usual_faults(zone, entries)),
        latency_times_others: mean(latencies.iter().map(super::zone::Latency::off).sum()),
        latency_times_usual: mean(latencies.iter().map(|one| one.over_past).sum()),
        latency_ms: median(of.iter().filter_map(|entry| entry.sample.latency_ms).collect()),
        instances: median(of.iter().filter_map(|entry| entry.sample.instances).collect()),
        ..Evidence::default()
    }
}

fn corroborate(evidence: &mut Evidence, id: &ZoneId, zones: &BTreeMap<ZoneId, Zone>, entries: usize, early: f64) {
    let by = &mut evidence.corroborated_by;
    if evidence.instances.is_some_and(|instances| instances >= 2.0) {
        by.push(Corroboration::Instances);
    }
    let mut workloads: BTreeMap<&str, (Tally, Tally)> = BTreeMap::new();
    let (mut probes, mut packets) = ((Tally::default(), Tally::default()), (Tally::default(), Tally::default()));
    for (zone, state) in zones {
        let own = zone == id;
        let add = |both: &mut (Tally, Tally), one: Tally| {
            let side = if own { &mut both.0 } else { &mut both.1 };
            *side = side.and(one);
        };
        for entry in state.window.iter().rev().take(entries) {
            for (name, tally) in &entry.sample.workloads {
                add(workloads.entry(name).or_default(), *tally);
            }
            entry.sample.probes.into_iter().for_each(|tally| add(&mut probes, tally));
            entry.sample.packets.into_iter().for_each(|tally| add(&mut packets, tally));
        }
    }
    let worse = |(own, others): &(Tally, Tally)| {
        let share = own.tried / (own.tried + others.tried).max(1e-9);
        own.tried > 0.0
            && others.tried > 0.0
            && own.failed / own.tried >= early * others.failed / others.tried
            && binomial_at_least(own.failed, own.failed + others.failed, share) < 0.01
    };
    if workloads.values().filter(|one| worse(one)).count() >= 2 {
        by.push(Corroboration::Workloads);
    }
    if worse(&probes) {
        by.push(Corroboration::Probes);
    }
    if worse(&packets) {
        by.push(Corroboration::Packets);
    }
}

/// How the other zones do against their own past in the same time, where that is more than chance.
fn others(id: &ZoneId, zones: &BTreeMap<ZoneId, Zone>, entries: usize, by_faults: bool) -> BTreeMap<ZoneId, f64> {
    let mut worse = BTreeMap::new();
    let compared: Vec<Timestamp> = comparable(&zones[id], entries).0.iter().map(|one| one.at).collect();
    for (other, zone) in zones.iter().filter(|(other, _)| *other != id) {
        let of: Vec<&Entry> = zone.window.iter().rev().take(entries).collect();
        let times = if by_faults {
            // A burst of a minute or two is no trouble of the zone's.
            let burst = of.iter().filter(|entry| entry.wild).count() <= BURST;
            let of: Vec<&Entry> =
                of.into_iter().filter(|one| !(burst && one.wild) && compared.contains(&one.at)).collect();
            let faults = of.iter().map(|entry| entry.sample.faults).sum::<f64>();
            let by_week = of.iter().map(|entry| entry.usual).sum::<f64>();
            #[expect(clippy::cast_precision_loss, reason = "at most 60")]
            let part = of.len() as f64 / entries as f64;
            let usual = by_hour(zone, entries).map_or(by_week, |by_hour| by_week.max(part * by_hour));
            let noise = &zone.noise;
            let chance = 2.0 * (noise.scatter * usual + noise.drift * usual * usual).sqrt();
            (usual > 0.0 && faults > usual + chance).then(|| faults / usual)
        } else {
            let latencies: Vec<f64> = of.iter().filter_map(|entry| Some(entry.latency?.over_past)).collect();
            #[expect(clippy::cast_precision_loss, reason = "at most 60")]
            let mean = latencies.iter().sum::<f64>() / latencies.len().max(1) as f64;
            Some(mean.exp())
        };
        if let Some(times) = times {
            worse.insert(other.clone(), times);
        }
    }
    worse
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
