//! Property definitions (HubSpot, "Properties"), the checks of values against them, and their calls.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::{Map, Value, json};

use super::{
    error::Error,
    portal::{object_type, singular},
    read_object,
};
use crate::sandbox::world::World;

/// Unique properties of one object type, made by users.
const MAX_UNIQUE: usize = 10;
/// Characters of a value (HubSpot, "Properties": 65,536).
const MAX_VALUE: usize = 65_536;
/// Stages of a contact, in order; API writes never go back.
const LIFECYCLE: &[&str] = &[
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
];
const PRIORITIES: &[&str] = &["LOW", "MEDIUM", "HIGH"];
pub(super) const STAGES: &[(&str, &str)] =
    &[("1", "New"), ("2", "Waiting on contact"), ("3", "Waiting on us"), ("4", "Closed")];

/// A property of one object type.
#[derive(Clone)]
pub(crate) struct Property {
    pub(super) name: String,
    label: String,
    kind: String,
    field: String,
    group: String,
    pub(super) unique: bool,
    /// The values it may have; any when empty.
    options: Vec<String>,
    read_only: bool,
    own: bool,
}

impl Property {
    /// A text property made by the user.
    pub(super) fn text(name: &str, unique: bool) -> Self {
        Self {
            name: name.into(),
            label: name.into(),
            kind: "string".into(),
            field: "text".into(),
            group: "information".into(),
            unique,
            options: Vec::new(),
            read_only: false,
            own: true,
        }
    }

    fn shown(&self) -> Value {
        let options: Vec<Value> = self
            .options
            .iter()
            .enumerate()
            .map(|(index, value)| json!({"label": value, "value": value, "displayOrder": index, "hidden": false}))
            .collect();
        json!({"name": self.name, "label": self.label, "type": self.kind, "fieldType": self.field,
            "groupName": self.group, "description": "", "options": options, "hasUniqueValue": self.unique,
            "hidden": false, "calculated": false, "externalOptions": false, "formField": false,
            "hubspotDefined": !self.own, "archived": false,
            "modificationMetadata": {"archivable": self.own, "readOnlyDefinition": !self.own,
                "readOnlyValue": self.read_only}})
    }
}

/// What HubSpot ships with, as far as the sandbox needs it.
pub(super) fn standard(object_type: &str) -> Vec<Property> {
    let texts: &[&str] = match object_type {
        "contacts" => &[
            "email",
            "firstname",
            "lastname",
            "phone",
            "mobilephone",
            "hs_whatsapp_phone_number",
            "company",
            "city",
            "country",
            "address",
            "zip",
            "state",
            "jobtitle",
            "website",
            "hs_language",
            "hubspot_owner_id",
            "lifecyclestage",
            "hs_lead_status",
        ],
        "tickets" => &[
            "subject",
            "content",
            "hs_pipeline",
            "hs_pipeline_stage",
            "hs_ticket_priority",
            "hs_ticket_category",
            "hubspot_owner_id",
            "source_type",
        ],
        "companies" => &["name", "domain", "phone", "city", "country", "hubspot_owner_id"],
        "deals" => &["dealname", "dealstage", "pipeline", "amount", "closedate", "hubspot_owner_id"],
        "notes" => &["hs_timestamp", "hs_note_body", "hs_attachment_ids", "hubspot_owner_id"],
        _ => &[
            "hs_timestamp",
            "hs_communication_body",
            "hs_communication_channel_type",
            "hs_communication_logged_from",
            "hubspot_owner_id",
        ],
    };
    let read_only = ["hs_object_id", "createdate", "lastmodifieddate", "hs_lastmodifieddate"];
    let mut properties: Vec<Property> = texts.iter().map(|name| standard_text(name)).collect();
    properties.extend(read_only.map(|name| Property { read_only: true, ..standard_text(name) }));
    properties
}

fn standard_text(name: &str) -> Property {
    let options: Vec<&str> = match name {
        "lifecyclestage" => LIFECYCLE.to_vec(),
        "hs_ticket_priority" => PRIORITIES.to_vec(),
        "hs_pipeline" => vec!["0"],
        "hs_pipeline_stage" => STAGES.iter().map(|(id, _)| *id).collect(),
        "hs_communication_channel_type" => vec!["WHATS_APP", "LINKEDIN_MESSAGE", "SMS"],
        "hs_communication_logged_from" => vec!["CRM"],
        _ => vec![],
    };
    let chosen = !options.is_empty();
    Property {
        kind: if chosen { "enumeration" } else { "string" }.into(),
        field: if chosen { "select" } else { "text" }.into(),
        options: options.into_iter().map(ToOwned::to_owned).collect(),
        own: false,
        ..Property::text(name, name == "email")
    }
}

/// Checks values against their definitions; all problems at once.
pub(super) fn check(
    known: &BTreeMap<String, Property>,
    given: &Map<String, Value>,
) -> Result<BTreeMap<String, String>, Error> {
    let (mut values, mut problems) = (BTreeMap::new(), Vec::new());
    for (name, value) in given {
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Array(_) | Value::Object(_) => {
                return Err(Error::validation(format!("Invalid input JSON: the value of {name} must be a string")));
            }
        };
        match problem(known.get(name), name, &value) {
            Some((code, why)) => problems.push((name.clone(), code, why)),
            None => {
                values.insert(name.clone(), value);
            }
        }
    }
    if problems.is_empty() { Ok(values) } else { Err(Error::properties(&problems)) }
}

fn problem(property: Option<&Property>, name: &str, value: &str) -> Option<(&'static str, String)> {
    let Some(property) = property else {
        return Some(("PROPERTY_DOESNT_EXIST", format!("Property \"{name}\" does not exist")));
    };
    if property.read_only {
        return Some(("READ_ONLY_VALUE", format!("\"{name}\" is a read only property; its value cannot be set.")));
    }
    if value.is_empty() {
        return None;
    }
    // A leading `;` appends to a multi-checkbox, whose values are joined by `;`.
    let several = property.field == "checkbox";
    let is_option = |value: &str| property.options.iter().any(|option| option == value);
    let fits = match several {
        true => value.split(';').filter(|value| !value.is_empty()).all(is_option),
        false => is_option(value),
    };
    if !property.options.is_empty() && !fits {
        return Some(("INVALID_OPTION", format!("{value} was not one of the allowed options: {:?}", property.options)));
    }
    match property.kind.as_str() {
        "number" if value.parse::<f64>().is_err() => {
            Some(("INVALID_NUMBER", format!("{value} was not a valid number.")))
        }
        "bool" if !matches!(value, "true" | "false") => {
            Some(("INVALID_OPTION", format!("{value} was not true or false")))
        }
        _ if name == "email" && !value.contains('@') => {
            Some(("INVALID_EMAIL", format!("Email address {value} is invalid")))
        }
        _ if value.chars().count() > MAX_VALUE => {
            Some(("VALUE_TOO_LONG", format!("the value has more than {MAX_VALUE} characters")))
        }
        _ => None,
    }
}

/// Checks what an object must have, and fills in the default pipeline.
pub(super) fn check_required(object_type: &str, values: &mut BTreeMap<String, String>) -> Result<(), Error> {
    let required: &[&str] = match object_type {
        "tickets" => &["hs_pipeline_stage"],
        "notes" => &["hs_timestamp"],
        "communications" => &["hs_timestamp", "hs_communication_channel_type", "hs_communication_logged_from"],
        _ => &[],
    };
    let missing: Vec<&str> = required.iter().filter(|name| !values.contains_key(**name)).copied().collect();
    if !missing.is_empty() {
        let what = singular(object_type).to_uppercase();
        let message = format!("Error creating {what}. Some required properties were not set.");
        let error = json!({"message": message, "code": "REQUIRED_FIELD", "context": {"properties": missing}});
        return Err(Error { errors: vec![error], ..Error::validation(message) });
    }
    if object_type == "tickets" {
        values.entry("hs_pipeline".into()).or_insert_with(|| "0".into());
    }
    Ok(())
}

/// HubSpot, "Lifecycle stages": an earlier stage is not taken over, and nothing is said about it.
pub(super) fn goes_back(name: &str, old: &str, new: &str) -> bool {
    let rank = |stage: &str| LIFECYCLE.iter().position(|known| *known == stage);
    name == "lifecyclestage" && !new.is_empty() && rank(new) < rank(old)
}

/// `GET /crm/v3/properties/{object}`.
pub(super) async fn list(State(world): State<Arc<World>>, Path(object): Path<String>) -> Result<Json<Value>, Error> {
    let portal = world.portal();
    let results: Vec<Value> = portal.drawer(object_type(&object)?).properties.values().map(Property::shown).collect();
    Ok(Json(json!({"results": results})))
}

/// `GET /crm/v3/properties/{object}/{name}`.
pub(super) async fn get(
    State(world): State<Arc<World>>,
    Path((object, name)): Path<(String, String)>,
) -> Result<Json<Value>, Error> {
    let portal = world.portal();
    let property = portal.drawer(object_type(&object)?).properties.get(&name);
    property
        .map(|property| Json(property.shown()))
        .ok_or_else(|| Error::not_found(format!("Property {name} does not exist")))
}

/// `POST /crm/v3/properties/{object}`.
pub(super) async fn create(
    State(world): State<Arc<World>>,
    Path(object): Path<String>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Error> {
    let object_type = object_type(&object)?;
    let property = read(&read_object(&body)?)?;
    let mut portal = world.portal();
    let drawer = portal.drawer_mut(object_type);
    if drawer.properties.contains_key(&property.name) {
        return Err(Error::conflict(format!("A property named '{}' already exists.", property.name)));
    }
    let unique = drawer.properties.values().filter(|known| known.unique && known.own).count();
    if property.unique && unique >= MAX_UNIQUE {
        return Err(Error::validation(format!(
            "{object_type} has {MAX_UNIQUE} unique properties already, the most there can be"
        )));
    }
    let shown = property.shown();
    drawer.properties.insert(property.name.clone(), property);
    Ok((StatusCode::CREATED, Json(shown)))
}

fn read(body: &Map<String, Value>) -> Result<Property, Error> {
    const KINDS: &[&str] = &["bool", "date", "datetime", "enumeration", "number", "phone_number", "string"];
    const FIELDS: &[&str] = &[
        "text",
        "textarea",
        "number",
        "date",
        "select",
        "radio",
        "checkbox",
        "booleancheckbox",
        "html",
        "file",
        "phonenumber",
    ];
    let text = |name: &str| {
        let given = body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        given
            .map(ToOwned::to_owned)
            .ok_or_else(|| Error::validation(format!("Some required fields were not set: [{name}]")))
    };
    let name = text("name")?;
    let legal = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '_';
    if !name.starts_with(|first: char| first.is_ascii_lowercase()) || !name.chars().all(legal) {
        return Err(Error::validation(format!(
            "{name}: names are lower case, a-z, 0-9 and _, and begin with a letter"
        )));
    }
    let (kind, field) = (text("type")?, text("fieldType")?);
    if !KINDS.contains(&kind.as_str()) || !FIELDS.contains(&field.as_str()) {
        return Err(Error::validation(format!("type {kind} with fieldType {field} is not valid")));
    }
    let options = body.get("options").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let options: Vec<String> =
        options.iter().filter_map(|option| Some(option.get("value")?.as_str()?.to_owned())).collect();
    let unique = body.get("hasUniqueValue").and_then(Value::as_bool).unwrap_or(false);
    Ok(Property {
        label: text("label")?,
        group: text("groupName")?,
        kind,
        field,
        options,
        ..Property::text(&name, unique)
    })
}
