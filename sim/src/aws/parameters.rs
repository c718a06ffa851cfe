//! Systems Manager: reading a parameter.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Account;
use super::error::AwsError;
use super::value::{Value, structure};

/// The parameters, by name; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Parameters(Arc<Mutex<BTreeMap<String, String>>>);

impl Parameters {
    /// Stores a parameter.
    pub fn put(&self, name: &str, value: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), value.to_owned());
    }
}

/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html>
pub(super) fn call(account: &Account, operation: &str, input: &Value) -> Result<Value, AwsError> {
    if operation != "GetParameter" {
        return Err(AwsError::bad("UnknownOperationException", format!("sim has no operation {operation}")));
    }
    let name = input.get("Name").text().unwrap_or_default();
    let found = account.parameters.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
    let Some(value) = found else {
        return Err(AwsError::bad("ParameterNotFound", format!("Parameter {name} not found.")));
    };
    let options = account.world().options();
    let arn = format!("arn:aws:ssm:{}:{}:parameter{name}", options.region, options.account);
    let parameter = [
        ("Name", Value::from(name)),
        ("Type", "String".into()),
        ("Value", value.into()),
        ("ARN", arn.into()),
        ("DataType", "text".into()),
        ("LastModifiedDate", options.start.into()),
    ];
    Ok(structure([("Parameter", structure(parameter))]))
}
