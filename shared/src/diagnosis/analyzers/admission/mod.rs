//! The API server refuses the pod or object.

mod missing_claim;
mod missing_service_account;
mod pod_security;
mod quota;
mod refusal;
mod service_quota;
mod webhook;

super::list![missing_service_account, quota, service_quota, missing_claim, pod_security, webhook];

/// A Deployment of which the API server refuses every pod, in these words.
#[cfg(test)]
fn refused(message: &str) -> crate::diagnosis::testkit::Scene {
    crate::diagnosis::testkit::scene().deployment("shop", "api", 2).without_pods("shop", "api").event(
        "ReplicaSet shop/api-rs1",
        "FailedCreate",
        message,
    )
}
