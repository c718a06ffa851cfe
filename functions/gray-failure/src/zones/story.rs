//! What people are told of: a suspicion from its first sign to the all clear. Pure.
//!
//! A story is made of statements alone and kept with the memory they come from, so that whoever is interrupted tells the
//! same story again. Where it is told (which message) is kept apart.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::decide::{Call, Evidence, Memory, Minute, Outlook, Reason, Statement, ZoneId};

/// How long a story that is over may be taken up again.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);
/// How long after the end of a shift a warning is taken for what is left of the old trouble.
const ECHO: SignedDuration = SignedDuration::from_mins(20);
/// How long it is kept after that.
const KEEP: SignedDuration = SignedDuration::from_hours(2);
/// Stories kept at a time; more zones than this no region has.
const MOST: usize = 12;

/// A suspicion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Story {
    /// The zone.
    pub zone: ZoneId,
    /// The first sign.
    pub since: Timestamp,
    /// What was said last of it.
    pub latest: Told,
    /// When and why it was to be left, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Told>,
    /// Until when it is to be left, where it still is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// How often that was renewed.
    #[serde(default)]
    pub extended: u32,
    /// What demand was coming when it was to be left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outlook: Option<Outlook>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Timestamp>,
    /// How often it changed: what is shown is of one revision.
    pub revision: u32,
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// When.
    pub at: Timestamp,
    /// What to do.
    pub call: Call,
    /// Why.
    pub reason: Reason,
    /// The numbers.
    pub evidence: Evidence,
}

impl From<&Statement> for Told {
    fn from(said: &Statement) -> Self {
        Self { at: said.timestamp, call: said.decision, reason: said.reason, evidence: said.evidence.clone() }
    }
}

/// How a story stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It is suspected.
    Watched,
    /// It is to be left.
    Left,
    /// It is over.
    Over,
}

impl Standing {
    /// Its name, in metadata.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Watched => "watch",
            Self::Left => "shift",
            Self::Over => "all-clear",
        }
    }
}

impl Story {
    /// Its name: the same however often it is told.
    pub fn id(&self, cluster: &str) -> String {
        format!("zone-{cluster}-{}-{}", self.zone, self.since.as_second())
    }

    /// How it stands.
    pub const fn standing(&self) -> Standing {
        match (self.over, self.until) {
            (Some(_), _) => Standing::Over,
            (None, Some(_)) => Standing::Left,
            (None, None) => Standing::Watched,
        }
    }

    fn new(said: &Statement) -> Self {
        Self {
            zone: said.zone.clone(),
            since: began(said),
            latest: said.into(),
            left: None,
            until: None,
            extended: 0,
            outlook: None,
            over: None,
            revision: 0,
        }
    }

    /// Whether this is a warning soon after its end.
    fn is_echo(&self, said: &Statement) -> bool {
        let has_ended = self.latest.call == Call::End && said.decision == Call::Watch;
        has_ended && self.over.is_some_and(|over| said.timestamp.duration_since(over) < ECHO)
    }

    fn goes_on(&mut self, said: &Statement, memory: &Memory) {
        self.revision += 1;
        self.latest = said.into();
        self.over = None;
        match said.decision {
            Call::Watch => {}
            Call::Shift => {
                (self.left, self.extended) = (Some(said.into()), 0);
                // Kept: what is proposed is the same however often it is.
                self.outlook = Some(memory.outlook(said.timestamp));
            }
            Call::Extend => self.extended += 1,
            Call::End => self.over = Some(said.timestamp),
        }
        self.until = memory.shift().filter(|shift| shift.zone == self.zone).map(|shift| shift.expires_at);
    }
}

/// The first minute of what is said.
fn began(said: &Statement) -> Timestamp {
    let minutes = i64::from(said.evidence.minutes.saturating_sub(1));
    said.timestamp - SignedDuration::from_mins(minutes)
}

/// Takes in what was said after `minute`, of which `memory` is what is carried over.
pub fn goes_on(stories: &mut Vec<Story>, statements: &[Statement], memory: &Memory, minute: &Minute) {
    for said in statements {
        // A zone that is left at a time when another story of it is over begins with the old one: it is the same trouble.
        let again = |story: &&mut Story| {
            story.zone == said.zone && story.over.is_none_or(|over| said.timestamp.duration_since(over) < AGAIN)
        };
        match stories.iter_mut().rev().find(again) {
            // What is still in sight of it as it ends is no new trouble.
            Some(story) if story.is_echo(said) => {}
            Some(story) => story.goes_on(said, memory),
            None => {
                let mut story = Story::new(said);
                story.goes_on(said, memory);
                stories.push(story);
            }
        }
    }
    let watched: BTreeSet<&ZoneId> = memory.watched().collect();
    for story in stories.iter_mut().filter(|story| story.over.is_none() && story.until.is_none()) {
        let is_silent = story.latest.reason == Reason::Silent && !minute.zones.contains_key(&story.zone);
        if !watched.contains(&story.zone) && !is_silent {
            story.over = Some(minute.at);
            story.revision += 1;
        }
    }
    stories.retain(|story| story.over.is_none_or(|over| minute.at.duration_since(over) < KEEP));
    if stories.len() > MOST {
        stories.drain(..stories.len() - MOST);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::decide::{Rules, Sample};

    fn at(minute: i64) -> Timestamp {
        "2026-03-02T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
    }

    /// Minutes of three zones, one of which fails as `faults` says; what stands of it after each.
    fn lived(minutes: i64, faults: impl Fn(i64) -> f64) -> Vec<Vec<Story>> {
        let (mut memory, mut stories, mut all) = (Memory::default(), Vec::new(), Vec::new());
        for minute in 0..minutes {
            let sample = |faults| Sample {
                requests: 6000.0,
                faults,
                latency_ms: Some(80.0),
                instances: Some(4.0),
                ..Sample::default()
            };
            let failing = [faults(minute), 8.0, 8.0];
            let zones: BTreeMap<_, _> = failing
                .into_iter()
                .enumerate()
                .map(|(zone, one)| (ZoneId(format!("z-az{zone}")), sample(one)))
                .collect();
            let minute = Minute { at: at(minute), zones };
            let said = memory.step(&minute, &Rules::default());
            goes_on(&mut stories, &said, &memory, &minute);
            all.push(stories.clone());
        }
        all
    }

    #[test]
    fn a_fault_is_one_story_from_the_first_sign_to_the_all_clear() {
        let lived = lived(640, |minute| if (540..580).contains(&minute) { 400.0 } else { 8.0 });
        let told: Vec<Story> = lived.iter().flatten().cloned().collect();
        assert!(!told.is_empty());
        let ids: BTreeSet<String> = told.iter().map(|story| story.id("prod-eks")).collect();
        assert_eq!(ids.len(), 1, "{ids:?}");
        let standings: Vec<Standing> = told.iter().map(Story::standing).collect();
        assert!(standings.is_sorted(), "watched, left, over: {standings:?}");
        let last = told.last().unwrap();
        assert_eq!((last.standing(), last.latest.reason), (Standing::Over, Reason::WellAgain));
        assert!(last.since >= at(538) && last.left.as_ref().unwrap().at <= at(545), "{last:?}");
    }

    #[test]
    fn where_all_is_well_there_is_no_story() {
        assert!(lived(640, |_| 8.0).iter().all(Vec::is_empty));
    }
}
