//! Tokens that give themselves away: by a vendor's prefix, or by their shape.
//!
//! Prefixes are from the vendors' own documentation and from GitHub's list of secret scanning patterns,
//! <https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns>.

use std::ops::Range;

use super::{is_word, run, run_within};

/// The longest token that is followed to its end before it is known to be one.
const MAX_TOKEN: usize = 4096;

/// What may follow a prefix.
#[derive(Clone, Copy)]
enum Tail {
    /// Letters and digits.
    Alnum,
    /// Capital letters and digits.
    Upper,
    /// Hexadecimal digits.
    Hex,
    /// base64url, the alphabet of most tokens.
    Url,
    /// base64url and dots.
    Dotted,
    /// base64 with `+`, `/` and `=`.
    Base64,
}

impl Tail {
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Alnum => byte.is_ascii_alphanumeric(),
            Self::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Hex => byte.is_ascii_hexdigit(),
            Self::Url => is_word(byte) || byte == b'-',
            Self::Dotted => is_word(byte) || byte == b'-' || byte == b'.',
            Self::Base64 => byte.is_ascii_alphanumeric() || b"+/=_-%".contains(&byte),
        }
    }
}

/// `(prefix, what follows, at least so much of it)`.
const PREFIXES: &[(&str, Tail, usize)] = &[
    // AWS
    ("AKIA", Tail::Upper, 16),
    ("ASIA", Tail::Upper, 16),
    ("ABIA", Tail::Upper, 16),
    ("ACCA", Tail::Upper, 16),
    ("ABSK", Tail::Base64, 60),
    ("bedrock-api-key-", Tail::Base64, 20),
    ("IQoJb3JpZ2lu", Tail::Base64, 60),
    ("FwoGZXIvYXdz", Tail::Base64, 60),
    ("FQoGZXIvYXdz", Tail::Base64, 60),
    ("k8s-aws-v1.", Tail::Url, 20),
    // Google, Azure, other clouds
    ("AIza", Tail::Url, 30),
    ("GOCSPX-", Tail::Url, 20),
    ("ya29.", Tail::Dotted, 20),
    ("1//0", Tail::Url, 30),
    ("LTAI", Tail::Alnum, 16),
    ("AKID", Tail::Alnum, 28),
    ("dop_v1_", Tail::Hex, 40),
    ("doo_v1_", Tail::Hex, 40),
    ("dor_v1_", Tail::Hex, 40),
    ("dapi", Tail::Hex, 32),
    ("HRKU-", Tail::Url, 30),
    ("nfp_", Tail::Alnum, 30),
    ("fo1_", Tail::Url, 30),
    ("FlyV1 fm2_", Tail::Base64, 30),
    ("vercel_blob_rw_", Tail::Url, 20),
    ("sbp_", Tail::Hex, 40),
    ("sb_secret_", Tail::Url, 20),
    ("pscale_tkn_", Tail::Dotted, 20),
    ("pscale_pw_", Tail::Dotted, 20),
    ("pscale_oauth_", Tail::Dotted, 20),
    // Source, CI, packages
    ("ghp_", Tail::Alnum, 30),
    ("gho_", Tail::Alnum, 30),
    ("ghu_", Tail::Alnum, 30),
    ("ghs_", Tail::Alnum, 30),
    ("ghr_", Tail::Alnum, 30),
    ("github_pat_", Tail::Url, 22),
    ("glpat-", Tail::Dotted, 20),
    ("gldt-", Tail::Dotted, 20),
    ("glrt-", Tail::Dotted, 20),
    ("glcbt-", Tail::Dotted, 20),
    ("glptt-", Tail::Dotted, 20),
    ("glsoat-", Tail::Dotted, 20),
    ("gloas-", Tail::Dotted, 20),
    ("GR1348941", Tail::Url, 20),
    ("ATATT3", Tail::Base64, 40),
    ("ATCTT3", Tail::Base64, 40),
    ("ATBB", Tail::Alnum, 28),
    ("BBDC-", Tail::Base64, 30),
    ("npm_", Tail::Alnum, 36),
    ("pypi-", Tail::Url, 50),
    ("rubygems_", Tail::Hex, 40),
    ("cio", Tail::Alnum, 32),
    ("oy2", Tail::Alnum, 43),
    ("dckr_pat_", Tail::Url, 20),
    ("dckr_oat_", Tail::Url, 20),
    ("AKCp", Tail::Alnum, 60),
    ("cmVmdGtuOj", Tail::Base64, 40),
    ("CCIPAT_", Tail::Url, 30),
    ("bkua_", Tail::Hex, 30),
    ("sqp_", Tail::Hex, 40),
    ("squ_", Tail::Hex, 40),
    ("sqa_", Tail::Hex, 40),
    ("pul-", Tail::Hex, 40),
    ("tfp_", Tail::Url, 40),
    ("argocd.token=", Tail::Dotted, 20),
    // Chat, mail, phones
    ("xoxb-", Tail::Url, 10),
    ("xoxp-", Tail::Url, 10),
    ("xoxa-", Tail::Url, 10),
    ("xoxr-", Tail::Url, 10),
    ("xoxs-", Tail::Url, 10),
    ("xoxo-", Tail::Url, 10),
    ("xoxc-", Tail::Url, 10),
    ("xoxd-", Tail::Base64, 10),
    ("xoxe-", Tail::Url, 10),
    ("xoxe.xoxp-", Tail::Url, 10),
    ("xoxe.xoxb-", Tail::Url, 10),
    ("xapp-", Tail::Url, 20),
    ("xwfp-", Tail::Url, 20),
    ("SG.", Tail::Dotted, 40),
    ("key-", Tail::Hex, 32),
    ("xkeysib-", Tail::Url, 40),
    ("xsmtpsib-", Tail::Url, 40),
    ("re_", Tail::Url, 30),
    ("SK", Tail::Hex, 32),
    ("APA91b", Tail::Url, 80),
    // Payment and shops
    ("sk_live_", Tail::Alnum, 16),
    ("sk_test_", Tail::Alnum, 16),
    ("rk_live_", Tail::Alnum, 16),
    ("rk_test_", Tail::Alnum, 16),
    ("live_sk_", Tail::Alnum, 16),
    ("test_sk_", Tail::Alnum, 16),
    ("live_gsk_", Tail::Alnum, 16),
    ("whsec_", Tail::Base64, 20),
    ("shpat_", Tail::Hex, 32),
    ("shpss_", Tail::Hex, 32),
    ("shpca_", Tail::Hex, 32),
    ("shppa_", Tail::Hex, 32),
    ("sq0atp-", Tail::Url, 20),
    ("sq0csp-", Tail::Url, 40),
    ("EAAA", Tail::Url, 58),
    ("EAAC", Tail::Alnum, 60),
    ("access_token$production$", Tail::Alnum, 16),
    // Models
    ("sk-ant-", Tail::Url, 20),
    ("sk-proj-", Tail::Url, 20),
    ("sk-svcacct-", Tail::Url, 20),
    ("sk-or-v1-", Tail::Hex, 32),
    ("sk-", Tail::Alnum, 32),
    ("hf_", Tail::Alnum, 30),
    ("r8_", Tail::Alnum, 36),
    ("gsk_", Tail::Alnum, 40),
    ("xai-", Tail::Alnum, 60),
    ("pplx-", Tail::Alnum, 40),
    // Operations
    ("hvs.", Tail::Url, 20),
    ("hvb.", Tail::Url, 20),
    ("hvr.", Tail::Url, 20),
    ("glsa_", Tail::Url, 30),
    ("glc_", Tail::Base64, 30),
    ("eyJrIjoi", Tail::Base64, 40),
    ("NRAK-", Tail::Upper, 20),
    ("NRII-", Tail::Url, 20),
    ("NRJS-", Tail::Hex, 19),
    ("sntrys_", Tail::Base64, 30),
    ("sntryu_", Tail::Hex, 40),
    ("dt0c01.", Tail::Dotted, 60),
    ("dt0s16.", Tail::Dotted, 60),
    ("ddapp_", Tail::Alnum, 30),
    ("dp.pt.", Tail::Alnum, 30),
    ("dp.st.", Tail::Dotted, 30),
    ("dp.ct.", Tail::Alnum, 30),
    ("ops_eyJ", Tail::Base64, 60),
    ("A3-", Tail::Url, 30),
    ("PMAK-", Tail::Url, 40),
    ("lin_api_", Tail::Alnum, 30),
    ("ntn_", Tail::Alnum, 40),
    ("figd_", Tail::Url, 30),
    ("CFPAT-", Tail::Url, 30),
    ("pnu_", Tail::Alnum, 30),
    ("tskey-", Tail::Url, 20),
    ("AGE-SECRET-KEY-1", Tail::Upper, 40),
    ("EZAK", Tail::Alnum, 54),
    ("sk.eyJ", Tail::Dotted, 40),
    ("rnd_", Tail::Alnum, 26),
    ("api-org_", Tail::Alnum, 30),
    ("phc_", Tail::Alnum, 40),
    ("phx_", Tail::Alnum, 40),
    ("atlasv1.", Tail::Url, 50),
];

/// Which two bytes a prefix may begin with, six bits of each: nearly every word is known by them not to be a token.
const BEGINNINGS: [u64; 64] = {
    let mut beginnings = [0; 64];
    let mut index = 0;
    while index < PREFIXES.len() {
        let prefix = PREFIXES[index].0.as_bytes();
        beginnings[(prefix[0] & 63) as usize] |= 1 << (prefix[1] & 63);
        index += 1;
    }
    beginnings
};

/// Words after which, a space between, a credential follows: `Bearer abc…`.
const SCHEMES: &[(&str, usize)] = &[("bearer", 16), ("basic", 8), ("ssws", 16), ("apikey", 16), ("negotiate", 24)];

pub(super) fn find(text: &str, spans: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut near_access_key = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_alphanumeric() || (at > 0 && is_word(bytes[at - 1]) && !after_escape(bytes, at)) {
            at += 1;
            continue;
        }
        if let Some(end) = prefixed(bytes, at) {
            if bytes[at] == b'A' {
                near_access_key = end + 160;
            }
            spans.push(at..end);
            at = end;
            continue;
        }
        if let Some(end) = web_token(bytes, at)
            .or_else(|| bot_token(bytes, at))
            .or_else(|| secret_access_key(text, at, near_access_key))
        {
            spans.push(at..end);
            at = end;
        } else if let Some(span) = scheme(text, at) {
            at = span.end;
            spans.push(span);
        } else {
            // Words joined by a dash may hide a prefix behind the dash.
            at = run(bytes, at, is_word).max(at + 1);
        }
    }
}

/// Whether the letter before is the `n` of a written `\n`, the `t` of `\t`, or the end of a `%3D`.
fn after_escape(bytes: &[u8], at: usize) -> bool {
    (at >= 2 && bytes[at - 2] == b'\\' && matches!(bytes[at - 1], b'n' | b't' | b'r'))
        || (at >= 3 && bytes[at - 3] == b'%' && bytes[at - 2].is_ascii_digit() && bytes[at - 1].is_ascii_hexdigit())
}

fn prefixed(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..];
    if rest.len() < 2 || BEGINNINGS[usize::from(rest[0] & 63)] & (1 << (rest[1] & 63)) == 0 {
        return None;
    }
    PREFIXES.iter().filter(|(prefix, ..)| prefix.as_bytes()[0] == rest[0]).find_map(|(prefix, tail, least)| {
        if !rest.starts_with(prefix.as_bytes()) {
            return None;
        }
        let from = at + prefix.len();
        let mut end = run_within(bytes, from, MAX_TOKEN, |byte| tail.has(byte));
        while end > from && b".-%".contains(&bytes[end - 1]) {
            end -= 1;
        }
        // Longer words with digits only by chance: a real tail mixes, or is long.
        let followed = bytes.get(end).copied().is_some_and(is_word);
        (end - from >= *least && !followed && mixed(&bytes[from..end])).then_some(end)
    })
}

/// Whether there are digits among the letters: names of things mostly have none.
fn mixed(tail: &[u8]) -> bool {
    tail.iter().any(u8::is_ascii_digit) && tail.iter().any(u8::is_ascii_alphabetic)
}

/// A JSON web token: `eyJ….….…`, also with its signature cut off, and encrypted ones with five parts.
fn web_token(bytes: &[u8], at: usize) -> Option<usize> {
    if !bytes[at..].starts_with(b"eyJ") {
        return None;
    }
    let first_end = run_within(bytes, at, MAX_TOKEN, |byte| Tail::Url.has(byte));
    if first_end - at < 12 || bytes.get(first_end) != Some(&b'.') {
        return None;
    }
    let mut end = run(bytes, at, |byte| Tail::Dotted.has(byte));
    while bytes[end - 1] == b'.' || bytes[end - 1] == b'-' {
        end -= 1;
    }
    (end - at >= 30).then_some(end)
}

/// Telegram's `123456789:AA…` and Discord's three parts.
fn bot_token(bytes: &[u8], at: usize) -> Option<usize> {
    let word_end = run_within(bytes, at, 32, |byte| Tail::Url.has(byte));
    let length = word_end - at;
    if (8..=10).contains(&length)
        && bytes[at..word_end].iter().all(u8::is_ascii_digit)
        && bytes.get(word_end) == Some(&b':')
    {
        let end = run(bytes, word_end + 1, |byte| Tail::Url.has(byte));
        return (end - word_end - 1 == 35 && mixed(&bytes[word_end + 1..end])).then_some(end);
    }
    if (23..=28).contains(&length) && matches!(bytes[at], b'M' | b'N' | b'O') && bytes.get(word_end) == Some(&b'.') {
        let second = run(bytes, word_end + 1, |byte| Tail::Url.has(byte));
        if second - word_end - 1 == 6 && bytes.get(second) == Some(&b'.') {
            let end = run(bytes, second + 1, |byte| Tail::Url.has(byte));
            return (27..=40).contains(&(end - second - 1)).then_some(end);
        }
    }
    None
}

/// 40 characters of base64 that no hash and no path would show: a secret access key, hidden where its access key's id stands
/// close before it, or where it looks random and holds a `+` or `/`.
fn secret_access_key(text: &str, at: usize, near_access_key: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    if at > 0 && b"+/=.-%".contains(&bytes[at - 1]) {
        return None;
    }
    let end = run_within(bytes, at, 41, |byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/');
    let tail = bytes.get(end).copied().unwrap_or(b' ');
    if end - at != 40 || is_word(tail) || b"=-.".contains(&tail) {
        return None;
    }
    let value = &bytes[at..end];
    let count = |class: fn(&u8) -> bool| value.iter().filter(|byte| class(byte)).count();
    let (lower, upper, digits) =
        (count(u8::is_ascii_lowercase), count(u8::is_ascii_uppercase), count(u8::is_ascii_digit));
    let random = lower >= 6 && upper >= 6 && digits >= 2;
    let marked = value.contains(&b'+') || value.contains(&b'/');
    (random && (at < near_access_key || (marked && changes(value) >= 14))).then_some(end)
}

/// How often neighbours differ in class; in words and paths they seldom do.
fn changes(value: &[u8]) -> usize {
    let class = |byte: u8| match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    value.windows(2).filter(|pair| class(pair[0]) != class(pair[1])).count()
}

fn scheme(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let word_end = run_within(bytes, at, 16, |byte| byte.is_ascii_alphabetic());
    let (_, least) = SCHEMES.iter().find(|(name, _)| text[at..word_end].eq_ignore_ascii_case(name))?;
    let from = run(bytes, word_end, |byte| byte == b' ');
    if from == word_end {
        return None;
    }
    let end = run(bytes, from, |byte| Tail::Base64.has(byte) || b".~".contains(&byte));
    let value = &bytes[from..end];
    let basic = text[at..word_end].eq_ignore_ascii_case("basic");
    let looks = if basic {
        super::encoded::decode(&text[from..end]).is_some_and(|plain| plain.contains(':'))
    } else {
        mixed(value)
    };
    (value.len() >= *least && looks).then_some(from..end)
}
