//! The applications that live in the cluster: what each needs, whom it calls, how it logs, which versions of it exist.
//!
//! A small shop of our own making. Where more pods are asked for, other teams' services fill the cluster up.

/// The controller that runs an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runner {
    Deployment,
    StatefulSet,
    DaemonSet,
}

/// How an application writes its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// JSON lines, as slog writes them.
    Go,
    /// `logging` with tracebacks.
    Python,
    /// Logback with stack traces.
    Java,
    /// pino's JSON lines.
    Node,
    /// PostgreSQL's server log.
    Postgres,
    /// klog.
    Klog,
}

/// One application.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) runner: Runner,
    pub(crate) replicas: usize,
    /// Repository within the registry; a full reference where it has a host.
    pub(crate) image: String,
    /// Tags rolled out one after another; the last one runs.
    pub(crate) versions: Vec<&'static str>,
    /// Revisions that came before the first of `versions` and have been cleaned up.
    pub(crate) forgotten_revisions: u32,
    pub(crate) port: u16,
    pub(crate) cpu_request_m: u32,
    pub(crate) memory_request_mi: u32,
    pub(crate) memory_limit_mi: u32,
    pub(crate) style: Style,
    /// From start to ready.
    pub(crate) startup_s: i64,
    /// Requests a second from outside the cluster at the mean of the day.
    pub(crate) outside_rps: f64,
    /// Applications of the shop called while serving a request, how often per request, and the share of requests that
    /// cannot do without.
    pub(crate) calls: Vec<(&'static str, f64, f64)>,
    /// Own share of a request's latency.
    pub(crate) latency_ms: f64,
    /// Own CPU time of a request.
    pub(crate) cpu_ms: f64,
    /// Resident when idle.
    pub(crate) memory_mi: f64,
    pub(crate) environment: Vec<(&'static str, &'static str)>,
    pub(crate) routes: Vec<&'static str>,
    /// Autoscaler: least, most, CPU target in percent.
    pub(crate) autoscaler: Option<(u32, u32, u32)>,
    /// Disruption budget: how many may be away at once.
    pub(crate) may_be_away: Option<u32>,
    /// Behind the public load balancer.
    pub(crate) public: bool,
    /// A volume of this many GiB.
    pub(crate) volume_gi: Option<u32>,
    /// Rolled out all at once: the old pods go before the new ones come.
    pub(crate) recreated: bool,
}

impl App {
    fn new(namespace: &str, name: &str, replicas: usize, style: Style) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            runner: Runner::Deployment,
            replicas,
            image: format!("{namespace}/{name}"),
            versions: vec!["v1.0.0"],
            forgotten_revisions: 0,
            port: 8080,
            cpu_request_m: 150,
            memory_request_mi: 192,
            memory_limit_mi: 384,
            style,
            startup_s: 6,
            outside_rps: 0.0,
            calls: Vec::new(),
            latency_ms: 8.0,
            cpu_ms: 3.0,
            memory_mi: 120.0,
            environment: Vec::new(),
            routes: Vec::new(),
            autoscaler: None,
            may_be_away: None,
            public: false,
            volume_gi: None,
            recreated: false,
        }
    }

    /// `namespace/name`.
    pub(crate) fn id(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// The image's reference without tag.
    pub(crate) fn repository(&self, registry: &str) -> String {
        if self.image.split('/').next().is_some_and(|host| host.contains('.')) {
            self.image.clone()
        } else {
            format!("{registry}/{}", self.image)
        }
    }

    fn memory(mut self, request_mi: u32, limit_mi: u32, resident_mi: f64) -> Self {
        (self.memory_request_mi, self.memory_limit_mi, self.memory_mi) = (request_mi, limit_mi, resident_mi);
        self
    }

    fn versions(mut self, forgotten: u32, versions: &[&'static str]) -> Self {
        (self.forgotten_revisions, self.versions) = (forgotten, versions.to_vec());
        self
    }

    fn public(mut self, rps: f64, routes: &[&'static str]) -> Self {
        (self.public, self.outside_rps, self.routes) = (true, rps, routes.to_vec());
        self
    }

    fn routes(mut self, routes: &[&'static str]) -> Self {
        self.routes = routes.to_vec();
        self
    }

    fn calls(mut self, calls: &[(&'static str, f64, f64)]) -> Self {
        self.calls = calls.to_vec();
        self
    }

    fn costs(mut self, latency_ms: f64, cpu_ms: f64) -> Self {
        (self.latency_ms, self.cpu_ms) = (latency_ms, cpu_ms);
        self
    }

    fn environment(mut self, environment: &[(&'static str, &'static str)]) -> Self {
        self.environment = environment.to_vec();
        self
    }

    fn guarded(mut self, may_be_away: u32) -> Self {
        self.may_be_away = Some(may_be_away);
        self
    }

    fn recreated(mut self) -> Self {
        self.recreated = true;
        self
    }

    fn scaled(mut self, least: u32, most: u32, cpu_percent: u32) -> Self {
        self.autoscaler = Some((least, most, cpu_percent));
        self
    }

    fn system(mut self, image: &str, version: &'static str, runner: Runner, port: u16) -> Self {
        (self.image, self.versions, self.runner, self.port) = (image.to_owned(), vec![version], runner, port);
        (self.cpu_request_m, self.memory_request_mi, self.memory_limit_mi, self.memory_mi) = (50, 64, 256, 48.0);
        self
    }

    fn stateful(mut self, image: &str, version: &'static str, port: u16, volume_gi: u32) -> Self {
        (self.image, self.versions, self.runner, self.port) =
            (image.to_owned(), vec![version], Runner::StatefulSet, port);
        self.volume_gi = Some(volume_gi);
        self
    }
}

/// The database that most of the shop needs.
pub(crate) const DATABASE: &str = "data/orders-db";

/// All applications, filled up to about `pods` pods on `nodes` nodes.
pub(crate) fn applications(nodes: usize, pods: usize) -> Vec<App> {
    let mut apps = shop();
    apps.extend(system());
    let count = |apps: &[App]| -> usize {
        apps.iter().map(|app| if app.runner == Runner::DaemonSet { nodes } else { app.replicas }).sum()
    };
    let mut missing = pods.saturating_sub(count(&apps));
    let mut team = 0;
    while missing > 1 {
        let size = missing.min(2 + team % 7 * 3);
        let styles = [Style::Go, Style::Java, Style::Python, Style::Node];
        let names =
            ["search", "pricing", "inventory", "shipping", "reviews", "loyalty", "returns", "tax", "feeds", "mailer"];
        let namespace = format!("team-{:02}", team / 20 + 1);
        let mut app = App::new(
            &namespace,
            &format!("{}-{}", names[team % names.len()], team / names.len() + 1),
            size,
            styles[team % 4],
        )
        .memory(96, 256, 70.0)
        .routes(&["GET /v1/items", "POST /v1/items"]);
        app.cpu_request_m = 50;
        app.outside_rps = 3.0 * size as f64;
        apps.push(app);
        missing -= size;
        team += 1;
    }
    apps
}

fn shop() -> Vec<App> {
    vec![
        App::new("shop", "storefront", 3, Style::Node)
            .versions(20, &["v4.11.0", "v4.12.0", "v4.12.1"])
            .public(
                60.0,
                &[
                    "GET /",
                    "GET /products/{id}",
                    "GET /search",
                    "GET /account",
                    "GET /assets",
                    "GET /deals",
                    "GET /help",
                    "POST /session",
                ],
            )
            .calls(&[
                ("shop/catalog", 1.4, 0.7),
                ("shop/recommendation", 0.6, 0.02),
                ("shop/cart", 0.3, 0.4),
                ("platform/auth", 0.4, 0.3),
            ])
            .costs(12.0, 4.0)
            .guarded(1)
            .scaled(3, 8, 70),
        App::new("shop", "catalog", 3, Style::Go)
            .versions(8, &["v1.8.2", "v1.8.3"])
            .routes(&[
                "GET /products",
                "GET /products/{id}",
                "GET /categories",
                "GET /prices",
                "GET /stock/{id}",
                "GET /images/{id}",
            ])
            .calls(&[(DATABASE, 1.0, 0.9)])
            .costs(6.0, 2.0)
            .guarded(1),
        App::new("shop", "cart", 2, Style::Node)
            .versions(5, &["v2.0.6", "v2.1.0"])
            .routes(&[
                "GET /cart",
                "PUT /cart/items/{id}",
                "DELETE /cart/items/{id}",
                "POST /cart/merge",
                "GET /cart/total",
            ])
            .calls(&[("data/sessions", 1.0, 0.95), ("shop/catalog", 0.2, 0.7)])
            .costs(5.0, 1.5),
        App::new("shop", "checkout", 3, Style::Java)
            .versions(11, &["v3.2.0", "v3.2.1", "v3.3.0"])
            .memory(384, 768, 460.0)
            .public(
                9.0,
                &[
                    "POST /orders",
                    "GET /orders/{id}",
                    "GET /orders",
                    "POST /orders/{id}/cancel",
                    "POST /quotes",
                    "GET /shipping-options",
                    "POST /vouchers",
                    "POST /addresses",
                ],
            )
            .calls(&[
                ("payments/api", 0.8, 0.13),
                (DATABASE, 2.0, 0.9),
                ("shop/cart", 0.6, 0.4),
                ("platform/notifications", 0.3, 0.01),
            ])
            .costs(22.0, 7.0)
            .guarded(1),
        App::new("shop", "recommendation", 2, Style::Python)
            .versions(3, &["v1.5.1", "v1.6.0"])
            .memory(256, 512, 210.0)
            .routes(&["GET /recommendations", "GET /recommendations/{user}", "GET /similar/{id}", "POST /feedback"])
            .calls(&[("shop/catalog", 0.5, 0.7)])
            .costs(18.0, 6.0),
        App::new("payments", "api", 5, Style::Python)
            .versions(11, &["v2.2.0", "v2.2.4", "v2.3.0"])
            .public(
                4.0,
                &[
                    "POST /charges",
                    "GET /charges/{id}",
                    "POST /refunds",
                    "GET /methods",
                    "POST /methods",
                    "DELETE /methods/{id}",
                    "POST /webhooks/card",
                    "GET /balance",
                ],
            )
            .environment(&[("DEPLOY_ENV", "production"), ("CARD_GATEWAY", "https://gateway.cards.example")])
            .calls(&[("payments/ledger", 1.0, 0.9), ("payments/fraud", 0.7, 0.25)])
            .costs(25.0, 6.0)
            .guarded(1)
            .recreated(),
        App::new("payments", "ledger", 2, Style::Java)
            .versions(6, &["v5.0.1", "v5.0.2"])
            .memory(384, 768, 430.0)
            .routes(&[
                "POST /entries",
                "GET /entries/{id}",
                "GET /accounts/{id}",
                "POST /settlements",
                "GET /statements",
            ])
            .calls(&[(DATABASE, 2.5, 0.9)])
            .costs(10.0, 4.0)
            .guarded(1),
        App::new("payments", "fraud", 2, Style::Python)
            .versions(2, &["v0.9.7"])
            .memory(256, 512, 260.0)
            .routes(&["POST /score", "GET /rules", "POST /reviews"])
            .calls(&[(DATABASE, 0.4, 0.9)])
            .costs(14.0, 8.0),
        App::new("platform", "auth", 2, Style::Go)
            .versions(4, &["v1.20.3"])
            .routes(&["POST /token", "GET /keys", "POST /introspect", "POST /logout"])
            .calls(&[("data/sessions", 1.0, 0.95)])
            .costs(4.0, 2.0)
            .guarded(1),
        App::new("platform", "notifications", 2, Style::Node)
            .versions(7, &["v2.7.0", "v2.7.1"])
            .routes(&["POST /messages", "GET /templates", "POST /push"])
            .calls(&[(DATABASE, 0.5, 0.9)])
            .costs(9.0, 2.0),
        App::new("data", "orders-db", 1, Style::Postgres)
            .stateful("docker.io/library/postgres", "16.4", 5432, 100)
            .memory(1024, 2048, 900.0)
            .costs(2.0, 1.0),
        App::new("data", "sessions", 1, Style::Go)
            .stateful("docker.io/valkey/valkey", "8.0.1", 6379, 10)
            .memory(256, 512, 140.0)
            .costs(0.6, 0.2),
    ]
}

fn system() -> Vec<App> {
    let registry = "602401143452.dkr.ecr.ap-northeast-2.amazonaws.com";
    let image = |name: &str| format!("{registry}/{name}");
    vec![
        App::new("kube-system", "aws-node", 0, Style::Go).system(
            &image("amazon-k8s-cni"),
            "v1.19.2",
            Runner::DaemonSet,
            61678,
        ),
        App::new("kube-system", "kube-proxy", 0, Style::Klog).system(
            &image("eks/kube-proxy"),
            "v1.32.0-eksbuild.2",
            Runner::DaemonSet,
            10249,
        ),
        App::new("amazon-cloudwatch", "cloudwatch-agent", 0, Style::Go).system(
            "public.ecr.aws/cloudwatch-agent/cloudwatch-agent",
            "1.300051.0",
            Runner::DaemonSet,
            4311,
        ),
        App::new("kube-system", "coredns", 2, Style::Klog).system(
            &image("eks/coredns"),
            "v1.11.4-eksbuild.2",
            Runner::Deployment,
            53,
        ),
        App::new("kube-system", "metrics-server", 1, Style::Klog).system(
            &image("eks/metrics-server"),
            "v0.7.2-eksbuild.1",
            Runner::Deployment,
            10250,
        ),
        App::new("kube-system", "aws-load-balancer-controller", 2, Style::Go).system(
            "public.ecr.aws/eks/aws-load-balancer-controller",
            "v2.11.0",
            Runner::Deployment,
            9443,
        ),
    ]
}
