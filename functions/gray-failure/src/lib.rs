//! A zone that limps: found, proven, left.
//!
//! [`decide`] is the judgement, pure: minute after minute of what each zone did, into what to say and do about it.

pub mod decide;
