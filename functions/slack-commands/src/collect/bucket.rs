//! HeadBucket.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html>

use std::time::Duration;

use aws_config::SdkConfig;
use shared::aws::s3;
use shared::aws::signed::{Request, send};
use tokio::time::Instant;

use crate::clients::Clients;
use crate::situation::Probe;

/// Time for the answer.
const PATIENCE: Duration = Duration::from_secs(5);

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
    let address = s3::address(aws, name, "", region).ok_or("S3_BUCKET is not the name of a bucket")?;
    let request = Request {
        service: "s3",
        region,
        method: "HEAD",
        address: &address,
        headers: &[],
        body: Vec::new(),
        time: PATIENCE,
    };
    let answer = send(aws, &request).await.map_err(|error| error.to_string())?;
    Ok((answer.status, answer.bucket_region.unwrap_or_default()))
}
