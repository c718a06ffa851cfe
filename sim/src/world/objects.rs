//! Kubernetes objects as JSON: the manifests of the shop and of the cluster's own parts.

use serde_json::{Value, json};

use super::kinds::Kind;
use super::shop::{App, Runner};

/// `2026-11-21T14:23:00Z`.
pub(crate) fn stamp(at: i64) -> String {
    jiff::Timestamp::from_second(at).unwrap_or_default().to_string()
}

/// A stamp back to seconds.
pub(crate) fn seconds(stamp: &Value) -> Option<i64> {
    stamp.as_str()?.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
}

/// An object of this kind with nothing but a name.
pub(crate) fn object(kind: Kind, namespace: &str, name: &str) -> Value {
    let mut metadata = json!({ "name": name });
    if !namespace.is_empty() {
        metadata["namespace"] = json!(namespace);
    }
    json!({ "apiVersion": kind.resource().api_version(), "kind": kind.name(), "metadata": metadata })
}

fn labels(app: &App) -> Value {
    json!({ "app.kubernetes.io/name": app.name, "app.kubernetes.io/part-of": app.namespace })
}

fn selector(app: &App) -> Value {
    json!({ "app.kubernetes.io/name": app.name })
}

/// The pod template of an application at one of its versions.
pub(crate) fn template(app: &App, registry: &str, version: &str) -> Value {
    let reference = format!("{}:{version}", app.repository(registry));
    let mut container = json!({
        "name": app.name,
        "image": reference,
        "imagePullPolicy": "IfNotPresent",
        "ports": [{ "name": if app.port == 5432 { "postgres" } else { "http" }, "containerPort": app.port, "protocol": "TCP" }],
        "resources": {
            "requests": { "cpu": format!("{}m", app.cpu_request_m), "memory": format!("{}Mi", app.memory_request_mi) },
            "limits": { "memory": format!("{}Mi", app.memory_limit_mi) },
        },
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    });
    if !app.environment.is_empty() {
        container["env"] =
            app.environment.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    }
    let plain = app.runner == Runner::Deployment && app.namespace != "kube-system";
    if plain {
        let probe = |path: &str, delay: i64, period: i64| {
            json!({
                "httpGet": { "path": path, "port": "http", "scheme": "HTTP" },
                "initialDelaySeconds": delay, "periodSeconds": period, "timeoutSeconds": 1,
                "successThreshold": 1, "failureThreshold": 3,
            })
        };
        container["readinessProbe"] = probe("/ready", 2, 5);
        container["livenessProbe"] = probe("/healthz", 15, 10);
        container["envFrom"] = json!([{ "configMapRef": { "name": format!("{}-config", app.name) } }]);
    }
    if app.volume_gi.is_some() {
        container["volumeMounts"] = json!([{ "name": "data", "mountPath": "/data" }]);
        container["readinessProbe"] = json!({
            "tcpSocket": { "port": app.port }, "initialDelaySeconds": 2, "periodSeconds": 10, "timeoutSeconds": 1,
            "successThreshold": 1, "failureThreshold": 3,
        });
    }
    let mut spec = json!({
        "containers": [container],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": app.name,
        "serviceAccount": app.name,
        "securityContext": {},
        "schedulerName": "default-scheduler",
    });
    match app.runner {
        Runner::DaemonSet => {
            spec["hostNetwork"] = json!(true);
            spec["priorityClassName"] = json!("system-node-critical");
            spec["tolerations"] = json!([{ "operator": "Exists" }]);
        }
        Runner::Deployment if app.replicas > 1 => {
            spec["topologySpreadConstraints"] = json!([{
                "maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": { "matchLabels": selector(app) },
            }]);
        }
        _ => {}
    }
    let mut labels = labels(app);
    labels["app.kubernetes.io/version"] = json!(version);
    json!({ "metadata": { "labels": labels }, "spec": spec })
}

/// The object that runs an application.
pub(crate) fn workload(app: &App, registry: &str, version: &str) -> (Kind, Value) {
    let kind = match app.runner {
        Runner::Deployment => Kind::Deployment,
        Runner::StatefulSet => Kind::StatefulSet,
        Runner::DaemonSet => Kind::DaemonSet,
    };
    let mut workload = object(kind, &app.namespace, &app.name);
    workload["metadata"]["labels"] = labels(app);
    workload["spec"] = json!({
        "selector": { "matchLabels": selector(app) },
        "template": template(app, registry, version),
        "revisionHistoryLimit": 10,
    });
    let spec = &mut workload["spec"];
    match app.runner {
        Runner::Deployment => {
            spec["replicas"] = json!(app.replicas);
            spec["progressDeadlineSeconds"] = json!(600);
            spec["strategy"] = if app.recreated {
                json!({ "type": "Recreate" })
            } else {
                json!({ "type": "RollingUpdate", "rollingUpdate": { "maxSurge": "25%", "maxUnavailable": "25%" } })
            };
        }
        Runner::StatefulSet => {
            spec["replicas"] = json!(app.replicas);
            spec["serviceName"] = json!(app.name);
            spec["podManagementPolicy"] = json!("OrderedReady");
            spec["updateStrategy"] = json!({ "type": "RollingUpdate", "rollingUpdate": { "partition": 0 } });
            spec["volumeClaimTemplates"] = json!([{
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": "data" },
                "spec": {
                    "accessModes": ["ReadWriteOnce"], "storageClassName": "gp3", "volumeMode": "Filesystem",
                    "resources": { "requests": { "storage": format!("{}Gi", app.volume_gi.unwrap_or(10)) } },
                },
            }]);
        }
        Runner::DaemonSet => {
            spec["updateStrategy"] =
                json!({ "type": "RollingUpdate", "rollingUpdate": { "maxSurge": 0, "maxUnavailable": "10%" } });
        }
    }
    (kind, workload)
}

/// The application's Service.
pub(crate) fn service(app: &App, cluster_ip: &str) -> Value {
    let mut service = object(Kind::Service, &app.namespace, &app.name);
    service["metadata"]["labels"] = labels(app);
    let headless = app.runner == Runner::StatefulSet;
    let address = if headless { "None" } else { cluster_ip };
    let port = if app.port == 8080 { 80 } else { app.port };
    service["spec"] = json!({
        "type": "ClusterIP", "clusterIP": address, "clusterIPs": [address], "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster", "sessionAffinity": "None",
        "selector": selector(app),
        "ports": [{ "name": "http", "port": port, "protocol": "TCP", "targetPort": app.port }],
    });
    if app.port == 53 {
        service["metadata"]["name"] = json!("kube-dns");
        service["spec"]["ports"] = json!([{ "name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53 }]);
    }
    service["status"] = json!({ "loadBalancer": {} });
    service
}

/// The application's autoscaler, if it has one.
pub(crate) fn autoscaler(app: &App) -> Option<Value> {
    let (least, most, percent) = app.autoscaler?;
    let mut autoscaler = object(Kind::HorizontalPodAutoscaler, &app.namespace, &app.name);
    autoscaler["spec"] = json!({
        "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": app.name },
        "minReplicas": least, "maxReplicas": most,
        "metrics": [{ "type": "Resource", "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": percent } } }],
    });
    Some(autoscaler)
}

/// The application's disruption budget, if it has one.
pub(crate) fn disruption_budget(app: &App) -> Option<Value> {
    let away = app.may_be_away?;
    let mut budget = object(Kind::PodDisruptionBudget, &app.namespace, &app.name);
    budget["spec"] = json!({ "maxUnavailable": away, "selector": { "matchLabels": selector(app) } });
    Some(budget)
}
