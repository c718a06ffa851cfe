//! From a CloudWatch alarm to a diagnosis in Slack.
