//! As much of JQL as finds a ticket: clauses of equality joined by `AND`, and an order, which is passed over.
//! <https://support.atlassian.com/jira-software-cloud/docs/jql-fields/>

use super::{Issue, JIRA_PROJECT};

/// The clauses of a query.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query; what it says wrong where it cannot be read or is refused.
    pub(super) fn parse(jql: &str) -> Result<Self, String> {
        let condition = match jql.to_uppercase().find("ORDER BY") {
            Some(at) => jql.get(..at).unwrap_or(jql),
            None => jql,
        };
        let mut clauses = Vec::new();
        for clause in condition.split(" AND ").map(str::trim).filter(|clause| !clause.is_empty()) {
            let Some((field, value)) = clause.split_once('=') else {
                return Err(format!("Error in the JQL Query: expecting an operator in '{clause}'."));
            };
            let (field, value) = (field.trim().to_lowercase(), value.trim().trim_matches('"').to_owned());
            if !["project", "labels", "key", "statuscategory"].contains(&field.as_str()) {
                return Err(format!("Field '{field}' does not exist or you do not have permission to view it."));
            }
            if field == "project" && value != JIRA_PROJECT {
                return Err(format!("The value '{value}' does not exist for the field 'project'."));
            }
            clauses.push((field, value));
        }
        if clauses.is_empty() {
            let message = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.";
            return Err(message.to_owned());
        }
        Ok(Self(clauses))
    }

    /// Whether an issue is one of these.
    pub(super) fn holds(&self, issue: &Issue) -> bool {
        self.0.iter().all(|(field, value)| match field.as_str() {
            "labels" => issue.labels.contains(value),
            "key" => *value == format!("{JIRA_PROJECT}-{}", issue.number),
            "statuscategory" => value.eq_ignore_ascii_case("done") == issue.closed,
            _ => true,
        })
    }
}
