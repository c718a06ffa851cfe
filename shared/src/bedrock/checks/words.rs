//! Lists of words, written as text so that they can be read.

/// The words of a list.
pub(super) fn each(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.split_ascii_whitespace()
}

/// Whether a list holds a word.
pub(super) fn has(list: &'static str, word: &str) -> bool {
    each(list).any(|one| one == word)
}
