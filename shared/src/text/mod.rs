//! Everything people read, in English and Korean.
