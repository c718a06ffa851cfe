//! All kinds at once, into a snapshot.

use std::collections::BTreeSet;

use futures::future::{BoxFuture, FutureExt, join_all};
use jiff::Timestamp;

use super::{
    Cluster, ReadError, ReadPlan, budget::Reading, error::listing_of, keep::Scale, page::Listed, trim::Trim,
    which_logs::which_logs,
};
use crate::{
    model::{Kind, Object},
    snapshot::{Listing, Scope, Series, Snapshot},
};

impl Cluster {
    /// Reads the cluster within the plan's bounds.
    ///
    /// What is missing is named in [`Snapshot::gaps`]; an error means that nothing at all was answered.
    pub async fn read(&self, plan: &ReadPlan) -> Result<Snapshot, ReadError> {
        let reading = Reading::new(plan);
        if !plan.namespaces.is_empty() {
            reading.set_scale(Scale::of(&plan.focus));
        }
        let mut snapshot = Snapshot { cluster: self.name().to_owned(), ..Snapshot::default() };
        // In the order of their worth to a diagnosis, which is the order in which they get their turns.
        join_all([
            self.fill(&reading, &mut snapshot.pods),
            self.fill(&reading, &mut snapshot.events),
            self.fill(&reading, &mut snapshot.nodes),
            self.fill(&reading, &mut snapshot.services),
            self.fill(&reading, &mut snapshot.deployments),
            self.fill(&reading, &mut snapshot.replica_sets),
            self.fill(&reading, &mut snapshot.stateful_sets),
            self.fill(&reading, &mut snapshot.daemon_sets),
            self.fill(&reading, &mut snapshot.jobs),
            self.fill(&reading, &mut snapshot.endpoint_slices),
            self.fill(&reading, &mut snapshot.namespaces),
            self.fill(&reading, &mut snapshot.quotas),
            self.fill(&reading, &mut snapshot.claims),
            self.fill(&reading, &mut snapshot.autoscalers),
            self.fill(&reading, &mut snapshot.disruption_budgets),
            self.fill(&reading, &mut snapshot.service_accounts),
            self.fill(&reading, &mut snapshot.config_maps),
            self.fill(&reading, &mut snapshot.network_policies),
            self.fill(&reading, &mut snapshot.ingresses),
            self.fill(&reading, &mut snapshot.cron_jobs),
            self.fill(&reading, &mut snapshot.persistent_volumes),
            self.fill(&reading, &mut snapshot.storage_classes),
        ])
        .await;
        if plan.usage {
            snapshot.metrics = self.usage(&reading, &snapshot).await;
        }
        if plan.logs.count > 0 {
            let chosen = which_logs(&snapshot, &plan.focus, plan.logs.count);
            snapshot.logs = self.logs(&reading, chosen).await;
        }
        let (gaps, server_time) = reading.end()?;
        snapshot.gaps = gaps;
        // The API server's clock is the one that wrote all timestamps.
        snapshot.taken_at = Some(server_time.unwrap_or_else(Timestamp::now));
        Ok(snapshot)
    }

    /// CPU and memory of nodes and pods. In a large cluster only the pods of the focus are asked about.
    async fn usage(&self, reading: &Reading<'_>, snapshot: &Snapshot) -> Vec<Series> {
        let plan = reading.plan;
        let everywhere = plan.namespaces.is_empty() && snapshot.pods.scope == Scope::All;
        let namespaces: Vec<Option<&str>> = match (everywhere, plan.namespaces.is_empty()) {
            (true, _) => vec![None],
            (false, true) => plan.focus.namespaces.iter().map(|namespace| Some(namespace.as_str())).collect(),
            (false, false) => plan.namespaces.iter().map(|namespace| Some(namespace.as_str())).collect(),
        };
        let pods = join_all(namespaces.into_iter().map(|namespace| self.pod_usage(reading, namespace)));
        let (nodes, pods) = futures::join!(self.node_usage(reading), pods);
        let mut all = Vec::new();
        for result in [nodes].into_iter().chain(pods) {
            match result {
                Ok(series) => all.extend(series),
                Err(error) => reading.missing("usage of CPU and memory", error),
            }
        }
        all
    }

    fn fill<'a, T: Trim>(&'a self, reading: &'a Reading<'_>, into: &'a mut Listing<T>) -> BoxFuture<'a, ()> {
        async move { *into = self.listing(reading).await }.boxed()
    }

    /// One kind, in the plan's namespaces or everywhere. Where reading everywhere fails, the focus is tried alone.
    async fn listing<T: Trim>(&self, reading: &Reading<'_>) -> Listing<T> {
        let plan = reading.plan;
        if T::KIND.is_namespaced() && !plan.namespaces.is_empty() {
            return self.in_namespaces(reading, &plan.namespaces).await;
        }
        let Listed { items, left_out, scale, error } = self.list::<T>(reading, None).await;
        let focus = scale.namespaces.clone();
        if T::KIND == Kind::Pod {
            reading.set_scale(scale);
        }
        if left_out > 0 {
            let why = "the cluster is large, and they are outside the namespaces that matter";
            reading.left_out(format!("{left_out} of the {}", T::KIND.plural()), why);
        }
        let Some(error) = error else {
            // What is left out is never of the focus; the pods' own list knows only the alarm's.
            let focus = if T::KIND == Kind::Pod { plan.focus.namespaces.clone() } else { focus };
            let scope = match (left_out, focus.is_empty()) {
                (0, _) => Scope::All,
                (_, true) => Scope::Partial,
                (_, false) => Scope::Namespaces(focus),
            };
            return Listing { items, scope };
        };
        let elsewhere = !error.is_total() && !matches!(error, ReadError::NotFound { .. });
        reading.missing(listing_of(T::KIND, None), error);
        if elsewhere && T::KIND.is_namespaced() && !plan.focus.namespaces.is_empty() {
            let focus = self.in_namespaces(reading, &plan.focus.namespaces).await;
            if focus.scope != Scope::Unread {
                return merged(items, focus);
            }
        }
        let scope = if items.is_empty() { Scope::Unread } else { Scope::Partial };
        Listing { items, scope }
    }

    async fn in_namespaces<T: Trim>(&self, reading: &Reading<'_>, namespaces: &BTreeSet<String>) -> Listing<T> {
        let lists = namespaces
            .iter()
            .map(|namespace| async move { (namespace, self.list::<T>(reading, Some(namespace)).await) });
        let mut all = Vec::new();
        let mut complete = BTreeSet::new();
        for (namespace, Listed { items, left_out, error, .. }) in join_all(lists).await {
            all.extend(items);
            match error {
                None if left_out > 0 => {
                    let what = format!("{left_out} of the {}", listing_of(T::KIND, Some(namespace)));
                    reading.left_out(what, "there are too many with nothing to tell");
                }
                Some(error) => reading.missing(listing_of(T::KIND, Some(namespace)), error),
                None => {
                    complete.insert(namespace.clone());
                }
            }
        }
        let scope = match (complete.is_empty(), all.is_empty()) {
            (false, _) => Scope::Namespaces(complete),
            (true, false) => Scope::Partial,
            (true, true) => Scope::Unread,
        };
        Listing { items: all, scope }
    }
}

/// What a broken-off list had, with the namespaces that were read in full instead of its part of them.
fn merged<T: Object>(items: Vec<T>, mut focus: Listing<T>) -> Listing<T> {
    if let Scope::Namespaces(complete) = &focus.scope {
        let rest: Vec<T> = items.into_iter().filter(|item| !complete.contains(item.namespace())).collect();
        focus.items.extend(rest);
    }
    focus
}
