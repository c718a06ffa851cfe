//! From text to words that can be compared.

/// Words that say nothing about what went wrong.
const EMPTY: [&str; 22] = [
    "an", "and", "are", "as", "at", "be", "by", "for", "from", "has", "in", "is", "it", "of", "on", "or", "that",
    "the", "this", "to", "was", "with",
];

/// The words of a text in lower case. What differs from one occurrence to the next is left out: numbers, hashes, addresses
/// and the random endings of pod names. A name in snake or kebab case counts whole and in its parts, so that
/// `DB_PASSWORD` is found by both.
///
/// ```
/// use shared::lessons::words;
/// assert_eq!(words("KeyError: 'DEPLOY_ENV' at 10.0.3.17:8080"), ["keyerror", "deploy_env", "deploy", "env"]);
/// ```
pub fn words(text: &str) -> Vec<String> {
    let is_joint = |c: char| matches!(c, '_' | '-');
    let mut words = Vec::new();
    for whole in text.split(|c: char| !c.is_alphanumeric() && !is_joint(c)) {
        let whole = whole.trim_matches(is_joint).to_lowercase();
        let parts: Vec<&str> = whole.split(is_joint).filter(|part| says_something(part)).collect();
        if parts.len() > 1 {
            // Joined anew without what changes: `api-7d4b9c6f5-x2x1z` is `api`.
            words.push(whole.split(is_joint).filter(|part| says_something(part)).collect::<Vec<_>>().join("_"));
        }
        words.extend(parts.into_iter().map(str::to_owned));
    }
    words
}

fn says_something(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let is_random = digits > 0 && word.len() >= 5 && word.chars().all(|c| c.is_ascii_alphanumeric());
    word.chars().count() > 1 && digits < word.len() && !is_random && !EMPTY.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_from_time_to_time_is_no_word() {
        assert_eq!(words("pod api-7d4b9c6f5-x2x1z restarted 37 times"), ["pod", "api", "restarted", "times"]);
        assert_eq!(words("0x7ffe12 12:04:33 10.0.3.17 5xx v2"), ["5xx", "v2"]);
        assert_eq!(words("파드 기동 실패"), ["파드", "기동", "실패"]);
        assert!(words("the of to 1 2 a").is_empty());
    }
}
