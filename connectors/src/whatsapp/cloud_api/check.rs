//! Whether a number works: is it reachable, is it the one meant, which templates may be sent, do webhooks come.

use engine::connector::Finding;
use engine::sentence;
use http::Method;
use serde_json::Value;

use super::{CloudApi, errors};
use crate::net::{Class, Outgoing};

/// Templates asked for at once, and pages at most: 1 000 templates tell enough.
const PAGE: usize = 100;
const PAGES: usize = 10;

/// Looks, and changes nothing.
pub(super) async fn check(api: &CloudApi) -> Vec<Finding> {
    let number = number(api).await;
    if !number.good {
        return vec![number];
    }
    vec![number, templates(api).await, subscription(api).await]
}

/// Links the account's webhooks to the app whose token this is, then looks.
pub(super) async fn setup(api: &CloudApi) -> Vec<Finding> {
    let linked = ask(api, Method::POST, &[&api.hook.waba_id, "subscribed_apps"], &[]).await;
    let mut findings = check(api).await;
    if let Err(why) = linked {
        let text = sentence!("the app could not be linked to the account: {why}", why);
        findings.push(Finding::new(false, "linking webhooks", text));
    }
    findings
}

async fn number(api: &CloudApi) -> Finding {
    let id = &api.hook.phone_number_id;
    let fields = ("fields", "display_phone_number,verified_name,quality_rating,platform_type");
    let about = "number";
    match ask(api, Method::GET, &[id], &[fields]).await {
        Err(why) => Finding::new(false, about, why),
        Ok(number) if number.get("id").and_then(Value::as_str).is_some_and(|told| told != id) => {
            Finding::new(false, about, sentence!("the answer is about another object than phone_number_id {id}", id))
        }
        Ok(number) => match number.get("display_phone_number").and_then(Value::as_str) {
            None => {
                let text = sentence!("{id} is no number: is it the id of the account or of the app?", id);
                Finding::new(false, about, text)
            }
            Some(shown) => {
                let name = number.get("verified_name").and_then(Value::as_str).unwrap_or("no verified name");
                let quality = number.get("quality_rating").and_then(Value::as_str).unwrap_or("unknown");
                Finding::new(true, about, sentence!("{shown}, {name}, quality {quality}", shown, name, quality))
            }
        },
    }
}

async fn templates(api: &CloudApi) -> Finding {
    let about = "templates";
    let (mut all, mut approved) = (0, 0);
    let mut after: Option<String> = None;
    for _ in 0..PAGES {
        let limit = PAGE.to_string();
        let mut query = vec![("fields", "name,status,language"), ("limit", limit.as_str())];
        query.extend(after.as_deref().map(|after| ("after", after)));
        let page = match ask(api, Method::GET, &[&api.hook.waba_id, "message_templates"], &query).await {
            Ok(page) => page,
            Err(why) => {
                let text = sentence!("{why}; check waba_id {id}", why, id = api.hook.waba_id);
                return Finding::new(false, about, text);
            }
        };
        let templates = page.get("data").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        all += templates.len();
        approved += templates.iter().filter(|template| template.get("status") == Some(&"APPROVED".into())).count();
        let next = page.pointer("/paging/next").and(page.pointer("/paging/cursors/after")).and_then(Value::as_str);
        match next {
            Some(next) => after = Some(next.to_owned()),
            None => {
                let text = sentence!("{approved} of {all} templates are approved", approved, all);
                return Finding::new(true, about, text);
            }
        }
    }
    let text = sentence!("{approved} of the first {all} templates are approved", approved, all);
    Finding::new(true, about, text)
}

/// Without this link Meta sends nothing at all, and nobody is told (Meta, "Subscribed apps").
async fn subscription(api: &CloudApi) -> Finding {
    let about = "webhooks";
    match ask(api, Method::GET, &[&api.hook.waba_id, "subscribed_apps"], &[]).await {
        Err(why) => Finding::new(false, about, why),
        Ok(apps) if apps.get("data").and_then(Value::as_array).is_some_and(|apps| !apps.is_empty()) => {
            Finding::new(true, about, "the account sends its webhooks to an app")
        }
        Ok(_) => Finding::new(false, about, "no app is linked to the account; run the connection's setup"),
    }
}

/// One call, and why it did not work.
async fn ask(api: &CloudApi, method: Method, path: &[&str], query: &[(&str, &str)]) -> Result<Value, String> {
    let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>();
    let outgoing = Outgoing::new(method, api.url(path), Class::MayRepeat).bearer(&api.access_token).query(&query);
    let answer = api.net.send(outgoing).await.map_err(|error| error.to_string())?;
    if answer.status.is_success() {
        return Ok(answer.json().unwrap_or_default());
    }
    let problem = errors::verdict_of::<Value>(&answer, 1).problem().cloned();
    Err(problem.unwrap_or_else(|| answer.problem()).message)
}
