//! Tickets: created once however often the call is made, in the default pipeline unless told otherwise, linked to the
//! contact.

use std::sync::PoisonError;

use engine::capability::crm::{CreateTicket, Record, TicketPriority};
use engine::connector::{Call, Performs, Repeat, Verdict};
use http::Method;
use serde_json::{Value, json};

use super::errors::{self, Failure};
use super::properties::is_lost;
use super::{Fields, HubSpot, id_of, segment};
use crate::net::Class;

/// Type of the link from a ticket to a contact. Source: HubSpot's Node SDK, enum `AssociationTypes`.
const TICKET_TO_CONTACT: u32 = 16;

/// A ticket pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pipeline {
    id: String,
    /// Ids in the order shown.
    stages: Vec<String>,
}

impl Performs<CreateTicket> for HubSpot {
    /// The ticket carries the call's key in a unique property, which HubSpot keeps for ever: a repeat updates the same
    /// ticket. Contact and link are upserts too, so the whole may be repeated. Where the property is missing, `repeat`
    /// says so.
    const REPEAT: Repeat = Repeat::Keyed { window_s: 0 };

    async fn perform(&self, input: CreateTicket, call: &Call) -> Verdict<Record> {
        errors::verdict(self.create_ticket(input, call).await)
    }
}

impl HubSpot {
    async fn create_ticket(&self, input: CreateTicket, call: &Call) -> Result<Record, Failure> {
        let keyed = self.ticket_key.is_there();
        let contact = match call.phone.as_deref() {
            Some(phone) => Some(self.contact_of(phone).await?),
            None => None,
        };
        let earlier = if keyed && call.tries > 0 { self.ticket_of(&call.key).await? } else { None };
        let id = match earlier {
            Some(id) => id,
            None => {
                let properties = self.ticket_properties(input).await?;
                if !keyed {
                    return self.create_plain(properties, contact.as_deref()).await;
                }
                match self.upsert("tickets", &self.ticket_key, &call.key, properties.clone()).await {
                    Err(told) if told.is_refusal() && is_lost(self, "tickets", &self.ticket_key).await => {
                        return self.create_plain(properties, contact.as_deref()).await;
                    }
                    upserted => id_of(&upserted?)?,
                }
            }
        };
        if let Some(contact) = contact {
            self.link(&id, &contact).await.map_err(|failure| failure.after_a_part(&format!("ticket {id} was made")))?;
        }
        // Nobody else writes the key, so a ticket that has it was made by this call, at this try or an earlier one.
        Ok(Record { id, created: true })
    }

    /// The ticket an earlier try made, if it did. Asked before every repeat, also after a hold, as an upsert would undo
    /// what people changed meanwhile.
    async fn ticket_of(&self, key: &str) -> Result<Option<String>, Failure> {
        let query = [("idProperty".to_owned(), self.ticket_key.name.clone())];
        match self.get(&self.path("objects", &format!("tickets/{}", segment(key))), &query).await {
            Ok(ticket) => id_of(&ticket).map(Some),
            Err(Failure::NotFound(_)) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Creates without a key: never repeated when unclear.
    async fn create_plain(&self, properties: Fields, contact: Option<&str>) -> Result<Record, Failure> {
        let kind = json!({ "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": TICKET_TO_CONTACT });
        let links: Vec<Value> = contact.iter().map(|id| json!({ "to": { "id": id }, "types": [kind] })).collect();
        let body = json!({ "properties": properties, "associations": links });
        let path = self.path("objects", "tickets");
        let ticket = self.call(Method::POST, &path, &[], Some(&body), Class::Once).await?;
        Ok(Record { id: id_of(&ticket)?, created: true })
    }

    /// Links by the default type, in both directions; repeatable. Source: HubSpot, "Associations v4".
    async fn link(&self, ticket: &str, contact: &str) -> Result<(), Failure> {
        let rest = format!("tickets/{}/associations/default/contacts/{}", segment(ticket), segment(contact));
        // Associations have no v3 form for this call.
        let path =
            if self.version.starts_with('v') { format!("/crm/v4/objects/{rest}") } else { self.path("objects", &rest) };
        self.call(Method::PUT, &path, &[], None, Class::MayRepeat).await.map(|_| ())
    }

    async fn ticket_properties(&self, input: CreateTicket) -> Result<Fields, Failure> {
        let (pipeline, stage) = self.place_in_pipeline(input.pipeline, input.stage).await?;
        let priority = match input.priority {
            TicketPriority::Low => "LOW",
            TicketPriority::Medium => "MEDIUM",
            TicketPriority::High => "HIGH",
        };
        let mut properties: Fields = input.fields.into_iter().map(|(name, value)| (name, value.into())).collect();
        properties.insert("subject".into(), input.subject.into());
        properties.insert("hs_pipeline".into(), pipeline.into());
        properties.insert("hs_pipeline_stage".into(), stage.into());
        properties.insert("hs_ticket_priority".into(), priority.into());
        if let Some(text) = input.text {
            properties.insert("content".into(), text.into());
        }
        Ok(properties)
    }

    /// Pipeline and stage of a new ticket. Stage ids differ in each portal, so the defaults are read once and kept;
    /// they are read again when what a flow names is not among them.
    async fn place_in_pipeline(
        &self,
        pipeline: Option<String>,
        stage: Option<String>,
    ) -> Result<(String, String), Failure> {
        if let (Some(pipeline), Some(stage)) = (&pipeline, &stage) {
            return Ok((pipeline.clone(), stage.clone()));
        }
        let known = self.pipelines.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(place) = choose(&known, pipeline.as_deref(), stage.as_deref()) {
            return Ok(place);
        }
        let read = self.read_pipelines().await?;
        choose(&read, pipeline.as_deref(), stage.as_deref()).ok_or_else(|| {
            let known: Vec<&str> = read.iter().map(|pipeline| pipeline.id.as_str()).collect();
            let wanted = pipeline.or(stage).unwrap_or_else(|| "default".into());
            let message =
                format!("hubspot has no ticket pipeline or stage `{wanted}`; its pipelines are {}", known.join(", "));
            Failure::refused("unknown_pipeline", message)
        })
    }

    /// Reads the ticket pipelines and keeps them.
    pub(super) async fn read_pipelines(&self) -> Result<Vec<Pipeline>, Failure> {
        let answer = self.get(&self.path("pipelines", "tickets"), &[]).await?;
        let read: Vec<Pipeline> = in_order(&answer["results"])
            .into_iter()
            .filter_map(|pipeline| {
                let stages = in_order(&pipeline["stages"]).into_iter().filter_map(|stage| id_of(stage).ok()).collect();
                Some(Pipeline { id: id_of(pipeline).ok()?, stages })
            })
            .collect();
        self.pipelines.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&read);
        Ok(read)
    }
}

/// What is in a list and not archived, in the order people see it.
fn in_order(list: &Value) -> Vec<&Value> {
    let mut all: Vec<&Value> = list.as_array().into_iter().flatten().filter(|item| item["archived"] != true).collect();
    all.sort_by_key(|item| item["displayOrder"].as_i64().unwrap_or(i64::MAX));
    all
}

/// The pipeline asked for, the one with the stage asked for, or the first; and the stage asked for or the first.
fn choose(known: &[Pipeline], pipeline: Option<&str>, stage: Option<&str>) -> Option<(String, String)> {
    let found = known.iter().find(|candidate| {
        pipeline.is_none_or(|id| candidate.id == id)
            && stage.is_none_or(|id| candidate.stages.iter().any(|own| own == id))
    })?;
    let stage = stage.or_else(|| found.stages.first().map(String::as_str))?;
    Some((found.id.clone(), stage.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_starts_in_the_first_stage_of_the_first_pipeline_unless_told() {
        let known = [
            Pipeline { id: "0".into(), stages: vec!["1".into(), "2".into()] },
            Pipeline { id: "77".into(), stages: vec!["new".into(), "done".into()] },
        ];
        let place = |pipeline, stage| choose(&known, pipeline, stage);
        assert_eq!(place(None, None), Some(("0".into(), "1".into())));
        assert_eq!(place(Some("77"), None), Some(("77".into(), "new".into())));
        assert_eq!(place(None, Some("done")), Some(("77".into(), "done".into())));
        assert_eq!(place(Some("9"), None), None);
        assert_eq!(place(None, Some("lost")), None);
        assert_eq!(choose(&[], None, None), None);
    }

    #[test]
    fn archived_stages_are_passed_over_and_the_shown_order_counts() {
        let list = json!([
            { "id": "b", "displayOrder": 2 },
            { "id": "x", "displayOrder": 0, "archived": true },
            { "id": "a", "displayOrder": 1 },
        ]);
        let ids: Vec<&str> = in_order(&list).into_iter().filter_map(|item| item["id"].as_str()).collect();
        assert_eq!(ids, ["a", "b"]);
    }
}
