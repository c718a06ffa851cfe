//! db-connection-exhaustion: a database has no connection left for another client.
//!
//! MySQL 1040 and 1203 (<https://dev.mysql.com/doc/refman/8.0/en/too-many-connections.html>), PostgreSQL 53300
//! (<https://www.postgresql.org/docs/current/runtime-config-connection.html>), Redis "max number of clients reached" and their
//! kin. Whoever connects last fails: clients that start, and the database's own probes. The object is the database, whose
//! limit or whose leaking clients have to be looked at. Easily mistaken for crashes of the clients, many at once, and for a
//! database that is down because its readiness probe cannot connect either. A client whose own pool is empty is not meant.

use super::database::{self, Dialect, Signs};
use crate::diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("db-connection-exhaustion", Category::Runtime)];

const SIGNS: Signs = &[
    (
        Dialect::Postgres,
        &[
            "too many clients already",
            "remaining connection slots",
            "too many connections for",
            "no more connections allowed",
            "sqlstate 53300",
            "(53300)",
            "fatal: sorry",
        ],
    ),
    (
        Dialect::MySql,
        &[
            "too many connections",
            "er_con_count_error",
            "max_user_connections",
            "er_too_many_user_connections",
            "1040 (08004)",
            "1040 (hy000)",
            "[1040]",
            "(1040,",
            "1203 (42000)",
            "1226 (42000)",
        ],
    ),
    (Dialect::Mongo, &["too many open connections", "connection refused because there are too many open connections"]),
    (Dialect::Redis, &["max number of clients reached"]),
    (Dialect::SqlServer, &["maximum limit for connections"]),
    (Dialect::Oracle, &["ora-00020", "ora-12516", "ora-12519"]),
];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    for verdict in database::verdicts(case, SIGNS) {
        let finding = Finding::new(&CAUSES[0], &verdict.object)
            .strength(0.96 * verdict.certainty)
            .summary("the database has no connection left")
            .because(verdict.evidence)
            .explains(verdict.clients)
            .since(verdict.since)
            .check(Kubectl::logs(&verdict.object, None, false))
            .check(Kubectl::events(&verdict.object))
            .action(ActionKind::Manual, Risk::Medium, "end idle connections, raise the limit, or pool connections");
        case.find(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::super::database::tests::{databases, shop};

    #[test]
    fn a_database_without_free_connections_is_named() {
        shop("ERROR 1040 (HY000): Too many connections")
            .expect("db-connection-exhaustion", "StatefulSet shop/ledger-db");
    }

    #[test]
    fn of_two_databases_the_one_that_complains_itself_is_meant() {
        databases()
            .crashing("shop", "api", 1, "Error")
            .log("shop", "api", "2026-03-01T11:58:20Z ERROR java.sql.SQLException: Too many connections\n")
            .event(
                "Pod shop/audit-db-0",
                "Unhealthy",
                "Readiness probe failed: ERROR 1040 (HY000): Too many connections",
            )
            .expect("db-connection-exhaustion", "StatefulSet shop/audit-db");
    }

    #[test]
    fn a_pool_that_is_empty_is_the_clients_own() {
        shop("WARN HikariPool-1 - Connection is not available, request timed out after 30000ms")
            .expect_not("db-connection-exhaustion");
    }
}
