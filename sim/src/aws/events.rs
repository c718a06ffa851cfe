//! EventBridge: putting events on a bus.
//!
//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>. A request that is wrong as a whole
//! fails as a whole; an entry that is wrong fails alone and is counted in `FailedEntryCount`, in a response of 200. A
//! [`Fault`] of the operation `PutEvents entry` fails one entry the same way.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::Account;
use super::error::AwsError;
use super::value::{Value, structure};
use crate::bus::{DEFAULT_BUS, Put};
use crate::fault::{Fault, Service};

/// The most entries of a request.
const MAX_ENTRIES: usize = 10;

/// The most bytes of a request's entries together.
const MAX_BYTES: usize = 256 * 1024;

pub(super) fn call(account: &Account, operation: &str, input: &Value) -> Result<Value, AwsError> {
    if operation != "PutEvents" {
        return Err(AwsError::bad("UnknownOperationException", format!("sim has no operation {operation}")));
    }
    let entries = input.get("Entries").list();
    if entries.is_empty() || entries.len() > MAX_ENTRIES {
        let bound = if entries.is_empty() { "greater than or equal to 1" } else { "less than or equal to 10" };
        let message = format!(
            "1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length {bound}"
        );
        return Err(AwsError::bad("ValidationException", message));
    }
    if entries.iter().map(size).sum::<usize>() > MAX_BYTES {
        return Err(AwsError::bad(
            "ValidationException",
            "Total size of the entries in the request is over the limit.",
        ));
    }
    let results: Vec<Result<String, Refusal>> = entries.iter().map(|entry| put(account, entry)).collect();
    let failed = results.iter().filter(|result| result.is_err()).count();
    let results: Vec<Value> = results
        .into_iter()
        .map(|result| match result {
            Ok(id) => structure([("EventId", id.into())]),
            Err((code, message)) => structure([("ErrorCode", code.into()), ("ErrorMessage", message.into())]),
        })
        .collect();
    Ok(structure([("FailedEntryCount", (failed as i64).into()), ("Entries", results.into())]))
}

/// How much of the limit an entry takes:
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size>.
fn size(entry: &Value) -> usize {
    let time = if *entry.get("Time") == Value::Null { 0 } else { 14 };
    let texts = ["Source", "DetailType", "Detail"].map(|name| entry.get(name).text().map_or(0, str::len));
    let resources: usize = entry.get("Resources").texts().iter().map(|text| text.len()).sum();
    time + texts.iter().sum::<usize>() + resources
}

/// Why an entry was refused: code and message.
type Refusal = (&'static str, String);

fn put(account: &Account, entry: &Value) -> Result<String, Refusal> {
    match account.faults.take_part(Service::EventBridge, "PutEvents entry") {
        None => {}
        Some(Fault::Throttle) => return Err(("ThrottlingException", "Rate exceeded".to_owned())),
        Some(_) => return Err(("InternalFailure", "An internal error occurred".to_owned())),
    }
    let required = |name: &str| {
        let missing =
            || ("InvalidArgument", format!("Parameter {name} is not valid. Reason: {name} is a required argument."));
        entry.get(name).text().filter(|text| !text.is_empty()).map(str::to_owned).ok_or_else(missing)
    };
    let source = required("Source")?;
    let detail_type = required("DetailType")?;
    let detail = required("Detail")?;
    if source.starts_with("aws.") {
        return Err(("NotAuthorizedForSourceException", "Not authorized for the source.".to_owned()));
    }
    let detail: Option<Json> = serde_json::from_str(&detail).ok().filter(Json::is_object);
    let detail = detail.ok_or_else(|| ("MalformedDetail", "Detail is malformed.".to_owned()))?;
    let bus = entry.get("EventBusName").text().unwrap_or(DEFAULT_BUS);
    // By name, or by ARN: arn:aws:events:REGION:ACCOUNT:event-bus/NAME.
    let bus = bus.rsplit_once(":event-bus/").map_or(bus, |(_, name)| name);
    let options = account.world().options();
    Ok(account.buses.put(
        bus,
        Put {
            source,
            detail_type,
            detail,
            resources: entry.get("Resources").texts().into_iter().map(str::to_owned).collect(),
            time: entry.get("Time").time().unwrap_or_else(Timestamp::now),
            account: options.account.clone(),
            region: options.region.clone(),
        },
    ))
}
