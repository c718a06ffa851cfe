//! Which of the groups that grants name somebody is in, as Slack says; remembered for some minutes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::{Person, Roles};
use crate::deadline::Deadline;
use crate::slack::{Slack, SlackError};

/// How long what Slack said counts. Whoever leaves a group loses its roles this much later.
const REMEMBERED: Duration = Duration::from_secs(300);

/// Who is in which group: user ids by group id.
type Members = BTreeMap<String, BTreeSet<String>>;

/// What is known of user groups.
#[derive(Debug, Default)]
pub struct Directory {
    groups: Mutex<Option<(Instant, Members)>>,
}

impl Directory {
    /// `user` with their groups. Slack is asked only where grants name groups and what it said is too old.
    ///
    /// # Errors
    ///
    /// Where Slack does not say, and nothing it said before still counts.
    pub async fn person(
        &self,
        user: &str,
        roles: &Roles,
        slack: impl AsyncFnOnce() -> Result<Slack, SlackError>,
        deadline: Deadline,
    ) -> Result<Person, SlackError> {
        let wanted = roles.groups();
        let mut person = Person { user: user.to_owned(), groups: BTreeSet::new() };
        if wanted.is_empty() {
            return Ok(person);
        }
        // Held while Slack is asked: a burst asks once.
        let mut known = self.groups.lock().await;
        if known.as_ref().is_none_or(|(at, _)| at.elapsed() > REMEMBERED) {
            let slack = slack().await?;
            *known = Some((Instant::now(), look_up(&slack, &wanted, deadline).await?));
        }
        let groups = known.iter().flat_map(|(_, groups)| groups);
        person.groups = groups.filter(|(_, users)| users.contains(user)).map(|(name, _)| name.clone()).collect();
        Ok(person)
    }
}

/// Members of the wanted groups, under the names that grants use.
async fn look_up(
    slack: &Slack,
    wanted: &BTreeSet<&str>,
    deadline: Deadline,
) -> Result<BTreeMap<String, BTreeSet<String>>, SlackError> {
    let mut members = BTreeMap::new();
    for group in slack.user_groups(deadline).await? {
        let name = [group.id.as_str(), group.handle.as_str()].into_iter().find(|name| wanted.contains(name));
        if let Some(name) = name {
            let users = slack.user_group_members(&group.id, deadline).await?;
            members.insert(name.to_owned(), users.into_iter().map(|user| user.0).collect());
        }
    }
    for missing in wanted.iter().filter(|name| !members.contains_key(**name)) {
        tracing::warn!(group = missing, "slack knows no such user group; its grants count for nobody");
    }
    Ok(members)
}
