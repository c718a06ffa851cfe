//! Getting one object, and listing many: in pages, selected by labels and fields, as objects or as a table.

use std::ops::Bound;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::path::Target;
use super::selector::Selector;
use super::status::Refusal;
use super::table::{self, Include};
use super::{Api, Request, answer};
use crate::world::{Key, Object};

/// What of an object a table's row shall carry.
pub(crate) fn include(request: &Request<'_>) -> Include {
    match request.query.get("includeObject") {
        Some("Object") => Include::Object,
        Some("None") => Include::Nothing,
        _ => Include::Metadata,
    }
}

/// Label and field selector of a request.
pub(crate) fn selectors(request: &Request<'_>) -> Result<(Selector, Selector), Refusal> {
    let parse = |name: &str| Selector::parse(request.query.get(name).unwrap_or_default()).map_err(Refusal::bad_request);
    Ok((parse("labelSelector")?, parse("fieldSelector")?))
}

/// One object.
pub(crate) fn get(api: &Api, target: &Target, request: &Request<'_>) -> Result<Response, Refusal> {
    let object = api.world.state().store.at(target.kind, &target.key()).cloned();
    let object = object.ok_or_else(|| Refusal::not_found(target.kind, &target.name))?;
    if request.accepts("as=Table") {
        return Ok(super::object(api, target, request, StatusCode::OK, &object));
    }
    Ok(answer::bytes(StatusCode::OK, object.json()))
}

/// A page of a list.
struct Page {
    objects: Vec<Arc<Object>>,
    revision: u64,
    next: Option<Key>,
    remaining: usize,
    now: i64,
}

/// Many objects.
pub(crate) fn list(api: &Api, target: &Target, request: &Request<'_>) -> Result<Response, Refusal> {
    let page = page(api, target, request)?;
    let token = page.next.as_ref().map(|key| continue_token(page.revision, key));
    let mut metadata = json!({ "resourceVersion": page.revision.to_string() });
    if let Some(token) = &token {
        metadata["continue"] = json!(token);
        metadata["remainingItemCount"] = json!(page.remaining);
    }
    if request.accepts("as=Table") {
        let objects = page.objects.iter().map(|object| &***object as &Value);
        let table = table::table(target.kind, objects, metadata, page.now, include(request));
        return Ok(answer::json(StatusCode::OK, &table));
    }
    let resource = target.kind.resource();
    let partial = request.accepts("as=PartialObjectMetadataList");
    let (kind, version) = if partial {
        ("PartialObjectMetadataList".to_owned(), "meta.k8s.io/v1".to_owned())
    } else {
        (format!("{}List", resource.name), resource.api_version())
    };
    let mut body = Vec::with_capacity(page.objects.len() * 4096 + 256);
    body.extend_from_slice(
        format!("{{\"kind\":\"{kind}\",\"apiVersion\":\"{version}\",\"metadata\":{metadata},\"items\":[").as_bytes(),
    );
    for (index, object) in page.objects.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        if partial {
            let slim = json!({ "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"] });
            body.extend_from_slice(slim.to_string().as_bytes());
        } else {
            body.extend_from_slice(&object.json());
        }
    }
    body.extend_from_slice(b"]}");
    Ok(answer::bytes(StatusCode::OK, Bytes::from(body)))
}

fn page(api: &Api, target: &Target, request: &Request<'_>) -> Result<Page, Refusal> {
    let (labels, fields) = selectors(request)?;
    let limit = request.query.number("limit").filter(|limit| *limit > 0).unwrap_or(i64::MAX) as usize;
    let state = api.world.state();
    let (revision, after) = match request.query.get("continue") {
        None => (state.store.revision(), None),
        Some(token) => {
            let (revision, key) = read_token(token)
                .ok_or_else(|| Refusal::bad_request("continue key is not valid: illegal base64 data"))?;
            // A list is consistent only as long as its revision is still known.
            if !state.store.knows(revision) {
                return Err(Refusal::expired());
            }
            (revision, Some(key))
        }
    };
    let fits = |object: &Value| {
        (labels.is_empty() || labels.fits_labels(object)) && (fields.is_empty() || fields.fits_fields(object))
    };
    let from = after.map_or_else(|| Bound::Included(Key::new(&target.namespace, "")), Bound::Excluded);
    let mut matching = state.store.list_from(target.kind, &target.namespace, from).filter(|(_, object)| fits(object));
    let objects: Vec<(Key, Arc<Object>)> =
        matching.by_ref().take(limit).map(|(key, object)| (key.clone(), object.clone())).collect();
    let remaining = if objects.len() == limit { matching.count() } else { 0 };
    let next = objects.last().filter(|_| remaining > 0).map(|(key, _)| key.clone());
    Ok(Page {
        objects: objects.into_iter().map(|(_, object)| object).collect(),
        revision,
        next,
        remaining,
        now: state.now,
    })
}

fn continue_token(revision: u64, after: &Key) -> String {
    URL_SAFE_NO_PAD
        .encode(json!({ "v": "meta.k8s.io/v1", "rv": revision, "ns": after.namespace, "name": after.name }).to_string())
}

fn read_token(token: &str) -> Option<(u64, Key)> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let token: Value = serde_json::from_slice(&bytes).ok()?;
    Some((token["rv"].as_u64()?, Key::new(token["ns"].as_str()?, token["name"].as_str()?)))
}
