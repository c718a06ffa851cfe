//! The container never starts.

mod command;
mod image;
mod init_container;
mod missing_reference;
mod mount_permission;
mod sandbox;
mod volume_attach;

super::list![image, missing_reference, mount_permission, volume_attach, sandbox, command, init_container];
