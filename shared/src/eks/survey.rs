//! Single kinds, for questions that need no more: each page of a list is folded into an answer and dropped, so that a
//! hundred thousand pods cost what one page costs.

use jiff::Timestamp;

use super::{
    Cluster, ReadError, ReadPlan,
    budget::Reading,
    page::{RESTARTS, list_path},
    which_logs::LogChoice,
};
use crate::{
    eks::error::listing_of,
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
    pub async fn fold<T: Object, A: Default>(
        &self,
        namespace: Option<&str>,
        add: impl FnMut(&mut A, T),
    ) -> Result<A, (A, ReadError)> {
        self.fold_those(namespace, &[], add).await
    }

    /// The objects of a kind whose labels `selector` matches, folded.
    ///
    /// # Errors
    ///
    /// As [`Self::fold`].
    pub async fn fold_selected<T: Object, A: Default>(
        &self,
        namespace: &str,
        selector: &LabelSelector,
        add: impl FnMut(&mut A, T),
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
    pub async fn fold_where<T: Object, A: Default>(
        &self,
        namespace: Option<&str>,
        query: &[(&str, &str)],
        add: impl FnMut(&mut A, T),
    ) -> Result<A, (A, ReadError)> {
        self.fold_those(namespace, query, add).await
    }

    async fn fold_those<T: Object, A: Default>(
        &self,
        namespace: Option<&str>,
        query: &[(&str, &str)],
        mut add: impl FnMut(&mut A, T),
    ) -> Result<A, (A, ReadError)> {
        let what = listing_of(T::KIND, namespace);
        let (mut all, mut next, mut size, mut restarts) =
            (A::default(), String::new(), self.reading.plan.page_size.max(1), 0);
        loop {
            let mut path = list_path(T::KIND, namespace, size, &next);
            for (name, value) in query {
                let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
                path.push_str(&format!("&{name}={value}"));
            }
            match self.cluster.page::<T>(&self.reading, &path, &what, namespace).await {
                Ok((page, unreadable)) => {
                    if unreadable > 0 {
                        let why = "their JSON cannot be understood";
                        self.reading.left_out(format!("{unreadable} of the {what}"), why);
                    }
                    page.items.unwrap_or_default().into_iter().for_each(|item| add(&mut all, item));
                    match page.metadata.next.filter(|next| !next.is_empty()) {
                        Some(token) => next = token,
                        None => return Ok(all),
                    }
                }
                Err(ReadError::Gone { .. }) if restarts < RESTARTS => {
                    restarts += 1;
                    (all, next) = (A::default(), String::new());
                }
                Err(ReadError::TooLarge { .. }) if size > 1 => size = (size / 4).max(1),
                Err(error) => return Err((all, error)),
            }
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
