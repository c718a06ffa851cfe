//! The container starts and fails.

mod application_crash;
mod bad_rollout;
mod certificate_expired;
mod cpu_throttling;
mod cronjob_suspended;
mod database;
mod db_access;
mod db_connection_exhaustion;
mod db_read_only;
mod dependency_unavailable;
mod disk_full;
mod job_failed;
mod memory_leak;
mod missing_environment_variable;
mod oom_killed;
mod port_conflict;
mod probe;
mod rate_limited;
mod rbac_denied;
mod zero_replicas;

super::list![
    application_crash,
    bad_rollout,
    certificate_expired,
    cpu_throttling,
    cronjob_suspended,
    db_access,
    db_connection_exhaustion,
    db_read_only,
    dependency_unavailable,
    disk_full,
    job_failed,
    memory_leak,
    missing_environment_variable,
    oom_killed,
    port_conflict,
    probe,
    rate_limited,
    rbac_denied,
    zero_replicas,
];
