//! Autoscalers and capacity.

super::list![];
