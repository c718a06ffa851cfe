//! Whether a text is plain: nothing that Slack, a shell or a hurried reader would take for more than a sentence.

use super::Rejection;
use super::words::{each, has};

/// Characters beyond ASCII that sentences use. Letters of other scripts are not among them: most look like Latin ones.
const PUNCTUATION: &str = "…–—‐‑‘’“”·•→←×°±≥≤≈µ㎳％，。、「」『』（）：";

/// Words that begin a command line. None belongs in a sentence; commands have their own place.
const PROGRAMS: &str = "
kubectl kubectx kubens k9s helm eksctl terraform docker crictl ctr nerdctl podman systemctl sudo bash zsh powershell
curl wget ssh scp rm mkfs dd chmod chown xargs eval psql redis-cli mysqladmin etcdctl argocd istioctl velero nsenter
base64 python3 perl
";

/// Endings that make Slack turn a word into a link.
const DOMAINS: &str = "
.com .net .org .io .dev .app .co .kr .ru .cn .xyz .info .biz .me .sh .ai .ly .link .top .site .zip .cloud .page .gg
.to
";

/// The text in one line, or why it is not plain. `quoted` is the cited evidence, from which host names may be quoted.
pub(super) fn plain(text: &str, quoted: &str) -> Result<String, Rejection> {
    let mut line = String::with_capacity(text.len());
    for c in text.trim().chars() {
        match c {
            '\n' | '\t' => line.push(' '),
            // Korean prose is in whole syllables; loose letters and the rest of Unicode holds lookalikes, invisible and right-to-left marks.
            ' '..='~' | '가'..='힣' => line.push(c),
            'À'..='ÿ' if c != '×' && c != '÷' => line.push(c),
            _ if PUNCTUATION.contains(c) => line.push(c),
            _ => return Err(Rejection::Character(c)),
        }
    }
    let line = line.replace('`', "'");
    if line.is_empty() {
        return Err(Rejection::Empty);
    }
    markup(&line)?;
    role(&line)?;
    shell(&line)?;
    let lower = line.to_ascii_lowercase();
    for word in words(&lower) {
        if each(DOMAINS).any(|ending| is_domain(word, ending)) && !quoted.contains(word) {
            return Err(Rejection::Link(word.to_owned()));
        }
        if has(PROGRAMS, word) {
            return Err(Rejection::Shell(word.to_owned()));
        }
    }
    for run in line.split(|c: char| !(c.is_ascii_alphanumeric() || "+/=_-".contains(c))) {
        if run.len() >= 16 && !run.contains('-') && !quoted.contains(run) && hides_text(run) {
            return Err(Rejection::Encoded);
        }
    }
    Ok(line)
}

/// Runs of the characters names and host names are made of.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || "-_./".contains(c)))
        .map(|word| word.trim_matches(|c: char| "-./".contains(c)))
        .filter(|word| !word.is_empty())
}

fn is_domain(word: &str, ending: &str) -> bool {
    let host = word.split('/').next().unwrap_or_default();
    host.len() > ending.len() && host.ends_with(ending)
}

/// Slack's control sequences, mentions and links, in its own form, Markdown's and HTML's.
fn markup(line: &str) -> Result<(), Rejection> {
    let bytes = line.as_bytes();
    for (at, byte) in line.bytes().enumerate() {
        let next = bytes.get(at + 1).copied().unwrap_or(b' ');
        let before = if at > 0 { bytes[at - 1] } else { b' ' };
        match byte {
            b'<' if next != b' ' && next != b'=' && !next.is_ascii_digit() => return Err(Rejection::Markup),
            b'@' if (next.is_ascii_alphabetic() || !next.is_ascii()) && !before.is_ascii_alphanumeric() => {
                return Err(Rejection::Mention);
            }
            b']' if next == b'(' => return Err(Rejection::Markup),
            _ => {}
        }
    }
    let lower = line.to_ascii_lowercase();
    for link in ["://", "www.", "mailto:", "javascript:", "tel:", "slack:", "data:text", "&lt;", "&#"] {
        if lower.contains(link) {
            return Err(Rejection::Link(link.to_owned()));
        }
    }
    Ok(())
}

/// `SYSTEM: …`: who speaks in a conversation, which no statement does.
fn role(line: &str) -> Result<(), Rejection> {
    let roles = ["system", "assistant", "user", "developer", "human", "tool", "시스템", "사용자"];
    let lower = line.to_lowercase();
    let speaks =
        lower.split_once(':').is_some_and(|(who, _)| roles.contains(&who.trim_matches(['[', ']', '*', '#', ' '])));
    if speaks { Err(Rejection::Markup) } else { Ok(()) }
}

/// What joins or replaces commands, and options that make them dangerous.
fn shell(line: &str) -> Result<(), Rejection> {
    let joining = ["$(", "${", "&&", "||", ">>", "<<", " | ", "|sh", "; rm", "\\x", "\\u"];
    let options = ["--force", "--all", "-rf", "--grace-period"];
    let joins = joining.into_iter().find(|sign| line.contains(sign));
    match joins.or_else(|| options.into_iter().find(|option| has_option(line, option))) {
        Some(sign) => Err(Rejection::Shell(sign.trim().to_owned())),
        None => Ok(()),
    }
}

/// Whether an option is given: names may hold the same letters, as the pods of `api-rf7xk` do.
fn has_option(line: &str, option: &str) -> bool {
    let goes_on = |at: usize| line[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    line.match_indices(option).any(|(at, _)| !goes_on(at))
}

/// base64 or hexadecimal that decodes to words.
fn hides_text(run: &str) -> bool {
    use base64::Engine as _;
    let trimmed = run.trim_end_matches('=');
    let decoded = if trimmed.len().is_multiple_of(2) && trimmed.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        hex::decode(trimmed).ok()
    } else {
        let whole = &trimmed[..trimmed.len() - usize::from(trimmed.len() % 4 == 1)];
        base64::engine::general_purpose::STANDARD_NO_PAD.decode(whole).ok()
    };
    decoded.is_some_and(|bytes| bytes.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_told_from_names_that_hold_their_letters() {
        for name in ["Pod shop/api-rf7xk-2b4c6 is Running", "payments--all is ready"] {
            assert_eq!(shell(name), Ok(()), "{name}");
        }
        for option in ["rm -rf everything", "(-rf)", "drain --force", "delete --all", "'--grace-period=0"] {
            assert!(shell(option).is_err(), "{option}");
        }
    }
}
