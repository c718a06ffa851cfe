//! A real Prometheus on loopback, with what it is given: one as installed, of no configuration of its own.
//!
//! What it is to know is written as OpenMetrics with times and made into blocks by `promtool`, so that nothing has to be scraped
//! or waited for.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tempfile::TempDir;

use crate::judges;

/// How long it may take to be ready, and how often it is asked.
const READY: Duration = Duration::from_secs(30);
const ASKED: Duration = Duration::from_millis(50);

/// A running Prometheus; ended when it is let go of.
#[derive(Debug)]
pub struct Prometheus {
    process: Child,
    address: String,
    _data: TempDir,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[allow(clippy::missing_panics_doc, clippy::unwrap_used, reason = "a test's helpers fail where the test has failed")]
impl Prometheus {
    /// One that knows this; `None` where Prometheus is not installed and not required.
    pub async fn knowing(metrics: &OpenMetrics) -> Option<Self> {
        let (server, tool) = (judges::prometheus()?, judges::promtool()?);
        let data = TempDir::new().unwrap();
        let at = |name: &str| data.path().join(name);
        std::fs::write(at("metrics"), metrics.text()).unwrap();
        std::fs::write(at("prometheus.yml"), "").unwrap();
        let made = Command::new(tool)
            .args(["tsdb", "create-blocks-from", "openmetrics"])
            .args([at("metrics"), at("data")])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        // A port that was free may be somebody else's by then: then it ends at once, and another one is tried.
        for _ in 0..3 {
            let address = free();
            let mut process = serve(&server, &at("prometheus.yml"), &at("data"), &address);
            let address = format!("http://{address}");
            if is_ready(&mut process, &address).await {
                return Some(Self { process, address, _data: data });
            }
            let _ = process.kill();
            let _ = process.wait();
        }
        panic!("prometheus does not start");
    }

    /// Where it is asked.
    pub fn address(&self) -> &str {
        &self.address
    }
}

#[allow(clippy::unwrap_used, reason = "a test's helpers fail where the test has failed")]
async fn is_ready(process: &mut Child, address: &str) -> bool {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (http, began) = (reqwest::Client::new(), Instant::now());
    let address = format!("{address}/-/ready");
    let mut pace = tokio::time::interval(ASKED);
    while began.elapsed() < READY && process.try_wait().unwrap().is_none() {
        pace.tick().await;
        if http.get(&address).send().await.is_ok_and(|answer| answer.status().is_success()) {
            return true;
        }
    }
    false
}

fn free() -> String {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).map(|listener| listener.local_addr());
    match listener {
        Ok(Ok(address)) => address.to_string(),
        other => panic!("no port on loopback: {other:?}"),
    }
}

fn serve(server: &Path, config: &Path, data: &Path, address: &str) -> Child {
    let spawned = Command::new(server)
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.tsdb.path={}", data.display()))
        .arg(format!("--web.listen-address={address}"))
        .args(["--storage.tsdb.retention.time=3650d", "--log.level=error"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    spawned.unwrap_or_else(|error| panic!("prometheus does not run: {error}"))
}

/// Samples as OpenMetrics has them: families after each other, each series' samples in time's order.
///
/// <https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md>
#[derive(Debug, Default)]
pub struct OpenMetrics(String);

impl OpenMetrics {
    /// A family of this type (`counter`, `gauge`, `histogram`).
    #[must_use]
    pub fn family(mut self, name: &str, kind: &str) -> Self {
        let _ = writeln!(self.0, "# TYPE {name} {kind}");
        self
    }

    /// A series of the family begun last.
    #[must_use]
    pub fn series(mut self, name: &str, labels: &str, samples: impl IntoIterator<Item = (Timestamp, f64)>) -> Self {
        for (at, value) in samples {
            let _ = writeln!(self.0, "{name}{{{labels}}} {value} {}", at.as_second());
        }
        self
    }

    fn text(&self) -> String {
        format!("{}# EOF\n", self.0)
    }
}
