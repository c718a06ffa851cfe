//! Single kinds, for questions that need no more: each page of a list is folded into an answer and dropped, so that a
//! hundred thousand pods cost what one page costs.

use std::marker::PhantomData;

use jiff::Timestamp;

use super::{
    Cluster, ReadError, ReadPlan,
    budget::Reading,
    page::{List, Sink, Taken, parse},
    which_logs::LogChoice,
};
use crate::{
    model::{LabelSelector, Object},
    snapshot::{Gap, Series},
};

/// A look at a cluster, within the bounds of a [`ReadPlan`].
pub struct Survey<'a> {
    cluster: &'a Cluster,
    reading: Reading<'a>,
}

impl std::fmt::Debug for Survey<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Survey").field("endpoint", &self.cluster.endpoint()).finish_non_exhaustive()
    }
}

impl Cluster {
    /// A look within these bounds, of which time, bytes, page size, concurrency and logs count.
    pub fn survey<'a>(&'a self, plan: &'a ReadPlan) -> Survey<'a> {
        Survey { cluster: self, reading: Reading::new(plan) }
    }
}

impl Survey<'_> {
    /// All objects of a kind, in `namespace` or everywhere, folded. Where a list has to be started over, so is the fold.
    ///
    /// # Errors
    ///
    /// What was folded until then comes with the error.
    pub async fn fold<T: Object, A: Default + Send>(
        &self,
        namespace: Option<&str>,
        add: impl FnMut(&mut A, T) + Send,
    ) -> Result<A, (A, ReadError)> {
        self.fold_those(namespace, &[], add).await
    }

    /// The objects of a kind whose labels `selector` matches, folded.
    ///
    /// # Errors
    ///
    /// As [`Self::fold`].
    pub async fn fold_selected<T: Object, A: Default + Send>(
        &self,
        namespace: &str,
        selector: &LabelSelector,
        add: impl FnMut(&mut A, T) + Send,
    ) -> Result<A, (A, ReadError)> {
        let labels = in_words(selector);
        self.fold_those(Some(namespace), &[("labelSelector", labels.as_str())], add).await
    }

    /// The object of this name, where there is one. Asked for as a list of one, which needs no right but to list.
    ///
    /// # Errors
    ///
    /// Where it cannot be told whether there is one.
    pub async fn named<T: Object>(&self, namespace: &str, name: &str) -> Result<Option<T>, ReadError> {
        let field = format!("metadata.name={name}");
        let query = [("fieldSelector", field.as_str())];
        let found = self.fold_those(Some(namespace), &query, |found: &mut Option<T>, item: T| {
            if item.name() == name {
                *found = Some(item);
            }
        });
        found.await.map_err(|(_, error)| error)
    }

    /// The objects of a kind that these query parameters select (`fieldSelector`, `labelSelector`), folded.
    ///
    /// # Errors
    ///
    /// As [`Self::fold`].
    pub async fn fold_where<T: Object, A: Default + Send>(
        &self,
        namespace: Option<&str>,
        query: &[(&str, &str)],
        add: impl FnMut(&mut A, T) + Send,
    ) -> Result<A, (A, ReadError)> {
        self.fold_those(namespace, query, add).await
    }

    async fn fold_those<T: Object, A: Default + Send>(
        &self,
        namespace: Option<&str>,
        query: &[(&str, &str)],
        add: impl FnMut(&mut A, T) + Send,
    ) -> Result<A, (A, ReadError)> {
        let mut folding = Folding { all: A::default(), add, of: PhantomData };
        let list = List { kind: T::KIND, namespace, query };
        match self.cluster.pages(&self.reading, list, &mut folding).await {
            Ok(()) => Ok(folding.all),
            Err(error) => Err((folding.all, error)),
        }
    }

    /// CPU (cores, `cpu`) and memory (bytes, `mem`) that each node uses, from metrics.k8s.io.
    ///
    /// # Errors
    ///
    /// Where it is not served or not allowed.
    pub async fn node_usage(&self) -> Result<Vec<Series>, ReadError> {
        self.cluster.node_usage(&self.reading).await
    }

    /// The last lines of a container's log, as many as the plan says.
    ///
    /// # Errors
    ///
    /// Where there is none, or it is not allowed.
    pub async fn log(&self, namespace: &str, pod: &str, container: &str, previous: bool) -> Result<String, ReadError> {
        let [namespace, pod, container] = [namespace, pod, container].map(str::to_owned);
        self.cluster.log(&self.reading, &LogChoice { namespace, pod, container, previous }).await
    }

    /// What was left out without an error, and the API server's clock once it has answered.
    pub fn end(self) -> (Vec<Gap>, Option<Timestamp>) {
        self.reading.end().unwrap_or_default()
    }
}

/// Adds the objects of a list up, one by one.
struct Folding<A, F, T> {
    all: A,
    add: F,
    of: PhantomData<fn(T)>,
}

impl<A: Default + Send, F: FnMut(&mut A, T) + Send, T: Object> Sink for Folding<A, F, T> {
    fn take(&mut self, body: &[u8]) -> Result<Taken, serde_json::Error> {
        let (mut page, unreadable) = parse::<T>(body)?;
        page.items.take().unwrap_or_default().into_iter().for_each(|item| (self.add)(&mut self.all, item));
        Ok(Taken::of(&page, unreadable))
    }

    fn restart(&mut self) {
        self.all = A::default();
    }
}

/// A selector as a query has it: `app=api,tier in (a,b),!old`.
fn in_words(selector: &LabelSelector) -> String {
    let labels = selector.match_labels.iter().map(|(key, value)| format!("{key}={value}"));
    let expressions = selector.match_expressions.iter().map(|one| match one.operator.as_str() {
        "In" => format!("{} in ({})", one.key, one.values.join(",")),
        "NotIn" => format!("{} notin ({})", one.key, one.values.join(",")),
        "DoesNotExist" => format!("!{}", one.key),
        _ => one.key.clone(),
    });
    labels.chain(expressions).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::LabelSelectorRequirement;

    #[test]
    fn a_selector_is_asked_for_in_the_apis_words() {
        let one = |operator: &str, values: &[&str]| LabelSelectorRequirement {
            key: "tier".into(),
            operator: operator.into(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        let selector = LabelSelector {
            match_labels: [("app".to_owned(), "api".to_owned())].into(),
            match_expressions: vec![one("In", &["a", "b"]), one("Exists", &[]), one("DoesNotExist", &[])],
        };
        assert_eq!(in_words(&selector), "app=api,tier in (a,b),tier,!tier");
    }
}
