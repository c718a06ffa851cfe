//! Alerts that their sender repeats for as long as they fire.

use std::time::Duration;

use jiff::Timestamp;

use super::keys;
use crate::{
    incident::{AlarmId, Change, Incident, Signal, Status, Track},
    store::{backend::StoreError, table::Store},
};

/// What a repeated alert means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeated {
    /// It still fires, and that is noted with its open incident.
    Noted,
    /// Its incident was ended because it had not been repeated for long, and now it has been: it fires anew.
    AfterSilence {
        /// When the incident was ended.
        ended_at: Timestamp,
    },
    /// It is about no incident that is open.
    Known,
}

impl Store {
    /// Takes in that an alert, which was taken in before, was said to fire at `at`.
    pub async fn repeated(
        &self,
        cluster: &str,
        alarm: &AlarmId,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Repeated, StoreError> {
        let track = self.read::<Track>(&keys::track(cluster, alarm), now).await?;
        let Some((fingerprint, id)) = track.and_then(|(track, _)| track.incident) else { return Ok(Repeated::Known) };
        let incident = self.incident(&fingerprint, now).await?.filter(|incident| incident.id == id);
        let Some(incident) = incident else { return Ok(Repeated::Known) };
        match incident.status {
            Status::Open if incident.clone().reported(alarm, at) => {
                self.touch(&incident, now, |incident| {
                    incident.reported(alarm, at);
                })
                .await?;
                Ok(Repeated::Noted)
            }
            Status::Open => Ok(Repeated::Noted),
            Status::Faded { at: ended_at } if at > ended_at => {
                let fired = incident.members.get(alarm).is_some_and(|member| member.signal == Signal::Alarm);
                Ok(if fired { Repeated::AfterSilence { ended_at } } else { Repeated::Known })
            }
            Status::Faded { .. } | Status::Resolved { .. } => Ok(Repeated::Known),
        }
    }

    /// Ends an incident that nobody has said anything about for long: alarms without data for hours, alerts that have not been
    /// repeated for `silence`.
    pub async fn fade(
        &self,
        incident: &Incident,
        silence: Duration,
        now: Timestamp,
    ) -> Result<Option<(Incident, Change)>, StoreError> {
        // Most incidents do not fade: they are not read again for that.
        if incident.clone().fade(silence, now) == Change::Unchanged {
            return Ok(Some((incident.clone(), Change::Unchanged)));
        }
        self.alter(incident, now, |incident| incident.fade(silence, now)).await
    }
}
