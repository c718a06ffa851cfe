//! Everything the world holds, behind one lock.

use jiff::Timestamp;

use super::Options;
use super::alarms::AlarmBook;
use super::metrics::MetricStore;
use super::noise::Noise;
use super::store::Store;

/// The world's state. Time inside is whole seconds since the epoch: Kubernetes' own resolution.
pub(crate) struct State {
    pub(crate) options: Options,
    pub(crate) now: i64,
    pub(crate) noise: Noise,
    pub(crate) store: Store,
    pub(crate) metrics: MetricStore,
    pub(crate) alarms: AlarmBook,
}

impl State {
    pub(crate) fn new(options: Options, now: i64) -> Self {
        let noise = Noise::new(options.seed);
        Self {
            options,
            now,
            noise,
            store: Store::default(),
            metrics: MetricStore::default(),
            alarms: AlarmBook::default(),
        }
    }

    /// The clock.
    pub(crate) fn time(&self) -> Timestamp {
        Timestamp::from_second(self.now).unwrap_or_default()
    }

    /// Lets time pass until `now`.
    pub(crate) fn run_until(&mut self, now: i64) {
        self.now = self.now.max(now);
    }
}
