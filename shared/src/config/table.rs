//! Every environment variable that Nightshift reads.

/// One setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// The variable.
    pub name: &'static str,
    /// The part of Nightshift that it belongs to.
    pub group: &'static str,
    /// What it means.
    pub explanation: &'static str,
    /// What counts when it is not set.
    pub default: Option<&'static str>,
    /// A value as it could be.
    pub example: &'static str,
    /// Whether its value must not be shown.
    pub is_secret: bool,
}

const fn setting(
    group: &'static str,
    name: &'static str,
    default: Option<&'static str>,
    example: &'static str,
    explanation: &'static str,
) -> Setting {
    Setting { name, group, explanation, default, example, is_secret: false }
}

const fn secret(group: &'static str, name: &'static str, explanation: &'static str) -> Setting {
    Setting { name, group, explanation, default: None, example: "", is_secret: true }
}

const CLUSTER: &str = "Clusters";
const SLACK: &str = "Slack";
const KEEPING: &str = "Store and events";
const LINKS: &str = "Metrics and links";
const BEDROCK: &str = "Bedrock";
const TICKETS: &str = "Tickets";
const NET: &str = "Network check";
const REPORT: &str = "Reports";
const GENERAL: &str = "General";

/// Every setting, in the order of `docs/settings.md`.
#[rustfmt::skip]
pub const SETTINGS: &[Setting] = &[
    setting(CLUSTER, "NIGHTSHIFT_CLUSTERS", None, "prod-eks,stage-eks@eu-west-1",
        "The EKS clusters, with the region where it is not the function's own. Further clusters, with roles and channels, go into the file of NIGHTSHIFT_CONFIG."),
    setting(CLUSTER, "NIGHTSHIFT_KUBE_ENDPOINT", None, "http://127.0.0.1:8001",
        "A Kubernetes API to use as it is, without EKS and without a token: a kubectl proxy, or nightshift sim."),
    setting(CLUSTER, "K8S_NAMESPACE", Some("default"), "payments",
        "The namespace meant where a command or an alarm names none."),

    secret(SLACK, "SLACK_BOT_TOKEN", "The app's bot token. On a laptop; elsewhere SLACK_BOT_TOKEN_SECRET_ARN."),
    setting(SLACK, "SLACK_BOT_TOKEN_SECRET_ARN", None, "arn:aws:secretsmanager:eu-west-1:111122223333:secret:nightshift#bot_token",
        "Where Secrets Manager keeps the bot token; #KEY takes one key of a JSON object."),
    secret(SLACK, "SLACK_SIGNING_SECRET", "The app's signing secret, by which requests are known to be Slack's."),
    setting(SLACK, "SLACK_SIGNING_SECRET_SECRET_ARN", None, "arn:aws:secretsmanager:eu-west-1:111122223333:secret:nightshift#signing_secret",
        "Where Secrets Manager keeps the signing secret."),
    setting(SLACK, "SLACK_CHANNEL", None, "C0123456789",
        "The channel for everything that has no channel of its own. Its id, not its name: a channel can be renamed, and only an id lets Nightshift look whether a message is there."),
    setting(SLACK, "SLACK_API_URL", Some("https://slack.com/api/"), "http://127.0.0.1:8003/api/",
        "Where the Slack Web API is."),
    setting(SLACK, "NIGHTSHIFT_ANSWERS", Some("ephemeral"), "in_channel",
        "Who sees the answer to a slash command: ephemeral (whoever asked) or in_channel (everybody there)."),

    setting(KEEPING, "NIGHTSHIFT_STORE", None, "dynamodb:nightshift",
        "Where incidents, messages on their way and decisions are kept: dynamodb:TABLE, or file:PATH on a laptop."),
    setting(KEEPING, "NIGHTSHIFT_BUS", None, "nightshift",
        "The EventBridge bus on which the functions speak to each other."),
    setting(KEEPING, "NIGHTSHIFT_AUDIT_BUCKET", None, "nightshift-audit",
        "The bucket, with Object Lock, that every entry of the audit log is put into by remediation. Without it the log stays in the store alone."),
    secret(KEEPING, "WEBHOOK_SECRET", "The shared secret of Alertmanager's and Grafana's webhooks."),
    setting(KEEPING, "WEBHOOK_SECRET_SECRET_ARN", None, "arn:aws:secretsmanager:eu-west-1:111122223333:secret:nightshift#webhook",
        "Where Secrets Manager keeps the webhook secret."),
    secret(KEEPING, "WEBHOOK_SECRET_PREVIOUS", "A second secret that is valid beside WEBHOOK_SECRET, while senders are moved from one to the other."),
    setting(KEEPING, "WEBHOOK_SECRET_PREVIOUS_SECRET_ARN", None, "arn:aws:secretsmanager:eu-west-1:111122223333:secret:nightshift#webhook_previous",
        "Where Secrets Manager keeps that second secret; where the key is absent, only WEBHOOK_SECRET is valid."),

    setting(KEEPING, "NIGHTSHIFT_ALERT_SILENCE_HOURS", Some("12"), "26",
        "After how many hours an alert that its sender no longer repeats counts as over (it was silenced there, or its rule is gone): more than the repeat_interval of Alertmanager or Grafana."),

    setting(LINKS, "PROMETHEUS_URL", None, "http://prometheus.monitoring:9090",
        "Prometheus, or an Amazon Managed Prometheus workspace (requests to it are signed)."),
    setting(LINKS, "GRAFANA_URL", None, "https://grafana.example.com", "For links from messages to dashboards."),
    setting(LINKS, "KIALI_URL", None, "https://kiali.example.com", "For links to the service mesh."),
    setting(LINKS, "LOKI_URL", None, "https://grafana.example.com/explore", "For links to logs."),
    setting(LINKS, "TEMPO_URL", None, "https://grafana.example.com/explore", "For links to traces."),

    setting(BEDROCK, "BEDROCK_ANALYSIS_AGENT_ID", None, "A1B2C3D4E5",
        "The Bedrock agent that deepens an analysis and answers questions in Slack. Without it the rules speak alone."),
    setting(BEDROCK, "BEDROCK_ANALYSIS_AGENT_ALIAS_ID", None, "TSTALIASID", "The analysis agent's alias."),
    setting(BEDROCK, "BEDROCK_REPORT_AGENT_ID", None, "F6G7H8I9J0", "The Bedrock agent that writes report summaries."),
    setting(BEDROCK, "BEDROCK_REPORT_AGENT_ALIAS_ID", None, "TSTALIASID", "The report agent's alias."),
    setting(BEDROCK, "BEDROCK_KNOWLEDGE_BASE_ID", None, "KB12345678",
        "A knowledge base of incident documents, asked for earlier incidents that are alike by meaning."),
    setting(BEDROCK, "BEDROCK_KNOWLEDGE_DATA_SOURCE_ID", None, "DS12345678",
        "The knowledge base's data source of type CUSTOM, by which each incident's document gets into it. Without it the knowledge base is fed by hand with what nightshift learn --export writes."),

    setting(TICKETS, "JIRA_URL", None, "https://example.atlassian.net",
        "The Jira site in which each incident gets an issue. With JIRA_PROJECT and a token."),
    setting(TICKETS, "JIRA_PROJECT", None, "OPS",
        "The key of the project. Its create screen needs summary, description and labels, and no other field may be required."),
    setting(TICKETS, "JIRA_ISSUE_TYPE", Some("Task"), "Incident",
        "The type of the issues."),
    setting(TICKETS, "JIRA_USER", None, "nightshift@example.com",
        "Whose API token it is; left out for a personal access token."),
    secret(TICKETS, "JIRA_TOKEN", "The API token. On a laptop; elsewhere JIRA_TOKEN_SECRET_ARN."),
    setting(TICKETS, "JIRA_TOKEN_SECRET_ARN", None, "arn:aws:secretsmanager:eu-west-1:111122223333:secret:nightshift#jira_token",
        "Where Secrets Manager keeps the API token."),
    setting(TICKETS, "GITHUB_ISSUES_REPOSITORY", None, "example/operations",
        "The GitHub repository in which each incident gets an issue, in place of Jira. With a token."),
    secret(TICKETS, "GITHUB_ISSUES_TOKEN", "A token with read and write access to the repository's issues. On a laptop; elsewhere GITHUB_ISSUES_TOKEN_SECRET_ARN."),
    setting(TICKETS, "GITHUB_ISSUES_TOKEN_SECRET_ARN", None, "arn:aws:secretsmanager:eu-west-1:111122223333:secret:nightshift#github_token",
        "Where Secrets Manager keeps that token."),
    setting(TICKETS, "GITHUB_ISSUES_API_URL", Some("https://api.github.com"), "https://github.example.com/api/v3",
        "The API of a GitHub Enterprise Server."),

    setting(NET, "RDS_ENDPOINT", None, "db.example.eu-west-1.rds.amazonaws.com", "The database that /net-check connects to."),
    setting(NET, "RDS_PORT", Some("5432"), "3306", "Its port."),
    setting(NET, "S3_BUCKET", None, "orders-prod", "The bucket that /net-check looks for."),
    setting(NET, "DYNAMODB_TABLE", None, "carts", "The table that /net-check looks for. Nightshift's own table is in NIGHTSHIFT_STORE."),

    setting(REPORT, "DAILY_REPORT_ENABLED", Some("true"), "false", "Whether reports are sent."),
    setting(REPORT, "DAILY_REPORT_HOURS", Some("9"), "9,18", "The full hours at which they are sent, 0 to 23."),
    setting(REPORT, "DAILY_REPORT_TZ", Some("Asia/Seoul"), "Europe/Paris", "The time zone of those hours."),
    setting(REPORT, "AWS_SES_REGION", None, "eu-west-1", "The region that e-mail is sent from; the function's own when absent."),
    setting(REPORT, "AWS_SES_FROM_EMAIL", None, "nightshift@example.com", "The sender. Without it no e-mail is sent."),

    setting(GENERAL, "NIGHTSHIFT_LANG", Some("en"), "ko", "The language of messages: en or ko."),
    setting(GENERAL, "NIGHTSHIFT_TZ", Some("UTC"), "Asia/Seoul", "The time zone of times in messages."),
    setting(GENERAL, "NIGHTSHIFT_LOG", Some("info"), "info,shared::slack=debug", "What is logged: a level, and levels of modules."),
    setting(GENERAL, "NIGHTSHIFT_CONFIG", None, "/var/task/nightshift.yaml", "A YAML file with what is structured: clusters, services, channels of namespaces, roles. A path, an SSM parameter (ssm:/NAME) or an S3 object (s3://BUCKET/KEY); read at cold start by every function but intake, which needs none of it."),
];
