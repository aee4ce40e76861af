//! Twilio: the form, content templates, callbacks and inbound messages.

use super::*;

const FROM: (&str, &str) = ("From", "whatsapp:+14155238886");
const TO: (&str, &str) = ("To", "whatsapp:+8613800138000");

fn content_sid() -> String {
    Template::new("order_confirmation", "en", "").content_sid()
}

#[tokio::test]
async fn a_content_template_is_sent_and_its_callbacks_come_signed_in_order() {
    let mut net = Net::spread(&[]).await;
    let bench = Bench::start(|_| ()).await;
    let callback = format!("{}&key=run7%2F2", net.url);
    let sid = content_sid();
    let form = [FROM, TO, ("ContentSid", &sid), ("ContentVariables", r#"{"1":"A1","2":"90001"}"#)];
    let (status, answer) = bench.twilio(&[&form[..], &[("StatusCallback", &callback)]].concat()).await;
    assert_eq!((status, &answer["status"]), (201, &json!("queued")));
    for expected in ["sent", "delivered", "read"] {
        let caught = net.next().await;
        let form = caught.form();
        assert!(form.contains(&("MessageStatus".into(), expected.into())), "{form:?}");
        assert!(form.contains(&("MessageSid".into(), answer["sid"].as_str().unwrap().into())));
        assert_eq!(caught.header("x-twilio-signature"), sign::twilio("sandbox-twilio-token", &callback, &form));
    }
    let books = bench.sandbox.books();
    assert_eq!(books.messages[0].params["ticket"], "90001");
    assert_eq!(books.messages[0].callback.as_ref(), Some(&callback));
}

#[tokio::test]
async fn sends_are_refused_with_twilios_codes() {
    let bench = Bench::start(|_| ()).await;
    let sid = content_sid();
    let long = "x".repeat(1601);
    for (form, code) in [
        (vec![FROM], 21_604),
        (vec![FROM, ("To", "+8613800138000"), ("Body", "hi")], 21_910),
        (vec![("From", "whatsapp:+1999"), TO, ("Body", "hi")], 63_007),
        (vec![FROM, TO], 21_602),
        (vec![FROM, TO, ("Body", long.as_str())], 21_617),
        (vec![FROM, TO, ("Body", "hi")], 63_016),
        (vec![FROM, TO, ("ContentSid", "HX00")], 21_655),
        (vec![FROM, TO, ("ContentSid", sid.as_str()), ("ContentVariables", "1=A1")], 21_656),
        (vec![FROM, TO, ("ContentSid", sid.as_str()), ("ContentVariables", r#"{"1":"A1"}"#)], 63_028),
        (vec![FROM, TO, ("Bodi", "hi")], 20_422),
    ] {
        let (status, answer) = bench.twilio(&form).await;
        assert_eq!((status, &answer["code"]), (400, &json!(code)), "{form:?}");
    }
    let anonymous = bench.http.get(bench.url("/twilio/v1/Content"));
    assert_eq!(read(anonymous).await.1["code"], 20_003);
}

#[tokio::test]
async fn an_inbound_message_is_a_signed_form_and_opens_the_window() {
    let mut net = Net::spread(&[500]).await;
    let bench = Bench::start(|config| config.twilio.webhook_url = Some(net.url.clone())).await;
    let played = bench.sandbox.play(Play { provider: Provider::Twilio, ..says("你好") }).await.unwrap();
    let caught = net.next().await;
    let form = caught.form();
    assert_eq!(caught.header("x-twilio-signature"), sign::twilio("sandbox-twilio-token", &net.url, &form));
    for expected in [
        ("MessageSid", played.message_id.as_str()),
        ("Body", "你好"),
        ("ProfileName", "Li Wei"),
        ("WaId", "8613800138000"),
    ] {
        assert!(form.contains(&(expected.0.into(), expected.1.into())), "{expected:?} is not in {form:?}");
    }
    // Answered with 500, but a connection was made: Twilio does not come again.
    bench.sandbox.idle().await;
    assert_eq!(bench.sandbox.totals().webhooks, 1);
    assert_eq!(bench.twilio(&[FROM, TO, ("Body", "hi")]).await.0, 201);
    let no_orders = Play { provider: Provider::Twilio, act: Act::Order { order: Order::default() }, ..says("") };
    assert!(matches!(bench.sandbox.play(no_orders).await, Err(Error::NotThere { .. })));
}
