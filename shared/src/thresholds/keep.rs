//! The threshold alarms of all clusters, made what the settings ask for: region by region, since alarms are a region's.

use aws_config::{Region, SdkConfig};
use aws_sdk_cloudwatch::Client;

use super::apply::{self, ApplyError};
use super::{Levels, Plan, desired, plan};
use crate::config::{ClusterSettings, ServiceSettings};

/// Compares the alarms of each region with what is asked for and, where `write` says so, makes them so. Returns the plans;
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
    for (region, clusters) in by_region(clusters) {
        let mut config = aws.to_builder();
        config.set_region(region.map(Region::new).or_else(|| aws.region().cloned()));
        let client = Client::new(&config.build());
        let names: Vec<&str> = clusters.iter().map(|cluster| cluster.name.as_str()).collect();
        let plan = plan(&desired(&clusters, services, levels), &apply::existing(&client).await?, &names);
        if write {
            apply::apply(&client, &plan).await?;
        }
        plans.push(plan);
    }
    Ok(plans)
}

/// Clusters by region, those of the process's own region together.
fn by_region(clusters: &[ClusterSettings]) -> Vec<(Option<String>, Vec<ClusterSettings>)> {
    let mut regions: Vec<(Option<String>, Vec<_>)> = Vec::new();
    for cluster in clusters {
        match regions.iter_mut().find(|(region, _)| *region == cluster.region) {
            Some((_, clusters)) => clusters.push(cluster.clone()),
            None => regions.push((cluster.region.clone(), vec![cluster.clone()])),
        }
    }
    regions
}
