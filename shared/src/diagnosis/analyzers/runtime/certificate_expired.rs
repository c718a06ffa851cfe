//! certificate-expired: a TLS certificate is past its end, and connections that check it fail.
//!
//! Clients say so in their library's words: Go's x509, OpenSSL, Java's PKIX, Node's CERT_HAS_EXPIRED. The certificate is the
//! server's, so where the line names a Service that one is the object, else the workload that says it. cert-manager keeps
//! certificates in Secrets (<https://cert-manager.io/docs/usage/certificate/>), which are never read. Easily mistaken for a
//! server that is down; a certificate that is not trusted at all is another matter.

use crate::diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk, hosts};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("certificate-expired", Category::Runtime)];

const EXPIRED: &[&str] = &[
    "certificate has expired",
    "certificate expired",
    "certificate_expired",
    "cert_has_expired",
    "certificateexpiredexception",
    "certificate is expired",
];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for workload in view.workloads() {
        let recent = |pattern: &&crate::diagnosis::LogPattern| {
            pattern.says(EXPIRED) && (workload.is_short() || (pattern.count > 2 && view.is_recent(pattern, 30)))
        };
        let Some(pattern) = view.patterns_of(workload).iter().filter(recent).max_by_key(|it| it.count) else {
            continue;
        };
        let server = hosts(&pattern.example)
            .filter(|host| host.marked)
            .find_map(|host| view.service_at(host.name, workload.namespace()))
            .map(|service| service.object())
            .filter(|service| view.services_of(workload).all(|own| own.object() != *service));
        let object = server.unwrap_or_else(|| workload.object.clone());
        let evidence = case.log(pattern);
        let finding = Finding::new(&CAUSES[0], &object)
            .strength(if workload.is_short() { 0.93 } else { 0.85 })
            .summary("connections fail: the TLS certificate has expired")
            .because([evidence])
            .explains([workload.object.clone()])
            .since(pattern.first_seen)
            .check(Kubectl::logs(&workload.object, Some(&pattern.container), false))
            .action(ActionKind::Manual, Risk::Medium, "renew the certificate, and find out why it was not renewed");
        case.find(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::testkit::scene;

    #[test]
    fn an_expired_certificate_is_named_at_the_server_that_shows_it() {
        scene()
            .deployment("shop", "ledger", 1)
            .service("shop", "ledger", 8443)
            .deployment("shop", "api", 1)
            .crashing("shop", "api", 1, "Error")
            .log("shop", "api", "ERROR Get https://ledger:8443/: x509: certificate has expired or is not yet valid\n")
            .expect("certificate-expired", "Service shop/ledger");
    }

    #[test]
    fn a_certificate_that_is_not_trusted_has_not_expired() {
        scene()
            .deployment("shop", "api", 1)
            .crashing("shop", "api", 1, "Error")
            .log("shop", "api", "ERROR x509: certificate signed by unknown authority\n")
            .expect_not("certificate-expired");
    }
}
