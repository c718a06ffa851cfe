//! End-to-end scenarios live in `tests/tests`; this library holds what they share.

pub mod judges;
