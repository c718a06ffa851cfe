//! The Slack Web API, and a page that shows the channel as Slack would.
