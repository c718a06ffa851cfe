//! Where objects are. <https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html>

use aws_config::SdkConfig;

use super::signed::{domain, endpoint};

/// Whether a bucket may be called so.
pub fn is_bucket(name: &str) -> bool {
    name.len() >= 3 && name.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c))
}

/// The address of an object, or of its bucket where `key` is empty; `None` where `bucket` is not the name of one.
///
/// A bucket has a host of its own, unless an endpoint is set or its name does not fit a certificate.
pub fn address(config: &SdkConfig, bucket: &str, key: &str, region: &str) -> Option<String> {
    if !is_bucket(bucket) {
        return None;
    }
    let shared = endpoint(config, "S3", region);
    let is_aws = shared.starts_with("https://s3.") && shared.contains(".amazonaws.com");
    Some(match (is_aws && !bucket.contains('.'), key) {
        (true, key) => format!("https://{bucket}.s3.{region}.{}/{key}", domain(region)),
        (false, "") => format!("{shared}/{bucket}"),
        (false, key) => format!("{shared}/{bucket}/{key}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_has_a_host_of_its_own_where_it_can() {
        let aws = SdkConfig::builder().build();
        let at = |bucket, key, region| address(&aws, bucket, key, region).unwrap();
        assert_eq!(at("orders", "a/b.yaml", "eu-west-1"), "https://orders.s3.eu-west-1.amazonaws.com/a/b.yaml");
        assert_eq!(at("orders", "", "eu-west-1"), "https://orders.s3.eu-west-1.amazonaws.com/");
        assert_eq!(
            at("orders.prod", "a/b.yaml", "eu-west-1"),
            "https://s3.eu-west-1.amazonaws.com/orders.prod/a/b.yaml"
        );
        assert_eq!(at("orders.prod", "", "eu-west-1"), "https://s3.eu-west-1.amazonaws.com/orders.prod");
        assert_eq!(at("orders", "k", "cn-north-1"), "https://orders.s3.cn-north-1.amazonaws.com.cn/k");
        assert_eq!(at("orders.prod", "k", "cn-north-1"), "https://s3.cn-north-1.amazonaws.com.cn/orders.prod/k");
        let sim = SdkConfig::builder().endpoint_url("http://127.0.0.1:1/").build();
        assert_eq!(address(&sim, "orders", "k", "eu-west-1").unwrap(), "http://127.0.0.1:1/orders/k");
        assert_eq!(address(&aws, "../x", "k", "eu-west-1"), None);
    }
}
