//! Autoscalers and capacity.

mod eviction_blocked;
mod hpa;
mod karpenter;

super::list![eviction_blocked, hpa, karpenter];
