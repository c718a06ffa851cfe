//! Active alarms: CloudWatch's, and Prometheus' where it is configured.

use std::time::Duration;

use aws_sdk_cloudwatch::error::DisplayErrorContext;
use aws_sdk_cloudwatch::types::{AlarmType, StateValue};
use jiff::Timestamp;
use shared::config::ClusterSettings;
use shared::deadline::Deadline;

use crate::clients::Clients;
use crate::situation::{ActiveAlarm, Alarms, Known};

/// Kept, the latest first.
const KEPT: usize = 5;
/// Pages of a hundred that are read.
const PAGES: usize = 5;
/// The longest time for both sources.
const LONGEST: Duration = Duration::from_secs(5);

pub(super) async fn read(clients: &Clients, of: &ClusterSettings, now: Timestamp, deadline: Deadline) -> Known<Alarms> {
    let limit = deadline.cap(LONGEST);
    let (cloudwatch, prometheus) = futures::join!(
        async { tokio::time::timeout(limit, cloudwatch(clients, of)).await.unwrap_or_else(|_| Err(late(limit))) },
        prometheus(clients, of, now, limit),
    );
    let mut all: Vec<ActiveAlarm> = Vec::new();
    let mut gaps = Vec::new();
    for source in [Some(cloudwatch), prometheus].into_iter().flatten() {
        match source {
            Ok(alarms) => all.extend(alarms),
            Err(why) => gaps.push(why),
        }
    }
    all.sort_by_key(|alarm| std::cmp::Reverse(alarm.since));
    let count = all.len();
    all.truncate(KEPT);
    let alarms = Alarms { count, latest: all };
    match gaps.is_empty() {
        true => Known::Whole(alarms),
        false if count == 0 => Known::Missing(gaps.join("; ")),
        false => Known::Part(alarms, gaps.join("; ")),
    }
}

fn late(limit: Duration) -> String {
    format!("cloudwatch: no answer within {} ms", limit.as_millis())
}

async fn cloudwatch(clients: &Clients, of: &ClusterSettings) -> Result<Vec<ActiveAlarm>, String> {
    let aws = clients.aws_of(of).await.map_err(|error| format!("cloudwatch: {error}"))?;
    let client = aws_sdk_cloudwatch::Client::new(&aws);
    let mut found = Vec::new();
    let mut next = None;
    for _ in 0..PAGES {
        let page = client
            .describe_alarms()
            .state_value(StateValue::Alarm)
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm)
            .max_records(100)
            .set_next_token(next)
            .send()
            .await
            .map_err(|error| match error.as_service_error().and_then(|service| service.meta().code()) {
                Some(code) if code.starts_with("AccessDenied") => {
                    "missing permission: cloudwatch:DescribeAlarms".to_owned()
                }
                _ => format!("cloudwatch: {}", DisplayErrorContext(&error)),
            })?;
        let time = |time: Option<&aws_sdk_cloudwatch::primitives::DateTime>| {
            time.and_then(|time| Timestamp::from_millisecond(time.to_millis().ok()?).ok())
        };
        found.extend(page.metric_alarms().iter().map(|alarm| ActiveAlarm {
            name: alarm.alarm_name().unwrap_or_default().to_owned(),
            since: time(alarm.state_transitioned_timestamp().or(alarm.state_updated_timestamp())),
            reason: alarm.state_reason().unwrap_or_default().to_owned(),
        }));
        found.extend(page.composite_alarms().iter().map(|alarm| ActiveAlarm {
            name: alarm.alarm_name().unwrap_or_default().to_owned(),
            since: time(alarm.state_transitioned_timestamp().or(alarm.state_updated_timestamp())),
            reason: alarm.state_reason().unwrap_or_default().to_owned(),
        }));
        next = page.next_token().map(str::to_owned);
        if next.is_none() {
            break;
        }
    }
    Ok(found)
}

/// What Prometheus' own rules say fires. `ALERTS_FOR_STATE` has the time as its value.
async fn prometheus(
    clients: &Clients,
    of: &ClusterSettings,
    now: Timestamp,
    limit: Duration,
) -> Option<Result<Vec<ActiveAlarm>, String>> {
    let prometheus = clients.prometheus(of).await?.ok()?;
    let query = r#"ALERTS_FOR_STATE and ignoring(alertstate) ALERTS{alertstate="firing"}"#;
    Some(match prometheus.instant(query, now, limit).await {
        Ok(samples) => Ok(samples
            .into_iter()
            .filter(|sample| sample.labels.get("alertname").is_none_or(|name| name != "Watchdog"))
            .map(|sample| {
                let label = |name: &str| sample.labels.get(name).cloned().unwrap_or_default();
                let about = ["namespace", "pod", "deployment", "node"].map(label);
                let about: Vec<_> = about.into_iter().filter(|text| !text.is_empty()).collect();
                ActiveAlarm {
                    name: label("alertname"),
                    since: Timestamp::from_second(sample.value as i64).ok(),
                    reason: about.join(" "),
                }
            })
            .collect()),
        Err(error) => Err(format!("prometheus: {error}")),
    })
}
