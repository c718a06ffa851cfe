//! Text in Slack's markup, with data kept data.
//!
//! Slack reads `<!channel>`, `<@U…>` and `<https://…|label>` as mentions and links wherever they stand in mrkdwn. What comes
//! from a cluster (log lines, event messages, names, alarm descriptions) must not be able to do that, so [`Mrkdwn`] is
//! made of literals written in this code and of arguments, and arguments are escaped. Text objects are sent `verbatim`,
//! which keeps Slack from turning bare addresses and channel names into links.
//! <https://docs.slack.dev/messaging/formatting-message-text>

use std::fmt::{self, Display, Write};

use serde::{Deserialize, Serialize};

use super::cut::{cut_mrkdwn, cut_plain};

/// Text in Slack's markup whose data has been escaped.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mrkdwn(String);

impl Mrkdwn {
    /// Text whose every part is markup on purpose, or was escaped by [`escape`]. Data never comes in here.
    pub fn trusted(markup: impl Into<String>) -> Self {
        Self(markup.into())
    }

    /// Data, escaped.
    pub fn data(text: impl AsRef<str>) -> Self {
        Self(escape(text.as_ref()))
    }

    /// Data in monospace, on one line.
    pub fn code(text: impl AsRef<str>) -> Self {
        let line = escape(text.as_ref()).replace('`', "ˋ").replace(['\n', '\r'], " ");
        if line.trim().is_empty() { Self::default() } else { Self(format!("`{line}`")) }
    }

    /// Data as a block of lines in monospace.
    pub fn code_block(text: impl AsRef<str>) -> Self {
        Self(format!("```\n{}\n```", escape(text.as_ref().trim_end()).replace("```", "ˋˋˋ")))
    }

    /// A link. The label is data. An address that is not http or https is not linked: the label stands alone.
    pub fn link(address: &str, label: impl AsRef<str>) -> Self {
        let label = escape(label.as_ref()).replace('|', "¦");
        match url::Url::parse(address) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => {
                let address = escape_basic(url.as_str()).replace('|', "%7C");
                Self(format!("<{address}|{label}>"))
            }
            _ => Self(label),
        }
    }

    /// A mention of a user, which notifies them. Only for ids that came from Slack itself.
    pub fn mention(user: &super::UserId) -> Self {
        Self(format!("<@{}>", user.0.chars().filter(char::is_ascii_alphanumeric).collect::<String>()))
    }

    /// Several pieces with `separator` (markup) between them.
    pub fn join(parts: impl IntoIterator<Item = Mrkdwn>, separator: &str) -> Self {
        Self(parts.into_iter().map(|part| part.0).collect::<Vec<_>>().join(separator))
    }

    /// The markup.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }
}

/// What may stand as an argument of [`mrkdwn!`](crate::mrkdwn): data, which is escaped, and [`Mrkdwn`], which is markup.
pub trait MrkdwnArg {
    /// Writes the argument as markup.
    fn write_mrkdwn(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result;
}

impl MrkdwnArg for Mrkdwn {
    fn write_mrkdwn(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

macro_rules! data_arguments {
    ($($type:ty),* $(,)?) => {
        $(impl MrkdwnArg for $type {
            fn write_mrkdwn(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_escaped(out, &self.to_string())
            }
        })*
    };
}

data_arguments!(
    str,
    String,
    std::borrow::Cow<'_, str>,
    char,
    u8,
    u16,
    u32,
    u64,
    usize,
    i32,
    i64,
    f64,
    jiff::Timestamp,
    crate::model::Kind,
    crate::model::ObjectRef,
);

impl<T: MrkdwnArg + ?Sized> MrkdwnArg for &T {
    fn write_mrkdwn(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).write_mrkdwn(out)
    }
}

/// An argument on its way through `format!`; see [`mrkdwn!`](crate::mrkdwn).
#[derive(Debug)]
pub struct Data<T>(pub T);

impl<T: MrkdwnArg> Display for Data<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write_mrkdwn(f)
    }
}

/// [`Mrkdwn`] from a literal in Slack's markup and arguments, each of which is escaped unless it is [`Mrkdwn`] itself.
///
/// ```
/// use shared::mrkdwn;
/// let reason = "<!channel> & co";
/// assert_eq!(mrkdwn!("*{}*: {}", "api", reason).as_str(), "*api*: &lt;!channel&gt; &amp; co");
/// ```
#[macro_export]
macro_rules! mrkdwn {
    ($format:literal $(, $argument:expr)* $(,)?) => {
        $crate::slack::Mrkdwn::trusted(::std::format!($format $(, $crate::slack::Data(&$argument))*))
    };
}

/// Escapes data for mrkdwn: `&`, `<` and `>` as entities, control and direction-changing characters dropped, and the words
/// that could notify a whole channel broken by an invisible character.
pub fn escape(data: &str) -> String {
    let mut out = String::with_capacity(data.len());
    let _ = write_escaped(&mut out, data);
    out
}

/// Makes data safe for a plain text object, where entities are not decoded: mention and link syntax is broken by an
/// invisible character instead.
pub fn escape_plain(data: &str) -> String {
    let mut out = String::with_capacity(data.len());
    let mut rest = data.chars().filter(|c| is_shown(*c)).peekable();
    while let Some(c) = rest.next() {
        out.push(c);
        if c == '<' && rest.peek().is_some_and(|next| matches!(next, '!' | '@' | '#' | 'h' | 'm')) {
            out.push(WORD_JOINER);
        }
    }
    break_broadcasts(out)
}

const WORD_JOINER: char = '\u{2060}';

fn write_escaped(out: &mut impl Write, data: &str) -> fmt::Result {
    let shown: String = data.chars().filter(|c| is_shown(*c)).collect();
    out.write_str(&escape_basic(&break_broadcasts(shown)))
}

fn escape_basic(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}

/// Control characters other than line feed and tab, and the characters that reorder text (which make a name read as another).
fn is_shown(c: char) -> bool {
    !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{061c}')
        && (!c.is_control() || c == '\n' || c == '\t')
}

/// `@channel`, `@here` and `@everyone` notify only where names are linked, which we never ask for; a receiver that forwards
/// our text elsewhere might.
fn break_broadcasts(text: String) -> String {
    if !text.contains('@') {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find('@') {
        out.push_str(&rest[..=at]);
        rest = &rest[at + 1..];
        let is_broadcast = ["channel", "here", "everyone"]
            .iter()
            .any(|word| rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)));
        if is_broadcast {
            out.push(WORD_JOINER);
        }
    }
    out.push_str(rest);
    out
}

/// A text object: mrkdwn or plain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Text {
    /// Slack's markup.
    Mrkdwn {
        /// The markup.
        text: Mrkdwn,
        /// Always true: Slack does not look for addresses and channel names in it.
        verbatim: bool,
    },
    /// No markup.
    PlainText {
        /// The text.
        text: String,
        /// Whether `:name:` is shown as an emoji.
        emoji: bool,
    },
}

impl Text {
    pub(super) fn mrkdwn(text: &Mrkdwn, limit: usize) -> Self {
        Self::Mrkdwn { text: Mrkdwn(cut_mrkdwn(text.as_str(), limit)), verbatim: true }
    }

    pub(super) fn plain(text: &str, limit: usize) -> Self {
        Self::PlainText { text: cut_plain(&escape_plain(text), limit), emoji: true }
    }

    /// The text as it is sent.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Mrkdwn { text, .. } => text.as_str(),
            Self::PlainText { text, .. } => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_cannot_mention_a_channel_or_forge_a_link() {
        for attack in [
            "<!channel>",
            "<!here|x>",
            "<@U012AB3CD>",
            "<#C012>",
            "<https://evil.example|https://grafana>",
            "<mailto:a@b|c>",
        ] {
            for made in [mrkdwn!("{}", attack), Mrkdwn::data(attack), Mrkdwn::code(attack), Mrkdwn::code_block(attack)]
            {
                assert!(!made.as_str().contains(['<', '>']), "{attack} -> {}", made.as_str());
            }
        }
        assert_eq!(
            escape("@channel @HERE @everyone user@host"),
            "@\u{2060}channel @\u{2060}HERE @\u{2060}everyone user@host"
        );
        assert_eq!(escape_plain("<!channel>"), "<\u{2060}!channel>");
    }

    #[test]
    fn data_cannot_leave_its_code_block() {
        assert_eq!(Mrkdwn::code_block("a```\n*b*").as_str(), "```\naˋˋˋ\n*b*\n```");
        assert_eq!(Mrkdwn::code("a`b").as_str(), "`aˋb`");
    }

    #[test]
    fn direction_overrides_and_control_characters_are_dropped() {
        assert_eq!(escape("a\u{202e}b\u{0007}c\td\n"), "abc\td\n");
    }

    #[test]
    fn a_link_keeps_its_label_as_data_and_its_address_to_http() {
        assert_eq!(
            Mrkdwn::link("https://grafana.example/d/1?a=1&b=2", "CPU > 80 % | now").as_str(),
            "<https://grafana.example/d/1?a=1&amp;b=2|CPU &gt; 80 % ¦ now>"
        );
        assert_eq!(Mrkdwn::link("javascript:alert(1)", "run").as_str(), "run");
        assert_eq!(Mrkdwn::link("https://a.example/|b>c", "x").as_str(), "<https://a.example/%7Cb%3Ec|x>");
    }
}
