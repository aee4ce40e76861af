//! HubSpot: uniqueness, upserts, associations, search and change webhooks.

use super::*;

fn upsert(key: &str, subject: &str) -> Value {
    json!({"inputs": [{"idProperty": "wa_case_key", "id": key,
        "properties": {"subject": subject, "hs_pipeline_stage": "1"}}]})
}

#[tokio::test]
async fn an_upsert_by_a_property_that_is_not_unique_is_refused() {
    let bench = Bench::start(|_| ()).await;
    let by_phone = json!({"inputs": [{"idProperty": "phone", "id": "+55", "properties": {"firstname": "Ana"}}]});
    let (status, answer) = bench.crm("POST", "/crm/v3/objects/contacts/batch/upsert", by_phone).await;
    assert_eq!((status, &answer["category"]), (400, &json!("VALIDATION_ERROR")));
    assert_eq!(bench.crm("POST", "/crm/v3/objects/tickets/batch/upsert", upsert("k", "A")).await.0, 400);
    assert_eq!(bench.sandbox.totals().contacts, 0);
}

#[tokio::test]
async fn an_upsert_by_a_unique_property_makes_one_ticket_however_often() {
    let bench = Bench::start(|_| ()).await;
    bench.unique_ticket_key().await;
    let path = "/crm/v3/objects/tickets/batch/upsert";
    let (status, first) = bench.crm("POST", path, upsert("run7/1", "Order A1")).await;
    assert_eq!((status, &first["results"][0]["new"]), (200, &json!(true)));
    let (_, second) = bench.crm("POST", path, upsert("run7/1", "Order A1, again")).await;
    assert_eq!(
        (&second["results"][0]["new"], &second["results"][0]["id"]),
        (&json!(false), &first["results"][0]["id"])
    );
    let mut linked = upsert("run7/2", "x");
    linked["inputs"][0]["associations"] = json!([]);
    assert_eq!(bench.crm("POST", path, linked).await.0, 400);
    let books = bench.sandbox.books();
    assert_eq!((books.tickets().len(), books.totals.tickets), (1, 1));
    assert_eq!(books.tickets()[0].properties["subject"], "Order A1, again");
    let by_key = "/crm/v3/objects/tickets/run7%2F1?idProperty=wa_case_key&properties=wa_case_key";
    let (status, read) = bench.crm("GET", by_key, json!({})).await;
    assert_eq!((status, &read["properties"]["wa_case_key"]), (200, &json!("run7/1")));
}

#[tokio::test]
async fn inputs_with_trace_ids_fail_one_by_one() {
    let bench = Bench::start(|_| ()).await;
    bench.unique_ticket_key().await;
    let mut inputs = upsert("a", "A");
    let mut bad = upsert("b", "B")["inputs"][0].clone();
    bad["properties"]["colour"] = "red".into();
    inputs["inputs"].as_array_mut().unwrap().push(bad);
    let path = "/crm/v3/objects/tickets/batch/upsert";
    assert_eq!(bench.crm("POST", path, inputs.clone()).await.0, 400);
    assert_eq!(bench.sandbox.totals().tickets, 0);
    for (index, trace) in ["row-1", "row-2"].iter().enumerate() {
        inputs["inputs"][index]["objectWriteTraceId"] = (*trace).into();
    }
    let (status, answer) = bench.crm("POST", path, inputs).await;
    assert_eq!((status, &answer["numErrors"]), (207, &json!(1)));
    assert_eq!(answer["errors"][0]["context"]["objectWriteTraceId"][0], "row-2");
    assert_eq!(bench.sandbox.totals().tickets, 1);
}

#[tokio::test]
async fn what_exists_or_is_unknown_or_missing_is_told() {
    let bench = Bench::start(|_| ()).await;
    let contact = json!({"properties": {"email": "Ana@example.com"}});
    let (status, made) = bench.crm("POST", "/crm/v3/objects/contacts", contact).await;
    assert_eq!(status, 201);
    let again = json!({"properties": {"email": "ana@example.com"}});
    let (status, answer) = bench.crm("POST", "/crm/v3/objects/contacts", again).await;
    assert_eq!((status, &answer["category"]), (409, &json!("CONFLICT")));
    let message = answer["message"].as_str().unwrap();
    assert!(message.ends_with(&format!("Existing ID: {}", made["id"].as_str().unwrap())), "{message}");
    for (properties, code) in [
        (json!({"hs_pipeline_stage": "1", "colour": "red"}), "PROPERTY_DOESNT_EXIST"),
        (json!({"hs_pipeline_stage": "new"}), "INVALID_OPTION"),
        (json!({"subject": "no stage"}), "REQUIRED_FIELD"),
    ] {
        let (status, answer) = bench.crm("POST", "/crm/v3/objects/tickets", json!({"properties": properties})).await;
        assert_eq!((status, &answer["errors"][0]["code"]), (400, &json!(code)));
    }
}

#[tokio::test]
async fn tickets_are_linked_on_creation_or_later_and_found_by_search() {
    let bench = Bench::start(|_| ()).await;
    let contact = json!({"properties": {"phone": "+8613800138000"}});
    let (_, contact) = bench.crm("POST", "/crm/v3/objects/contacts", contact).await;
    let id = contact["id"].as_str().unwrap();
    let ticket = |type_id: u32| {
        json!({"properties": {"subject": "A", "hs_pipeline_stage": "1"}, "associations": [{"to": {"id": id},
            "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]}]})
    };
    assert_eq!(bench.crm("POST", "/crm/v3/objects/tickets", ticket(15)).await.0, 400);
    let (status, first) = bench.crm("POST", "/crm/v3/objects/tickets", ticket(16)).await;
    assert_eq!(status, 201);
    let bare = json!({"properties": {"subject": "B", "hs_pipeline_stage": "1"}});
    let (_, second) = bench.crm("POST", "/crm/v3/objects/tickets", bare).await;
    let path = format!("/crm/v4/objects/tickets/{}/associations/default/contacts/{id}", second["id"].as_str().unwrap());
    for _ in 0..2 {
        assert_eq!(bench.crm("PUT", &path, json!({})).await.0, 200);
    }
    let (_, linked) = bench.crm("GET", &format!("/crm/v4/objects/contacts/{id}/associations/tickets"), json!({})).await;
    let ids: Vec<_> = linked["results"].as_array().unwrap().iter().map(|link| link["toObjectId"].to_string()).collect();
    assert_eq!(ids, [first["id"].as_str().unwrap(), second["id"].as_str().unwrap()]);
    let search = json!({"filterGroups": [{"filters":
        [{"propertyName": "phone", "operator": "EQ", "value": "+8613800138000"}]}], "properties": ["phone"]});
    let (_, found) = bench.crm("POST", "/crm/v3/objects/contacts/search", search).await;
    assert_eq!((&found["total"], &found["results"][0]["id"]), (&json!(1), &json!(id)));
}

#[tokio::test]
async fn a_change_by_a_person_is_told_signed_and_as_an_array() {
    let mut net = Net::spread(&[503]).await;
    let bench = Bench::start(|config| config.hubspot.webhook_url = Some(net.url.clone())).await;
    let (_, contact) = bench.crm("POST", "/crm/v3/objects/contacts", json!({"properties": {"email": "a@b.c"}})).await;
    let id = contact["id"].as_str().unwrap().to_owned();
    let edit = |value: &str| Play {
        provider: Provider::Hubspot,
        act: Act::PropertyChange {
            object: "contacts".into(),
            id: id.clone(),
            property: "lifecyclestage".into(),
            value: value.into(),
        },
        ..Play::default()
    };
    bench.sandbox.play(edit("customer")).await.unwrap();
    for attempt in [0, 1] {
        let caught = net.next().await;
        let timestamp = caught.header("x-hubspot-request-timestamp").parse().unwrap();
        let expected = sign::hubspot("sandbox-client-secret", "POST", &net.url, &caught.body, timestamp);
        assert_eq!(caught.header("x-hubspot-signature-v3"), expected);
        let event = &caught.json()[0];
        assert_eq!(event["subscriptionType"], "contact.propertyChange");
        assert_eq!((&event["propertyValue"], &event["attemptNumber"]), (&json!("customer"), &json!(attempt)));
        assert_eq!(event["objectId"].to_string(), id);
    }
    assert_eq!(bench.sandbox.books().contacts()[0].properties["lifecyclestage"], "customer");
    let unknown = bench.sandbox.play(edit("friend")).await.unwrap_err();
    assert!(unknown.to_string().contains("friend"), "{unknown}");
}

#[tokio::test]
async fn own_writes_are_echoed_where_wanted() {
    let mut net = Net::spread(&[]).await;
    let change = |config: &mut Config| {
        config.hubspot.webhook_url = Some(net.url.clone());
        config.hubspot.echo_own_writes = true;
    };
    let bench = Bench::start(change).await;
    bench.crm("POST", "/crm/v3/objects/contacts", json!({"properties": {"email": "a@b.c"}})).await;
    let event = &net.next().await.json()[0];
    assert_eq!((&event["changeSource"], &event["propertyName"]), (&json!("INTEGRATION"), &json!("email")));
}
