//! Outside judges: programs of others that say whether our protocols are right.
//!
//! Those of Python are set up by `make judges` in `.venv`; kubectl, Chromium and Prometheus are used where they are installed.
//! Where one is missing, a test that needs it says so and passes, unless `NIGHTSHIFT_REQUIRE_JUDGES` (for example `python,kubectl`) names it.

use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// The Python that has the judges' libraries.
///
/// # Panics
///
/// Where it is missing and `NIGHTSHIFT_REQUIRE_JUDGES` names `python`.
pub fn python() -> Option<PathBuf> {
    let python = repository().join(".venv/bin/python");
    if python.exists() {
        return Some(python);
    }
    skipped("python", "no .venv: run `make judges`");
    None
}

/// Stock kubectl, found on the path.
///
/// # Panics
///
/// Where it is missing and `NIGHTSHIFT_REQUIRE_JUDGES` names it.
pub fn kubectl() -> Option<PathBuf> {
    on_path("kubectl")
}

/// Chromium, found on the path.
///
/// # Panics
///
/// Where it is missing and `NIGHTSHIFT_REQUIRE_JUDGES` names it.
pub fn chromium() -> Option<PathBuf> {
    on_path("chromium")
}

/// Prometheus, found on the path.
///
/// # Panics
///
/// Where it is missing and `NIGHTSHIFT_REQUIRE_JUDGES` names it.
pub fn prometheus() -> Option<PathBuf> {
    on_path("prometheus")
}

/// The tool that Prometheus comes with, found on the path.
///
/// # Panics
///
/// Where it is missing and `NIGHTSHIFT_REQUIRE_JUDGES` names it.
pub fn promtool() -> Option<PathBuf> {
    on_path("promtool")
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|directory| directory.join(program)).find(|file| file.is_file());
    if found.is_none() {
        skipped(program, "not on the path");
    }
    found
}

/// A script of `tests/judges`.
pub fn script(name: &str) -> PathBuf {
    repository().join("tests/judges").join(name)
}

fn skipped(judge: &str, why: &str) {
    let required = std::env::var("NIGHTSHIFT_REQUIRE_JUDGES").unwrap_or_default();
    assert!(!required.split(',').any(|name| name == judge), "{judge} is required as a judge and missing: {why}");
    eprintln!("skipped: {judge}: {why}");
}
