//! Content templates: what Twilio tells of those that WhatsApp approved, and the ids they are sent by.
//!
//! The settings may name a ContentSid by a name of their own; everything else is known by the name WhatsApp approved it under.
//! Source: Twilio, "Content API": "Fetch content and approval statuses".

use std::collections::BTreeMap;
use std::sync::PoisonError;

use engine::connector::{ApprovedTemplate, Finding, Problem, Scope, Verdict};
use engine::sentence;
use http::Method;
use serde_json::Value;

use super::{Templates, Twilio, errors};
use crate::net::{Class, Outgoing};

/// Contents asked for at once, and pages at most.
const PAGE: &str = "100";
const PAGES: usize = 10;

/// A content as Twilio tells it: its id, and the template it is, under the name WhatsApp knows.
struct Content {
    sid: String,
    approved: bool,
    template: ApprovedTemplate,
}

/// The templates that may be sent: the approved ones of the first thousand contents. They and their ids are kept.
///
/// # Errors
/// What became of the call, when Twilio did not tell them. Nothing was sent, so it is never [`Verdict::Unknown`].
pub(super) async fn approved<T>(twilio: &Twilio) -> Result<Vec<ApprovedTemplate>, Verdict<T>> {
    let contents = all(twilio).await?;
    let own = own_names(&twilio.templates);
    let mut templates = Vec::new();
    let mut sids = Templates::new();
    for content in contents.into_iter().filter(|content| content.approved) {
        let told = content.template;
        for name in own.get(content.sid.as_str()).into_iter().flatten() {
            templates.push(ApprovedTemplate { name: (*name).to_owned(), ..told.clone() });
        }
        // A name of the settings means what the settings say.
        if !twilio.templates.contains_key(&told.name) {
            // Contents stand newest first: of two that are approved under one name the newer is sent.
            let languages = sids.entry(told.name.clone()).or_default();
            if !languages.contains_key(&told.language) {
                languages.insert(told.language.clone(), content.sid);
                templates.push(told);
            }
        }
    }
    twilio.shelf.put(&templates);
    *twilio.told.write().unwrap_or_else(PoisonError::into_inner) = sids;
    Ok(templates)
}

/// How many contents there are, and how many of them WhatsApp approved.
pub(super) async fn check(twilio: &Twilio) -> Finding {
    let about = "templates";
    match all::<Value>(twilio).await {
        Ok(contents) => {
            let approved = contents.iter().filter(|content| content.approved).count();
            let text = sentence!("{approved} of {all} templates are approved", approved, all = contents.len());
            Finding::new(true, about, text)
        }
        Err(verdict) => Finding::new(false, about, problem_of(&verdict).message),
    }
}

/// Why Twilio did not tell its contents.
pub(super) fn problem_of<T>(verdict: &Verdict<T>) -> Problem {
    verdict.problem().cloned().unwrap_or_else(|| Problem::new("no_answer", "Twilio did not tell its templates"))
}

/// The names that the settings give to each ContentSid.
fn own_names(templates: &Templates) -> BTreeMap<&str, Vec<&str>> {
    let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, languages) in templates {
        for sid in languages.values() {
            names.entry(sid).or_default().push(name);
        }
    }
    names
}

async fn all<T>(twilio: &Twilio) -> Result<Vec<Content>, Verdict<T>> {
    let mut found = Vec::new();
    let mut query = vec![("PageSize".to_owned(), PAGE.to_owned())];
    for _ in 0..PAGES {
        let page = page(twilio, &query).await?;
        found.extend(page["contents"].as_array().into_iter().flatten().filter_map(read));
        // Its address is Twilio's word; the credentials go to the address of the settings alone.
        let next =
            page.pointer("/meta/next_page_url").and_then(Value::as_str).and_then(|url| url::Url::parse(url).ok());
        let Some(next) = next else { break };
        query = next.query_pairs().into_owned().collect();
    }
    Ok(found)
}

async fn page<T>(twilio: &Twilio, query: &[(String, String)]) -> Result<Value, Verdict<T>> {
    let url = format!("{}/v1/ContentAndApprovals", twilio.content_base);
    let outgoing = Outgoing::new(Method::GET, url, Class::MayRepeat)
        .basic(&twilio.hook.account_sid, &twilio.hook.auth_token)
        .query(query);
    let verdict = match twilio.net.send(outgoing).await {
        Ok(answer) if answer.status.is_success() => return Ok(answer.json().unwrap_or_default()),
        Ok(answer) => errors::verdict_of(&answer),
        Err(error) => error.into_verdict(),
    };
    Err(match verdict {
        Verdict::Unknown(problem) => Verdict::Later { after: None, scope: Scope::Item, problem },
        told => told,
    })
}

/// One content; nothing when it has no id or no name.
fn read(content: &Value) -> Option<Content> {
    let approval = &content["approval_requests"];
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let types = content["types"].as_object()?;
    // A content can have several forms, one for each channel; the approval says which is WhatsApp's.
    let kind = approval["content_type"].as_str().and_then(|kind| types.get(kind)).or_else(|| types.values().next())?;
    let words = |names: &[&str]| names.iter().find_map(|name| text(&kind[*name])).unwrap_or_default();
    let body = words(&["body", "title"]);
    let buttons = kind["actions"].as_array().into_iter().flatten();
    let template = ApprovedTemplate {
        name: text(&approval["name"]).or_else(|| text(&content["friendly_name"]))?,
        language: text(&content["language"])?,
        category: text(&approval["category"]).unwrap_or_default().to_lowercase(),
        params: params(&body, &content["variables"]),
        header: words(&["header_text"]),
        footer: words(&["footer", "subtitle"]),
        buttons: buttons.filter_map(|button| text(&button["title"])).collect(),
        body,
    };
    Some(Content { sid: text(&content["sid"])?, approved: approval["status"] == "approved", template })
}

/// The variables of the text in their order, then those of other places: addresses of files and buttons.
fn params(body: &str, variables: &Value) -> Vec<String> {
    let mut names = ApprovedTemplate::params_of(body);
    let mut others: Vec<&String> = variables.as_object().into_iter().flat_map(serde_json::Map::keys).collect();
    others.sort_by_key(|name| (name.parse::<u16>().unwrap_or(u16::MAX), name.as_str()));
    for name in others {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn content(change: impl FnOnce(&mut Value)) -> Value {
        let mut content = json!({
            "sid": "HX1", "friendly_name": "Ready, May", "language": "pt_BR", "variables": { "10": "x", "2": "#42", "1": "Ana" },
            "types": { "twilio/text": { "body": "Oi {{1}}" } },
            "approval_requests": { "name": "order_ready", "category": "UTILITY", "status": "approved", "content_type": "twilio/text" },
        });
        change(&mut content);
        content
    }

    #[test]
    fn a_content_is_known_by_the_name_whatsapp_approved() {
        let read = read(&content(|_| ())).unwrap();
        assert!(read.approved);
        assert_eq!((read.sid.as_str(), read.template.name.as_str()), ("HX1", "order_ready"));
        assert_eq!((read.template.language.as_str(), read.template.category.as_str()), ("pt_BR", "utility"));
        assert_eq!(read.template.params, ["1", "2", "10"], "those of a picture's address, too, by number");
    }

    #[test]
    fn of_several_forms_the_approved_one_is_read_with_its_frame() {
        let card = json!({ "body": "Hi", "header_text": "News", "footer": "The shop", "actions": [{ "title": "Buy" }, { "id": "x" }] });
        let read = read(&content(|content| {
            content["types"]["whatsapp/card"] = card;
            content["approval_requests"]["content_type"] = "whatsapp/card".into();
        }));
        let template = read.unwrap().template;
        assert_eq!((template.header.as_str(), template.body.as_str()), ("News", "Hi"));
        assert_eq!((template.footer.as_str(), template.buttons), ("The shop", vec!["Buy".to_owned()]));
    }

    #[test]
    fn what_is_not_approved_says_so_and_keeps_the_accounts_own_name() {
        let read =
            read(&content(|content| content["approval_requests"] = json!({ "name": "", "status": "unsubmitted" })));
        let read = read.unwrap();
        assert_eq!((read.approved, read.template.name.as_str()), (false, "Ready, May"));
        assert!(super::read(&json!({ "sid": "HX1" })).is_none());
    }
}
