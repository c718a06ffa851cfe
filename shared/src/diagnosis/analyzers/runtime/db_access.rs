//! mysql-invalid-credentials, mysql-invalid-port: a client has the wrong login, or the wrong port, for a database that is well.
//!
//! Named after MySQL, meant for every database: MySQL 1045
//! (<https://dev.mysql.com/doc/refman/8.0/en/problems-connecting.html>), PostgreSQL 28P01, MongoDB AuthenticationFailed, Redis
//! WRONGPASS; and for the port, the driver's words for a refused connection. The object is the client. Logins and ports mostly
//! lie in Secrets, which are never read, so a wrong port is also inferred: the database is up, others use it, and this one's
//! connections are refused. Easily mistaken for a crash of the client, and for a database that is down, in which case
//! everybody fails.

use std::collections::BTreeSet;

use super::database::{self, Dialect, Signs};
use crate::diagnosis::{
    ActionKind, CallFailure, Case, Category, CauseSpec, EvidenceId, Finding, Kubectl, LogPattern, Risk, View, Workload,
    call_failure, hosts, symptom,
};

pub(super) const CAUSES: &[CauseSpec] = &[
    CauseSpec::root("mysql-invalid-credentials", Category::Runtime),
    CauseSpec::root("mysql-invalid-port", Category::Runtime),
];

const REFUSED_LOGIN: Signs = &[
    (
        Dialect::MySql,
        // Servers translate the sentence (`lc_messages`); code and SQLSTATE stay.
        &[
            "access denied for user",
            "er_access_denied",
            "sqlstate: 28000",
            "sql error: 1045",
            "1045 (28000)",
            "[1045]",
            "(1045,",
            "er_dbaccess_denied",
            "1698 (28000)",
        ],
    ),
    (
        Dialect::Postgres,
        &[
            "password authentication failed",
            "28p01",
            "28000: role",
            "no pg_hba.conf entry",
            "no password supplied",
            "password is missing",
            "the server requested password-based authentication",
            "scram authentication requires",
            "client password must be a string",
        ],
    ),
    (
        Dialect::Mongo,
        &[
            "authenticationfailed",
            "mongoservererror: authentication failed",
            "scram authentication failed",
            "bad auth : authentication failed",
            "mongosecurityexception",
            "sasl conversation error",
        ],
    ),
    (
        Dialect::Redis,
        &[
            "wrongpass",
            "noauth authentication required",
            "err invalid password",
            "invalid username-password",
            "err auth <password> called without any password",
            "err client sent auth, but no password is set",
        ],
    ),
    (Dialect::SqlServer, &["login failed for user", "error: 18456"]),
    (Dialect::Oracle, &["ora-01017"]),
];

/// Words that make a failed connection one to a database.
const DRIVERS: Signs = &[
    (
        Dialect::MySql,
        &[
            "mysql",
            "mariadb",
            "communications link failure",
            "hikaripool",
            "jdbc connection",
            "jdbcconnectionexception",
            "[hy000] [2002]",
            "(hy000/2002)",
            "(2003, ",
            "er_con_",
        ],
    ),
    (
        Dialect::Postgres,
        &[
            "postgres",
            "postmaster",
            "psql",
            "psycopg",
            "pgx",
            "pgconn",
            "pq:",
            "pg-pool",
            "npgsql",
            "asyncpg",
            "r2dbc-pg",
        ],
    ),
    (Dialect::Mongo, &["mongo"]),
    (Dialect::Redis, &["redis", "jedis", "lettuce", "redisson"]),
    (Dialect::SqlServer, &["sqlserver", "sqlclient", "mssql"]),
    (Dialect::Oracle, &["ora-12541", "ora-12514", "ora-12505", "ora-17800", "oracle.net", "oracledb"]),
];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    credentials(case);
    for workload in case.view.workloads().iter().filter(|workload| workload.is_short()) {
        port(case, workload);
    }
}

fn credentials(case: &mut Case<'_, '_>) {
    let view = case.view;
    for client in database::clients(view, REFUSED_LOGIN) {
        // Who works and was refused now and then passes on the login of somebody else.
        let often = client.pattern.count > 5 && client.pattern.at_end;
        if !symptom::is_troubled(view, client.workload) && !often {
            continue;
        }
        let mut evidence = vec![case.log(client.pattern)];
        let secrets: Vec<&str> = secrets(client.workload).into_iter().collect();
        if !secrets.is_empty() {
            evidence.push(case.spec(&client.workload.object, format!("login from Secret {}", secrets.join(", "))));
        }
        let database = database::meant(view, client.dialect, &[client.workload], REFUSED_LOGIN);
        let whom = database.as_ref().map_or("the database".to_owned(), |(database, ..)| database.object.to_string());
        let short = client.workload.is_short();
        let finding = Finding::new(&CAUSES[0], &client.workload.object)
            .strength(if short { 0.96 } else { 0.85 })
            .summary(format!("{whom} refuses the login that it uses"))
            .fact("database", database.map_or(String::new(), |(database, ..)| database.object.name.clone()))
            .because(evidence)
            .since(client.pattern.first_seen)
            .check(Kubectl::logs(&client.workload.object, Some(&client.pattern.container), short))
            .action(
                ActionKind::Manual,
                Risk::Medium,
                "correct user and password in the Secret it reads, then restart it",
            );
        case.find(finding);
    }
}

/// The Secrets that a workload's environment is from.
fn secrets<'a>(workload: &Workload<'a>) -> BTreeSet<&'a str> {
    let containers = &workload.template.containers;
    let whole = containers.iter().flat_map(|it| &it.env_from).filter_map(|it| it.secret_ref.as_ref());
    let keys =
        containers.iter().flat_map(|it| &it.env).filter_map(|it| it.value_from.as_ref()?.secret_key_ref.as_ref());
    whole.map(|it| it.name.as_str()).chain(keys.map(|it| it.name.as_str())).collect()
}

fn port(case: &mut Case<'_, '_>, workload: &Workload<'_>) {
    let view = case.view;
    let current: Vec<&LogPattern> = view
        .patterns_of(workload)
        .iter()
        .filter(|it| database::is_current(view, workload, it) || it.previous)
        .collect();
    let says_driver = |it: &&&LogPattern| database::says(&it.lower, DRIVERS);
    // Driver and failure in one line say most; in stack traces they stand in lines of their own.
    let fails = |it: &LogPattern| {
        matches!(call_failure(&it.example), Some(CallFailure::Refused | CallFailure::TimedOut))
            || it.says(&[
                "communications link failure",
                "can't connect to mysql server",
                "unable to open jdbc connection",
            ])
    };
    let Some((said, dialect)) = current.iter().filter(|it| fails(it)).find_map(|it| Some((*it, says_driver(&it)?)))
    else {
        return;
    };
    let refused = current.iter().find(|it| call_failure(&it.example) == Some(CallFailure::Refused));
    let unresolved = current.iter().any(|it| call_failure(&it.example) == Some(CallFailure::Unresolved));
    let Some((target, how, certainty)) = database::meant(view, dialect, &[workload], DRIVERS) else { return };
    if target.object == workload.object || unresolved || !database::dialects(workload).is_empty() {
        return;
    }
    let ports = database::ports(view, target);
    let mut evidence = vec![case.log(said)];
    evidence.extend(refused.filter(|it| it.template != said.template).map(|it| case.log(it)));
    let written = written_port(view, workload, target).or_else(|| {
        let in_line = current.iter().filter(|it| says_driver(it).is_some()).flat_map(|it| hosts(&it.example));
        in_line
            .filter_map(|host| host.port)
            .map(i32::from)
            .find(|port| (1024..=65535).contains(port))
            .map(|it| (it, None))
    });
    let asked = written.as_ref().map_or(String::new(), |(port, _)| port.to_string());
    let (strength, what) = match written {
        Some((port, _)) if ports.contains(&port) => return,
        Some((port, via)) => {
            evidence.extend(via.map(|via| case.spec(&workload.object, via)));
            (0.96, format!("it asks port {port}, the database listens on {}", list(&ports)))
        }
        // Not written where it may be read: others reach the database, only this one is refused.
        None if refused.is_some() && database::is_up(view, target) && !others_fail(view, workload) => (
            0.85 * certainty.max(0.9),
            format!("nobody listens where it asks, and the database is up on {}", list(&ports)),
        ),
        None => return,
    };
    evidence.extend(up(case, target));
    evidence.push(case.spec(&target.object, how));
    let finding = Finding::new(&CAUSES[1], &workload.object)
        .strength(strength)
        .summary(format!("connections to {} are refused: {what}", target.object))
        .fact("database", target.object.name.clone())
        .fact("ports", list(&ports))
        .fact("port", asked)
        .because(evidence)
        .since(said.first_seen)
        .check(Kubectl::logs(&workload.object, Some(&said.container), true))
        .check(Kubectl::get(&workload.object))
        .action(ActionKind::Manual, Risk::Medium, "correct the database's port in what configures it, then restart it");
    case.find(finding);
}

/// Evidence that the database is up.
fn up(case: &mut Case<'_, '_>, database: &Workload<'_>) -> Option<EvidenceId> {
    let text = format!("{}/{} ready", database.ready, database.desired);
    database::is_up(case.view, database).then(|| case.status(&database.object, None, text))
}

/// Whether other workloads fail to reach a database as well.
fn others_fail(view: &View<'_>, workload: &Workload<'_>) -> bool {
    let failing = view.workloads().iter().filter(|it| it.object != workload.object && it.is_short()).filter(|it| {
        view.patterns_of(it).iter().any(|it| {
            it.says(&["communications link failure"])
                || (database::says(&it.lower, DRIVERS).is_some()
                    && call_failure(&it.example) == Some(CallFailure::Refused))
        })
    });
    failing.count() > 1
}

/// The database's port as the client's specification has it, and where.
fn written_port(view: &View<'_>, workload: &Workload<'_>, database: &Workload<'_>) -> Option<(i32, Option<String>)> {
    let services: Vec<_> = view.services_of(database).map(|service| service.object()).collect();
    let dependencies: Vec<_> = view.dependencies_of(&workload.object).filter(|it| services.contains(&it.to)).collect();
    if let Some(found) = dependencies.iter().find_map(|it| Some((i32::from(it.port?), Some(it.via.clone())))) {
        return Some(found);
    }
    // LEDGER_DB_HOST beside LEDGER_DB_PORT.
    let variables = || workload.template.containers.iter().flat_map(|it| &it.env);
    let stem = |name: &str, ending: &str| name.strip_suffix(ending).map(str::to_owned);
    variables().find_map(|host| {
        let stem =
            stem(&host.name, "HOST").or_else(|| stem(&host.name, "ADDRESS")).or_else(|| stem(&host.name, "SERVER"))?;
        let service = view.service_at(host.value.as_deref()?, workload.namespace())?;
        let port = variables().find(|it| it.name == format!("{stem}PORT"))?;
        let number = port.value.as_deref()?.parse().ok()?;
        services.contains(&service.object()).then(|| (number, Some(format!("env {}={number}", port.name))))
    })
}

fn list(ports: &BTreeSet<i32>) -> String {
    ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::database::tests::{databases, shop};
    use crate::model::EnvVar;

    #[test]
    fn a_login_that_is_refused_is_the_clients() {
        for line in [
            "ERROR java.sql.SQLException: Access denied for user 'api'@'10.1.3.10' (using password: YES)",
            "FATAL: password authentication failed for user \"api\"",
            "redis.exceptions.AuthenticationError: WRONGPASS invalid username-password pair",
        ] {
            shop(line).expect("mysql-invalid-credentials", "Deployment shop/api");
        }
    }

    #[test]
    fn a_port_on_which_the_database_does_not_listen_is_named() {
        databases()
            .template("shop", "api", |spec| {
                let value = Some("jdbc:mysql://ledger-db:3307/ledger".into());
                spec.containers[0].env.push(EnvVar { name: "DB_URL".into(), value, ..EnvVar::default() });
            })
            .crashing("shop", "api", 1, "Error")
            .log(
                "shop",
                "api",
                "2026-03-01T11:58:20Z ERROR mysql: dial tcp ledger-db:3307: connect: connection refused\n",
            )
            .expect("mysql-invalid-port", "Deployment shop/api");
    }

    #[test]
    fn a_port_in_a_secret_is_inferred_from_a_database_that_is_up() {
        databases()
            .crashing("shop", "api", 1, "Error")
            .log(
                "shop",
                "api",
                "CJCommunicationsException: Communications link failure\nCaused by: java.net.ConnectException: Connection refused\n",
            )
            .expect("mysql-invalid-port", "Deployment shop/api");
    }

    #[test]
    fn a_database_that_is_down_has_no_wrong_port() {
        databases()
            .edit(|snapshot| {
                snapshot.stateful_sets.items.iter_mut().for_each(|set| set.status.ready_replicas = 0);
            })
            .crashing("shop", "api", 1, "Error")
            .log("shop", "api", "Communications link failure: java.net.ConnectException: Connection refused\n")
            .expect_not("mysql-invalid-port");
    }

    #[test]
    fn what_a_database_says_of_its_own_visitors_is_not_its_clients_login() {
        databases()
            .log("shop", "ledger-db", "[Note] Access denied for user 'root'@'::1' (using password: NO)\n")
            .expect_healthy();
    }
}
