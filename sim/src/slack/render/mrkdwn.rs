//! Slack's mrkdwn: <https://docs.slack.dev/messaging/formatting-message-text>.
//!
//! Code blocks are cut out first, then quoted lines, then within a line code, links and mentions, emoji, and last the
//! emphasis marks, which count only at the edges of words. The sender has escaped `&`, `<` and `>`; they are unescaped here
//! once and escaped again on their way out.

use super::super::people::name_of;
use super::{Html, emoji, link_target};

/// Text with mrkdwn in it, as HTML.
pub(in crate::slack) fn mrkdwn(text: &str) -> Html {
    let mut html = Html::default();
    let mut rest = text;
    while let Some(start) = rest.find("```") {
        let Some(length) = rest[start + 3..].find("```") else { break };
        let code = &rest[start + 3..start + 3 + length];
        lines(&mut html, rest[..start].strip_suffix('\n').unwrap_or(&rest[..start]));
        html.markup("<pre>").text(&unescape(code.strip_prefix('\n').unwrap_or(code).trim_end_matches('\n')));
        html.markup("</pre>");
        rest = &rest[start + 6 + length..];
        rest = rest.strip_prefix('\n').unwrap_or(rest);
    }
    lines(&mut html, rest);
    html
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Lines outside of code blocks; consecutive quoted ones are one quote.
fn lines(html: &mut Html, text: &str) {
    if text.is_empty() {
        return;
    }
    let mut quoting = false;
    let mut first = true;
    for line in text.split('\n') {
        let quoted = line.strip_prefix("&gt;").or_else(|| line.strip_prefix('>'));
        if quoted.is_some() != quoting {
            html.markup(if quoting { "</blockquote>" } else { "<blockquote>" });
            quoting = !quoting;
        } else if !first {
            html.markup("<br>");
        }
        first = false;
        inline(html, quoted.map_or(line, str::trim_start));
    }
    if quoting {
        html.markup("</blockquote>");
    }
}

const MARKS: &[(char, &str, &str)] = &[('*', "<b>", "</b>"), ('_', "<i>", "</i>"), ('~', "<s>", "</s>")];

fn inline(html: &mut Html, text: &str) {
    let mut before = None;
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let tail = &rest[character.len_utf8()..];
        let taken = match character {
            '`' => code(html, tail),
            '<' => reference(html, tail),
            ':' => emoji::at(tail).map(|(emoji, length)| {
                html.text(emoji);
                length
            }),
            _ => emphasis(html, character, before, tail),
        };
        match taken {
            Some(length) => {
                before = tail[..length].chars().next_back();
                rest = &tail[length..];
            }
            None => {
                let plain = entity(rest);
                html.text(&unescape(plain));
                before = plain.chars().next_back();
                rest = &rest[plain.len()..];
            }
        }
    }
}

/// The escaped character or plain character at the start of `text`.
fn entity(text: &str) -> &str {
    for entity in ["&amp;", "&lt;", "&gt;"] {
        if text.starts_with(entity) {
            return &text[..entity.len()];
        }
    }
    let length = text.chars().next().map_or(0, char::len_utf8);
    &text[..length]
}

fn code(html: &mut Html, tail: &str) -> Option<usize> {
    let end = tail.find('`').filter(|end| *end > 0)?;
    html.markup("<code>").text(&unescape(&tail[..end])).markup("</code>");
    Some(end + 1)
}

/// `<https://…|label>`, `<@U…>`, `<#C…|name>`, `<!here>`, `<!date^…|fallback>`.
fn reference(html: &mut Html, tail: &str) -> Option<usize> {
    let end = tail.find('>').filter(|end| !tail[..*end].contains(['<', '\n']))?;
    let (target, label) = match tail[..end].split_once('|') {
        Some((target, label)) => (target, Some(label)),
        None => (&tail[..end], None),
    };
    let target = unescape(target);
    if let Some(address) = link_target(&target) {
        html.markup("<a rel=\"noopener noreferrer\" target=\"_blank\" href=\"").text(address).markup("\">");
        match label {
            Some(label) => html.html(&super::emoji(&unescape(label))),
            None => html.text(address),
        };
        html.markup("</a>");
        return Some(end + 1);
    }
    let shown = match target.split_at_checked(1)? {
        ("@", user) => format!("@{}", label.or(name_of(user)).unwrap_or(user)),
        ("#", channel) => format!("#{}", label.unwrap_or(channel)),
        ("!", special) if special.starts_with("date^") => {
            html.markup("<time>").text(label.unwrap_or_default()).markup("</time>");
            return Some(end + 1);
        }
        ("!", special @ ("here" | "channel" | "everyone")) => format!("@{special}"),
        ("!", special) if special.starts_with("subteam^") => {
            let group = special.trim_start_matches("subteam^");
            format!("@{}", label.or(name_of(group)).unwrap_or(group))
        }
        ("!", special) => label.unwrap_or(special).to_owned(),
        _ => return None,
    };
    html.markup("<span class=\"mention\">").text(&shown).markup("</span>");
    Some(end + 1)
}

/// `*bold*`, `_italic_`, `~struck~`: the opening mark follows no word, the closing one precedes none.
fn emphasis(html: &mut Html, mark: char, before: Option<char>, tail: &str) -> Option<usize> {
    let (_, open, close) = MARKS.iter().find(|(known, ..)| *known == mark)?;
    let word = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    if word(before) || tail.starts_with(char::is_whitespace) {
        return None;
    }
    let closes = |at: usize| {
        let content = &tail[..at];
        at > 0 && !content.ends_with(char::is_whitespace) && !word(tail[at + 1..].chars().next())
    };
    let end = tail.match_indices(mark).map(|(at, _)| at).find(|at| closes(*at) && !inside_code(tail, *at))?;
    html.markup(open);
    inline(html, &tail[..end]);
    html.markup(close);
    Some(end + 1)
}

fn inside_code(text: &str, at: usize) -> bool {
    text[..at].matches('`').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str) -> String {
        mrkdwn(text).to_string()
    }

    #[test]
    fn emphasis_counts_at_the_edges_of_words_only() {
        assert_eq!(html("*Affects* api _0/5_ ~old~"), "<b>Affects</b> api <i>0/5</i> <s>old</s>");
        assert_eq!(html("2*3*4 snake_case_name"), "2*3*4 snake_case_name");
        assert_eq!(html("*굵게*입니다"), "*굵게*입니다");
        assert_eq!(html("*원인* 파드"), "<b>원인</b> 파드");
        assert_eq!(html("* not a list*"), "* not a list*");
    }

    #[test]
    fn code_is_taken_as_it_stands() {
        assert_eq!(html("`a *b* <c>`"), "<code>a *b* &lt;c&gt;</code>");
        assert_eq!(html("run\n```\nkubectl get po\n```\nthen"), "run<pre>kubectl get po</pre>then");
        assert_eq!(html("```unclosed"), "```unclosed");
        assert_eq!(html("*see `a*b`*"), "<b>see <code>a*b</code></b>");
    }

    #[test]
    fn links_lead_only_to_the_web() {
        let link = "<a rel=\"noopener noreferrer\" target=\"_blank\" href=\"https://x.test/?a=1&amp;b=2\">logs</a>";
        assert_eq!(html("<https://x.test/?a=1&amp;b=2|logs>"), link);
        assert_eq!(html("<javascript:alert(1)|logs>"), "&lt;javascript:alert(1)|logs&gt;");
    }

    #[test]
    fn nothing_from_a_message_becomes_markup() {
        for hostile in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "&lt;script&gt;alert(1)&lt;/script&gt;",
            "`</code><script>`",
            "```</pre><script>```",
            "<https://x.test/\"onmouseover=\"alert(1)|<b>x</b>>",
            "*<svg/onload=alert(1)>*",
            "<@<script>>",
        ] {
            let html = html(hostile);
            let allowed = ["b", "/b", "i", "/i", "s", "/s", "code", "/code", "pre", "/pre", "br", "/a", "/span"];
            for tag in html.split('<').skip(1).filter_map(|part| part.split('>').next()) {
                let ours = tag.starts_with("a rel=\"noopener noreferrer\" target=\"_blank\" href=\"http")
                    || tag == "span class=\"mention\"";
                assert!(ours || allowed.contains(&tag), "{hostile} became {html}");
            }
            assert!(!html.contains("\"onmouseover"), "{html}");
        }
    }

    #[test]
    fn quotes_mentions_and_emoji_are_shown() {
        assert_eq!(html("&gt; one\n&gt; two\nthree"), "<blockquote>one<br>two</blockquote>three");
        assert_eq!(html("<!here> :warning:"), "<span class=\"mention\">@here</span> ⚠️");
        assert_eq!(html("<!date^1392734382^{time}|14:23>"), "<time>14:23</time>");
        assert_eq!(html("AT&amp;T &lt;3"), "AT&amp;T &lt;3");
    }
}
