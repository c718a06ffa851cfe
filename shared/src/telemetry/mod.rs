//! JSON logs and EMF metrics.
