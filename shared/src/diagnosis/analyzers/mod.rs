//! The catalogue of causes: one analyzer a file, by category.

mod admission;
#[cfg(test)]
mod catalogue_tests;
mod harm;
mod infrastructure;
mod performance;
mod routing;
mod runtime;
mod scaling;
pub(crate) mod scheduling;
mod startup;

use super::{Case, CauseSpec};

/// One analyzer: the causes it may report and the function that looks for them.
#[derive(Debug, Clone, Copy)]
pub struct Analyzer {
    /// Module name, for messages.
    pub name: &'static str,
    /// What it may report.
    pub causes: &'static [CauseSpec],
    /// Looks at the case and makes its claims.
    pub examine: fn(&mut Case<'_, '_>),
}

/// A category's list, from the names of its modules.
macro_rules! list {
    ($($module:ident),* $(,)?) => {
        pub(super) const ANALYZERS: &[super::Analyzer] = &[$(super::Analyzer {
            name: stringify!($module),
            causes: $module::CAUSES,
            examine: $module::examine,
        }),*];
    };
}
use list;

/// All analyzers, in the order they run.
pub fn analyzers() -> impl Iterator<Item = &'static Analyzer> {
    [
        admission::ANALYZERS,
        scheduling::ANALYZERS,
        startup::ANALYZERS,
        runtime::ANALYZERS,
        routing::ANALYZERS,
        performance::ANALYZERS,
        infrastructure::ANALYZERS,
        scaling::ANALYZERS,
    ]
    .into_iter()
    .flatten()
}

/// Every cause that can be reported.
pub fn catalogue() -> impl Iterator<Item = &'static CauseSpec> {
    analyzers().flat_map(|analyzer| analyzer.causes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_kebab_case_and_unique() {
        let mut known = std::collections::HashSet::new();
        for cause in catalogue() {
            assert!(cause.id.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", cause.id);
            assert!(known.insert(cause.id), "{} is declared twice", cause.id);
        }
    }
}
