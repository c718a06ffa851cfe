//! A Lambda function for the tests of `sim::lambda`: it does what each SQS record's body tells it.
//!
//! `{"do":"fail"}` reports the record as failed, `crash` ends the process, `error` fails the invocation, `hang` never
//! answers; anything else succeeds. A request to its function URL is answered with itself, at the status that its query
//! names.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    if event.payload["requestContext"]["http"].is_object() {
        return Ok(match event.payload["queryStringParameters"]["status"].as_str() {
            Some("none") => json!({"statusCode": "none"}),
            Some("panic") => return Err("asked to fail".into()),
            status => json!({"statusCode": status.and_then(|status| status.parse().ok()).unwrap_or(200),
                "headers": {"x-echo": "yes"}, "body": event.payload.to_string()}),
        });
    }
    let mut failures = Vec::new();
    for record in event.payload["Records"].as_array().into_iter().flatten() {
        let body: Value = serde_json::from_str(record["body"].as_str().unwrap_or_default()).unwrap_or_default();
        println!("record {} receive {}", body, record["attributes"]["ApproximateReceiveCount"]);
        match body["do"].as_str() {
            Some("fail") => failures.push(json!({"itemIdentifier": record["messageId"]})),
            Some("crash") => std::process::exit(3),
            Some("error") => return Err("asked to fail".into()),
            Some("hang") => std::future::pending().await,
            _ => {}
        }
    }
    let variables: Value = std::env::vars().map(|(name, value)| (name, Value::from(value))).collect();
    Ok(json!({
        "batchItemFailures": failures,
        "request_id": event.context.request_id,
        "arn": event.context.invoked_function_arn,
        "environment": variables,
        "process": std::process::id(),
    }))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    if std::env::var_os("FAIL_INIT").is_some() {
        return Err("no configuration".into());
    }
    run(service_fn(handle)).await
}
