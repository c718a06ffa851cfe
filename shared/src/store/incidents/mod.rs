//! Incidents kept: routing of observations, opening and joining, what is left to show.
//!
//! The current incident of a fingerprint is one item, changed by compare and write, so that whoever ends it and whoever
//! joins it cannot miss each other. Around it are lists that help to find it, and the alarm's track, from which it
//! follows what the next observation means. Handling an observation writes the incident, then the lists, then the track.
//! Until the track is written the observation is news: whoever was interrupted is repeated from the start, and finds
//! the work done. So that the repetition ends in the same incident, the choice of the fingerprint is noted in the track
//! before anything is written under it.

mod keep;
mod keys;
mod repeat;
mod route;
mod show;
#[cfg(test)]
mod tests;

pub use keep::PastIncident;
pub use repeat::Repeated;
pub use route::Triage;
