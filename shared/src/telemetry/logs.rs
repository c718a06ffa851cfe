//! Logs: a JSON object a line.

use std::sync::atomic::{AtomicBool, Ordering};

use tracing_subscriber::{EnvFilter, fmt};

static WARM: AtomicBool = AtomicBool::new(false);

/// Starts logging to stdout at the level of `filter` (for example `info,shared::store=debug`; the setting
/// `NIGHTSHIFT_LOG`). Fields of the spans around a line (`request_id`, `incident`) are part of it. A second call does nothing.
pub fn init(filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let _ = fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(true)
        .with_env_filter(filter)
        .try_init();
}

/// Whether this is the process's first invocation. True once.
pub fn cold_start() -> bool {
    !WARM.swap(true, Ordering::Relaxed)
}
