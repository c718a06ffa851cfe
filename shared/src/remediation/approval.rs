//! Who has to agree, and whether they have.
//!
//! A vote is for exactly one action (by its hash) on one version of one object: anything changed since asks again. Only an
//! [`Approver`] can cast one, and that somebody is an approver only the check of roles can say. High risk takes two
//! different people; who asked for the action counts for neither.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ActionHash, ObjectVersion};

/// What a vote or an approval is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// Exactly this action on this cluster.
    pub action: ActionHash,
    /// Of this version of the object.
    pub version: ObjectVersion,
}

/// Somebody whose role lets them approve here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approver {
    user: String,
}

/// Somebody pressed who may not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{user} may not approve actions in {namespace}; give the role approver in the roles of NIGHTSHIFT_CONFIG")]
pub struct NotAnApprover {
    /// Who.
    pub user: String,
    /// Where.
    pub namespace: String,
}

impl Approver {
    /// `user` as an approver for `namespace`, if `may` (the check of roles) says so.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub fn check(user: &str, namespace: &str, may: impl FnOnce(&str, &str) -> bool) -> Result<Self, NotAnApprover> {
        if !user.is_empty() && may(user, namespace) {
            return Ok(Self { user: user.to_owned() });
        }
        Err(NotAnApprover { user: user.to_owned(), namespace: namespace.to_owned() })
    }

    /// A yes.
    pub fn approve(&self, bound: Bound, at: Timestamp) -> Vote {
        Vote { by: self.user.clone(), at, bound, answer: Answer::Yes }
    }

    /// A no.
    pub fn deny(&self, bound: Bound, reason: &str, at: Timestamp) -> Vote {
        Vote { by: self.user.clone(), at, bound, answer: Answer::No { reason: reason.to_owned() } }
    }
}

/// A vote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    by: String,
    at: Timestamp,
    bound: Bound,
    answer: Answer,
}

impl Vote {
    /// Whose.
    pub fn by(&self) -> &str {
        &self.by
    }

    /// Whether it is a yes.
    pub const fn is_yes(&self) -> bool {
        matches!(self.answer, Answer::Yes)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Yes,
    No { reason: String },
}

/// What it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// How many different people.
    pub people: u8,
    /// Until when they may agree.
    pub until: Timestamp,
    /// Who asked for it, and so may not approve it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<String>,
}

/// How an approval stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is there.
    Granted(Approval),
    /// So many people are missing.
    Missing(u8),
    /// Somebody said no.
    Denied {
        /// Who.
        by: String,
        /// Why, in their words.
        reason: String,
    },
    /// It is too late.
    Expired,
    /// Votes were for the object as it was: it has changed since.
    Overtaken,
}

/// A yes that suffices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Approval {
    bound: Bound,
    by: Vec<String>,
    at: Timestamp,
}

impl Approval {
    pub(super) fn by_setting(bound: Bound, policies: &[String], at: Timestamp) -> Self {
        Self { bound, by: policies.iter().map(|id| format!("policy:{id}")).collect(), at }
    }

    /// What it is for.
    pub const fn bound(&self) -> &Bound {
        &self.bound
    }

    /// Who gave it: people's ids, or `policy:` and the policy that lets it run by itself.
    pub fn by(&self) -> &[String] {
        &self.by
    }

    /// When it was complete.
    pub const fn at(&self) -> Timestamp {
        self.at
    }
}

impl Requirement {
    /// How `votes` stand for what is `bound` now.
    pub fn standing(&self, votes: &[Vote], bound: &Bound, now: Timestamp) -> Standing {
        if let Some(Vote { by, answer: Answer::No { reason }, .. }) = votes.iter().find(|vote| !vote.is_yes()) {
            return Standing::Denied { by: by.clone(), reason: reason.clone() };
        }
        // What was complete in time stays so: carrying it out may take longer.
        let in_time = |vote: &&Vote| vote.at <= self.until;
        let yes: Vec<&Vote> =
            votes.iter().filter(in_time).filter(|vote| Some(&vote.by) != self.requester.as_ref()).collect();
        let valid = |vote: &&&Vote| vote.bound.action == bound.action && vote.bound.version.covers(&bound.version);
        let mut people: Vec<String> = yes.iter().filter(valid).map(|vote| vote.by.clone()).collect();
        people.sort();
        people.dedup();
        if people.len() >= usize::from(self.people) {
            let at = yes.iter().map(|vote| vote.at).max().unwrap_or(now);
            return Standing::Granted(Approval { bound: bound.clone(), by: people, at });
        }
        if yes.iter().any(|vote| !valid(&vote)) {
            return Standing::Overtaken;
        }
        if now > self.until {
            return Standing::Expired;
        }
        Standing::Missing(self.people - u8::try_from(people.len()).unwrap_or(u8::MAX).min(self.people))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: &str = "2026-03-01T12:00:00Z";

    fn at(minutes: i64) -> Timestamp {
        NOON.parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_mins(minutes)
    }

    fn bound(version: &str) -> Bound {
        let version = ObjectVersion { uid: "u".into(), resource_version: version.into(), substance: version.into() };
        Bound { action: ActionHash("a".into()), version }
    }

    fn yes(user: &str, minutes: i64) -> Vote {
        Approver::check(user, "shop", |_, _| true).unwrap().approve(bound("1"), at(minutes))
    }

    fn needs(people: u8) -> Requirement {
        Requirement { people, until: at(30), requester: Some("U-ASKS".into()) }
    }

    #[test]
    fn only_who_has_the_role_can_cast_a_vote() {
        let roles = |user: &str, namespace: &str| user == "U-LEAD" && namespace == "shop";
        assert!(Approver::check("U-LEAD", "shop", roles).is_ok());
        assert!(Approver::check("U-LEAD", "payments", roles).is_err());
        assert!(Approver::check("U-OTHER", "shop", roles).is_err());
        assert!(Approver::check("", "shop", |_, _| true).is_err());
    }

    #[test]
    fn two_people_are_two_different_people_and_neither_the_requester() {
        let now = at(5);
        assert!(matches!(needs(1).standing(&[yes("U1", 1)], &bound("1"), now), Standing::Granted(_)));
        assert_eq!(needs(2).standing(&[yes("U1", 1), yes("U1", 2)], &bound("1"), now), Standing::Missing(1));
        assert_eq!(needs(2).standing(&[yes("U1", 1), yes("U-ASKS", 2)], &bound("1"), now), Standing::Missing(1));
        assert_eq!(needs(1).standing(&[yes("U-ASKS", 2)], &bound("1"), now), Standing::Missing(1));
        assert!(matches!(needs(2).standing(&[yes("U1", 1), yes("U2", 2)], &bound("1"), now), Standing::Granted(_)));
    }

    #[test]
    fn late_denied_and_overtaken_are_told_apart() {
        let denied = Approver::check("U3", "shop", |_, _| true).unwrap().deny(bound("1"), "not now", at(2));
        let standing = needs(1).standing(&[yes("U1", 1), denied], &bound("1"), at(5));
        assert_eq!(standing, Standing::Denied { by: "U3".into(), reason: "not now".into() });
        assert_eq!(needs(1).standing(&[yes("U1", 31)], &bound("1"), at(31)), Standing::Expired);
        assert_eq!(needs(1).standing(&[yes("U1", 1)], &bound("2"), at(5)), Standing::Overtaken);
        assert!(matches!(needs(1).standing(&[yes("U1", 29)], &bound("1"), at(45)), Standing::Granted(_)));
    }
}
