//! Cutting text at Slack's limits, so that what is left still reads and renders.
//!
//! Lengths are counted in UTF-16 units, which is never less than what Slack counts. The cut is made at the end of a line
//! where there is one, never inside an entity or a link, and an open code block is closed again. The note says how many
//! lines were left out and needs no language.

/// The length that counts against Slack's limits.
pub(super) fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Room for the closing fence and the note.
const RESERVE: usize = 24;

/// Mrkdwn of at most `limit` units.
pub(super) fn cut_mrkdwn(text: &str, limit: usize) -> String {
    if length(text) <= limit {
        return text.to_owned();
    }
    let mut head = prefix(text, limit.saturating_sub(RESERVE));
    if let Some(line_end) = head.rfind('\n').filter(|end| *end >= head.len() / 2) {
        head = &head[..line_end];
    } else {
        head = outside_of_markup(head);
    }
    let mut cut = head.to_owned();
    if cut.matches("```").count() % 2 == 1 {
        cut.push_str("\n```");
    }
    cut.push_str(&note(text, head));
    cut
}

/// Plain text of at most `limit` units.
pub(super) fn cut_plain(text: &str, limit: usize) -> String {
    if length(text) <= limit {
        return text.to_owned();
    }
    format!("{}…", prefix(text, limit.saturating_sub(1)).trim_end())
}

fn note(text: &str, head: &str) -> String {
    let left_out = text[head.len()..].trim_matches('\n').lines().count();
    if head.contains('\n') { format!("\n… (+{left_out})") } else { "…".to_owned() }
}

fn prefix(text: &str, limit: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.len_utf16();
        if used > limit {
            return &text[..at];
        }
    }
    text
}

/// Steps back before an entity (`&amp;`) or a link (`<…>`) that the end of `head` has cut in two.
fn outside_of_markup(head: &str) -> &str {
    let head = match head.rfind('<') {
        Some(open) if !head[open..].contains('>') => &head[..open],
        _ => head,
    };
    match head.rfind('&') {
        Some(open) if !head[open..].contains(';') && head.len() - open < 6 => &head[..open],
        _ => head,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn long_text_is_cut_at_a_line_with_a_note() {
        let text = (0..100).map(|n| format!("line {n}\n")).collect::<String>();
        let cut = cut_mrkdwn(&text, 200);
        assert!(cut.ends_with("line 22\n… (+77)"), "{cut}");
    }

    #[test]
    fn an_open_code_block_is_closed() {
        let text = format!("```\n{}```", "x = 1\n".repeat(100));
        assert_eq!(cut_mrkdwn(&text, 200).matches("```").count(), 2);
    }

    #[test]
    fn a_link_is_not_cut_in_two() {
        let text = format!("{} <https://example.com/a/long/path|label> after", "x".repeat(60));
        let cut = cut_mrkdwn(&text, 100);
        assert_eq!(cut.matches('<').count(), cut.matches('>').count(), "{cut}");
    }

    proptest! {
        #[test]
        fn what_is_cut_fits(text in "(\\PC|\n|`{3}|&amp;){0,400}", limit in 40usize..300) {
            prop_assert!(length(&cut_mrkdwn(&text, limit)) <= limit);
            prop_assert!(length(&cut_plain(&text, limit)) <= limit);
        }
    }
}
