//! Whether a statement says the opposite of what it cites.
//!
//! Names and numbers may all be in the evidence and the statement still be wrong. Three kinds of evidence are plain enough to be
//! held against: a condition with its value (`DiskPressure is False`), a movement (`from 3 to 10`, `88 %, usually 99.7 %`), and
//! two revisions of which one has something and the other has not. What is not of these kinds is not judged here.

use std::sync::LazyLock;

use regex::Regex;

/// What makes a statement, or a clause of one, a denial.
const DENIALS: &[&str] = &[
    "not", "n't", "no", "none", "never", "neither", "nor", "without", "lack", "lacks", "lacking", "lost", "loses",
    "missing", "dropped", "drops", "omits", "omitted", "removed", "absent", "unset", "cannot", "stopped", "false",
    "unknown", "gone",
];
const DENIALS_KO: &[&str] = &[
    "없",
    "않",
    "아니",
    "아님",
    "못",
    "빠",
    "누락",
    "삭제",
    "제거",
    "사라",
    "False",
    "Unknown",
    "미설정",
    "무관",
    "끊",
];

macro_rules! pattern {
    ($name:ident, $text:literal) => {
        #[allow(clippy::unwrap_used, reason = "the pattern is constant, and a test runs it")]
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($text).unwrap());
    };
}
// `MemoryPressure is False`.
pattern!(CONDITION, r"\b([A-Z][A-Za-z]+) is (True|False|Unknown)\b");
pattern!(STATE, r"\b(True|False|Unknown)\b");
// `from 3 to 10`, `3개에서 10개로`.
pattern!(MOVED, r"\bfrom (\d[\d.,/]*)[^.;\d]{0,12}? to (\d[\d.,/]*)");
pattern!(MOVED_KO, r"(\d[\d.,/]*)[^\d.;]{0,6}에서 (\d[\d.,/]*)[^\d.;]{0,6}로");
// `88 %, usually 99.7 %`.
pattern!(USUALLY, r"(?:usually|was|were|normally|previously) (\d[\d.]*)");
pattern!(
    REACHED,
    r"(?i)\b(?:rose|risen|climbed|fell|fallen|dropped|went|grew|increased|decreased|recovered|is up|is down) (?:back )?to (?:about )?(\d[\d.]*)"
);
pattern!(
    REACHED_KO,
    r"(\d[\d.]*) ?[%a-zA-Z가-힣]{0,4}(?:으로|로|까지) (?:상승|증가|하락|감소|회복|올라|떨어|높아|낮아)"
);
pattern!(REVISION, r"(?i)(?:\brevision |리비전 ?)(\d+)");
pattern!(IDENTIFIER, r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b");

/// What makes a clause say that something is there.
const HAVES: &[&str] =
    &["sets", "has", "have", "defines", "contains", "includes", "carries", "있", "설정됨", "설정되", "포함", "정의"];

/// What the statement says that its evidence contradicts.
pub(super) fn found(text: &str, cited: &str) -> Option<String> {
    condition(text, cited).or_else(|| movement(text, cited)).or_else(|| revision(text, cited))
}

fn denies(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut words = lower.split(|c: char| !(c.is_ascii_alphanumeric() || c == '\''));
    words.any(|word| DENIALS.contains(&word) || word.ends_with("n't"))
        || DENIALS_KO.iter().any(|sign| text.contains(sign))
}

/// A condition that is said to be what it is not.
fn condition(text: &str, cited: &str) -> Option<String> {
    for known in CONDITION.captures_iter(cited) {
        let (name, value) = (&known[1], &known[2]);
        // Evidence that holds both values is about two objects.
        let both = CONDITION.captures_iter(cited).any(|other| other[1] == *name && other[2] != *value);
        if both {
            continue;
        }
        for clause in clauses(text).filter(|clause| super::names::has_word(clause, name)) {
            let said = STATE.find(clause).map(|found| found.as_str());
            let wrong = match said {
                Some(said) => said != value && !(denies(clause) && said == "True"),
                // `the node is Ready`, `MemoryPressure 상태`: said to be so.
                None => value != "True" && !denies(clause),
            };
            if wrong {
                return Some(format!("{name} is {value}"));
            }
        }
    }
    None
}

/// A movement told backwards, or a usual value told as the present one.
fn movement(text: &str, cited: &str) -> Option<String> {
    let pairs = |text: &str| -> Vec<(String, String)> {
        let found = MOVED.captures_iter(text).chain(MOVED_KO.captures_iter(text));
        found
            .map(|pair| {
                (pair[1].trim_end_matches(['.', ',']).to_owned(), pair[2].trim_end_matches(['.', ',']).to_owned())
            })
            .collect()
    };
    let known = pairs(cited);
    let backwards = |(from, to): &(String, String)| {
        known.contains(&(to.clone(), from.clone())) && !known.contains(&(from.clone(), to.clone()))
    };
    if let Some((from, to)) = pairs(text).into_iter().find(backwards) {
        return Some(format!("from {to} to {from}"));
    }
    let usual: Vec<&str> =
        USUALLY.captures_iter(cited).filter_map(|found| Some(found.get(1)?.as_str().trim_end_matches('.'))).collect();
    let reached = REACHED
        .captures_iter(text)
        .chain(REACHED_KO.captures_iter(text))
        .map(|found| found[1].trim_end_matches('.').to_owned());
    let now = USUALLY.replace_all(cited, "");
    reached
        .into_iter()
        .find(|value| usual.contains(&value.as_str()) && !now.contains(value.as_str()))
        .map(|value| format!("{value} is the usual value"))
}

/// A revision that is said to have what the other one has.
fn revision(text: &str, cited: &str) -> Option<String> {
    for line in cited.lines() {
        let known: Vec<(String, bool)> = line
            .split([',', ';'])
            .filter_map(|clause| Some((REVISION.captures(clause)?[1].to_owned(), denies(clause))))
            .collect();
        // Only a contrast says what the denial is about.
        let [(first, first_denied), (second, second_denied)] = known.as_slice() else { continue };
        if first == second || first_denied == second_denied {
            continue;
        }
        let names: Vec<&str> = IDENTIFIER.find_iter(line).map(|found| found.as_str()).collect();
        for sentence in
            text.split(". ").filter(|sentence| names.iter().any(|name| super::names::has_word(sentence, name)))
        {
            for clause in sentence.split([',', ';']) {
                let mut numbers = REVISION.captures_iter(clause).map(|found| found[1].to_owned());
                let (Some(number), None) = (numbers.next(), numbers.next()) else { continue };
                let says = names.iter().any(|name| super::names::has_word(clause, name))
                    || sentence.split([',', ';']).count() > 1;
                // Both in one clause: it speaks of the difference.
                if known.iter().any(|(other, _)| *other != number && super::names::has_word(clause, other)) {
                    continue;
                }
                let (denied, has) = (denies(clause), HAVES.iter().any(|word| clause.contains(word)));
                let wrong = known
                    .iter()
                    .any(|(known, lacks)| *known == number && ((*lacks && has && !denied) || (!*lacks && denied)));
                if says && wrong {
                    return Some(line.trim().chars().take(80).collect());
                }
            }
        }
    }
    None
}

fn clauses(text: &str) -> impl Iterator<Item = &str> {
    text.split([';', ','])
        .flat_map(|part| part.split(". "))
        .flat_map(|part| part.split(" but "))
        .flat_map(|part| part.split("나 "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_movements_and_revisions_are_held_against_what_is_said() {
        let node = "Ready is Unknown since 05:10:00; MemoryPressure is False";
        let scaled = "scaled web from 2 to 8 replicas; rate 40 %, usually 97 %";
        let revisions = "revision 3 sets MODE_X, revision 4 does not";
        for (text, cited) in [
            ("MemoryPressure is True.", node),
            ("노드가 MemoryPressure 상태임.", node),
            ("The node is Ready.", node),
            ("web went from 8 to 2 replicas.", scaled),
            ("레플리카가 8개에서 2개로 감소함.", scaled),
            ("The rate recovered to 97 %.", scaled),
            ("Revision 4 sets MODE_X.", revisions),
            ("리비전 3에는 MODE_X가 없음.", revisions),
        ] {
            assert!(found(text, cited).is_some(), "{text}");
        }
        for (text, cited) in [
            ("MemoryPressure is False, so memory is not the reason.", node),
            ("There is no MemoryPressure.", node),
            ("노드는 Ready가 아님.", node),
            ("web went from 2 to 8 replicas.", scaled),
            ("The rate fell to 40 %, usually 97 %.", scaled),
            ("The rate fell from 97 % to 40 %.", scaled),
            ("Revision 4 lacks MODE_X, which revision 3 sets.", revisions),
            ("리비전 4에 MODE_X가 없음. 리비전 3에는 있었음.", revisions),
            ("MODE_X was dropped between revision 3 and revision 4.", revisions),
            ("Pods of revision 4 fail with KeyError: 'MODE_X'.", revisions),
            ("리비전 3과 4 사이에서 MODE_X가 빠짐.", revisions),
        ] {
            assert_eq!(found(text, cited), None, "{text}");
        }
    }
}
