//! What `intake` needs: apart from the rest, so that it does not carry what reads YAML and time zones.

use super::{
    reader::{ConfigError, Reader},
    secret::SecretSource,
    settings::language,
};
use crate::text::Language;

/// The settings of the public door.
#[derive(Debug, Clone)]
pub struct DoorSettings {
    /// The bus that requests are published on.
    pub bus: String,
    /// By which Slack is known; where absent, Slack's paths let nobody in.
    pub signing_secret: Option<SecretSource>,
    /// By which senders of alerts are known, all of them valid; where empty, their paths let nobody in.
    pub webhook_secrets: Vec<SecretSource>,
    /// The language in which a command is acknowledged.
    pub language: Language,
    /// What is logged.
    pub log: String,
}

impl DoorSettings {
    /// The settings of this process's environment.
    ///
    /// # Errors
    ///
    /// When one is missing or wrong.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(&|name| std::env::var(name).ok())
    }

    /// The settings that `lookup` gives.
    ///
    /// # Errors
    ///
    /// When one is missing or wrong.
    pub fn from_lookup(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let reader = Reader::new(lookup);
        reader.require(&["NIGHTSHIFT_BUS"]);
        let settings = Self {
            bus: reader.text("NIGHTSHIFT_BUS").unwrap_or_default(),
            signing_secret: signing_secret(&reader),
            webhook_secrets: webhook_secrets(&reader),
            language: reader.with("NIGHTSHIFT_LANG", language).unwrap_or_default(),
            log: reader.text("NIGHTSHIFT_LOG").unwrap_or_default(),
        };
        if settings.signing_secret.is_none() && settings.webhook_secrets.is_empty() {
            reader.problem(
                "SLACK_SIGNING_SECRET",
                "is not set, nor is WEBHOOK_SECRET; without either nobody can be let in",
            );
        }
        match reader.finish() {
            problems if problems.is_empty() => Ok(settings),
            problems => Err(ConfigError(problems)),
        }
    }
}

pub(super) fn signing_secret(reader: &Reader<'_>) -> Option<SecretSource> {
    reader.secret("SLACK_SIGNING_SECRET", "SLACK_SIGNING_SECRET_SECRET_ARN")
}

/// The secret in use first, then the one that is valid beside it.
pub(super) fn webhook_secrets(reader: &Reader<'_>) -> Vec<SecretSource> {
    let current = reader.secret("WEBHOOK_SECRET", "WEBHOOK_SECRET_SECRET_ARN");
    let previous = reader.secret("WEBHOOK_SECRET_PREVIOUS", "WEBHOOK_SECRET_PREVIOUS_SECRET_ARN");
    current.into_iter().chain(previous).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<DoorSettings, ConfigError> {
        DoorSettings::from_lookup(&|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn two_webhook_secrets_are_valid_at_once() {
        let settings =
            read(&[("NIGHTSHIFT_BUS", "b"), ("WEBHOOK_SECRET", "new"), ("WEBHOOK_SECRET_PREVIOUS", "old")]).unwrap();
        let values: Vec<_> =
            settings.webhook_secrets.iter().map(|source| source.value().unwrap().expose().to_owned()).collect();
        assert_eq!(values, ["new", "old"]);
    }

    #[test]
    fn a_door_without_a_bus_or_that_nobody_can_pass_is_a_mistake() {
        let error = read(&[]).unwrap_err();
        let settings: Vec<_> = error.0.iter().map(|problem| problem.setting.as_str()).collect();
        assert_eq!(settings, ["NIGHTSHIFT_BUS", "SLACK_SIGNING_SECRET"]);
        assert!(read(&[("NIGHTSHIFT_BUS", "b"), ("SLACK_SIGNING_SECRET", "s")]).is_ok());
    }
}
