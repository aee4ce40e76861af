//! Mail over real SMTP: against the sandbox, with its faults, plain and with TLS.

use std::sync::Arc;

use engine::capability::notify::AlarmState;
use engine::connector::Scope;
use serde_json::{Value, json};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::*;
use crate::notice::tests::{alarm, call, context, escalation, said};
use crate::sandbox::{Config, Faults, MailAnswer, MailFaults, MailServer, Sandbox, Times};

async fn sandbox(mail: MailServer) -> Sandbox {
    let _ = context();
    Sandbox::start(Config { mail, ..Config::default() }).await.unwrap()
}

/// A sender at the sandbox; `change` mends its settings.
fn sender(sandbox: &Sandbox, change: Value) -> Email {
    let mut settings = json!({
        "host": "127.0.0.1", "port": sandbox.mail_address().port(), "protection": "none",
        "from": "Switchboard <alerts@flows.test>", "to": ["Ana <ana@flows.test>", "leo@flows.test"],
        "teams": { "sales": ["sales@flows.test"] },
    });
    let Value::Object(change) = change else { panic!("settings are an object") };
    settings.as_object_mut().unwrap().extend(change);
    open(serde_json::from_value(settings).unwrap(), &context()).unwrap()
}

fn account() -> MailServer {
    MailServer { account: Some(("alerts".into(), "s3cret-word".into())), ..MailServer::default() }
}

fn signed_in() -> Value {
    json!({ "user": "alerts", "password": "s3cret-word" })
}

fn answering(to: &str, line: &str) -> Faults {
    let answer = Some(MailAnswer { to: to.into(), line: line.into(), times: None });
    Faults { mail: MailFaults { answer, drop_after_acting: None }, ..Faults::default() }
}

#[tokio::test]
async fn an_offer_arrives_as_text_and_as_html_with_the_link() {
    let sandbox = sandbox(account()).await;
    let email = sender(&sandbox, signed_in());
    assert!(email.check().await[0].good);
    let told = email.perform(escalation("offered"), &call()).await;
    assert_eq!(told, Verdict::done(Told { message: Some("<run.1.2@flows.test>".into()) }));
    let books = sandbox.books();
    let [mail] = books.mails.as_slice() else { panic!("{:?}", books.mails) };
    assert_eq!((mail.from.as_str(), mail.to.len()), ("alerts@flows.test", 2));
    let flat = mail.raw.replace("=\r\n", "");
    for part in ["text/plain", "text/html", "https://flows.test/inbox/cnv_1", "To: \"Ana\" <ana@flows.test>"] {
        assert!(flat.contains(part) || flat.replace('"', "").contains(&part.replace('"', "")), "{part} in\n{flat}");
    }
}

#[tokio::test]
async fn teams_have_receivers_of_their_own_and_a_flow_names_any() {
    let sandbox = sandbox(MailServer::default()).await;
    let email = sender(&sandbox, json!({}));
    let sales = NotifyEscalation { team: "sales".into(), ..escalation("missed") };
    assert_eq!(email.perform(sales, &call()).await.name(), "done");
    let named = Send { to: Some("x@flows.test, Y <y@flows.test>".into()), ..said("five left") };
    assert_eq!(email.perform(named, &call()).await.name(), "done");
    assert_eq!(email.perform(alarm(AlarmState::Open), &call()).await.name(), "done");
    let to: Vec<_> = sandbox.books().mails.into_iter().map(|mail| mail.to.join(" ")).collect();
    assert_eq!(to, ["sales@flows.test", "x@flows.test y@flows.test", "ana@flows.test leo@flows.test"]);
    for bad in ["nobody", "x@y\r\nRCPT TO:<z@flows.test>", ""] {
        let refused = email.perform(Send { to: Some(bad.into()), ..said("x") }, &call()).await;
        assert_eq!(refused.problem().unwrap().code, "bad_address", "{bad}");
    }
}

#[tokio::test]
async fn one_wrong_address_does_not_silence_the_others() {
    let refuses = vec!["leo@flows.test".to_owned(), "sales@flows.test".to_owned()];
    let sandbox = sandbox(MailServer { refuses, ..MailServer::default() }).await;
    let email = sender(&sandbox, json!({}));
    assert_eq!(email.perform(said("x"), &call()).await.name(), "done");
    assert_eq!(sandbox.books().mails[0].to, ["ana@flows.test"]);
    let alone = NotifyEscalation { team: "sales".into(), ..escalation("offered") };
    let refused = email.perform(alone, &call()).await;
    let problem = refused.problem().unwrap();
    assert_eq!((refused.name(), problem.code.as_str()), ("refused", "550"));
    assert!(!problem.message.contains("sales@"), "{}", problem.message);
}

#[tokio::test]
async fn answers_of_the_server_become_verdicts() {
    let sandbox = sandbox(account()).await;
    let email = sender(&sandbox, signed_in());
    let table = [
        ("EHLO", "421 busy", "later connection"),
        ("AUTH", "454 4.7.0 later", "later connection"),
        ("AUTH", "535 5.7.8 no: s3cret-word", "auth"),
        ("MAIL", "530 5.7.0 sign in", "auth"),
        ("MAIL", "421 closing", "later connection"),
        ("RCPT", "451 4.7.1 greylisted", "later item"),
        ("DATA", "554 5.5.1 no", "refused"),
        (".", "452 4.3.1 full", "later item"),
        (".", "552 5.3.4 too long", "refused"),
    ];
    for (to, line, expected) in table {
        sandbox.set_faults(answering(to, line));
        let verdict = email.perform(said("x"), &call()).await;
        let name = match &verdict {
            Verdict::Later { scope: Scope::Item, .. } => "later item",
            Verdict::Later { scope: Scope::Connection, .. } => "later connection",
            other => other.name(),
        };
        assert_eq!(name, expected, "{to} {line}: {verdict:?}");
        assert!(!verdict.problem().unwrap().message.contains("s3cret-word"), "{verdict:?}");
    }
    assert!(sandbox.books().mails.is_empty());
}

#[tokio::test]
async fn a_letter_that_was_taken_without_a_word_is_unknown_and_its_repeat_has_the_same_name() {
    let sandbox = sandbox(MailServer::default()).await;
    let email = sender(&sandbox, json!({}));
    let once = Some(Times { times: Some(1) });
    sandbox.set_faults(Faults { mail: MailFaults { answer: None, drop_after_acting: once }, ..Faults::default() });
    assert_eq!(email.perform(said("x"), &call()).await.name(), "unknown");
    assert_eq!(email.perform(said("x"), &call()).await.name(), "done");
    let names: Vec<_> = sandbox
        .books()
        .mails
        .iter()
        .map(|mail| mail.raw.lines().find(|line| line.starts_with("Message-ID")).unwrap().to_owned())
        .collect();
    assert_eq!(names[0], names[1]);
}

#[tokio::test]
async fn a_wrong_password_and_a_server_that_is_away_are_told_apart() {
    let sandbox = sandbox(account()).await;
    let wrong = sender(&sandbox, json!({ "user": "alerts", "password": "other-word" }));
    assert_eq!(wrong.perform(said("x"), &call()).await.name(), "auth");
    assert!(!wrong.check().await[0].good);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let away = sender(&sandbox, json!({ "port": port }));
    let verdict = away.perform(said("x"), &call()).await;
    assert!(matches!(&verdict, Verdict::Later { scope: Scope::Connection, .. }), "{verdict:?}");
}

/// A certificate for this machine, as PEM, and a server that has it.
fn certified() -> (String, MailServer) {
    let _ = context();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    (made.cert.pem(), MailServer { tls: Some(Arc::new(config)), ..account() })
}

#[tokio::test]
async fn starttls_is_insisted_on_and_the_certificate_is_verified() {
    let (pem, server) = certified();
    let sandbox = sandbox(server).await;
    let protected = |certificate: Option<&str>| {
        let mut settings = signed_in();
        settings["host"] = "localhost".into();
        settings["protection"] = "starttls".into();
        settings["certificate"] = certificate.into();
        sender(&sandbox, settings)
    };
    let told = protected(Some(&pem)).perform(said("x"), &call()).await;
    assert_eq!(told.name(), "done", "{told:?}");
    assert!(sandbox.books().mails[0].encrypted);
    let stranger = protected(None).perform(said("x"), &call()).await;
    assert_eq!(stranger.problem().map(|problem| problem.code.as_str()), Some("tls"), "{stranger:?}");
    let bare = self::sandbox(account()).await;
    let mut settings = signed_in();
    settings["protection"] = "starttls".into();
    let refused = sender(&bare, settings).perform(said("x"), &call()).await;
    assert_eq!(refused.name(), "later", "never without TLS: {refused:?}");
    assert!(bare.books().mails.is_empty());
}

#[test]
fn settings_are_explained() {
    let closed = OpenContext { allow_private_network: false, ..context() };
    let base = json!({ "host": "smtp.example.com", "from": "a@example.com", "to": ["b@example.com"] });
    let with = |name: &str, value: Value| {
        let mut settings = base.clone();
        settings[name] = value;
        open(serde_json::from_value(settings).unwrap(), &closed).err()
    };
    assert_eq!(with("language", json!("it")), None);
    for (name, value, word) in [
        ("protection", json!("none"), "allow_private_network"),
        ("from", json!("nobody"), "ana@example.com"),
        ("to", json!([]), "receivers"),
        ("to", json!(["x@y\nz"]), "ana@example.com"),
        ("host", json!("a b"), "host"),
        ("user", json!("a"), "password"),
        ("certificate", json!("x"), "PEM"),
    ] {
        let why = with(name, value).unwrap_or_default();
        assert!(why.contains(word), "{name}: {why}");
    }
}

#[tokio::test]
async fn a_private_address_is_refused_unless_it_is_meant() {
    let sandbox = sandbox(MailServer::default()).await;
    let port = sandbox.mail_address().port();
    let closed = OpenContext { allow_private_network: false, ..context() };
    let settings = json!({ "host": "localhost", "port": port, "from": "a@b.test", "to": ["c@b.test"] });
    let email = open(serde_json::from_value(settings).unwrap(), &closed).unwrap();
    assert_eq!(email.perform(said("x"), &call()).await.problem().unwrap().code, "private_address");
}
