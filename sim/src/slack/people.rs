//! Who is in the workspace: three people, and the user groups they are in.
//!
//! Three, because the functions treat them differently: who may only look, who may also act, and who approves what others
//! propose. A configuration that maps the groups to roles is the caller's to write.

use serde_json::{Value, json};

use super::workspace::{BOT_USER_ID, TEAM_ID};

/// Someone who can be acted as on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// Id.
    pub id: &'static str,
    /// User name.
    pub name: &'static str,
    /// Name shown.
    pub real_name: &'static str,
    /// What they do.
    pub title: &'static str,
    /// Colour of their picture, as CSS.
    pub color: &'static str,
    /// The handle of their user group.
    pub group: &'static str,
}

/// May look.
pub const REQUESTER: Person = Person {
    id: "U0REQUESTR",
    name: "mina",
    real_name: "Mina Park",
    title: "Requester",
    color: "#a3541b",
    group: "developers",
};

/// May also act.
pub const OPERATOR: Person = Person {
    id: "U0OPERATOR",
    name: "jun",
    real_name: "Jun Seo",
    title: "Operator",
    color: "#1264a3",
    group: "operators",
};

/// Approves.
pub const APPROVER: Person = Person {
    id: "U0APPROVER",
    name: "sora",
    real_name: "Sora Kim",
    title: "Approver",
    color: "#7d3c98",
    group: "approvers",
};

/// Everybody.
pub const PEOPLE: [Person; 3] = [REQUESTER, OPERATOR, APPROVER];

/// The user groups: id, handle, name.
const GROUPS: [(&str, &str, &str); 3] = [
    ("S0DEVELOPR", "developers", "Developers"),
    ("S0OPERATOR", "operators", "Operators on call"),
    ("S0APPROVER", "approvers", "Approvers"),
];

/// The id that Slack itself speaks under.
pub(super) const SLACKBOT: &str = "USLACKBOT";

/// Someone by id.
pub(super) fn person(id: &str) -> Option<Person> {
    PEOPLE.into_iter().find(|person| person.id == id)
}

/// The name behind an id, as a mention shows it.
pub(super) fn name_of(id: &str) -> Option<&'static str> {
    match id {
        BOT_USER_ID => Some("Nightshift"),
        SLACKBOT => Some("Slackbot"),
        _ => person(id).map(|person| person.real_name).or_else(|| group(id).map(|(_, handle, _)| handle)),
    }
}

fn group(id: &str) -> Option<(&'static str, &'static str, &'static str)> {
    GROUPS.into_iter().find(|(group, ..)| *group == id)
}

/// The ids of those in a group; `None` where there is no such group.
pub(super) fn members(group_id: &str) -> Option<Vec<&'static str>> {
    let (_, handle, _) = group(group_id)?;
    Some(PEOPLE.into_iter().filter(|person| person.group == handle).map(|person| person.id).collect())
}

/// The groups, as `usergroups.list` has them.
pub(super) fn groups_json() -> Value {
    let group = |(id, handle, name): (&str, &str, &str)| {
        json!({
            "id": id, "team_id": TEAM_ID, "is_usergroup": true, "name": name, "handle": handle, "date_delete": 0,
            "user_count": members(id).map_or(0, |members| members.len()),
        })
    };
    GROUPS.into_iter().map(group).collect()
}

/// Someone, as `users.info` has them.
pub(super) fn user_json(id: &str) -> Option<Value> {
    let person = person(id)?;
    Some(json!({
        "id": person.id, "team_id": TEAM_ID, "name": person.name, "real_name": person.real_name, "deleted": false,
        "tz": "Asia/Seoul", "is_bot": false, "is_admin": false, "is_restricted": false,
        "profile": {"real_name": person.real_name, "display_name": person.name, "title": person.title},
    }))
}
