//! HeadBucket: one signed HEAD, for which the whole S3 SDK would be megabytes of binary.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html>

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SignatureLocation, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use tokio::time::Instant;
use url::Url;

use crate::clients::Clients;
use crate::situation::Probe;

pub(super) async fn look(clients: &Clients, name: &str) -> Probe {
    let (started, target) = (Instant::now(), name.to_owned());
    match head(clients.aws().await, name).await {
        Ok((200..=299, region)) => {
            let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            Probe::Good { target, took_ms, detail: region }
        }
        // A HEAD has no body to say more with than its status.
        Ok((404, _)) => Probe::Bad { target, why: "NotFound".to_owned() },
        Ok((403, _)) => Probe::Bad { target, why: "missing permission: s3:ListBucket".to_owned() },
        Ok((301 | 307, region)) => Probe::Doubtful { target, why: format!("the bucket is in region {region}") },
        Ok((status, _)) => Probe::Bad { target, why: format!("status {status}") },
        Err(why) => Probe::Bad { target, why },
    }
}

/// The status, and the region that the bucket is in where it was said.
async fn head(aws: &SdkConfig, name: &str) -> Result<(u16, String), String> {
    let region = aws.region().ok_or("no region: set AWS_REGION")?.as_ref();
    let address = address(aws.endpoint_url(), name, region)?;
    let provider = aws.credentials_provider().ok_or("no credentials")?;
    let credentials = provider.provide_credentials().await.map_err(|error| error.to_string())?;
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::Headers;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    let identity = credentials.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("s3")
        .time(SystemTime::from(jiff::Timestamp::now()))
        .settings(settings)
        .build()
        .map_err(|error| error.to_string())?
        .into();
    let request = SignableRequest::new("HEAD", address.as_str(), std::iter::empty(), SignableBody::Bytes(&[]))
        .map_err(|error| error.to_string())?;
    let (signed, _) = sign(request, &parameters).map_err(|error| error.to_string())?.into_parts();
    let http = shared::http::client(&address, Duration::from_secs(1)).map_err(|error| error.to_string())?;
    let mut request = http.head(address);
    for (name, value) in signed.headers() {
        request = request.header(name, value);
    }
    let answer = request.send().await.map_err(|error| super::chain(&error.without_url()))?;
    let region = answer.headers().get("x-amz-bucket-region").and_then(|value| value.to_str().ok()).unwrap_or_default();
    Ok((answer.status().as_u16(), region.to_owned()))
}

/// A bucket has a host of its own, unless one endpoint stands for all services or its name does not fit a certificate.
fn address(endpoint: Option<&str>, name: &str, region: &str) -> Result<Url, String> {
    let is_name = name.len() >= 3 && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    if !is_name {
        return Err("S3_BUCKET is not the name of a bucket".to_owned());
    }
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    let text = match endpoint {
        Some(endpoint) => format!("{}/{name}", endpoint.trim_end_matches('/')),
        None if name.contains('.') => format!("https://s3.{region}.{domain}/{name}"),
        None => format!("https://{name}.s3.{region}.{domain}/"),
    };
    Url::parse(&text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_has_a_host_of_its_own_where_it_can() {
        let of = |endpoint, name, region| address(endpoint, name, region).unwrap().to_string();
        assert_eq!(of(None, "orders-prod", "eu-west-1"), "https://orders-prod.s3.eu-west-1.amazonaws.com/");
        assert_eq!(of(None, "orders.prod", "eu-west-1"), "https://s3.eu-west-1.amazonaws.com/orders.prod");
        assert_eq!(of(Some("http://127.0.0.1:1/"), "orders", "eu-west-1"), "http://127.0.0.1:1/orders");
        assert!(address(None, "../x", "eu-west-1").is_err());
    }
}
