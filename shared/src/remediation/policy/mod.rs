//! Policy: what may be done, by whom, written in Cedar (<https://docs.cedarpolicy.com>).
//!
//! Two questions are asked about every action: may Nightshift do it by itself, and may people approve it. Each is a Cedar
//! request: the principal is `Nightshift::Actor::"automation"` or `::"people"`, the action `Nightshift::Action::"roll-back"`
//! and so on, the resource the object, and everything that is known of it is in attributes and context ([`Question`]).
//! Cedar's own rule holds: nothing is allowed that no policy permits, and one `forbid` outweighs every `permit`.
//!
//! Shipped policies are in `infra/policies/nightshift.cedar`; teams add theirs in further files. All of them are validated
//! against the schema before they are used, and each carries an `@id`: a refusal names the policies that refuse.

#[cfg(test)]
mod ops_10;
mod question;
mod samples;
#[cfg(test)]
mod tests;

use std::str::FromStr;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityUid, PolicyId, PolicySet, Request, Schema, ValidationMode, Validator,
};

pub use question::Question;
pub use samples::{Sample, samples_in, samples_of_cluster};

use super::{Facts, Permission, Permitted, Proposed};

/// The schema of requests.
pub const SCHEMA: &str = include_str!("../../../../infra/policies/nightshift.cedarschema");

/// The policies that are shipped.
pub const SHIPPED: &str = include_str!("../../../../infra/policies/nightshift.cedar");

/// What a refusal names where no policy says anything of the action.
pub const NOT_ALLOWED: &str = "no-policy-allows-it";

/// Policies that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The schema or a file cannot be read as Cedar.
    #[error("{file}: {problem}")]
    Syntax {
        /// Which.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// A policy has no `@id`, by which refusals name it.
    #[error("{file}: a policy has no @id(\"…\"); refusals name the policy that refuses")]
    Unnamed {
        /// Which file.
        file: String,
    },
    /// Two policies have one `@id`.
    #[error("{file}: there are two policies @id(\"{id}\")")]
    Twice {
        /// Which file.
        file: String,
        /// The id.
        id: String,
    },
    /// A policy asks for something that requests do not have.
    #[error("policies do not fit the schema: {0}")]
    Invalid(String),
    /// A question could not be put.
    #[error("the policies cannot be asked: {0}")]
    Question(String),
}

/// Validated policies.
#[derive(Debug)]
pub struct Policies {
    schema: Schema,
    set: PolicySet,
}

/// An action that policy refuses: kept for people to look at, with the policies that refuse it.
#[derive(Debug, Clone)]
pub struct Refused {
    /// What was proposed.
    pub proposed: Proposed,
    /// The policies.
    pub by: Vec<String>,
}

/// What one actor may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Whether they may.
    pub allowed: bool,
    /// The policies that decided.
    pub policies: Vec<String>,
}

impl Policies {
    /// The shipped policies.
    ///
    /// # Errors
    ///
    /// Never, as a test holds.
    pub fn shipped() -> Result<Self, PolicyError> {
        Self::with(&[])
    }

    /// The shipped policies and those of teams, each a name and its text.
    ///
    /// # Errors
    ///
    /// Where one of them cannot be read, has no name of its own, or does not fit the schema.
    pub fn with(more: &[(String, String)]) -> Result<Self, PolicyError> {
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA).map_err(|error| PolicyError::Syntax {
            file: "nightshift.cedarschema".to_owned(),
            problem: error.to_string(),
        })?;
        let mut set = PolicySet::new();
        let shipped = ("nightshift.cedar".to_owned(), SHIPPED.to_owned());
        for (file, text) in std::iter::once(&shipped).chain(more) {
            let problem = |problem: String| PolicyError::Syntax { file: file.clone(), problem };
            let parsed = PolicySet::from_str(text).map_err(|error| problem(error.to_string()))?;
            for policy in parsed.policies() {
                let id = policy.annotation("id").ok_or_else(|| PolicyError::Unnamed { file: file.clone() })?.to_owned();
                let named = policy.new_id(PolicyId::new(&id));
                set.add(named).map_err(|_| PolicyError::Twice { file: file.clone(), id })?;
            }
        }
        let validated = Validator::new(schema.clone()).validate(&set, ValidationMode::Strict);
        if !validated.validation_passed() {
            let errors: Vec<String> = validated.validation_errors().map(ToString::to_string).collect();
            return Err(PolicyError::Invalid(errors.join("; ")));
        }
        Ok(Self { schema, set })
    }

    /// The names of all policies.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.set.policies().map(|policy| policy.id().to_string()).collect();
        names.sort();
        names
    }

    /// What `actor` (`automation` or `people`) may do.
    ///
    /// # Errors
    ///
    /// Where the question does not fit the schema: an action that it does not know is one.
    pub fn ask(&self, actor: &str, question: &Question) -> Result<Answer, PolicyError> {
        let wrong = |error: &dyn std::fmt::Display| PolicyError::Question(error.to_string());
        let uid = |kind: &str, id: &str| {
            let text = format!("Nightshift::{kind}::{}", serde_json::Value::from(id));
            EntityUid::from_str(&text).map_err(|error| wrong(&error))
        };
        let action = uid("Action", &question.action)?;
        let context = Context::from_json_value(question.context(), Some((&self.schema, &action)));
        let context = context.map_err(|error| wrong(&error))?;
        let entities = Entities::from_json_value(question.entities(), Some(&self.schema));
        let entities = entities.map_err(|error| wrong(&error))?;
        let (actor, resource) = (uid("Actor", actor)?, uid("Object", &question.resource())?);
        let request = Request::new(actor, action, resource, context, Some(&self.schema));
        let request = request.map_err(|error| wrong(&error))?;
        let response = Authorizer::new().is_authorized(&request, &self.set, &entities);
        // A policy that cannot be evaluated must not count as one that does not apply.
        if let Some(error) = response.diagnostics().errors().next() {
            return Err(wrong(error));
        }
        let mut policies: Vec<String> = response.diagnostics().reason().map(ToString::to_string).collect();
        policies.sort();
        Ok(Answer { allowed: response.decision() == Decision::Allow, policies })
    }

    /// The first link of the chain: lets an action pass, or names the policies that refuse it.
    ///
    /// # Errors
    ///
    /// Gives the proposal back where people may not approve it either, or where it cannot be judged.
    pub fn judge(&self, proposed: Proposed, facts: &Facts) -> Result<Permitted, Box<Refused>> {
        let question = Question::of(&proposed.proposal().action, facts);
        let asked = self.ask("people", &question).and_then(|people| Ok((people, self.ask("automation", &question)?)));
        let (people, automation) = match asked {
            Ok(answers) => answers,
            Err(error) => return Err(Box::new(Refused { proposed, by: vec![error.to_string()] })),
        };
        if !people.allowed {
            return Err(Box::new(Refused { proposed, by: named(people.policies) }));
        }
        let (automatic, to_people) = match automation.allowed {
            true => (automation.policies, Vec::new()),
            false => (Vec::new(), named(automation.policies)),
        };
        Ok(proposed.permitted(Permission { automatic, to_people, permitted_by: people.policies }))
    }
}

fn named(policies: Vec<String>) -> Vec<String> {
    if policies.is_empty() { vec![NOT_ALLOWED.to_owned()] } else { policies }
}
