//! Bad weather: calls that fail, answers that never come, webhooks doubled and out of order.

use super::*;

fn once() -> Option<Times> {
    Some(Times { times: Some(1) })
}

fn ticket() -> Value {
    json!({"properties": {"subject": "Order A1", "hs_pipeline_stage": "1"}, "associations": []})
}

#[tokio::test]
async fn after_a_dropped_answer_the_ticket_is_in_the_books() {
    let bench = Bench::start(|_| ()).await;
    let fault = CallFault { path: "/crm/v3/objects/tickets".into(), drop_after_acting: once(), ..CallFault::default() };
    bench.sandbox.set_faults(Faults::default().on(Provider::Hubspot, fault));
    let call = || {
        let call = bench.http.post(bench.url("/hubspot/crm/v3/objects/tickets")).bearer_auth("pat-na1-sandbox");
        call.json(&ticket()).send()
    };
    let error = call().await.unwrap_err();
    assert!(!error.is_connect() && !error.is_timeout(), "{error:?}");
    let books = bench.sandbox.books();
    assert_eq!(books.tickets()[0].properties["subject"], "Order A1");
    assert_eq!((books.requests[0].status, books.requests[0].answered), (201, false));
    assert_eq!(call().await.unwrap().status(), 201);
}

#[tokio::test]
async fn an_answer_can_be_held_back_until_the_caller_gives_up() {
    let bench = Bench::start(|_| ()).await;
    let fault = CallFault { timeout_after_acting: once(), ..CallFault::default() };
    bench.sandbox.set_faults(Faults::default().on(Provider::Hubspot, fault));
    let call = bench.http.post(bench.url("/hubspot/crm/v3/objects/tickets")).bearer_auth("pat-na1-sandbox");
    let call = tokio::spawn(call.json(&ticket()).send());
    let books = bench.sandbox.wait_until(|books| !books.requests.is_empty()).await;
    assert_eq!(books.tickets().len(), 1);
    assert!(!call.is_finished());
    // Stopping lets go of what is held, and no answer is written even then.
    bench.sandbox.stop().await;
    assert!(call.await.unwrap().is_err());
}

#[tokio::test]
async fn limits_and_outages_have_the_form_of_their_provider() {
    let bench = Bench::start(|_| ()).await;
    let limit = |retry_after_s| CallFault {
        rate_limit: Some(RateLimit { times: Some(1), retry_after_s }),
        ..CallFault::default()
    };
    let faults = [Provider::CloudApi, Provider::Twilio, Provider::Hubspot].into_iter();
    bench.sandbox.set_faults(faults.fold(Faults::default(), |faults, provider| faults.on(provider, limit(3))));
    let (status, graph) = bench.graph(confirmation(CUSTOMER, BOTH)).await;
    assert_eq!((status, &graph["error"]["code"]), (429, &json!(130_429)));
    let (status, twilio) = bench.twilio(&[]).await;
    assert_eq!((status, &twilio["code"]), (429, &json!(20_429)));
    let call = bench.http.get(bench.url("/hubspot/crm/v3/pipelines/tickets")).bearer_auth("pat-na1-sandbox");
    let answer = call.send().await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (429, &"3".parse().unwrap()));
    assert_eq!(answer.json::<Value>().await.unwrap()["policyName"], "TEN_SECONDLY_ROLLING");
    assert_eq!(bench.graph(confirmation(CUSTOMER, BOTH)).await.0, 200);
    let down = CallFault { down: true, ..CallFault::default() };
    bench.sandbox.set_faults(Faults::default().on(Provider::CloudApi, down));
    assert_eq!(bench.graph(confirmation(CUSTOMER, BOTH)).await.0, 503);
    assert_eq!(bench.sandbox.totals().messages, 1);
}

#[tokio::test]
async fn faults_can_be_set_over_http_and_misspelt_ones_are_refused() {
    let bench = Bench::start(|_| ()).await;
    let put = |body: Value| read(bench.http.put(bench.url("/_sandbox/faults")).json(&body));
    let fail = json!({"hubspot": {"calls": [{"fail": {"status": 418, "body": "teapot", "times": 1}}]}});
    assert_eq!(put(fail).await.0, 204);
    assert_eq!(bench.crm("GET", "/crm/v3/pipelines/tickets", json!({})).await.0, 418);
    assert_eq!(bench.crm("GET", "/crm/v3/pipelines/tickets", json!({})).await.0, 200);
    let (status, answer) = put(json!({"hubspot": {"calls": [{"fial": {}}]}})).await;
    assert_eq!(status, 400);
    assert!(answer["error"]["message"].as_str().unwrap().contains("fial"));
}

#[tokio::test]
async fn webhooks_can_be_doubled() {
    let mut net = Net::spread(&[]).await;
    let bench = Bench::start(|config| config.cloud_api.webhook_url = Some(net.url.clone())).await;
    let mut faults = Faults::default();
    faults.cloud_api.webhooks.duplicate = 2;
    bench.sandbox.set_faults(faults);
    bench.sandbox.play(says("hello")).await.unwrap();
    let first = net.next().await.body;
    assert_eq!([net.next().await.body, net.next().await.body], [first.clone(), first]);
}

#[tokio::test]
async fn statuses_can_come_last_first_or_not_at_all() {
    let mut net = Net::spread(&[]).await;
    let bench = Bench::start(|config| config.cloud_api.webhook_url = Some(net.url.clone())).await;
    let mut faults = Faults::default();
    faults.cloud_api.webhooks.reorder = true;
    bench.sandbox.set_faults(faults.clone());
    bench.graph(confirmation(CUSTOMER, BOTH)).await;
    for expected in ["read", "delivered", "sent"] {
        assert_eq!(net.next().await.statuses()[0].1, expected);
    }
    bench.sandbox.idle().await;
    faults.cloud_api.webhooks.suppress_statuses = true;
    bench.sandbox.set_faults(faults);
    bench.graph(confirmation(CUSTOMER, BOTH)).await;
    bench.sandbox.idle().await;
    assert!(net.caught.try_recv().is_err());
}
