//! An error and all it came from, on one line.

use std::error::Error;

/// The error and what it came from, on one line.
pub fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        // Some errors already quote what they come from.
        if !line.ends_with(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        source = cause.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Because(&'static str, #[source] Option<Box<Because>>);

    #[test]
    fn a_cause_that_is_quoted_already_is_not_said_again() {
        let refused = || Some(Box::new(Because("refused", None)));
        assert_eq!(chain(&Because("no answer", refused())), "no answer: refused");
        assert_eq!(chain(&Because("no answer: refused", refused())), "no answer: refused");
        assert_eq!(chain(&Because("no answer", None)), "no answer");
    }
}
