//! Objects one by one: create, read, list, update (HubSpot, "Objects").

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    associations,
    error::Error,
    iso,
    portal::{Written, object_type},
    read_object, tell_changes,
};
use crate::sandbox::{
    books::Object,
    world::{World, now_ms},
};

/// Returned whether asked for or not.
const ALWAYS: &[(&str, &[&str])] = &[
    ("contacts", &["email", "firstname", "lastname"]),
    (
        "tickets",
        &["subject", "content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_priority", "hs_ticket_category"],
    ),
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReadQuery {
    /// Names joined by commas.
    properties: Option<String>,
    id_property: Option<String>,
    /// Default 10, at most 100.
    limit: Option<usize>,
    after: Option<u64>,
}

/// An object as the API prints it, with the properties asked for; all of them when none are named.
pub(super) fn shown(object_type: &str, object: &Object, wanted: Option<&[&str]>) -> Value {
    let dates = match object_type {
        "contacts" => ["createdate", "lastmodifieddate"],
        _ => ["createdate", "hs_lastmodifieddate"],
    };
    let (created, updated) = (iso(object.created_ms), iso(object.updated_ms));
    let mut properties: Map<String, Value> = match wanted {
        None => object.properties.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect(),
        Some(wanted) => {
            let always = ALWAYS.iter().find(|(name, _)| *name == object_type).map_or(&[][..], |(_, names)| names);
            let names = wanted.iter().chain(always);
            names.map(|name| ((*name).to_owned(), object.properties.get(*name).cloned().into())).collect()
        }
    };
    properties.insert("hs_object_id".into(), object.id.as_str().into());
    properties.insert(dates[0].into(), created.as_str().into());
    properties.insert(dates[1].into(), updated.as_str().into());
    json!({"id": object.id, "properties": properties, "createdAt": created, "updatedAt": updated, "archived": false})
}

fn names(list: Option<&str>) -> Vec<&str> {
    list.unwrap_or("").split(',').map(str::trim).filter(|name| !name.is_empty()).collect()
}

/// `POST /crm/v3/objects/{type}`.
pub(super) async fn create(
    State(world): State<Arc<World>>,
    Path(object): Path<String>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Error> {
    let object_type = object_type(&object)?;
    let body = read_object(&body)?;
    only(&body, &["properties", "associations", "objectWriteTraceId"])?;
    let links = associations::read(object_type, body.get("associations"))?;
    let written = world.portal().create(object_type, properties(&body)?, &links, now_ms())?;
    note(&world, object_type, &written);
    Ok((StatusCode::CREATED, Json(shown(object_type, &written.object, None))))
}

/// `GET /crm/v3/objects/{type}/{id}`.
pub(super) async fn get(
    State(world): State<Arc<World>>,
    Path((object, id)): Path<(String, String)>,
    Query(query): Query<ReadQuery>,
) -> Result<Json<Value>, Error> {
    let object_type = object_type(&object)?;
    let portal = world.portal();
    let drawer = portal.drawer(object_type);
    let id = drawer.find(&id, query.id_property.as_deref())?;
    Ok(Json(shown(object_type, &drawer.objects[&id], Some(&names(query.properties.as_deref())))))
}

/// `GET /crm/v3/objects/{type}`: a page, by id.
pub(super) async fn list(
    State(world): State<Arc<World>>,
    Path(object): Path<String>,
    Query(query): Query<ReadQuery>,
) -> Result<Json<Value>, Error> {
    let object_type = object_type(&object)?;
    let limit = query.limit.unwrap_or(10).clamp(1, 100);
    let names = names(query.properties.as_deref());
    let portal = world.portal();
    let mut rest = portal.drawer(object_type).objects.range(query.after.unwrap_or(0)..);
    let results: Vec<Value> =
        rest.by_ref().take(limit).map(|(_, found)| shown(object_type, found, Some(&names))).collect();
    let mut page = json!({"results": results});
    if let Some((next, _)) = rest.next() {
        page["paging"] = json!({"next": {"after": next.to_string()}});
    }
    Ok(Json(page))
}

/// `PATCH /crm/v3/objects/{type}/{id}`.
pub(super) async fn update(
    State(world): State<Arc<World>>,
    Path((object, id)): Path<(String, String)>,
    Query(query): Query<ReadQuery>,
    body: Bytes,
) -> Result<Json<Value>, Error> {
    let object_type = object_type(&object)?;
    let body = read_object(&body)?;
    only(&body, &["properties", "objectWriteTraceId"])?;
    let written = {
        let mut portal = world.portal();
        let drawer = portal.drawer_mut(object_type);
        let id = drawer.find(&id, query.id_property.as_deref())?;
        drawer.update(object_type, id, properties(&body)?, now_ms())?
    };
    note(&world, object_type, &written);
    Ok(Json(shown(object_type, &written.object, None)))
}

/// Enters a write into the books and, where wanted, tells the webhook about it.
pub(super) fn note(world: &World, object_type: &'static str, written: &Written) {
    if written.created {
        world.ledger.object_created(object_type);
    }
    if world.config.hubspot.echo_own_writes {
        tell_changes(world, object_type, written.id, &written.changed);
    }
}

pub(super) fn properties(body: &Map<String, Value>) -> Result<&Map<String, Value>, Error> {
    let given =
        body.get("properties").ok_or_else(|| Error::validation("Invalid input JSON: properties is required"))?;
    given.as_object().ok_or_else(|| Error::validation("Invalid input JSON: properties must be an object"))
}

pub(super) fn only(body: &Map<String, Value>, known: &[&str]) -> Result<(), Error> {
    match body.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => {
            Err(Error::validation(format!("Invalid input JSON: unrecognized field \"{name}\", known are {known:?}")))
        }
        None => Ok(()),
    }
}
