//! The simulated HubSpot CRM (HubSpot's OpenAPI files, v3 and v4): objects, upsert, search, associations, properties,
//! pipelines, and property-change webhooks.

mod associations;
mod batch;
mod error;
mod objects;
mod portal;
mod properties;
mod search;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post, put},
};
use chrono::DateTime;
use serde_json::{Map, Value, json};

use super::{
    Provider,
    config::HubSpotAccount,
    webhooks::{News, Parcel},
    world::{World, now_ms},
};
pub(super) use error::Error;
pub(super) use portal::Portal;

pub(super) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/crm/v3/objects/{type}", get(objects::list).post(objects::create))
        .route("/crm/v3/objects/{type}/{id}", get(objects::get).patch(objects::update))
        .route("/crm/v3/objects/{type}/search", post(search::search))
        .route("/crm/v3/objects/{type}/batch/upsert", post(batch::upsert))
        .route("/crm/v3/objects/{type}/batch/read", post(batch::read_many))
        .route("/crm/v4/objects/{from}/{id}/associations/default/{to}/{to_id}", put(associations::put_default))
        .route("/crm/v4/objects/{from}/{id}/associations/{to}", get(associations::list))
        .route("/crm/v3/properties/{type}", get(properties::list).post(properties::create))
        .route("/crm/v3/properties/{type}/{name}", get(properties::get))
        .route("/crm/v3/pipelines/{type}", get(pipelines))
        .route("/crm/v3/pipelines/{type}/{id}", get(pipeline))
        .route("/account-info/v3/details", get(account))
        .fallback(async || Error::not_found("resource not found"))
}

/// Checks `Authorization: Bearer`.
pub(super) fn authorise(account: &HubSpotAccount, given: Option<&str>) -> Result<(), Error> {
    match given.and_then(|given| given.strip_prefix("Bearer ")) == Some(account.access_token.as_str()) {
        true => Ok(()),
        false => {
            let message = "Authentication credentials not found. This API supports OAuth 2.0 authentication.";
            Err(Error::new(StatusCode::UNAUTHORIZED, "INVALID_AUTHENTICATION", message))
        }
    }
}

/// A change as an element of the webhook's array (HubSpot, "Webhooks API").
pub(super) fn change_event(
    world: &World,
    object_type: &str,
    object_id: u64,
    property: &str,
    value: &str,
    source: &str,
) -> Value {
    let account = &world.config.hubspot;
    let source_id = if source == "CRM_UI" { "userId:41002".to_owned() } else { account.app_id.to_string() };
    json!({"eventId": 3000 + world.next_number(), "subscriptionId": 88, "portalId": account.portal_id,
        "appId": account.app_id, "occurredAt": now_ms(), "subscriptionType": format!("{}.propertyChange", portal::singular(object_type)),
        "attemptNumber": 0, "objectId": object_id, "propertyName": property, "propertyValue": value,
        "changeSource": source, "sourceId": source_id})
}

/// Queues webhooks for changes that came in through the API.
fn tell_changes(world: &World, object_type: &str, object_id: u64, changed: &[(String, String)]) {
    let Some(url) = world.webhook_url(Provider::Hubspot) else { return };
    if changed.is_empty() {
        return;
    }
    let event = |(name, value): &(String, String)| {
        News::Change(change_event(world, object_type, object_id, name, value, "INTEGRATION"))
    };
    let news = changed.iter().map(event).collect();
    let parcel = Parcel { provider: Provider::Hubspot, kind: "property_change", url, news, token: world.next_number() };
    world.outbox.put(vec![parcel]);
}

async fn pipelines(Path(object): Path<String>) -> Result<Json<Value>, Error> {
    let object_type = portal::object_type(&object)?;
    let results = if object_type == "tickets" { vec![support_pipeline()] } else { vec![] };
    Ok(Json(json!({"results": results})))
}

async fn pipeline(Path((object, id)): Path<(String, String)>) -> Result<Json<Value>, Error> {
    match (portal::object_type(&object)?, id.as_str()) {
        ("tickets", "0") => Ok(Json(support_pipeline())),
        _ => Err(Error::not_found(format!("there is no pipeline {id} of {object}"))),
    }
}

fn support_pipeline() -> Value {
    let stages: Vec<Value> = properties::STAGES
        .iter()
        .zip(0..)
        .map(|((id, label), order)| {
            let state = if *id == "4" { "CLOSED" } else { "OPEN" };
            json!({"id": id, "label": label, "displayOrder": order, "archived": false,
                "metadata": {"ticketState": state, "isClosed": (*id == "4").to_string()}})
        })
        .collect();
    json!({"id": "0", "label": "Support Pipeline", "displayOrder": 0, "archived": false, "stages": stages})
}

async fn account(State(world): State<Arc<World>>) -> Json<Value> {
    Json(json!({"portalId": world.config.hubspot.portal_id, "accountType": "DEVELOPER_TEST", "timeZone": "UTC",
        "companyCurrency": "USD", "dataHostingLocation": "na1"}))
}

fn read_object(body: &[u8]) -> Result<Map<String, Value>, Error> {
    serde_json::from_slice(body).map_err(|error| Error::validation(format!("Invalid input JSON: {error}")))
}

/// UTC milliseconds as HubSpot prints times.
fn iso(ms: u64) -> String {
    let time = i64::try_from(ms).ok().and_then(DateTime::from_timestamp_millis).unwrap_or_default();
    time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
