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

/// The links of an object, as seen from `at`: of a workload and its pods, of a pod, a Service or a node.
pub(super) fn of_object(object: &ObjectRef, at: Timestamp, style: &Style) -> Mrkdwn {
    let ObjectRef { kind, namespace, name } = object;
    let links = &style.links;
    let range = json!({ "from": (at.as_millisecond() - SPAN_MS).to_string(), "to": at.as_millisecond().to_string() });
    let pane = |datasource: &str, query: Value| json!({ "datasource": datasource, "queries": [query], "range": range });
    let pods = match kind {
        Kind::Node => format!(r#"node="{name}""#),
        Kind::Pod => format!(r#"namespace="{namespace}",pod="{name}""#),
        _ => format!(r#"namespace="{namespace}",pod=~"{name}-.*""#),
    };
    let grafana = links.grafana.as_ref().map(|base| {
        let expression = format!("sum by (pod) (rate(container_cpu_usage_seconds_total{{{pods}}}[5m]))");
        explore(base, &pane("prometheus", json!({ "refId": "A", "expr": expression })))
    });
    // What lies in no namespace is in no mesh, and writes no log that is kept by pod.
    let in_namespace = |base: &Option<Url>| base.clone().filter(|_| *kind != Kind::Node);
    let page = if *kind == Kind::Service { "services" } else { "workloads" };
    let kiali = in_namespace(&links.kiali)
        .filter(|_| *kind != Kind::Pod)
        .map(|base| below(&base, &["console", "namespaces", namespace, page, name]));
    let loki = in_namespace(&links.loki)
        .map(|base| explore(&base, &pane("loki", json!({ "refId": "A", "expr": format!("{{{pods}}}") }))));
    let tempo = in_namespace(&links.tempo).filter(|_| *kind != Kind::Pod).map(|base| {
        let query = format!(r#"{{resource.service.name="{name}"}}"#);
        explore(&base, &pane("tempo", json!({ "refId": "A", "queryType": "traceql", "query": query })))
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

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use shared::config::Links;
    use shared::text::{Clock, Language, Phrases};

    use super::*;

    fn links(kind: Kind, namespace: &str, name: &str) -> Vec<String> {
        let url = |text: &str| Url::parse(text).ok();
        let style = Style {
            phrases: Phrases::new(Language::En),
            clock: Clock::new(TimeZone::UTC),
            links: Links {
                grafana: url("https://grafana.example/g/"),
                kiali: url("https://kiali.example"),
                loki: url("https://grafana.example/explore"),
                tempo: url("https://tempo.example"),
            },
        };
        let text = of_object(&ObjectRef::new(kind, namespace, name), Timestamp::UNIX_EPOCH, &style).as_str().to_owned();
        let links = text.split(" · ").map(|link| link.trim_matches(['<', '>']).split('|').next().unwrap_or_default());
        links
            .map(|link| Url::parse(&link.replace("&amp;", "&")).unwrap())
            .map(|url| {
                let pane = url.query_pairs().find(|(name, _)| name == "left").map(|(_, pane)| pane.into_owned());
                let query: Value = serde_json::from_str(&pane.unwrap_or_default()).unwrap_or_default();
                let asked =
                    ["expr", "query"].map(|key| query["queries"][0][key].as_str().unwrap_or_default().to_owned());
                format!("{}{} {}", url.host_str().unwrap_or_default(), url.path(), asked.concat())
            })
            .collect()
    }

    #[test]
    fn links_lead_to_the_object_at_hand() {
        assert_eq!(
            links(Kind::Deployment, "payments", "api"),
            [
                r#"grafana.example/g/explore sum by (pod) (rate(container_cpu_usage_seconds_total{namespace="payments",pod=~"api-.*"}[5m]))"#,
                "kiali.example/console/namespaces/payments/workloads/api ",
                r#"grafana.example/explore {namespace="payments",pod=~"api-.*"}"#,
                r#"tempo.example/explore {resource.service.name="api"}"#,
            ]
        );
        assert_eq!(links(Kind::Node, "", "node-1").len(), 1);
        assert!(links(Kind::Node, "", "node-1")[0].contains(r#"{node="node-1"}"#));
        assert!(links(Kind::Service, "payments", "api")[1].ends_with("/services/api "));
        assert_eq!(links(Kind::Pod, "payments", "api-0").len(), 2);
    }
}
