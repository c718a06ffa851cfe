//! What the diagnosis says in its own words, in the reader's language.
//!
//! Evidence, timeline and rejected hypotheses hold two kinds of text: what the cluster said, which is quoted and never
//! translated, and sentences of the diagnosis itself, in English, since they are also what programs and the agent read. For
//! people of another language the known ones are said anew from `own_words.txt`, with what the cluster said left in its place.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::{Language, Phrases};
use crate::diagnosis::CauseId;

/// A sentence: its fixed parts, between which something stands, and how it is said.
type Sentence = (Vec<&'static str>, &'static str);

static KO: LazyLock<Vec<Sentence>> = LazyLock::new(|| sentences(include_str!("ko/own_words.txt")));
static KO_REASONS: LazyLock<Vec<Sentence>> = LazyLock::new(|| sentences(include_str!("ko/reasons.txt")));

fn sentences(text: &'static str) -> Vec<Sentence> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(" => ")).map(|(own, said)| (own.split("{}").collect(), said)).collect()
}

impl Phrases {
    /// The text in this language, if it is one of the diagnosis's own sentences; as it is otherwise.
    pub fn own_words<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.language == Language::En {
            return Cow::Borrowed(text);
        }
        // `0/5 ready, 12 restart(s)`: sentences in a row.
        let row: Option<Vec<String>> = text.split(", ").map(|part| self.sentence(part)).collect();
        let said = row.map(|parts| parts.join(", ")).or_else(|| self.sentence(text));
        said.map_or(Cow::Borrowed(text), Cow::Owned)
    }

    /// Why something is proposed, in this language; as it is where it is none of the analyzers' reasons.
    pub fn reason<'t>(&self, reason: &'t str) -> Cow<'t, str> {
        if self.language == Language::En {
            return Cow::Borrowed(reason);
        }
        let said = KO_REASONS.iter().find_map(|(parts, said)| Some(self.fill(said, &holes(parts, reason)?)));
        said.map_or(Cow::Borrowed(reason), Cow::Owned)
    }

    fn sentence(&self, text: &str) -> Option<String> {
        KO.iter().find_map(|(parts, said)| Some(self.fill(said, &holes(parts, text)?)))
    }

    fn fill(&self, said: &str, holes: &[&str]) -> String {
        let mut filled = String::with_capacity(said.len() + 32);
        let mut rest = said;
        while let Some((before, behind)) = rest.split_once('{') {
            let Some((name, behind)) = behind.split_once('}') else { break };
            filled.push_str(before);
            let (cause, number) = name.strip_prefix("cause:").map_or((false, name), |number| (true, number));
            let hole = number.parse::<usize>().ok().and_then(|number| holes.get(number.wrapping_sub(1)));
            match hole {
                Some(id) if cause => filled.push_str(&self.cause_name(&CauseId::from((*id).to_owned()))),
                Some(hole) => filled.push_str(hole),
                None => {}
            }
            rest = behind;
        }
        filled + rest
    }
}

/// What stands between the fixed parts, if the text is made of them. Figures stand alone; only the last hole may be long.
fn holes<'t>(parts: &[&str], text: &'t str) -> Option<Vec<&'t str>> {
    let (first, others) = parts.split_first()?;
    let mut rest = text.strip_prefix(first)?;
    if others.is_empty() {
        return rest.is_empty().then(Vec::new);
    }
    let mut holes = Vec::with_capacity(others.len());
    for (at, part) in others.iter().enumerate() {
        let last = at + 1 == others.len();
        let hole = if last {
            if part.is_empty() { rest } else { rest.strip_suffix(part)? }
        } else {
            let end = rest.find(part)?;
            let (hole, behind) = (&rest[..end], &rest[end + part.len()..]);
            rest = behind;
            hole
        };
        if hole.is_empty() || (!last && hole.len() > 120) {
            return None;
        }
        holes.push(hole);
    }
    Some(holes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_sentences_are_said_in_korean_and_quotations_stay() {
        let phrases = Phrases::new(Language::Ko);
        for (own, said) in [
            ("0/5 ready", "0/5 Ready"),
            ("0/5 ready, 12 restart(s)", "0/5 Ready, 재시작 12회"),
            ("revision 15 (v2.3.1) rolled out", "리비전 15 (v2.3.1) 배포"),
            ("37× in 3 pod(s): KeyError: 'DEPLOY_ENV'", "파드 3개, 로그 37건: KeyError: 'DEPLOY_ENV'"),
            (
                "follows from oom-killed on StatefulSet shop/ledger",
                "StatefulSet shop/ledger의 메모리 부족으로 종료 (OOMKilled)에서 파생",
            ),
            (
                "container app ended with exit code 1 (Error), 4 restart(s)",
                "컨테이너 app 종료 코드 1 (Error), 재시작 4회",
            ),
            ("BackOff: Back-off restarting failed container", "BackOff: Back-off restarting failed container"),
            ("", ""),
        ] {
            assert_eq!(phrases.own_words(own), said);
        }
        assert_eq!(Phrases::new(Language::En).own_words("0/5 ready"), "0/5 ready");
    }

    #[test]
    fn reasons_are_said_in_korean() {
        let phrases = Phrases::new(Language::Ko);
        for (own, said) in [
            ("raise the memory limit to what the container needs", "컨테이너에 필요한 만큼 메모리 한도 상향"),
            ("back to revision 14, which ran", "정상 동작하던 리비전 14(으)로 복원"),
            ("correct DB_HOST; ledger is meant, it seems", "DB_HOST 값 수정 (ledger(으)로 추정)"),
            ("correct DB_HOST", "DB_HOST 값 수정"),
            ("as the team's runbook says", "as the team's runbook says"),
        ] {
            assert_eq!(phrases.reason(own), said);
        }
        for (at, (parts, said)) in KO_REASONS.iter().enumerate() {
            let own = parts.join("값");
            let first = KO_REASONS.iter().position(|(parts, _)| holes(parts, &own).is_some());
            assert_eq!(first, Some(at), "{own} is taken for another reason");
            assert!(said.chars().any(|c| ('가'..='힣').contains(&c)), "{said}");
        }
    }

    #[test]
    fn every_sentence_says_all_its_parts_and_none_hides_another() {
        let phrases = Phrases::new(Language::Ko);
        for (at, (parts, said)) in KO.iter().enumerate() {
            let values: Vec<String> = (1..parts.len()).map(|number| format!("값{number}")).collect();
            let own: String = parts
                .iter()
                .enumerate()
                .map(|(at, part)| format!("{part}{}", values.get(at).map_or("", String::as_str)))
                .collect();
            let filled = phrases.sentence(&own).expect("a sentence");
            assert!(!filled.contains(['{', '}']), "{said}");
            for value in &values {
                assert!(filled.contains(value.as_str()) || said.contains("{cause:"), "{said} leaves out {value}");
            }
            let first = KO.iter().position(|(parts, _)| holes(parts, &own).is_some());
            assert_eq!(first, Some(at), "{own} is taken for another sentence");
        }
    }
}
