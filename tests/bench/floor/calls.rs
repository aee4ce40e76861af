//! The calls of a run, with the bodies that the connectors send.

use anyhow::{Context, Result, ensure};
use connectors::sandbox::Config;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

/// Who calls, and where.
pub(super) struct Calls {
    http: Client,
    hubspot: String,
    graph: String,
    /// Tokens of HubSpot and of the Cloud API.
    tokens: (String, String),
}

impl Calls {
    pub(super) fn new(http: Client, sandbox: &str) -> Self {
        let Config { cloud_api, hubspot, .. } = Config::default();
        Self {
            http,
            hubspot: format!("{sandbox}/hubspot"),
            graph: format!("{sandbox}/graph/v24.0/{}/messages", cloud_api.phone_number_id),
            tokens: (hubspot.access_token, cloud_api.access_token),
        }
    }

    /// Contact, ticket, link: as many calls as the connector makes. Answers the ticket's id.
    pub(super) async fn create_ticket(&self, order: &str, phone: &str, run: i64) -> Result<String> {
        let contact = json!({ "phone": phone, "switchboard_phone": phone });
        let contact = self.upsert("contacts", "switchboard_phone", phone, contact).await?;
        let key = format!("run_{run:013}/1");
        let ticket = json!({
            "subject": format!("Order {order} · Ana Lima"), "hs_pipeline": "0", "hs_pipeline_stage": "1",
            "hs_ticket_priority": "MEDIUM", "switchboard_key": key,
        });
        let ticket = self.upsert("tickets", "switchboard_key", &key, ticket).await?;
        let link = format!("{}/crm/v4/objects/tickets/{ticket}/associations/default/contacts/{contact}", self.hubspot);
        call(self.http.put(link).bearer_auth(&self.tokens.0)).await?;
        Ok(ticket)
    }

    async fn upsert(&self, object: &str, by: &str, value: &str, properties: Value) -> Result<String> {
        let input = json!({ "idProperty": by, "id": value, "objectWriteTraceId": "1", "properties": properties });
        let url = format!("{}/crm/v3/objects/{object}/batch/upsert", self.hubspot);
        let request = self.http.post(url).bearer_auth(&self.tokens.0).json(&json!({ "inputs": [input] }));
        let answer = call(request).await?;
        answer["results"][0]["id"].as_str().map(str::to_owned).context("an upsert without a result")
    }

    pub(super) async fn send_template(&self, order: &str, phone: &str, ticket: &str, run: i64) -> Result<()> {
        let text = |name: &str, text: &str| json!({ "type": "text", "parameter_name": name, "text": text });
        let body = json!({
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": phone, "type": "template",
            "template": {
                "name": "order_confirmation", "language": { "code": "en" },
                "components": [{ "type": "body", "parameters": [text("order", order), text("ticket", ticket)] }],
            },
            "biz_opaque_callback_data": run.to_string(),
        });
        call(self.http.post(&self.graph).bearer_auth(&self.tokens.1).json(&body)).await?;
        Ok(())
    }
}

async fn call(request: RequestBuilder) -> Result<Value> {
    let answer = request.send().await?;
    let (status, body) = (answer.status(), answer.bytes().await?);
    ensure!(status.is_success(), "a call was answered with {status}: {}", String::from_utf8_lossy(&body));
    Ok(serde_json::from_slice(&body)?)
}
