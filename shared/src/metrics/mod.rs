//! Metric series from CloudWatch and Prometheus, behind one trait.
