//! A real Lambda binary (the example `echo-function`) run by the simulated Lambda service.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use sim::lambda::{FunctionError, FunctionProcess, FunctionSettings, FunctionUrl, Queue, QueueSettings, StartError};

fn echo_function() -> PathBuf {
    let executable = std::env::current_exe().unwrap();
    executable.parent().unwrap().parent().unwrap().join("examples/echo-function")
}

async fn start(variables: &[(&str, &str)]) -> FunctionProcess {
    FunctionProcess::start(&echo_function(), variables.iter().copied()).await.unwrap()
}

#[tokio::test]
async fn a_function_gets_lambdas_environment_and_none_of_ours() {
    let function = start(&[("SLACK_CHANNEL", "C0SIM")]).await;
    let response = function.invoke(&json!({"Records": []})).await.unwrap();
    let environment = &response.payload["environment"];
    assert_eq!(environment["SLACK_CHANNEL"], "C0SIM");
    assert_eq!(environment["AWS_LAMBDA_FUNCTION_NAME"], "echo-function");
    assert_eq!(environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "512");
    assert!(environment.get("HOME").is_none() && environment.get("CARGO_MANIFEST_DIR").is_none(), "{environment}");
    assert_eq!(response.payload["request_id"], response.request_id.as_str());
    assert_eq!(response.payload["arn"], "arn:aws:lambda:ap-northeast-2:111122223333:function:echo-function");
    assert!(response.init_duration.is_none(), "the first invocation finds the process that start() warmed");
}

#[tokio::test]
async fn what_fails_in_a_batch_comes_back_and_its_mates_do_not() {
    let function = start(&[]).await;
    let queue = Queue::new("alarms");
    queue.send(&json!({"do": "nothing"}));
    queue.send(&json!({"do": "fail"}));
    queue.send_body("not json at all");
    let report = queue.drive(&function).await;
    assert_eq!((report.delivered, report.redelivered, report.dead), (2, 2, 1));
    assert_eq!(queue.dead_letters()[0].receive_count, 3);
    let logs = function.stop().await;
    assert_eq!(logs.iter().filter(|line| line.contains("nothing")).count(), 1, "{logs:?}");
    assert_eq!(logs.iter().filter(|line| line.contains("fail")).count(), 3, "{logs:?}");
}

#[tokio::test]
async fn a_crash_brings_the_whole_batch_back_in_a_new_process() {
    let function = start(&[]).await;
    let queue = Queue::with_settings("alarms", QueueSettings { max_receive_count: 2, ..QueueSettings::default() });
    queue.send(&json!({"do": "crash"}));
    queue.send(&json!({"do": "nothing"}));
    let report = queue.drive(&function).await;
    assert_eq!((report.delivered, report.redelivered, report.dead), (0, 2, 2));
    assert!(
        matches!(&report.errors[..], [FunctionError::Exited { status: Some(status) }, FunctionError::Exited { .. }] if status.code() == Some(3))
    );
}

#[tokio::test]
async fn an_error_keeps_the_process_and_a_timeout_ends_it() {
    let mut settings = FunctionSettings::new(&echo_function(), [("A", "b")]);
    settings.timeout = Duration::from_millis(300);
    let function = FunctionProcess::start_with(settings).await.unwrap();
    let record = |action: &str| json!({"Records": [{"messageId": "m", "body": json!({"do": action}).to_string()}]});
    let before = function.invoke(&record("nothing")).await.unwrap();
    let error = function.invoke(&record("error")).await.unwrap_err();
    assert!(matches!(&error, FunctionError::Handled { message, .. } if message == "asked to fail"), "{error}");
    let after = function.invoke(&record("nothing")).await.unwrap();
    assert_eq!(before.payload["process"], after.payload["process"]);
    let error = function.invoke(&record("hang")).await.unwrap_err();
    assert_eq!(error.to_string(), "task timed out after 0.30 seconds");
    let after = function.invoke(&record("nothing")).await.unwrap();
    assert_ne!(before.payload["process"], after.payload["process"]);
    assert!(after.init_duration.is_some());
}

#[tokio::test]
async fn overlapping_invocations_run_in_processes_of_their_own() {
    let function = start(&[]).await;
    let event = json!({"Records": []});
    let (one, two) = tokio::join!(function.invoke(&event), function.invoke(&event));
    assert_ne!(one.unwrap().payload["process"], two.unwrap().payload["process"]);
}

#[tokio::test]
async fn a_function_that_cannot_start_says_so() {
    let error = FunctionProcess::start(&echo_function(), [("FAIL_INIT", "1")]).await.err().unwrap();
    assert!(matches!(&error, StartError::Exited { status: Some(status) } if status.code() == Some(1)), "{error}");
    let error = FunctionProcess::start(&PathBuf::from("no/such/file"), [("A", "b")]).await.err().unwrap();
    assert_eq!(error.to_string(), "cannot start no/such/file");
}

#[tokio::test]
async fn a_function_url_carries_requests_to_the_function_and_answers_back() {
    let url = FunctionUrl::start(Arc::new(start(&[]).await)).await.unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::new();
    let form = [("command", "/health"), ("text", "shop 파드")];
    let response = client.post(format!("{}slack/commands?status=201", url.url())).form(&form).send().await.unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()["x-echo"]), (201, &"yes".parse().unwrap()));
    let event: serde_json::Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!((&event["rawPath"], &event["isBase64Encoded"]), (&json!("/slack/commands"), &json!(true)));
    assert_eq!(event["headers"]["content-type"], "application/x-www-form-urlencoded");
    for wrong in ["none", "panic"] {
        let response = client.get(format!("{}?status={wrong}", url.url())).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 502, "{wrong}");
    }
    let large = client.post(url.url()).body("x".repeat(7 * 1024 * 1024)).send().await.unwrap();
    assert_eq!(large.status().as_u16(), 413);
}
