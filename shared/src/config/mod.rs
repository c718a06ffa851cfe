//! Settings: typed, checked at start, each with its default and its reason.

mod secret;

pub use secret::Secret;
