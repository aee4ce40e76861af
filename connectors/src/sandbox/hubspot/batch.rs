//! `POST /crm/v3/objects/{type}/batch/{upsert,read}` (HubSpot, "Objects, batch").

use std::{collections::HashSet, sync::Arc};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::{Map, Value, json};

use super::{
    error::Error,
    iso,
    objects::{note, only, properties, shown},
    portal::{Written, object_type},
    read_object,
};
use crate::sandbox::world::{World, now_ms};

/// Inputs of one call.
const MAX_INPUTS: usize = 100;

/// One input of an upsert.
struct Input {
    id: String,
    id_property: Option<String>,
    trace_id: Option<String>,
    properties: Map<String, Value>,
}

/// Creates or updates by a unique property. With a trace id on every input each stands for itself (207 when some
/// fail); without, the first problem refuses all.
pub(super) async fn upsert(
    State(world): State<Arc<World>>,
    Path(object): Path<String>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Error> {
    let object_type = object_type(&object)?;
    let inputs = read(&body)?;
    let traced: HashSet<&str> = inputs.iter().filter_map(|input| input.trace_id.as_deref()).collect();
    let each_for_itself = traced.len() == inputs.len();
    let started = now_ms();
    let (mut results, mut errors) = (Vec::new(), Vec::new());
    let written = write_all(&world, object_type, &inputs, each_for_itself)?;
    for (input, outcome) in inputs.iter().zip(written) {
        let trace_id = input.trace_id.as_deref().unwrap_or_default();
        match outcome {
            Ok(written) => {
                note(&world, object_type, &written);
                let mut result = shown(object_type, &written.object, None);
                result["new"] = written.created.into();
                if !trace_id.is_empty() {
                    result["objectWriteTraceId"] = trace_id.into();
                }
                results.push(result);
            }
            Err(error) => errors.push(error.in_batch(trace_id)),
        }
    }
    let mut answer = json!({"status": "COMPLETE", "results": results, "startedAt": iso(started),
        "completedAt": iso(now_ms())});
    if errors.is_empty() {
        return Ok((StatusCode::OK, Json(answer)));
    }
    answer["numErrors"] = errors.len().into();
    answer["errors"] = errors.into();
    Ok((StatusCode::MULTI_STATUS, Json(answer)))
}

fn write_all(
    world: &World,
    object_type: &'static str,
    inputs: &[Input],
    each_for_itself: bool,
) -> Result<Vec<Result<Written, Error>>, Error> {
    let mut portal = world.portal();
    let drawer = portal.drawer_mut(object_type);
    // A property that cannot identify anything makes the whole call wrong, whatever the inputs are.
    for name in inputs.iter().filter_map(|input| input.id_property.as_deref()) {
        drawer.must_be_unique(name)?;
    }
    if !each_for_itself {
        for input in inputs {
            super::properties::check(&drawer.properties, &input.properties)?;
        }
    }
    let mut outcomes = Vec::with_capacity(inputs.len());
    for input in inputs {
        let key = (input.id.as_str(), input.id_property.as_deref());
        let outcome = drawer.upsert(object_type, key, &input.properties, world.config.keep, now_ms());
        match outcome {
            Err(error) if !each_for_itself => return Err(error),
            outcome => outcomes.push(outcome),
        }
    }
    Ok(outcomes)
}

fn read(body: &[u8]) -> Result<Vec<Input>, Error> {
    let body = read_object(body)?;
    only(&body, &["inputs"])?;
    let given = body.get("inputs").and_then(Value::as_array).ok_or_else(|| Error::validation("inputs is required"))?;
    if given.is_empty() || given.len() > MAX_INPUTS {
        return Err(Error::validation(format!("inputs must have 1 to {MAX_INPUTS} elements, not {}", given.len())));
    }
    let mut seen = HashSet::new();
    let mut inputs = Vec::with_capacity(given.len());
    for input in given {
        let input = input.as_object().ok_or_else(|| Error::validation("every input must be an object"))?;
        only(input, &["id", "idProperty", "objectWriteTraceId", "properties"])?;
        let text = |name: &str| input.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let id = text("id").ok_or_else(|| Error::validation("every input needs an id"))?;
        if !seen.insert(id) {
            return Err(Error::conflict(format!("Duplicate IDs found in batch input: [{id}]")));
        }
        inputs.push(Input {
            id: id.to_owned(),
            id_property: text("idProperty").map(ToOwned::to_owned),
            trace_id: text("objectWriteTraceId").map(ToOwned::to_owned),
            properties: properties(input)?.clone(),
        });
    }
    Ok(inputs)
}

/// Reads several objects by id or by a unique property; those that are not there are left out.
pub(super) async fn read_many(
    State(world): State<Arc<World>>,
    Path(object): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Error> {
    let object_type = object_type(&object)?;
    let body = read_object(&body)?;
    only(&body, &["inputs", "properties", "propertiesWithHistory", "idProperty"])?;
    let inputs = body.get("inputs").and_then(Value::as_array).ok_or_else(|| Error::validation("inputs is required"))?;
    if inputs.len() > MAX_INPUTS {
        return Err(Error::validation(format!("inputs must have {MAX_INPUTS} elements at most")));
    }
    let id_property = body.get("idProperty").and_then(Value::as_str);
    let wanted = body.get("properties").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let wanted: Vec<&str> = wanted.iter().filter_map(Value::as_str).collect();
    let portal = world.portal();
    let drawer = portal.drawer(object_type);
    if let Some(name) = id_property {
        drawer.must_be_unique(name)?;
    }
    let found = inputs.iter().filter_map(|input| drawer.find(input.get("id")?.as_str()?, id_property).ok());
    let results: Vec<Value> = found.map(|id| shown(object_type, &drawer.objects[&id], Some(&wanted))).collect();
    let now = iso(now_ms());
    Ok(Json(json!({"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now})))
}
