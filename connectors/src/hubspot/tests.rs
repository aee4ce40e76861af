//! The portal over real HTTP: against the sandbox, with its faults.

use std::collections::BTreeMap;

use engine::capability::crm::{
    AddTags, CreateTicket, CrmObject, GetContact, SetFields, SetOwner, TicketPriority, UpsertContact,
};
use engine::clock::At;
use engine::connector::{Call, Connection, Finding, Performs, Repeat, Scope, Verdict};

use futures_util::FutureExt;

use super::*;
use crate::sandbox::{CallFault, Config, Fail, Faults, Provider, RateLimit, Sandbox, Times};

const PHONE: &str = "+8613800138000";

/// A sandbox and an account at it, set up and checked as `connection setup` leaves it.
async fn portal() -> (Sandbox, HubSpot) {
    let (sandbox, hubspot) = bare_portal(Vec::new()).await;
    let findings = hubspot.setup().await;
    assert!(findings.iter().all(|finding| finding.good), "{findings:?}");
    (sandbox, hubspot)
}

/// A sandbox that has only these properties, and an account that has looked at nothing yet.
async fn bare_portal(properties: Vec<(&str, &str, bool)>) -> (Sandbox, HubSpot) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut config = Config::default();
    let owned = properties.into_iter().map(|(object, name, unique)| (object.to_owned(), name.to_owned(), unique));
    config.hubspot.properties = owned.collect();
    let token = config.hubspot.access_token.clone();
    let sandbox = Sandbox::start(config).await.unwrap();
    let base = format!("{}/hubspot", sandbox.url());
    let settings = serde_json::json!({ "access_token": token, "base_url": base, "calls_per_second": 0 });
    let context = OpenContext { id: "hs".into(), public_url: "https://flows.test".into(), allow_private_network: true };
    let hubspot = open(serde_json::from_value(settings).unwrap(), &context).unwrap();
    (sandbox, hubspot)
}

fn call(key: &str, attempt: u16) -> Call {
    Call { key: key.into(), attempt, tries: attempt - 1, now: At(0), address: None, phone: Some(PHONE.into()) }
}

fn order() -> CreateTicket {
    CreateTicket {
        subject: "Order A1".into(),
        text: Some("two of SKU-12".into()),
        priority: TicketPriority::High,
        pipeline: None,
        stage: None,
        fields: BTreeMap::new(),
    }
}

fn output<T: std::fmt::Debug>(verdict: Verdict<T>) -> T {
    match verdict {
        Verdict::Done(done) => done.output,
        other => panic!("{other:?}"),
    }
}

/// Weather in which calls below `path` meet `fault`.
fn weather(path: &str, fault: CallFault) -> Faults {
    Faults::default().on(Provider::Hubspot, CallFault { path: path.into(), ..fault })
}

fn once() -> Option<Times> {
    Some(Times { times: Some(1) })
}

#[tokio::test]
async fn a_ticket_is_made_in_the_first_stage_and_linked_to_the_contact() {
    let (sandbox, hubspot) = portal().await;
    let ticket = output(hubspot.perform(order(), &call("run_1/2", 1)).await);
    assert!(ticket.created);
    let books = sandbox.books();
    let [stored] = books.tickets() else { panic!("{:?}", books.tickets()) };
    assert_eq!(stored.id, ticket.id);
    let wanted = [
        ("subject", "Order A1"),
        ("content", "two of SKU-12"),
        ("hs_ticket_priority", "HIGH"),
        ("hs_pipeline", "0"),
        ("hs_pipeline_stage", "1"),
        ("switchboard_key", "run_1/2"),
    ];
    for (name, value) in wanted {
        assert_eq!(stored.properties.get(name).map(String::as_str), Some(value), "{name}");
    }
    let contact = &books.objects["contacts"][0];
    assert_eq!(contact.properties["switchboard_phone"], PHONE);
    let linked = books.associations.iter().any(|link| {
        link.from_type == "tickets" && link.from_id.to_string() == ticket.id && link.to_id.to_string() == contact.id
    });
    assert!(linked, "{:?}", books.associations);
}

#[tokio::test]
async fn the_same_key_twice_is_one_ticket_and_what_people_changed_stays() {
    let (sandbox, hubspot) = portal().await;
    let first = output(hubspot.perform(order(), &call("run_1/2", 1)).await);
    let moved = SetFields {
        object: CrmObject::Ticket,
        id: Some(first.id.clone()),
        fields: BTreeMap::from([("hs_pipeline_stage".to_owned(), "3".to_owned())]),
    };
    output(hubspot.perform(moved, &call("run_9/1", 1)).await);
    let again = output(hubspot.perform(order(), &call("run_1/2", 2)).await);
    assert_eq!(again.id, first.id);
    let books = sandbox.books();
    assert_eq!(books.tickets().len(), 1);
    assert_eq!(books.tickets()[0].properties["hs_pipeline_stage"], "3");
    let other = output(hubspot.perform(order(), &call("run_2/2", 1)).await);
    assert_ne!(other.id, first.id, "another key is another ticket");
}

#[tokio::test]
async fn what_people_changed_while_the_connection_was_held_stays() {
    let (sandbox, hubspot) = portal().await;
    let limit = RateLimit { times: Some(1), retry_after_s: 7 };
    let limited = CallFault { rate_limit: Some(limit), ..CallFault::default() };
    sandbox.set_faults(weather("/crm/v4/objects/tickets", limited));
    let held = hubspot.perform(order(), &call("run_1/2", 1)).await;
    assert!(matches!(held, Verdict::Later { scope: Scope::Connection, .. }), "{held:?}");
    let id = sandbox.books().tickets()[0].id.clone();
    let fields = BTreeMap::from([("hs_pipeline_stage".to_owned(), "3".to_owned())]);
    let moved = SetFields { object: CrmObject::Ticket, id: Some(id.clone()), fields };
    output(hubspot.perform(moved, &call("run_9/1", 1)).await);
    // A hold uses no attempt up, but it is a try.
    let again = output(hubspot.perform(order(), &Call { tries: 1, ..call("run_1/2", 1) }).await);
    let books = sandbox.books();
    assert_eq!((again.id, books.tickets().len()), (id, 1));
    assert_eq!(books.tickets()[0].properties["hs_pipeline_stage"], "3");
    assert!(!books.associations.is_empty(), "the repeat made the link");
}

#[tokio::test]
async fn an_answer_lost_after_acting_is_unknown_and_its_repeat_makes_no_second_ticket() {
    let (sandbox, hubspot) = portal().await;
    for path in ["/crm/v3/objects/contacts/batch", "/crm/v3/objects/tickets/batch", "/crm/v4/objects/tickets"] {
        sandbox.set_faults(weather(path, CallFault { drop_after_acting: once(), ..CallFault::default() }));
        let key = format!("run{}", path.replace('/', "_"));
        let lost = hubspot.perform(order(), &call(&key, 1)).await;
        assert_eq!(lost.name(), "unknown", "{path}: {lost:?}");
        let before = sandbox.books().tickets().len();
        let ticket = output(hubspot.perform(order(), &call(&key, 2)).await);
        let books = sandbox.books();
        let mine: Vec<_> =
            books.tickets().iter().filter(|ticket| ticket.properties["switchboard_key"] == key).collect();
        assert_eq!(mine.len(), 1, "{path}: {before} before");
        assert_eq!(mine[0].id, ticket.id);
    }
    assert_eq!(sandbox.books().objects["contacts"].len(), 1);
}

#[tokio::test]
async fn without_the_unique_property_tickets_are_made_but_never_repeated() {
    let (sandbox, hubspot) = bare_portal(vec![("tickets", "switchboard_key", false)]).await;
    assert_eq!(hubspot.repeat("crm.create_ticket"), None, "not looked yet");
    let findings = hubspot.check().await;
    let good: Vec<bool> = findings.iter().map(|finding| finding.good).collect();
    assert_eq!(good, [true, false, false, false], "{findings:?}");
    assert_eq!(hubspot.repeat("crm.create_ticket"), Some(Repeat::OnlyIfRefused));
    assert_eq!(hubspot.repeat("crm.upsert_contact"), Some(Repeat::OnlyIfRefused));
    assert_eq!(hubspot.repeat("crm.get_contact"), None);
    let ticket = output(hubspot.perform(order(), &call("run_1/2", 1)).await);
    let books = sandbox.books();
    assert_eq!(books.tickets()[0].id, ticket.id);
    let linked =
        books.associations.iter().any(|link| link.from_id.to_string() == ticket.id && link.to_type == "contacts");
    assert!(linked, "{:?}", books.associations);
    output(hubspot.perform(order(), &call("run_2/2", 1)).await);
    assert_eq!(sandbox.books().objects["contacts"].len(), 1, "the second call found the contact by search");
}

#[tokio::test]
async fn a_call_that_comes_before_the_first_check_finds_out_that_the_properties_are_missing() {
    let (sandbox, hubspot) = bare_portal(Vec::new()).await;
    assert_eq!(hubspot.repeat("crm.create_ticket"), None);
    let made = output(hubspot.perform(order(), &call("run_1/2", 1)).await);
    assert_eq!(sandbox.books().tickets().iter().map(|ticket| &ticket.id).collect::<Vec<_>>(), [&made.id]);
    assert_eq!(sandbox.books().contacts().len(), 1);
    for action in ["crm.create_ticket", "crm.upsert_contact"] {
        assert_eq!(hubspot.repeat(action), Some(Repeat::OnlyIfRefused), "{action}");
    }
}

#[tokio::test]
async fn setup_creates_what_is_missing_once_and_check_then_lifts_the_class() {
    let (sandbox, hubspot) = bare_portal(Vec::new()).await;
    assert!(hubspot.check().await.iter().any(|finding| !finding.good && finding.text.contains("connection setup")));
    assert!(hubspot.repeat("crm.create_ticket").is_some());
    assert!(hubspot.setup().await.iter().all(|finding| finding.good));
    assert_eq!(hubspot.repeat("crm.create_ticket"), None);
    let properties = sandbox.books().properties;
    assert!(properties["tickets"].contains(&"switchboard_key*".to_owned()), "{properties:?}");
    assert!(properties["contacts"].contains(&"switchboard_phone*".to_owned()), "{properties:?}");
    assert!(hubspot.setup().await.iter().all(|finding: &Finding| finding.good), "a second time does no harm");
}

#[tokio::test]
async fn a_contact_is_made_found_changed_and_read() {
    let (sandbox, hubspot) = portal().await;
    let input = |name: &str| UpsertContact {
        phone: None,
        name: Some(name.into()),
        email: Some("wei@example.com".into()),
        fields: BTreeMap::from([("city".to_owned(), "Shanghai".to_owned())]),
    };
    let made = output(hubspot.perform(input("Wei Li"), &call("r/1", 1)).await);
    let found = output(hubspot.perform(input("Wei Zhang"), &call("r/2", 1)).await);
    assert_eq!((made.created, found.created, &found.id), (true, false, &made.id));
    let read = GetContact { id: made.id.clone(), fields: vec!["city".into(), "zip".into()] };
    let contact = output(hubspot.perform(read, &call("r/3", 1)).await);
    assert_eq!((contact.name.as_str(), contact.phone.as_str()), ("Wei Zhang", PHONE));
    assert_eq!(contact.email, "wei@example.com");
    assert_eq!(contact.fields, BTreeMap::from([("city".into(), "Shanghai".into()), ("zip".into(), String::new())]));
    assert_eq!(sandbox.books().objects["contacts"].len(), 1);
}

#[tokio::test]
async fn tags_are_added_once_also_to_a_contact_that_is_not_there_yet() {
    let (sandbox, hubspot) = portal().await;
    let tags = |tags: &[&str]| AddTags { tags: tags.iter().map(|tag| (*tag).to_owned()).collect(), id: None };
    assert!(output(hubspot.perform(tags(&["vip"]), &call("r/1", 1)).await).created);
    output(hubspot.perform(tags(&["cold", "vip"]), &call("r/2", 1)).await);
    output(hubspot.perform(tags(&["cold"]), &call("r/3", 1)).await);
    let books = sandbox.books();
    let [contact] = books.objects["contacts"].as_slice() else { panic!("{:?}", books.objects) };
    assert_eq!(contact.properties["switchboard_tags"], "cold;vip");
}

#[tokio::test]
async fn fields_of_the_runs_contact_are_set_by_its_number() {
    let (sandbox, hubspot) = portal().await;
    let fields = || SetFields {
        object: CrmObject::Contact,
        id: None,
        fields: BTreeMap::from([("hs_lead_status".to_owned(), "OPEN".to_owned())]),
    };
    let missing = hubspot.perform(fields(), &call("r/1", 1)).await;
    assert_eq!(missing.name(), "refused", "{missing:?}");
    output(hubspot.perform(order(), &call("r/2", 1)).await);
    output(hubspot.perform(fields(), &call("r/3", 1)).await);
    assert_eq!(sandbox.books().objects["contacts"][0].properties["hs_lead_status"], "OPEN");
    let nobody = Call { phone: None, ..call("r/4", 1) };
    assert!(
        matches!(hubspot.perform(fields(), &nobody).await, Verdict::Refused(problem) if problem.code == "no_phone")
    );
}

#[tokio::test]
async fn trouble_of_the_service_holds_the_connection_and_a_bad_token_says_so() {
    let (sandbox, hubspot) = portal().await;
    let limit = RateLimit { times: None, retry_after_s: 7 };
    let limited = CallFault { rate_limit: Some(limit), ..CallFault::default() };
    let down = CallFault { down: true, ..CallFault::default() };
    for (fault, seconds) in [(limited, Some(7)), (down, None)] {
        sandbox.set_faults(weather("/crm", fault));
        let verdict = hubspot.perform(order(), &call("r/1", 1)).await;
        let Verdict::Later { after, scope: Scope::Connection, .. } = verdict else { panic!("{verdict:?}") };
        assert!(seconds.is_none() || after.map(|after| after.as_secs()) == seconds, "{after:?}");
    }
    let expired = Fail { status: 401, ..Fail::default() };
    sandbox.set_faults(weather("/crm", CallFault { fail: Some(expired), ..CallFault::default() }));
    assert_eq!(hubspot.perform(order(), &call("r/1", 1)).await.name(), "auth");
    assert!(!hubspot.check().await[0].good);
    assert_eq!(hubspot.repeat("crm.create_ticket"), None, "a check that failed proves nothing about the properties");
    assert_eq!(sandbox.books().tickets().len(), 0);
}

#[tokio::test]
async fn a_value_that_hubspot_refuses_is_refused_with_its_words() {
    let (_sandbox, hubspot) = portal().await;
    let mut wrong = order();
    wrong.fields.insert("no_such_field".into(), "x".into());
    let verdict = hubspot.perform(wrong, &call("r/1", 1)).await;
    assert!(matches!(&verdict, Verdict::Refused(problem) if problem.message.contains("no_such_field")), "{verdict:?}");
    let mut nowhere = order();
    nowhere.pipeline = Some("999".into());
    let verdict = hubspot.perform(nowhere, &call("r/2", 1)).await;
    assert!(matches!(&verdict, Verdict::Refused(problem) if problem.code == "unknown_pipeline"), "{verdict:?}");
}

#[tokio::test]
async fn a_burst_of_tickets_keeps_below_the_limit_of_calls() {
    let (_sandbox, hubspot) = portal().await;
    let hubspot = HubSpot { net: hubspot.net.clone().paced(1), ..hubspot };
    let keys: Vec<String> = (0..8).map(|n| format!("run_{n}/1")).collect();
    // Polled once each: the first call of each ticket asks for its turn, and only six of them may wait for one.
    let tickets: Vec<_> = keys.iter().map(|key| hubspot.perform(order(), &call(key, 1)).now_or_never()).collect();
    let held = tickets
        .into_iter()
        .flatten()
        .filter(|verdict| matches!(verdict, Verdict::Later { after: Some(_), scope: Scope::Connection, .. }));
    assert_eq!(held.count(), 2);
}

#[test]
fn a_dated_version_has_its_own_paths() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let context =
        OpenContext { id: "hs".into(), public_url: "https://flows.test".into(), allow_private_network: false };
    let with = |version: &str| {
        let settings = serde_json::json!({ "access_token": "t", "api_version": version });
        open(serde_json::from_value(settings).unwrap(), &context)
    };
    assert_eq!(with("v3").unwrap().path("objects", "tickets"), "/crm/v3/objects/tickets");
    assert_eq!(with("2026-03").unwrap().path("properties", "contacts"), "/crm/properties/2026-03/contacts");
    assert!(with("../v3").is_err());
}

#[tokio::test]
async fn a_contact_gets_its_owner_and_is_made_when_it_is_missing() {
    let (sandbox, hubspot) = portal().await;
    let owner = |owner: &str, id: Option<String>| SetOwner { owner: owner.into(), id };
    let made = output(hubspot.perform(owner("41002", None), &call("owner/1", 1)).await);
    let again = output(hubspot.perform(owner("41007", None), &call("owner/2", 1)).await);
    assert_eq!((again.id.as_str(), made.created, again.created), (made.id.as_str(), true, false));
    let shown = || sandbox.books().objects["contacts"][0].properties.clone();
    assert_eq!((&*shown()["hubspot_owner_id"], &*shown()["switchboard_phone"]), ("41007", PHONE));
    output(hubspot.perform(owner("41009", Some(made.id)), &call("owner/3", 1)).await);
    assert_eq!(shown()["hubspot_owner_id"], "41009");
}
