//! EC2: the Availability Zones, by name and id.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html>. EC2 has a query protocol of its
//! own: lists of `item`, errors within `Response`.

use std::fmt::Write as _;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::Account;
use super::dispatch::REQUEST_ID;
use super::error::AwsError;
use crate::fault::Service;

const NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";

/// Serves a request, which carries a signature.
pub(super) async fn serve(account: &Account, operation: &str) -> Response {
    let refusal = |fault| refused(&AwsError::of_fault(fault, "RequestLimitExceeded", "InternalError"));
    let effect = async {
        match operation {
            "DescribeAvailabilityZones" => zones(account),
            _ => {
                let message = format!("The action {operation} is not valid for this web service.");
                refused(&AwsError::bad("InvalidAction", message))
            }
        }
    };
    account.faults.serve(Service::Ec2, operation, refusal, effect).await
}

fn zones(account: &Account) -> Response {
    let region = &account.world().options().region;
    let mut items = String::new();
    for (index, letter) in ["a", "b", "c"].into_iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(
            items,
            "<item><optInStatus>opt-in-not-required</optInStatus><messageSet/><regionName>{region}</regionName>\
             <zoneName>{region}{letter}</zoneName><zoneId>apne2-az{}</zoneId><groupName>{region}-zg-1</groupName>\
             <networkBorderGroup>{region}</networkBorderGroup><zoneType>availability-zone</zoneType>\
             <zoneState>available</zoneState></item>",
            index + 1
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
