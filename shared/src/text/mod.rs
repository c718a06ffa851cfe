//! Everything people read, in English and Korean.

mod language;

pub use language::Language;
