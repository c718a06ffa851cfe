//! A zone that limps: found, proven, left.
//!
//! [`decide`] is the judgement, pure: minute after minute of what each zone did, into what to say and do about it.
//! [`shift`] is the way from there to zonal shifts, pure as well: what is wanted and what stands, into the calls to make.

pub mod decide;
pub mod shift;
