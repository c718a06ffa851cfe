//! The functions' real binaries.

use std::path::PathBuf;
use std::process::Command;

use sim::lambda::find_binary;

/// The binary of a function, built if need be: cargo builds no binaries of other packages for a test.
///
/// # Panics
///
/// Where it cannot be built.
pub fn binary(name: &str) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // What cargo tells a test about its own package would tell build scripts that something has changed (ring's asks for
    // CARGO_MANIFEST_DIR), and everything above them would be built anew, here and by whoever builds next.
    let of_the_test =
        |name: &str| ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_EXE_"].iter().any(|it| name.starts_with(it));
    std::env::vars().filter(|(name, _)| of_the_test(name)).for_each(|(name, _)| {
        command.env_remove(name);
    });
    let status = command
        // The whole workspace, as `make test` builds it: one package alone would be built with features of its own.
        .args(["build", "--quiet", "--locked", "--workspace", "--bins"])
        .current_dir(crate::judges::repository())
        .status();
    assert!(status.is_ok_and(|status| status.success()), "cargo build --workspace --bins failed, wanted for {name}");
    match find_binary(name) {
        Ok(path) => path,
        Err(error) => panic!("{error}"),
    }
}
