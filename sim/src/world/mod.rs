//! The world: one cluster, its traffic and its clock. Scenarios break it; everything served is a view of it.
