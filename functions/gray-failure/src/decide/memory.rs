//! What is carried from one minute to the next, and the course of a case: watch, shift, extend, end.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    Call, Evidence, Hold, Minute, Outlook, Reason, Rules, Statement, ZoneId,
    ahead::Ahead,
    judge::{Finding, Verdict, judge, numbers},
    week::factors,
    zone::{Zone, hour_of, minute_of, others},
};

/// Minutes without a sign of a zone that are worth a word.
const SILENT: i64 = 5;
/// Minutes without suspicion after which a warning is forgotten.
const FORGET: u32 = 15;
/// Minutes after which a zone that is not heard of any more is no zone of ours any more.
const GONE: i64 = 24 * 60;

/// What is carried from one invocation to the next. [`Memory::default`] knows nothing yet.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Memory {
    zones: BTreeMap<ZoneId, Zone>,
    last: Option<Timestamp>,
    watches: BTreeMap<ZoneId, Watch>,
    shift: Option<Shift>,
    returned: Option<Returned>,
    #[serde(default)]
    ahead: Ahead,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Watch {
    said: BTreeSet<Reason>,
    calm: u32,
}

/// The shift that stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shift {
    /// The zone that is left.
    pub zone: ZoneId,
    /// Since when.
    pub since: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    well: u32,
    blind: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Returned {
    zone: ZoneId,
    at: Timestamp,
}

impl Memory {
    /// The shift that stands.
    pub const fn shift(&self) -> Option<&Shift> {
        self.shift.as_ref()
    }

    /// The zones that are warned of, and [`super::ALL_ZONES`] where something is foreseen for all of them.
    pub fn watched(&self) -> impl Iterator<Item = &ZoneId> {
        self.watches.keys().chain(self.ahead.said())
    }

    /// What demand is coming while a zone is left from this minute on.
    pub fn outlook(&self, at: Timestamp) -> Outlook {
        self.ahead.outlook(at)
    }

    /// The last minute that was taken in.
    pub const fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// Takes in a minute and says what there is to say. A minute that is not later than the last one is passed over.
    pub fn step(&mut self, minute: &Minute, rules: &Rules) -> Vec<Statement> {
        if self.last.is_some_and(|last| minute_of(minute.at) <= minute_of(last)) {
            return Vec::new();
        }
        self.observe(minute);
        let mut statements = Vec::new();
        let mut verdicts = BTreeMap::new();
        for id in minute.zones.keys() {
            let mut verdict = judge(id, &self.zones, rules, self.proof(id, minute.at, rules));
            verdict.evidence.missing = self.missing(minute.at);
            if verdict.finding != Finding::Well
                && let Some(zone) = self.zones.get_mut(id)
            {
                zone.suspect(verdict.entries);
            }
            verdicts.insert(id.clone(), verdict);
        }
        self.silent(minute, &mut statements);
        match self.shift.take() {
            Some(shift) => self.go_on(shift, minute.at, &verdicts, rules, &mut statements),
            None => self.begin(minute.at, &verdicts, rules, &mut statements),
        }
        self.warn(minute.at, verdicts, &mut statements);
        let left = self.shift.iter().map(|shift| &shift.zone);
        let known: BTreeSet<ZoneId> = self.watches.keys().chain(left).cloned().collect();
        statements.extend(self.ahead.foresee(minute.at, &known));
        statements
    }

    /// What keeps a zone from being left as of the last minute, and the numbers; nothing does where nothing is known of it.
    pub fn held(&self, zone: &ZoneId, rules: &Rules) -> (Vec<Hold>, Evidence) {
        let Some(at) = self.last.filter(|_| self.zones.contains_key(zone)) else { return Default::default() };
        let verdict = judge(zone, &self.zones, rules, self.proof(zone, at, rules));
        (verdict.held, verdict.evidence)
    }

    fn observe(&mut self, minute: &Minute) {
        let begun = self.last.is_none_or(|last| hour_of(last) != hour_of(minute.at));
        self.last = Some(minute.at);
        for id in minute.zones.keys() {
            self.zones.entry(id.clone()).or_insert_with(|| Zone::new(minute.at));
        }
        self.zones.retain(|_, zone| minute_of(minute.at) - minute_of(zone.heard) < GONE);
        let young = self.zones.values().any(|zone| zone.known < 1440) && minute_of(minute.at) % 10 == 0;
        if begun || young {
            let weeks: Vec<_> = self.zones.values().map(|zone| &zone.week).collect();
            let factors = factors(&weeks, hour_of(minute.at));
            self.zones.values_mut().zip(factors).for_each(|(zone, factor)| zone.factor = factor);
        }
        let others = others(&self.zones, minute.at, minute);
        for ((id, sample), others) in minute.zones.iter().zip(others) {
            if let Some(zone) = self.zones.get_mut(id) {
                zone.observe(minute.at, sample, &others);
            }
        }
        let left = self.shift.as_ref().map(|shift| &shift.zone);
        let is_whole = self.missing(minute.at).iter().all(|zone| Some(zone) == left);
        self.ahead.observe(minute, is_whole);
        self.ahead.retain(|zone| self.zones.contains_key(zone));
    }

    /// The part of the full proof that is asked for: a zone that was left before is soon believed to be bad again.
    fn proof(&self, id: &ZoneId, at: Timestamp, rules: &Rules) -> f64 {
        let trial = i64::from(rules.trial_minutes);
        match &self.returned {
            Some(returned) if returned.zone == *id && minute_of(at) - minute_of(returned.at) <= trial => 0.5,
            _ => 1.0,
        }
    }

    fn has_just_returned(&self, id: &ZoneId, at: Timestamp) -> bool {
        self.returned.as_ref().is_some_and(|returned| returned.zone == *id && returned.at == at)
    }

    fn missing(&self, at: Timestamp) -> Vec<ZoneId> {
        let silent = |zone: &Zone| minute_of(at) > minute_of(zone.heard);
        self.zones.iter().filter(|(_, zone)| silent(zone)).map(|(id, _)| id.clone()).collect()
    }

    fn silent(&mut self, minute: &Minute, statements: &mut Vec<Statement>) {
        let left = self.shift.as_ref().map(|shift| shift.zone.clone());
        for (id, zone) in &self.zones {
            let minutes = minute_of(minute.at) - minute_of(zone.heard);
            if minutes == SILENT && left.as_ref() != Some(id) && zone.known > 0 {
                let minutes = u32::try_from(minutes).unwrap_or(u32::MAX);
                let evidence = Evidence { minutes, missing: vec![id.clone()], ..Evidence::default() };
                statements.push(Statement::new(minute.at, id, Call::Watch, Reason::Silent, evidence));
            }
        }
    }

    fn begin(
        &mut self,
        at: Timestamp,
        verdicts: &BTreeMap<ZoneId, Verdict>,
        rules: &Rules,
        statements: &mut Vec<Statement>,
    ) {
        let proven = verdicts.iter().filter_map(|(id, verdict)| match verdict.finding {
            Finding::Faulty(reason) => Some((id, reason, &verdict.evidence)),
            _ => None,
        });
        // Two at once is no zonal fault: each is warned of below.
        let mut proven: Vec<_> = proven.collect();
        if proven.len() > 1 {
            return;
        }
        if let Some((id, reason, evidence)) = proven.pop() {
            let expires_at = later(at, rules.expires_in_minutes);
            self.shift = Some(Shift { zone: id.clone(), since: at, expires_at, well: 0, blind: 0 });
            self.returned = None;
            statements.push(Statement::new(at, id, Call::Shift, reason, evidence.clone()));
        }
    }

    fn go_on(
        &mut self,
        mut shift: Shift,
        at: Timestamp,
        verdicts: &BTreeMap<ZoneId, Verdict>,
        rules: &Rules,
        statements: &mut Vec<Statement>,
    ) {
        let id = shift.zone.clone();
        let verdict = verdicts.get(&id);
        let well = verdict.and_then(|verdict| verdict.well);
        (shift.well, shift.blind) = match well {
            Some(true) => (shift.well + 1, 0),
            Some(false) => (0, 0),
            None => (shift.well, shift.blind + 1),
        };
        let evidence = verdict.map(|verdict| verdict.evidence.clone()).unwrap_or_default();
        let stood = minute_of(at) - minute_of(shift.since);
        let end = if shift.well >= rules.well_minutes {
            Some(Reason::WellAgain)
        } else if stood >= i64::from(rules.longest_minutes) {
            // What was usual of it is no more.
            self.zones.remove(&id);
            Some(Reason::NewNormal)
        } else {
            None
        };
        if let Some(reason) = end {
            return self.end(&id, at, reason, rules, statements);
        }
        if minute_of(shift.expires_at) - minute_of(at) <= i64::from(rules.extend_within_minutes) {
            let reason = match well {
                _ if shift.blind >= rules.blind_minutes => {
                    return self.end(&id, at, Reason::OnTrial, rules, statements);
                }
                None => Reason::NothingHeard,
                Some(false) => Reason::StillWorse,
                Some(true) => Reason::NotWellLongEnough,
            };
            shift.expires_at = later(shift.expires_at.max(at), rules.expires_in_minutes);
            statements.push(Statement::new(at, &id, Call::Extend, reason, evidence));
        }
        // What is learnt of a zone that was left would be of a sick one.
        if let Some(zone) = self.zones.get_mut(&id) {
            zone.suspect(1);
        }
        self.shift = Some(shift);
    }

    /// Traffic returns. What the zone was left for is spent: were it weighed again, the zone would be left again for minutes
    /// that are over.
    fn end(&mut self, id: &ZoneId, at: Timestamp, reason: Reason, rules: &Rules, statements: &mut Vec<Statement>) {
        self.returned = Some(Returned { zone: id.clone(), at });
        self.watches.remove(id);
        let evidence = self.zones.get_mut(id).map(|zone| {
            zone.acquit(at, rules.well_minutes);
            numbers(zone, rules.well_minutes as usize)
        });
        let evidence = evidence.unwrap_or_default();
        statements.push(Statement::new(at, id, Call::End, reason, evidence));
    }

    /// Warnings: each reason once for as long as the suspicion lasts.
    fn warn(&mut self, at: Timestamp, verdicts: BTreeMap<ZoneId, Verdict>, statements: &mut Vec<Statement>) {
        let left = self.shift.as_ref().map(|shift| shift.zone.clone());
        for (id, verdict) in verdicts {
            let reason = match verdict.finding {
                _ if left.as_ref() == Some(&id) || self.has_just_returned(&id, at) => continue,
                Finding::Well => {
                    if let Some(watch) = self.watches.get_mut(&id) {
                        watch.calm += 1;
                        if watch.calm >= FORGET {
                            self.watches.remove(&id);
                        }
                    }
                    continue;
                }
                Finding::Suspicious(reason) => reason,
                Finding::Faulty(_) if left.is_some() => Reason::AnotherZoneIsLeft,
                Finding::Faulty(_) => Reason::OtherZonesToo,
            };
            let watch = self.watches.entry(id.clone()).or_insert_with(|| Watch { said: BTreeSet::new(), calm: 0 });
            watch.calm = 0;
            if watch.said.insert(reason) {
                statements.push(Statement::new(at, &id, Call::Watch, reason, verdict.evidence));
            }
        }
    }
}

fn later(at: Timestamp, minutes: u32) -> Timestamp {
    at.saturating_add(SignedDuration::from_mins(i64::from(minutes))).unwrap_or(Timestamp::MAX)
}
