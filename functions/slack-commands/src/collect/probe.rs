//! Looks at the database, the bucket and the table, and whether somebody listens at an address.

use std::time::Duration;

use aws_sdk_dynamodb::error::DisplayErrorContext;
use shared::deadline::Deadline;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::bucket;
use crate::clients::Clients;
use crate::situation::Probe;

/// The longest look at one dependency.
const LONGEST: Duration = Duration::from_secs(4);
/// The longest that a database takes to say whether it speaks TLS.
const GREETING: Duration = Duration::from_millis(1_500);

/// What came of connecting.
pub(super) enum Outcome {
    /// Somebody listens.
    Connected(TcpStream, Duration),
    /// There is a way, and nobody listens.
    Refused,
    /// There may be no way.
    NoAnswer(String),
}

/// Connects.
pub(super) async fn connect(host: &str, port: u16, limit: Duration) -> Outcome {
    let started = Instant::now();
    match tokio::time::timeout(limit, TcpStream::connect((host, port))).await {
        Ok(Ok(stream)) => Outcome::Connected(stream, started.elapsed()),
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => Outcome::Refused,
        Ok(Err(error)) => Outcome::NoAnswer(error.to_string()),
        Err(_elapsed) => Outcome::NoAnswer(format!("no answer within {} ms", limit.as_millis())),
    }
}

/// The database, the bucket and the table that are configured, side by side.
pub(super) async fn dependencies(clients: &Clients, deadline: Deadline) -> (Probe, Probe, Probe) {
    let settings = &clients.settings().net_check;
    let limit = deadline.cap(LONGEST);
    let database = async {
        match &settings.rds_endpoint {
            None => Probe::NotConfigured,
            Some(host) => database(host, settings.rds_port, limit).await,
        }
    };
    let bucket = async {
        match &settings.s3_bucket {
            None => Probe::NotConfigured,
            Some(name) => bounded(name, limit, bucket::look(clients, name)).await,
        }
    };
    let table = async {
        match &settings.dynamodb_table {
            None => Probe::NotConfigured,
            Some(name) => bounded(name, limit, table(clients, name)).await,
        }
    };
    futures::join!(database, bucket, table)
}

async fn bounded(target: &str, limit: Duration, look: impl Future<Output = Probe>) -> Probe {
    let late = || Probe::Bad { target: target.to_owned(), why: format!("no answer within {} ms", limit.as_millis()) };
    tokio::time::timeout(limit, look).await.unwrap_or_else(|_elapsed| late())
}

/// A TCP connection, and whether the server offers TLS on it. Endpoints are written with their port or without.
pub(super) async fn database(endpoint: &str, port: u16, limit: Duration) -> Probe {
    let (host, port) = match endpoint.rsplit_once(':') {
        Some((host, written)) => (host, written.parse().unwrap_or(port)),
        None => (endpoint, port),
    };
    let target = format!("{host}:{port}");
    let (stream, took) = match connect(host, port, limit).await {
        Outcome::Connected(stream, took) => (stream, took),
        Outcome::Refused => return Probe::Bad { target, why: "connection refused".to_owned() },
        Outcome::NoAnswer(why) => return Probe::Bad { target, why },
    };
    let offers = tokio::time::timeout(limit.min(GREETING), offers_tls(stream, port)).await.unwrap_or_default();
    match offers {
        Some(true) => {
            let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            Probe::Good { target, took_ms, detail: "TLS".to_owned() }
        }
        Some(false) => Probe::Doubtful { target, why: "no TLS".to_owned() },
        None => Probe::Doubtful { target, why: "TLS?".to_owned() },
    }
}

/// Asks a PostgreSQL server (SSLRequest), or reads what a MySQL server greets with; `None` where neither makes sense.
/// <https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL>,
/// <https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html>
async fn offers_tls(mut stream: TcpStream, port: u16) -> Option<bool> {
    if matches!(port, 3306 | 33060) {
        let mut head = [0; 4];
        stream.read_exact(&mut head).await.ok()?;
        let mut greeting = vec![0; usize::from(head[0]) | usize::from(head[1]) << 8];
        stream.read_exact(&mut greeting).await.ok()?;
        return mysql_offers_tls(&greeting);
    }
    stream.write_all(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]).await.ok()?;
    match stream.read_u8().await.ok()? {
        b'S' => Some(true),
        b'N' => Some(false),
        _ => None,
    }
}

/// The capability `CLIENT_SSL` of a version 10 greeting.
fn mysql_offers_tls(greeting: &[u8]) -> Option<bool> {
    let (10, rest) = greeting.split_first().map(|(version, rest)| (*version, rest))? else { return None };
    let version_end = rest.iter().position(|byte| *byte == 0)?;
    // Thread id, first part of the salt, a filler; then the lower two bytes of the capabilities.
    let at = version_end + 1 + 4 + 8 + 1;
    let capabilities = u16::from_le_bytes([*rest.get(at)?, *rest.get(at + 1)?]);
    Some(capabilities & 0x0800 != 0)
}

async fn table(clients: &Clients, name: &str) -> Probe {
    let started = Instant::now();
    let target = name.to_owned();
    let client = aws_sdk_dynamodb::Client::new(clients.aws().await);
    match client.describe_table().table_name(name).send().await {
        Ok(described) => {
            let status = described.table().and_then(|table| table.table_status());
            let status = status.map_or("?", |status| status.as_str()).to_owned();
            let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            match status.as_str() {
                "ACTIVE" | "UPDATING" => Probe::Good { target, took_ms, detail: status },
                _ => Probe::Doubtful { target, why: status },
            }
        }
        Err(error) => {
            let service = error.as_service_error();
            let code = service.and_then(|service| service.meta().code()).unwrap_or_default().to_owned();
            Probe::Bad {
                target,
                why: refusal(&code, "dynamodb:DescribeTable", &DisplayErrorContext(&error).to_string()),
            }
        }
    }
}

fn refusal(code: &str, permission: &str, otherwise: &str) -> String {
    match code {
        "AccessDenied" | "AccessDeniedException" => format!("missing permission: {permission}"),
        "" => otherwise.to_owned(),
        code => code.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);

    /// A server that reads `takes` bytes and says `says`.
    async fn server(takes: usize, says: &'static [u8]) -> u16 {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut taken = vec![0; takes];
            stream.read_exact(&mut taken).await.unwrap();
            stream.write_all(says).await.unwrap();
        });
        port
    }

    #[tokio::test]
    async fn a_postgres_server_tells_whether_it_offers_tls() {
        for (says, good) in [(&b"S"[..], true), (&b"N"[..], false), (&b"E"[..], false)] {
            let port = server(8, says).await;
            let probe = database("127.0.0.1", port, LIMIT).await;
            assert_eq!(matches!(probe, Probe::Good { .. }), good, "{probe:?}");
            assert!(!matches!(probe, Probe::Bad { .. }));
        }
    }

    #[tokio::test]
    async fn nobody_listening_is_bad_and_says_so() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = format!("127.0.0.1:{}", listener.local_addr().unwrap().port());
        drop(listener);
        let probe = database(&endpoint, 5432, LIMIT).await;
        assert_eq!(probe, Probe::Bad { target: endpoint, why: "connection refused".into() });
    }

    #[test]
    fn a_mysql_greeting_tells_whether_tls_is_offered() {
        let greeting = |capabilities: [u8; 2]| {
            let mut greeting = vec![10];
            greeting.extend(b"8.0.36\0\x01\0\0\0saltsalt\0");
            greeting.extend(capabilities);
            greeting
        };
        assert_eq!(mysql_offers_tls(&greeting([0xff, 0xff])), Some(true));
        assert_eq!(mysql_offers_tls(&greeting([0xff, 0xf7])), Some(false));
        assert_eq!(mysql_offers_tls(b"\x09old"), None);
        assert_eq!(mysql_offers_tls(b""), None);
    }
}
