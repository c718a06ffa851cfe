//! Whether a sentence tells the reader to change something.
//!
//! What happened may be told (`the container was killed`, `api was scaled to 3`), what to do about it may not: advice to act
//! comes from typed actions with their risk, never from prose. A sentence is advice when it holds a word for a change and a
//! sign of advising (`should`, `please`, `권장`), or when such a word stands where an imperative would.

mod vocabulary;

use super::words::{each, has};
use vocabulary::{
    ATTEMPTS, BEFORE_IMPERATIVE, CHANGES, CHANGES_KO, CLEAR_KO, COMPOUNDS, CUES, CUES_KO, DESERVES, DETERMINERS,
    IMPERATIVES_KO, INSTRUCTIONS, NOUNS_KO, PHRASES, SAFEGUARDS, SOFT_KO, TELLING, VERBS,
};

/// The sentence that advises, if any.
pub(super) fn found(text: &str) -> Option<String> {
    let folded = fold(text);
    sentences(&folded).find(|sentence| advises(sentence)).map(|sentence| sentence.trim().chars().take(80).collect())
}

/// Lower case, accents dropped.
fn fold(text: &str) -> String {
    let plain = |c: char| match c {
        'À'..='Å' | 'à'..='å' => 'a',
        'È'..='Ë' | 'è'..='ë' => 'e',
        'Ì'..='Ï' | 'ì'..='ï' => 'i',
        'Ò'..='Ö' | 'ò'..='ö' | 'Ø' | 'ø' => 'o',
        'Ù'..='Ü' | 'ù'..='ü' => 'u',
        'Ç' | 'ç' => 'c',
        'Ñ' | 'ñ' => 'n',
        'Ý' | 'ý' | 'ÿ' => 'y',
        '’' => '\'',
        _ => c.to_ascii_lowercase(),
    };
    text.chars().map(plain).collect()
}

fn sentences(text: &str) -> impl Iterator<Item = &str> {
    // A point inside a name or number ends nothing.
    let mut start = 0;
    let mut ends: Vec<usize> = text
        .char_indices()
        .filter(|(at, c)| {
            matches!(c, '.' | '!' | '?' | ';') && text[at + 1..].chars().next().is_none_or(char::is_whitespace)
        })
        .map(|(at, _)| at + 1)
        .collect();
    ends.push(text.len());
    ends.into_iter().map(move |end| {
        let sentence = &text[start..end];
        start = end;
        sentence
    })
}

fn advises(sentence: &str) -> bool {
    let words: Vec<&str> = sentence
        .split(|c: char| !(c.is_ascii_alphanumeric() || "'-_./$@".contains(c)))
        .map(|word| word.trim_matches(|c: char| "'-./".contains(c)))
        .filter(|word| !word.is_empty())
        .collect();
    if spelled_out(&words) || all_it_takes(&words) {
        return true;
    }
    let cue = cue_in(sentence, &words);
    let sure = sentence.replace("가능성", "");
    let clear_ko = CLEAR_KO.iter().any(|sign| sure.contains(sign));
    let cue_ko = clear_ko || CUES_KO.iter().any(|sign| sure.contains(sign));
    let changes_ko = each(CHANGES_KO).any(|stem| sentence.contains(stem) && (clear_ko || !has(SOFT_KO, stem)));
    if (changes_ko && (cue || cue_ko)) || ((changes_ko || english_change(&words)) && bare_ending_ko(sentence)) {
        return true;
    }
    let away = ["offline", "out of service", "out of rotation"].iter().any(|words| sentence.contains(words));
    if (cue && away) || conditional(sentence, &words) || SAFEGUARDS.iter().any(|word| sentence.contains(word)) {
        return true;
    }
    let cue = cue || cue_ko;
    let clause_starts = clause_starts(sentence);
    let starts = |phrase: &str| sentence.trim_start().starts_with(phrase) || sentence.contains(&format!(", {phrase}"));
    if PHRASES.iter().any(|phrase| sentence.contains(phrase) && (cue || starts(phrase)))
        || split_word(&words, cue, &clause_starts)
    {
        return true;
    }
    let duty = cue_of_duty(&words);
    words.iter().enumerate().any(|(index, word)| {
        let form = form(word);
        let Some(form) = form else {
            let plain = word.replace(['-', '_'], "");
            return has(INSTRUCTIONS, plain.as_str()) && instructs(&words, index, &clause_starts, duty);
        };
        if cue && form != Form::Other {
            return true;
        }
        let before = index.checked_sub(1).map(|index| words[index]).unwrap_or_default();
        match form {
            Form::Base => imperative(&words, index, &clause_starts),
            Form::Past => before == "be" || before == "get",
            Form::Ing => has(DESERVES, before) || clause_starts.contains(word),
            Form::Other => false,
        }
    })
}

/// `… is all it takes`, `all api needs is …`: what something lacks is a cure, however it is named.
fn all_it_takes(words: &[&str]) -> bool {
    let all = words.iter().position(|word| *word == "all");
    all.is_some_and(|all| {
        let is_beside = |index: usize| words.get(index).is_some_and(|word| has("is are was", word));
        let lacks = words[all..].iter().position(|word| has("wants needs takes requires asks lacks", word));
        lacks.is_some_and(|lacks| (all > 0 && is_beside(all - 1)) || is_beside(all + lacks + 1))
    })
}

/// English signs of advising, by word and by phrase.
fn cue_in(sentence: &str, words: &[&str]) -> bool {
    let helps = |word: &str| sentence.contains(&format!("{word} help"));
    words.iter().any(|word| has(CUES, word))
        || ["would", "will", "may", "might", "could", "can", "should", "to"].into_iter().any(helps)
        || [
            "do not hesitate",
            "go ahead",
            "better to",
            "why not",
            "how about",
            "what about",
            "have to",
            "has to",
            "in order to",
        ]
        .iter()
        .any(|phrase| sentence.contains(phrase))
}

/// What would follow if something were changed: `once the pods are deleted, …`, `재부팅하면 …`. It advises the change. What
/// happens by itself (`when it restarts`, `재시작되면`) is told.
fn conditional(sentence: &str, words: &[&str]) -> bool {
    let opens = |word: &&str| matches!(*word, "once" | "if");
    let passive = words.iter().position(opens).is_some_and(|at| {
        words[at..]
            .windows(2)
            .any(|pair| matches!(pair[0], "are" | "is" | "gets" | "get") && form(pair[1]) == Some(Form::Past))
    });
    let ends_in_if = |eojeol: &str| {
        let word = eojeol.trim_end_matches([',', '.']);
        word.ends_with('면') && !word.ends_with("되면") && !word.ends_with("보면")
    };
    let korean = each(CHANGES_KO).any(|stem| {
        sentence.match_indices(stem).any(|(at, _)| {
            let mut eojeols = sentence[at..].split(' ');
            // The stem's own word, or a light verb behind it: `두 배로 늘려 주면`.
            eojeols.next().is_some_and(ends_in_if)
                || (eojeols.next().is_some_and(|next| ["주면", "보면", "두면", "놓으면"].contains(&next)))
        })
    });
    passive || korean
}

fn english_change(words: &[&str]) -> bool {
    words.iter().any(|word| form(word).is_some())
}

/// `de lete`, `re start`: two halves that are a word of change together.
fn split_word(words: &[&str], cue: bool, clause_starts: &[&str]) -> bool {
    words.windows(2).any(|pair| {
        let joined = format!("{}{}", pair[0], pair[1]);
        each(CHANGES).any(|verb| verb == joined) && (cue || clause_starts.contains(&pair[0]))
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Base,
    Past,
    Ing,
    Other,
}

/// The form of a word of change, also when it is written with digits for letters or a dash inside.
fn form(word: &str) -> Option<Form> {
    let joined: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
    let letters: String = word
        .chars()
        .filter(|c| !matches!(c, '-' | '_' | '.'))
        .map(|c| match c {
            '0' => 'o',
            '1' => 'l',
            '3' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            '7' => 't',
            _ => c,
        })
        .collect();
    // A dash inside a word of change, `roll-back`, is a disguise; a change inside a name, `job-cleanup-5x`, is not.
    let whole = [joined.as_str(), letters.as_str()];
    whole.into_iter().find_map(|candidate| {
        each(CHANGES).find_map(|verb| {
            let stem = verb.strip_suffix('e').unwrap_or(verb);
            let rest = candidate.strip_prefix(stem)?;
            let doubled = verb.chars().next_back();
            let rest = if verb.ends_with('e') {
                rest
            } else {
                rest.strip_prefix(doubled.unwrap_or(' ')).filter(|rest| *rest == "ed" || *rest == "ing").unwrap_or(rest)
            };
            match rest {
                "" if !verb.ends_with('e') => Some(Form::Base),
                "e" if verb.ends_with('e') => Some(Form::Base),
                "ed" | "d" => Some(Form::Past),
                "ing" => Some(Form::Ing),
                "s" | "es" | "er" | "or" | "ion" => Some(Form::Other),
                _ => None,
            }
        })
    })
}

/// Words that begin the sentence or a clause of it.
fn clause_starts(sentence: &str) -> Vec<&str> {
    let clauses = sentence.split([',', ':', '-', '—', '–', '(', '"', '\'', '“', '‘', '→', '•', '·', '…']);
    let first = |clause: &'_ str| -> Option<usize> { clause.find(|c: char| c.is_ascii_alphanumeric()) };
    clauses
        .filter_map(|clause| {
            let start = first(clause)?;
            let rest = &clause[start..];
            let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ')' | ' '));
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric())).unwrap_or(rest.len());
            (end > 0).then(|| &rest[..end])
        })
        .collect()
}

/// Whether the base form at `index` commands rather than names: first in its clause, or behind a word that leads to a verb.
fn imperative(words: &[&str], index: usize, clause_starts: &[&str]) -> bool {
    let word = words[index];
    let after = words.get(index + 1).copied().unwrap_or_default();
    if has(COMPOUNDS, after) {
        return false;
    }
    let Some(before) = index.checked_sub(1).map(|index| words[index]) else { return true };
    if has(DETERMINERS, before) {
        return false;
    }
    if before == "to" {
        let attempt = index.checked_sub(2).map(|index| words[index]).unwrap_or_default();
        return !has(ATTEMPTS, attempt);
    }
    has(BEFORE_IMPERATIVE, before) || clause_starts.contains(&word)
}

fn cue_of_duty(words: &[&str]) -> bool {
    // `To recover, …` leads to what to do.
    let duty = |word: &&str| {
        matches!(
            *word,
            "should" | "must" | "please" | "you" | "your" | "recommend" | "recommended" | "need" | "immediately"
        )
    };
    words.first() == Some(&"to") || words.iter().any(duty)
}

fn instructs(words: &[&str], index: usize, clause_starts: &[&str], duty: bool) -> bool {
    let before = index.checked_sub(1).map(|index| words[index]);
    match before {
        None => true,
        Some("to") if words[..index].iter().any(|word| has(TELLING, word)) => true,
        Some("please" | "must" | "should" | "then" | "you" | "immediately") => true,
        Some(_) => (duty || has(VERBS, words[index])) && clause_starts.contains(&words[index]),
    }
}

/// `d e l e t e`, `d.e.l.e.t.e`.
fn spelled_out(words: &[&str]) -> bool {
    let single = |word: &&str| word.len() == 1 && word.chars().all(|c| c.is_ascii_alphabetic());
    let apart = words.windows(5).any(|window| window.iter().all(single));
    apart
        || words.iter().any(|word| {
            let parts: Vec<&str> = word.split(['.', '-', '_', '/']).collect();
            parts.len() >= 5 && parts.iter().all(single)
        })
}

/// `파드 삭제`: a bare noun of change at the end says what to do; with a count it tells what happened.
fn bare_ending_ko(sentence: &str) -> bool {
    let end = sentence.trim().trim_end_matches(['.', '!', ' ']);
    let counted = sentence.contains('회') || sentence.contains('번');
    (!counted && NOUNS_KO.iter().any(|noun| end.ends_with(noun)))
        || IMPERATIVES_KO.iter().any(|ending| end.ends_with(ending))
}
