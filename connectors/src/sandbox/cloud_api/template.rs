//! Checks template messages against the approved templates, and lists those.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, Query, State},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    error::Error,
    message::{limited, object, optional_string, string},
};
use crate::sandbox::{books::Message, config::Template, world::World};

/// Template body after filling in, in characters.
const MAX_BODY: usize = 1024;
/// Template name, in characters.
const MAX_NAME: usize = 512;

/// Checks `template` of a send and notes what the customer will read.
pub(super) fn check(world: &World, given: &Map<String, Value>, message: &mut Message) -> Result<(), Error> {
    let name = limited(given, "name", 1..=MAX_NAME)?;
    let language = given.get("language").ok_or_else(|| Error::missing("template.language"))?;
    let language = string(object("language", language)?, "code")?;
    let template = world.template(name, language).filter(|t| !matches!(t.status.as_str(), "PENDING" | "REJECTED"));
    let Some(template) = template else {
        return Err(Error::template(132_001, format!("template name ({name}) does not exist in {language}")));
    };
    match template.status.as_str() {
        "PAUSED" => return Err(Error::template(132_015, format!("{name} ({language}) is paused"))),
        "DISABLED" => return Err(Error::template(132_016, format!("{name} ({language}) is disabled"))),
        _ => {}
    }
    let mut params = BTreeMap::new();
    let mut has_body = false;
    if let Some(components) = given.get("components") {
        let components = components.as_array().ok_or_else(|| Error::invalid("components", "must be a list"))?;
        for component in components {
            let component = object("components[]", component)?;
            match string(component, "type")?.to_lowercase().as_str() {
                "body" => {
                    has_body = true;
                    params = body_params(template, component)?;
                }
                "button" => check_button(template, component)?,
                "header" => return Err(Error::template(132_000, "header: number of params (1) does not match (0)")),
                other => return Err(Error::invalid("components[].type", &format!("{other} is not a component"))),
            }
        }
    }
    if !has_body && !template.placeholders().is_empty() {
        return Err(count_mismatch(0, template));
    }
    let text = template.render(&params);
    if text.chars().count() > MAX_BODY {
        return Err(Error::template(132_005, format!("body: the text has more than {MAX_BODY} characters")));
    }
    message.text = Some(text);
    message.template = Some(name.to_owned());
    message.language = Some(language.to_owned());
    message.params = params;
    Ok(())
}

fn body_params(template: &Template, component: &Map<String, Value>) -> Result<BTreeMap<String, String>, Error> {
    let given = component.get("parameters").and_then(Value::as_array).ok_or_else(|| Error::missing("parameters"))?;
    let names = template.placeholders();
    if given.len() != names.len() {
        return Err(count_mismatch(given.len(), template));
    }
    let mut params = BTreeMap::new();
    for (index, parameter) in given.iter().enumerate() {
        let parameter = object("parameters[]", parameter)?;
        let value = match string(parameter, "type")? {
            "text" => string(parameter, "text")?,
            kind @ ("currency" | "date_time") => {
                let inner = parameter.get(kind).ok_or_else(|| Error::missing(kind))?;
                string(object(kind, inner)?, "fallback_value")?
            }
            other => return Err(Error::template(132_012, format!("body: a parameter cannot be of type {other}"))),
        };
        check_value(value)?;
        let name = match (template.is_named(), optional_string(parameter, "parameter_name")?) {
            (true, Some(name)) if names.contains(&name) => name.to_owned(),
            (true, Some(name)) => {
                return Err(Error::template(132_012, format!("body: {name} is not a parameter of this template")));
            }
            (true, None) => return Err(Error::parameter("Parameter name is missing or empty")),
            (false, _) => (index + 1).to_string(),
        };
        if params.insert(name.clone(), value.to_owned()).is_some() {
            return Err(Error::template(132_012, format!("body: {name} is given twice")));
        }
    }
    Ok(params)
}

/// Meta, "Templates": no new lines, tabs or more than four spaces in a row inside a parameter.
fn check_value(value: &str) -> Result<(), Error> {
    match value.contains(['\n', '\r', '\t']) || value.contains("     ") {
        true => {
            let details = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces";
            Err(Error::template(132_018, details))
        }
        false => Ok(()),
    }
}

fn check_button(template: &Template, component: &Map<String, Value>) -> Result<(), Error> {
    if !string(component, "sub_type")?.eq_ignore_ascii_case("quick_reply") {
        return Err(Error::template(132_012, "button: the template has quick replies only"));
    }
    let index = match component.get("index") {
        Some(Value::String(text)) => text.parse().ok(),
        Some(number) => number.as_u64().and_then(|number| usize::try_from(number).ok()),
        None => return Err(Error::missing("components[].index")),
    };
    match index {
        Some(index) if index < template.buttons.len() => Ok(()),
        _ => Err(Error::template(
            132_018,
            format!("button: there is none at this index; there are {}", template.buttons.len()),
        )),
    }
}

fn count_mismatch(given: usize, template: &Template) -> Error {
    let expected = template.placeholders().len();
    let details = format!(
        "body: number of localizable_params ({given}) does not match the expected number of params ({expected})"
    );
    Error::template(132_000, details)
}

#[derive(Deserialize)]
pub(super) struct ListQuery {
    name: Option<String>,
    language: Option<String>,
    status: Option<String>,
    category: Option<String>,
    /// Default 25, as Graph API listings.
    limit: Option<usize>,
    after: Option<usize>,
}

/// `GET /{waba_id}/message_templates`: a page of those that fit.
pub(super) async fn list(
    State(world): State<Arc<World>>,
    Path((version, id)): Path<(String, String)>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Value>, Error> {
    if id != world.config.cloud_api.waba_id {
        return Err(Error::no_object(&id));
    }
    let is = |wanted: &Option<String>, actual: &str| wanted.as_ref().is_none_or(|wanted| wanted == actual);
    let fitting: Vec<(usize, &Template)> = world
        .config
        .templates
        .iter()
        .enumerate()
        .filter(|(_, t)| is(&query.name, &t.name) && is(&query.language, &t.language))
        .filter(|(_, t)| is(&query.status, &t.status) && is(&query.category, &t.category))
        .collect();
    let (from, limit) = (query.after.unwrap_or(0), query.limit.unwrap_or(25).clamp(1, 1000));
    let page: Vec<Value> = fitting.iter().skip(from).take(limit).map(|(index, t)| listed(*index, t)).collect();
    let end = from + page.len();
    let mut paging = json!({"cursors": {"before": from.to_string(), "after": end.to_string()}});
    if end < fitting.len() {
        let mut next = url::form_urlencoded::Serializer::new(String::new());
        next.append_pair("limit", &limit.to_string()).append_pair("after", &end.to_string());
        let filters = [("name", &query.name), ("language", &query.language), ("status", &query.status)];
        for (name, value) in filters.into_iter().chain([("category", &query.category)]) {
            value.iter().for_each(|value| {
                next.append_pair(name, value);
            });
        }
        paging["next"] = format!("{}/graph/{version}/{id}/message_templates?{}", world.url, next.finish()).into();
    }
    Ok(Json(json!({"data": page, "paging": paging})))
}

fn listed(index: usize, template: &Template) -> Value {
    let mut body = json!({"type": "BODY", "text": template.body});
    let names = template.placeholders();
    if template.is_named() {
        let examples: Vec<Value> = names.iter().map(|n| json!({"param_name": n, "example": "example"})).collect();
        body["example"] = json!({"body_text_named_params": examples});
    } else if !names.is_empty() {
        body["example"] = json!({"body_text": [vec!["example"; names.len()]]});
    }
    let mut components = vec![body];
    if !template.buttons.is_empty() {
        let buttons: Vec<Value> =
            template.buttons.iter().map(|text| json!({"type": "QUICK_REPLY", "text": text})).collect();
        components.push(json!({"type": "BUTTONS", "buttons": buttons}));
    }
    json!({"id": (555_000_001 + index).to_string(), "name": template.name, "language": template.language,
        "status": template.status, "category": template.category, "components": components,
        "parameter_format": if template.is_named() { "NAMED" } else { "POSITIONAL" }})
}
