//! A function: its execution environments, started when invocations overlap and kept warm between them.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::instance::{Instance, Logs};
use super::runtime_api::Invocation;

/// How a function is run.
#[derive(Debug, Clone)]
pub struct FunctionSettings {
    /// The executable.
    pub binary: PathBuf,
    /// `AWS_LAMBDA_FUNCTION_NAME`; by default the executable's name.
    pub name: String,
    /// `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`, in MB. Stated, not enforced.
    pub memory_mb: u32,
    /// After which time an invocation is ended together with its process.
    pub timeout: Duration,
    /// After which time a process that has not asked for work is ended. Lambda allows 10 s.
    pub init_timeout: Duration,
    /// How many invocations may run at once, each in its own process. Further ones wait.
    pub concurrency: usize,
    /// `AWS_REGION`.
    pub region: String,
    /// The function's own variables; they win over Lambda's.
    pub environment: Vec<(String, String)>,
    /// Whether what the function logs is also written to standard error.
    pub echo_logs: bool,
}

impl FunctionSettings {
    /// 512 MB, 60 s, four at once, in sim's region.
    pub fn new<N: Into<String>, V: Into<String>>(binary: &Path, environment: impl IntoIterator<Item = (N, V)>) -> Self {
        Self {
            binary: binary.to_owned(),
            name: binary.file_stem().map_or_else(|| "function".into(), |stem| stem.to_string_lossy().into_owned()),
            memory_mb: 512,
            timeout: Duration::from_secs(60),
            init_timeout: Duration::from_secs(10),
            concurrency: 4,
            region: crate::REGION.to_owned(),
            environment: environment.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            echo_logs: false,
        }
    }
}

/// A function that could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No port for the Runtime API.
    #[error("cannot serve the Lambda Runtime API on loopback")]
    Listen(#[source] std::io::Error),
    /// The executable does not start.
    #[error("cannot start {}", binary.display())]
    Spawn {
        /// The executable.
        binary: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The function reported an error from its initialization.
    #[error("the function cannot initialize: {kind}: {message}")]
    Init {
        /// Its error type.
        kind: String,
        /// Its error message.
        message: String,
    },
    /// The process ended before it asked for work; its logs say why.
    #[error("the function's process ended before asking for work ({})", describe(*status))]
    Exited {
        /// How it ended.
        status: Option<ExitStatus>,
    },
    /// The process did not ask for work in time.
    #[error("the function did not ask for work within {} ms", .0.as_millis())]
    TimedOut(Duration),
}

/// An invocation that ended without a response.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    /// The function reported an error.
    #[error("{kind}: {message}")]
    Handled {
        /// Its error type.
        kind: String,
        /// Its error message.
        message: String,
    },
    /// The process ended in the middle of the invocation.
    #[error("the function's process ended during the invocation ({})", describe(*status))]
    Exited {
        /// How it ended.
        status: Option<ExitStatus>,
    },
    /// The invocation passed the function's timeout; its process was ended.
    #[error("task timed out after {:.2} seconds", .0.as_secs_f64())]
    TimedOut(Duration),
    /// The response is not JSON.
    #[error("the function's response is not JSON")]
    MalformedResponse(#[source] serde_json::Error),
    /// No process could be started for it.
    #[error(transparent)]
    Start(#[from] StartError),
}

fn describe(status: Option<ExitStatus>) -> String {
    status.map_or_else(|| "no status".to_owned(), |status| status.to_string())
}

/// What a function answered.
#[derive(Debug, Clone)]
pub struct Response {
    /// The invocation's id.
    pub request_id: String,
    /// The answer.
    pub payload: Value,
    /// From handing over the event to the answer.
    pub duration: Duration,
    /// From spawning the process to its first request for work, where this invocation had to start one.
    pub init_duration: Option<Duration>,
}

/// A function, running as its real binary.
///
/// Dropping it ends its processes.
pub struct FunctionProcess {
    settings: FunctionSettings,
    idle: Mutex<Vec<Instance>>,
    slots: Semaphore,
    logs: Logs,
    invocations: AtomicU64,
    /// Distinguishes the request ids of this run from those of earlier ones.
    run: i64,
    cold_start: Duration,
}

impl FunctionProcess {
    /// Starts `binary` with `environment`, with the settings of [`FunctionSettings::new`], and waits until it asks for
    /// work.
    pub async fn start<N: Into<String>, V: Into<String>>(
        binary: &Path,
        environment: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, StartError> {
        Self::start_with(FunctionSettings::new(binary, environment)).await
    }

    /// Starts a function as `settings` say and waits until it asks for work.
    pub async fn start_with(settings: FunctionSettings) -> Result<Self, StartError> {
        let logs = Logs::default();
        let first = Instance::start(&settings, &logs).await?;
        Ok(Self {
            slots: Semaphore::new(settings.concurrency.max(1)),
            cold_start: first.init_duration,
            idle: Mutex::new(vec![first]),
            logs,
            invocations: AtomicU64::new(0),
            run: Timestamp::now().as_microsecond(),
            settings,
        })
    }

    /// From spawning the first process to its first request for work.
    pub fn cold_start(&self) -> Duration {
        self.cold_start
    }

    /// How it is run.
    pub fn settings(&self) -> &FunctionSettings {
        &self.settings
    }

    /// What it has logged so far (the newest 10,000 lines).
    pub fn logs(&self) -> Vec<String> {
        self.logs.lines()
    }

    /// Invokes it with `event`: in an idle process, or in a new one. Waits while all are busy.
    pub async fn invoke(&self, event: &Value) -> Result<Response, FunctionError> {
        self.invoke_raw(Bytes::from(event.to_string())).await
    }

    /// Invokes it with these bytes, which may not be JSON.
    pub async fn invoke_raw(&self, event: Bytes) -> Result<Response, FunctionError> {
        let _slot = self.slots.acquire().await.ok();
        let (mut instance, init_duration) = match self.take_idle() {
            Some(instance) => (instance, None),
            None => {
                let instance = Instance::start(&self.settings, &self.logs).await?;
                let init_duration = instance.init_duration;
                (instance, Some(init_duration))
            }
        };
        let request_id = self.next_request_id();
        let started = Instant::now();
        let deadline_ms = Timestamp::now().as_millisecond() + self.settings.timeout.as_millis() as i64;
        let invocation =
            |reply| Invocation { request_id: request_id.clone(), deadline_ms, function_arn: self.arn(), event, reply };
        let outcome = instance.invoke(invocation, self.settings.timeout).await;
        match outcome {
            Ok(body) => {
                let duration = started.elapsed();
                self.put_back(instance);
                let payload = serde_json::from_slice(&body).map_err(FunctionError::MalformedResponse)?;
                Ok(Response { request_id, payload, duration, init_duration })
            }
            Err(error @ FunctionError::Handled { .. }) => {
                self.put_back(instance);
                Err(error)
            }
            Err(error) => {
                instance.end().await;
                Err(error)
            }
        }
    }

    /// Ends its processes and returns what it logged.
    pub async fn stop(self) -> Vec<String> {
        let instances = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for instance in instances {
            instance.end().await;
        }
        self.logs.lines()
    }

    fn arn(&self) -> String {
        format!("arn:aws:lambda:{}:{}:function:{}", self.settings.region, crate::ACCOUNT_ID, self.settings.name)
    }

    fn next_request_id(&self) -> String {
        let number = self.invocations.fetch_add(1, Ordering::Relaxed);
        let run = self.run as u64;
        format!("{:08x}-{:04x}-4000-8000-{number:012x}", run >> 16 & 0xffff_ffff, run & 0xffff)
    }

    fn take_idle(&self) -> Option<Instance> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(mut instance) = idle.pop() {
            if instance.alive() {
                return Some(instance);
            }
        }
        None
    }

    fn put_back(&self, instance: Instance) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(instance);
    }
}
