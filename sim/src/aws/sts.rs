//! STS: who is calling.

use super::Account;
use super::error::AwsError;
use super::value::{Value, structure};

pub(super) fn call(account: &Account, operation: &str) -> Result<Value, AwsError> {
    match operation {
        "GetCallerIdentity" => {
            let id = &account.world().options().account;
            Ok(structure([
                ("Arn", format!("arn:aws:sts::{id}:assumed-role/nightshift/sim").into()),
                ("UserId", "AROASIMNIGHTSHIFT:sim".into()),
                ("Account", id.as_str().into()),
            ]))
        }
        _ => Err(AwsError::bad("InvalidAction", format!("Could not find operation {operation}"))),
    }
}
