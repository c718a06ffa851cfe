//! Draws test vectors. TEST VECTORS ONLY: nothing drawn here was ever valid anywhere.

/// Characters to draw from.
pub(crate) const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
pub(crate) const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
pub(crate) const LOWER: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
pub(crate) const HEX: &str = "0123456789abcdef";
pub(crate) const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
pub(crate) const URL: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// `length` characters of `alphabet`, always the same for the same seed; a digit and a letter among them.
pub(crate) fn draw(alphabet: &str, length: usize, seed: u64) -> String {
    let alphabet: Vec<char> = alphabet.chars().collect();
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bd1_e995;
    let mut drawn: Vec<char> = (0..length)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            alphabet[(state >> 33) as usize % alphabet.len()]
        })
        .collect();
    if length > 3 {
        drawn[1] = alphabet.iter().copied().find(char::is_ascii_digit).unwrap_or(alphabet[0]);
        drawn[2] = alphabet.iter().copied().find(char::is_ascii_alphabetic).unwrap_or(alphabet[0]);
    }
    drawn.into_iter().collect()
}

/// base64 with padding.
pub(crate) fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// base64url without padding.
pub(crate) fn base64url(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

/// A private key in PEM, drawn.
pub(crate) fn pem(label: &str, lines: usize, seed: u64) -> (String, String) {
    let body: Vec<String> = (0..lines).map(|line| draw(BASE64, 64, seed + line as u64)).collect();
    let body = body.join("\n");
    let dashes = "-".repeat(5);
    let text = format!("{dashes}BEGIN {label}{dashes}\n{body}\n{dashes}END {label}{dashes}");
    (text, body)
}
