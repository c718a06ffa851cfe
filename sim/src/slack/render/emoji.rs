//! Emoji by their names, as far as messages of ours and of common alerts use them.

use super::Html;

const NAMES: &[(&str, &str)] = &[
    ("red_circle", "🔴"),
    ("large_orange_circle", "🟠"),
    ("large_yellow_circle", "🟡"),
    ("large_green_circle", "🟢"),
    ("large_blue_circle", "🔵"),
    ("white_circle", "⚪"),
    ("white_check_mark", "✅"),
    ("heavy_check_mark", "✔️"),
    ("x", "❌"),
    ("warning", "⚠️"),
    ("rotating_light", "🚨"),
    ("pushpin", "📌"),
    ("mag", "🔍"),
    ("wrench", "🔧"),
    ("hammer_and_wrench", "🛠️"),
    ("information_source", "ℹ️"),
    ("hourglass_flowing_sand", "⏳"),
    ("chart_with_upwards_trend", "📈"),
    ("page_facing_up", "📄"),
    ("link", "🔗"),
    ("eyes", "👀"),
    ("thumbsup", "👍"),
    ("+1", "👍"),
    ("thumbsdown", "👎"),
    ("-1", "👎"),
    ("robot_face", "🤖"),
    ("moon", "🌔"),
    ("crescent_moon", "🌙"),
    ("fire", "🔥"),
    ("bulb", "💡"),
    ("lock", "🔒"),
    ("repeat", "🔁"),
    ("rewind", "⏪"),
    ("tada", "🎉"),
];

/// The emoji of this name.
pub(super) fn named(name: &str) -> Option<&'static str> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, emoji)| *emoji)
}

/// The name at the start of `text`, which begins behind a colon: the emoji and the length of what names it, closing
/// colon included.
pub(super) fn at(text: &str) -> Option<(&'static str, usize)> {
    let end = text.find(':').filter(|end| (1..=40).contains(end))?;
    Some((named(&text[..end])?, end + 1))
}

/// Plain text with its emoji shown; unknown names stay as they are.
pub(in crate::slack) fn emoji(text: &str) -> Html {
    let mut html = Html::default();
    let mut rest = text;
    while let Some(colon) = rest.find(':') {
        html.text(&rest[..colon]);
        rest = &rest[colon + 1..];
        match at(rest) {
            Some((emoji, length)) => {
                html.text(emoji);
                rest = &rest[length..];
            }
            None => {
                html.text(":");
            }
        }
    }
    html.text(rest);
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_become_emoji_and_times_stay_times() {
        assert_eq!(emoji(":red_circle: at 14:23:01").to_string(), "🔴 at 14:23:01");
        assert_eq!(emoji(":no_such_thing:<b>").to_string(), ":no_such_thing:&lt;b&gt;");
    }
}
