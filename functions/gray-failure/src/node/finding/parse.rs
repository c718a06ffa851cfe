//! A finding, as EventBridge delivers it: <https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings_eventbridge.html>,
//! with the fields of <https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Finding.html>, in camel case.
//!
//! Only what tells the node and the story is read; everything but id, type and severity may be missing. What is not what it
//! claims to be (an instance's id that is none) counts as missing.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The detail is no finding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the event holds no finding of guardduty: {0}")]
pub struct MalformedFinding(pub String);

/// A finding, as far as it is of use here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The same for every update.
    pub id: String,
    /// For example `CryptoCurrency:Runtime/BitcoinTool.B`.
    pub finding_type: String,
    /// 1 to 10.
    pub severity: f64,
    /// One line, in English.
    pub title: String,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// The detector, for looking it up.
    pub detector: String,
    /// The cluster it names.
    pub cluster: Option<String>,
    /// Clusters that the instance's tags name.
    pub tagged: BTreeSet<String>,
    /// The instance, `i-…`.
    pub instance: Option<String>,
    /// The pod, by namespace and name.
    pub pod: Option<(String, String)>,
    /// The workload as it is named, `namespace/kind/name`.
    pub workload: Option<String>,
    /// The image of the container.
    pub image: Option<String>,
    /// The process, from its first ancestor that is known.
    pub process: Vec<String>,
    /// Who ran it.
    pub user: Option<String>,
    /// How often it was seen.
    pub count: u64,
    /// First seen.
    pub first_seen: Option<Timestamp>,
    /// Last seen.
    pub last_seen: Option<Timestamp>,
    /// Whether somebody had GuardDuty make it up.
    pub sample: bool,
    /// Whether somebody archived it.
    pub archived: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    id: String,
    #[serde(rename = "type")]
    finding_type: String,
    severity: f64,
    title: Option<String>,
    account_id: Option<String>,
    region: Option<String>,
    resource: Option<Resource>,
    service: Option<Service>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Resource {
    eks_cluster_details: Option<Named>,
    instance_details: Option<Instance>,
    kubernetes_details: Option<Kubernetes>,
    container_details: Option<Container>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Instance {
    instance_id: Option<String>,
    tags: Option<Vec<Tag>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tag {
    key: Option<String>,
    value: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Kubernetes {
    kubernetes_workload_details: Option<Workload>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Workload {
    name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    namespace: Option<String>,
    containers: Option<Vec<Container>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Container {
    image: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Service {
    detector_id: Option<String>,
    count: Option<u64>,
    event_first_seen: Option<Timestamp>,
    event_last_seen: Option<Timestamp>,
    archived: Option<bool>,
    additional_info: Option<Value>,
    runtime_details: Option<Runtime>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Runtime {
    process: Option<Process>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Process {
    executable_path: Option<String>,
    user: Option<String>,
    lineage: Option<Vec<Process>>,
}

/// Ids and types are shorter than this by far; titles are cut.
const LONGEST: usize = 256;
/// Ancestors of a process that are told.
const ANCESTORS: usize = 4;

fn cut(text: Option<String>) -> Option<String> {
    let text = text.filter(|text| !text.trim().is_empty())?;
    Some(match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    })
}

fn is_instance(id: &str) -> bool {
    id.strip_prefix("i-")
        .is_some_and(|rest| (8..=32).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// A name as Kubernetes has them; anything else would be no object's.
fn is_name(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    (1..=253).contains(&name.len()) && name.bytes().all(fits)
}

impl Finding {
    /// Reads the `detail` of an event.
    ///
    /// # Errors
    ///
    /// Where it has no id, type or severity, or a field is not of its type.
    pub fn parse(detail: &Value) -> Result<Self, MalformedFinding> {
        let wrong = |why: &str| MalformedFinding(why.to_owned());
        let detail = Detail::deserialize(detail).map_err(|error| MalformedFinding(error.to_string()))?;
        let is_word = |text: &str| (1..=LONGEST).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if !is_word(&detail.id) {
            return Err(wrong("its id is empty, too long, or no word"));
        }
        if !is_word(&detail.finding_type) {
            return Err(wrong("its type is empty, too long, or no word"));
        }
        if !(0.0..=10.0).contains(&detail.severity) {
            return Err(wrong("its severity is not between 0 and 10"));
        }
        let (resource, service) = (detail.resource.unwrap_or_default(), detail.service.unwrap_or_default());
        let instance = resource.instance_details.unwrap_or_default();
        let workload = resource.kubernetes_details.and_then(|details| details.kubernetes_workload_details);
        let workload = workload.unwrap_or_default();
        let named = (
            workload.namespace.filter(|name| is_name(name)),
            workload.kind.filter(|kind| !kind.is_empty() && kind.len() < 64),
            workload.name.filter(|name| is_name(name)),
        );
        let pod = match &named {
            (Some(namespace), Some(kind), Some(name)) if matches!(kind.to_lowercase().as_str(), "pods" | "pod") => {
                Some((namespace.clone(), name.clone()))
            }
            _ => None,
        };
        let image = resource.container_details.and_then(|container| container.image);
        let image = image.or_else(|| workload.containers.into_iter().flatten().find_map(|container| container.image));
        let process = service.runtime_details.and_then(|details| details.process).unwrap_or_default();
        let user = cut(process.user);
        let mut lineage: Vec<String> = cut(process.executable_path).into_iter().collect();
        // Its parent comes first.
        let ancestors = process.lineage.into_iter().flatten().take(ANCESTORS);
        lineage.extend(ancestors.filter_map(|process| cut(process.executable_path)));
        lineage.reverse();
        Ok(Self {
            title: cut(detail.title).unwrap_or_else(|| detail.finding_type.clone()),
            id: detail.id,
            finding_type: detail.finding_type,
            severity: detail.severity,
            account: detail.account_id.unwrap_or_default(),
            region: detail.region.unwrap_or_default(),
            detector: cut(service.detector_id).unwrap_or_default(),
            cluster: cut(resource.eks_cluster_details.and_then(|cluster| cluster.name)),
            tagged: instance.tags.into_iter().flatten().filter_map(cluster_of).collect(),
            instance: instance.instance_id.filter(|id| is_instance(id)),
            workload: match named {
                (Some(namespace), Some(kind), Some(name)) => Some(format!("{namespace}/{kind}/{name}")),
                _ => None,
            },
            pod,
            image: cut(image),
            process: lineage,
            user,
            count: service.count.unwrap_or(1).max(1),
            first_seen: service.event_first_seen,
            last_seen: service.event_last_seen,
            sample: service.additional_info.as_ref().is_some_and(is_sample),
            archived: service.archived.unwrap_or(false),
        })
    }
}

/// The cluster that an instance's tag names.
fn cluster_of(tag: Tag) -> Option<String> {
    let (key, value) = (tag.key?, tag.value.unwrap_or_default());
    match key.as_str() {
        "aws:eks:cluster-name" | "eks:cluster-name" | "alpha.eksctl.io/cluster-name" => Some(value),
        key => key.strip_prefix("kubernetes.io/cluster/").map(str::to_owned),
    }
    .filter(|name| !name.is_empty())
}

/// Sample findings say so in their additional information, or in the JSON that its value is.
fn is_sample(info: &Value) -> bool {
    let inner = info["value"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    info["sample"] == true || inner.is_some_and(|inner| inner["sample"] == true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn sample(name: &str) -> Value {
        let path = format!("{}/../../events/{name}", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    #[test]
    fn a_finding_of_runtime_monitoring_names_cluster_instance_pod_and_process() {
        let finding = Finding::parse(&sample("guardduty-runtime.json")["detail"]).unwrap();
        assert_eq!(finding.cluster.as_deref(), Some("prod-eks"));
        assert_eq!(finding.instance.as_deref(), Some("i-0a1b2c3d4e5f60718"));
        assert_eq!(finding.pod, Some(("payments".into(), "api-7d9c5b6f4-x2x7k".into())));
        assert_eq!(finding.process, ["/usr/bin/containerd-shim-runc-v2", "/bin/sh", "/tmp/xmrig"]);
        assert_eq!((finding.severity, finding.count, finding.sample), (8.0, 3, false));
        assert!(finding.first_seen < finding.last_seen);
    }

    #[test]
    fn a_finding_of_the_audit_log_has_no_instance_and_one_of_ec2_no_cluster_but_its_tags() {
        let audit = Finding::parse(&sample("guardduty-audit-log.json")["detail"]).unwrap();
        assert_eq!((audit.instance, audit.cluster.as_deref()), (None, Some("prod-eks")));
        assert_eq!(audit.pod, Some(("payments".into(), "ledger-0".into())));
        let ec2 = Finding::parse(&sample("guardduty-ec2.json")["detail"]).unwrap();
        assert_eq!((ec2.cluster, ec2.tagged), (None, BTreeSet::from(["prod-eks".to_owned()])));
        assert!(Finding::parse(&sample("guardduty-sample.json")["detail"]).unwrap().sample);
    }

    #[test]
    fn what_is_no_finding_says_why() {
        for (detail, why) in [
            (json!({}), "missing field `id`"),
            (json!({ "id": "f", "type": "T" }), "missing field `severity`"),
            (json!({ "id": "f", "type": "T", "severity": "high" }), "invalid type"),
            (json!({ "id": "", "type": "T", "severity": 8 }), "its id is empty"),
            (json!({ "id": "f", "type": "T", "severity": 80 }), "severity is not between"),
            (json!({ "id": "f", "type": "a b", "severity": 8 }), "its type"),
            (json!([]), "invalid"),
            (Value::Null, "invalid type"),
        ] {
            let error = Finding::parse(&detail).unwrap_err().to_string();
            assert!(error.contains(why), "{detail}: {error}");
        }
        let odd = json!({
            "id": "f", "type": "T", "severity": 8,
            "resource": { "instanceDetails": { "instanceId": "i-99999999\nrm", "tags": null }, "eksClusterDetails": null },
        });
        let odd = Finding::parse(&odd).unwrap();
        assert_eq!((odd.instance, odd.cluster), (None, None));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(|number| json!(number)),
            ".{0,40}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-zA-Z]{1,12}", inner, 0..4).prop_map(|map| json!(map)),
            ]
        })
    }

    /// All places of a value, as JSON pointers.
    fn places(value: &Value, at: &str, all: &mut Vec<String>) {
        all.push(at.to_owned());
        match value {
            Value::Object(fields) => {
                fields.iter().for_each(|(name, value)| places(value, &format!("{at}/{name}"), all))
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(index, value)| places(value, &format!("{at}/{index}"), all));
            }
            _ => {}
        }
    }

    proptest! {
        /// Whatever stands anywhere in a real finding, it is read or refused with a reason, and what is read can be kept and
        /// is what its names say.
        #[test]
        fn anything_anywhere_is_read_or_refused(which in 0..3_usize, place in any::<prop::sample::Index>(), other in any_json()) {
            let mut detail = sample(["guardduty-runtime.json", "guardduty-audit-log.json", "guardduty-ec2.json"][which])["detail"].clone();
            let mut all = Vec::new();
            places(&detail, "", &mut all);
            *detail.pointer_mut(&all[place.index(all.len())]).unwrap() = other;
            match Finding::parse(&detail) {
                Err(error) => prop_assert!(error.0.len() > 5),
                Ok(finding) => {
                    prop_assert!(finding.instance.as_deref().is_none_or(is_instance));
                    prop_assert!(finding.pod.iter().all(|(namespace, name)| is_name(namespace) && is_name(name)));
                    prop_assert!(finding.title.chars().count() <= LONGEST + 1 && finding.count >= 1);
                    let kept: Finding = serde_json::from_value(serde_json::to_value(&finding).unwrap()).unwrap();
                    prop_assert_eq!(kept, finding);
                }
            }
        }

        #[test]
        fn any_json_at_all_is_read_or_refused(detail in any_json()) {
            let _ = Finding::parse(&detail);
        }
    }
}
