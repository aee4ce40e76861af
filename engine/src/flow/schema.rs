//! The JSON Schema of the whole format: the types of [`super::document`] with the catalogue filled in.
//!
//! It completes and checks in editors while one types; [`super::check`] knows more (names, ways, connections).

use serde_json::{Map, Value, json};

use super::document;
use super::kinds::Kind;
use crate::connector::Catalog;

/// The JSON Schema of a document of any kind against `catalog`: the key of its id says which kind it is.
#[must_use]
pub fn schema(catalog: &Catalog) -> Value {
    let mut defs = Map::new();
    let flow = named(schemars::schema_for!(document::Flow).to_value(), "Flow", &mut defs);
    let rules = named(schemars::schema_for!(document::Rules).to_value(), "Rules", &mut defs);
    let calendar = named(schemars::schema_for!(document::Calendar).to_value(), "Calendar", &mut defs);
    let segment = named(schemars::schema_for!(document::Segment).to_value(), "Segment", &mut defs);
    actions(catalog, &mut defs);
    triggers(catalog, &mut defs);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Switchboard document",
        "type": "object",
        "if": { "required": [Kind::Rules.key()] },
        "then": rules,
        "else": {
            "if": { "required": [Kind::Calendar.key()] },
            "then": calendar,
            "else": { "if": { "required": [Kind::Segment.key()] }, "then": segment, "else": flow },
        },
        "$defs": defs,
    })
}

/// Moves the schema of a kind of document below `defs`, with those of its parts, which other kinds may share; gives a reference.
fn named(mut schema: Value, name: &str, defs: &mut Map<String, Value>) -> Value {
    if let Some(own) = schema.as_object_mut() {
        own.remove("$schema");
        if let Some(Value::Object(parts)) = own.remove("$defs") {
            defs.extend(parts);
        }
    }
    defs.insert(name.to_owned(), schema);
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// `do` becomes one of the actions, and `with` what that action takes.
fn actions(catalog: &Catalog, defs: &mut Map<String, Value>) {
    let names: Vec<Value> =
        catalog.actions.values().map(|action| json!({ "const": action.name, "description": action.about })).collect();
    let mut cases = Vec::new();
    for action in catalog.actions.values() {
        let mut input = action.input.as_value().clone();
        loosen(&mut input);
        let needs_input = input.get("required").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
        let name = embed(&format!("action.{}", action.name), input, defs);
        let required = if needs_input { json!(["with"]) } else { json!([]) };
        cases.push(json!({
            "if": { "properties": { "do": { "const": action.name } }, "required": ["do"] },
            "then": { "properties": { "with": { "$ref": format!("#/$defs/{name}") } }, "required": required },
        }));
    }
    if let Some(step) = defs.get_mut("DoStep") {
        step["properties"]["do"] = json!({ "description": "The action.", "oneOf": names });
        step["allOf"] = cases.into();
    }
}

/// Triggers and awaited events: the bare type, or the type as the key of its parameters.
fn triggers(catalog: &Catalog, defs: &mut Map<String, Value>) {
    let (mut bare, mut awaited) = (Vec::new(), Vec::new());
    let (mut forms, mut awaited_forms) = (Vec::new(), Vec::new());
    for trigger in catalog.triggers.values() {
        let name = embed(&format!("trigger.{}", trigger.name), trigger.params.as_value().clone(), defs);
        let params = json!({ "anyOf": [{ "$ref": format!("#/$defs/{name}") }, { "type": "null" }] });
        let word = json!({ "const": trigger.name, "description": trigger.about });
        bare.push(word.clone());
        forms.push(json!({
            "type": "object",
            "properties": { trigger.name: params, "when": { "$ref": "#/$defs/Condition" }, "id": { "type": "string" } },
            "required": [trigger.name],
            "additionalProperties": false,
        }));
        if trigger.can_be_awaited() {
            awaited.push(word);
            let properties = json!({ trigger.name: params });
            awaited_forms.push(json!({
                "type": "object", "properties": properties, "required": [trigger.name], "additionalProperties": false,
            }));
        }
    }
    let one_of = |words: Vec<Value>, forms: Vec<Value>, about: &str| {
        let words = json!({ "type": "string", "oneOf": words });
        json!({ "description": about, "anyOf": std::iter::once(words).chain(forms).collect::<Vec<_>>() })
    };
    defs.insert("Trigger".into(), one_of(bare, forms, "What starts the flow."));
    defs.insert("Awaited".into(), one_of(awaited, awaited_forms, "What is awaited."));
}

/// Moves a schema and its own `$defs` below the root's; gives its name there.
fn embed(name: &str, mut schema: Value, defs: &mut Map<String, Value>) -> String {
    if let Some(own) = schema.as_object_mut() {
        own.remove("$schema");
        own.remove("title");
        if let Some(Value::Object(inner)) = own.remove("$defs") {
            for (inner_name, mut inner) in inner {
                rename(&mut inner, name);
                defs.insert(format!("{name}.{inner_name}"), inner);
            }
        }
    }
    rename(&mut schema, name);
    defs.insert(name.to_owned(), schema);
    name.to_owned()
}

/// Lets references follow the definitions they mean.
fn rename(schema: &mut Value, name: &str) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::String(path)) = fields.get_mut("$ref")
                && let Some(target) = path.strip_prefix("#/$defs/")
            {
                *path = format!("#/$defs/{name}.{target}");
            }
            fields.values_mut().for_each(|value| rename(value, name));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| rename(value, name)),
        _ => {}
    }
}

/// An input as YAML writes it: any value may be an expression, and text may be spelled like a number.
fn loosen(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else { return };
    for name in ["properties", "$defs"] {
        if let Some(Value::Object(all)) = fields.get_mut(name) {
            all.values_mut().for_each(loosen_value);
        }
    }
    for name in ["additionalProperties", "items"] {
        if let Some(inner) = fields.get_mut(name) {
            loosen_value(inner);
        }
    }
}

fn loosen_value(schema: &mut Value) {
    loosen(schema);
    let Some(fields) = schema.as_object_mut() else { return };
    let constrained = fields.keys().any(|key| key != "description" && key != "default");
    if !constrained {
        return;
    }
    let is_text = |kind: &Value| kind == "string" || kind.as_array().is_some_and(|all| all.contains(&"string".into()));
    let free_text = fields.get("type").is_some_and(is_text) && !fields.contains_key("enum");
    let mut options = vec![Value::Object(fields.clone())];
    options.push(json!({ "type": "string", "pattern": r"^= |\{\{" }));
    if free_text {
        options.push(json!({ "type": ["number", "boolean"] }));
    }
    let about = fields.get("description").cloned();
    *schema = json!({ "anyOf": options });
    if let Some(about) = about {
        schema["description"] = about;
    }
}
