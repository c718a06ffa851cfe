//! End-to-end scenarios live in `tests/tests`; this library holds what they share.

pub mod asks;
pub mod binary;
pub mod deeds;
pub mod door;
pub mod judges;
pub mod limp;
pub mod memory;
pub mod night;
pub mod prometheus;
pub mod remedy;
pub mod table;
pub mod trouble;
pub mod way;
pub mod zones;
