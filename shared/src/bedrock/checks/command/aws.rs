//! Reading commands of the AWS CLI: <https://docs.aws.amazon.com/cli/latest/reference/>. None of these returns a secret.

use super::super::words::has;
use super::{BadCommand, OwnedMention, ReadCommand};

/// Services and the beginnings of their operations.
const OPERATIONS: &[(&str, &[&str])] = &[
    ("eks", &["describe-", "list-"]),
    (
        "ec2",
        &[
            "describe-instances",
            "describe-instance-status",
            "describe-instance-types",
            "describe-instance-type-offerings",
            "describe-subnets",
            "describe-volumes",
            "describe-volume-status",
            "describe-network-interfaces",
            "describe-availability-zones",
            "describe-security-groups",
            "describe-route-tables",
            "describe-nat-gateways",
            "describe-vpcs",
            "describe-spot-price-history",
            "describe-spot-instance-requests",
            "describe-instance-topology",
        ],
    ),
    (
        "cloudwatch",
        &[
            "describe-alarms",
            "describe-alarm-history",
            "describe-anomaly-detectors",
            "get-metric-statistics",
            "list-metrics",
        ],
    ),
    ("logs", &["describe-log-groups", "describe-log-streams"]),
    ("elbv2", &["describe-"]),
    ("autoscaling", &["describe-"]),
    (
        "rds",
        &["describe-db-instances", "describe-db-clusters", "describe-events", "describe-pending-maintenance-actions"],
    ),
    ("dynamodb", &["describe-table", "list-tables"]),
    ("elasticache", &["describe-cache-clusters", "describe-replication-groups", "describe-events"]),
    ("ecr", &["describe-images", "describe-repositories", "list-images"]),
    ("efs", &["describe-file-systems", "describe-mount-targets"]),
    ("health", &["describe-events"]),
    ("service-quotas", &["list-service-quotas", "get-service-quota"]),
    ("arc-zonal-shift", &["list-zonal-shifts", "list-managed-resources", "get-managed-resource", "list-autoshifts"]),
    ("fis", &["list-experiments", "get-experiment", "list-experiment-resolved-targets"]),
    ("sts", &["get-caller-identity"]),
    ("amp", &["describe-workspace", "list-workspaces"]),
    ("kafka", &["describe-cluster", "list-clusters"]),
];

/// Operations of the above that hand out more than a description.
const NEVER: &[&str] = &["describe-user-data", "describe-launch-configurations", "describe-identity-provider-config"];

/// Flags whose values choose an existing thing.
const NAMED: &str = "
--name --cluster-name --nodegroup-name --addon-name --fargate-profile-name --alarm-names --alarm-name
--alarm-name-prefix --instance-ids --subnet-ids --volume-ids --vpc-ids --group-ids --network-interface-ids
--load-balancer-arns --target-group-arn --target-group-arns --load-balancer-arn --names --auto-scaling-group-names
--auto-scaling-group-name --db-instance-identifier --db-cluster-identifier --table-name --cache-cluster-id
--replication-group-id --repository-name --repository-names --file-system-id --resource-identifier --id
--experiment-id --workspace-id --cluster-arn --log-group-name --log-group-name-prefix --update-id --route-table-ids
--nat-gateway-ids
";

/// Flags whose values are free, by their form.
const FREE: &str = "
--region --output --max-items --max-results --page-size --start-time --end-time --period --statistics
--extended-statistics --namespace --metric-name --dimensions --filters --state-value --source-type --duration
--availability-zone --service-code --quota-code --instance-types --product-descriptions --location-type
--history-item-type --kubernetes-version --source-identifier --include-all-instances --image-ids --alarm-types
--no-paginate --no-cli-pager --all-availability-zones --resource-type
";

/// Words that stand for themselves in filters and dimensions.
const KEYWORDS: &str = "
json text table yaml ALARM OK INSUFFICIENT_DATA Average Sum Maximum Minimum SampleCount StateUpdate db-instance
db-cluster Linux/UNIX availability-zone availability-zone-id region running pending stopped CompositeAlarm MetricAlarm
instance-type imageTag imageDigest
";

pub(super) fn parse(words: &[String]) -> Result<ReadCommand, BadCommand> {
    let [service, operation, rest @ ..] = words else { return Err(BadCommand::Shape("the end".to_owned())) };
    let known = OPERATIONS.iter().find(|(name, _)| name == service).is_some_and(|(_, operations)| {
        operations.iter().any(|one| if one.ends_with('-') { operation.starts_with(one) } else { operation == one })
    });
    let plain = operation.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    if !known || !plain || NEVER.contains(&operation.as_str()) {
        return Err(BadCommand::Verb(format!("{service} {operation}")));
    }
    let mut rendered = vec!["aws".to_owned(), service.clone(), operation.clone()];
    let mut mentions = Vec::new();
    let mut flag: Option<&str> = None;
    for word in rest {
        if word.starts_with('-') {
            let name = word.split('=').next().unwrap_or_default();
            if !has(NAMED, name) && !has(FREE, name) {
                return Err(BadCommand::Flag(name.to_owned()));
            }
            flag = Some(name);
            if let Some((_, value)) = word.split_once('=') {
                check(name, value, &mut mentions)?;
            }
        } else {
            let name = flag.ok_or_else(|| BadCommand::Shape(word.clone()))?;
            check(name, word, &mut mentions)?;
        }
        rendered.push(word.clone());
    }
    Ok(ReadCommand { words: rendered, mentions })
}

fn check(flag: &str, value: &str, mentions: &mut Vec<OwnedMention>) -> Result<(), BadCommand> {
    let bad = || BadCommand::Name(value.to_owned());
    if value.is_empty() || value.contains("://") || value.contains(['@', '%']) || value.starts_with('.') {
        return Err(bad());
    }
    if has(NAMED, flag) {
        mentions.push(OwnedMention::Word(value.to_owned()));
        return Ok(());
    }
    match flag {
        "--dimensions" | "--filters" => {
            for part in value.split(',') {
                let value = part.split_once('=').map_or(part, |(_, value)| value);
                let key = part.split('=').next().unwrap_or_default();
                if matches!(key, "Name" | "name") || free(value) {
                    continue;
                }
                mentions.push(OwnedMention::Word(value.to_owned()));
            }
            Ok(())
        }
        "--source-identifier" | "--image-ids" => {
            mentions.push(OwnedMention::Word(value.to_owned()));
            Ok(())
        }
        "--namespace" => {
            let known =
                value.starts_with("AWS/") || value == "ContainerInsights" || value == "ContainerInsights/Prometheus";
            if known { Ok(()) } else { Err(bad()) }
        }
        "--metric-name" | "--service-code" | "--quota-code" | "--resource-type" if is_identifier(value) => Ok(()),
        "--instance-types" | "--product-descriptions" if value.len() <= 24 => Ok(()),
        _ if free(value) => Ok(()),
        _ => Err(bad()),
    }
}

fn is_identifier(value: &str) -> bool {
    value.len() <= 64 && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// Numbers, times, regions, zones, percentiles and keywords.
fn free(value: &str) -> bool {
    let number = value.parse::<f64>().is_ok();
    let time = value.parse::<jiff::Timestamp>().is_ok() || value.parse::<jiff::civil::DateTime>().is_ok();
    let parts: Vec<&str> = value.split('-').collect();
    let region = matches!(parts.len(), 3 | 4)
        && parts[..parts.len() - 1]
            .iter()
            .all(|part| (2..=10).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_lowercase()))
        && parts[parts.len() - 1].len() <= 2
        && parts[parts.len() - 1].starts_with(|c: char| c.is_ascii_digit());
    let percentile = value.strip_prefix('p').is_some_and(|rest| rest.parse::<f64>().is_ok());
    number || time || region || percentile || has(KEYWORDS, value)
}
