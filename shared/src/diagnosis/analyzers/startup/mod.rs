//! The container never starts.

mod image;
mod missing_reference;

super::list![image, missing_reference];
