//! Zones and nodes that are ill: the function `gray-failure` over sim, with `remediation` beside it.

#![allow(clippy::unwrap_used, reason = "where a test's helpers fail, the test has failed")]

mod course;
mod faults;
mod nodes;
mod replay;
mod zonal_shift;
mod zonal_shift_binaries;
mod zonal_shift_cases;
mod zonal_shift_faults;
mod zones_from_prometheus;
