//! What must outlive an invocation: incidents, idempotency, outbox, decision records.
