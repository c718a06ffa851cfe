//! The threshold alarms of all clusters, made what the settings ask for: account by account and region by region, since alarms
//! are theirs.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_cloudwatch::Client;

use super::apply::{self, ApplyError};
use super::{Levels, Plan, desired, plan};
use crate::aws::account::config_for;
use crate::config::{ClusterSettings, ServiceSettings};

/// Compares the alarms of each account and region with what is asked for and, where `write` says so, makes them so. Returns the plans;
/// what was cut off is finished by the next run.
///
/// # Errors
///
/// Where CloudWatch does not answer or refuses; what is done already stays.
pub async fn keep(
    aws: &SdkConfig,
    clusters: &[ClusterSettings],
    services: &[ServiceSettings],
    levels: &Levels,
    write: bool,
) -> Result<Vec<Plan>, ApplyError> {
    let mut plans = Vec::new();
    for (place, clusters) in by_place(clusters) {
        let client = Client::new(&config_for(aws, place.region, place.role).await);
        let names: Vec<&str> = clusters.iter().map(|cluster| cluster.name.as_str()).collect();
        let plan = plan(&desired(&clusters, services, levels), &apply::existing(&client).await?, &names);
        if write {
            apply::apply(&client, &plan).await?;
        }
        plans.push(plan);
    }
    Ok(plans)
}

/// Where alarms are kept together: a region, and the role for its account. What is left out is the process's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place<'a> {
    region: Option<&'a str>,
    role: Option<&'a str>,
}

fn by_place(clusters: &[ClusterSettings]) -> BTreeMap<Place<'_>, Vec<ClusterSettings>> {
    let mut places: BTreeMap<Place<'_>, Vec<ClusterSettings>> = BTreeMap::new();
    for cluster in clusters {
        let place = Place { region: cluster.region.as_deref(), role: cluster.role_arn.as_deref() };
        places.entry(place).or_default().push(cluster.clone());
    }
    places
}
