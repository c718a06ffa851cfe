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
    model::Object,
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
        mut add: impl FnMut(&mut A, T),
    ) -> Result<A, (A, ReadError)> {
        let what = listing_of(T::KIND, namespace);
        let (mut all, mut next, mut size, mut restarts) =
            (A::default(), String::new(), self.reading.plan.page_size.max(1), 0);
        loop {
            let path = list_path(T::KIND, namespace, size, &next);
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
