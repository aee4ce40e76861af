//! The properties we need in a portal: whether they are there, and making them.

use std::sync::atomic::Ordering;

use engine::connector::Finding;
use engine::sentence;
use engine::sentence::Sentence;
use http::Method;
use serde_json::{Value, json};

use super::errors::Failure;
use super::{HubSpot, Unique};
use crate::net::Class;

/// A property we need.
struct Wanted<'a> {
    object: &'static str,
    name: &'a str,
    label: &'static str,
    group: &'static str,
    /// Whether no two objects may have the same value, and where to remember that it is so.
    unique: Option<&'a Unique>,
}

fn wanted(hubspot: &HubSpot) -> [Wanted<'_>; 3] {
    let contact = |name, label, unique| Wanted { object: "contacts", name, label, group: "contactinformation", unique };
    [
        Wanted {
            object: "tickets",
            name: &hubspot.ticket_key.name,
            label: "Switchboard key",
            group: "ticketinformation",
            unique: Some(&hubspot.ticket_key),
        },
        contact(&hubspot.phone.name, "Switchboard phone", Some(&hubspot.phone)),
        contact(&hubspot.tags, "Switchboard tags", None),
    ]
}

/// Looks whether the token works and the properties are there, and remembers which unique ones are.
pub(super) async fn check(hubspot: &HubSpot) -> Vec<Finding> {
    let token = match hubspot.read_pipelines().await {
        Ok(pipelines) => {
            Finding::new(true, "access token", sentence!("works; {n} ticket pipelines", n = pipelines.len()))
        }
        Err(failure) => Finding::new(false, "access token", failure.problem().message.clone()),
    };
    let mut findings = vec![token];
    for wanted in wanted(hubspot) {
        let found = look(hubspot, &wanted).await;
        findings.push(judge(&wanted, found));
    }
    findings
}

/// Creates what is missing, then looks again.
pub(super) async fn setup(hubspot: &HubSpot) -> Vec<Finding> {
    let mut refused = Vec::new();
    for wanted in wanted(hubspot) {
        if !matches!(look(hubspot, &wanted).await, Err(Failure::NotFound(_))) {
            continue;
        }
        match create(hubspot, &wanted).await {
            // Made by someone else between the look and now.
            Ok(()) | Err(Failure::Conflict { .. }) => {}
            Err(failure) => {
                let text = sentence!("could not be created: {why}", why = failure.problem().message);
                refused.push(Finding::new(false, about(&wanted), text));
            }
        }
    }
    let mut findings = check(hubspot).await;
    findings.extend(refused);
    findings
}

/// Whether `unique` turns out not to be a unique property of the portal after an upsert by it was refused: nobody looked yet, or
/// somebody deleted it. From then on it is known, so the class drops.
pub(super) async fn is_lost(hubspot: &HubSpot, object: &str, unique: &Unique) -> bool {
    let path = hubspot.path("properties", &format!("{object}/{}", unique.name));
    let lost = match hubspot.get(&path, &[]).await {
        Ok(property) => property["hasUniqueValue"] != true,
        Err(failure) => matches!(failure, Failure::NotFound(_)),
    };
    if lost {
        unique.there.store(false, Ordering::Relaxed);
    }
    lost
}

async fn look(hubspot: &HubSpot, wanted: &Wanted<'_>) -> Result<Value, Failure> {
    hubspot.get(&hubspot.path("properties", &format!("{}/{}", wanted.object, wanted.name)), &[]).await
}

/// `hasUniqueValue` cannot be changed later. Source: HubSpot, "Properties".
async fn create(hubspot: &HubSpot, wanted: &Wanted<'_>) -> Result<(), Failure> {
    let body = json!({
        "name": wanted.name, "label": wanted.label, "type": "string", "fieldType": "text",
        "groupName": wanted.group, "hasUniqueValue": wanted.unique.is_some(),
    });
    let path = hubspot.path("properties", wanted.object);
    hubspot.call(Method::POST, &path, &[], Some(&body), Class::MayRepeat).await.map(|_| ())
}

fn judge(wanted: &Wanted<'_>, found: Result<Value, Failure>) -> Finding {
    let remember = |there: bool| {
        if let Some(unique) = wanted.unique {
            unique.there.store(there, Ordering::Relaxed);
        }
    };
    let about = about(wanted);
    match found {
        Ok(property) if wanted.unique.is_none() || property["hasUniqueValue"] == true => {
            remember(true);
            Finding::new(true, about, "is there")
        }
        Ok(_) => {
            remember(false);
            let text = sentence!(
                "is there but its values need not be unique, and HubSpot cannot change that: calls are not repeated \
                 when unclear; name another property in the connection's settings"
            );
            Finding::new(false, about, text)
        }
        Err(Failure::NotFound(_)) => {
            remember(false);
            let text = if wanted.unique.is_some() {
                sentence!("is missing: calls are not repeated when unclear; `connection setup` creates it")
            } else {
                sentence!("is missing: tags cannot be set; `connection setup` creates it")
            };
            Finding::new(false, about, text)
        }
        // What is not known stays as it was: an upsert by a missing property does no harm.
        Err(failure) => {
            Finding::new(false, about, sentence!("could not be looked up: {why}", why = failure.problem().message))
        }
    }
}

fn about(wanted: &Wanted<'_>) -> Sentence {
    let (name, object) = (wanted.name, wanted.object);
    if wanted.unique.is_some() {
        sentence!("unique property {name} of {object}", name, object)
    } else {
        sentence!("property {name} of {object}", name, object)
    }
}
