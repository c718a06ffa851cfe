//! What programs write when the system refuses: one list a fact, in the words of C libraries, language runtimes and, since
//! `strerror` and `gai_strerror` are translated, of other languages.
//!
//! Sources: the GNU C library's messages and its translations (`po/*.po`), musl's `__strerror.h`, libuv's names, Winsock's
//! texts as .NET shows them, Rust's `ErrorKind`. All in lower case; lines are compared in ASCII lower case. An analyzer that
//! waits for one of these facts takes the list, so that no two of them know different languages.

/// ECONNREFUSED: nobody listens.
pub(super) const REFUSED: &[&str] = &[
    "connection refused",
    "connectionrefused",
    "econnrefused",
    "errno 111",
    "os error 111",
    "actively refused",
    "refused the network connection",
    "refused. check that",
    "verbindungsaufbau abgelehnt",
    "connexion refusée",
    "conexión rehusada",
    "conexión denegada",
    "conexão recusada",
    "connessione rifiutata",
    "в соединении отказано",
    "拒绝连接",
    "连接被拒绝",
    "拒絕連線",
    "接続を拒否されました",
    "연결이 거부",
    "연결을 거부",
];

/// EHOSTUNREACH and ENETUNREACH: no way there.
pub(super) const NO_ROUTE: &[&str] = &[
    "no route to host",
    "ehostunreach",
    "network is unreachable",
    "enetunreach",
    "host is unreachable",
    "errno 113",
    "keine route zum zielrechner",
    "no existe ninguna ruta hasta",
    "aucun chemin d'accès pour atteindre",
    "没有到主机的路由",
    "ホストへの経路がありません",
    "호스트로 갈 루트가 없음",
    "네트워크가 접근 불가능",
];

/// ETIMEDOUT and deadlines: no answer in time.
pub(super) const TIMED_OUT: &[&str] = &[
    "i/o timeout",
    "deadline exceeded",
    "deadline_exceeded",
    "deadlineexceeded",
    "timed out",
    "timedout",
    "etimedout",
    "connect timeout",
    "connection timeout",
    "read timeout",
    "readtimeout",
    "sockettimeoutexception",
    "connecttimeoutexception",
    "timeoutexception",
    "und_err_connect_timeout",
    "esockettimedout",
    "econnaborted",
    "wartezeit für die verbindung ist abgelaufen",
    "délai d'attente",
    "expiró el tiempo de conexión",
    "tempo esgotado para conexão",
    "连接超时",
    "请求超时",
    "接続がタイムアウト",
    "연결 시간 초과",
    "시간이 초과",
    "시간 초과",
];

/// ECONNRESET, EPIPE and half closed connections.
pub(super) const RESET: &[&str] = &[
    "connection reset",
    "econnreset",
    "broken pipe",
    "socket hang up",
    "unexpected eof",
    "premature close",
    "prematurely closed",
    "remote end closed connection",
    "forcibly closed by the remote host",
    "connection closed by peer",
    "connexion ré-initialisée",
    "连接被对方重",
    "接続が相手からリセット",
    "상대편이 연결을 끊음",
];

/// EAI_NONAME: the name is not known.
pub(super) const NO_NAME: &[&str] = &[
    "no such host",
    "unknownhostexception",
    "enotfound",
    "getaddrinfo",
    "gaierror",
    "nameresolutionerror",
    "name or service not known",
    "name does not resolve",
    "failed to lookup address",
    "could not resolve host",
    "couldn't resolve host",
    "could not translate host name",
    "unknown mysql server host",
    "failed to resolve",
    "host not found",
    "nodename nor servname",
    "dns resolution failed",
    "domain name not found",
    "nxdomain",
    "der name oder der dienst ist nicht bekannt",
    "nom ou service inconnu",
    "nombre o servicio desconocido",
    "nome ou serviço desconhecido",
    "имя или служба не известны",
    "未知的名称或服务",
    "名前またはサービスが不明です",
    "이름 혹은 서비스를 알 수 없습니다",
    "알려진 호스트가 없습니다",
];

/// EAI_AGAIN and its kin: the name server did not answer, whatever the name.
pub(super) const NO_NAME_SERVER: &[&str] = &[
    "eai_again",
    "temporary failure in name resolution",
    "server misbehaving",
    "servfail",
    "no nameservers",
    "dnsnameresolvertimeoutexception",
    "timeout while contacting dns servers",
    "could not contact dns servers",
    "dns query timed out",
    "dns operation timed out",
    "temporärer fehler bei der namensauflösung",
    "échec temporaire dans la résolution du nom",
    "fallo temporal en la resolución del nombre",
    "falha temporária na resolução de nome",
    "временный сбой в разрешении имен",
    "域名解析暂时失败",
    "名前解決に一時的に失敗しました",
    "(name resolution)이 일시적으로 실패",
    "이름 분석에 일시적으로 실패",
];

/// EADDRINUSE: somebody else has the port.
pub(super) const IN_USE: &[&str] = &[
    "address already in use",
    "address in use",
    "addrinuse",
    "eaddrinuse",
    "was already in use",
    "is already in use",
    "port already in use",
    "port in use",
    "connection in use:",
    "only one usage of each socket address",
    "errno 98]",
    "errno 48]",
    "os error 98)",
    "(98:",
    "already bound",
    "failed to bind to address",
    "could not bind",
    "cannot bind to port",
    "unable to bind to port",
    "die adresse wird bereits verwendet",
    "adresse déjà utilisée",
    "la dirección ya se está usando",
    "endereço já em uso",
    "адрес уже используется",
    "地址已在使用",
    "地址已被使用",
    "端口已被占用",
    "端口被占用",
    "アドレスは既に使用中です",
    "주소가 이미 사용 중",
    "포트가 이미 사용 중",
];

/// EACCES, EPERM and EROFS: may not be read or written.
pub(super) const DENIED: &[&str] = &[
    "permission denied",
    "permissiondenied",
    "eacces:",
    "eacces,",
    "(eacces",
    "'eacces'",
    "errno 13]",
    "errno: 13",
    "errno: -13",
    "os error 13)",
    "accessdeniedexception",
    "unauthorizedaccessexception",
    "access denied",
    "access to the path",
    "read-only file system",
    "readonlyfilesystemexception",
    "erofs",
    "errno 30]",
    "os error 30)",
    "operation not permitted",
    "eperm:",
    "eperm,",
    "is not writable",
    "keine berechtigung",
    "das dateisystem ist nur lesbar",
    "permission non accordée",
    "en lecture seule",
    "permiso denegado",
    "sistema de ficheros de sólo lectura",
    "permissão negada",
    "permesso negato",
    "отказано в доступе",
    "许可被拒绝",
    "权限不够",
    "只读文件系统",
    "許可がありません",
    "読み込み専用ファイルシステムです",
    "허가 거부",
    "권한이 없",
    "읽기전용 파일 시스템",
];

/// ENOSPC and EDQUOT: no room left.
pub(super) const NO_SPACE: &[&str] = &[
    "no space left on device",
    "enospc",
    "errno 28]",
    "os error 28)",
    "disk full",
    "disk is full",
    "not enough space on the disk",
    "insufficient disk space",
    "disk quota exceeded",
    "edquot",
    "could not extend file",
    "disk usage exceeded flood-stage watermark",
    "kein speicherplatz mehr verfügbar",
    "aucun espace disponible sur le périphérique",
    "no queda espacio en el dispositivo",
    "não há espaço disponível no dispositivo",
    "设备上没有空间",
    "磁盘空间不足",
    "デバイスに空き領域がありません",
    "장치에 남은 공간이 없음",
    "디스크 공간이 부족",
];

/// Whether a line, in ASCII lower case, says one of the words.
pub(super) fn says(line: &str, words: &[&str]) -> bool {
    words.iter().any(|word| line.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_in_the_case_in_which_lines_are_compared() {
        let all = [REFUSED, NO_ROUTE, TIMED_OUT, RESET, NO_NAME, NO_NAME_SERVER, IN_USE, DENIED, NO_SPACE];
        for word in all.into_iter().flatten() {
            assert_eq!(*word, word.to_ascii_lowercase(), "would never be found");
        }
    }

    #[test]
    fn every_language_tells_the_facts_apart() {
        let kinds = |line: &str| {
            let line = line.to_ascii_lowercase();
            [REFUSED, TIMED_OUT, NO_NAME_SERVER, IN_USE, DENIED, NO_SPACE].map(|words| says(&line, words))
        };
        let only = |which: usize| std::array::from_fn::<bool, 6, _>(|at| at == which);
        for (line, which) in [
            ("Verbindungsaufbau abgelehnt", 0),
            ("연결이 거부됨", 0),
            ("연결 시간 초과", 1),
            ("[Errno -3] Temporary failure in name resolution", 2),
            ("域名解析暂时失败", 2),
            ("[ERROR] Connection in use: ('0.0.0.0', 8000)", 3),
            ("주소가 이미 사용 중입니다", 3),
            ("Os { code: 98, kind: AddrInUse, message: \"Address in use\" }", 3),
            ("권한 거부: 허가 거부", 4),
            ("System.UnauthorizedAccessException: Access to the path '/data' is denied.", 4),
            ("设备上没有空间", 5),
        ] {
            assert_eq!(kinds(line), only(which), "{line}");
        }
    }
}
