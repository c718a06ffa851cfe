//! Reading against a scripted API: each test is one thing that a cluster does to its readers.

mod connecting;
mod fake;
mod listing;
mod logs_and_usage;
mod permissions;

use std::time::Duration;

use super::{LogPlan, ReadPlan};

/// Everything but logs and usage; an answer that takes longer than 50 ms is late.
fn lists_only() -> ReadPlan {
    ReadPlan {
        page_size: 2,
        request_time: Duration::from_millis(50),
        logs: LogPlan { count: 0, ..LogPlan::default() },
        usage: false,
        ..ReadPlan::default()
    }
}

fn names<T: crate::model::Object>(items: &[T]) -> Vec<&str> {
    items.iter().map(|item| item.name()).collect()
}
