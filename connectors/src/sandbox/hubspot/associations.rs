//! Association types and the v4 calls (HubSpot, "Associations v4"). Reading and writing are repeatable.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value, json};

use super::{error::Error, iso, portal::object_type};
use crate::sandbox::world::{World, now_ms};

/// From, to, type.
pub(super) type Link = ((&'static str, u64), (&'static str, u64), u32);

/// HubSpot-defined types, from > to (HubSpot's Node SDK, enum `AssociationTypes`). The first of a pair is the default.
const TYPES: &[(&str, &str, u32)] = &[
    ("contacts", "tickets", 15),
    ("tickets", "contacts", 16),
    ("tickets", "companies", 339),
    ("tickets", "companies", 26),
    ("tickets", "deals", 28),
    ("tickets", "tickets", 452),
    ("contacts", "communications", 82),
    ("communications", "contacts", 81),
    ("communications", "tickets", 83),
    ("communications", "deals", 85),
    ("communications", "companies", 87),
    ("contacts", "notes", 201),
    ("notes", "contacts", 202),
    ("notes", "companies", 190),
    ("notes", "deals", 214),
    ("tickets", "notes", 227),
    ("notes", "tickets", 228),
];

pub(super) fn default_type(from: &str, to: &str) -> Option<u32> {
    TYPES.iter().find(|(start, end, _)| *start == from && *end == to).map(|(.., id)| *id)
}

/// Reads `associations` of a create: which objects to link, by which type.
pub(super) fn read(from: &str, given: Option<&Value>) -> Result<Vec<(&'static str, u64, u32)>, Error> {
    let invalid = |why: &str| Error::validation(format!("Invalid input JSON: associations: {why}"));
    let given = match given {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(given) => given.as_array().ok_or_else(|| invalid("must be a list"))?,
    };
    let mut links = Vec::new();
    for association in given {
        let id = &association["to"]["id"];
        let id = id.as_str().and_then(|id| id.parse().ok()).or_else(|| id.as_u64());
        let id = id.ok_or_else(|| invalid("to.id must be the id of an object"))?;
        let types = association["types"].as_array().filter(|types| !types.is_empty());
        for kind in types.ok_or_else(|| invalid("types must have an element"))? {
            if kind["associationCategory"] != "HUBSPOT_DEFINED" {
                return Err(invalid("the sandbox knows associationCategory HUBSPOT_DEFINED only"));
            }
            let type_id = kind["associationTypeId"].as_u64();
            let known = TYPES.iter().find(|(start, _, id)| *start == from && type_id == Some(u64::from(*id)));
            let (_, to, type_id) = known.ok_or_else(|| {
                invalid(&format!("{} is not a type that starts at {from}", kind["associationTypeId"]))
            })?;
            links.push((*to, id, *type_id));
        }
    }
    Ok(links)
}

/// `PUT /crm/v4/objects/{from}/{id}/associations/default/{to}/{id}`.
pub(super) async fn put_default(
    State(world): State<Arc<World>>,
    Path((from_type, from_id, to_type, to_id)): Path<(String, u64, String, u64)>,
) -> Result<Json<Value>, Error> {
    let (from_type, to_type) = (object_type(&from_type)?, object_type(&to_type)?);
    let type_id = default_type(from_type, to_type)
        .ok_or_else(|| Error::validation(format!("there is no default association {from_type} > {to_type}")))?;
    {
        let mut portal = world.portal();
        portal.must_exist(from_type, from_id)?;
        portal.must_exist(to_type, to_id)?;
        portal.link((from_type, from_id), (to_type, to_id), type_id);
    }
    let result = |from: u64, to: u64, type_id: u32| {
        json!({"from": {"id": from.to_string()}, "to": {"id": to.to_string()},
            "associationSpec": {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}})
    };
    let mut results = vec![result(from_id, to_id, type_id)];
    results.extend(default_type(to_type, from_type).map(|back| result(to_id, from_id, back)));
    let now = iso(now_ms());
    Ok(Json(json!({"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now})))
}

/// `GET /crm/v4/objects/{from}/{id}/associations/{to}`.
pub(super) async fn list(
    State(world): State<Arc<World>>,
    Path((from_type, from_id, to_type)): Path<(String, u64, String)>,
) -> Result<Json<Value>, Error> {
    let (from_type, to_type) = (object_type(&from_type)?, object_type(&to_type)?);
    let portal = world.portal();
    portal.must_exist(from_type, from_id)?;
    let results: Vec<Value> = portal
        .linked((from_type, from_id), to_type)
        .into_iter()
        .map(|(id, type_id)| {
            json!({"toObjectId": id, "associationTypes":
                [{"category": "HUBSPOT_DEFINED", "typeId": type_id, "label": null}]})
        })
        .collect();
    Ok(Json(json!({"results": results})))
}
