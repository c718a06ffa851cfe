//! Which names tell that a secret follows, and which values are no secrets all the same.

/// How much a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Telling {
    /// What follows is a secret.
    Surely,
    /// What follows is a secret if it looks like one.
    Perhaps,
    /// What follows, up to the end of the line or quote, is a credential with its scheme, or cookies.
    Header,
}

/// Endings, without separators and in lower case, of names that hold secrets.
const SURELY: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passwort",
    "pwd",
    "userpass",
    "dbpass",
    "rootpass",
    "adminpass",
    "mysqlpass",
    "redispass",
    "smtppass",
    "mailpass",
    "secretkey",
    "secretaccesskey",
    "clientsecret",
    "appsecret",
    "apisecret",
    "sharedsecret",
    "signingsecret",
    "webhooksecret",
    "jwtsecret",
    "cookiesecret",
    "sessionsecret",
    "consumersecret",
    "tokensecret",
    "secretkeybase",
    "apikey",
    "apitoken",
    "authtoken",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "sessiontoken",
    "securitytoken",
    "bearertoken",
    "bottoken",
    "vaulttoken",
    "privatetoken",
    "deploytoken",
    "jobtoken",
    "runnertoken",
    "registrytoken",
    "usertoken",
    "admintoken",
    "roottoken",
    "servicetoken",
    "csrftoken",
    "xsrftoken",
    "oauthtoken",
    "githubtoken",
    "gitlabtoken",
    "slacktoken",
    "npmtoken",
    "jointoken",
    "privatekey",
    "accountkey",
    "sharedaccesskey",
    "encryptionkey",
    "signingkey",
    "masterkey",
    "applicationkey",
    "integrationkey",
    "routingkey",
    "licensekey",
    "storagekey",
    "secretstring",
    "sshkey",
    "keydata",
    "privkey",
    "credential",
    "credentials",
    "creds",
    "connectionstring",
    "connstr",
    "dockerconfigjson",
    "dockercfg",
    "requirepass",
    "masterauth",
    "mnemonic",
    "xamzsignature",
    "xgoogsignature",
    "sharedaccesssignature",
    "sessionid",
    "jsessionid",
    "phpsessid",
    "connectsid",
    "unsealkey",
    "recoverykey",
    "secretdata",
    "비밀번호",
    "암호",
    "패스워드",
];

/// Endings of names that hold secrets, and other things too.
const PERHAPS: &[&str] = &[
    "secret",
    "token",
    "pass",
    "auth",
    "sig",
    "signature",
    "session",
    "key",
    "otp",
    "pw",
    "sid",
    "cookie",
    "hmac",
    "nonce",
];

/// Names that end like the above and hold the name of a thing.
const NEVER: &[&str] = &[
    "existingsecret",
    "imagepullsecret",
    "pullsecret",
    "tlssecret",
    "secretkeyref",
    "partitionkey",
    "sortkey",
    "primarykey",
    "foreignkey",
    "routekey",
    "cachekey",
    "topologykey",
    "labelkey",
    "hashkey",
    "shardkey",
    "groupkey",
    "nexttoken",
    "pagetoken",
    "continuetoken",
    "continuationtoken",
    "nextpagetoken",
    "clienttoken",
    "publickey",
    "objectkey",
    "s3key",
    "messagekey",
    "eventkey",
    "lockkey",
    "idempotencykey",
    "deduplicationkey",
    "bypass",
    "compass",
    "unexpectedtoken",
    "keykey",
    "invalidtoken",
    "monkey",
    "turkey",
    "hotkey",
    "registrykey",
    "metricskey",
    "configkey",
    "secretspass",
];

/// Headers that carry a credential with its scheme, and cookies.
const HEADERS: &[&str] = &["authorization", "proxyauthorization", "xforwardedauthorization", "setcookie", "cookie"];

/// What a name says of the value after it. Separators and case do not matter: `dbPassword`, `DB_PASSWORD`, `db.password`.
pub(super) fn telling(name: &str) -> Option<Telling> {
    let plain: String =
        name.chars().filter(|c| !matches!(c, '_' | '-' | '.' | ' ')).flat_map(char::to_lowercase).collect();
    if plain.len() < 2 || NEVER.iter().any(|ending| plain.ends_with(ending)) {
        return None;
    }
    if HEADERS.contains(&plain.as_str()) {
        return Some(Telling::Header);
    }
    if SURELY.iter().any(|ending| plain.ends_with(ending)) {
        return Some(Telling::Surely);
    }
    PERHAPS
        .iter()
        .any(|ending| plain.ends_with(ending) && stands_alone(name, &plain, ending))
        .then_some(Telling::Perhaps)
}

/// `db_pass` and `dbPass` end in `pass`, `bypass` does not.
fn stands_alone(name: &str, plain: &str, ending: &str) -> bool {
    if plain.len() == ending.len() || matches!(ending, "secret" | "token" | "signature") {
        return true;
    }
    let Some(start) = name.len().checked_sub(ending.len()).filter(|start| name.is_char_boundary(*start)) else {
        return false;
    };
    let (before, last) = name.split_at(start);
    before.ends_with(['_', '-', '.', ' ']) || last.starts_with(|c: char| c.is_ascii_uppercase())
}

/// Words that follow a telling name in a sentence: `invalid password: too short`.
const PROSE: &[&str] = &[
    "a",
    "access",
    "all",
    "an",
    "and",
    "any",
    "are",
    "as",
    "at",
    "authentication",
    "authorization",
    "bad",
    "be",
    "blank",
    "but",
    "by",
    "can",
    "cannot",
    "cant",
    "changed",
    "check",
    "contains",
    "could",
    "credentials",
    "default",
    "denied",
    "did",
    "disabled",
    "does",
    "doesnt",
    "empty",
    "enabled",
    "error",
    "exceeded",
    "expected",
    "expired",
    "expires",
    "fail",
    "failed",
    "failure",
    "false",
    "file",
    "for",
    "forbidden",
    "found",
    "from",
    "got",
    "has",
    "have",
    "hidden",
    "if",
    "in",
    "incorrect",
    "invalid",
    "is",
    "isnt",
    "it",
    "key",
    "length",
    "login",
    "malformed",
    "masked",
    "mismatch",
    "missing",
    "must",
    "needed",
    "needs",
    "nil",
    "no",
    "none",
    "not",
    "null",
    "of",
    "ok",
    "omitted",
    "on",
    "only",
    "optional",
    "or",
    "password",
    "permission",
    "placeholder",
    "please",
    "provided",
    "redacted",
    "refreshed",
    "refused",
    "rejected",
    "removed",
    "request",
    "required",
    "requires",
    "retry",
    "revoked",
    "rotated",
    "secret",
    "see",
    "set",
    "should",
    "string",
    "the",
    "this",
    "to",
    "token",
    "too",
    "true",
    "unable",
    "unauthorized",
    "undefined",
    "unknown",
    "unset",
    "unsupported",
    "update",
    "updated",
    "user",
    "using",
    "valid",
    "validation",
    "value",
    "verification",
    "was",
    "were",
    "when",
    "will",
    "with",
    "wrong",
    "yes",
    "you",
    "your",
];

/// Whether a value hides nothing: empty, masked, a reference to where the secret is, or a word of the sentence around it.
pub(super) fn harmless(value: &str) -> bool {
    if value.len() > 200 {
        return false;
    }
    let trimmed = value.trim_matches(|c: char| c.is_whitespace() || ".,;:!?()[]{}\"'`".contains(c));
    if value == super::HIDDEN || trimmed.is_empty() {
        return true;
    }
    if trimmed.chars().all(|c| matches!(c, '*' | '•' | '●' | '#' | '.' | '-' | '_')) {
        return true;
    }
    let lower = trimmed.to_ascii_lowercase();
    let masked = trimmed.len() >= 3 && lower.chars().all(|c| c == 'x');
    let reference = value.starts_with("${")
        || value.starts_with("$(")
        || value.starts_with("{{")
        || value.starts_with("<%")
        || (value.starts_with('<') && value.ends_with('>'))
        || (value.len() > 2
            && value.starts_with('%')
            && value.ends_with('%')
            && value.trim_matches('%').chars().all(|c| c.is_ascii_uppercase() || c == '_'))
        || (value.starts_with('$') && value[1..].chars().all(|c| c.is_ascii_uppercase() || c == '_'))
        || lower.starts_with("arn:aws")
        || lower.starts_with("vault:")
        || lower.starts_with("ref+")
        || lower.starts_with("file:")
        || lower.starts_with("redacted")
        || lower.starts_with("secretkeyref")
        || lower.starts_with("valuefrom");
    masked || reference || PROSE.binary_search(&lower.as_str()).is_ok()
}

/// Whether a value behind a name that is only perhaps telling looks like a secret: long enough, and neither a number, a
/// resource's name, a path, a digest, a UUID nor a word.
pub(super) fn looks_secret(value: &str) -> bool {
    let count = |class: fn(&u8) -> bool| value.bytes().filter(class).count();
    let (digits, lower, upper) =
        (count(u8::is_ascii_digit), count(u8::is_ascii_lowercase), count(u8::is_ascii_uppercase));
    if value.len() < 8 || digits == value.len() || digits + lower + upper == 0 {
        return false;
    }
    let path = value.starts_with('/') || value.starts_with("./") || value.contains("://") || value.contains("::");
    // Kubernetes names: lower case, digits, dashes, dots, slashes; a secret of that form has no dash between words.
    let name = upper == 0
        && value.contains(['-', '/', '.', '_'])
        && value.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-./_:".contains(&byte));
    let word = digits == 0 && !value.bytes().any(|byte| b"!@#$%^&*+=~".contains(&byte));
    let one_word = word && (lower == 0 || upper <= 4 || value.contains([' ', '-', '_', '.', '/']));
    !(path || name || one_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_sorted_for_the_search() {
        assert!(PROSE.is_sorted());
    }

    #[test]
    fn names_tell_by_their_ending_whatever_the_separators() {
        for name in
            ["password", "DB_PASSWORD", "dbPassword", "spring.datasource.password", "x-api-key", "client-key-data"]
        {
            assert_eq!(telling(name), Some(Telling::Surely), "{name}");
        }
        for name in
            ["secretName", "passwordFile", "max_tokens", "bypass", "existingSecret", "topologyKey", "NextToken", "keys"]
        {
            assert_eq!(telling(name), None, "{name}");
        }
        assert_eq!(telling("Authorization"), Some(Telling::Header));
        assert_eq!(telling("ftp_pass"), Some(Telling::Perhaps));
    }
}
