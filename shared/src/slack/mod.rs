//! Slack: messages from typed blocks, posted within its limits.
