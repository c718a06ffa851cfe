//! STS: who is calling, and keys for a role.

use super::Account;
use super::error::AwsError;
use super::roles;
use super::value::{Value, structure};

pub(super) fn call(account: &Account, operation: &str, input: &Value) -> Result<Value, AwsError> {
    match operation {
        "GetCallerIdentity" => {
            let id = &account.world().options().account;
            Ok(structure([
                ("Arn", format!("arn:aws:sts::{id}:assumed-role/nightshift/sim").into()),
                ("UserId", "AROASIMNIGHTSHIFT:sim".into()),
                ("Account", id.as_str().into()),
            ]))
        }
        "AssumeRole" => roles::assume(account, input),
        _ => Err(AwsError::bad("InvalidAction", format!("Could not find operation {operation}"))),
    }
}
