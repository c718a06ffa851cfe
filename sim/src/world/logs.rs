//! What containers write to their logs.
//!
//! Lines are not kept: they are made when somebody reads them, from the run's times and from noise, so that the same run
//! reads the same whenever it is read. A run that crashed ends with what it crashed of; while a callee was out of reach
//! the log says so.

use serde_json::json;

use super::behaviour::Ending;
use super::kubelet::{Instance, PodRun, Stage};
use super::noise::Noise;
use super::shop::{App, Style};
use super::state::State;
use super::store::Key;

/// How far back a log reaches before it has been rotated away.
const REACHES_BACK_S: i64 = 3600;
/// Seconds between two ordinary lines.
const PACE_S: i64 = 5;

/// A line and when it was written, in nanoseconds since the epoch.
pub(crate) struct LogLine {
    pub(crate) at_ns: i128,
    pub(crate) text: String,
}

/// The log of one run of a container, oldest line first, as of now.
pub(crate) fn lines(state: &State, key: &Key, run: &PodRun, instance: &Instance, since: i64) -> Vec<LogLine> {
    let noise = state.noise.of(&instance.id);
    let until = instance.ended.as_ref().map_or(state.now, |(at, _)| *at);
    let mut writer = Writer { noise, lines: Vec::new() };
    let Some(app) = run.app.map(|index| &state.apps[index]) else {
        writer.push(instance.started, "started".to_owned());
        if instance.ended.is_some() {
            writer.push(until, "done".to_owned());
        }
        return writer.lines;
    };
    let from = instance.started.max(until - REACHES_BACK_S).max(since);
    let crashed = matches!(instance.ended, Some((_, Ending::MissingVariable(_)))) || doomed(run, instance);
    if instance.started >= from {
        let version =
            run.containers.first().and_then(|container| container.image.rsplit_once(':')).map_or("", |(_, tag)| tag);
        writer.startup(app, version, instance.started, until, crashed, &state.options.region);
    }
    let troubles = state.traffic.troubles.get(&app.id()).map(Vec::as_slice).unwrap_or_default();
    let mut at = from.max(instance.started + app.startup_s).div_euclid(PACE_S) * PACE_S + PACE_S;
    while at <= until && !crashed {
        let trouble =
            troubles.iter().find(|(begin, end, _)| *begin <= at && at <= *end).map(|(_, _, callee)| callee.as_str());
        match trouble {
            Some(callee) if noise.at(at).below(3) > 0 => writer.failure(app, at, callee),
            _ => writer.ordinary(app, at, key),
        }
        at += PACE_S;
    }
    if let Some((at, Ending::MissingVariable(name))) = &instance.ended {
        writer.missing_variable(*at, name);
    }
    writer.lines
}

/// Whether a run is still going on that will end before it has read its configuration.
fn doomed(run: &PodRun, instance: &Instance) -> bool {
    run.containers
        .iter()
        .filter(|container| container.current.as_ref() == Some(instance))
        .any(|container| matches!(&container.stage, Stage::Running { end: Some((_, Ending::MissingVariable(_))), .. }))
}

struct Writer {
    noise: Noise,
    lines: Vec<LogLine>,
}

impl Writer {
    fn push(&mut self, at: i64, text: String) {
        let number = self.lines.len() as i64;
        let nanos = i128::from(at) * 1_000_000_000
            + (self.noise.at(at).at(number).below(90_000_000) as i128)
            + i128::from(number % 10) * 90_000_000;
        let at_ns = self.lines.last().map_or(nanos, |last| nanos.max(last.at_ns + 1000));
        self.lines.push(LogLine { at_ns, text });
    }

    fn clock(&self, at: i64, pattern: &str) -> String {
        let millis = self.noise.at(at).below(1000) as i64;
        let time = jiff::Timestamp::from_millisecond(at * 1000 + millis).unwrap_or_default();
        time.strftime(pattern).to_string()
    }

    /// A line in the application's style.
    fn say(&mut self, style: Style, at: i64, level: &str, logger: &str, message: &str, fields: &[(&str, String)]) {
        let joined = fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ");
        let text = match style {
            Style::Go => {
                let mut line =
                    json!({ "time": self.clock(at, "%Y-%m-%dT%H:%M:%S.%3fZ"), "level": level, "msg": message });
                for (name, value) in fields {
                    line[*name] = json!(value);
                }
                line.to_string()
            }
            Style::Node => {
                let number = match level {
                    "ERROR" => 50,
                    "WARN" => 40,
                    _ => 30,
                };
                let mut line = json!({ "level": number, "time": at * 1000 + self.noise.at(at).below(1000) as i64, "name": logger, "msg": message });
                for (name, value) in fields {
                    line[*name] = json!(value);
                }
                line.to_string()
            }
            Style::Python => {
                let level = if level == "WARN" { "WARNING" } else { level };
                format!("{} {level} {logger} {message} {joined}", self.clock(at, "%Y-%m-%d %H:%M:%S,%3f"))
                    .trim_end()
                    .to_owned()
            }
            Style::Java => {
                let clock = self.clock(at, "%Y-%m-%dT%H:%M:%S.%3fZ");
                format!("{clock} {level:>5} 1 --- [{:>15}] {logger:<40} : {message} {joined}", "http-nio-8080")
                    .trim_end()
                    .to_owned()
            }
            Style::Postgres => {
                let level = if level == "INFO" { "LOG" } else { level };
                format!("{} UTC [27] {level}:  {message} {joined}", self.clock(at, "%Y-%m-%d %H:%M:%S.%3f"))
                    .trim_end()
                    .to_owned()
            }
            Style::Klog => {
                let letter = level.chars().next().unwrap_or('I');
                format!(
                    "{letter}{}       1 {logger}.go:112] \"{message}\" {joined}",
                    self.clock(at, "%m%d %H:%M:%S.%6f")
                )
                .trim_end()
                .to_owned()
            }
        };
        self.push(at, text);
    }

    fn startup(&mut self, app: &App, version: &str, at: i64, until: i64, crashed: bool, region: &str) {
        let logger = logger(app);
        match app.style {
            Style::Postgres => {
                for message in [
                    "starting PostgreSQL 16.4 on x86_64-pc-linux-gnu, compiled by gcc, 64-bit",
                    "listening on IPv4 address \"0.0.0.0\", port 5432",
                    "database system is ready to accept connections",
                ] {
                    self.say(app.style, at, "INFO", &logger, message, &[]);
                }
            }
            style => {
                self.say(
                    style,
                    at,
                    "INFO",
                    &logger,
                    &format!("starting {} {version}", app.name),
                    &[("region", region.to_owned())],
                );
                if crashed {
                    return;
                }
                self.say(style, at, "INFO", &logger, "configuration loaded", &[("level", "info".to_owned())]);
                if at + app.startup_s <= until {
                    self.say(
                        style,
                        at + app.startup_s,
                        "INFO",
                        &logger,
                        "listening",
                        &[("port", app.port.to_string())],
                    );
                }
            }
        }
    }

    fn ordinary(&mut self, app: &App, at: i64, key: &Key) {
        let (logger, noise) = (logger(app), self.noise.at(at));
        if app.style == Style::Postgres {
            let message = "checkpoint complete: wrote 42 buffers (0.3%); 0 WAL file(s) added, 0 removed, 1 recycled";
            if at % 300 == 0 {
                self.say(app.style, at, "INFO", &logger, message, &[]);
            }
        } else if app.routes.is_empty() {
            if at % 60 == 0 {
                self.say(app.style, at, "INFO", &logger, "reconciled", &[("object", key.name.clone())]);
            }
        } else {
            let route = app.routes[noise.below(app.routes.len())];
            let took = app.latency_ms * (0.6 + 1.2 * noise.unit());
            let fields = [
                ("status", if route.starts_with("POST") { "201" } else { "200" }.to_owned()),
                ("duration_ms", format!("{took:.1}")),
                ("trace", noise.hex(16)),
            ];
            self.say(app.style, at, "INFO", &logger, route, &fields);
        }
    }

    /// A callee is out of reach.
    fn failure(&mut self, app: &App, at: i64, callee: &str) {
        let (namespace, name) = callee.split_once('/').unwrap_or(("default", callee));
        let host = format!("{name}.{namespace}.svc.cluster.local");
        let logger = logger(app);
        let database = name.ends_with("-db");
        match app.style {
            Style::Java => {
                let class = if database { "org.postgresql.util.PSQLException" } else { "java.net.ConnectException" };
                self.say(
                    app.style,
                    at,
                    "ERROR",
                    &logger,
                    &format!("request failed: {class}: Connection to {host} refused"),
                    &[],
                );
                for frame in [
                    format!("{class}: Connection to {host} refused. Check that the hostname and port are correct"),
                    "\tat com.shop.client.HttpClient.execute(HttpClient.java:84)".to_owned(),
                    "\tat com.shop.web.RequestHandler.handle(RequestHandler.java:41)".to_owned(),
                ] {
                    self.push(at, frame);
                }
            }
            Style::Python => {
                self.say(
                    app.style,
                    at,
                    "ERROR",
                    &logger,
                    &format!("upstream {host} unavailable: connection timed out"),
                    &[],
                );
            }
            Style::Node => {
                let fields = [("code", "ECONNREFUSED".to_owned()), ("host", host.clone())];
                self.say(app.style, at, "ERROR", &logger, &format!("connect ECONNREFUSED {host}"), &fields);
            }
            style => {
                let error = format!("dial tcp: connect to {host}: connection refused");
                self.say(
                    style,
                    at,
                    "ERROR",
                    &logger,
                    "upstream call failed",
                    &[("error", error), ("upstream", host.clone())],
                );
            }
        }
    }

    fn missing_variable(&mut self, at: i64, name: &str) {
        for line in [
            "Traceback (most recent call last):".to_owned(),
            "  File \"/app/main.py\", line 12, in <module>".to_owned(),
            "    from payments.settings import settings".to_owned(),
            "  File \"/app/payments/settings.py\", line 31, in <module>".to_owned(),
            format!("    environment = os.environ[\"{name}\"]"),
            "                  ~~~~~~~~~~^^^^^^^^^^^^^^".to_owned(),
            "  File \"<frozen os>\", line 685, in __getitem__".to_owned(),
            format!("KeyError: '{name}'"),
        ] {
            self.push(at, line);
        }
    }
}

fn logger(app: &App) -> String {
    match app.style {
        Style::Java => format!("com.shop.{}.RequestLog", app.name.replace('-', ".")),
        Style::Python => format!("{}.http", app.name.replace('-', "_")),
        _ => app.name.clone(),
    }
}
