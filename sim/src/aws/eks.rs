//! EKS: the one cluster there is.

use serde_json::{Value, json};

use super::Account;
use super::error::AwsError;

pub(super) fn list_clusters(account: &Account) -> Result<Value, AwsError> {
    Ok(json!({"clusters": [account.world().options().cluster]}))
}

/// The cluster, with the Kubernetes API of sim as its endpoint. There is no certificate authority, as that API is plain
/// HTTP on loopback.
pub(super) fn describe_cluster(account: &Account, name: &str) -> Result<Value, AwsError> {
    let options = account.world().options();
    if name != options.cluster {
        return Err(AwsError::not_found("ResourceNotFoundException", format!("No cluster found for name: {name}.")));
    }
    let created_at = options.start.as_second() - 90 * 24 * 3600;
    Ok(json!({"cluster": {
        "name": options.cluster,
        "arn": options.cluster_arn(),
        "createdAt": created_at,
        "version": crate::kubernetes_minor(),
        "platformVersion": "eks.12",
        "endpoint": account.kube_endpoint,
        "roleArn": format!("arn:aws:iam::{}:role/{}-cluster", options.account, options.cluster),
        "status": "ACTIVE",
        "resourcesVpcConfig": {
            "subnetIds": [], "securityGroupIds": [], "endpointPublicAccess": true, "endpointPrivateAccess": true,
            "publicAccessCidrs": ["0.0.0.0/0"],
        },
        "kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16", "ipFamily": "ipv4"},
        "identity": {"oidc": {"issuer": format!("https://oidc.eks.{}.amazonaws.com/id/SIM", options.region)}},
        "accessConfig": {"authenticationMode": "API"},
        "zonalShiftConfig": {"enabled": true},
        "tags": {},
    }}))
}
