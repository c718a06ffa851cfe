//! EC2: the Availability Zones, by name and id, all or those that are asked for.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html>. EC2 has a query protocol of its
//! own: lists of `item`, errors within `Response`.

use std::fmt::Write as _;

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::Account;
use super::dispatch::REQUEST_ID;
use super::error::AwsError;
use super::value::Value;
use crate::fault::Service;

const NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";

/// Serves a request.
pub(super) async fn serve(account: &Account, operation: &str, headers: &HeaderMap, form: &Value) -> Response {
    let refusal = |fault| refused(&AwsError::of_fault(fault, "RequestLimitExceeded", "InternalError"));
    let effect = async {
        if let Err(error) = account.admit(Service::Ec2, headers) {
            return refused(&error);
        }
        match operation {
            "DescribeAvailabilityZones" => match wanted(&zones(account), form) {
                Ok(zones) => described(account, &zones),
                Err(error) => refused(&error),
            },
            _ => {
                let message = format!("The action {operation} is not valid for this web service.");
                refused(&AwsError::bad("InvalidAction", message))
            }
        }
    };
    account.faults.serve(Service::Ec2, operation, refusal, effect).await
}

/// A zone: its name and its id.
type Zone = (String, String);

fn zones(account: &Account) -> Vec<Zone> {
    let region = &account.world().options().region;
    let zone = |(index, letter)| (format!("{region}{letter}"), format!("apne2-az{}", index + 1));
    ["a", "b", "c"].into_iter().enumerate().map(zone).collect()
}

/// The zones that a request names, and that its filters let through.
fn wanted(zones: &[Zone], form: &Value) -> Result<Vec<Zone>, AwsError> {
    let (names, ids) = (texts(form.get("ZoneName")), texts(form.get("ZoneId")));
    let invalid = |what: &str, given: &str| {
        AwsError::bad("InvalidParameterValue", format!("Invalid availability {what}: [{given}]"))
    };
    if let Some(unknown) = names.iter().find(|name| !zones.iter().any(|(known, _)| known == *name)) {
        return Err(invalid("zone", unknown));
    }
    if let Some(unknown) = ids.iter().find(|id| !zones.iter().any(|(_, known)| known == *id)) {
        return Err(invalid("zone-id", unknown));
    }
    let mut found = zones.to_vec();
    found.retain(|(name, id)| {
        (names.is_empty() && ids.is_empty()) || names.contains(&name.as_str()) || ids.contains(&id.as_str())
    });
    for filter in numbered(form.get("Filter")) {
        let values = texts(filter.get("Value"));
        match filter.get("Name").text().unwrap_or_default() {
            "zone-name" => found.retain(|(name, _)| values.contains(&name.as_str())),
            "zone-id" => found.retain(|(_, id)| values.contains(&id.as_str())),
            "state" => found.retain(|_| values.contains(&"available")),
            "zone-type" => found.retain(|_| values.contains(&"availability-zone")),
            "opt-in-status" => found.retain(|_| values.contains(&"opt-in-not-required")),
            "region-name" => found.retain(|(name, _)| values.iter().any(|region| name.starts_with(region))),
            other => {
                let message = format!("The filter '{other}' is invalid");
                return Err(AwsError::bad("InvalidParameterValue", message));
            }
        }
    }
    Ok(found)
}

/// The members of a list, as EC2 writes it: `ZoneName.1`, `ZoneName.2`.
fn numbered(list: &Value) -> impl Iterator<Item = &Value> {
    let Value::Map(members) = list else { return None.into_iter().flatten() };
    Some(members.values()).into_iter().flatten()
}

fn texts(list: &Value) -> Vec<&str> {
    numbered(list).filter_map(Value::text).collect()
}

fn described(account: &Account, zones: &[Zone]) -> Response {
    let region = &account.world().options().region;
    let mut items = String::new();
    for (name, id) in zones {
        // Writing to a string cannot fail.
        let _ = write!(
            items,
            "<item><optInStatus>opt-in-not-required</optInStatus><messageSet/><regionName>{region}</regionName>\
             <zoneName>{name}</zoneName><zoneId>{id}</zoneId><groupName>{region}-zg-1</groupName>\
             <networkBorderGroup>{region}</networkBorderGroup><zoneType>availability-zone</zoneType>\
             <zoneState>available</zoneState></item>"
        );
    }
    let xml = format!(
        "<DescribeAvailabilityZonesResponse xmlns=\"{NAMESPACE}\"><requestId>{REQUEST_ID}</requestId>\
         <availabilityZoneInfo>{items}</availabilityZoneInfo></DescribeAvailabilityZonesResponse>"
    );
    ([("content-type", "text/xml;charset=UTF-8")], xml).into_response()
}

fn refused(error: &AwsError) -> Response {
    let (code, message) = (error.code, &error.message);
    let status =
        if error.status == StatusCode::TOO_MANY_REQUESTS { StatusCode::SERVICE_UNAVAILABLE } else { error.status };
    let xml = format!(
        "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>\
         <RequestID>{REQUEST_ID}</RequestID></Response>"
    );
    (status, [("content-type", "text/xml;charset=UTF-8")], xml).into_response()
}
