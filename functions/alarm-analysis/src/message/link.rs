//! Links to the alarm in the CloudWatch console and to the time around it in Grafana.

use shared::bus::AlertSender;
use shared::slack::Mrkdwn;

use super::Style;
use crate::report::Report;

/// The links of a report.
pub(super) fn links(report: &Report, style: &Style) -> Mrkdwn {
    let mut links = Vec::new();
    if !report.alarm.region.is_empty() {
        links.push(Mrkdwn::link(
            &console(&report.alarm.region, &report.alarm.name),
            style.phrases.say("link-cloudwatch"),
        ));
    }
    if let Some(alert) = &report.alarm.alert {
        let source = match alert.sender {
            AlertSender::Alertmanager => "link-prometheus",
            AlertSender::Grafana => "link-grafana-alert",
        };
        for (address, label) in [(&alert.link, source), (&alert.runbook, "link-runbook")] {
            // Labels come from outside: only an address that is one is linked, and nothing else is shown for it.
            if address.starts_with("https://") || address.starts_with("http://") {
                links.push(Mrkdwn::link(address, style.phrases.say(label)));
            }
        }
    }
    if let Some(grafana) = &style.grafana {
        links.push(Mrkdwn::link(explore(grafana, report).as_str(), style.phrases.say("link-grafana")));
    }
    Mrkdwn::join(links, " · ")
}

/// The alarm's page in the console. The fragment is percent-encoded, so that a name cannot leave it.
fn console(region: &str, alarm: &str) -> String {
    let region: String = region.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let domain = if region.starts_with("cn-") { "amazonaws.cn" } else { "aws.amazon.com" };
    let name: String = url::form_urlencoded::byte_serialize(alarm.as_bytes()).collect::<String>().replace('+', "%20");
    format!("https://{region}.console.{domain}/cloudwatch/home?region={region}#alarmsV2:alarm/{name}")
}

/// Grafana's Explore from an hour before the alarm until a quarter of an hour after it.
fn explore(grafana: &url::Url, report: &Report) -> url::Url {
    let since = report.alarm.since.as_millisecond();
    let range = serde_json::json!({
        "range": { "from": (since - 3_600_000).to_string(), "to": (since + 900_000).to_string() }
    });
    let mut address = grafana.clone();
    let path = format!("{}/explore", address.path().trim_end_matches('/'));
    address.set_path(&path);
    address.query_pairs_mut().append_pair("left", &range.to_string());
    address
}
