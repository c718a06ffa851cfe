//! What stands in a table's cells: the printers of the API server.

use serde_json::{Value, json};

use super::rows::{self, list, since};
use super::table::human_duration;
use crate::world::{Kind, seconds};

/// The cells of an object's row.
pub(crate) fn cells(kind: Kind, object: &Value, now: i64) -> Vec<Value> {
    let (name, spec, status) = (&object["metadata"]["name"], &object["spec"], &object["status"]);
    let age = || json!(since(&object["metadata"]["creationTimestamp"], now));
    let count = |value: &Value| json!(value.as_i64().unwrap_or(0));
    let or = |value: &Value, other: &str| if value.is_null() { json!(other) } else { value.clone() };
    let of = |ready: &Value, wanted: &Value| {
        json!(format!("{}/{}", ready.as_i64().unwrap_or(0), wanted.as_i64().unwrap_or(0)))
    };
    let template = |template: &Value| {
        let containers = list(&template["spec"]["containers"]);
        let join = |field: &str| containers.iter().filter_map(|c| c[field].as_str()).collect::<Vec<_>>().join(",");
        (json!(join("name")), json!(join("image")))
    };
    let selector = || json!(labels(&spec["selector"]["matchLabels"]));
    match kind {
        Kind::Pod => rows::pod(object, now),
        Kind::Node => rows::node(object, now),
        Kind::Deployment => {
            let (containers, images) = template(&spec["template"]);
            vec![
                name.clone(),
                of(&status["readyReplicas"], &spec["replicas"]),
                count(&status["updatedReplicas"]),
                count(&status["availableReplicas"]),
                age(),
                containers,
                images,
                selector(),
            ]
        }
        Kind::ReplicaSet => {
            let (containers, images) = template(&spec["template"]);
            vec![
                name.clone(),
                count(&spec["replicas"]),
                count(&status["replicas"]),
                count(&status["readyReplicas"]),
                age(),
                containers,
                images,
                selector(),
            ]
        }
        Kind::StatefulSet => {
            let (containers, images) = template(&spec["template"]);
            vec![name.clone(), of(&status["readyReplicas"], &spec["replicas"]), age(), containers, images]
        }
        Kind::DaemonSet => {
            let (containers, images) = template(&spec["template"]);
            let nodes = labels(&spec["template"]["spec"]["nodeSelector"]);
            vec![
                name.clone(),
                count(&status["desiredNumberScheduled"]),
                count(&status["currentNumberScheduled"]),
                count(&status["numberReady"]),
                count(&status["updatedNumberScheduled"]),
                count(&status["numberAvailable"]),
                json!(nodes),
                age(),
                containers,
                images,
                selector(),
            ]
        }
        Kind::Job => {
            let (containers, images) = template(&spec["template"]);
            let conditions = list(&status["conditions"]);
            let has = |kind: &str| {
                conditions.iter().any(|condition| condition["type"] == kind && condition["status"] == "True")
            };
            let word = if has("Complete") {
                "Complete"
            } else if has("Failed") {
                "Failed"
            } else if spec["suspend"] == true {
                "Suspended"
            } else {
                "Running"
            };
            let took = match (seconds(&status["startTime"]), seconds(&status["completionTime"])) {
                (Some(start), end) => human_duration(end.unwrap_or(now) - start),
                _ => String::new(),
            };
            let wanted = if spec["completions"].is_null() { json!(1) } else { spec["completions"].clone() };
            vec![
                name.clone(),
                json!(word),
                of(&status["succeeded"], &wanted),
                json!(took),
                age(),
                containers,
                images,
                json!(labels(&spec["selector"]["matchLabels"])),
            ]
        }
        Kind::CronJob => {
            let (containers, images) = template(&spec["jobTemplate"]["spec"]["template"]);
            let suspend = if spec["suspend"] == true { "True" } else { "False" };
            let last = if status["lastScheduleTime"].is_null() {
                "<none>".to_owned()
            } else {
                since(&status["lastScheduleTime"], now)
            };
            vec![
                name.clone(),
                spec["schedule"].clone(),
                or(&spec["timeZone"], "<none>"),
                json!(suspend),
                json!(list(&status["active"]).len()),
                json!(last),
                age(),
                containers,
                images,
                json!("<none>"),
            ]
        }
        Kind::Service => {
            let ports: Vec<String> = list(&spec["ports"])
                .iter()
                .map(|port| {
                    let protocol = port["protocol"].as_str().unwrap_or("TCP");
                    match port["nodePort"].as_i64() {
                        Some(node_port) => format!("{}:{node_port}/{protocol}", port["port"]),
                        None => format!("{}/{protocol}", port["port"]),
                    }
                })
                .collect();
            vec![
                name.clone(),
                or(&spec["type"], "ClusterIP"),
                or(&spec["clusterIP"], "<none>"),
                json!("<none>"),
                json!(ports.join(",")),
                age(),
                json!(labels(&spec["selector"])),
            ]
        }
        Kind::Namespace => vec![name.clone(), status["phase"].clone(), age()],
        Kind::Event => rows::event(object, now),
        Kind::HorizontalPodAutoscaler => {
            let target = &spec["scaleTargetRef"];
            let reference = format!(
                "{}/{}",
                target["kind"].as_str().unwrap_or_default(),
                target["name"].as_str().unwrap_or_default()
            );
            let current = status["currentMetrics"][0]["resource"]["current"]["averageUtilization"].as_i64();
            let metric = &spec["metrics"][0]["resource"];
            let wanted = metric["target"]["averageUtilization"].as_i64().unwrap_or(0);
            let current = current.map_or("<unknown>".to_owned(), |percent| format!("{percent}%"));
            let targets = format!("{}: {current}/{wanted}%", metric["name"].as_str().unwrap_or("cpu"));
            vec![
                name.clone(),
                json!(reference),
                json!(targets),
                count(&spec["minReplicas"]),
                count(&spec["maxReplicas"]),
                count(&status["currentReplicas"]),
                age(),
            ]
        }
        Kind::PodDisruptionBudget => vec![
            name.clone(),
            plain(&spec["minAvailable"], "N/A"),
            plain(&spec["maxUnavailable"], "N/A"),
            count(&status["disruptionsAllowed"]),
            age(),
        ],
        Kind::PersistentVolumeClaim => vec![
            name.clone(),
            status["phase"].clone(),
            or(&spec["volumeName"], ""),
            or(&status["capacity"]["storage"], ""),
            json!(modes(&spec["accessModes"])),
            or(&spec["storageClassName"], ""),
            json!("<unset>"),
            age(),
            or(&spec["volumeMode"], "Filesystem"),
        ],
        Kind::PersistentVolume => {
            let claim = &spec["claimRef"];
            let claim = format!(
                "{}/{}",
                claim["namespace"].as_str().unwrap_or_default(),
                claim["name"].as_str().unwrap_or_default()
            );
            vec![
                name.clone(),
                spec["capacity"]["storage"].clone(),
                json!(modes(&spec["accessModes"])),
                spec["persistentVolumeReclaimPolicy"].clone(),
                status["phase"].clone(),
                json!(claim),
                or(&spec["storageClassName"], ""),
                json!("<unset>"),
                json!(""),
                age(),
                or(&spec["volumeMode"], "Filesystem"),
            ]
        }
        Kind::Endpoints => {
            let mut addresses = Vec::new();
            for subset in list(&object["subsets"]) {
                for address in list(&subset["addresses"]) {
                    for port in list(&subset["ports"]) {
                        addresses.push(format!("{}:{}", address["ip"].as_str().unwrap_or_default(), port["port"]));
                    }
                }
            }
            // Without a subset there is nothing to show; with one, nobody is ready.
            let shown = if addresses.is_empty() && !object["subsets"].is_null() {
                String::new()
            } else {
                first_three(&addresses)
            };
            vec![name.clone(), json!(shown), age()]
        }
        Kind::EndpointSlice => {
            let ports: Vec<String> = list(&object["ports"]).iter().map(|port| port["port"].to_string()).collect();
            let addresses: Vec<String> = list(&object["endpoints"])
                .iter()
                .filter_map(|endpoint| endpoint["addresses"][0].as_str().map(str::to_owned))
                .collect();
            vec![
                name.clone(),
                object["addressType"].clone(),
                json!(if ports.is_empty() { "<unset>".to_owned() } else { ports.join(",") }),
                json!(first_three(&addresses)),
                age(),
            ]
        }
        Kind::ConfigMap => {
            vec![name.clone(), json!(object["data"].as_object().map_or(0, serde_json::Map::len).to_string()), age()]
        }
        Kind::Secret => vec![
            name.clone(),
            or(&object["type"], "Opaque"),
            json!(object["data"].as_object().map_or(0, serde_json::Map::len)),
            age(),
        ],
        Kind::ServiceAccount => vec![name.clone(), json!(list(&object["secrets"]).len()), age()],
        Kind::Ingress => {
            let hosts: Vec<&str> =
                list(&spec["rules"]).iter().map(|rule| rule["host"].as_str().unwrap_or("*")).collect();
            let address = status["loadBalancer"]["ingress"][0]["hostname"].as_str().unwrap_or_default();
            vec![
                name.clone(),
                or(&spec["ingressClassName"], "<none>"),
                json!(hosts.join(",")),
                json!(address),
                json!("80"),
                age(),
            ]
        }
        Kind::ResourceQuota => {
            let part = |limits: bool| {
                let hard = status["hard"]
                    .as_object()
                    .into_iter()
                    .flatten()
                    .filter(|(name, _)| name.starts_with("limits.") == limits);
                let shown = hard.map(|(name, hard)| {
                    format!("{name}: {}/{}", status["used"][name].as_str().unwrap_or("0"), hard.as_str().unwrap_or("0"))
                });
                json!(shown.collect::<Vec<_>>().join(", "))
            };
            vec![name.clone(), part(false), part(true), age()]
        }
        Kind::StorageClass => {
            let default = object["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true";
            let shown =
                if default { json!(format!("{} (default)", name.as_str().unwrap_or_default())) } else { name.clone() };
            vec![
                shown,
                object["provisioner"].clone(),
                or(&object["reclaimPolicy"], "Delete"),
                or(&object["volumeBindingMode"], "Immediate"),
                json!((object["allowVolumeExpansion"] == true).to_string()),
                age(),
            ]
        }
        Kind::NodePool => vec![
            name.clone(),
            spec["template"]["spec"]["nodeClassRef"]["name"].clone(),
            json!("0"),
            json!("True"),
            age(),
            json!(spec["weight"].to_string()),
        ],
        Kind::Application => vec![name.clone(), status["sync"]["status"].clone(), status["health"]["status"].clone()],
        _ => vec![name.clone(), age()],
    }
}

fn labels(map: &Value) -> String {
    let shown: Vec<String> = map
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
        .collect();
    if shown.is_empty() { "<none>".to_owned() } else { shown.join(",") }
}

fn plain(value: &Value, other: &str) -> Value {
    match value {
        Value::Null => json!(other),
        Value::String(text) => json!(text),
        number => json!(number.to_string()),
    }
}

fn modes(modes: &Value) -> String {
    let short = |mode: &Value| match mode.as_str() {
        Some("ReadWriteOnce") => "RWO",
        Some("ReadOnlyMany") => "ROX",
        Some("ReadWriteMany") => "RWX",
        _ => "RWOP",
    };
    list(modes).iter().map(short).collect::<Vec<_>>().join(",")
}

fn first_three(all: &[String]) -> String {
    match all.len() {
        0 => "<none>".to_owned(),
        1..=3 => all.join(","),
        more => format!("{} + {} more...", all[..3].join(","), more - 3),
    }
}
