//! Amazon Application Recovery Controller's zonal shift: start, update, cancel, list, and what a resource says of itself.
//!
//! <https://docs.aws.amazon.com/arc-zonal-shift/latest/api/>. The cluster is managed from the start, as its
//! `zonalShiftConfig` says; load balancers are when a test makes them so. A resource has one active shift: a second is a
//! ConflictException that names the first. Shifts expire by the world's clock.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Json;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Account;
use super::dispatch::{REQUEST_ID, rest_error, unknown};
use super::error::AwsError;
use crate::fault::Service;

/// The ids of the zones that the nodes' labels name.
const ZONES: [&str; 3] = ["apne2-az1", "apne2-az2", "apne2-az3"];
/// What a shift may last: three days.
const LONGEST: SignedDuration = SignedDuration::from_hours(72);

/// Load balancers that are managed, and all shifts there have been; clones share them.
#[derive(Debug, Clone, Default)]
pub struct ZonalShifts(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    balancers: BTreeSet<String>,
    shifts: Vec<ZonalShift>,
    autoshift: Option<String>,
}

/// A shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZonalShift {
    /// Its id.
    pub id: String,
    /// The resource's ARN.
    pub resource: String,
    /// The id of the zone that is left.
    pub away_from: String,
    /// What whoever began it wrote.
    pub comment: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// Whether it was cancelled.
    pub canceled: bool,
}

impl ZonalShifts {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a load balancer managed.
    pub fn manage(&self, arn: &str) {
        self.lock().balancers.insert(arn.to_owned());
    }

    /// AWS shifts everything away from this zone, or from none.
    pub fn autoshift(&self, away_from: Option<&str>) {
        self.lock().autoshift = away_from.map(str::to_owned);
    }

    /// Somebody ends a shift by its id in the console; whether there was one.
    pub fn cancel(&self, id: &str) -> bool {
        let mut state = self.lock();
        let found = state.shifts.iter_mut().find(|shift| shift.id == id);
        found.is_some_and(|shift| !std::mem::replace(&mut shift.canceled, true))
    }

    /// There has been no shift yet.
    pub fn forget(&self) {
        self.lock().shifts.clear();
    }

    /// All shifts there have been, in order.
    pub fn all(&self) -> Vec<ZonalShift> {
        self.lock().shifts.clone()
    }

    /// Those that stand at `now`.
    pub fn active(&self, now: Timestamp) -> Vec<ZonalShift> {
        self.lock().shifts.iter().filter(|shift| shift.status(now) == "ACTIVE").cloned().collect()
    }
}

impl ZonalShift {
    fn status(&self, now: Timestamp) -> &'static str {
        match self.canceled {
            true => "CANCELED",
            false if self.expires_at <= now => "EXPIRED",
            false => "ACTIVE",
        }
    }

    fn body(&self, now: Timestamp) -> Value {
        json!({
            "zonalShiftId": self.id, "resourceIdentifier": self.resource, "awayFrom": self.away_from,
            "comment": self.comment, "status": self.status(now), "shiftType": "ZONAL_SHIFT",
            "startTime": self.started_at.as_second(), "expiryTime": self.expires_at.as_second(),
        })
    }
}

/// An error with what the service adds to its message.
struct Refusal(Box<AwsError>, Value);

impl Refusal {
    fn invalid(reason: &str, message: &str) -> Self {
        Self(Box::new(AwsError::bad("ValidationException", message)), json!({ "reason": reason }))
    }

    fn conflict(reason: &str, message: &str, id: &str) -> Self {
        let (message, status) = (message.to_owned(), StatusCode::CONFLICT);
        let error = AwsError { code: "ConflictException", message, status, item: None };
        Self(Box::new(error), json!({ "reason": reason, "zonalShiftId": id }))
    }

    fn unknown(what: &str) -> Self {
        let error = AwsError::not_found("ResourceNotFoundException", format!("{what} was not found."));
        Self(Box::new(error), json!({}))
    }

    fn answer(self) -> Response {
        let Self(error, mut body) = self;
        body["message"] = error.message.into();
        let headers = [("x-amzn-requestid", REQUEST_ID), ("x-amzn-errortype", error.code)];
        (error.status, headers, Json(body)).into_response()
    }
}

/// Serves a request of the service.
pub(super) async fn serve(
    account: &Account,
    method: &Method,
    uri: &Uri,
    segments: &[&str],
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let operation = match (method.as_str(), segments) {
        ("POST", ["zonalshifts"]) => "StartZonalShift",
        ("GET", ["zonalshifts"]) => "ListZonalShifts",
        ("PATCH", ["zonalshifts", _]) => "UpdateZonalShift",
        ("DELETE", ["zonalshifts", _]) => "CancelZonalShift",
        ("GET", ["managedresources", _]) => "GetManagedResource",
        _ => return unknown(uri, "arc-zonal-shift"),
    };
    let last = segments.last().copied().unwrap_or_default();
    let refusal = |fault| rest_error(&AwsError::of_fault(fault, "ThrottlingException", "InternalServerException"));
    let effect = async {
        if let Err(error) = account.admit(Service::ZonalShift, headers) {
            return rest_error(&error);
        }
        let input: Value = serde_json::from_slice(body).unwrap_or_default();
        let now = account.world().now();
        let answer = match operation {
            "StartZonalShift" => start(account, &input, now).map(|body| (StatusCode::CREATED, body)),
            "UpdateZonalShift" => update(account, last, &input, now).map(|body| (StatusCode::OK, body)),
            "CancelZonalShift" => cancel(account, last, now).map(|body| (StatusCode::OK, body)),
            "GetManagedResource" => resource(account, last, now).map(|body| (StatusCode::OK, body)),
            _ => Ok((StatusCode::OK, list(account, uri.query().unwrap_or_default(), now))),
        };
        match answer {
            Ok((status, body)) => (status, [("x-amzn-requestid", REQUEST_ID)], Json(body)).into_response(),
            Err(refusal) => refusal.answer(),
        }
    };
    account.faults.serve(Service::ZonalShift, operation, refusal, effect).await
}

fn start(account: &Account, input: &Value, now: Timestamp) -> Result<Value, Refusal> {
    let text = |name: &str| {
        let missing = || Refusal::invalid("MissingValue", &format!("{name} is required."));
        input[name].as_str().filter(|text| !text.is_empty()).ok_or_else(missing)
    };
    let (resource, away_from, comment) = (text("resourceIdentifier")?, text("awayFrom")?, text("comment")?);
    let lasting = expiry(text("expiresIn")?)?;
    if comment.chars().count() > 128 {
        return Err(Refusal::invalid("MissingValue", "comment is longer than 128 characters."));
    }
    let mut state = account.zonal_shifts.lock();
    if !is_managed(account, &state, resource) {
        return Err(Refusal::unknown(resource));
    }
    if !ZONES.contains(&away_from) {
        return Err(Refusal::invalid("InvalidAz", &format!("{away_from} is no Availability Zone of the resource.")));
    }
    if let Some(other) = state.shifts.iter().find(|one| one.resource == resource && one.status(now) == "ACTIVE") {
        let message = "There is an active zonal shift for the resource.";
        return Err(Refusal::conflict("ZonalShiftAlreadyExists", message, &other.id));
    }
    let shift = ZonalShift {
        id: format!("{:08x}-0000-4000-8000-000000000000", state.shifts.len() + 1),
        resource: resource.to_owned(),
        away_from: away_from.to_owned(),
        comment: comment.to_owned(),
        started_at: now,
        expires_at: now + lasting,
        canceled: false,
    };
    let body = shift.body(now);
    state.shifts.push(shift);
    traffic_follows(account, &state, now);
    Ok(body)
}

fn update(account: &Account, id: &str, input: &Value, now: Timestamp) -> Result<Value, Refusal> {
    let lasting = input["expiresIn"].as_str().map(expiry).transpose()?;
    changed(account, id, now, |shift| {
        if let Some(comment) = input["comment"].as_str() {
            comment.clone_into(&mut shift.comment);
        }
        if let Some(lasting) = lasting {
            shift.expires_at = now + lasting;
        }
    })
}

fn cancel(account: &Account, id: &str, now: Timestamp) -> Result<Value, Refusal> {
    changed(account, id, now, |shift| shift.canceled = true)
}

fn changed(
    account: &Account,
    id: &str,
    now: Timestamp,
    change: impl FnOnce(&mut ZonalShift),
) -> Result<Value, Refusal> {
    let mut state = account.zonal_shifts.lock();
    let shift = state.shifts.iter_mut().find(|shift| shift.id == id).ok_or_else(|| Refusal::unknown(id))?;
    if shift.status(now) != "ACTIVE" {
        let message = "The zonal shift is not active.";
        return Err(Refusal::conflict("ZonalShiftStatusNotActive", message, id));
    }
    change(shift);
    let body = shift.body(now);
    traffic_follows(account, &state, now);
    Ok(body)
}

/// Traffic leaves the zones that the cluster is shifted away from.
fn traffic_follows(account: &Account, state: &State, now: Timestamp) {
    let cluster = account.world().options().cluster_arn();
    let active = state.shifts.iter().filter(|shift| shift.resource == cluster && shift.status(now) == "ACTIVE");
    let left: Vec<_> = active.map(|shift| (shift.away_from.clone(), shift.expires_at)).collect();
    account.world().leave_zones(&left);
}

fn resource(account: &Account, arn: &str, now: Timestamp) -> Result<Value, Refusal> {
    let state = account.zonal_shifts.lock();
    if !is_managed(account, &state, arn) {
        return Err(Refusal::unknown(arn));
    }
    let active: Vec<&ZonalShift> =
        state.shifts.iter().filter(|shift| shift.resource == arn && shift.status(now) == "ACTIVE").collect();
    let left =
        |zone: &str| active.iter().any(|shift| shift.away_from == zone) || state.autoshift.as_deref() == Some(zone);
    let weights = ZONES.map(|zone| (zone.to_owned(), json!(if left(zone) { 0.0 } else { 1.0 })));
    let shifts = active.iter().map(|shift| {
        let mut body = shift.body(now);
        body["appliedStatus"] = "APPLIED".into();
        body
    });
    let auto = state.autoshift.iter().map(|zone| {
        json!({ "appliedStatus": if active.is_empty() { "APPLIED" } else { "NOT_APPLIED" }, "awayFrom": zone,
                "startTime": now.as_second() })
    });
    Ok(json!({
        "arn": arn, "name": arn.rsplit('/').next(), "appliedWeights": serde_json::Map::from_iter(weights),
        "zonalShifts": shifts.collect::<Vec<_>>(), "autoshifts": auto.collect::<Vec<_>>(),
        "zonalAutoshiftStatus": "DISABLED",
    }))
}

fn list(account: &Account, query: &str, now: Timestamp) -> Value {
    let wanted = |name: &str| {
        let found = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(known, _)| *known == name)?;
        Some(percent_encoding::percent_decode_str(found.1).decode_utf8_lossy().into_owned())
    };
    let (status, resource) = (wanted("status"), wanted("resourceIdentifier"));
    let state = account.zonal_shifts.lock();
    let items = state.shifts.iter().filter(|shift| {
        status.as_deref().is_none_or(|status| shift.status(now) == status)
            && resource.as_deref().is_none_or(|resource| shift.resource == resource)
    });
    json!({ "items": items.map(|shift| shift.body(now)).collect::<Vec<_>>() })
}

fn is_managed(account: &Account, state: &State, arn: &str) -> bool {
    arn == account.world().options().cluster_arn() || state.balancers.contains(arn)
}

/// A number and `m` or `h`, of at most three days.
fn expiry(text: &str) -> Result<SignedDuration, Refusal> {
    let wrong = || Refusal::invalid("InvalidExpiresIn", "expiresIn is a number and m or h, of at most 72 hours.");
    let number = |text: &str| text.parse::<i64>().ok().filter(|number| *number > 0);
    let lasting = match (text.strip_suffix('m').and_then(number), text.strip_suffix('h').and_then(number)) {
        (Some(minutes), _) => SignedDuration::from_mins(minutes),
        (_, Some(hours)) => SignedDuration::from_hours(hours),
        _ => return Err(wrong()),
    };
    if lasting <= LONGEST { Ok(lasting) } else { Err(wrong()) }
}
