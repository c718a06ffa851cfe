//! Requests of all kinds against the pure core.

mod kit;
mod requests;
mod signatures;
mod strangers;
mod understood;
