//! Reads the threshold alarms that CloudWatch has and carries a plan out.
//!
//! Needs cloudwatch:DescribeAlarms, PutMetricAlarm, DeleteAlarms and TagResource. Every step can be repeated: a run that was
//! cut off is finished by the next one.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_cloudwatch::types::{
    ComparisonOperator, Dimension, Metric as CloudWatchMetric, MetricAlarm, MetricDataQuery, MetricStat, Statistic, Tag,
};

use super::alarm::{Alarm, Measure, PREFIX};
use super::plan::{Existing, Plan};

/// DeleteAlarms takes no more at once.
const DELETED_AT_ONCE: usize = 100;
/// Ids of the two sums of an error rate, and the expression over them.
const ERRORS: &str = "errors";
const REQUESTS: &str = "requests";
const PERCENT: &str = "100 * errors / requests";

/// A call that failed.
#[derive(Debug, thiserror::Error)]
#[error("cloudwatch:{operation} failed ({why}): allow the action, then run it again; what is done already stays")]
pub struct ApplyError {
    /// Which call.
    pub operation: &'static str,
    why: String,
}

fn failed<E, R>(operation: &'static str) -> impl Fn(SdkError<E, R>) -> ApplyError
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug,
{
    move |error| {
        let why = match error.as_service_error().and_then(ProvideErrorMetadata::code) {
            Some(code) => code.to_owned(),
            None => DisplayErrorContext(&error).to_string(),
        };
        ApplyError { operation, why }
    }
}

/// The alarms whose names begin with our prefix.
pub async fn existing(client: &Client) -> Result<Vec<Existing>, ApplyError> {
    let mut found = Vec::new();
    let mut pages = client.describe_alarms().alarm_name_prefix(PREFIX).max_records(100).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(failed("DescribeAlarms"))?;
        found.extend(page.metric_alarms().iter().map(|alarm| Existing {
            alarm: read(alarm),
            name: alarm.alarm_name().unwrap_or_default().to_owned(),
            description: alarm.alarm_description().unwrap_or_default().to_owned(),
        }));
    }
    Ok(found)
}

/// Makes CloudWatch's alarms what the plan says.
pub async fn apply(client: &Client, plan: &Plan) -> Result<(), ApplyError> {
    for alarm in plan.create.iter().chain(&plan.update) {
        put(client, alarm).await?;
    }
    for names in plan.delete.chunks(DELETED_AT_ONCE) {
        client.delete_alarms().set_alarm_names(Some(names.to_vec())).send().await.map_err(failed("DeleteAlarms"))?;
    }
    Ok(())
}

async fn put(client: &Client, alarm: &Alarm) -> Result<(), ApplyError> {
    let tags = alarm.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    let mut call = client
        .put_metric_alarm()
        .alarm_name(&alarm.name)
        .alarm_description(&alarm.description)
        .actions_enabled(true)
        .set_alarm_actions(Some(alarm.actions.clone()))
        .set_ok_actions(Some(alarm.actions.clone()))
        .evaluation_periods(alarm.evaluation_periods)
        .datapoints_to_alarm(alarm.datapoints_to_alarm)
        .threshold(alarm.threshold)
        .comparison_operator(ComparisonOperator::GreaterThanOrEqualToThreshold)
        .treat_missing_data(alarm.missing)
        .set_tags(Some(tags));
    match &alarm.measure {
        Measure::One { namespace, name, statistic, dimensions } => {
            call = call
                .namespace(namespace)
                .metric_name(name)
                .period(alarm.period_s)
                .set_dimensions(Some(written(dimensions)));
            call = if statistic.starts_with('p') {
                call.extended_statistic(statistic)
            } else {
                call.statistic(Statistic::from(statistic.as_str()))
            };
        }
        Measure::ErrorPercent { dimensions } => {
            let sum = |id: &str, metric: &str| {
                let metric = CloudWatchMetric::builder()
                    .namespace("AWS/ApplicationELB")
                    .metric_name(metric)
                    .set_dimensions(Some(written(dimensions)))
                    .build();
                let stat = MetricStat::builder().metric(metric).period(alarm.period_s).stat("Sum").build();
                MetricDataQuery::builder().id(id).metric_stat(stat).return_data(false).build()
            };
            let rate = MetricDataQuery::builder()
                .id("rate")
                .expression(PERCENT)
                .label("5xx rate (%)")
                .return_data(true)
                .build();
            call = call
                .metrics(rate)
                .metrics(sum(ERRORS, "HTTPCode_Target_5XX_Count"))
                .metrics(sum(REQUESTS, "RequestCount"));
        }
    }
    call.send().await.map_err(failed("PutMetricAlarm"))?;
    Ok(())
}

fn written(dimensions: &[(String, String)]) -> Vec<Dimension> {
    dimensions.iter().map(|(name, value)| Dimension::builder().name(name).value(value).build()).collect()
}

fn pairs(dimensions: &[Dimension]) -> Vec<(String, String)> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let mut pairs: Vec<_> = dimensions.iter().map(|it| (text(it.name()), text(it.value()))).collect();
    pairs.sort();
    pairs
}

/// An alarm in our terms; `None` where it is of a kind we never make, which is then written anew.
fn read(alarm: &MetricAlarm) -> Option<Alarm> {
    let at_least = alarm.comparison_operator() == Some(&ComparisonOperator::GreaterThanOrEqualToThreshold);
    let told = alarm.alarm_actions() == alarm.ok_actions() && alarm.actions_enabled() == Some(true);
    if !at_least || !told {
        return None;
    }
    let (measure, period_s) = match alarm.metrics() {
        [] => {
            let statistic = alarm.extended_statistic().or(alarm.statistic().map(Statistic::as_str))?;
            let measure = Measure::One {
                namespace: alarm.namespace()?.to_owned(),
                name: alarm.metric_name()?.to_owned(),
                statistic: statistic.to_owned(),
                dimensions: pairs(alarm.dimensions()),
            };
            (measure, alarm.period()?)
        }
        queries => {
            let stat = |id: &str| queries.iter().find(|query| query.id() == Some(id))?.metric_stat();
            let (errors, requests) = (stat(ERRORS)?, stat(REQUESTS)?);
            let expression = queries.iter().find_map(MetricDataQuery::expression)?;
            let dimensions = pairs(errors.metric()?.dimensions());
            let as_made = queries.len() == 3
                && expression == PERCENT
                && errors.metric()?.metric_name() == Some("HTTPCode_Target_5XX_Count")
                && requests.metric()?.metric_name() == Some("RequestCount")
                && pairs(requests.metric()?.dimensions()) == dimensions;
            (as_made.then_some(Measure::ErrorPercent { dimensions })?, errors.period()?)
        }
    };
    Some(Alarm {
        name: alarm.alarm_name()?.to_owned(),
        description: alarm.alarm_description().unwrap_or_default().to_owned(),
        measure,
        threshold: alarm.threshold()?,
        period_s,
        evaluation_periods: alarm.evaluation_periods()?,
        datapoints_to_alarm: alarm.datapoints_to_alarm()?,
        missing: match alarm.treat_missing_data()? {
            "missing" => "missing",
            "notBreaching" => "notBreaching",
            _ => return None,
        },
        actions: alarm.alarm_actions().to_vec(),
        tags: Vec::new(),
    })
}
