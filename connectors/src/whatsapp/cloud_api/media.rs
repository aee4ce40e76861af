//! Files: those that customers sent, and those that go to them.
//!
//! The address of a file is asked for first, then fetched with the same token; it works for five minutes, so it is never kept. A file
//! of ours is uploaded once and named by its id, which lives for 30 days. Source: Meta, "Media": "Retrieve media URL", "Download
//! media", "Upload media".

use bytes::Bytes;
use engine::connector::{ApprovedTemplate, Media, Problem, Upload};
use http::Method;
use serde_json::Value;

use super::{CloudApi, errors};
use crate::net::{Answer, Class, Outgoing};

/// Templates asked for at once, and pages at most.
const PAGE: &str = "100";
const PAGES: usize = 10;

/// The file that Meta calls `id`; at most `most` bytes.
pub(super) async fn fetch(api: &CloudApi, id: &str, most: usize) -> Result<Media, Problem> {
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
        return Err(Problem::new("bad_media", "this is no id of a file"));
    }
    let told = ask(api, api.url(&[id]), &[], 0).await?.json().unwrap_or_default();
    let text = |name: &str| told[name].as_str().unwrap_or_default();
    let size = told["file_size"].as_u64().or_else(|| text("file_size").parse().ok()).unwrap_or(0);
    if size > most as u64 {
        return Err(Problem::new("too_large", format!("the file has {size} bytes; at most {most} are fetched")));
    }
    if text("url").is_empty() {
        return Err(Problem::new("gone", "the service does not have this file any more"));
    }
    let file = ask(api, text("url").to_owned(), &[], most).await?;
    let content_type = match text("mime_type") {
        "" => "application/octet-stream",
        told => told,
    };
    Ok(Media { content_type: content_type.to_owned(), bytes: Bytes::clone(&file.body) })
}

/// Uploads a file; Meta's id of it.
pub(super) async fn upload(api: &CloudApi, file: &Upload) -> Result<String, Problem> {
    let fields = [("messaging_product", "whatsapp"), ("type", file.content_type.as_str())];
    let url = api.url(&[&api.hook.phone_number_id, "media"]);
    let outgoing = Outgoing::new(Method::POST, url, Class::Once).bearer(&api.access_token).multipart(&fields, file);
    let told = answered(api, outgoing).await?.json().unwrap_or_default();
    let id = told["id"].as_str().filter(|id| !id.is_empty()).map(str::to_owned);
    id.ok_or_else(|| Problem::new("unreadable_answer", "the Graph API answered 2xx without an id of the file"))
}

/// The approved templates of the account: the first thousand.
pub(super) async fn templates(api: &CloudApi) -> Result<Vec<ApprovedTemplate>, Problem> {
    let mut found = Vec::new();
    let mut after: Option<String> = None;
    for _ in 0..PAGES {
        let mut query = vec![("fields", "name,status,language,category,components"), ("limit", PAGE)];
        query.extend(after.as_deref().map(|after| ("after", after)));
        let page = ask(api, api.url(&[&api.hook.waba_id, "message_templates"]), &query, 0).await?;
        let page = page.json().unwrap_or_default();
        found.extend(page["data"].as_array().into_iter().flatten().filter_map(approved));
        let next = page.pointer("/paging/next").and(page.pointer("/paging/cursors/after")).and_then(Value::as_str);
        let Some(next) = next else { break };
        after = Some(next.to_owned());
    }
    Ok(found)
}

fn approved(template: &Value) -> Option<ApprovedTemplate> {
    let text = |name: &str| template[name].as_str().map(str::to_owned);
    if template["status"] != "APPROVED" {
        return None;
    }
    let component = |kind: &str| {
        let mut all = template["components"].as_array().into_iter().flatten();
        all.find(|one| one["type"].as_str().is_some_and(|told| told.eq_ignore_ascii_case(kind)))
    };
    // A header that is a picture or a file has no text.
    let words = |kind: &str| component(kind).and_then(|one| one["text"].as_str()).unwrap_or_default().to_owned();
    let buttons = component("buttons").and_then(|one| one["buttons"].as_array()).into_iter().flatten();
    let body = words("body");
    Some(ApprovedTemplate {
        name: text("name")?,
        language: text("language")?,
        category: text("category").unwrap_or_default().to_lowercase(),
        params: ApprovedTemplate::params_of(&body),
        body,
        header: words("header"),
        footer: words("footer"),
        buttons: buttons.filter_map(|one| one["text"].as_str().map(str::to_owned)).collect(),
    })
}

/// One reading call; `most` bytes of answer, or as many as usual.
async fn ask(api: &CloudApi, url: String, query: &[(&str, &str)], most: usize) -> Result<Answer, Problem> {
    let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>();
    let outgoing = Outgoing::new(Method::GET, url, Class::Once).bearer(&api.access_token).query(&query).at_most(most);
    answered(api, outgoing).await
}

/// A call's answer, if it is a good one.
async fn answered(api: &CloudApi, outgoing: Outgoing) -> Result<Answer, Problem> {
    let answer = api.net.send(outgoing).await.map_err(|error| Problem::new("no_answer", error.to_string()))?;
    if answer.status.is_success() {
        return Ok(answer);
    }
    let problem = errors::verdict_of::<Value>(&answer, 1).problem().cloned();
    Err(problem.unwrap_or_else(|| answer.problem()))
}
