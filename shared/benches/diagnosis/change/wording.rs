//! Log lines that say the same in the words of other libraries and languages.
//!
//! What systems say for one errno or code: Go's net, Node's libuv, Python's socket and requests, .NET's sockets, and the
//! messages of the GNU C library in the languages of its translations.

use std::sync::LazyLock;

use regex::Regex;

use crate::{incident::Incident, random::Random};

/// One fact: how it is recognized in any of the recorded stacks, and how others put it.
struct Fact {
    needle: &'static str,
    pattern: Regex,
    second: &'static str,
    third: &'static str,
    language: &'static str,
}

/// What a line must have to be looked at, recognized by, said by a second stack, by a third, and in another language. `$host` is the name, `$port` the port,
/// `$path` the file.
const FACTS: &[(&str, &str, &str, &str, &str)] = &[
    (
        ": i/o timeout",
        r"lookup (?<host>[\w.-]+)(?: on [\d.:]+)?: read udp \S+: i/o timeout",
        "getaddrinfo EAI_AGAIN $host",
        "Failed to resolve '$host' ([Errno -3] Temporary failure in name resolution)",
        "$host: 이름 분석 (name resolution)이 일시적으로 실패했습니다",
    ),
    (
        ": no such host",
        r"lookup (?<host>[\w.-]+)(?: on [\d.:]+)?: no such host",
        "getaddrinfo ENOTFOUND $host",
        "Failed to resolve '$host' ([Errno -2] Name or service not known)",
        "호스트 $host: 이름 혹은 서비스를 알 수 없습니다",
    ),
    (
        "java.net.UnknownHostException",
        r"java\.net\.UnknownHostException: (?<host>[\w.-]+)(?:: Name or service not known|: Temporary failure in name resolution)?",
        "getaddrinfo EAI_AGAIN $host",
        "dial tcp: lookup $host on 10.96.0.10:53: server misbehaving",
        "gaierror: [Errno -3] 域名解析暂时失败 ($host)",
    ),
    (
        "onnection refused",
        r"Connection refused \(Connection refused\)|connect: connection refused|Connection refused",
        "connect ECONNREFUSED",
        "No connection could be made because the target machine actively refused it.",
        "拒绝连接",
    ),
    (
        "was already in use",
        r"(?:Web server failed to start\. )?Port (?<port>\d+) was already in use",
        "Error: listen EADDRINUSE: address already in use :::$port",
        "[ERROR] Connection in use: ('0.0.0.0', $port)",
        "bind: 주소가 이미 사용 중입니다 (:$port)",
    ),
    (
        "Access denied for user",
        r"Access denied for user (?<who>'[^']*'@'[^']*') \(using password: YES\)",
        "Error 1045 (28000): Access denied for user $who (using password: YES)",
        "SQLSTATE[HY000] [1045] Access denied for user $who (using password: YES)",
        "ERROR 1045 (28000): Benutzer $who hat keine Zugriffsberechtigung (verwendetes Passwort: JA)",
    ),
    (
        "--read-only option",
        r"The MySQL server is running with the --read-only option so it cannot execute this statement",
        "Error 1290 (HY000): The MySQL server is running with the --super-read-only option so it cannot execute this statement",
        "(1290, 'The MariaDB server is running with the --read-only option so it cannot execute this statement')",
        "ERROR 1290 (HY000): MySQL 서버가 --read-only 옵션으로 실행 중이므로 이 명령을 실행할 수 없습니다",
    ),
    (
        "Too many connections",
        r"Too many connections",
        "Error 1040 (08004): Too many connections",
        "Data source rejected establishment of connection, message from server: 'Too many connections'",
        "ERROR 1040 (HY000): Zu viele Verbindungen",
    ),
    (
        "can't open the RDB file",
        r"can't open the RDB file (?<path>[\w.]+) for reading: Permission denied",
        "EACCES: permission denied, open '$path'",
        "System.UnauthorizedAccessException: Access to the path '$path' is denied.",
        "$path: 허가 거부",
    ),
    (
        "context deadline exceeded",
        r"context deadline exceeded",
        "4 DEADLINE_EXCEEDED: Deadline exceeded after 2.0s",
        "ReadTimeout: The read operation timed out",
        "연결 시간 초과",
    ),
    (
        "/o timeout",
        r"i/o timeout",
        "connect ETIMEDOUT",
        "System.TimeoutException: The operation has timed out.",
        "连接超时",
    ),
    (
        "o route to host",
        r"[Nn]o route to host",
        "connect EHOSTUNREACH",
        "[Errno 113] No route to host",
        "没有到主机的路由",
    ),
];

fn facts() -> &'static [Fact] {
    static COMPILED: LazyLock<Vec<Fact>> = LazyLock::new(|| {
        let compile = |&(needle, pattern, second, third, language)| {
            Some(Fact { needle, pattern: Regex::new(pattern).ok()?, second, third, language })
        };
        FACTS.iter().filter_map(compile).collect()
    });
    &COMPILED
}

fn said(incident: &Incident, other: impl Fn(&Fact) -> &'static str) -> Option<Incident> {
    let mut changed = incident.clone();
    let mut any = false;
    for log in &mut changed.snapshot.logs {
        for fact in facts() {
            if !log.text.contains(fact.needle) {
                continue;
            }
            let line = |line: &str| match line.contains(fact.needle) {
                true => fact.pattern.replace_all(line, other(fact)).into_owned(),
                false => line.to_owned(),
            };
            let text: Vec<String> = log.text.split('\n').map(line).collect();
            let text = text.join("\n");
            any |= text != log.text;
            log.text = text;
        }
    }
    any.then_some(changed)
}

pub(super) fn other_stack(incident: &Incident, _: &mut Random) -> Option<Incident> {
    said(incident, |fact| fact.second)
}

pub(super) fn third_stack(incident: &Incident, _: &mut Random) -> Option<Incident> {
    said(incident, |fact| fact.third)
}

pub(super) fn other_language(incident: &Incident, _: &mut Random) -> Option<Incident> {
    said(incident, |fact| fact.language)
}
