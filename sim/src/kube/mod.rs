//! The Kubernetes API of the world, as stock kubectl speaks it.
