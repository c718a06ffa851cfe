//! Outside judges: programs of others that say whether our protocols are right.
//!
//! They are set up by `make judges` in `.venv`. Where that is missing, a test that needs one says so and passes, unless
//! `NIGHTSHIFT_REQUIRE_JUDGES=1` asks for it to fail.

use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// The Python that has the judges' libraries.
///
/// # Panics
///
/// Where it is missing and `NIGHTSHIFT_REQUIRE_JUDGES=1`.
pub fn python() -> Option<PathBuf> {
    let python = repository().join(".venv/bin/python");
    if python.exists() {
        return Some(python);
    }
    skipped("no .venv: run `make judges`");
    None
}

/// Stock kubectl, found on the path.
///
/// # Panics
///
/// Where it is missing and `NIGHTSHIFT_REQUIRE_JUDGES=1`.
pub fn kubectl() -> Option<PathBuf> {
    on_path("kubectl")
}

/// Chromium, found on the path.
///
/// # Panics
///
/// Where it is missing and `NIGHTSHIFT_REQUIRE_JUDGES=1`.
pub fn chromium() -> Option<PathBuf> {
    on_path("chromium")
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|directory| directory.join(program)).find(|file| file.is_file());
    if found.is_none() {
        skipped(&format!("no {program} on the path"));
    }
    found
}

/// A script of `tests/judges`.
pub fn script(name: &str) -> PathBuf {
    repository().join("tests/judges").join(name)
}

fn skipped(why: &str) {
    let required = std::env::var("NIGHTSHIFT_REQUIRE_JUDGES").is_ok_and(|value| value == "1");
    assert!(!required, "a judge is required and missing: {why}");
    eprintln!("skipped: {why}");
}
