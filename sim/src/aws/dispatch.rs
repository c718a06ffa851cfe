//! Which service and operation a request is for.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::error::AwsError;
use super::protocol::Protocol;
use super::roles::Caller;
use super::value::Value;
use super::{Account, bedrock, cloudwatch, ec2, eks, events, parameters, secrets, stores, sts, zonal_shifts};
use crate::fault::Service;

/// The id of every request: nothing here is worth looking up by it.
pub(super) const REQUEST_ID: &str = "5155aabc-0000-4000-8000-000000000001";

pub(super) fn router(account: Account) -> Router {
    Router::new().fallback(serve).layer(DefaultBodyLimit::max(32 * 1024 * 1024)).with_state(account)
}

async fn serve(State(account): State<Account>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signed_for = Caller::of(&headers).map_or("", |caller| caller.service);
    if let Some(operation) = uri.path().strip_prefix("/service/GraniteServiceVersion20100801/operation/") {
        return rpc(&account, Rpc::CloudWatch, Protocol::Cbor, operation, &headers, &body).await;
    }
    if let Some((target, operation)) = header("x-amz-target").split_once('.') {
        let service = match target {
            "GraniteServiceVersion20100801" => Rpc::CloudWatch,
            "secretsmanager" => Rpc::SecretsManager,
            "AmazonSSM" => Rpc::Ssm,
            "AWSEvents" => Rpc::EventBridge,
            "DynamoDB_20120810" => Rpc::DynamoDb,
            _ => return unknown(&uri, target),
        };
        return rpc(&account, service, Protocol::Json, operation, &headers, &body).await;
    }
    if header("content-type").starts_with("application/x-www-form-urlencoded") {
        let form = Protocol::Query.read(&body).unwrap_or_default();
        let operation = form.get("Action").text().unwrap_or_default().to_owned();
        let service = match signed_for {
            "monitoring" => Rpc::CloudWatch,
            "sts" => Rpc::Sts,
            "ec2" => return ec2::serve(&account, &operation, &headers, &form).await,
            _ => return unknown(&uri, signed_for),
        };
        return rpc(&account, service, Protocol::Query, &operation, &headers, &body).await;
    }
    let segments: Vec<String> = uri.path().split('/').skip(1).map(decode).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    if signed_for == "arc-zonal-shift" {
        return zonal_shifts::serve(&account, &method, &uri, &segments, &headers, &body).await;
    }
    match (method.as_str(), &segments[..]) {
        ("GET", [bucket, key @ ..]) if signed_for == "s3" && !key.is_empty() => {
            let refusal = |_| StatusCode::SERVICE_UNAVAILABLE.into_response();
            let effect = async { stores::get_object(&account, bucket, &key.join("/")) };
            account.faults.serve(Service::S3, "GetObject", refusal, effect).await
        }
        ("GET", ["clusters"]) => {
            rest(&account, Service::Eks, "ListClusters", &headers, || eks::list_clusters(&account)).await
        }
        ("GET", ["clusters", name]) => {
            rest(&account, Service::Eks, "DescribeCluster", &headers, || eks::describe_cluster(&account, name)).await
        }
        ("POST", ["knowledgebases", id, "retrieve"]) => {
            rest(&account, Service::Bedrock, "Retrieve", &headers, || account.knowledge.retrieve(id, &body)).await
        }
        ("PUT", ["knowledgebases", base, "datasources", source, "documents"]) => {
            let effect = || account.knowledge.ingest(base, source, &body);
            let mut answer = rest(&account, Service::Bedrock, "IngestKnowledgeBaseDocuments", &headers, effect).await;
            if answer.status().is_success() {
                *answer.status_mut() = StatusCode::ACCEPTED;
            }
            answer
        }
        ("HEAD", [bucket]) => {
            let refusal = |_| StatusCode::SERVICE_UNAVAILABLE.into_response();
            let effect = async {
                match account.admit(Service::S3, &headers) {
                    Ok(()) => stores::head_bucket(&account, bucket),
                    Err(error) => error.status.into_response(),
                }
            };
            account.faults.serve(Service::S3, "HeadBucket", refusal, effect).await
        }
        ("PUT", [bucket, key @ ..]) if !key.is_empty() => {
            let refusal = |_| StatusCode::SERVICE_UNAVAILABLE.into_response();
            let effect = async {
                match account.admit(Service::S3, &headers) {
                    Ok(()) => stores::put_object(&account, bucket, &key.join("/"), &headers, &body),
                    Err(error) => error.status.into_response(),
                }
            };
            account.faults.serve(Service::S3, "PutObject", refusal, effect).await
        }
        ("POST", ["agents", agent, "agentAliases", alias, "sessions", session, "text"]) => {
            bedrock::invoke_agent(&account, agent, alias, session, &headers, &body).await
        }
        _ => unknown(&uri, signed_for),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rpc {
    CloudWatch,
    DynamoDb,
    EventBridge,
    SecretsManager,
    Ssm,
    Sts,
}

async fn rpc(
    account: &Account,
    service: Rpc,
    protocol: Protocol,
    operation: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let (named, namespace, throttling, internal) = match service {
        Rpc::CloudWatch => (
            Service::CloudWatch,
            "http://monitoring.amazonaws.com/doc/2010-08-01/",
            "Throttling",
            "InternalServiceFault",
        ),
        Rpc::DynamoDb => (Service::DynamoDb, "", "ThrottlingException", "InternalServerError"),
        Rpc::EventBridge => (Service::EventBridge, "", "ThrottlingException", "InternalException"),
        Rpc::SecretsManager => (Service::SecretsManager, "", "ThrottlingException", "InternalServiceError"),
        Rpc::Ssm => (Service::Ssm, "", "ThrottlingException", "InternalServerError"),
        Rpc::Sts => (Service::Sts, "https://sts.amazonaws.com/doc/2011-06-15/", "Throttling", "InternalFailure"),
    };
    let refusal = |fault| protocol.answer(operation, namespace, Err(AwsError::of_fault(fault, throttling, internal)));
    let effect = async {
        let read = account.admit(named, headers).and_then(|()| protocol.read(body));
        let answer = read.and_then(|input| call(account, service, operation, &input));
        protocol.answer(operation, namespace, answer)
    };
    account.faults.serve(named, operation, refusal, effect).await
}

fn call(account: &Account, service: Rpc, operation: &str, input: &Value) -> Result<Value, AwsError> {
    match service {
        Rpc::CloudWatch => cloudwatch::call(account.world(), operation, input),
        Rpc::DynamoDb => stores::call(account, operation, input),
        Rpc::EventBridge => events::call(account, operation, input),
        Rpc::SecretsManager => secrets::call(account, operation, input),
        Rpc::Ssm => parameters::call(account, operation, input),
        Rpc::Sts => sts::call(account, operation, input),
    }
}

async fn rest(
    account: &Account,
    service: Service,
    operation: &str,
    headers: &HeaderMap,
    effect: impl FnOnce() -> Result<serde_json::Value, AwsError>,
) -> Response {
    let refusal = |fault| rest_error(&AwsError::of_fault(fault, "ThrottlingException", "ServerException"));
    let effect = async {
        match account.admit(service, headers).and_then(|()| effect()) {
            Ok(value) => ([("x-amzn-requestid", REQUEST_ID)], axum::Json(value)).into_response(),
            Err(error) => rest_error(&error),
        }
    };
    account.faults.serve(service, operation, refusal, effect).await
}

/// An error of a REST-JSON service.
pub(super) fn rest_error(error: &AwsError) -> Response {
    let headers = [("x-amzn-requestid", REQUEST_ID), ("x-amzn-errortype", error.code)];
    (error.status, headers, axum::Json(json!({"message": error.message}))).into_response()
}

pub(super) fn unknown(uri: &Uri, service: &str) -> Response {
    let message = format!("sim serves nothing at {} for service {service:?}", uri.path());
    rest_error(&AwsError { code: "UnknownOperationException", message, status: StatusCode::NOT_FOUND, item: None })
}

fn decode(segment: &str) -> String {
    percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned()
}
