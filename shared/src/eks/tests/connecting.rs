//! The way in.

use aws_config::SdkConfig;

use super::lists_only;
use crate::eks::{Cluster, ClusterTarget, ConnectError, ReadError};

fn no_aws() -> SdkConfig {
    SdkConfig::builder().build()
}

#[tokio::test]
async fn a_closed_port_is_an_unreachable_cluster() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let target = ClusterTarget::Endpoint { url: url.clone(), name: "prod".into() };
    let cluster = Cluster::connect(&target, &no_aws()).await.expect("no request is made yet");
    let error = cluster.read(&lists_only()).await.expect_err("nobody listens");
    assert!(matches!(&error, ReadError::Unreachable { endpoint, .. } if *endpoint == url), "{error}");
    assert!(error.chain().starts_with(&format!("{url} cannot be reached: check the address")), "{}", error.chain());
}

#[tokio::test]
async fn an_endpoint_that_is_no_address_is_refused() {
    let target = ClusterTarget::Endpoint { url: "not an address".into(), name: String::new() };
    let error = Cluster::connect(&target, &no_aws()).await.err().expect("an error");
    assert!(matches!(error, ConnectError::Endpoint { .. }), "{error}");
}

#[tokio::test]
async fn an_eks_cluster_without_a_region_asks_for_one() {
    let target = ClusterTarget::Eks { name: "prod".into(), region: None };
    let error = Cluster::connect(&target, &no_aws()).await.err().expect("an error");
    assert_eq!(error.to_string(), "no region for EKS cluster prod: set AWS_REGION");
}
