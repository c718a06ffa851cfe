//! `/logs` of one service.

use jiff::Timestamp;
use shared::mrkdwn;
use shared::slack::{Block, Colour, Message, Mrkdwn};

use super::{Style, barred, choose, gaps, links, quote, read_at, status};
use crate::event::Command;
use crate::situation::{LogTail, Workload};

/// What of the log fits a paragraph beside its fences.
const LONGEST: usize = 2_700;
/// The longest line.
const LINE: usize = 300;

pub(super) fn message(
    colour: Colour,
    workload: &Workload,
    tail: &LogTail,
    cluster: &str,
    at: Timestamp,
    style: &Style,
) -> Message {
    let say = |key: &str| quote(&style.phrases.say(key));
    let mut blocks = Vec::new();
    if tail.pod.is_empty() {
        blocks.push(Block::section(&say("status-no-pods")));
    } else {
        let mut of = vec![mrkdwn!("*{}*", quote(&tail.pod)), quote(&tail.container)];
        if tail.previous {
            of.push(say("logs-previous"));
        }
        blocks.push(Block::section(&Mrkdwn::join(of, " · ")));
        blocks.push(Block::section(&match &tail.lines {
            Ok(text) if text.trim().is_empty() => say("logs-empty"),
            Ok(text) => Mrkdwn::code_block(end(text)),
            Err(why) => quote(&style.phrases.say_with("logs-none", &[("why", why.into())])),
        }));
    }
    let why =
        [workload.replicas.gap(), workload.pods.gap()].into_iter().flatten().map(str::to_owned).collect::<Vec<_>>();
    blocks.extend(gaps(&why, style));
    blocks.push(read_at(cluster, at, style));
    let links = links::of_object(&workload.of.workload, at, style);
    if !links.is_empty() {
        blocks.push(Block::context([&links]));
    }
    let message = barred(colour, &status::headline(workload, style), blocks);
    if workload.others.len() > 1 {
        return message.blocks(choose::elements(Command::Logs, &workload.others, cluster, style));
    }
    message
}

/// The last lines, as many as fit: of a log the end matters.
fn end(text: &str) -> String {
    let shortened = |line: &str| match line.char_indices().nth(LINE) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line.to_owned(),
    };
    let (mut kept, mut length) = (Vec::new(), 0);
    for line in text.lines().rev().map(shortened) {
        // Escaping makes up to five characters of one.
        length += shared::slack::escape(&line).encode_utf16().count() + 1;
        if length > LONGEST {
            break;
        }
        kept.push(line);
    }
    kept.reverse();
    kept.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_log_the_end_is_kept() {
        let text = (0..20).map(|number| format!("{number} {}", "<x>".repeat(200))).collect::<Vec<_>>().join("\n");
        let kept = end(&text);
        assert!(kept.starts_with("17 ") && kept.contains("\n19 "), "{kept}");
        assert!(shared::slack::escape(&kept).len() <= LONGEST + 100);
        assert_eq!(end("a\nb"), "a\nb");
    }
}
