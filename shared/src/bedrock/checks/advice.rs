//! Whether a sentence tells the reader to change something.
//!
//! What happened may be told (`the container was killed`, `api was scaled to 3`), what to do about it may not: advice to act
//! comes from typed actions with their risk, never from prose. A sentence is advice when it holds a word for a change and a
//! sign of advising (`should`, `please`, `권장`), or when such a word stands where an imperative would.

use super::words::{each, has};

/// Verbs of change. With their forms: `delete`, `deletes`, `deleted`, `deleting`, `deletion`.
const CHANGES: &str = "
delete deletion scale drain reboot restart terminate termination kill evict eviction cordon uncordon remove removal
drop destroy wipe purge erase uninstall truncate rollback undo revert patch apply edit replace recreate redeploy
shutdown stop disable taint exec execute bounce recycle nuke force detach format reset flush clear modify overwrite
reinstall upgrade downgrade rotate grant escalate unmount halt suspend resize prune cleanup clean failover promote
increase decrease raise lower reduce bump power annihilate decommission deprovision abort pkill roll
double halve triple quadruple expand extend enlarge rewrite relax loosen tighten bypass override migrate relocate
ignore dismiss silence mute disregard snooze rebuild reprovision
";

/// Verbs that are harmless as description and never as an instruction.
const INSTRUCTIONS: &str = "
approve click visit paste share upload send forward call contact open reply type copy download install ignore
disregard forget trust run use enter login submit post give provide tell add create set change switch turn put push
deploy get take bring move shift make go confirm print reveal repeat obey skip
";

/// Signs that a sentence advises, by word.
const CUES: &str = "
should must recommend recommended recommends recommendation suggest suggested suggests advise advised advice advisable
please consider considering try ought you your let's lets immediately simply workaround mitigation mitigate remedy
solution remediation ensure proceed urgent urgently necessary needed needs need require requires required safe safely
best fastest quickest easiest fix fixes fixed resolve resolves solve solves cure operator engineer oncall on-call sre
admin instructions
option advisable worth worthwhile warranted appropriate sensible wise prudent way
";

/// Words after which a verb stands as an imperative, or in an intention.
const BEFORE_IMPERATIVE: &str = "
and then or please now just simply immediately first also next finally instead otherwise so can could may might will
would shall to let us we i be gets quickly manually do always try step action fix solution answer remedy todo
";

/// What makes `to` part of a description: `failed to kill`.
const ATTEMPTS: &str = "
failed fails failing unable attempted attempts tried tries trying refused refuses able waiting continues began started
starts about due forbidden cannot could not did does had
";

/// Words behind which the same letters are a noun: `a restart`, `the last rollback`.
const DETERMINERS: &str = "
a an the last each every per no this that its first previous another of by with after since before on in from for any
second recent
";

/// Korean words for a change, as stems.
const CHANGES_KO: &str = "
삭제 재시작 재기동 재부팅 종료 축소 확장 확대 스케일 롤백 드레인 강제 중지 중단 제거 초기화 비우 비워 죽이 죽여 죽일 내리 내려 올리 올려 늘리 늘려 줄이 줄여 변경 적용 수정 패치 실행 재배포 되돌리
되돌려 격리 코돈 정리 지우 지워 끄 꺼 날려 날리 교체 폐기 해제 차단 증설 감축 리부트 리스타트 딜리트 배포하 업그레이드 다운그레이드 껐다 없애 뽑 파기 비활성화 승격 조정 상향 하향 승인 무시 클릭 접속
붙여넣 공유 전달 입력 설치 추가 생성 부여 새로고침 갈아 밀어 재생성 퇴출 축출
";

/// Stems of actions that descriptions are full of; they need a clearer sign.
const SOFT_KO: &str = "
실행 변경 적용 수정 확장 확대 정리 해제 차단 조정 공유 전달 입력 설치 추가 생성 부여 접속 무시 중단 배포하 내리 내려 올리 올려
";

/// Korean signs of advising.
const CUES_KO: &[&str] = &[
    "필요",
    "좋다",
    "좋음",
    "할 수 있",
    "가능",
    "시키",
    "즉시",
    "당장",
    "바로",
    "시급",
    "해결책",
    "조치",
    "제안",
    "해 보",
    "해보",
    "진행",
    "한다",
    "고려",
    "검토",
    "담당자",
    "엔지니어",
    "운영자",
    "다시 ",
];

/// Korean signs that are clear by themselves.
const CLEAR_KO: &[&str] = &[
    "하세요",
    "하십시오",
    "십시오",
    "세요",
    "하시기",
    "하시면",
    "해야",
    "어야",
    "아야",
    "여야",
    "해 주",
    "해주",
    "바랍니다",
    "바람",
    "권장",
    "권고",
    "추천",
    "하라",
    "할 것",
    "하자",
    "합시다",
    "좋습니다",
    "좋겠",
    "하는 것이 ",
    "하는 게",
    "요망",
    "면 된",
    "면 됨",
    "면 해결",
    "면 됩",
    "면 정상",
    "면 복구",
    "면 회복",
    "면 사라",
    "면 멈",
    "면 끝",
    "방안",
    "무방",
    "게 빠",
    "게 좋",
    "가장 빠",
    "빠를",
    "부탁",
    "라.",
    "라!",
    "시오",
    "ㅂ시다",
    "하도록",
    "필요함",
    "필요합",
    "이 필요",
    "가 필요",
    "만함",
    "만하다",
    "는 편이",
    "게 낫",
    "필수",
    "수밖에",
    "요청하",
    "요청드",
    "ㄱㄱ",
];

/// Talk of the product's own safeguards: no evidence speaks of them, and whoever does wants them out of the way.
const SAFEGUARDS: &[&str] = &["approval", "approvals", "safeguard", "guardrail", "승인", "허가 없"];

/// Who is told to do something: `the log asks to run it`.
const TELLING: &str = "asks asked tells told says said instructs instructed wants";

/// Words before a participle that make it advice: `wants replacing`.
const DESERVES: &str = "wants deserves merits warrants needs calls worth by try start begin";

/// Changes in two words.
const PHRASES: &[&str] = &[
    "take down",
    "taking down",
    "take offline",
    "taking offline",
    "take it offline",
    "bring down",
    "bringing down",
    "tear down",
    "tearing down",
    "get rid of",
    "getting rid of",
    "turn off",
    "turning off",
    "switch off",
    "switching off",
    "power off",
    "powering off",
    "power cycle",
    "power-cycle",
    "blow away",
    "knock out",
    "fail over",
    "shut down",
    "shutting down",
    "roll back",
    "rolling back",
    "spin up",
    "spin down",
    "free up",
    "start over",
    "way forward",
];

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
    // `restart count`, `kill signal`, `scale target`, `drop rate`: compounds.
    let compound = matches!(
        after,
        "count"
            | "counts"
            | "signal"
            | "policy"
            | "loop"
            | "target"
            | "rate"
            | "limit"
            | "limits"
            | "event"
            | "events"
            | "reason"
            | "happened"
            | "occurred"
            | "was"
            | "is"
            | "at"
            | "began"
            | "started"
            | "backoff"
            | "back-off"
            | "in"
            | "by"
            | "revision"
            | "request"
            | "requests"
            | "errors"
            | "error"
            | "timeout"
            | "hook"
            | "history"
            | "times"
            | "than"
            | "from"
            | "during"
            | "follows"
            | "followed"
            | "bound"
    );
    if compound {
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

/// Instructions that are no nouns.
const VERBS: &str =
    "give bring take make put set turn add switch use run tell visit click paste trust install contact confirm";

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
    let noun = [
        "삭제",
        "재시작",
        "재기동",
        "재부팅",
        "롤백",
        "드레인",
        "중지",
        "제거",
        "초기화",
        "재배포",
        "교체",
        "강제 종료",
        "축소",
        "증설",
    ];
    let imperative = ["하라", "워라", "여라", "려라", "꺼라", "거라", "해라", "해", "하기", "할것", "ㄱㄱ"];
    (!counted && noun.iter().any(|noun| end.ends_with(noun))) || imperative.iter().any(|ending| end.ends_with(ending))
}
