//! Cloud API: what is refused, and what comes back.

use super::*;

fn code(answer: &(u16, Value)) -> u64 {
    answer.1["error"]["code"].as_u64().unwrap()
}

#[tokio::test]
async fn a_template_is_refused_for_what_is_wrong_with_it() {
    let bench = Bench::start(|_| ()).await;
    let one_missing = bench.graph(confirmation(CUSTOMER, &BOTH[..1])).await;
    assert_eq!((one_missing.0, code(&one_missing)), (400, 132_000));
    let wrong_name = bench.graph(confirmation(CUSTOMER, &[("order", "A1"), ("tickets", "9")])).await;
    assert_eq!(code(&wrong_name), 132_012);
    let mut other = confirmation(CUSTOMER, BOTH);
    other["template"]["language"]["code"] = "de".into();
    let no_language = bench.graph(other.clone()).await;
    assert_eq!((no_language.0, code(&no_language)), (404, 132_001));
    other["template"] = json!({"name": "summer_sale", "language": {"code": "en"}});
    assert_eq!(code(&bench.graph(other.clone()).await), 132_001);
    other["template"]["name"] = "survey".into();
    assert_eq!(code(&bench.graph(other).await), 132_015);
    let multi_line = bench.graph(confirmation(CUSTOMER, &[("order", "A\n1"), ("ticket", "9")])).await;
    assert_eq!(code(&multi_line), 132_018);
    assert_eq!(bench.sandbox.totals().messages, 0);
}

#[tokio::test]
async fn shapes_and_limits_are_checked_as_meta_does() {
    let bench = Bench::start(|config| config.enforce_window = false).await;
    let send = |kind: &str, content: Value| {
        bench.graph(json!({"messaging_product": "whatsapp", "to": CUSTOMER, "type": kind, kind: content}))
    };
    assert_eq!(send("text", json!({"body": "x".repeat(4096)})).await.0, 200);
    assert_eq!(code(&send("text", json!({"body": "x".repeat(4097)})).await), 100);
    assert_eq!(code(&send("text", json!({})).await), 131_008);
    assert_eq!(code(&send("hologram", json!({})).await), 131_051);
    let button = |n: usize| json!({"type": "reply", "reply": {"id": format!("b{n}"), "title": format!("No {n}")}});
    let buttons = |count: usize| {
        let buttons: Vec<Value> = (0..count).map(button).collect();
        json!({"type": "button", "body": {"text": "?"}, "action": {"buttons": buttons}})
    };
    assert_eq!(send("interactive", buttons(3)).await.0, 200);
    assert_eq!(code(&send("interactive", buttons(4)).await), 100);
    let mut callback = confirmation(CUSTOMER, BOTH);
    callback["biz_opaque_callback_data"] = "x".repeat(513).into();
    assert_eq!(code(&bench.graph(callback).await), 100);
    let mut misspelt = confirmation(CUSTOMER, BOTH);
    misspelt["biz_opaque_callback"] = "x".into();
    assert_eq!(code(&bench.graph(misspelt).await), 100);
    assert_eq!(code(&bench.graph(confirmation("551130001000", BOTH)).await), 131_021);
}

#[tokio::test]
async fn a_customer_taps_on_the_newest_message_with_choices() {
    let mut net = Net::spread(&[]).await;
    let change = |config: &mut Config| {
        config.cloud_api.webhook_url = Some(net.url.clone());
        config.statuses = false;
        config.enforce_window = false;
    };
    let bench = Bench::start(change).await;
    let tap = |choice: &str| Play { act: Act::Tap { choice: choice.into() }, ..says("") };
    let refused = bench.sandbox.play(tap("1")).await.unwrap_err();
    assert_eq!(refused.to_string(), "no message with choices was sent to 8613800138000");
    let send = |interactive: Value| {
        bench.graph(
            json!({"messaging_product": "whatsapp", "to": CUSTOMER, "type": "interactive", "interactive": interactive}),
        )
    };
    let button = |id: &str, title: &str| json!({"type": "reply", "reply": {"id": id, "title": title}});
    let buttons = json!({"buttons": [button("choice_1", "S"), button("choice_2", "M")]});
    send(json!({"type": "button", "body": {"text": "Which size?"}, "action": buttons})).await;
    let refused = bench.sandbox.play(tap("3")).await.unwrap_err();
    assert_eq!(refused.to_string(), "there is no choice `3`; the newest message has: S, M");
    bench.sandbox.play(tap("2")).await.unwrap();
    let message = net.next().await.json()["entry"][0]["changes"][0]["value"]["messages"][0].clone();
    let tapped = json!({"type": "button_reply", "button_reply": {"id": "choice_2", "title": "M"}});
    assert_eq!((&message["type"], &message["interactive"]), (&json!("interactive"), &tapped));
    assert_eq!(message["context"]["id"], bench.sandbox.books().messages[0].id);

    let rows = json!([{"id": "choice_1", "title": "Tea"}, {"id": "choice_2", "title": "2", "description": "cups"}]);
    let list = json!({"button": "…", "sections": [{"rows": rows}]});
    send(json!({"type": "list", "body": {"text": "What?"}, "action": list})).await;
    bench.sandbox.play(tap("2")).await.unwrap();
    let tapped = &net.next().await.json()["entry"][0]["changes"][0]["value"]["messages"][0]["interactive"];
    assert_eq!(tapped["list_reply"], json!({"id": "choice_2", "title": "2", "description": "cups"}));
}

#[tokio::test]
async fn a_wrong_token_or_number_is_refused() {
    let bench = Bench::start(|_| ()).await;
    let call = bench.http.post(bench.url("/graph/v24.0/700100200300/messages"));
    let wrong = read(call.bearer_auth("nonsense").json(&confirmation(CUSTOMER, BOTH))).await;
    assert_eq!((wrong.0, code(&wrong)), (401, 190));
    let call = bench.http.post(bench.url("/graph/v24.0/1/messages")).bearer_auth("sandbox-wa-token");
    let wrong = read(call.json(&confirmation(CUSTOMER, BOTH))).await;
    assert_eq!((code(&wrong), &wrong.1["error"]["error_subcode"]), (100, &json!(33)));
}

#[tokio::test]
async fn free_text_needs_a_customer_who_wrote() {
    let net = Net::spread(&[]).await;
    let bench = Bench::start(|config| config.cloud_api.webhook_url = Some(net.url.clone())).await;
    let text = json!({"messaging_product": "whatsapp", "to": CUSTOMER, "type": "text", "text": {"body": "hi"}});
    assert_eq!(code(&bench.graph(text.clone()).await), 131_047);
    bench.sandbox.play(says("hello")).await.unwrap();
    assert_eq!(bench.graph(text).await.0, 200);
}

#[tokio::test]
async fn a_late_refusal_is_accepted_and_then_fails() {
    let mut net = Net::spread(&[]).await;
    let change = |config: &mut Config| {
        config.cloud_api.webhook_url = Some(net.url.clone());
        config.late_refusals = true;
    };
    let bench = Bench::start(change).await;
    let text = json!({"messaging_product": "whatsapp", "to": CUSTOMER, "type": "text", "text": {"body": "hi"}});
    assert_eq!(bench.graph(text).await.0, 200);
    let status = net.next().await.json()["entry"][0]["changes"][0]["value"]["statuses"][0].clone();
    assert_eq!((&status["status"], &status["errors"][0]["code"]), (&json!("failed"), &json!(131_047)));
}

#[tokio::test]
async fn statuses_come_signed_in_order_and_echo_the_callback_data() {
    let mut net = Net::spread(&[]).await;
    let bench = Bench::start(|config| config.cloud_api.webhook_url = Some(net.url.clone())).await;
    let (_, answer) = bench.graph(confirmation(CUSTOMER, BOTH)).await;
    let id = answer["messages"][0]["id"].as_str().unwrap();
    let caught = net.next().await;
    assert_eq!(caught.header("x-hub-signature-256"), sign::meta("sandbox-app-secret", &caught.body));
    let expected = ["sent", "delivered", "read"].map(|status| (id.to_owned(), status.to_owned()));
    assert_eq!(caught.statuses(), expected);
    let statuses = &caught.json()["entry"][0]["changes"][0]["value"]["statuses"];
    assert_eq!(statuses[0]["biz_opaque_callback_data"], "run7/2");
    assert_eq!(statuses[0]["pricing"]["category"], "utility");
    assert_eq!(statuses[2].get("pricing"), None);
    let books = bench.sandbox.books();
    assert_eq!(books.messages[0].callback.as_deref(), Some("run7/2"));
    assert_eq!(books.messages[0].params["ticket"], "90001");
    assert!(books.messages[0].text.as_deref().unwrap().contains("订单 A1"));
}

#[tokio::test]
async fn templates_are_listed_page_by_page() {
    let bench = Bench::start(|_| ()).await;
    let mut next = Some(bench.url("/graph/v24.0/9001/message_templates?limit=7"));
    let mut names = Vec::new();
    while let Some(url) = next {
        let (_, page) = read(bench.http.get(url).bearer_auth("sandbox-wa-token")).await;
        names.extend(page["data"].as_array().unwrap().iter().map(|t| format!("{}/{}", t["name"], t["language"])));
        next = page["paging"]["next"].as_str().map(ToOwned::to_owned);
    }
    let expected: Vec<_> =
        Config::default().templates.iter().map(|t| format!("{:?}/{:?}", t.name, t.language)).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn a_webhook_that_is_not_answered_with_200_comes_again() {
    let mut net = Net::spread(&[500, 202]).await;
    let bench = Bench::start(|config| config.cloud_api.webhook_url = Some(net.url.clone())).await;
    let played = bench.sandbox.play(says("hello")).await.unwrap();
    assert_eq!(played.webhook_status, Some(500));
    bench.sandbox.idle().await;
    let bodies = [net.next().await.body, net.next().await.body, net.next().await.body];
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    let attempts: Vec<_> = bench.sandbox.books().webhooks.iter().map(|w| (w.attempt, w.status)).collect();
    assert_eq!(attempts, [(0, Some(500)), (1, Some(202)), (2, Some(200))]);
}

#[tokio::test]
async fn statuses_that_wait_together_leave_in_one_post() {
    let mut net = Net::spread(&[]).await;
    let change = |config: &mut Config| {
        config.cloud_api.webhook_url = Some(net.url.clone());
        config.batch_ms = 300;
    };
    let bench = Bench::start(change).await;
    let sends = (0..40).map(|_| bench.graph(confirmation(CUSTOMER, BOTH)));
    assert!(futures_util::future::join_all(sends).await.iter().all(|(status, _)| *status == 200));
    let (mut told, mut posts) = (0, 0);
    while told < 120 {
        let statuses = net.next().await.statuses().len();
        assert!(statuses <= 100, "{statuses} statuses in one POST");
        told += statuses;
        posts += 1;
    }
    assert!(posts < 20, "{posts} POSTs for 40 messages");
}
