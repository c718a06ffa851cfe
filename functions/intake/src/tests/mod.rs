//! Requests of all kinds against the pure core.

mod kit;
mod signatures;
