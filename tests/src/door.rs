//! Requests at the public door, as Slack, Alertmanager and Grafana make them.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;

/// Slack's signature over `body` at `at` (in seconds), by this secret, as headers.
pub fn signed(body: &[u8], at: i64, secret: &str) -> Vec<(String, String)> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return Vec::new() };
    for part in [b"v0:", at.to_string().as_bytes(), b":", body] {
        mac.update(part);
    }
    vec![
        ("x-slack-request-timestamp".to_owned(), at.to_string()),
        ("x-slack-signature".to_owned(), format!("v0={}", hex::encode(mac.finalize().into_bytes()))),
    ]
}

/// The same, now.
pub fn signed_now(body: &[u8], secret: &str) -> Vec<(String, String)> {
    signed(body, Timestamp::now().as_second(), secret)
}

/// The event of a function URL for this request.
pub fn request(path: &str, headers: &[(String, String)], body: &str) -> Value {
    let headers: serde_json::Map<_, _> = headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    json!({
        "version": "2.0", "rawPath": path, "rawQueryString": "", "headers": headers,
        "requestContext": { "http": { "method": "POST", "path": path, "sourceIp": "203.0.113.7" } },
        "body": body, "isBase64Encoded": false,
    })
}

/// Alertmanager's notification of one alert on a pod.
pub fn notification(
    cluster: &str,
    namespace: &str,
    pod: &str,
    starts_at: Timestamp,
    ends_at: Option<Timestamp>,
) -> Value {
    let status = if ends_at.is_some() { "resolved" } else { "firing" };
    let never = "0001-01-01T00:00:00Z".to_owned();
    json!({
        "version": "4", "groupKey": "{}:{}", "truncatedAlerts": 0, "status": status, "receiver": "nightshift",
        "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "https://alertmanager.example.com",
        "alerts": [{
            "status": status,
            "labels": {
                "alertname": "KubePodNotReady", "cluster": cluster, "namespace": namespace, "pod": pod,
                "severity": "critical", "job": "kube-state-metrics", "service": "kube-state-metrics",
            },
            "annotations": { "summary": "Pod has been in a non-ready state for more than 15 minutes." },
            "startsAt": starts_at.to_string(),
            "endsAt": ends_at.map_or(never, |time| time.to_string()),
            "generatorURL": "https://prometheus.example.com/graph?g0.expr=x", "fingerprint": format!("{pod}-not-ready"),
        }],
    })
}
