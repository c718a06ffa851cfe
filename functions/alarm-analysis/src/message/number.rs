//! Numbers as people read them.

/// A value in at most three significant digits: `0.0123` as `0.012`, `1234567` as `1.23M`.
pub fn plain(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude >= 1e9 {
        format!("{}G", trimmed(value / 1e9, 2))
    } else if magnitude >= 1e6 {
        format!("{}M", trimmed(value / 1e6, 2))
    } else if magnitude >= 1e4 {
        format!("{}k", trimmed(value / 1e3, 1))
    } else if magnitude >= 100.0 {
        trimmed(value, 0)
    } else if magnitude >= 1.0 || magnitude == 0.0 {
        trimmed(value, 1)
    } else {
        trimmed(value, 3)
    }
}

fn trimmed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (7.0, "7"),
            (12.42, "12.4"),
            (0.0123, "0.012"),
            (0.3, "0.3"),
            (150.4, "150"),
            (1500.0, "1500"),
            (12_340.0, "12.3k"),
            (1_234_567.0, "1.23M"),
            (2.5e9, "2.5G"),
            (-3.25, "-3.2"),
        ] {
            assert_eq!(plain(value), text, "{value}");
        }
    }
}
