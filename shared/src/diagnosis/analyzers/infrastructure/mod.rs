//! Nodes and the cluster's own parts.

mod node_not_ready;

super::list![node_not_ready];
