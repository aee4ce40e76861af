//! `crm.*`: tickets, contacts and fields in whichever CRM is connected.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::connector::Action;

/// How urgent a ticket is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TicketPriority {
    /// Can wait.
    Low,
    /// The default.
    #[default]
    Medium,
    /// First.
    High,
}

/// Creates a ticket, linked to the contact (which is created there if it is missing).
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTicket {
    /// One line.
    #[schemars(length(min = 1, max = 255))]
    pub subject: String,
    /// The body.
    #[serde(default)]
    pub text: Option<String>,
    /// `low`, `medium` (default) or `high`.
    #[serde(default)]
    pub priority: TicketPriority,
    /// Pipeline, by the CRM's own id. Default: the CRM's default.
    #[serde(default)]
    pub pipeline: Option<String>,
    /// Stage in the pipeline, by the CRM's own id. Default: the first.
    #[serde(default)]
    pub stage: Option<String>,
    /// Further fields by the CRM's own names.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

/// A record in the CRM.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct Record {
    /// Its id there.
    pub id: String,
    /// Whether this call made it (false: it was there already).
    #[serde(default)]
    pub created: bool,
}

/// Creates or updates the contact of this run, found by its phone number.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpsertContact {
    /// Number in international form. Default: the contact's.
    #[serde(default)]
    pub phone: Option<String>,
    /// Full name.
    #[serde(default)]
    pub name: Option<String>,
    /// E-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// Further fields by the CRM's own names.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

/// Reads one contact of the CRM by its id there.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetContact {
    /// Its id in the CRM, such as `{{event.object_id}}`.
    #[schemars(length(min = 1))]
    pub id: String,
    /// Further fields to read, by the CRM's own names.
    #[serde(default)]
    pub fields: Vec<String>,
}

/// A contact as the CRM has it.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct CrmContact {
    /// Its id in the CRM.
    pub id: String,
    /// Full name; empty when the CRM has none.
    pub name: String,
    /// Number as the CRM has it, in international form where it can be told; empty when it has none.
    pub phone: String,
    /// E-mail address; empty when the CRM has none.
    pub email: String,
    /// The fields asked for; empty text for those without a value.
    pub fields: BTreeMap<String, String>,
}

/// Sets fields of a CRM record.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetFields {
    /// What kind of record: `contact` (default) or `ticket`.
    #[serde(default)]
    pub object: CrmObject,
    /// Its id in the CRM. Default for contacts: the contact of this run, found by phone.
    #[serde(default)]
    pub id: Option<String>,
    /// Values by the CRM's own field names; empty text clears a field.
    #[schemars(length(min = 1))]
    pub fields: BTreeMap<String, String>,
}

/// Says whose the contact is in the CRM.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetOwner {
    /// Who, by the CRM's own id of its user.
    #[schemars(length(min = 1, max = 200))]
    pub owner: String,
    /// The contact's id in the CRM. Default: the contact of this run, found by phone (which is created there if it is missing).
    #[serde(default)]
    pub id: Option<String>,
}

/// A kind of CRM record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CrmObject {
    /// A person.
    #[default]
    Contact,
    /// A case.
    Ticket,
}

/// Adds tags to the contact in the CRM.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddTags {
    /// The tags.
    #[schemars(length(min = 1))]
    pub tags: Vec<String>,
    /// The contact's id in the CRM. Default: the contact of this run, found by phone.
    #[serde(default)]
    pub id: Option<String>,
}

macro_rules! action {
    ($input:ty, $name:literal, $about:literal, $output:ty, $sample:expr) => {
        impl Action for $input {
            const NAME: &'static str = $name;
            const ABOUT: &'static str = $about;
            type Output = $output;
            fn sample() -> $output {
                $sample
            }
        }
    };
}

action!(
    CreateTicket,
    "crm.create_ticket",
    "Creates a ticket and links it to the contact.",
    Record,
    Record { id: "TEST-1".into(), created: true }
);
action!(
    UpsertContact,
    "crm.upsert_contact",
    "Creates or updates the contact in the CRM, found by phone number.",
    Record,
    Record { id: "TEST-2".into(), created: true }
);
action!(
    GetContact,
    "crm.get_contact",
    "Reads a contact of the CRM.",
    CrmContact,
    CrmContact {
        id: "TEST-2".into(),
        name: "Test Contact".into(),
        phone: "+15550100".into(),
        email: String::new(),
        fields: BTreeMap::new(),
    }
);
action!(
    SetFields,
    "crm.set_fields",
    "Sets fields of a contact or ticket in the CRM.",
    Record,
    Record { id: "TEST-2".into(), created: false }
);
action!(
    AddTags,
    "crm.add_tags",
    "Adds tags to the contact in the CRM.",
    Record,
    Record { id: "TEST-2".into(), created: false }
);
action!(
    SetOwner,
    "crm.set_owner",
    "Says whose the contact is in the CRM.",
    Record,
    Record { id: "TEST-2".into(), created: false }
);
