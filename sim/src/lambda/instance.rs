//! One execution environment: a process and the Runtime API it talks to.

use std::collections::VecDeque;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::function::{FunctionError, FunctionSettings, StartError};
use super::runtime_api::{Invocation, Phase, Reply, router};

/// How many log lines of a function are kept, the newest.
const KEPT_LOG_LINES: usize = 10_000;

/// Log lines of all environments of a function, in the order in which they came.
#[derive(Debug, Clone, Default)]
pub(super) struct Logs(Arc<Mutex<VecDeque<String>>>);

impl Logs {
    fn push(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT_LOG_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

pub(super) struct Instance {
    work: mpsc::Sender<Invocation>,
    child: Child,
    server: JoinHandle<()>,
    logs: Vec<JoinHandle<()>>,
    /// From spawning to the first request for work.
    pub(super) init_duration: Duration,
}

impl Drop for Instance {
    fn drop(&mut self) {
        // The child is killed on drop by tokio.
        self.server.abort();
    }
}

impl Instance {
    /// Spawns the process and waits until it asks for work.
    pub(super) async fn start(settings: &FunctionSettings, logs: &Logs) -> Result<Self, StartError> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(StartError::Listen)?;
        let address = listener.local_addr().map_err(StartError::Listen)?;
        let (work, work_receiver) = mpsc::channel(1);
        let (phase_sender, mut phase) = watch::channel(Phase::Initializing);
        let server = tokio::spawn(async move {
            // Serving ends only with the task.
            let _ = axum::serve(listener, router(work_receiver, phase_sender)).await;
        });

        let spawned_at = Instant::now();
        let mut child = match command(settings, &address.to_string()).spawn() {
            Ok(child) => child,
            Err(source) => {
                server.abort();
                return Err(StartError::Spawn { binary: settings.binary.clone(), source });
            }
        };
        let log_tasks = [
            child.stdout.take().map(|stream| follow(stream, logs.clone(), settings.echo_logs)),
            child.stderr.take().map(|stream| follow(stream, logs.clone(), settings.echo_logs)),
        ];
        let mut instance = Self {
            work,
            child,
            server,
            logs: log_tasks.into_iter().flatten().collect(),
            init_duration: Duration::ZERO,
        };

        let initialized = tokio::select! {
            reached = phase.wait_for(|phase| *phase != Phase::Initializing) => match reached.as_deref() {
                Ok(Phase::InitFailed { kind, message }) => {
                    Err(StartError::Init { kind: kind.clone(), message: message.clone() })
                }
                _ => Ok(()),
            },
            status = instance.child.wait() => Err(StartError::Exited { status: status.ok() }),
            () = tokio::time::sleep(settings.init_timeout) => Err(StartError::TimedOut(settings.init_timeout)),
        };
        match initialized {
            Ok(()) => {
                instance.init_duration = spawned_at.elapsed();
                Ok(instance)
            }
            Err(error) => {
                instance.end().await;
                Err(error)
            }
        }
    }

    /// Hands over one invocation and waits for its answer, the end of the process or `timeout`. After an error other
    /// than the function's own, the environment is of no further use.
    pub(super) async fn invoke(
        &mut self,
        invocation: impl FnOnce(oneshot::Sender<Reply>) -> Invocation,
        timeout: Duration,
    ) -> Result<bytes::Bytes, FunctionError> {
        let (reply, answer) = oneshot::channel();
        if self.work.send(invocation(reply)).await.is_err() {
            return Err(FunctionError::Exited { status: self.child.try_wait().ok().flatten() });
        }
        tokio::select! {
            biased;
            answer = answer => match answer {
                Ok(Reply::Response(body)) => Ok(body),
                Ok(Reply::Error { kind, message }) => Err(FunctionError::Handled { kind, message }),
                // The work was taken and its connection closed without an answer: the process is going down.
                Err(_) => Err(FunctionError::Exited { status: self.wait_briefly().await }),
            },
            status = self.child.wait() => Err(FunctionError::Exited { status: status.ok() }),
            () = tokio::time::sleep(timeout) => Err(FunctionError::TimedOut(timeout)),
        }
    }

    async fn wait_briefly(&mut self) -> Option<ExitStatus> {
        tokio::time::timeout(Duration::from_secs(2), self.child.wait()).await.ok()?.ok()
    }

    /// Whether the process still runs.
    pub(super) fn alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Kills the process and waits until all it wrote is in the logs.
    pub(super) async fn end(mut self) {
        let _ = self.child.kill().await;
        for task in self.logs.drain(..) {
            // A grandchild may hold the pipe open: its output is not waited for.
            let _ = tokio::time::timeout(Duration::from_secs(1), task).await;
        }
    }
}

/// The process as Lambda starts it: nothing of this process's environment but where programs are.
fn command(settings: &FunctionSettings, runtime_api: &str) -> Command {
    let mut command = Command::new(&settings.binary);
    command.env_clear();
    for name in ["PATH", "RUST_BACKTRACE", "LLVM_PROFILE_FILE"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
        .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
        .env("AWS_LAMBDA_FUNCTION_NAME", &settings.name)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", settings.memory_mb.to_string())
        .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", settings.name))
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "sim")
        .env("AWS_REGION", &settings.region)
        .env("AWS_DEFAULT_REGION", &settings.region)
        .env("AWS_EXECUTION_ENV", "AWS_Lambda_rust")
        .env("TZ", ":UTC")
        .env("LANG", "en_US.UTF-8")
        .envs(settings.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

fn follow(stream: impl AsyncRead + Unpin + Send + 'static, logs: Logs, echo: bool) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while matches!(reader.read_until(b'\n', &mut line).await, Ok(read) if read > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            if echo {
                eprintln!("{text}");
            }
            logs.push(text);
        }
    })
}
