//! No node takes the pod.

pub(crate) mod fit;
mod gated;
mod placement;
mod volume_binding;
mod volume_zone;

super::list![placement, volume_binding, volume_zone, gated];
