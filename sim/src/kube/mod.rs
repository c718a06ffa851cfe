//! The Kubernetes API of the world, as stock kubectl speaks it.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::world::World;

/// The API server's routes over a world.
pub fn router(world: Arc<World>) -> Router {
    Router::new().route("/healthz", get(|| async { "ok" })).with_state(world)
}
