//! `crm.create_ticket`: a conversation of the contact with the customer's number, with the ticket's text as a private note.

use std::collections::BTreeMap;

use engine::capability::crm::{CreateTicket, Record, TicketPriority};
use engine::connector::{Call, Performs, Repeat, Verdict};
use http::Method;
use serde_json::{Value, json};

use super::Chatwoot;
use super::api::{Failure, id_of, inside, list, verdict};

/// The custom attribute that holds the call's key.
const KEY: &str = "switchboard_key";

impl Performs<CreateTicket> for Chatwoot {
    /// Chatwoot knows no key. A person who tries again finds the conversation by ours, but a call that is still under way
    /// could make a second one.
    const REPEAT: Repeat = Repeat::OnlyIfRefused;

    async fn perform(&self, input: CreateTicket, call: &Call) -> Verdict<Record> {
        verdict(self.create_ticket(input, call).await, Record { id: String::new(), created: false })
    }
}

impl Chatwoot {
    async fn create_ticket(&self, input: CreateTicket, call: &Call) -> Result<Record, Failure> {
        if input.pipeline.is_some() || input.stage.is_some() {
            return Err(Failure::refused("no_pipelines", "chatwoot has no pipelines: leave pipeline and stage out"));
        }
        let Some(phone) = call.phone.as_deref() else {
            return Err(Failure::refused("no_phone", "a conversation needs a contact with a telephone number"));
        };
        let (contact, source) = self.contact_of(phone).await?;
        let earlier = if call.tries > 0 { self.conversation_of(&contact, &call.key).await? } else { None };
        let (id, created) = match earlier {
            Some(id) => (id, false),
            None => (self.converse(&contact, &source, &input.fields, &call.key).await?, true),
        };
        self.describe(&id, &input, created).await.map_err(|failure| failure.after(&id))?;
        // Nobody else writes the key: this call made it, at this try or an earlier one.
        Ok(Record { id, created: true })
    }

    /// The contact with this number and its id in our inbox; made if it is not there.
    async fn contact_of(&self, phone: &str) -> Result<(String, String), Failure> {
        if let Some(found) = self.find_contact(phone).await? {
            return Ok(found);
        }
        let body = json!({ "inbox_id": self.inbox, "name": phone, "phone_number": phone });
        match self.write("/contacts", &body).await {
            Ok(answer) => {
                let inside = inside(&answer);
                let contact = if inside["contact"].is_object() { &inside["contact"] } else { inside };
                let source = [&inside["contact_inbox"]["source_id"], &contact["contact_inboxes"][0]["source_id"]];
                let source = source.into_iter().find_map(Value::as_str);
                let found = id_of(contact).zip(source.map(str::to_owned));
                found.ok_or_else(|| Failure::unreadable("the new contact"))
            }
            // Somebody else made it meanwhile.
            Err(failure @ Failure(Verdict::Refused(_))) => self.find_contact(phone).await?.ok_or(failure),
            Err(failure) => Err(failure),
        }
    }

    async fn find_contact(&self, phone: &str) -> Result<Option<(String, String)>, Failure> {
        let query = [("q".to_owned(), phone.to_owned())];
        let found = self.call(Method::GET, "/contacts/search", None, &query).await?;
        let same = |contact: &&Value| contact["phone_number"].as_str() == Some(phone);
        let Some(contact) = list(&found).iter().find(same) else { return Ok(None) };
        let id = id_of(contact).ok_or_else(|| Failure::unreadable("the contact's id"))?;
        let inboxes = contact["contact_inboxes"].as_array().into_iter().flatten();
        let mut ours = inboxes.filter(|inbox| inbox["inbox"]["id"].as_u64() == Some(self.inbox));
        if let Some(source) = ours.find_map(|inbox| inbox["source_id"].as_str()) {
            return Ok(Some((id, source.to_owned())));
        }
        let body = json!({ "inbox_id": self.inbox });
        let made = self.write(&format!("/contacts/{id}/contact_inboxes"), &body).await?;
        let source = inside(&made)["source_id"].as_str().ok_or_else(|| Failure::unreadable("source_id"))?;
        Ok(Some((id, source.to_owned())))
    }

    /// The conversation that an earlier try of this call made.
    async fn conversation_of(&self, contact: &str, key: &str) -> Result<Option<String>, Failure> {
        let all = self.read(&format!("/contacts/{contact}/conversations")).await?;
        let ours = |found: &&Value| found["custom_attributes"][KEY].as_str() == Some(key);
        Ok(list(&all).iter().find(ours).and_then(id_of))
    }

    async fn converse(
        &self,
        contact: &str,
        source: &str,
        fields: &BTreeMap<String, String>,
        key: &str,
    ) -> Result<String, Failure> {
        let mut attributes = json!(fields);
        attributes[KEY] = key.into();
        let mut body = json!({
            "source_id": source, "inbox_id": self.inbox, "contact_id": contact, "status": "open",
            "custom_attributes": attributes,
        });
        if let Some(team) = self.team {
            body["team_id"] = team.into();
        }
        let made = self.write("/conversations", &body).await?;
        id_of(inside(&made)).ok_or_else(|| Failure::unreadable("the conversation's id"))
    }

    /// Priority, and the text as a private note, once.
    async fn describe(&self, id: &str, input: &CreateTicket, new: bool) -> Result<(), Failure> {
        let priority = match input.priority {
            TicketPriority::Low => "low",
            TicketPriority::Medium => "medium",
            TicketPriority::High => "high",
        };
        self.write(&format!("/conversations/{id}/toggle_priority"), &json!({ "priority": priority })).await?;
        let note = match &input.text {
            Some(text) => format!("{}\n\n{text}", input.subject),
            None => input.subject.clone(),
        };
        if !new {
            let messages = self.read(&format!("/conversations/{id}/messages")).await?;
            if list(&messages).iter().any(|message| message["content"].as_str() == Some(&note)) {
                return Ok(());
            }
        }
        self.note(id, &note).await
    }
}
