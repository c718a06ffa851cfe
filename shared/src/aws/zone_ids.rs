//! The ids of zones (`use1-az1`) by their names (`us-east-1a`), which differ from account to account.
//!
//! One signed request, EC2's `DescribeAvailabilityZones`
//! (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html>): the EC2 client would be tens
//! of megabytes of code for it.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::SdkConfig;

use super::signed::{Request, SendError, endpoint, send};

/// Time of the request.
const TIME: Duration = Duration::from_secs(5);

/// Why the ids are not known.
#[derive(Debug, thiserror::Error)]
pub enum ZoneIdsError {
    /// The configuration has no region.
    #[error("no region is set; set AWS_REGION")]
    NoRegion,
    /// The request was not answered.
    #[error("ec2:DescribeAvailabilityZones: {0}")]
    Lost(String),
    /// It was answered with an error.
    #[error("ec2:DescribeAvailabilityZones: HTTP status {status}: {code}; allow the function's role the action")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// EC2's code.
        code: String,
    },
}

impl From<SendError> for ZoneIdsError {
    fn from(error: SendError) -> Self {
        Self::Lost(error.to_string())
    }
}

/// The zones of the configuration's region, by the names that its account has for them.
///
/// # Errors
///
/// Where EC2 does not say.
pub async fn zone_ids(config: &SdkConfig) -> Result<BTreeMap<String, String>, ZoneIdsError> {
    let region = config.region().ok_or(ZoneIdsError::NoRegion)?.as_ref();
    let address = format!("{}/", endpoint(config, "EC2", region));
    let request = Request {
        service: "ec2",
        region,
        method: "POST",
        address: &address,
        headers: &[("content-type", "application/x-www-form-urlencoded; charset=utf-8")],
        body: b"Action=DescribeAvailabilityZones&Version=2016-11-15".to_vec(),
        time: TIME,
    };
    let answer = send(config, &request).await?;
    let xml = String::from_utf8_lossy(&answer.body);
    if answer.status != 200 {
        let code = within(&xml, "Code").next().unwrap_or("no code").to_owned();
        return Err(ZoneIdsError::Refused { status: answer.status, code });
    }
    let (names, ids) = (within(&xml, "zoneName"), within(&xml, "zoneId"));
    let zones: BTreeMap<String, String> = names.map(str::to_owned).zip(ids.map(str::to_owned)).collect();
    if zones.is_empty() { Err(ZoneIdsError::Lost("an answer without zones".to_owned())) } else { Ok(zones) }
}

/// The texts of the elements of this name, which hold no elements themselves.
fn within<'a>(xml: &'a str, element: &str) -> impl Iterator<Item = &'a str> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let mut rest = xml;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once(&open)?;
        let (text, after) = after.split_once(&close)?;
        rest = after;
        Some(text.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ids_are_read_in_their_order() {
        let xml = "<availabilityZoneInfo><item><groupName>x</groupName><zoneName>a</zoneName><zoneId>use1-az4</zoneId></item>\
                   <item><zoneName>b</zoneName><zoneId> use1-az6 </zoneId></item></availabilityZoneInfo>";
        assert_eq!(within(xml, "zoneName").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(within(xml, "zoneId").collect::<Vec<_>>(), ["use1-az4", "use1-az6"]);
        assert_eq!(within("<zoneId>cut", "zoneId").count(), 0);
    }
}
