//! Links to the object at hand: dashboards, mesh, logs and traces, where they are configured.
//!
//! Grafana's Explore takes a pane as JSON (<https://grafana.com/docs/grafana/latest/explore/>), Kiali has a page a workload.

use jiff::Timestamp;
use serde_json::{Value, json};
use shared::model::{Kind, ObjectRef};
use shared::slack::Mrkdwn;
use url::Url;

use super::Style;

/// What is shown before now.
const SPAN_MS: i64 = 3_600_000;

/// The links of a workload, as seen from `at`.
pub(super) fn of_workload(workload: &ObjectRef, at: Timestamp, style: &Style) -> Mrkdwn {
    let ObjectRef { kind, namespace, name } = workload;
    let pods = format!("{name}-.*");
    let links = &style.links;
    let range = json!({ "from": (at.as_millisecond() - SPAN_MS).to_string(), "to": at.as_millisecond().to_string() });
    let pane = |datasource: &str, query: Value| json!({ "datasource": datasource, "queries": [query], "range": range });
    let grafana = links.grafana.as_ref().map(|base| {
        let expression = format!(
            r#"sum by (pod) (rate(container_cpu_usage_seconds_total{{namespace="{namespace}",pod=~"{pods}"}}[5m]))"#
        );
        explore(base, &pane("prometheus", json!({ "refId": "A", "expr": expression })))
    });
    let kiali = links
        .kiali
        .as_ref()
        .filter(|_| *kind != Kind::Node)
        .map(|base| below(base, &["console", "namespaces", namespace, "workloads", name]));
    let loki = links.loki.as_ref().map(|base| {
        explore(
            base,
            &pane("loki", json!({ "refId": "A", "expr": format!(r#"{{namespace="{namespace}",pod=~"{pods}"}}"#) })),
        )
    });
    let tempo = links.tempo.as_ref().map(|base| {
        let query = format!(r#"{{resource.service.name="{name}"}}"#);
        explore(base, &pane("tempo", json!({ "refId": "A", "queryType": "traceql", "query": query })))
    });
    let named = [("Grafana", grafana), ("Kiali", kiali), ("Loki", loki), ("Tempo", tempo)];
    let shown = named.into_iter().filter_map(|(label, url)| Some(Mrkdwn::link(url?.as_str(), label)));
    Mrkdwn::join(shown, " · ")
}

/// Explore with one pane; an address that ends in `explore` is Explore's own.
fn explore(base: &Url, pane: &Value) -> Url {
    let mut address =
        if base.path().trim_end_matches('/').ends_with("/explore") { base.clone() } else { below(base, &["explore"]) };
    address.query_pairs_mut().append_pair("left", &pane.to_string());
    address
}

fn below(base: &Url, parts: &[&str]) -> Url {
    let mut address = base.clone();
    if let Ok(mut path) = address.path_segments_mut() {
        path.pop_if_empty().extend(parts);
    }
    address
}
