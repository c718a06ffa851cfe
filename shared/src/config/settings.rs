//! What the variables say.

use std::time::Duration;

use jiff::tz::TimeZone;
use url::Url;

use super::{
    door,
    reader::{ConfigError, Problem, Reader},
    secret::SecretSource,
    structure::{ClusterSettings, Structure},
    zones::{GrayFailureSettings, ZoneQuery},
};
use crate::{roles::Roles, store::StoreLocation, text::Language};

/// All settings, checked. What is `None` was not set and has no default.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Clusters of `NIGHTSHIFT_CLUSTERS`, then those of the file.
    pub clusters: Vec<ClusterSettings>,
    /// A Kubernetes API without EKS.
    pub kube_endpoint: Option<Url>,
    /// The namespace meant where none is named.
    pub namespace: String,
    /// Slack.
    pub slack: SlackSettings,
    /// Where things are kept.
    pub store: Option<StoreLocation>,
    /// The functions' own bus.
    pub bus: Option<String>,
    /// The webhooks' shared secrets, the one that is valid beside it last.
    pub webhook_secrets: Vec<SecretSource>,
    /// How long an alert that its sender does not repeat is taken to fire.
    pub alert_silence: Duration,
    /// Prometheus.
    pub prometheus_url: Option<Url>,
    /// For links in messages.
    pub links: Links,
    /// Agents.
    pub bedrock: BedrockSettings,
    /// Where incidents' tickets are kept, if anywhere.
    pub tickets: Option<TicketSettings>,
    /// The bucket that the audit log is exported to.
    pub audit_bucket: Option<String>,
    /// What `/net-check` looks at.
    pub net_check: NetCheck,
    /// Reports.
    pub reports: ReportSettings,
    /// The language of messages.
    pub language: Language,
    /// The time zone of times in messages.
    pub time_zone: TimeZone,
    /// What is logged.
    pub log: String,
    /// The file.
    pub structure: Structure,
}

/// Slack.
#[derive(Debug, Clone)]
pub struct SlackSettings {
    /// The bot token.
    pub bot_token: Option<SecretSource>,
    /// The signing secret.
    pub signing_secret: Option<SecretSource>,
    /// The channel of last resort.
    pub channel: Option<String>,
    /// The Web API.
    pub api_url: Option<Url>,
    /// Who sees the answer to a slash command.
    pub answers: Answers,
}

/// Who sees the answer to a slash command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Answers {
    /// Whoever asked.
    #[default]
    Ephemeral,
    /// Everybody in the channel.
    InChannel,
}

/// Where links in messages lead.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Links {
    /// Dashboards.
    pub grafana: Option<Url>,
    /// The mesh.
    pub kiali: Option<Url>,
    /// Logs.
    pub loki: Option<Url>,
    /// Traces.
    pub tempo: Option<Url>,
}

/// Agents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BedrockSettings {
    /// Agent and alias for analyses.
    pub analysis: Option<(String, String)>,
    /// Agent and alias for reports.
    pub report: Option<(String, String)>,
    /// The knowledge base of incident documents.
    pub knowledge_base: Option<String>,
    /// Its data source of type CUSTOM, by which documents get into it.
    pub knowledge_source: Option<String>,
}

/// Where incidents' tickets are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TicketSettings {
    /// A Jira project.
    Jira {
        /// The site.
        url: Url,
        /// The project's key.
        project: String,
        /// The type of issues.
        issue_type: String,
        /// Whose API token it is; absent for a personal access token.
        user: Option<String>,
        /// The token.
        token: SecretSource,
    },
    /// A GitHub repository.
    GitHub {
        /// The API.
        url: Url,
        /// `owner/name`.
        repository: String,
        /// The token.
        token: SecretSource,
    },
}

/// What `/net-check` looks at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NetCheck {
    /// Database host.
    pub rds_endpoint: Option<String>,
    /// Database port.
    pub rds_port: u16,
    /// Bucket.
    pub s3_bucket: Option<String>,
    /// Table.
    pub dynamodb_table: Option<String>,
}

/// Reports.
#[derive(Debug, Clone)]
pub struct ReportSettings {
    /// Whether they are sent.
    pub enabled: bool,
    /// At which hours, ascending.
    pub hours: Vec<i8>,
    /// In which time zone.
    pub time_zone: TimeZone,
    /// The region of SES.
    pub ses_region: Option<String>,
    /// The sender.
    pub ses_from: Option<String>,
}

impl Settings {
    /// The settings of this process's environment. `required` are the variables without which the function cannot work;
    /// a secret counts as set when its ARN is.
    pub fn from_env(required: &[&str]) -> Result<Self, ConfigError> {
        Self::from_lookup(required, &|name| std::env::var(name).ok(), &|path| std::fs::read_to_string(path))
    }

    /// The settings that `lookup` gives, with files read by `read_file`.
    pub fn from_lookup(
        required: &[&str],
        lookup: &dyn Fn(&str) -> Option<String>,
        read_file: &dyn Fn(&str) -> std::io::Result<String>,
    ) -> Result<Self, ConfigError> {
        let reader = Reader::new(lookup);
        reader.require(required);
        let structure = structure(&reader, read_file);
        let settings = Self {
            clusters: clusters(&reader, &structure),
            kube_endpoint: reader.url("NIGHTSHIFT_KUBE_ENDPOINT"),
            namespace: reader.text("K8S_NAMESPACE").unwrap_or_default(),
            slack: SlackSettings {
                bot_token: reader.secret("SLACK_BOT_TOKEN", "SLACK_BOT_TOKEN_SECRET_ARN"),
                signing_secret: door::signing_secret(&reader),
                channel: reader.text("SLACK_CHANNEL"),
                api_url: reader.url("SLACK_API_URL"),
                answers: reader.with("NIGHTSHIFT_ANSWERS", answers).unwrap_or_default(),
            },
            store: reader.with("NIGHTSHIFT_STORE", str::parse),
            bus: reader.text("NIGHTSHIFT_BUS"),
            webhook_secrets: door::webhook_secrets(&reader),
            alert_silence: reader.with("NIGHTSHIFT_ALERT_SILENCE_HOURS", alert_silence).unwrap_or_default(),
            prometheus_url: reader.url("PROMETHEUS_URL"),
            links: Links {
                grafana: reader.url("GRAFANA_URL"),
                kiali: reader.url("KIALI_URL"),
                loki: reader.url("LOKI_URL"),
                tempo: reader.url("TEMPO_URL"),
            },
            bedrock: BedrockSettings {
                analysis: agent(&reader, "BEDROCK_ANALYSIS_AGENT_ID", "BEDROCK_ANALYSIS_AGENT_ALIAS_ID"),
                report: agent(&reader, "BEDROCK_REPORT_AGENT_ID", "BEDROCK_REPORT_AGENT_ALIAS_ID"),
                knowledge_base: reader.text("BEDROCK_KNOWLEDGE_BASE_ID"),
                knowledge_source: reader.text("BEDROCK_KNOWLEDGE_DATA_SOURCE_ID"),
            },
            tickets: tickets(&reader),
            audit_bucket: reader.text("NIGHTSHIFT_AUDIT_BUCKET"),
            net_check: NetCheck {
                rds_endpoint: reader.text("RDS_ENDPOINT"),
                rds_port: reader.parsed("RDS_PORT", "a port number").unwrap_or_default(),
                s3_bucket: reader.text("S3_BUCKET"),
                dynamodb_table: reader.text("DYNAMODB_TABLE"),
            },
            reports: ReportSettings {
                enabled: reader.boolean("DAILY_REPORT_ENABLED"),
                hours: reader.with("DAILY_REPORT_HOURS", hours).unwrap_or_default(),
                time_zone: reader.with("DAILY_REPORT_TZ", time_zone).unwrap_or(TimeZone::UTC),
                ses_region: reader.text("AWS_SES_REGION"),
                ses_from: reader.with("AWS_SES_FROM_EMAIL", email),
            },
            language: reader.with("NIGHTSHIFT_LANG", language).unwrap_or_default(),
            time_zone: reader.with("NIGHTSHIFT_TZ", time_zone).unwrap_or(TimeZone::UTC),
            log: reader.text("NIGHTSHIFT_LOG").unwrap_or_default(),
            structure,
        };
        match reader.finish() {
            problems if problems.is_empty() => Ok(settings),
            problems => Err(ConfigError(problems)),
        }
    }

    /// The channel for what concerns this namespace of this cluster: the namespace's, the cluster's, or the one of last
    /// resort.
    pub fn channel_for(&self, cluster: &str, namespace: &str) -> Option<&str> {
        let of_cluster = || self.clusters.iter().find(|known| known.name == cluster)?.channel.as_deref();
        let of_namespace = self.structure.channels.get(namespace).map(String::as_str);
        of_namespace.or_else(of_cluster).or(self.slack.channel.as_deref())
    }

    /// What is watched of a cluster's zones, and all that is read of them.
    pub fn zones(&self, cluster: &str) -> (GrayFailureSettings, Vec<ZoneQuery>) {
        let settings = self.structure.gray_failure.get(cluster).cloned().unwrap_or_default();
        let services = self.structure.services.iter();
        let of_cluster = services.filter(|service| service.cluster.as_deref().is_none_or(|of| of == cluster));
        let queries = settings.all_queries(of_cluster.filter_map(|service| service.load_balancer.as_deref()));
        (settings, queries)
    }

    /// Who may ask and do what.
    pub fn roles(&self) -> Roles {
        Roles::new(self.structure.roles.clone())
    }
}

/// Jira or GitHub, whichever is set up; half a set-up and both are mistakes.
fn tickets(reader: &Reader<'_>) -> Option<TicketSettings> {
    let (url, project) = (reader.url("JIRA_URL"), reader.with("JIRA_PROJECT", jira_project));
    let (issue_type, user) = (reader.text("JIRA_ISSUE_TYPE").unwrap_or_default(), reader.text("JIRA_USER"));
    let jira_token = reader.secret("JIRA_TOKEN", "JIRA_TOKEN_SECRET_ARN");
    let repository = reader.with("GITHUB_ISSUES_REPOSITORY", github_repository);
    let github_token = reader.secret("GITHUB_ISSUES_TOKEN", "GITHUB_ISSUES_TOKEN_SECRET_ARN");
    let jira = match (url, project, jira_token) {
        (Some(url), Some(project), Some(token)) => Some(TicketSettings::Jira { url, project, issue_type, user, token }),
        (None, None, None) => None,
        _ => {
            reader.problem("JIRA_URL", "is set in part; set JIRA_URL, JIRA_PROJECT and JIRA_TOKEN_SECRET_ARN, or none");
            None
        }
    };
    let api = reader.url("GITHUB_ISSUES_API_URL");
    let github = match (repository, github_token) {
        (Some(repository), Some(token)) => api.map(|url| TicketSettings::GitHub { url, repository, token }),
        (None, None) => None,
        _ => {
            let problem = "is set in part; set it and GITHUB_ISSUES_TOKEN_SECRET_ARN, or neither";
            reader.problem("GITHUB_ISSUES_REPOSITORY", problem);
            None
        }
    };
    if jira.is_some() && github.is_some() {
        reader.problem("GITHUB_ISSUES_REPOSITORY", "is set beside JIRA_URL; an incident has one ticket, choose one");
    }
    jira.or(github)
}

fn jira_project(text: &str) -> Result<String, String> {
    let is_key = text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    if is_key { Ok(text.to_owned()) } else { Err(format!("is \"{text}\"; write the project's key, for example OPS")) }
}

fn github_repository(text: &str) -> Result<String, String> {
    let is_name = |name: &str| {
        !name.is_empty()
            && !name.starts_with('.')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    match text.split_once('/') {
        Some((owner, name)) if is_name(owner) && is_name(name) => Ok(text.to_owned()),
        _ => Err(format!("is \"{text}\"; write OWNER/NAME")),
    }
}

fn structure(reader: &Reader<'_>, read_file: &dyn Fn(&str) -> std::io::Result<String>) -> Structure {
    let Some(path) = reader.text("NIGHTSHIFT_CONFIG") else { return Structure::default() };
    let text = match read_file(&path) {
        Ok(text) => text,
        Err(error) => {
            reader.problem(
                "NIGHTSHIFT_CONFIG",
                format!(
                    "is \"{path}\", which cannot be read ({error}); name a YAML file, ssm:/NAME or s3://BUCKET/KEY"
                ),
            );
            return Structure::default();
        }
    };
    Structure::parse(&text).unwrap_or_else(|problems| {
        for Problem { setting, problem } in problems {
            reader.problem(setting, problem);
        }
        Structure::default()
    })
}

fn clusters(reader: &Reader<'_>, structure: &Structure) -> Vec<ClusterSettings> {
    let named = reader.with("NIGHTSHIFT_CLUSTERS", |text| {
        text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(cluster).collect::<Result<Vec<_>, _>>()
    });
    let mut clusters = named.unwrap_or_default();
    clusters.retain(|cluster| structure.clusters.iter().all(|other| other.name != cluster.name));
    clusters.extend(structure.clusters.iter().cloned());
    clusters
}

fn cluster(text: &str) -> Result<ClusterSettings, String> {
    let (name, region) = match text.split_once('@') {
        Some((name, region)) => (name, Some(region.to_owned())),
        None => (text, None),
    };
    // https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html
    let is_name = !name.is_empty()
        && name.len() <= 100
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if !is_name || region.as_deref() == Some("") {
        return Err(format!("has \"{text}\", which is no cluster; write NAME or NAME@REGION, separated by commas"));
    }
    Ok(ClusterSettings { name: name.to_owned(), region, ..ClusterSettings::default() })
}

fn agent(reader: &Reader<'_>, id: &'static str, alias: &'static str) -> Option<(String, String)> {
    match (reader.text(id), reader.text(alias)) {
        (Some(id), Some(alias)) => Some((id, alias)),
        (Some(_), None) => {
            reader.problem(alias, format!("is not set, but {id} is; set both or neither"));
            None
        }
        (None, Some(_)) => {
            reader.problem(id, format!("is not set, but {alias} is; set both or neither"));
            None
        }
        (None, None) => None,
    }
}

fn hours(text: &str) -> Result<Vec<i8>, String> {
    let mut hours = text
        .split(',')
        .map(|hour| hour.trim().parse::<i8>().ok().filter(|hour| (0..24).contains(hour)))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| format!("is \"{text}\"; write hours from 0 to 23, separated by commas"))?;
    hours.sort_unstable();
    hours.dedup();
    Ok(hours)
}

fn alert_silence(text: &str) -> Result<Duration, String> {
    match text.parse::<u16>() {
        Ok(hours @ 1..=720) => Ok(Duration::from_secs(u64::from(hours) * 3600)),
        _ => Err(format!("is \"{text}\"; write hours from 1 to 720")),
    }
}

fn time_zone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text).map_err(|_| format!("is \"{text}\", which is no time zone; write for example Asia/Seoul"))
}

pub(super) fn language(text: &str) -> Result<Language, String> {
    Language::from_code(text).ok_or_else(|| format!("is \"{text}\"; write en or ko"))
}

fn answers(text: &str) -> Result<Answers, String> {
    match text {
        "ephemeral" => Ok(Answers::Ephemeral),
        "in_channel" => Ok(Answers::InChannel),
        _ => Err(format!("is \"{text}\"; write ephemeral or in_channel")),
    }
}

fn email(text: &str) -> Result<String, String> {
    match text.split_once('@') {
        Some((name, host)) if !name.is_empty() && host.contains('.') => Ok(text.to_owned()),
        _ => Err(format!("is \"{text}\", which is no e-mail address; write name@example.com")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::config::table::SETTINGS;

    fn read(required: &[&str], variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
        let lookup =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Settings::from_lookup(required, &lookup, &|path| match path {
            "nightshift.yaml" => {
                Ok("clusters: [{ name: stage-eks, channel: C02 }]\nchannels: { shop: C03 }".to_owned())
            }
            _ => Err(std::io::ErrorKind::NotFound.into()),
        })
    }

    #[test]
    fn defaults_are_those_of_the_table() {
        let settings = read(&[], &[]).unwrap();
        assert_eq!(settings.reports.hours, [9]);
        assert_eq!(settings.reports.time_zone.iana_name(), Some("Asia/Seoul"));
        assert_eq!(settings.slack.api_url.unwrap().as_str(), "https://slack.com/api/");
        assert_eq!(settings.net_check.rds_port, 5432);
        assert_eq!(settings.language, Language::En);
    }

    #[test]
    fn a_channel_is_the_namespaces_the_clusters_or_the_last_resort() {
        let settings = read(
            &[],
            &[
                ("NIGHTSHIFT_CLUSTERS", "prod-eks@eu-west-1"),
                ("NIGHTSHIFT_CONFIG", "nightshift.yaml"),
                ("SLACK_CHANNEL", "C01"),
            ],
        )
        .unwrap();
        assert_eq!(settings.clusters[0].region.as_deref(), Some("eu-west-1"));
        assert_eq!(settings.channel_for("prod-eks", "payments"), Some("C01"));
        assert_eq!(settings.channel_for("stage-eks", "payments"), Some("C02"));
        assert_eq!(settings.channel_for("stage-eks", "shop"), Some("C03"));
    }

    #[test]
    fn every_mistake_is_told_at_once_with_what_to_do() {
        let error = read(
            &["SLACK_BOT_TOKEN", "SLACK_CHANNEL"],
            &[
                ("SLACK_BOT_TOKEN_SECRET_ARN", "my-secret"),
                ("NIGHTSHIFT_STORE", "sqlite:x"),
                ("DAILY_REPORT_HOURS", "9,24"),
                ("NIGHTSHIFT_TZ", "Asia/Soul"),
                ("PROMETHEUS_URL", "prometheus:9090"),
                ("BEDROCK_ANALYSIS_AGENT_ID", "A"),
                ("NIGHTSHIFT_CONFIG", "absent.yaml"),
                ("RDS_PORT", "mysql"),
            ],
        )
        .unwrap_err();
        insta::assert_snapshot!(error.to_string());
    }

    #[test]
    fn debug_shows_no_secret() {
        let value = ["not", "to", "be", "seen"].concat();
        let names = ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "WEBHOOK_SECRET"];
        let settings = read(&names, &names.map(|name| (name, value.as_str()))).unwrap();
        assert!(!format!("{settings:?}").contains(&value));
    }

    #[test]
    fn every_setting_of_the_table_is_read_and_no_other() {
        let seen = std::cell::RefCell::new(BTreeSet::new());
        let lookup = |name: &str| {
            seen.borrow_mut().insert(name.to_owned());
            None
        };
        Settings::from_lookup(&[], &lookup, &|_| Ok(String::new())).unwrap();
        let table: BTreeSet<String> = SETTINGS.iter().map(|setting| setting.name.to_owned()).collect();
        assert_eq!(seen.into_inner(), table);
    }
}
