//! The document as a whole: schemas of what is answered stand in one place, requests are described where they are.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

use super::routes::Noted;
use crate::error;

/// What a request or an answer is as JSON.
const JSON: &str = "application/json";

/// The description while it is put together.
pub(crate) struct Document {
    answers: SchemaGenerator,
    requests: SchemaGenerator,
    paths: Map<String, Value>,
    ids: BTreeSet<String>,
}

impl Document {
    /// The description of these operations.
    pub(crate) fn of(operations: &[Noted]) -> Value {
        let mut document = Self::new();
        for operation in operations {
            document.add(operation);
        }
        document.finish()
    }

    fn new() -> Self {
        let settings = |change: fn(&mut SchemaSettings)| {
            SchemaSettings::draft2020_12()
                .with(|settings| {
                    settings.definitions_path = "/components/schemas".into();
                    settings.meta_schema = None;
                })
                .with(change)
        };
        Self {
            answers: settings(|_| {}).for_serialize().into_generator(),
            requests: settings(|settings| settings.inline_subschemas = true).for_deserialize().into_generator(),
            paths: Map::new(),
            ids: BTreeSet::new(),
        }
    }

    fn add(&mut self, noted: &Noted) {
        let Noted { path, method, handler, describe } = noted;
        let topic = path.split('/').nth(1).unwrap_or_default();
        let id = self.id(handler, topic);
        let mut operation = Operation { document: self, path, object: Map::new() };
        operation.object.insert("operationId".to_owned(), id.into());
        operation.object.insert("tags".to_owned(), json!([topic]));
        describe(&mut operation);
        let object = operation.object;
        let methods = self.paths.entry((*path).to_owned()).or_insert_with(|| json!({}));
        methods[method.as_str().to_ascii_lowercase()] = Value::Object(object);
    }

    /// An id for what a handler does: its module and its name; where it answers for two topics, the second one too.
    fn id(&mut self, handler: &str, topic: &str) -> String {
        let (module, function) = split(handler);
        let mut id = format!("{module}_{function}");
        if !self.ids.insert(id.clone()) {
            id = format!("{id}_{topic}");
            self.ids.insert(id.clone());
        }
        id
    }

    /// The finished document.
    fn finish(mut self) -> Value {
        let error = self.answers.subschema_for::<error::Envelope>();
        let problem = json!({
            "description": "It was not done; `code` is stable, `message` says why.",
            "content": { JSON: { "schema": error } },
        });
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": "Switchboard", "version": env!("CARGO_PKG_VERSION"),
                "description": "Flows between WhatsApp and CRM. Ids and times are text (RFC 3339, UTC, milliseconds); \
                    lists are paged by key.",
                "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            },
            "servers": [{ "url": "/api/v1" }],
            "security": [{ "token": [] }],
            "paths": self.paths,
            "components": {
                "schemas": self.answers.take_definitions(true),
                "responses": { "Error": problem },
                "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            },
        })
    }
}

/// Module and name of a handler, from the name of its type: `web::api::runs::list`.
fn split(name: &str) -> (&str, &str) {
    let (path, function) = name.rsplit_once("::").unwrap_or(("", name));
    (path.rsplit_once("::").map_or(path, |(_, module)| module), function)
}

/// What one method of one address does, while it is put together.
pub(crate) struct Operation<'a> {
    document: &'a mut Document,
    path: &'a str,
    object: Map<String, Value>,
}

impl Operation<'_> {
    /// The variable parts of the address.
    pub(super) fn takes_parts(&mut self) {
        for name in self.path.split(['{', '}']).skip(1).step_by(2) {
            self.parameter(json!({ "in": "path", "name": name, "required": true, "schema": { "type": "string" } }));
        }
    }

    /// What stands behind the `?`: one parameter for each field.
    pub(super) fn takes_query<T: JsonSchema>(&mut self) {
        let schema = Value::from(self.document.requests.subschema_for::<T>());
        let required: Vec<&Value> = schema["required"].as_array().into_iter().flatten().collect();
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let needed = required.iter().any(|one| *one == name);
            let mut field = field.clone();
            let about = field.as_object_mut().and_then(|field| field.remove("description"));
            let mut parameter = json!({ "in": "query", "name": name, "required": needed, "schema": field });
            if let Some(about) = about {
                parameter["description"] = about;
            }
            self.parameter(parameter);
        }
    }

    /// The revision that a change is made over.
    pub(super) fn takes_revision(&mut self) {
        let about = "the revision that was read, in quotes";
        let schema = json!({ "type": "string" });
        self.parameter(json!({
            "in": "header", "name": "If-Match", "required": true, "schema": schema, "description": about,
        }));
    }

    fn parameter(&mut self, parameter: Value) {
        let parameters = self.object.entry("parameters").or_insert_with(|| json!([]));
        parameters.as_array_mut().into_iter().for_each(|all| all.push(parameter.clone()));
    }

    /// A JSON body.
    pub(super) fn takes_body<T: JsonSchema>(&mut self) {
        let schema = Value::from(self.document.requests.subschema_for::<T>());
        self.object.insert("requestBody".to_owned(), json!({ "content": { JSON: { "schema": schema } } }));
    }

    /// A body that is a file.
    pub(crate) fn takes_file(&mut self) {
        let content = json!({ "*/*": { "schema": { "type": "string", "format": "binary" } } });
        self.object.insert("requestBody".to_owned(), json!({ "required": true, "content": content }));
    }

    /// A schema of answers.
    pub(crate) fn schema<T: JsonSchema>(&mut self) -> Value {
        self.document.answers.subschema_for::<T>().into()
    }

    /// A JSON answer.
    pub(super) fn gives_json<T: JsonSchema>(&mut self) {
        let schema = self.schema::<T>();
        let about = schemars::schema_for!(T).get("description").cloned();
        self.gives(JSON, &schema, about);
    }

    /// An answer of another kind.
    pub(crate) fn gives(&mut self, kind: &str, schema: &Value, about: Option<Value>) {
        let good = json!({ "description": about.unwrap_or_else(|| "Done.".into()), "content": { kind: { "schema": schema } } });
        let other = json!({ "$ref": "#/components/responses/Error" });
        self.object.insert("responses".to_owned(), json!({ "200": good, "default": other }));
    }
}
