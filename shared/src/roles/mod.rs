//! Who may ask what: people and user groups of Slack, mapped to roles, per namespace where wanted.
//!
//! The file of `NIGHTSHIFT_CONFIG` grants roles ([`Grant`]); a role includes those below it ([`Role`]). Without any grant
//! everybody in the workspace is a viewer and nobody more: reading is open until somebody closes it, and nothing is changed
//! on the word of somebody unknown. [`Roles`] decides from a [`Person`], whose groups were looked up before (`Directory`,
//! with the feature `slack`); it knows no network and no clock.

#[cfg(feature = "slack")]
mod directory;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

#[cfg(feature = "slack")]
pub use directory::Directory;

/// Stands for every user in [`Grant::users`].
pub const EVERYBODY: &str = "*";

/// What somebody may do. Each role includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Ask: commands and questions that read.
    Viewer,
    /// Propose and start what policy lets run without approval.
    Operator,
    /// Approve what needs approval.
    Approver,
}

impl Role {
    /// Its name in settings and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Approver => "approver",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// One entry of `roles:` in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// Ids of users (`U0123456789`), or `*` for everybody.
    #[serde(default)]
    pub users: BTreeSet<String>,
    /// User groups, by id (`S0123456789`) or by handle (`sre`).
    #[serde(default)]
    pub groups: BTreeSet<String>,
    /// The namespaces it counts in; all, and what belongs to none, where empty.
    #[serde(default)]
    pub namespaces: BTreeSet<String>,
}

/// Somebody, and the groups they are known to be in, under the names that grants use.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Person {
    /// The user's id.
    pub user: String,
    /// Their groups.
    #[serde(default)]
    pub groups: BTreeSet<String>,
}

/// Where somebody has a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Everywhere, and for what belongs to no namespace.
    Everywhere,
    /// In these namespaces only; none where empty.
    Namespaces(BTreeSet<String>),
}

impl Reach {
    /// Whether it extends to `namespace`.
    pub fn covers(&self, namespace: &str) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Namespaces(names) => names.contains(namespace),
        }
    }

    /// Whether it extends to nothing.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Namespaces(names) if names.is_empty())
    }
}

/// All grants.
///
/// ```
/// use shared::roles::{Grant, Person, Role, Roles};
/// let grant: Grant = serde_json::from_str(r#"{"role":"operator","groups":["sre"],"namespaces":["shop"]}"#).unwrap();
/// let roles = Roles::new(vec![grant]);
/// let person = Person { user: "U1".into(), groups: ["sre".to_owned()].into() };
/// assert!(roles.allows(&person, Role::Viewer, "shop"));
/// assert!(!roles.allows(&person, Role::Approver, "shop"));
/// assert!(!roles.allows(&person, Role::Viewer, "payments"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roles {
    grants: Vec<Grant>,
}

impl Roles {
    /// These grants.
    pub fn new(grants: Vec<Grant>) -> Self {
        Self { grants }
    }

    /// Where `person` has at least `role`.
    pub fn reach(&self, person: &Person, role: Role) -> Reach {
        if self.grants.is_empty() {
            let reading = role == Role::Viewer;
            return if reading { Reach::Everywhere } else { Reach::Namespaces(BTreeSet::new()) };
        }
        let mut names = BTreeSet::new();
        for grant in self.grants.iter().filter(|grant| grant.role >= role && grant.is_for(person)) {
            if grant.namespaces.is_empty() {
                return Reach::Everywhere;
            }
            names.extend(grant.namespaces.iter().cloned());
        }
        Reach::Namespaces(names)
    }

    /// Whether `person` has at least `role` in `namespace`.
    pub fn allows(&self, person: &Person, role: Role, namespace: &str) -> bool {
        self.reach(person, role).covers(namespace)
    }

    /// The groups that grants name, which have to be looked up.
    pub fn groups(&self) -> BTreeSet<&str> {
        self.grants.iter().flat_map(|grant| &grant.groups).map(String::as_str).collect()
    }
}

impl Grant {
    fn is_for(&self, person: &Person) -> bool {
        self.users.contains(EVERYBODY)
            || self.users.contains(&person.user)
            || self.groups.iter().any(|group| person.groups.contains(group))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(role: Role, users: &[&str], groups: &[&str], namespaces: &[&str]) -> Grant {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Grant { role, users: set(users), groups: set(groups), namespaces: set(namespaces) }
    }

    fn person(user: &str, groups: &[&str]) -> Person {
        Person { user: user.into(), groups: groups.iter().map(|name| (*name).to_owned()).collect() }
    }

    #[test]
    fn without_grants_everybody_may_read_and_nobody_more() {
        let roles = Roles::default();
        assert!(roles.allows(&person("U1", &[]), Role::Viewer, "shop"));
        assert!(!roles.allows(&person("U1", &[]), Role::Operator, "shop"));
        assert!(roles.reach(&person("U1", &[]), Role::Approver).is_empty());
    }

    #[test]
    fn a_role_includes_those_below_it_and_none_above() {
        let roles = Roles::new(vec![grant(Role::Operator, &["U1"], &[], &[])]);
        let asks = |role| roles.allows(&person("U1", &[]), role, "shop");
        assert_eq!((asks(Role::Viewer), asks(Role::Operator), asks(Role::Approver)), (true, true, false));
        assert!(!roles.allows(&person("U2", &[]), Role::Viewer, "shop"), "once there are grants, they count");
    }

    #[test]
    fn a_grant_for_namespaces_reaches_no_other_and_nothing_outside_of_namespaces() {
        let roles = Roles::new(vec![
            grant(Role::Viewer, &["*"], &[], &["shop"]),
            grant(Role::Approver, &[], &["sre"], &["payments", "shop"]),
        ]);
        let sre = person("U1", &["sre"]);
        assert!(roles.allows(&sre, Role::Approver, "payments"));
        assert!(!roles.allows(&sre, Role::Viewer, "kube-system"));
        assert_eq!(roles.reach(&person("U2", &[]), Role::Viewer), Reach::Namespaces(["shop".to_owned()].into()));
        assert_ne!(roles.reach(&sre, Role::Viewer), Reach::Everywhere);
    }
}
