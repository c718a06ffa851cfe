//! A function URL: HTTP on loopback in front of a function.
//!
//! A request becomes an event of payload format 2.0 and the answer becomes a response, as in
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>. Bodies that are not text by their content type,
//! forms among them, reach the function in base64. A function that fails or answers nonsense gives 502.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::function::{FunctionError, FunctionProcess};

/// The most that one invocation takes: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
const MAX_PAYLOAD: usize = 6 * 1024 * 1024;

/// The id that the URL's domain begins with.
const URL_ID: &str = "simnightshift0000000000000000000";

/// A function's URL. Dropping it closes it; the function runs on.
#[derive(Debug)]
pub struct FunctionUrl {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for FunctionUrl {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl FunctionUrl {
    /// Listens on a port of loopback and invokes `function` with what comes.
    pub async fn start(function: Arc<FunctionProcess>) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let routes = Router::new()
            .fallback(serve)
            .layer(DefaultBodyLimit::max(2 * MAX_PAYLOAD))
            .with_state(function)
            .into_make_service_with_connect_info::<SocketAddr>();
        let task = tokio::spawn(async move {
            // Serving ends only with the task.
            let _ = axum::serve(listener, routes).await;
        });
        Ok(Self { address, task })
    }

    /// Its address, with a slash at the end, as Lambda writes it.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

async fn serve(
    State(function): State<Arc<FunctionProcess>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let region = function.settings().region.clone();
    let event = function_url_event(&method, &uri, &headers, &body, peer, &region, Timestamp::now()).to_string();
    if event.len() > MAX_PAYLOAD {
        let message = "Request must be smaller than 6291456 bytes for the InvokeFunction operation";
        return message_of(StatusCode::PAYLOAD_TOO_LARGE, message);
    }
    match function.invoke_raw(Bytes::from(event)).await {
        Ok(answer) => response(answer.payload).unwrap_or_else(|| failure("malformed response")),
        Err(error @ FunctionError::MalformedResponse(_)) => failure(&error.to_string()),
        Err(error) => failure(&error.to_string()),
    }
}

fn message_of(status: StatusCode, message: &str) -> Response {
    (status, axum::Json(json!({"Message": message}))).into_response()
}

/// What a caller sees of a function that failed: nothing of why, which is in the function's logs.
fn failure(why: &str) -> Response {
    tracing::warn!(why, "a function URL answers 502");
    message_of(StatusCode::BAD_GATEWAY, "Internal Server Error")
}

/// The event that Lambda makes of a request to a function URL.
pub fn function_url_event(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
    peer: SocketAddr,
    region: &str,
    now: Timestamp,
) -> Value {
    let mut named: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers.iter().filter(|(name, _)| *name != "cookie" && *name != "connection") {
        let value = String::from_utf8_lossy(value.as_bytes());
        named
            .entry(name.as_str().to_owned())
            .and_modify(|before| {
                before.push(',');
                before.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    let domain = format!("{URL_ID}.lambda-url.{region}.on.aws");
    let request_id = format!("{:08x}-0000-4000-a000-{:012x}", now.as_second() & 0xffff_ffff, now.subsec_nanosecond());
    named.insert("host".to_owned(), domain.clone());
    named.insert("x-forwarded-for".to_owned(), peer.ip().to_string());
    named.insert("x-forwarded-port".to_owned(), "443".to_owned());
    named.insert("x-forwarded-proto".to_owned(), "https".to_owned());
    let cookies: Vec<String> = headers
        .get_all("cookie")
        .iter()
        .flat_map(|value| String::from_utf8_lossy(value.as_bytes()).split("; ").map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let query = uri.query().unwrap_or_default();
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": uri.path(),
        "rawQueryString": query,
        "headers": named,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": URL_ID,
            "domainName": domain,
            "domainPrefix": URL_ID,
            "http": {
                "method": method.as_str(),
                "path": uri.path(),
                "protocol": "HTTP/1.1",
                "sourceIp": peer.ip().to_string(),
                "userAgent": headers.get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or_default(),
            },
            "requestId": request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": now.as_millisecond(),
        },
        "isBase64Encoded": false,
    });
    if !cookies.is_empty() {
        event["cookies"] = cookies.into();
    }
    if !query.is_empty() {
        event["queryStringParameters"] = parameters(query).into();
    }
    if !body.is_empty() {
        let text = std::str::from_utf8(body).ok().filter(|_| is_text(headers));
        event["isBase64Encoded"] = text.is_none().into();
        event["body"] = text.map_or_else(|| STANDARD.encode(body), str::to_owned).into();
    }
    event
}

/// The parameters of a query, values of the same name joined by commas.
fn parameters(query: &str) -> Map<String, Value> {
    let mut parameters = Map::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decode = |text: &str| {
            let spaced = text.replace('+', " ");
            percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
        };
        let (name, value) = (decode(name), decode(value));
        let joined = match parameters.get(&name).and_then(Value::as_str) {
            Some(before) => format!("{before},{value}"),
            None => value,
        };
        parameters.insert(name, joined.into());
    }
    parameters
}

/// Whether Lambda hands the body over as it is.
fn is_text(headers: &HeaderMap) -> bool {
    if headers.contains_key("content-encoding") {
        return false;
    }
    let content_type = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.starts_with("text/")
        || matches!(kind.as_str(), "application/json" | "application/xml" | "application/javascript")
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
}

/// The response that a function's answer stands for; `None` where it stands for none.
fn response(payload: Value) -> Option<Response> {
    let Some(status) = payload.get("statusCode") else {
        // Without a status, the answer itself is the body.
        let body = payload.as_str().map_or_else(|| payload.to_string(), str::to_owned);
        return Some(([("content-type", "application/json")], body).into_response());
    };
    let status = status.as_u64().or_else(|| status.as_str()?.parse().ok())?;
    let status = StatusCode::from_u16(u16::try_from(status).ok()?).ok()?;
    let body = match &payload["body"] {
        Value::Null => Vec::new(),
        Value::String(text) if payload["isBase64Encoded"] == true => STANDARD.decode(text).ok()?,
        Value::String(text) => text.clone().into_bytes(),
        other => other.to_string().into_bytes(),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    for (name, value) in payload["headers"].as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        headers.insert(HeaderName::try_from(name.as_str()).ok()?, HeaderValue::try_from(value).ok()?);
    }
    for cookie in payload["cookies"].as_array().into_iter().flatten() {
        headers.append("set-cookie", HeaderValue::try_from(cookie.as_str()?).ok()?);
    }
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(content_type: &'static str, body: &[u8]) -> Value {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(content_type));
        headers.append("x-one", HeaderValue::from_static("a"));
        headers.append("x-one", HeaderValue::from_static("b"));
        headers.insert("cookie", HeaderValue::from_static("c=1; d=2"));
        let uri = "/slack/commands?a=1&a=2&b=%20x".parse().unwrap();
        let (peer, now) = (([127, 0, 0, 1], 5000).into(), Timestamp::from_second(1_583_348_638).unwrap());
        function_url_event(&Method::POST, &uri, &headers, body, peer, "eu-west-1", now)
    }

    #[test]
    fn a_request_becomes_an_event_of_payload_format_2() {
        let event = event("application/json", b"{}");
        assert_eq!((&event["rawPath"], &event["body"]), (&json!("/slack/commands"), &json!("{}")));
        assert_eq!(event["queryStringParameters"], json!({"a": "1,2", "b": " x"}));
        assert_eq!((&event["headers"]["x-one"], &event["cookies"]), (&json!("a,b"), &json!(["c=1", "d=2"])));
        assert_eq!(event["headers"].get("cookie"), None);
        assert_eq!(event["requestContext"]["http"]["method"], "POST");
        assert_eq!(event["requestContext"]["time"], "04/Mar/2020:19:03:58 +0000");
    }

    #[test]
    fn what_is_not_text_reaches_the_function_in_base64() {
        for (content_type, body, encoded) in [
            ("application/json; charset=utf-8", &b"{}"[..], false),
            ("text/plain", b"x", false),
            ("application/x-www-form-urlencoded", b"command=%2Fhealth", true),
            ("application/octet-stream", b"x", true),
            ("application/json", b"\xff\xfe", true),
        ] {
            let event = event(content_type, body);
            assert_eq!(event["isBase64Encoded"], encoded, "{content_type}");
            if encoded {
                assert_eq!(STANDARD.decode(event["body"].as_str().unwrap()).unwrap(), body);
            }
        }
    }

    #[test]
    fn an_answer_becomes_a_response_and_nonsense_none() {
        let plain = response(json!({"challenge": "x"})).unwrap();
        assert_eq!(
            (plain.status(), &plain.headers()["content-type"]),
            (StatusCode::OK, &"application/json".parse().unwrap())
        );
        let given = json!({
            "statusCode": 401, "headers": {"content-type": "text/plain"}, "cookies": ["a=1", "b=2"], "body": "bm8=",
            "isBase64Encoded": true,
        });
        let given = response(given).unwrap();
        assert_eq!(
            (given.status(), &given.headers()["content-type"]),
            (StatusCode::UNAUTHORIZED, &"text/plain".parse().unwrap())
        );
        assert_eq!(given.headers().get_all("set-cookie").iter().count(), 2);
        assert!(response(json!({"statusCode": 20})).is_none());
        assert!(response(json!({"statusCode": 200, "headers": {"a b": "c"}})).is_none());
    }
}
