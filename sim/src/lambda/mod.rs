//! A Lambda service: runs a function's real binary against the Runtime API and feeds it from a queue.
//!
//! - [`FunctionProcess`] starts the binary the way Lambda does (environment cleared, `AWS_LAMBDA_*` set), one Runtime
//!   API and one process per execution environment, as many environments as invocations overlap, and takes its answers.
//! - [`Queue`] is an SQS queue with a Lambda event source mapping: batches, partial batch failures, redelivery with a
//!   receive count, and a dead-letter queue.
//! - [`FunctionUrl`] puts HTTP on loopback in front of a function.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use sim::lambda::{FunctionProcess, Queue, find_binary};
//!
//! let function = FunctionProcess::start(&find_binary("alarm-analysis")?, [("SLACK_CHANNEL", "C0SIM")]).await?;
//! let queue = Queue::new("alarms");
//! queue.send(&serde_json::json!({"detail-type": "CloudWatch Alarm State Change"}));
//! let report = queue.drive(&function).await;
//! assert_eq!(report.dead, 0);
//! # Ok(())
//! # }
//! ```

mod binary;
mod event;
mod function;
mod function_url;
mod instance;
mod queue;
mod runtime_api;

pub use binary::{BinaryNotFound, FUNCTION_DIRECTORY, find_binary};
pub use event::sqs_event;
pub use function::{FunctionError, FunctionProcess, FunctionSettings, Response, StartError};
pub use function_url::{FunctionUrl, function_url_event};
pub use queue::{DriveReport, Message, Queue, QueueSettings};
