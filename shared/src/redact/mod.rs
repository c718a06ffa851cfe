//! Secrets are hidden before text leaves: to a model, Slack, e-mail or the store.
