//! A Lambda Runtime API: feeds events to a function's real binary and takes its answers.
