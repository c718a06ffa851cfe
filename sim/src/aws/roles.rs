//! Who may ask what: signatures have to be there, and for what is the cluster's, made in its region and, where the cluster is
//! in another account, by keys that STS gave for that account's role.
//!
//! Signatures themselves are not verified: the key's id and the scope are read from them, the session's token beside them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};

use super::Account;
use super::error::AwsError;
use super::value::{Value, structure};
use crate::fault::Service;

/// How long keys of a role are good for.
const LASTING: SignedDuration = SignedDuration::from_hours(1);

/// The roles that open the cluster's account, and the sessions begun with it; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Roles(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// The roles' ARNs; none where the cluster is in the caller's own account.
    opening: Vec<String>,
    sessions: Vec<String>,
}

impl Roles {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on the cluster is in another account, and what is there is for whoever has assumed one of these roles.
    pub fn need(&self, roles: &[&str]) {
        self.lock().opening = roles.iter().map(|role| (*role).to_owned()).collect();
    }

    /// The sessions so far: each the role's ARN, a slash and the session's name.
    pub fn sessions(&self) -> Vec<String> {
        self.lock().sessions.clone()
    }
}

/// The caller, by what a signature says of itself: `Credential=KEY/20261121/REGION/SERVICE/aws4_request`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Caller<'a> {
    pub(super) key: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
}

impl<'a> Caller<'a> {
    /// Whoever signed a request.
    pub(super) fn of(headers: &'a HeaderMap) -> Option<Self> {
        Self::read(headers.get("authorization")?.to_str().ok()?)
    }

    fn read(authorization: &'a str) -> Option<Self> {
        let (_, credential) = authorization.split_once("Credential=")?;
        let mut parts = credential.split([',', ' ']).next()?.split('/');
        Some(Self { key: parts.next()?, region: parts.nth(1)?, service: parts.next()? })
    }

    /// The session that the key is of.
    fn session(self) -> Option<usize> {
        self.key.strip_prefix("session-")?.parse().ok()
    }
}

impl Account {
    /// Whether the service answers this request.
    pub(super) fn admit(&self, service: Service, headers: &HeaderMap) -> Result<(), AwsError> {
        let caller = Caller::of(headers).ok_or_else(AwsError::unsigned)?;
        if !matches!(service, Service::CloudWatch | Service::Eks | Service::Ec2 | Service::ZonalShift) {
            return Ok(());
        }
        let region = &self.world().options().region;
        if caller.region != region {
            let message = format!("Credential should be scoped to a valid region: {region}, not {}.", caller.region);
            return Err(refusal("SignatureDoesNotMatch", message));
        }
        let state = self.roles.lock();
        if state.opening.is_empty() {
            return Ok(());
        }
        let token = headers.get("x-amz-security-token").and_then(|token| token.to_str().ok());
        let session = caller.session().filter(|number| (1..=state.sessions.len()).contains(number));
        match session.is_some_and(|number| token == Some(token_of(number).as_str())) {
            true => Ok(()),
            false => {
                let code = match service {
                    Service::Ec2 => "UnauthorizedOperation",
                    Service::CloudWatch => "AccessDenied",
                    _ => "AccessDeniedException",
                };
                let roles = state.opening.join(" or ");
                Err(refusal(code, format!("{} is not authorized: what is asked for is for {roles}", caller.key)))
            }
        }
    }
}

fn refusal(code: &'static str, message: String) -> AwsError {
    AwsError { code, message, status: StatusCode::FORBIDDEN, item: None }
}

fn token_of(session: usize) -> String {
    format!("token-of-session-{session}")
}

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
pub(super) fn assume(account: &Account, input: &Value) -> Result<Value, AwsError> {
    let text = |name: &str| input.get(name).text().unwrap_or_default();
    let (role, name) = (text("RoleArn"), text("RoleSessionName"));
    let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if !(2..=64).contains(&name.len()) || !name.chars().all(fits) {
        let pattern = "[\\w+=,.@-]{2,64}";
        let message = format!("Value '{name}' at 'roleSessionName' failed to satisfy the pattern {pattern}");
        return Err(AwsError::bad("ValidationError", message));
    }
    let mut state = account.roles.lock();
    if !state.opening.iter().any(|opening| opening == role) {
        let message = format!("The caller is not authorized to perform: sts:AssumeRole on resource: {role}");
        return Err(refusal("AccessDenied", message));
    }
    state.sessions.push(format!("{role}/{name}"));
    let number = state.sessions.len();
    // By the machine's clock, as whoever keeps them does.
    let end = Timestamp::now() + LASTING;
    let keys = structure([
        ("AccessKeyId", format!("session-{number}").into()),
        ("SecretAccessKey", "sim".into()),
        ("SessionToken", token_of(number).into()),
        ("Expiration", end.into()),
    ]);
    let user = structure([
        ("AssumedRoleId", format!("AROASIM:{name}").into()),
        (
            "Arn",
            format!("{}/{name}", role.replacen(":iam:", ":sts:", 1).replacen(":role/", ":assumed-role/", 1)).into(),
        ),
    ]);
    Ok(structure([("Credentials", keys), ("AssumedRoleUser", user)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caller_is_read_from_the_signatures_scope() {
        let header =
            "AWS4-HMAC-SHA256 Credential=key/20261121/ap-northeast-2/monitoring/aws4_request, SignedHeaders=host";
        let expected = Caller { key: "key", region: "ap-northeast-2", service: "monitoring" };
        assert_eq!(Caller::read(header), Some(expected));
        assert_eq!(Caller::read("Bearer x"), None);
    }
}
