//! Secrets Manager: reading a secret.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Account;
use super::error::AwsError;
use super::value::{Value, structure};

/// The secrets, by name; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Secrets(Arc<Mutex<BTreeMap<String, String>>>);

impl Secrets {
    /// Stores a secret.
    pub fn put(&self, name: &str, value: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), value.to_owned());
    }

    /// The secret of this name, or of the ARN that ends in it.
    fn get(&self, id: &str) -> Option<(String, String)> {
        let name = match id.split_once(":secret:") {
            // A full ARN ends in a hyphen and six characters of AWS's own.
            Some((_, name)) => name.strip_suffix(SUFFIX).unwrap_or(name),
            None => id,
        };
        let secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.get(name).map(|value| (name.to_owned(), value.clone()))
    }
}

const SUFFIX: &str = "-SiM000";

pub(super) fn call(account: &Account, operation: &str, input: &Value) -> Result<Value, AwsError> {
    if operation != "GetSecretValue" {
        return Err(AwsError::bad("UnknownOperationException", format!("sim has no operation {operation}")));
    }
    let id = input.get("SecretId").text().unwrap_or_default();
    let Some((name, value)) = account.secrets.get(id) else {
        return Err(AwsError::bad("ResourceNotFoundException", "Secrets Manager can't find the specified secret."));
    };
    let options = account.world().options();
    Ok(structure([
        ("ARN", format!("arn:aws:secretsmanager:{}:{}:secret:{name}{SUFFIX}", options.region, options.account).into()),
        ("Name", name.into()),
        ("VersionId", "00000000-0000-4000-8000-000000000001".into()),
        ("SecretString", value.into()),
        ("VersionStages", vec!["AWSCURRENT"].into()),
        ("CreatedDate", options.start.into()),
    ]))
}
