//! The `alarm-analysis` Lambda.

fn main() {}
