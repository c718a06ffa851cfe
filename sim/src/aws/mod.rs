//! An AWS account on one port: the operations the functions call, as the SDKs speak them.
//!
//! CloudWatch answers in all three of its protocols (rpc-v2-cbor, which today's SDKs use, JSON 1.0, and query for older
//! ones), EKS, zonal shifts and Bedrock's agent runtime in REST-JSON, the latter with a real event stream, STS in query, Secrets
//! Manager, Systems Manager, EventBridge and DynamoDB in JSON, S3 in REST. [`router`] tells the services apart by path, target header and the service in the signature's
//! scope, so that one `AWS_ENDPOINT_URL` serves all. Signatures have to be there, with the region's scope and the
//! account's keys where the cluster is concerned; they are not verified.

mod bedrock;
mod cloudwatch;
mod dispatch;
mod ec2;
mod eks;
mod error;
mod events;
mod knowledge;
mod parameters;
mod protocol;
mod roles;
mod secrets;
mod stores;
mod sts;
mod tables;
mod value;
mod zonal_shifts;

use std::sync::Arc;

use axum::Router;

use crate::bus::Buses;
use crate::fault::Faults;
use crate::world::World;

pub use bedrock::{AGENT_ALIAS_ID, HOSTILE_AGENT_ID, MECHANICAL_AGENT_ID};
pub use knowledge::{KNOWLEDGE_BASE_ID, KNOWLEDGE_SOURCE_ID, Knowledge};
pub use parameters::Parameters;
pub use roles::Roles;
pub use secrets::Secrets;
pub use stores::Stores;
pub use zonal_shifts::{ZonalShift, ZonalShifts};

/// What the account is a view of.
#[derive(Debug, Clone)]
pub struct Account {
    /// Metrics, alarms and the cluster come from it.
    pub world: Arc<World>,
    /// Where the cluster's Kubernetes API is, as DescribeCluster tells it.
    pub kube_endpoint: String,
    /// Secrets Manager's secrets.
    pub secrets: Secrets,
    /// Systems Manager's parameters.
    pub parameters: Parameters,
    /// S3's buckets and DynamoDB's tables.
    pub stores: Stores,
    /// The knowledge base of Bedrock.
    pub knowledge: Knowledge,
    /// EventBridge's buses.
    pub buses: Buses,
    /// The roles that open the cluster's account, where it is another one.
    pub roles: Roles,
    /// Zonal shifts of Application Recovery Controller.
    pub zonal_shifts: ZonalShifts,
    /// What goes wrong.
    pub faults: Faults,
    /// The agents' conversations.
    pub(crate) sessions: Arc<bedrock::Sessions>,
}

impl Account {
    /// An account over `world`, whose cluster's API is at `kube_endpoint`.
    pub fn new(world: Arc<World>, kube_endpoint: String, faults: Faults) -> Self {
        Self {
            world,
            kube_endpoint,
            secrets: Secrets::default(),
            parameters: Parameters::default(),
            stores: Stores::default(),
            knowledge: Knowledge::default(),
            buses: Buses::default(),
            roles: Roles::default(),
            zonal_shifts: ZonalShifts::default(),
            faults,
            sessions: Arc::default(),
        }
    }

    fn world(&self) -> &World {
        &self.world
    }
}

/// The routes of the account: everything, as the SDKs decide what path a request has.
pub fn router(account: Account) -> Router {
    dispatch::router(account)
}
