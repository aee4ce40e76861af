//! A JSON Schema as the checks read it: what a value may be, which fields it has.
//!
//! The schemas come from Rust types through schemars, so only what schemars writes is understood: `type`, `$ref` into `$defs`,
//! `anyOf` with null for options, `enum` or `oneOf` of constants, lengths, and our own `x-type` and `x-format`.

use std::sync::LazyLock;

use serde_json::{Value, json};

/// One place in a schema.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape<'a> {
    root: &'a Value,
    /// The schema as it stands there; its attributes win over those of what it refers to.
    outer: &'a Value,
    /// The schema it refers to in the end.
    here: &'a Value,
}

/// What a value may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Any,
    Text,
    Integer,
    Number,
    Boolean,
    List,
    Map,
}

/// What a schema says of a field name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Member<'a> {
    /// It is this.
    Known(Shape<'a>),
    /// It may be there and may be anything.
    Free,
    /// There is none.
    Unknown,
}

impl<'a> Shape<'a> {
    /// A whole schema.
    pub(crate) fn new(schema: &'a Value) -> Self {
        Self::at(schema, schema)
    }

    /// A value of which nothing is known.
    pub(crate) fn any() -> Self {
        Self::new(&Value::Bool(true))
    }

    /// A whole number.
    pub(crate) fn integer() -> Self {
        static INTEGER: LazyLock<Value> = LazyLock::new(|| json!({"type": "integer"}));
        Self::new(&INTEGER)
    }

    /// Any text.
    pub(crate) fn text() -> Self {
        static TEXT: LazyLock<Value> = LazyLock::new(|| json!({"type": "string"}));
        Self::new(&TEXT)
    }

    fn at(root: &'a Value, outer: &'a Value) -> Self {
        let mut here = outer;
        // Bounded: a schema that refers to itself is not followed for ever.
        for _ in 0..16 {
            let next = referred(root, here).or_else(|| only_option(here));
            match next {
                Some(next) => here = next,
                None => break,
            }
        }
        Self { root, outer, here }
    }

    /// What the value may be.
    pub(crate) fn form(&self) -> Form {
        let names: Vec<&str> = match self.here.get("type") {
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) => {
                names.iter().filter_map(Value::as_str).filter(|name| *name != "null").collect()
            }
            _ if self.choices().is_some() => vec!["string"],
            _ => Vec::new(),
        };
        match names[..] {
            ["string"] => Form::Text,
            ["integer"] => Form::Integer,
            ["number"] => Form::Number,
            ["boolean"] => Form::Boolean,
            ["array"] => Form::List,
            ["object"] => Form::Map,
            _ => Form::Any,
        }
    }

    /// Whether null is allowed, so that an empty value means "not given".
    pub(crate) fn optional(&self) -> bool {
        let null = Value::from("null");
        let in_type =
            |schema: &Value| schema.get("type").and_then(Value::as_array).is_some_and(|all| all.contains(&null));
        let in_any = self.outer.get("anyOf").and_then(Value::as_array);
        in_type(self.outer)
            || in_type(self.here)
            || in_any.is_some_and(|all| all.iter().any(|one| one.get("type") == Some(&null)))
    }

    /// The texts it must be one of.
    pub(crate) fn choices(&self) -> Option<Vec<&'a str>> {
        if let Some(all) = self.here.get("enum").and_then(Value::as_array) {
            return Some(all.iter().filter_map(Value::as_str).collect());
        }
        let all = self.here.get("oneOf").and_then(Value::as_array)?;
        let mut out = Vec::new();
        for one in all {
            match (one.get("const"), one.get("enum").and_then(Value::as_array)) {
                (Some(one), _) => out.push(one.as_str()?),
                (_, Some(several)) => out.extend(several.iter().filter_map(Value::as_str)),
                _ => return None,
            }
        }
        Some(out)
    }

    /// An attribute such as `minLength` or `x-type`.
    pub(crate) fn attribute(&self, name: &str) -> Option<&'a Value> {
        self.outer.get(name).or_else(|| self.here.get(name))
    }

    /// What it is, for people: the first paragraph of its description on one line; nothing when it has none.
    pub(crate) fn about(&self) -> Option<String> {
        let text = self.attribute("description")?.as_str()?.split("\n\n").next()?;
        Some(text.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|text| !text.is_empty())
    }

    /// The field `name`.
    pub(crate) fn member(&self, name: &str) -> Member<'a> {
        if let Some(found) = self.here.get("properties").and_then(|all| all.get(name)) {
            return Member::Known(Self::at(self.root, found));
        }
        match self.here.get("additionalProperties") {
            Some(Value::Bool(true)) => Member::Free,
            Some(Value::Object(schema)) if schema.is_empty() => Member::Free,
            Some(schema @ Value::Object(_)) => Member::Known(Self::at(self.root, schema)),
            _ if self.form() == Form::Any => Member::Free,
            _ => Member::Unknown,
        }
    }

    /// Its fields with their shapes.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&'a str, Shape<'a>)> + use<'a> {
        let root = self.root;
        let all = self.here.get("properties").and_then(Value::as_object);
        all.into_iter().flatten().map(move |(name, schema)| (name.as_str(), Self::at(root, schema)))
    }

    /// The names of its fields.
    pub(crate) fn names(&self) -> Vec<&'a str> {
        self.members().map(|(name, _)| name).collect()
    }

    /// The fields that must be given.
    pub(crate) fn required(&self) -> Vec<&'a str> {
        let all = self.here.get("required").and_then(Value::as_array);
        all.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Whether both say the same.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.here == other.here && self.root == other.root
    }

    /// What its items are.
    pub(crate) fn items(&self) -> Option<Shape<'a>> {
        self.here.get("items").map(|items| Self::at(self.root, items))
    }
}

fn referred<'a>(root: &'a Value, schema: &'a Value) -> Option<&'a Value> {
    let path = schema.get("$ref")?.as_str()?.strip_prefix('#')?;
    root.pointer(path)
}

/// `anyOf: [X, null]` is X.
fn only_option(schema: &Value) -> Option<&Value> {
    let all = schema.get("anyOf")?.as_array()?;
    let mut some = all.iter().filter(|one| one.get("type").is_none_or(|name| name != "null"));
    let first = some.next()?;
    some.next().is_none().then_some(first)
}
