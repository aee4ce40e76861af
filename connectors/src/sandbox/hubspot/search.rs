//! `POST /crm/v3/objects/{type}/search` (HubSpot, "CRM search").

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    error::Error,
    objects::shown,
    portal::{Drawer, object_type},
};
use crate::sandbox::{books::Object, world::World};

/// HubSpot's limits: groups, filters in a group and in all, page size, characters of the body.
const MAX_GROUPS: usize = 5;
const MAX_FILTERS_IN_GROUP: usize = 6;
const MAX_FILTERS: usize = 18;
const MAX_PAGE: usize = 200;
const MAX_BODY: usize = 3000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Search {
    #[serde(default)]
    filter_groups: Vec<Group>,
    #[serde(default)]
    properties: Vec<String>,
    limit: Option<usize>,
    after: Option<Value>,
    /// Taken but not obeyed: results come by id.
    #[serde(rename = "sorts", default)]
    _sorts: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    filters: Vec<Filter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Filter {
    property_name: String,
    operator: Operator,
    value: Option<String>,
    #[serde(default)]
    values: Vec<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Operator {
    Eq,
    Neq,
    In,
    NotIn,
    HasProperty,
    NotHasProperty,
    Gt,
    Gte,
    Lt,
    Lte,
}

pub(super) async fn search(
    State(world): State<Arc<World>>,
    Path(object): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Error> {
    let object_type = object_type(&object)?;
    let search = read(&body)?;
    let limit = search.limit.unwrap_or(10);
    let after = match &search.after {
        None | Some(Value::Null) => 0,
        Some(Value::String(text)) => text.parse().map_err(|_| Error::validation("after must be a number"))?,
        Some(number) => number.as_u64().and_then(|after| usize::try_from(after).ok()).unwrap_or(0),
    };
    let portal = world.portal();
    let drawer = portal.drawer(object_type);
    for filter in search.filter_groups.iter().flat_map(|group| &group.filters) {
        if !drawer.properties.contains_key(&filter.property_name) {
            let why = format!("There was a problem with the request: no property {}", filter.property_name);
            return Err(Error::validation(why));
        }
    }
    let found = find(drawer, &search.filter_groups);
    let wanted: Vec<&str> = search.properties.iter().map(String::as_str).collect();
    let page: Vec<Value> =
        found.iter().skip(after).take(limit).map(|object| shown(object_type, object, Some(&wanted))).collect();
    let end = after + page.len();
    let mut answer = json!({"total": found.len(), "results": page});
    if end < found.len() {
        answer["paging"] = json!({"next": {"after": end.to_string()}});
    }
    Ok(Json(answer))
}

fn read(body: &[u8]) -> Result<Search, Error> {
    let text = std::str::from_utf8(body).map_err(|_| Error::validation("Invalid input JSON: not UTF-8"))?;
    if text.chars().count() > MAX_BODY {
        return Err(Error::validation(format!("the request body must have {MAX_BODY} characters at most")));
    }
    let search: Search =
        serde_json::from_str(text).map_err(|error| Error::validation(format!("Invalid input JSON: {error}")))?;
    let filters: usize = search.filter_groups.iter().map(|group| group.filters.len()).sum();
    let crowded = search.filter_groups.iter().any(|group| group.filters.len() > MAX_FILTERS_IN_GROUP);
    if search.filter_groups.len() > MAX_GROUPS || crowded || filters > MAX_FILTERS {
        return Err(Error::validation("too many filters: 5 groups, 6 filters in each, 18 in all"));
    }
    if search.limit.is_some_and(|limit| limit > MAX_PAGE) {
        return Err(Error::validation(format!("limit must be {MAX_PAGE} at most")));
    }
    Ok(search)
}

/// The objects that fit any group. One group with `EQ` on a unique property needs no look at all of them.
fn find<'a>(drawer: &'a Drawer, groups: &[Group]) -> Vec<&'a Object> {
    let fits =
        |object: &Object| groups.is_empty() || groups.iter().any(|group| group.filters.iter().all(|f| f.fits(object)));
    let direct = match groups {
        [group] => group.filters.iter().find_map(|filter| match (filter.operator, &filter.value) {
            (Operator::Eq, Some(value)) => drawer.by_unique(&filter.property_name, value),
            _ => None,
        }),
        _ => None,
    };
    match direct {
        Some(found) => found.iter().map(|id| &*drawer.objects[id]).filter(|object| fits(object)).collect(),
        None => drawer.objects.values().map(|object| &**object).filter(|object| fits(object)).collect(),
    }
}

impl Filter {
    fn fits(&self, object: &Object) -> bool {
        let actual = match self.property_name.as_str() {
            "hs_object_id" => Some(object.id.as_str()),
            name => object.properties.get(name).map(String::as_str),
        };
        let is = |wanted: &str| actual.is_some_and(|actual| actual.eq_ignore_ascii_case(wanted));
        let value = self.value.as_deref().unwrap_or_default();
        match self.operator {
            Operator::Eq => is(value),
            Operator::Neq => !is(value),
            Operator::In => self.values.iter().any(|value| is(value)),
            Operator::NotIn => !self.values.iter().any(|value| is(value)),
            Operator::HasProperty => actual.is_some(),
            Operator::NotHasProperty => actual.is_none(),
            Operator::Gt => self.compare(actual).is_some_and(|order| order.is_gt()),
            Operator::Gte => self.compare(actual).is_some_and(|order| order.is_ge()),
            Operator::Lt => self.compare(actual).is_some_and(|order| order.is_lt()),
            Operator::Lte => self.compare(actual).is_some_and(|order| order.is_le()),
        }
    }

    /// By number where both are numbers, else by text, which is right for ISO dates.
    fn compare(&self, actual: Option<&str>) -> Option<std::cmp::Ordering> {
        let (actual, wanted) = (actual?, self.value.as_deref()?);
        match (actual.parse::<f64>(), wanted.parse::<f64>()) {
            (Ok(actual), Ok(wanted)) => actual.partial_cmp(&wanted),
            _ => Some(actual.cmp(wanted)),
        }
    }
}
