//! The CRM's data: objects by type, their unique values, their associations. Pure state behind one lock.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use serde_json::{Map, Value};

use super::{
    associations::{self, Link},
    error::Error,
    properties::{self, Property},
};
use crate::sandbox::books::{Association, Object};

/// The object types there are, their number in HubSpot's paths, and their first id.
const TYPES: &[(&str, &str, u64)] = &[
    ("contacts", "0-1", 50_101),
    ("companies", "0-2", 70_001),
    ("deals", "0-3", 80_001),
    ("tickets", "0-5", 90_001),
    ("notes", "0-46", 60_001),
    ("communications", "0-18", 65_001),
];

/// The state of the portal.
pub(crate) struct Portal {
    drawers: HashMap<&'static str, Drawer>,
    links: BTreeSet<Link>,
    keep: usize,
}

/// All objects of one type.
pub(super) struct Drawer {
    pub(super) properties: BTreeMap<String, Property>,
    pub(super) objects: BTreeMap<u64, Arc<Object>>,
    /// Which object has a value, by unique property and value.
    unique: HashMap<String, HashMap<String, u64>>,
    next_id: u64,
}

/// What a write did.
pub(super) struct Written {
    pub(super) id: u64,
    pub(super) object: Arc<Object>,
    pub(super) created: bool,
    /// The properties whose values changed.
    pub(super) changed: Vec<(String, String)>,
}

/// The name of an object type, from its plural, its singular or its number.
pub(super) fn object_type(name: &str) -> Result<&'static str, Error> {
    let named = |(plural, number, _): &&(&str, &str, u64)| [*plural, *number, singular(plural)].contains(&name);
    let found = TYPES.iter().find(named).map(|(plural, ..)| *plural);
    found.ok_or_else(|| Error::validation(format!("Unable to infer object type from: {name}")))
}

/// `contact` for `contacts`.
pub(super) fn singular(object_type: &str) -> &str {
    if object_type == "companies" { "company" } else { object_type.trim_end_matches('s') }
}

impl Portal {
    pub(crate) fn new(custom: &[(String, String, bool)], keep: usize) -> Self {
        let drawers = TYPES.iter().map(|(name, _, first_id)| (*name, Drawer::new(name, *first_id))).collect();
        let mut portal = Self { drawers, links: BTreeSet::new(), keep };
        for (object, name, unique) in custom {
            let property = Property::text(name, *unique);
            if let Some(drawer) = portal.drawers.get_mut(object.as_str()) {
                drawer.properties.insert(name.clone(), property);
            }
        }
        portal
    }

    pub(super) fn drawer(&self, object_type: &'static str) -> &Drawer {
        &self.drawers[object_type]
    }

    pub(super) fn drawer_mut(&mut self, object_type: &'static str) -> &mut Drawer {
        self.drawers.get_mut(object_type).expect("object_type() returns names of drawers only")
    }

    /// Creates an object and links it.
    pub(super) fn create(
        &mut self,
        object_type: &'static str,
        given: &Map<String, Value>,
        links: &[(&'static str, u64, u32)],
        now_ms: u64,
    ) -> Result<Written, Error> {
        for (to_type, to_id, _) in links {
            self.must_exist(to_type, *to_id)?;
        }
        let keep = self.keep;
        let written = self.drawer_mut(object_type).create(object_type, given, keep, now_ms)?;
        for (to_type, to_id, type_id) in links {
            self.link((object_type, written.id), (to_type, *to_id), *type_id);
        }
        Ok(written)
    }

    pub(super) fn must_exist(&self, object_type: &'static str, id: u64) -> Result<(), Error> {
        match self.drawer(object_type).objects.contains_key(&id) {
            true => Ok(()),
            false => {
                Err(Error::not_found(format!("One or more associations are not valid: no {object_type} with id {id}")))
            }
        }
    }

    /// Links two objects in both directions.
    pub(super) fn link(&mut self, from: (&'static str, u64), to: (&'static str, u64), type_id: u32) {
        self.links.insert((from, to, type_id));
        if let Some(back) = associations::default_type(to.0, from.0) {
            self.links.insert((to, from, back));
        }
    }

    /// Where links lead from an object to one type.
    pub(super) fn linked(&self, from: (&'static str, u64), to_type: &str) -> Vec<(u64, u32)> {
        let links = self.links.range((from, ("", 0), 0)..).take_while(|(start, ..)| *start == from);
        links.filter(|(_, to, _)| to.0 == to_type).map(|(_, to, type_id)| (to.1, *type_id)).collect()
    }

    /// An edit made by a person in HubSpot's pages.
    pub(crate) fn edit(
        &mut self,
        object: &str,
        id: &str,
        property: &str,
        value: &str,
        now_ms: u64,
    ) -> Result<(&'static str, u64), Error> {
        let object_type = object_type(object)?;
        let drawer = self.drawer_mut(object_type);
        let id = drawer.find(id, None)?;
        let given = Map::from_iter([(property.to_owned(), Value::from(value))]);
        drawer.update(object_type, id, &given, now_ms)?;
        Ok((object_type, id))
    }

    pub(crate) fn forget_objects(&mut self) {
        self.links.clear();
        for drawer in self.drawers.values_mut() {
            drawer.objects.clear();
            drawer.unique.clear();
        }
    }

    pub(crate) fn all_objects(&self) -> BTreeMap<String, Vec<Object>> {
        let objects = |drawer: &Drawer| drawer.objects.values().map(|object| Object::clone(object)).collect();
        self.drawers.iter().map(|(name, drawer)| ((*name).to_owned(), objects(drawer))).collect()
    }

    pub(crate) fn all_associations(&self) -> Vec<Association> {
        let association = |(from, to, type_id): &Link| Association {
            from_type: from.0.into(),
            from_id: from.1,
            to_type: to.0.into(),
            to_id: to.1,
            type_id: *type_id,
        };
        self.links.iter().map(association).collect()
    }

    pub(crate) fn all_properties(&self) -> BTreeMap<String, Vec<String>> {
        let shown = |property: &Property| format!("{}{}", property.name, if property.unique { "*" } else { "" });
        let names = |drawer: &Drawer| drawer.properties.values().map(shown).collect();
        self.drawers.iter().map(|(name, drawer)| ((*name).to_owned(), names(drawer))).collect()
    }
}

impl Drawer {
    fn new(object_type: &str, first_id: u64) -> Self {
        let standard = properties::standard(object_type);
        Self {
            properties: standard.into_iter().map(|property| (property.name.clone(), property)).collect(),
            objects: BTreeMap::new(),
            unique: HashMap::new(),
            next_id: first_id,
        }
    }

    /// The id of an object, given as an id or as the value of a unique property.
    pub(super) fn find(&self, key: &str, id_property: Option<&str>) -> Result<u64, Error> {
        let found = match id_property {
            None | Some("hs_object_id") => key.parse().ok().filter(|id| self.objects.contains_key(id)),
            Some(name) => {
                self.must_be_unique(name)?;
                self.unique.get(name).and_then(|values| values.get(&unique_form(name, key))).copied()
            }
        };
        found.ok_or_else(|| Error::not_found("resource not found"))
    }

    pub(super) fn must_be_unique(&self, name: &str) -> Result<(), Error> {
        match self.properties.get(name) {
            None => Err(Error::validation(format!("The idProperty {name} does not exist"))),
            Some(property) if property.unique => Ok(()),
            Some(_) => Err(Error::validation(format!("The idProperty {name} is not a unique identifier property"))),
        }
    }

    pub(super) fn create(
        &mut self,
        object_type: &'static str,
        given: &Map<String, Value>,
        keep: usize,
        now_ms: u64,
    ) -> Result<Written, Error> {
        let mut values = properties::check(&self.properties, given)?;
        values.retain(|_, value| !value.is_empty());
        properties::check_required(object_type, &mut values)?;
        self.check_unique(&values, None)?;
        let id = self.next_id;
        self.next_id += 1;
        let changed = values.clone().into_iter().collect();
        let object = Object { id: id.to_string(), properties: values, created_ms: now_ms, updated_ms: now_ms };
        self.index(id, &object.properties);
        let object = Arc::new(object);
        self.objects.insert(id, object.clone());
        while self.objects.len() > keep {
            if let Some((id, oldest)) = self.objects.pop_first() {
                self.unindex(id, &oldest.properties);
            }
        }
        Ok(Written { id, object, created: true, changed })
    }

    pub(super) fn update(
        &mut self,
        object_type: &'static str,
        id: u64,
        given: &Map<String, Value>,
        now_ms: u64,
    ) -> Result<Written, Error> {
        let values = properties::check(&self.properties, given)?;
        self.check_unique(&values, Some(id))?;
        let before = self.objects.get(&id).ok_or_else(|| Error::not_found("resource not found"))?;
        let mut after = Object::clone(before);
        let mut changed = Vec::new();
        for (name, value) in values {
            let old = after.properties.get(&name).map_or("", String::as_str);
            if old == value || properties::goes_back(&name, old, &value) {
                continue;
            }
            match value.is_empty() {
                true => after.properties.remove(&name),
                false => after.properties.insert(name.clone(), value.clone()),
            };
            changed.push((name, value));
        }
        properties::check_required(object_type, &mut after.properties)?;
        after.updated_ms = now_ms;
        self.unindex(id, &before.properties.clone());
        self.index(id, &after.properties);
        let object = Arc::new(after);
        self.objects.insert(id, object.clone());
        Ok(Written { id, object, created: false, changed })
    }

    /// Creates or updates by a unique property, which takes its value from the key.
    pub(super) fn upsert(
        &mut self,
        object_type: &'static str,
        key: (&str, Option<&str>),
        given: &Map<String, Value>,
        keep: usize,
        now_ms: u64,
    ) -> Result<Written, Error> {
        let (value, id_property) = key;
        if let Some(name) = id_property {
            self.must_be_unique(name)?;
        }
        match (self.find(value, id_property), id_property) {
            (Ok(id), _) => self.update(object_type, id, given, now_ms),
            (Err(_), Some(name)) => {
                let mut given = given.clone();
                given.entry(name).or_insert_with(|| value.into());
                self.create(object_type, &given, keep, now_ms)
            }
            (Err(error), None) => Err(error),
        }
    }

    /// The objects with this value of a unique property, without looking at all of them.
    pub(super) fn by_unique(&self, name: &str, value: &str) -> Option<Option<u64>> {
        let unique = self.properties.get(name).is_some_and(|property| property.unique);
        unique.then(|| self.unique.get(name).and_then(|values| values.get(&unique_form(name, value))).copied())
    }

    fn check_unique(&self, values: &BTreeMap<String, String>, own: Option<u64>) -> Result<(), Error> {
        for (name, value) in values.iter().filter(|(_, value)| !value.is_empty()) {
            let Some(Some(other)) = self.by_unique(name, value) else { continue };
            if own == Some(other) {
                continue;
            }
            return Err(match name.as_str() {
                "email" => Error::conflict(format!("Contact already exists. Existing ID: {other}")),
                // The wording for custom properties is not documented; their docs only say that it is refused.
                _ => Error::conflict(format!("{name}: {value} already has that value. Existing ID: {other}")),
            });
        }
        Ok(())
    }

    fn index(&mut self, id: u64, values: &BTreeMap<String, String>) {
        for (name, value) in values {
            if self.properties.get(name).is_some_and(|property| property.unique) {
                self.unique.entry(name.clone()).or_default().insert(unique_form(name, value), id);
            }
        }
    }

    fn unindex(&mut self, id: u64, values: &BTreeMap<String, String>) {
        for (name, value) in values {
            if let Some(index) = self.unique.get_mut(name)
                && index.get(&unique_form(name, value)) == Some(&id)
            {
                index.remove(&unique_form(name, value));
            }
        }
    }
}

/// Emails are compared without case.
fn unique_form(name: &str, value: &str) -> String {
    if name == "email" { value.to_lowercase() } else { value.to_owned() }
}
