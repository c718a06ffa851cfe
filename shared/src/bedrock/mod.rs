//! The Bedrock agent: asked with the ranked causes, answered with typed read-only tools, its claims checked.
