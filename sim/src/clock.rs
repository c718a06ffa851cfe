//! What moves the world's clock when nobody steps it by hand.

use std::sync::Weak;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::world::World;

/// How often the world is told the time.
const TICK: Duration = Duration::from_millis(200);

/// Ticks the world until it is gone: `speed` times as fast as the machine's clock while the world is behind that, and with
/// it from then on. A world that never runs ahead shows nothing from the future to whoever reads it.
pub(crate) async fn run(world: Weak<World>, from: Timestamp, speed: f64) {
    let started = Instant::now();
    let mut ticks = tokio::time::interval(TICK);
    loop {
        ticks.tick().await;
        let Some(world) = world.upgrade() else { return };
        let time = world_time(from, started.elapsed(), speed, Timestamp::now());
        // A tick may have a lot to do (thousands of pods): not on the threads that serve.
        let ticked = tokio::task::spawn_blocking(move || world.tick(time)).await;
        if ticked.is_err() {
            return;
        }
    }
}

fn world_time(from: Timestamp, elapsed: Duration, speed: f64, machine: Timestamp) -> Timestamp {
    let passed = SignedDuration::try_from_secs_f64(elapsed.as_secs_f64() * speed).unwrap_or(SignedDuration::MAX);
    from.checked_add(passed).map_or(machine, |time| time.min(machine))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_world_catches_up_and_then_keeps_step() {
        let from: Timestamp = "2026-03-01T05:00:00Z".parse().unwrap();
        let after = |seconds: i64| from + SignedDuration::from_secs(seconds);
        let time = |elapsed, machine| world_time(from, Duration::from_secs(elapsed), 60.0, after(machine));
        assert_eq!(time(1, 601), after(60));
        assert_eq!(time(20, 620), after(620));
    }
}
