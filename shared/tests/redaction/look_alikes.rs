//! What looks like a secret and is none: hidden, it would make a diagnosis useless. TEST VECTORS, drawn.

use crate::vectors::*;

/// `(family, line)`.
pub(crate) fn corpus() -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    let mut seed = 9000;
    let mut next = || {
        seed += 1;
        seed
    };
    for line in [
        "Successfully pulled image \"registry.example.com/shop/api@sha256:{}\"",
        "image: registry.example.com/shop/api@sha256:{}",
        "imageID: docker-pullable://registry.example.com/shop/api@sha256:{}",
        "containerID: containerd://{}",
        "digest: sha256:{}",
        "checksum/config: {}",
        "etag \"{}\"",
        "pod-template-hash sha {}",
        "failed to verify layer: expected sha256:{}",
        "OCI runtime create failed: {}: no such file",
    ] {
        all.push(("sha256", line.replace("{}", &draw(HEX, 64, next()))));
    }
    for line in [
        "checked out {}",
        "revision={}",
        "commit {} (HEAD -> main)",
        "deployed shop/api@{}",
        "app.kubernetes.io/version: {}",
        "git-sha: {}",
        "sha1 {}",
        "Synced to {} (argo cd)",
    ] {
        all.push(("git sha", line.replace("{}", &draw(HEX, 40, next()))));
    }
    for line in [
        "trace_id={} span_id=00f067aa0ba902b7",
        "traceparent: 00-{}-00f067aa0ba902b7-01",
        "\"traceId\":\"{}\"",
        "md5 {}",
        "X-Request-Id: {}",
        "x-b3-traceid: {}",
        "dd.trace_id={}",
    ] {
        all.push(("trace id", line.replace("{}", &draw(HEX, 32, next()))));
    }
    for line in [
        "request {} took 5012 ms",
        "uid: {}",
        "correlation-id={}",
        "\"id\":\"{}\"",
        "volume pvc-{} not attached",
        "session {} closed",
        "idempotency-key: {}",
        "order {} rejected: out of stock",
        "job={} state=failed",
        "clientToken={}",
    ] {
        let hex = draw(HEX, 32, next());
        let uuid = format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[12..15], &hex[15..18], &hex[18..30]);
        all.push(("uuid", line.replace("{}", &uuid)));
    }
    for line in [
        "pod api-7d4b9c6f5d-x2x1z is in CrashLoopBackOff",
        "Back-off restarting failed container server in pod checkout-66c9f8d7b4-q8w2n_payments(8f14e45f)",
        "node ip-10-0-1-7.ap-northeast-2.compute.internal NotReady",
        "instance i-0a1b2c3d4e5f67890 terminated",
        "subnet-0a1b2c3d4e5f67890 has no free addresses",
        "arn:aws:eks:us-east-1:123456789012:cluster/prod",
        "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api/73e2d6bc24d8a067",
        "app/shop/50dc6c495c0c9188",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/db-a1B2c3",
        "secret \"db-credentials\" not found",
        "Error: couldn't find key password in Secret shop/db-credentials",
        "secretName: api-tls",
        "existingSecret: ledger-postgresql",
        "imagePullSecrets: [{name: registry-login}]",
        "secretKeyRef: {name: db-credentials, key: password}",
        "MountVolume.SetUp failed for volume \"api-token\": secret \"api-token-x7k2p\" not found",
        "serviceAccountToken: {path: token, expirationSeconds: 3607}",
        "kube-api-access-8q7wz",
        "sh.helm.release.v1.api.v15",
        "configmap/api-config-7bk2t9m4hg",
    ] {
        all.push(("resource name", line.to_owned()));
    }
    for line in [
        "password authentication failed for user \"app\"",
        "Access denied for user 'app'@'10.0.1.7' (using password: YES)",
        "Access denied for user 'root'@'localhost' (using password: NO)",
        "invalid password: too short, 8 characters are required",
        "password: must contain a digit",
        "KeyError: 'DB_PASSWORD'",
        "missing environment variable API_KEY",
        "DB_PASSWORD is not set",
        "DB_PASSWORD: required",
        "panic: SECRET_KEY must be set",
        "token expired at 2026-03-01T05:21:40Z",
        "invalid token: signature mismatch",
        "SyntaxError: Unexpected token < in JSON at position 0",
        "unexpected token: expected ','",
        "max_tokens=4096 temperature=0.2",
        "tokens: 1523, cost 0.02",
        "tokenExpirationSeconds: 86400",
        "password=${DB_PASSWORD}",
        "password: $(DB_PASSWORD)",
        "password: {{ .Values.db.password }}",
        "password=********",
        "Authorization: [redacted]",
        "password: <from secret>",
        "NextToken=null",
        "auth: failed",
        "the password is wrong",
        "bypass: enabled",
        "author: kim",
        "Authorization: missing",
        "basic auth is disabled",
        "Bearer token required",
        "password_file: /run/secrets/db",
        "passwordSecretRef: db-credentials",
        "credentials: none",
        "api-key: missing",
        "비밀번호 오류: 사용자 app",
        "cookie: none",
    ] {
        all.push(("words", line.to_owned()));
    }
    for line in [
        "cache key=orders:2026-03:page:2 missed",
        "partition_key=customer-1234567",
        "lock key: payments/ledger/reconcile",
        "routing key: none",
        "primary key (id)=(102934) already exists",
        "Duplicate entry '1024' for key 'orders.PRIMARY'",
        "topologyKey: topology.kubernetes.io/zone",
        "s3 key=exports/2026/03/01/orders.parquet",
        "http://api.shop.svc.cluster.local:8080/v1/orders?page=2&sort=asc",
        "https://git.example.com/shop/api/-/commit/0a1b2c3d",
        "postgres://app@db:5432/shop",
        "dial tcp 10.0.12.5:5432: connect: connection refused",
        "postgres://app:[redacted]@db:5432/shop",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGexample0public0key0only0test0vector00",
        "at com.example.shop.checkout.PaymentTokenServiceImplConfiguration.initializeContext(PaymentTokenServiceImpl.java:214)",
        "/usr/local/lib/python3.12/site-packages/sqlalchemy/engine/base.py",
        "node_modules/@aws-sdk/client-secrets-manager/dist-cjs/index.js",
        "opt/app/Lib/Shop2/Payments/Http/Client9x",
        "2026-03-01T05:21:40.123456789Z stderr F panic: runtime error: index out of range [5] with length 5",
        "image busybox:1.36.1-glibc-20240101T000000Z",
    ] {
        all.push(("paths and keys", line.to_owned()));
    }
    for content in [
        "hello, this is a quite ordinary sentence",
        "{\"orders\":[1,2,3],\"page\":2,\"sort\":\"asc\"}",
        "name,qty,price\nsock,2,9.90\nhat,1,19.90\n",
        "<html><body><h1>503 Service Unavailable</h1></body></html>",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: api\n",
    ] {
        all.push(("base64, no secret", format!("body: {}", base64(content))));
    }
    let dashes = "-".repeat(5);
    let certificate =
        format!("{dashes}BEGIN CERTIFICATE{dashes}\n{}\n{dashes}END CERTIFICATE{dashes}\n", draw(BASE64, 64, next()));
    all.push(("base64, no secret", format!("certificate-authority-data: {}", base64(&certificate))));
    all.push(("base64, no secret", certificate));
    all.push((
        "base64, no secret",
        format!("thumbnail data:image/png;base64,iVBORw0KGgo{}", draw(BASE64, 120, next())),
    ));
    all.push(("base64, no secret", format!("continue: {}", draw(URL, 96, next()))));
    all
}
