//! Contacts: found by the number in a unique property of ours, else by search; their fields and tags.

use std::collections::{BTreeMap, BTreeSet};

use engine::capability::crm::{AddTags, CrmContact, CrmObject, GetContact, Record, SetFields, SetOwner, UpsertContact};
use engine::connector::{Call, Performs, Repeat, Verdict};
use http::Method;
use serde_json::{Value, json};

use super::errors::{self, Failure};
use super::properties::is_lost;
use super::{Fields, HubSpot, id_of, segment};
use crate::net::Class;

impl Performs<UpsertContact> for HubSpot {
    /// An upsert by a unique property: HubSpot keeps one contact a number for ever. Where the property is missing,
    /// `repeat` says so.
    const REPEAT: Repeat = Repeat::Keyed { window_s: 0 };

    async fn perform(&self, input: UpsertContact, call: &Call) -> Verdict<Record> {
        let result = match input.phone.as_deref().or(call.phone.as_deref()) {
            Some(phone) => self.upsert_contact(phone, contact_properties(&input, phone)).await,
            None => Err(no_phone()),
        };
        errors::verdict(result)
    }
}

impl Performs<GetContact> for HubSpot {
    /// Reads.
    const REPEAT: Repeat = Repeat::Safe;

    async fn perform(&self, input: GetContact, _: &Call) -> Verdict<CrmContact> {
        errors::verdict(self.get_contact(input).await)
    }
}

impl Performs<SetFields> for HubSpot {
    /// Sets the same values again. An older value set again after a newer one is kept out by the engine's order of
    /// calls.
    const REPEAT: Repeat = Repeat::Safe;

    async fn perform(&self, input: SetFields, call: &Call) -> Verdict<Record> {
        errors::verdict(self.set_fields(input, call).await)
    }
}

impl Performs<AddTags> for HubSpot {
    /// Reads the tags and writes their union: the same whether done once or twice. Two writers at the same moment could
    /// lose one another's tag; ours are kept in order by the engine.
    const REPEAT: Repeat = Repeat::Safe;

    async fn perform(&self, input: AddTags, call: &Call) -> Verdict<Record> {
        errors::verdict(self.add_tags(input, call).await)
    }
}

impl Performs<SetOwner> for HubSpot {
    /// An upsert by a unique property, which sets the same value again. Where the property is missing, `repeat` says so.
    const REPEAT: Repeat = Repeat::Keyed { window_s: 0 };

    async fn perform(&self, input: SetOwner, call: &Call) -> Verdict<Record> {
        errors::verdict(self.set_owner(input, call).await)
    }
}

/// The property that says whose a contact is: the id of an owner. Source: HubSpot, "Owners".
const OWNER: &str = "hubspot_owner_id";

/// What an upsert of a contact sets.
fn contact_properties(input: &UpsertContact, phone: &str) -> Fields {
    let mut properties: Fields =
        input.fields.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    properties.insert("phone".into(), phone.into());
    if let Some(name) = input.name.as_deref().map(str::trim).filter(|name| !name.is_empty()) {
        // HubSpot has two fields; the first word goes into one, the rest into the other.
        let (first, last) = name.split_once(char::is_whitespace).unwrap_or((name, ""));
        properties.insert("firstname".into(), first.into());
        properties.insert("lastname".into(), last.trim().into());
    }
    if let Some(email) = input.email.as_deref().filter(|email| !email.is_empty()) {
        properties.insert("email".into(), email.into());
    }
    properties
}

fn no_phone() -> Failure {
    Failure::refused("no_phone", "the contact of this run has no phone number to find it by; give `phone` or `id`")
}

impl HubSpot {
    /// The id of the contact with this number, created if it is missing.
    pub(super) async fn contact_of(&self, phone: &str) -> Result<String, Failure> {
        let mut properties = Fields::new();
        properties.insert("phone".into(), phone.into());
        Ok(self.upsert_contact(phone, properties).await?.id)
    }

    async fn upsert_contact(&self, phone: &str, properties: Fields) -> Result<Record, Failure> {
        let result = if self.phone.is_there() {
            match self.upsert("contacts", &self.phone, phone, properties.clone()).await {
                Err(told) if told.is_refusal() && is_lost(self, "contacts", &self.phone).await => {
                    self.search_or_create(phone, &properties).await
                }
                upserted => {
                    upserted.and_then(|contact| Ok(Record { id: id_of(&contact)?, created: contact["new"] == true }))
                }
            }
        } else {
            self.search_or_create(phone, &properties).await
        };
        match result {
            // Someone else has the e-mail address: that is the person, who from now on has the number too.
            Err(Failure::Conflict { existing: Some(id), .. }) => self.adopt(id, phone, properties).await,
            other => other,
        }
    }

    async fn adopt(&self, id: String, phone: &str, mut properties: Fields) -> Result<Record, Failure> {
        if self.phone.is_there() {
            properties.insert(self.phone.name.clone(), phone.into());
        }
        self.patch("contacts", &id, &[], properties).await
    }

    /// Without the unique property: never repeated when unclear, as the search lags behind the writes by moments.
    async fn search_or_create(&self, phone: &str, properties: &Fields) -> Result<Record, Failure> {
        if let Some(id) = self.search(phone).await? {
            return self.patch("contacts", &id, &[], properties.clone()).await;
        }
        let path = self.path("objects", "contacts");
        let body = json!({ "properties": properties, "associations": [] });
        let contact = self.call(Method::POST, &path, &[], Some(&body), Class::Once).await?;
        Ok(Record { id: id_of(&contact)?, created: true })
    }

    /// The first contact whose `phone` is this number, as written. HubSpot allows 5 searches a second (HubSpot, "CRM
    /// search").
    async fn search(&self, phone: &str) -> Result<Option<String>, Failure> {
        let filter = json!({ "propertyName": "phone", "operator": "EQ", "value": phone });
        let body = json!({ "filterGroups": [{ "filters": [filter] }], "properties": ["phone"], "limit": 1 });
        let path = self.path("objects", "contacts/search");
        let answer = self.call(Method::POST, &path, &[], Some(&body), Class::MayRepeat).await?;
        answer["results"].get(0).map(id_of).transpose()
    }

    async fn get_contact(&self, input: GetContact) -> Result<CrmContact, Failure> {
        let mut names = vec!["firstname", "lastname", "phone", "email", &self.phone.name];
        names.extend(input.fields.iter().map(String::as_str));
        let query = [("properties".to_owned(), names.join(","))];
        let contact = self.get(&self.path("objects", &format!("contacts/{}", segment(&input.id))), &query).await?;
        let text = |name: &str| contact["properties"][name].as_str().unwrap_or_default().to_owned();
        let phone = Some(text(&self.phone.name)).filter(|phone| !phone.is_empty()).unwrap_or_else(|| text("phone"));
        let fields: BTreeMap<String, String> = input.fields.iter().map(|name| (name.clone(), text(name))).collect();
        let name = format!("{} {}", text("firstname"), text("lastname")).trim().to_owned();
        Ok(CrmContact { id: id_of(&contact)?, name, phone: international(&phone), email: text("email"), fields })
    }

    async fn set_fields(&self, input: SetFields, call: &Call) -> Result<Record, Failure> {
        let properties = input.fields.into_iter().map(|(name, value)| (name, value.into())).collect();
        let object = match input.object {
            CrmObject::Contact => "contacts",
            CrmObject::Ticket => "tickets",
        };
        match (input.id, input.object) {
            (Some(id), _) => self.patch(object, &id, &[], properties).await,
            (None, CrmObject::Ticket) => {
                Err(Failure::refused("bad_input", "setting fields of a ticket needs its `id`"))
            }
            (None, CrmObject::Contact) => {
                let phone = call.phone.as_deref().ok_or_else(no_phone)?;
                if self.phone.is_there() {
                    let query = [("idProperty".to_owned(), self.phone.name.clone())];
                    return self.patch(object, phone, &query, properties).await;
                }
                match self.search(phone).await? {
                    Some(id) => self.patch(object, &id, &[], properties).await,
                    None => Err(Failure::refused("not_found", "hubspot has no contact with this number")),
                }
            }
        }
    }

    async fn add_tags(&self, input: AddTags, call: &Call) -> Result<Record, Failure> {
        let mut query = vec![("properties".to_owned(), self.tags.clone())];
        let by_phone = input.id.is_none() && self.phone.is_there();
        let id = match (input.id, call.phone.as_deref()) {
            (Some(id), _) => id,
            (None, None) => return Err(no_phone()),
            (None, Some(phone)) if by_phone => {
                query.push(("idProperty".to_owned(), self.phone.name.clone()));
                phone.to_owned()
            }
            (None, Some(phone)) => self.contact_of(phone).await?,
        };
        let contact = match self.get(&self.path("objects", &format!("contacts/{}", segment(&id))), &query).await {
            Err(Failure::NotFound(_)) if by_phone => {
                let mut properties = Fields::new();
                properties.insert("phone".into(), id.as_str().into());
                properties.insert(self.tags.clone(), union("", &input.tags).into());
                return self.upsert_contact(&id, properties).await;
            }
            other => other?,
        };
        let id = id_of(&contact)?;
        let before = contact["properties"][&self.tags].as_str().unwrap_or_default();
        let after = union(before, &input.tags);
        if after == before {
            return Ok(Record { id, created: false });
        }
        let mut properties = Fields::new();
        properties.insert(self.tags.clone(), after.into());
        self.patch("contacts", &id, &[], properties).await
    }

    async fn set_owner(&self, input: SetOwner, call: &Call) -> Result<Record, Failure> {
        let mut properties = Fields::new();
        properties.insert(OWNER.into(), input.owner.into());
        if let Some(id) = input.id {
            return self.patch("contacts", &id, &[], properties).await;
        }
        let phone = call.phone.as_deref().ok_or_else(no_phone)?;
        properties.insert("phone".into(), phone.into());
        self.upsert_contact(phone, properties).await
    }

    async fn patch(
        &self,
        object: &str,
        id: &str,
        query: &[(String, String)],
        fields: Fields,
    ) -> Result<Record, Failure> {
        let path = self.path("objects", &format!("{object}/{}", segment(id)));
        let body: Value = json!({ "properties": fields });
        let changed = self.call(Method::PATCH, &path, query, Some(&body), Class::MayRepeat).await?;
        Ok(Record { id: id_of(&changed)?, created: false })
    }
}

/// The tags of both, sorted and joined by `;`. A `;` inside a tag would split it when it is read again, so it becomes a
/// comma.
fn union(before: &str, add: &[String]) -> String {
    let added: Vec<String> = add.iter().map(|tag| tag.replace(';', ",")).collect();
    let all: BTreeSet<&str> = before
        .split(';')
        .chain(added.iter().map(String::as_str))
        .map(str::trim)
        .filter(|tag| !tag.is_empty())
        .collect();
    all.into_iter().collect::<Vec<_>>().join(";")
}

/// A number that begins with `+` without its blanks, dashes and brackets; any other as it is, as its country is not
/// known.
fn international(phone: &str) -> String {
    match phone.trim().strip_prefix('+') {
        Some(rest) => format!("+{}", rest.chars().filter(char::is_ascii_digit).collect::<String>()),
        None => phone.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_a_sorted_set() {
        let union = |before, add: &[&str]| union(before, &add.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>());
        assert_eq!(union("", &["vip"]), "vip");
        assert_eq!(union("vip;cold", &["hot", "vip"]), "cold;hot;vip");
        assert_eq!(union("b; a;", &["a;b", " "]), "a;a,b;b");
    }

    #[test]
    fn a_number_is_cleaned_only_when_its_country_is_told() {
        assert_eq!(international("+55 (11) 98765-0001"), "+5511987650001");
        assert_eq!(international("011 98765"), "011 98765");
        assert_eq!(international(""), "");
    }

    #[test]
    fn a_name_is_split_into_hubspots_two_fields() {
        let input = |name: &str| UpsertContact {
            phone: None,
            name: Some(name.into()),
            email: Some(String::new()),
            fields: BTreeMap::from([("city".into(), "Rome".into())]),
        };
        let shown = |name| Value::Object(contact_properties(&input(name), "+3906"));
        assert_eq!(
            shown("Anna Maria Rossi"),
            json!({ "city": "Rome", "phone": "+3906", "firstname": "Anna", "lastname": "Maria Rossi" })
        );
        assert_eq!(shown("李伟"), json!({ "city": "Rome", "phone": "+3906", "firstname": "李伟", "lastname": "" }));
        assert_eq!(shown(" "), json!({ "city": "Rome", "phone": "+3906" }));
    }
}
