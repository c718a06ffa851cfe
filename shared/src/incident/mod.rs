//! Incidents: fingerprints, joining, storms, resolution.
