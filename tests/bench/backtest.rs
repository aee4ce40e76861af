//! A back-test of one tag rule over a million stored messages, by the command line, with and without the contacts' facts.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use engine::clock::At;
use engine::connector::{Party, Status};
use engine::event::{Event, EventKey, MESSAGE_RECEIVED, Origin};
use engine::handle::{encode_event, event_from_row, mailbox_from};
use engine::ids::{ContactId, ConversationId, EventId, Ids, InputId, JournalId, MailboxId, MessageId};
use engine::rules::Seen;
use engine::run::journal::{self, Head};
use engine::run::{Entry, What};
use engine::store::{
    Arrival, EventArrival, JournalKind, JournalRow, Lane, MailboxRows, MessageRow, NewParty, Receipt, Store, Work,
};
use engine_store::{Database, Options};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::report::{Budget, Figure, Report};
use crate::{Bench, tell};

/// Messages a contact wrote.
const EACH: u64 = 20;
/// Messages stored at once.
pub(crate) const BATCH: u64 = 5_000;
/// 2026-01-05T09:00:00Z.
pub(crate) const START: At = At(1_767_603_600_000);
const WORDS: [&str; 5] = [
    "Hello, where is my order? It should have come on Monday.",
    "I want to make a complaint about the delivery",
    "Здравствуйте, сколько стоит доставка в Москву?",
    "你好，请问什么时候可以发货？谢谢",
    "Grazie mille, tutto perfetto!",
];

/// One that reads the message only, and one that reads the contact too.
const RULES: [(&str, &str, &str, Budget); 2] = [
    ("backtest", "", "back-test of one rule", Budget::AtMost(10.0)),
    ("backtest_facts", r#" && !contact.tags.contains("complaint")"#, "the same, reading the contact", Budget::Told),
];

pub(crate) async fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let data = tempfile::tempdir_in(&bench.dir)?;
    let messages = bench.options.stored_messages();
    store(&data.path().join("switchboard.db"), messages).await?;
    for (name, and, what, budget) in RULES {
        let file = data.path().join(format!("{name}.yaml"));
        let when = format!(r#"text.mentions(event.text, ["complaint", "жалоба", "شكوى", "reclamo", "投诉"]){and}"#);
        let rule = format!("  - rule: complaint\n    on: whatsapp.message_received\n    when: '{when}'\n");
        let text = format!("format: 1\nrules: bench\nlist:\n{rule}    then: {{ add_tags: [complaint] }}\n");
        std::fs::write(&file, text)?;
        let found = backtest(&bench.binary, data.path(), &file).await?;
        ensure!(found["events"] == messages, "{} of {messages} events were looked at", found["events"]);
        ensure!(found["assumed"] == 0, "facts of {} events were not there", found["assumed"]);
        ensure!(found["rules"][0]["gained"].as_u64() > Some(0), "the rule never held");
        let seconds = found["seconds"].as_f64().context("no seconds")?;
        let seconds = seconds * 1e6 / messages as f64;
        report.add(Figure::new(name, format!("{what}, per 1 000 000 of {messages} messages"), seconds, "s", budget));
    }
    Ok(())
}

async fn backtest(binary: &Path, data: &Path, file: &Path) -> Result<Value> {
    let mut command = Command::new(binary);
    command.args(["rules", "backtest", "--json", "--data"]).arg(data).arg(file).stderr(Stdio::inherit());
    let output = spawn_blocking(move || command.output()).await??;
    ensure!(output.status.success(), "the back-test failed: {}", String::from_utf8_lossy(&output.stdout));
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Messages as doors and turns leave them: received, handled, with the facts that rules saw.
async fn store(file: &Path, messages: u64) -> Result<()> {
    let ids = Ids::new(0);
    let store = Database::open(file, Options::new(ids.next(START))).await?;
    let mut stored = 0;
    while stored < messages {
        let count = BATCH.min(messages - stored);
        let words = |n: u64| WORDS[usize::try_from(n * 7 / 3).unwrap_or_default() % WORDS.len()];
        let person = |n: u64| n / (EACH * 100) * 100 + n % 100;
        let arrivals = (stored..stored + count).map(|n| message(n, person(n), words(n), &ids)).collect();
        let mut work = Work { mailbox: MailboxId::SYSTEM, at: START, ..Work::default() };
        for receipt in store.receive(arrivals).await? {
            let Receipt::New(new) = receipt else { continue };
            work.consumed.push(new.input.id);
            work.journal.push(handled(event_from_row(new.event), &ids)?);
        }
        store.commit(work).await?;
        stored += count;
        if stored % 100_000 == 0 {
            tell(format_args!("  {stored} messages stored"));
        }
    }
    store.close().await;
    Ok(())
}

/// The `n`-th message, of a person.
pub(crate) fn message(n: u64, person: u64, words: &str, ids: &Ids) -> Arrival {
    let at = At(START.0 + i64::try_from(n).unwrap_or_default());
    let id = EventId(ids.next(at));
    let external = format!("wamid.{n:040}");
    let address = format!("39{person:010}");
    let body = json!({
        "text": words, "message": { "id": external, "type": "text" }, "profile": { "name": format!("Person {person}") },
    });
    let party = Party { number: "700".into(), phone: Some(format!("+{address}")), address, name: None };
    Arrival::Event(Box::new(EventArrival {
        id,
        input: InputId(ids.next(at)),
        key: EventKey::new("wa", MESSAGE_RECEIVED, &external),
        connection: "wa".into(),
        kind: MESSAGE_RECEIVED.into(),
        origin: Origin::Customer,
        at,
        provider_at: Some(at),
        body: encode_event(&body),
        lane: Lane::Interactive,
        party: Some(NewParty {
            party,
            contact: ContactId(ids.next(at)),
            salt: [7; 16],
            conversation: ConversationId(ids.next(at)),
        }),
        mailbox: MailboxId::of_event(id),
        message: Some(MessageRow {
            id: MessageId(ids.next(at)),
            conversation_id: None,
            inbound: true,
            event_id: Some(id),
            effect_key: None,
            external_key: EventKey::new("wa", "message", &external).0,
            status: Status::Received,
            status_at: Some(at),
            error: None,
            text: Some(words.into()),
            norm: Some(engine::expr::text::normalise(words)),
            cost: None,
        }),
    }))
}

/// The row that a turn writes about an event, with facts of an ordinary customer.
fn handled(event: Event, ids: &Ids) -> Result<JournalRow> {
    let mail = mailbox_from(event.mailbox, MailboxRows::default(), &std::collections::HashMap::new());
    let mut facts = mail.map_err(|why| anyhow::anyhow!(why))?.facts;
    let contact = event.contact.context("a contact")?;
    let mut person = engine::contact::Contact::new(contact, [7; 16]);
    person.unread_count = 3;
    person.language = "it".into();
    person.last_interaction_at = Some(event.at);
    facts.contact = Some(person);
    let data = serde_json::to_value(Seen::of(&event, &facts))?;
    let id = JournalId(ids.next(event.at));
    let person = Some((contact, &[7_u8; 16][..]));
    let head = Head { id, subject: event.id.0, seq: id.0, kind: JournalKind::Handling, by: "", person, at: event.at };
    Ok(journal::encode(head, &[Entry { what: What::Received { event: event.kind }, data }]))
}
