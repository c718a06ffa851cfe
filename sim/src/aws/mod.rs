//! The AWS operations the functions call, as the SDKs speak them.
