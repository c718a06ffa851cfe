//! The event a Lambda event source mapping makes of SQS messages.
//!
//! Shape: <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>.

use serde_json::{Value, json};

use super::queue::Message;

/// The invocation event of one batch, as an event source mapping over `queue` in `region` makes it.
pub fn sqs_event(queue: &str, region: &str, batch: &[Message]) -> Value {
    let records: Vec<Value> = batch
        .iter()
        .map(|message| {
            json!({
                "messageId": message.id,
                "receiptHandle": format!("{}#{}", message.id, message.receive_count),
                "body": message.body,
                "attributes": {
                    "ApproximateReceiveCount": message.receive_count.to_string(),
                    "SentTimestamp": message.sent_at_ms.to_string(),
                    "SenderId": "AIDASIMULATEDEVENTS",
                    "ApproximateFirstReceiveTimestamp": message.sent_at_ms.to_string(),
                },
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": format!("arn:aws:sqs:{region}:{}:{queue}", crate::ACCOUNT_ID),
                "awsRegion": region,
            })
        })
        .collect();
    json!({ "Records": records })
}
