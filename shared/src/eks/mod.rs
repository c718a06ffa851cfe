//! Reaching an EKS cluster and reading it into a snapshot.
