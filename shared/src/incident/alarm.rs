//! One alarm over time, from observations that arrive in any order and more than once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{fingerprint::Fingerprint, record::IncidentId};

/// An alarm's identity: its ARN, or what its source calls it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AlarmId(pub String);

impl std::fmt::Display for AlarmId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an alarm says. Ordered: of two signals of the same moment the later one here counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// All well.
    Ok,
    /// It cannot tell.
    InsufficientData,
    /// It fires.
    Alarm,
}

/// That an alarm changed its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// The alarm.
    pub alarm: AlarmId,
    /// Its name, for people.
    pub name: String,
    /// What it says since then.
    pub signal: Signal,
    /// When it changed, by the alarm's own clock.
    pub at: Timestamp,
}

/// What is known of one alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// The latest state.
    pub signal: Signal,
    /// Since when.
    pub at: Timestamp,
    /// The time of the latest firing that an incident covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covered: Option<Timestamp>,
    /// The latest incident it belonged to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<(Fingerprint, IncidentId)>,
    /// The fingerprint chosen for a firing, with its time, before anything was written under it. Whoever repeats the
    /// handling of that firing keeps to it, even if the cluster now shows another cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<(Timestamp, Fingerprint)>,
}

/// What an observation means for its alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing: a duplicate, or older than what is known.
    Stale,
    /// It fires and no incident covers that.
    Fires {
        /// What it said afterwards and since when, where that arrived first.
        then: Option<(Signal, Timestamp)>,
    },
    /// It is OK.
    Clears,
    /// It has no data.
    HasNoData,
}

impl Track {
    /// What `observation` means, given what is known of its alarm.
    pub fn step(known: Option<&Self>, observation: &Observation) -> Step {
        let is_news = known.is_none_or(|track| (observation.at, observation.signal) > (track.at, track.signal));
        match observation.signal {
            Signal::Alarm => {
                let is_covered = known.and_then(|track| track.covered).is_some_and(|covered| observation.at <= covered);
                match known {
                    _ if is_covered => Step::Stale,
                    Some(track) if !is_news && track.signal != Signal::Alarm => {
                        Step::Fires { then: Some((track.signal, track.at)) }
                    }
                    _ => Step::Fires { then: None },
                }
            }
            _ if !is_news => Step::Stale,
            Signal::Ok => Step::Clears,
            Signal::InsufficientData => Step::HasNoData,
        }
    }

    /// What is known once a fingerprint is chosen for the firing `observation`.
    #[must_use]
    pub fn plan(known: Option<Self>, observation: &Observation, fingerprint: Fingerprint) -> Self {
        // The state itself is not taken in yet: until the firing is covered, it is news.
        let track = known.unwrap_or(Self {
            signal: Signal::Ok,
            at: Timestamp::MIN,
            covered: None,
            incident: None,
            planned: None,
        });
        Self { planned: Some((observation.at, fingerprint)), ..track }
    }

    /// The fingerprint chosen for the firing `observation`, if there is one.
    pub fn planned_for(&self, observation: &Observation) -> Option<&Fingerprint> {
        self.planned.as_ref().filter(|(at, _)| *at == observation.at).map(|(_, fingerprint)| fingerprint)
    }

    /// What is known after `observation`; `incident` is the one that now covers it.
    #[must_use]
    pub fn after(known: Option<Self>, observation: &Observation, incident: Option<(Fingerprint, IncidentId)>) -> Self {
        let mut track = known.unwrap_or(Self {
            signal: observation.signal,
            at: observation.at,
            covered: None,
            incident: None,
            planned: None,
        });
        if (observation.at, observation.signal) > (track.at, track.signal) {
            (track.at, track.signal) = (observation.at, observation.signal);
        }
        if incident.is_some() {
            if observation.signal == Signal::Alarm {
                track.covered = track.covered.max(Some(observation.at));
                track.planned = None;
            }
            track.incident = incident;
        }
        track
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(signal: Signal, second: i64) -> Observation {
        Observation {
            alarm: AlarmId("cpu".into()),
            name: "cpu".into(),
            signal,
            at: Timestamp::from_second(second).unwrap(),
        }
    }

    fn incident() -> Option<(Fingerprint, IncidentId)> {
        Some((Fingerprint::of_alarm("c", &AlarmId("cpu".into())), IncidentId("inc-1".into())))
    }

    #[test]
    fn a_duplicate_and_an_older_state_change_nothing() {
        let track = Track::after(None, &seen(Signal::Alarm, 10), incident());
        assert_eq!(Track::step(Some(&track), &seen(Signal::Alarm, 10)), Step::Stale);
        assert_eq!(Track::step(Some(&track), &seen(Signal::Ok, 5)), Step::Stale);
        assert_eq!(Track::step(Some(&track), &seen(Signal::Alarm, 5)), Step::Stale);
        assert_eq!(Track::step(Some(&track), &seen(Signal::Ok, 20)), Step::Clears);
    }

    #[test]
    fn a_firing_whose_end_arrived_first_is_told_as_over() {
        let track = Track::after(None, &seen(Signal::Ok, 20), None);
        let then = Some((Signal::Ok, Timestamp::from_second(20).unwrap()));
        assert_eq!(Track::step(Some(&track), &seen(Signal::Alarm, 10)), Step::Fires { then });
    }

    #[test]
    fn a_firing_that_was_interrupted_before_an_incident_covered_it_is_repeated() {
        let track = Track::after(None, &seen(Signal::Alarm, 10), None);
        assert_eq!(Track::step(Some(&track), &seen(Signal::Alarm, 10)), Step::Fires { then: None });
    }

    #[test]
    fn a_firing_after_the_end_is_new() {
        let track = Track::after(None, &seen(Signal::Alarm, 10), incident());
        let track = Track::after(Some(track), &seen(Signal::Ok, 20), incident());
        assert_eq!(Track::step(Some(&track), &seen(Signal::Alarm, 30)), Step::Fires { then: None });
    }
}
