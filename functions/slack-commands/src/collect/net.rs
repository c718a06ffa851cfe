//! Ways between services and to what they depend on: every probe at the same time, each with a bound of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use shared::config::ClusterSettings;
use shared::deadline::Deadline;
use shared::eks::Survey;
use shared::model::{EndpointSlice, Object, Pod, Service};
use shared::roles::Reach;

use super::probe::{self, Outcome};
use super::services::{self, Meant};
use super::{connected, plan, workload};
use crate::clients::Clients;
use crate::event::What;
use crate::situation::{Choice, Known, Net, NetService, Reached, Reading};

/// Services that are looked at.
const MOST: usize = 40;
/// Pods of each service that are tried.
const TRIED: usize = 3;
/// The label by which a slice names its Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

pub(super) async fn read(
    clients: &Clients,
    of: &ClusterSettings,
    what: &What,
    reach: &Reach,
    deadline: Deadline,
) -> Reading {
    let (services, dependencies) =
        futures::join!(ways(clients, of, what, reach, deadline), probe::dependencies(clients, deadline));
    let (services, service_count) = match services {
        Ok(found) => found,
        Err(reason) => return Reading::Unreachable { reason },
    };
    let (rds, s3, dynamodb) = dependencies;
    Reading::Net(Box::new(Net { services, service_count, rds, s3, dynamodb }))
}

type Ways = (Known<Vec<NetService>>, usize);

async fn ways(
    clients: &Clients,
    of: &ClusterSettings,
    what: &What,
    reach: &Reach,
    deadline: Deadline,
) -> Result<Ways, String> {
    let cluster = connected(clients, of, deadline).await?;
    let plan = plan(deadline);
    let survey = cluster.survey(&plan);
    let (all, discovered_in) = services::all(clients.settings(), &survey, reach).await;
    let mut gap = all.gap().map(str::to_owned);
    let choices = match services::meant(all, discovered_in, what, of) {
        Meant::One(one, _) => vec![one],
        Meant::Choose(services) => services.all.value().cloned().unwrap_or_default(),
    };
    let count = choices.len();
    let choices: Vec<Choice> = choices.into_iter().take(MOST).collect();
    let namespaces: BTreeSet<&str> = choices.iter().map(|choice| choice.workload.namespace.as_str()).collect();
    let read = namespaces
        .into_iter()
        .map(|namespace| async { (namespace.to_owned(), Namespace::read(&survey, namespace).await) });
    let mut places = BTreeMap::new();
    for (name, place) in futures::future::join_all(read).await {
        match place {
            Ok(place) => {
                places.insert(name, place);
            }
            Err(error) if error.is_total() => {
                clients.forget(&of.name).await;
                return Err(error.chain());
            }
            Err(error) => {
                gap.get_or_insert(error.chain());
            }
        }
    }
    let looks = choices.into_iter().filter_map(|choice| {
        let place = places.get(&choice.workload.namespace)?;
        Some(look(&survey, choice, place, deadline))
    });
    let mut found = Vec::new();
    for outcome in futures::future::join_all(looks).await {
        match outcome {
            Ok(service) => found.push(service),
            Err(why) => {
                gap.get_or_insert(why);
            }
        }
    }
    let services = match gap {
        None => Known::Whole(found),
        Some(why) if found.is_empty() => Known::Missing(why),
        Some(why) => Known::Part(found, why),
    };
    Ok((services, count))
}

/// What of a namespace tells the ways.
struct Namespace {
    services: Vec<Service>,
    /// By Service: addresses that take traffic, and that do not.
    endpoints: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)>,
}

impl Namespace {
    async fn read(survey: &Survey<'_>, namespace: &str) -> Result<Self, shared::eks::ReadError> {
        type Endpoints = BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)>;
        let services = survey.fold(Some(namespace), |all: &mut Vec<Service>, mut service: Service| {
            service.metadata.annotations.clear();
            all.push(service);
        });
        let endpoints = survey.fold(Some(namespace), |all: &mut Endpoints, slice: EndpointSlice| {
            let Some(name) = slice.metadata.labels.get(SERVICE_NAME) else { return };
            let (ready, others) = all.entry(name.clone()).or_default();
            for endpoint in slice.endpoints {
                let into = if endpoint.conditions.ready.unwrap_or(true) { &mut *ready } else { &mut *others };
                into.extend(endpoint.addresses);
            }
        });
        let (services, endpoints) = futures::join!(services, endpoints);
        Ok(Self { services: services.map_err(|(_, error)| error)?, endpoints: endpoints.map_err(|(_, error)| error)? })
    }
}

#[derive(Default)]
struct Pods {
    ready: usize,
    labels: BTreeMap<String, String>,
    addresses: Vec<(String, u16)>,
}

async fn look(survey: &Survey<'_>, of: Choice, place: &Namespace, deadline: Deadline) -> Result<NetService, String> {
    let mut service = NetService {
        of,
        wanted: None,
        ready: 0,
        services: Vec::new(),
        endpoints: 0,
        endpoints_not_ready: 0,
        reached: Reached::default(),
    };
    let found = workload::found(survey, &service.of).await.map_err(|error| error.chain())?;
    let Some((selector, replicas)) = found else { return Ok(service) };
    service.wanted = Some(replicas.wanted);
    let pods = survey.fold_selected(&service.of.workload.namespace, &selector, |all: &mut Pods, pod: Pod| {
        let statuses = &pod.status.container_statuses;
        let ready = !statuses.is_empty() && statuses.iter().all(|status| status.ready);
        all.ready += usize::from(ready && pod.metadata.deletion_timestamp.is_none());
        let ports = pod.spec.containers.iter().flat_map(|container| &container.ports);
        let tcp = ports.filter(|port| matches!(port.protocol.as_str(), "" | "TCP"));
        let port = tcp.filter_map(|port| u16::try_from(port.container_port).ok()).next();
        if let (true, Some(port), true) = (ready, port, all.addresses.len() < TRIED) {
            all.addresses.push((pod.status.pod_ip.clone(), port));
        }
        all.labels = pod.metadata.labels;
    });
    let pods = pods.await.map_err(|(_, error)| error.chain())?;
    service.ready = pods.ready;
    // Without pods, what their selector asks for is all that is known of their labels.
    let labels = if pods.labels.is_empty() { selector.match_labels } else { pods.labels };
    let selecting = place.services.iter().filter(|service| {
        let wanted = &service.spec.selector;
        !wanted.is_empty() && wanted.iter().all(|(key, value)| labels.get(key) == Some(value))
    });
    let (mut ready, mut others) = (BTreeSet::new(), BTreeSet::new());
    for selecting in selecting {
        service.services.push(selecting.name().to_owned());
        if let Some((of_ready, of_others)) = place.endpoints.get(selecting.name()) {
            ready.extend(of_ready);
            others.extend(of_others);
        }
    }
    (service.endpoints, service.endpoints_not_ready) = (ready.len(), others.difference(&ready).count());
    let limit = deadline.cap(Duration::from_millis(1_000));
    let tries = pods.addresses.iter().map(|(address, port)| probe::connect(address, *port, limit));
    for outcome in futures::future::join_all(tries).await {
        service.reached.tried += 1;
        match outcome {
            Outcome::Connected(..) => service.reached.reached += 1,
            Outcome::Refused => service.reached.refused += 1,
            Outcome::NoAnswer(_) => {}
        }
    }
    Ok(service)
}
