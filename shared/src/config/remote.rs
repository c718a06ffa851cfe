//! The settings' file from where it can be changed without a new package: an SSM parameter or an S3 object.
//!
//! `NIGHTSHIFT_CONFIG` is then `ssm:/NAME` or `s3://BUCKET/KEY`. It is read once, at cold start, before anything else is done;
//! whatever is wrong with it (not there, not allowed, not understood) is told with all other mistakes of the settings. A
//! parameter holds 4 KB, an advanced one 8 KB; what is longer goes to S3.

use aws_config::SdkConfig;
use serde_json::{Value, json};

use super::{ConfigError, Settings};
use crate::aws::s3;
use crate::aws::signed::{Answer, Request, SendError, endpoint, send};

/// Time of one request.
const TIME: std::time::Duration = std::time::Duration::from_secs(5);
/// Attempts, the first included.
const ATTEMPTS: u32 = 3;

/// Where the file is, if not on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// An SSM parameter of this name.
    Parameter(String),
    /// An object.
    Object { bucket: String, key: String },
}

/// Why the file is not to be had. Follows the words "which cannot be read".
#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error("it is no place of a parameter; write ssm:/NAME")]
    NoParameter,
    #[error("it is no place of an object; write s3://BUCKET/KEY")]
    NoObject,
    #[error("no region: set AWS_REGION")]
    NoRegion,
    #[error("there is no such {what} in {region}; create it, or correct the name")]
    Absent { what: &'static str, region: String },
    #[error("missing permission: allow the role {permission}")]
    Denied { permission: String },
    #[error("{0}")]
    Refused(String),
    #[error("{0}; try again")]
    Transient(String),
}

impl Settings {
    /// As [`Settings::from_env`]; the file may also be an SSM parameter or an S3 object, for which `aws` gives the
    /// configuration.
    ///
    /// # Errors
    ///
    /// With all that is wrong with the settings.
    pub async fn load(required: &[&str], aws: impl AsyncFnOnce() -> SdkConfig) -> Result<Self, ConfigError> {
        Self::load_lookup(required, &|name| std::env::var(name).ok(), aws).await
    }

    /// As [`Settings::load`], with variables that `lookup` gives.
    ///
    /// # Errors
    ///
    /// With all that is wrong with the settings.
    pub async fn load_lookup(
        required: &[&str],
        lookup: &dyn Fn(&str) -> Option<String>,
        aws: impl AsyncFnOnce() -> SdkConfig,
    ) -> Result<Self, ConfigError> {
        let named = lookup("NIGHTSHIFT_CONFIG").unwrap_or_default();
        let fetched = match Place::of(named.trim()) {
            None => None,
            Some(Err(error)) => Some(Err(error)),
            Some(Ok(place)) => Some(place.read(&aws().await).await),
        };
        Self::from_lookup(required, lookup, &|path| match &fetched {
            None => std::fs::read_to_string(path),
            Some(Ok(text)) => Ok(text.clone()),
            Some(Err(error)) => Err(std::io::Error::other(error.to_string())),
        })
    }
}

impl Place {
    fn of(named: &str) -> Option<Result<Self, FetchError>> {
        if let Some(name) = named.strip_prefix("ssm:") {
            let is_name = name.len() > 1
                && name.starts_with('/')
                && name.chars().all(|c| c.is_ascii_alphanumeric() || "/-_.".contains(c));
            return Some(is_name.then(|| Self::Parameter(name.to_owned())).ok_or(FetchError::NoParameter));
        }
        let (bucket, key) = named.strip_prefix("s3://")?.split_once('/').unwrap_or_default();
        let is_key = !key.is_empty()
            && key.chars().all(|c| c.is_ascii_alphanumeric() || "/-_.".contains(c))
            && key.split('/').all(|part| !matches!(part, "" | "." | ".."));
        let place = Self::Object { bucket: bucket.to_owned(), key: key.to_owned() };
        Some((s3::is_bucket(bucket) && is_key).then_some(place).ok_or(FetchError::NoObject))
    }

    async fn read(&self, config: &SdkConfig) -> Result<String, FetchError> {
        let mut region = config.region().ok_or(FetchError::NoRegion)?.to_string();
        let mut attempt = 0;
        loop {
            attempt += 1;
            let error = match self.read_once(config, &mut region).await {
                Ok(text) => return Ok(text),
                Err(error) => error,
            };
            if attempt >= ATTEMPTS || !matches!(error, FetchError::Transient(_)) {
                return Err(error);
            }
            tokio::time::sleep(std::time::Duration::from_millis(100) * 3_u32.pow(attempt)).await;
        }
    }

    async fn read_once(&self, config: &SdkConfig, region: &mut String) -> Result<String, FetchError> {
        match self {
            Self::Parameter(name) => {
                let address = format!("{}/", endpoint(config, "SSM", region));
                let request = Request {
                    service: "ssm",
                    region,
                    method: "POST",
                    address: &address,
                    headers: &[
                        ("content-type", "application/x-amz-json-1.1"),
                        ("x-amz-target", "AmazonSSM.GetParameter"),
                    ],
                    body: json!({ "Name": name, "WithDecryption": true }).to_string().into_bytes(),
                    time: TIME,
                };
                parameter(name, region, &send(config, &request).await.map_err(lost)?)
            }
            Self::Object { bucket, key } => {
                let address = s3::address(config, bucket, key, region).ok_or(FetchError::NoObject)?;
                let request = Request {
                    service: "s3",
                    region,
                    method: "GET",
                    address: &address,
                    headers: &[],
                    body: Vec::new(),
                    time: TIME,
                };
                let answer = send(config, &request).await.map_err(lost)?;
                // S3 says where a bucket is that is elsewhere.
                if let (301 | 307 | 400, Some(other)) =
                    (answer.status, answer.bucket_region.as_ref().filter(|other| *other != region))
                {
                    other.clone_into(region);
                    return Err(FetchError::Transient("the bucket is in another region".to_owned()));
                }
                object(bucket, key, region, answer)
            }
        }
    }
}

fn lost(error: SendError) -> FetchError {
    match error {
        SendError::Lost(_) => FetchError::Transient(error.to_string()),
        SendError::Sign(_) | SendError::TooLarge => FetchError::Refused(error.to_string()),
    }
}

/// What SSM answered. <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html>
fn parameter(name: &str, region: &str, answer: &Answer) -> Result<String, FetchError> {
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if answer.status == 200 {
        let value = said["Parameter"]["Value"].as_str();
        return value.map(str::to_owned).ok_or_else(|| FetchError::Transient("an answer without a value".to_owned()));
    }
    let code = said["__type"].as_str().unwrap_or_default();
    let code = code.rsplit('#').next().unwrap_or_default();
    match (code, answer.status) {
        ("ParameterNotFound" | "ParameterVersionNotFound", _) => {
            Err(FetchError::Absent { what: "parameter", region: region.to_owned() })
        }
        ("AccessDeniedException", _) => Err(FetchError::Denied {
            permission: format!(
                "ssm:GetParameter on arn:aws:ssm:{region}:ACCOUNT:parameter{name}, and kms:Decrypt on its key where it is a SecureString"
            ),
        }),
        ("ThrottlingException" | "InternalServerError", _) | (_, 500..) => {
            Err(FetchError::Transient(format!("SSM answers {} {code}", answer.status)))
        }
        _ => Err(FetchError::Refused(format!("SSM answers {} {code}", answer.status))),
    }
}

/// What S3 answered. <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
fn object(bucket: &str, key: &str, region: &str, answer: Answer) -> Result<String, FetchError> {
    match answer.status {
        200 => String::from_utf8(answer.body).map_err(|_| FetchError::Refused("it is not text in UTF-8".to_owned())),
        404 => Err(FetchError::Absent { what: "object or bucket", region: region.to_owned() }),
        // Without s3:ListBucket an object that is not there is one that is not allowed.
        403 => Err(FetchError::Denied {
            permission: format!(
                "s3:GetObject on arn:aws:s3:::{bucket}/{key}, and kms:Decrypt on its key; without s3:ListBucket on the \
                 bucket a missing object looks the same"
            ),
        }),
        status @ (429 | 500..) => Err(FetchError::Transient(format!("S3 answers {status}"))),
        status => Err(FetchError::Refused(format!("S3 answers {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, bucket_region: None, body: body.into() }
    }

    fn said(outcome: Result<String, FetchError>) -> String {
        outcome.unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn a_place_is_a_parameter_an_object_or_a_path() {
        let place = |text| Place::of(text).map(|place| place.map_err(|error| error.to_string()));
        assert_eq!(place("ssm:/nightshift/settings"), Some(Ok(Place::Parameter("/nightshift/settings".into()))));
        let object = Place::Object { bucket: "my.bucket".into(), key: "a/settings.yaml".into() };
        assert_eq!(place("s3://my.bucket/a/settings.yaml"), Some(Ok(object)));
        assert_eq!(place("/var/task/nightshift.yaml"), None);
        assert_eq!(place(""), None);
        for wrong in
            ["ssm:settings", "ssm:/", "ssm:/a b", "s3://bucket", "s3://bucket/", "s3://x/y", "s3://bucket/../k"]
        {
            assert!(matches!(place(wrong), Some(Err(_))), "{wrong}");
        }
    }

    #[test]
    fn every_refusal_says_what_to_do() {
        let found = parameter("/a", "eu-west-1", &answer(200, r#"{"Parameter":{"Value":"roles: []"}}"#));
        assert_eq!(said(found), "roles: []");
        let code = |code: &str, status| {
            let body = format!(r#"{{"__type":"com.amazonaws.ssm#{code}","message":"x"}}"#);
            said(parameter("/a", "eu-west-1", &answer(status, &body)))
        };
        assert_eq!(
            code("ParameterNotFound", 400),
            "there is no such parameter in eu-west-1; create it, or correct the name"
        );
        let denied = code("AccessDeniedException", 400);
        assert!(denied.contains("ssm:GetParameter on arn:aws:ssm:eu-west-1:ACCOUNT:parameter/a"), "{denied}");
        assert!(code("InternalServerError", 500).ends_with("try again"));
        let status = |status| said(object("b-1", "k", "eu-west-1", answer(status, "text")));
        assert_eq!(status(200), "text");
        assert!(status(403).contains("s3:GetObject on arn:aws:s3:::b-1/k"), "{}", status(403));
        assert!(status(404).contains("no such object or bucket in eu-west-1"));
        assert!(status(503).ends_with("try again"));
    }
}
