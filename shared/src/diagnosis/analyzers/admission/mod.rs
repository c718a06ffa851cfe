//! The API server refuses the pod or object.

mod missing_service_account;

super::list![missing_service_account];
