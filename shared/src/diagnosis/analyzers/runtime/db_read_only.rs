//! db-read-only: a database takes no writes.
//!
//! Servers refuse with their own codes: MySQL 1290 and 1836
//! (<https://dev.mysql.com/doc/refman/8.0/en/server-system-variables.html#sysvar_read_only>), PostgreSQL 25006, MongoDB
//! NotWritablePrimary, Redis READONLY, Oracle ORA-16000. All clients that write suffer while those that only read do well, and
//! every pod is ready. The object is the database. Easily mistaken for errors of the services that write, and of those that
//! call them.

use super::database::{self, Dialect, Signs};
use crate::diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("db-read-only", Category::Runtime)];

const SIGNS: Signs = &[
    (
        Dialect::MySql,
        &[
            "read-only option",
            "read_only option",
            "error 1290",
            "error code: 1290",
            "1290 (hy000)",
            "[1290]",
            "(1290,",
            "super-read-only",
            "error 1836",
            "1836 (hy000)",
            "er_option_prevents_statement",
            "er_read_only_mode",
            "1792 (25006)",
            "queries leading to data modification are not allowed",
        ],
    ),
    (
        Dialect::Postgres,
        &[
            "in a read-only transaction",
            "25006",
            "readonlysqltransaction",
            "cannot be executed during recovery",
            "is in hot standby mode",
        ],
    ),
    (Dialect::Mongo, &["notwritableprimary", "notprimaryorsecondary", "not master", "notmaster", "not primary"]),
    (Dialect::Redis, &["readonly you can't write", "write against a read only replica", "redisreadonlyexception"]),
    (Dialect::SqlServer, &["because the database is read-only", "error: 3906"]),
    (Dialect::Oracle, &["ora-16000"]),
];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    for verdict in database::verdicts(case, SIGNS) {
        let finding = Finding::new(&CAUSES[0], &verdict.object)
            .strength(0.96 * verdict.certainty)
            .summary("the database takes no writes: it is read-only")
            .because(verdict.evidence)
            .explains(verdict.clients)
            .since(verdict.since)
            .check(Kubectl::logs(&verdict.object, None, false))
            .action(ActionKind::Manual, Risk::High, "find out who made it read-only, then make the primary writable");
        case.find(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::super::database::tests::shop;

    #[test]
    fn a_database_that_refuses_writes_is_named_not_its_clients() {
        shop("ERROR The MySQL server is running with the --read-only option so it cannot execute this statement")
            .expect("db-read-only", "StatefulSet shop/ledger-db");
    }

    #[test]
    fn a_file_that_is_read_only_is_no_database() {
        shop("ERROR open /data/cache: read-only file system").expect_not("db-read-only");
    }
}
