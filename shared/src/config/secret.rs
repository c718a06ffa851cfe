//! Values that are never printed, and where they come from.

use serde::Deserialize;

/// A token, key or password. `Debug` and `Display` do not show it, and it is not serializable.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Takes the value in.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value, for the call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "Secret(empty)" } else { "Secret(hidden)" })
    }
}

impl std::fmt::Display for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(hidden)")
    }
}

/// Where a secret is: `NAME` holds it, or `NAME_SECRET_ARN` says where Secrets Manager keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// The value itself, on a laptop.
    Value(Secret),
    /// The ARN of a secret. `ARN#KEY` takes one key of a secret that is a JSON object.
    Arn(String),
}

/// A secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Secrets Manager did not give it.
    #[error(
        "secret {arn} cannot be read; allow the function's role secretsmanager:GetSecretValue on it, and kms:Decrypt on its key"
    )]
    Unreadable {
        /// Which.
        arn: String,
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It has no such value.
    #[error("secret {arn} {why}")]
    Unusable {
        /// Which.
        arn: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The program was built without Secrets Manager.
    #[error("secret {arn} cannot be read: this program was built without the feature secrets; give the value itself")]
    NotBuilt {
        /// Which.
        arn: String,
    },
}

impl SecretSource {
    /// The value.
    #[cfg(feature = "secrets")]
    pub async fn resolve(&self, aws: impl AsyncFnOnce() -> aws_config::SdkConfig) -> Result<Secret, SecretError> {
        let arn = match self {
            Self::Value(secret) => return Ok(secret.clone()),
            Self::Arn(arn) => arn,
        };
        let (id, key) = match arn.split_once('#') {
            Some((id, key)) => (id, Some(key)),
            None => (arn.as_str(), None),
        };
        let client = aws_sdk_secretsmanager::Client::new(&aws().await);
        let answer = client.get_secret_value().secret_id(id).send().await;
        let answer = answer.map_err(|error| SecretError::Unreadable { arn: arn.clone(), source: Box::new(error) })?;
        let unusable = |why| SecretError::Unusable { arn: arn.clone(), why };
        let text = answer.secret_string.ok_or_else(|| unusable("is binary; store it as text"))?;
        pick(&text, key).map_err(unusable)
    }

    /// The value, where it is at hand.
    pub fn value(&self) -> Result<Secret, SecretError> {
        match self {
            Self::Value(secret) => Ok(secret.clone()),
            Self::Arn(arn) => Err(SecretError::NotBuilt { arn: arn.clone() }),
        }
    }
}

#[cfg(any(feature = "secrets", test))]
fn pick(text: &str, key: Option<&str>) -> Result<Secret, &'static str> {
    let value = match key {
        None => text.trim().to_owned(),
        Some(key) => serde_json::from_str::<serde_json::Value>(text)
            .map_err(|_| "is not JSON; leave out #KEY, or store an object")?
            .get(key)
            .and_then(|value| value.as_str())
            .ok_or("has no such key, or its value is not text")?
            .to_owned(),
    };
    if value.is_empty() { Err("is empty") } else { Ok(Secret::new(value)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed() {
        let source = SecretSource::Value(Secret::new("hunter2"));
        assert_eq!(format!("{source:?} {}", Secret::new("hunter2")), "Value(Secret(hidden)) (hidden)");
    }

    #[test]
    fn a_secret_is_the_whole_text_or_one_key_of_an_object() {
        assert_eq!(pick("abc\n", None).unwrap().expose(), "abc");
        assert_eq!(pick(r#"{"token":"abc"}"#, Some("token")).unwrap().expose(), "abc");
        assert!(pick(r#"{"token":1}"#, Some("token")).is_err());
        assert!(pick("  ", None).is_err());
    }
}
