//! Logs: a JSON object a line.

use std::sync::atomic::{AtomicBool, Ordering};

use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

static WARM: AtomicBool = AtomicBool::new(false);

/// Starts logging to stdout at the level of `filter` (for example `info,shared::store=debug`; the setting
/// `NIGHTSHIFT_LOG`). Fields of the spans around a line (`request_id`, `incident`) are part of it. A second call does nothing.
pub fn init(filter: &str) {
    let filter = filter.parse::<Targets>().unwrap_or_else(|_| Targets::new().with_default(tracing::Level::INFO));
    let lines = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false).with_target(true);
    let _ = tracing_subscriber::registry().with(lines).with(filter).try_init();
}

/// Whether this is the process's first invocation. True once.
pub fn cold_start() -> bool {
    !WARM.swap(true, Ordering::Relaxed)
}
