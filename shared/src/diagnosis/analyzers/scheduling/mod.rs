//! No node takes the pod.

super::list![];
