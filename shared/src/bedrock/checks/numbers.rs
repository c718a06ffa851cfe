//! Whether the numbers a text quotes are in the evidence it cites.

use std::collections::BTreeSet;

/// Number words and what they are worth; `one` is also an article.
const WORDS: &[(&str, f64)] = &[
    ("zero", 0.0),
    ("two", 2.0),
    ("three", 3.0),
    ("four", 4.0),
    ("five", 5.0),
    ("six", 6.0),
    ("seven", 7.0),
    ("eight", 8.0),
    ("nine", 9.0),
    ("ten", 10.0),
    ("eleven", 11.0),
    ("twelve", 12.0),
    ("twenty", 20.0),
    ("thirty", 30.0),
    ("forty", 40.0),
    ("fifty", 50.0),
    ("sixty", 60.0),
    ("ninety", 90.0),
    ("dozen", 12.0),
    ("hundred", 100.0),
    ("thousand", 1000.0),
    ("million", 1e6),
    ("billion", 1e9),
];

/// Words that say a magnitude without a number: only where the evidence says them too.
const MAGNITUDES: &[&str] = &[
    "dozens",
    "hundreds",
    "thousands",
    "millions",
    "half",
    "doubled",
    "tripled",
    "double",
    "triple",
    "twice",
    "quadrupled",
    "수십",
    "수백",
    "수천",
    "수만",
    "절반",
    "두 배",
    "세 배",
    "네 배",
    "열 배",
    "백만",
    "천만",
    "억",
];

/// Korean counts before a counter.
const WORDS_KO: &[(&str, f64)] = &[
    ("두", 2.0),
    ("세", 3.0),
    ("네", 4.0),
    ("다섯", 5.0),
    ("여섯", 6.0),
    ("일곱", 7.0),
    ("여덟", 8.0),
    ("아홉", 9.0),
    ("열", 10.0),
    ("열한", 11.0),
    ("열두", 12.0),
    ("스무", 20.0),
];
const COUNTERS_KO: &[&str] =
    &["개", "대", "번", "차례", "가지", "건", "명", "파드", "노드", "곳", "배", "회", "시간", "분", "초"];

/// A number as written: its value, the value of its last digit, its unit.
#[derive(Debug, Clone, PartialEq)]
struct Quantity {
    value: f64,
    precision: f64,
    unit: String,
}

/// The first number of `text` that is neither in `evidence` nor one of `counts` (how many things are cited).
pub(super) fn unfounded(text: &str, evidence: &str, counts: &[usize]) -> Option<String> {
    let derived = derived(evidence);
    // What the evidence says of earlier is true of earlier only.
    let (now, earlier) = split_earlier(evidence);
    let known = if speaks_of_earlier(text) { quantities(evidence) } else { quantities(&now) };
    let evidence = if speaks_of_earlier(text) || earlier.is_empty() { evidence } else { &now };
    let pairs: BTreeSet<String> = joined(evidence);
    // `0/5`, `14:21:40`: parts that are each known say nothing of the whole.
    let dates = |text: &str| -> BTreeSet<String> {
        let word = |c: char| !(c.is_ascii_digit() || c == '-');
        text.split(word).filter(|word| word.len() == 10 && word.matches('-').count() == 2).map(str::to_owned).collect()
    };
    if let Some(date) = dates(text).difference(&dates(evidence)).next() {
        return Some(date.clone());
    }
    for whole in joined(text) {
        let trimmed = whole.strip_suffix(":00").unwrap_or(&whole);
        let prefix =
            |known: &String| known == &whole || (whole.contains(':') && known.starts_with(&format!("{trimmed}:")));
        if !pairs.iter().any(prefix) {
            return Some(whole);
        }
    }
    let lower = text.to_lowercase();
    let evidence_lower = evidence.to_lowercase();
    for magnitude in MAGNITUDES {
        if has_word(&lower, magnitude) && !evidence_lower.contains(magnitude) {
            return Some((*magnitude).to_owned());
        }
    }
    let counted = |value: f64| value >= 2.0 && counts.iter().any(|count| *count as f64 == value);
    let written = WORDS.iter().filter(|(word, _)| has_word(&lower, word));
    let written_ko = WORDS_KO.iter().filter(|(word, _)| {
        COUNTERS_KO.iter().any(|counter| {
            lower.contains(&format!(" {word} {counter}")) || lower.starts_with(&format!("{word} {counter}"))
        })
    });
    let is_derived = |value: f64, family: char| {
        derived.iter().any(|(known, of, slack)| *of == family && (known - value).abs() <= *slack)
    };
    if let Some(numeral) = sino_korean(&lower).into_iter().find(|(value, _)| {
        let same = Quantity { value: *value, precision: 1e-9, unit: String::new() };
        !known.iter().any(|one| same_quantity(&same, one))
    }) {
        return Some(numeral.1);
    }
    for (word, value) in written.chain(written_ko) {
        let times = ["times", "fold", "배"].iter().any(|unit| follows(&lower, word, unit));
        let minutes = ["minute", "분"].iter().any(|unit| follows(&lower, word, unit));
        if (times && is_derived(*value, 'x')) || (minutes && is_derived(*value * 60.0, 't')) {
            continue;
        }
        let same = Quantity { value: *value, precision: 1e-9, unit: String::new() };
        let none = *value == 0.0 && (has_word(&evidence_lower, "no") || has_word(&evidence_lower, "none"));
        if !none
            && !counted(*value)
            && !known.iter().any(|one| same_quantity(&same, one))
            && !has_word(&evidence_lower, word)
        {
            return Some((*word).to_owned());
        }
    }
    let unknown = |one: &Quantity| {
        let unit = UNITS.iter().find(|(unit, ..)| *unit == one.unit);
        let made = unit.is_some_and(|(_, family, factor)| {
            let complement =
                *family != '%' || ["error", "fail", "오류", "실패", "에러"].iter().any(|word| lower.contains(word));
            complement && is_derived(one.value * factor, *family)
        });
        !(made || known.iter().any(|other| same_quantity(one, other)) || (one.unit.is_empty() && counted(one.value)))
    };
    quantities(text).into_iter().find(unknown).map(|one| format!("{}{}", one.value, one.unit))
}

/// What follows from two figures of the evidence by one step that everybody takes: the time between two times of day, how many
/// times a usual value, and what is missing to 100 %. Value, family, slack.
fn derived(evidence: &str) -> Vec<(f64, char, f64)> {
    let seconds = |text: &str| -> Option<(f64, f64)> {
        let parts: Vec<f64> = text.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        match parts.as_slice() {
            [hours, minutes] => Some((hours * 3600.0 + minutes * 60.0, 60.0)),
            [hours, minutes, seconds] => Some((hours * 3600.0 + minutes * 60.0 + seconds, 1.0)),
            _ => None,
        }
    };
    let times: Vec<(f64, f64)> = joined(evidence).iter().filter_map(|text| seconds(text)).collect();
    let mut derived = Vec::new();
    for (at, (first, slack)) in times.iter().enumerate() {
        for (second, other) in &times[at + 1..] {
            let between = (second - first).abs();
            // Told in minutes, seconds are rounded away.
            derived.push((between, 't', slack.max(*other).max(if between >= 120.0 { 30.0 } else { 0.0 })));
        }
    }
    for clause in evidence.split([';', '\n']) {
        let (now, earlier) = split_earlier(clause);
        let first = |text: &str| quantities(text).into_iter().next();
        if let (Some(now), Some(usual)) = (first(&now), first(&earlier))
            && now.value > 0.0
            && usual.value > 0.0
        {
            let times = (now.value / usual.value).max(usual.value / now.value);
            derived.push((times, 'x', times * 0.1));
        }
        derived
            .extend(quantities(clause).iter().filter(|one| one.unit == "%").map(|one| (100.0 - one.value, '%', 0.05)));
    }
    derived
}

/// Whether `unit` stands right behind `word`.
fn follows(text: &str, word: &str, unit: &str) -> bool {
    text.match_indices(word).any(|(at, _)| text[at + word.len()..].trim_start_matches([' ', '-']).starts_with(unit))
}

/// Numbers in Sino-Korean words before a counter, `삼백칠십 건`, with the word. Short ones are also other words and are left out.
fn sino_korean(text: &str) -> Vec<(f64, String)> {
    const DIGITS: &str = "영일이삼사오육칠팔구";
    let mut found = Vec::new();
    for (index, word) in text.split_whitespace().enumerate() {
        let run: String = word.chars().take_while(|c| DIGITS.contains(*c) || "십백천만".contains(*c)).collect();
        let behind = match word[run.len()..].is_empty() {
            true => text.split_whitespace().nth(index + 1).unwrap_or_default(),
            false => &word[run.len()..],
        };
        if run.is_empty()
            || !run.contains(['십', '백', '천', '만'])
            || !COUNTERS_KO.iter().any(|counter| behind.starts_with(counter))
        {
            continue;
        }
        let (mut total, mut part, mut digit) = (0.0, 0.0, 0.0);
        for c in run.chars() {
            match c {
                '만' => {
                    total += if part + digit > 0.0 { (part + digit) * 10_000.0 } else { 10_000.0 };
                    (part, digit) = (0.0, 0.0);
                }
                '십' | '백' | '천' => {
                    let worth = if c == '십' {
                        10.0
                    } else if c == '백' {
                        100.0
                    } else {
                        1000.0
                    };
                    part += if digit > 0.0 { digit * worth } else { worth };
                    digit = 0.0;
                }
                _ => digit = DIGITS.chars().position(|known| known == c).unwrap_or(0) as f64,
            }
        }
        found.push((total + part + digit, run));
    }
    found
}

/// Words before a value of the past in evidence.
const EARLIER: &[&str] = &["was ", "were ", "usually ", "previously ", "normally ", "before ", "평소 ", "이전 "];

/// Words by which a statement speaks of the past as well.
const SAYS_EARLIER: &[&str] = &[
    "was", "were", "usual", "previous", "normal", "before", "until", "instead", "from", "than", "rose", "fell",
    "dropped", "went", "earlier", "baseline", "used to", "had", "compared", "risen", "fallen", "above", "below",
    "평소", "이전", "보다", "에서", "기존", "였", "았", "었", "직전", "정상",
];

fn speaks_of_earlier(text: &str) -> bool {
    let lower = text.to_lowercase();
    SAYS_EARLIER.iter().any(|word| lower.contains(word))
}

/// The evidence without what it says of earlier, and that.
fn split_earlier(evidence: &str) -> (String, String) {
    let (mut now, mut earlier) = (String::new(), String::new());
    for clause in evidence.split_inclusive([';', '\n']) {
        let lower = clause.to_lowercase();
        let start = EARLIER.iter().filter_map(|word| lower.find(&format!(" {word}"))).min();
        match start.filter(|start| clause.is_char_boundary(*start)) {
            // Only a value counts: `usually 180 ms`, not `was found`.
            Some(start)
                if clause[start..]
                    .split_whitespace()
                    .nth(1)
                    .is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit())) =>
            {
                now.push_str(&clause[..start]);
                earlier.push_str(&clause[start..]);
            }
            _ => now.push_str(clause),
        }
    }
    (now, earlier)
}

fn has_word(text: &str, word: &str) -> bool {
    if !word.is_ascii() {
        return text.contains(word);
    }
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(|c| c.is_ascii_alphanumeric()) && !after.is_some_and(|c| c.is_ascii_alphanumeric())
    })
}

/// Fractions, ratios and times of day, as written.
fn joined(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !(c.is_ascii_digit() || matches!(c, '/' | ':')))
        .map(|word| word.trim_matches(['/', ':']))
        .filter(|word| word.contains(['/', ':']) && word.starts_with(|c: char| c.is_ascii_digit()))
        .map(str::to_owned)
        .collect()
}

/// Every number that stands by itself; digits inside names are the names' business.
fn quantities(text: &str) -> Vec<Quantity> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let inside_name = at > 0
            && (bytes[at - 1].is_ascii_alphabetic()
                || matches!(bytes[at - 1], b'_' | b'-' | b'.') && at > 1 && bytes[at - 2].is_ascii_alphanumeric());
        let start = at;
        while at < bytes.len()
            && (bytes[at].is_ascii_digit()
                || (matches!(bytes[at], b'.' | b',') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)))
        {
            at += 1;
        }
        let clock = |index: usize, step: usize| {
            bytes.get(index) == Some(&b':') && bytes.get(index.wrapping_add(step)).is_some_and(u8::is_ascii_digit)
        };
        if clock(at, 1) || (start > 1 && clock(start - 1, usize::MAX)) {
            // A time of day is compared as a whole.
            continue;
        }
        let digits = text[start..at].replace(',', "");
        let unit_start = if bytes.get(at) == Some(&b' ') { at + 1 } else { at };
        let unit_end = unit_start
            + bytes[unit_start..].iter().take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'%').count();
        let (unit, unit_end) = match UNITS_KO.iter().find(|(word, _)| text[unit_start..].starts_with(word)) {
            Some((word, unit)) if !text[unit_start..].starts_with("초과") => {
                ((*unit).to_owned(), unit_start + word.len())
            }
            _ => (text[unit_start..unit_end].to_owned(), unit_end),
        };
        let glued = unit_start == at && unit_end > at && !is_unit(&unit);
        if inside_name || glued {
            // `2xx`, `7d4b9`, `v2`: a name.
            at = at.max(unit_end);
            while at < bytes.len() && (bytes[at].is_ascii_alphanumeric() || matches!(bytes[at], b'-' | b'_')) {
                at += 1;
            }
            continue;
        }
        if let Ok(value) = digits.parse::<f64>() {
            let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            let precision = 0.1_f64.powi(i32::try_from(decimals).unwrap_or(0));
            found.push(Quantity { value, precision, unit: if is_unit(&unit) { unit } else { String::new() } });
        }
    }
    found
}

/// `(unit, family, factor)`.
const UNITS: &[(&str, char, f64)] = &[
    ("%", '%', 1.0),
    ("percent", '%', 1.0),
    ("ms", 't', 1e-3),
    ("milliseconds", 't', 1e-3),
    ("s", 't', 1.0),
    ("sec", 't', 1.0),
    ("seconds", 't', 1.0),
    ("second", 't', 1.0),
    ("m", 't', 60.0),
    ("min", 't', 60.0),
    ("minutes", 't', 60.0),
    ("minute", 't', 60.0),
    ("h", 't', 3600.0),
    ("hours", 't', 3600.0),
    ("hour", 't', 3600.0),
    ("Ki", 'b', 1024.0),
    ("KiB", 'b', 1024.0),
    ("Mi", 'b', 1_048_576.0),
    ("MiB", 'b', 1_048_576.0),
    ("Gi", 'b', 1_073_741_824.0),
    ("GiB", 'b', 1_073_741_824.0),
    ("KB", 'b', 1e3),
    ("MB", 'b', 1e6),
    ("GB", 'b', 1e9),
    ("bytes", 'b', 1.0),
    ("x", 'x', 1.0),
    ("th", 'n', 1.0),
    ("st", 'n', 1.0),
    ("nd", 'n', 1.0),
    ("rd", 'n', 1.0),
    ("rps", 'r', 1.0),
    ("d", 't', 86_400.0),
    ("days", 't', 86_400.0),
];

/// Korean units, the longer first, and what they are in [`UNITS`].
const UNITS_KO: &[(&str, &str)] = &[
    ("밀리초", "ms"),
    ("시간", "h"),
    ("퍼센트", "%"),
    ("기가바이트", "GiB"),
    ("메가바이트", "MiB"),
    ("킬로바이트", "KiB"),
    ("바이트", "bytes"),
    ("초", "s"),
    ("분", "min"),
    ("배", "x"),
];

fn is_unit(unit: &str) -> bool {
    UNITS.iter().any(|(name, ..)| *name == unit)
}

fn same_quantity(said: &Quantity, known: &Quantity) -> bool {
    // Rounding moves a figure by half its last digit, and never by more than a quarter: 512 MiB are not 1 GiB.
    let close = |said: f64, precision: f64, known: f64| {
        (said - known).abs() <= (precision * 0.5).min(known.abs() * 0.25) + 1e-9
    };
    if close(said.value, said.precision, known.value) {
        return true;
    }
    let unit = |name: &str| UNITS.iter().find(|(unit, ..)| *unit == name);
    let (family, factor) = unit(&said.unit).map_or(('n', 1.0), |(_, family, factor)| (*family, *factor));
    let (known_family, known_factor) = unit(&known.unit).map_or(('n', 1.0), |(_, family, factor)| (*family, *factor));
    // 95 % of a ratio of 0.95; 512 MiB of 536870912.
    if family == '%' && known_family == 'n' {
        return close(said.value, said.precision, known.value * 100.0);
    }
    (family == known_family || known_family == 'n')
        && factor != known_factor
        && close(said.value * factor, said.precision * factor, known.value * known_factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_in_other_units_and_roundings() {
        let evidence = "limit 536870912, p95 latency 2041.6 ms, ratio 0.954, 37 lines, 0/5 ready at 05:21:40";
        for said in
            ["512Mi", "512 MiB", "2 s", "2042 ms", "95 %", "95.4%", "37건", "0/5 ready", "at 05:21", "since 05:21:40"]
        {
            assert_eq!(unfounded(said, evidence, &[]), None, "{said}");
        }
        for said in
            ["256Mi", "3 s", "96 %", "38건", "1/5 ready", "at 05:22", "hundreds of lines", "three pods", "파드 세 개"]
        {
            assert!(unfounded(said, evidence, &[]).is_some(), "{said}");
        }
    }

    #[test]
    fn what_is_cited_may_be_counted_and_names_hold_no_numbers() {
        assert_eq!(unfounded("3 pods, three pods, api-7d4b9-x2 and v2 and http2xx", "nothing", &[3]), None);
    }
}
