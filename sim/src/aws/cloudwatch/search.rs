//! `SEARCH('{Namespace,Dimension,…} term…', 'Statistic', period)`: which metrics it finds.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html>. Understood are the
//! schema and terms that must all hold, `Name="value"` for a dimension or for `MetricName`, and bare words, which have to
//! be part of the metric's name or of a dimension's value.

use crate::world::{MetricId, World};

/// The metrics that a search expression finds; `Err` says what is wrong with it.
pub(super) fn search(world: &World, expression: &str) -> Result<Vec<MetricId>, String> {
    let expression = expression.trim();
    let (schema, terms) = match expression.strip_prefix('{') {
        Some(rest) => {
            let (schema, terms) = rest.split_once('}').ok_or("the schema of SEARCH has no closing brace")?;
            (Some(schema), terms)
        }
        None => (None, expression),
    };
    let mut parts = schema.into_iter().flat_map(|schema| schema.split(',')).map(|part| part.trim().trim_matches('"'));
    let namespace = parts.next();
    let dimensions: Vec<&str> = parts.collect();
    let terms = split(terms)?;
    let mut found = world.list_metrics(namespace, None, &[]);
    found.retain(|metric| {
        let schema_holds = schema.is_none()
            || (metric.dimensions.len() == dimensions.len()
                && dimensions.iter().all(|name| metric.dimension(name).is_some()));
        schema_holds && terms.iter().all(|term| term.holds(metric))
    });
    Ok(found)
}

#[derive(Debug, PartialEq, Eq)]
enum Term {
    Equal(String, String),
    Word(String),
}

impl Term {
    fn holds(&self, metric: &MetricId) -> bool {
        match self {
            Self::Equal(name, value) if name == "MetricName" => metric.name == *value,
            Self::Equal(name, value) if name == "Namespace" => metric.namespace == *value,
            Self::Equal(name, value) => metric.dimension(name) == Some(value),
            Self::Word(word) => {
                metric.name.contains(word.as_str())
                    || metric.dimensions.iter().any(|(_, value)| value.contains(word.as_str()))
            }
        }
    }
}

/// Terms between blanks; a quoted value may hold blanks.
fn split(terms: &str) -> Result<Vec<Term>, String> {
    let mut found = Vec::new();
    let mut rest = terms.trim();
    while !rest.is_empty() {
        let end = rest.find([' ', '"']).unwrap_or(rest.len());
        if rest[end..].starts_with('"') {
            let close = rest[end + 1..].find('"').ok_or("a quoted value of SEARCH has no end")? + end + 1;
            let value = rest[end + 1..close].to_owned();
            found.push(match rest[..end].strip_suffix('=') {
                Some(name) => Term::Equal(name.trim().to_owned(), value),
                None => Term::Word(value),
            });
            rest = rest[close + 1..].trim_start();
        } else {
            let word = &rest[..end];
            match word.split_once('=') {
                Some((name, value)) => found.push(Term::Equal(name.to_owned(), value.to_owned())),
                None if word == "AND" => {}
                None if matches!(word, "OR" | "NOT") => return Err(format!("sim's SEARCH does not know {word}")),
                None => found.push(Term::Word(word.to_owned())),
            }
            rest = rest[end..].trim_start();
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_split_at_blanks_outside_of_quotes() {
        let equal = |name: &str, value: &str| Term::Equal(name.to_owned(), value.to_owned());
        assert_eq!(
            split(r#" ClusterName="prod eks" AND MetricName=cpu api"#).unwrap(),
            [equal("ClusterName", "prod eks"), equal("MetricName", "cpu"), Term::Word("api".to_owned())]
        );
        assert!(split(r#"A="open"#).is_err());
    }
}
