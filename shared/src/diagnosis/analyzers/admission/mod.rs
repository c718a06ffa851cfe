//! The API server refuses the pod or object.

mod missing_claim;
mod missing_service_account;
mod pod_security;
mod quota;
mod refusal;
mod service_quota;
mod webhook;

super::list![missing_service_account, quota, service_quota, missing_claim, pod_security, webhook];
