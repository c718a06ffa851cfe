//! Host names in free text: environment variables, arguments, configuration, log lines.

/// A host, and the port where one is written with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Host<'t> {
    /// The name or address as written.
    pub name: &'t str,
    /// The port after the colon.
    pub port: Option<u16>,
    /// Whether the text marks it as a host: a scheme before it, a port or a cluster suffix behind it.
    pub marked: bool,
}

/// Everything in `text` that could be a host name, in order.
///
/// Words of letters, digits, dots and dashes; whether one is a Service is for [`super::View::service_at`] to say.
pub fn hosts(text: &str) -> impl Iterator<Item = Host<'_>> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            if !bytes[at].is_ascii_alphanumeric() {
                at += 1;
                continue;
            }
            let start = at;
            while at < bytes.len() && (bytes[at].is_ascii_alphanumeric() || matches!(bytes[at], b'-' | b'.')) {
                at += 1;
            }
            let name = text[start..at].trim_end_matches(['.', '-']);
            // A word that goes on with an underscore is an identifier, not a host.
            let identifier = bytes.get(at) == Some(&b'_') || (start > 0 && bytes[start - 1] == b'_');
            let mut port = None;
            if bytes.get(at) == Some(&b':') && start + name.len() == at {
                let digits = bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                if (1..=5).contains(&digits) {
                    port = text[at + 1..at + 1 + digits].parse().ok().filter(|port| *port > 0);
                }
            }
            if identifier || name.len() > 253 {
                continue;
            }
            let scheme = start >= 3 && &bytes[start - 3..start] == b"://";
            // user:password@host
            let user = start >= 1 && bytes[start - 1] == b'@';
            let suffix = name.ends_with(".svc") || name.contains(".svc.") || name.ends_with(".cluster.local");
            return Some(Host { name, port, marked: scheme || user || suffix || port.is_some() });
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&str, Option<u16>, bool)> {
        hosts(text).map(|host| (host.name, host.port, host.marked)).collect()
    }

    #[test]
    fn hosts_are_found_in_urls_and_addresses() {
        assert_eq!(
            found("http://ledger.payments.svc.cluster.local/v1"),
            [("http", None, false), ("ledger.payments.svc.cluster.local", None, true), ("v1", None, false)]
        );
        assert_eq!(found("dial tcp 10.0.3.7:8080: refused")[2], ("10.0.3.7", Some(8080), true));
        assert_eq!(found("ledger:5432"), [("ledger", Some(5432), true), ("5432", None, false)]);
    }

    #[test]
    fn identifiers_are_not_hosts() {
        assert!(found("LEDGER_URL api_key").iter().all(|(name, ..)| !name.contains("LEDGER") && *name != "api"));
    }
}
