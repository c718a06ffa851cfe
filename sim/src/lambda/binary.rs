//! Where a function's binary is.

use std::path::{Path, PathBuf};

/// The environment variable that names the directory of the functions' binaries.
pub const FUNCTION_DIRECTORY: &str = "NIGHTSHIFT_FUNCTION_DIR";

/// A function's binary is not where it was looked for.
#[derive(Debug, thiserror::Error)]
#[error(
    "no binary of function {name} in {}; build it with `cargo build -p {name}`, or name its directory in {FUNCTION_DIRECTORY}",
    list(searched)
)]
pub struct BinaryNotFound {
    /// The function.
    pub name: String,
    /// Where it was looked for.
    pub searched: Vec<PathBuf>,
}

fn list(directories: &[PathBuf]) -> String {
    directories.iter().map(|directory| directory.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// The binary of a function: in the directory that [`FUNCTION_DIRECTORY`] names, else beside the running executable
/// (cargo puts test executables one directory deeper, so its parent is looked at as well).
pub fn find_binary(name: &str) -> Result<PathBuf, BinaryNotFound> {
    let searched = match std::env::var_os(FUNCTION_DIRECTORY) {
        Some(directory) => vec![PathBuf::from(directory)],
        None => beside_executable(),
    };
    find_in(name, searched)
}

fn beside_executable() -> Vec<PathBuf> {
    let executable = std::env::current_exe().ok();
    let directory = executable.as_deref().and_then(Path::parent);
    directory
        .into_iter()
        .flat_map(|directory| [Some(directory), directory.parent()])
        .flatten()
        .map(Into::into)
        .collect()
}

fn find_in(name: &str, searched: Vec<PathBuf>) -> Result<PathBuf, BinaryNotFound> {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    match searched.iter().map(|directory| directory.join(&file)).find(|path| path.is_file()) {
        Some(path) => Ok(path),
        None => Err(BinaryNotFound { name: name.to_owned(), searched }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_binary_is_reported_with_the_command_that_builds_it() {
        let error = find_in("no-such-function", vec![PathBuf::from("/one"), PathBuf::from("/two")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no binary of function no-such-function in /one, /two; build it with `cargo build -p no-such-function`, \
             or name its directory in NIGHTSHIFT_FUNCTION_DIR"
        );
    }

    #[test]
    fn the_running_executable_itself_is_found_beside_itself() {
        let executable = std::env::current_exe().unwrap();
        let name = executable.file_stem().unwrap().to_str().unwrap();
        assert_eq!(find_in(name, beside_executable()).unwrap(), executable);
    }
}
