//! What goes into a ticket is only text there. That the APIs take it is held over the simulation in `tests/tests/alarms/tickets.rs`.

use super::github::escaped;
use super::one_line;

#[test]
fn what_a_cluster_says_is_only_text_in_markdown() {
    let hostile = "@octo-org/all <script>x</script> [here](https://evil.example) #12 **b** `c` https://evil.example";
    let said = escaped(hostile);
    for raw in ["@o", "<s", "[here](", "#1", "**b", "https:/"] {
        assert!(!said.contains(raw), "{raw} in {said}");
    }
    // Nothing is lost: without what was put in, it reads as it did.
    let read = said.replace('\u{2060}', "").replace("&lt;", "<").replace("&gt;", ">").replace('\\', "");
    assert_eq!(read, hostile);
}

#[test]
fn a_title_is_one_line_of_bounded_length() {
    assert_eq!(one_line(" a\n b\tc ", 10), "a b c");
    assert_eq!(one_line(&"x".repeat(300), 250).chars().count(), 250);
    assert_eq!(one_line("파드 기동 실패", 3), "파드…");
}
