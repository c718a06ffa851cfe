//! The same fault of a MySQL, on a PostgreSQL.

use regex::{Captures, Regex};

use crate::{incident::Incident, random::Random};

/// What a driver or server says, MySQL's words first
/// (<https://www.postgresql.org/docs/current/errcodes-appendix.html> names the codes).
const WORDS: &[(&str, &str)] = &[
    (
        r"Access denied for user '([^']*)'@'[^']*' \(using password: (?:YES|NO)\)",
        "FATAL: password authentication failed for user '$1'",
    ),
    (
        r"The MySQL server is running with the --read-only option so it cannot execute this statement",
        "ERROR: cannot execute INSERT in a read-only transaction",
    ),
    (r"Too many connections", "FATAL: sorry, too many clients already"),
    (
        r"Communications link failure",
        "Connection to db.internal:5433 refused. Check that the hostname and port are correct and that the postmaster is accepting TCP/IP connections.",
    ),
    (r"com\.mysql\.(?:cj\.)?(?:jdbc\.)?[\w.]*Exception", "org.postgresql.util.PSQLException"),
    (r"com\.mysql\.cj\.[\w.]+", "org.postgresql.core.v3.ConnectionFactoryImpl"),
];

pub(super) fn postgres(incident: &Incident, _: &mut Random) -> Option<Incident> {
    let client = ["mysql_", "db_"].iter().any(|family| incident.cause.starts_with(family));
    if !client {
        return None;
    }
    let mut text = serde_json::to_string(&incident.snapshot).ok()?;
    for (pattern, words) in WORDS {
        text = Regex::new(pattern).ok()?.replace_all(&text, *words).into_owned();
    }
    // Images and ports of the servers.
    let image = Regex::new(r#""image":"([^"]*)(?:mysql|mariadb|percona)([^"]*)""#).ok()?;
    text =
        image.replace_all(&text, |it: &Captures<'_>| format!(r#""image":"{}postgres{}""#, &it[1], &it[2])).into_owned();
    text = Regex::new(r"([^0-9.])3306([^0-9.])").ok()?.replace_all(&text, "${1}5432${2}").into_owned();
    Some(Incident { snapshot: serde_json::from_str(&text).ok()?, ..incident.clone() })
}
