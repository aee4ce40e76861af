//! The simulated providers: a CRM that recognises keys, and a messenger that does not, but tells in statuses what it sent. Both
//! keep books, which outlive the engine.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::capability::crm::{CreateTicket, Record};
use crate::capability::whatsapp::{Accepted, SendTemplate};
use crate::clock::At;
use crate::connector::{Action, Call, Connection, Finding, Open, Performer, Performs, Problem, Repeat, Scope, Verdict};
use futures_util::future::BoxFuture;
use tokio::time::sleep;

use super::store::Chance;

/// One call in so many goes wrong, while failures are left.
const FAILS: u64 = 4;
/// One message in so many is never told of.
const UNTOLD: u64 = 8;

/// What the providers did.
#[derive(Default)]
pub(super) struct Books {
    /// Everything that happened, in order.
    pub(super) acts: Vec<Act>,
    /// Statuses that are still to be told.
    pub(super) statuses: Vec<Status>,
    /// Calls that may still go wrong.
    pub(super) failures: u32,
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub(super) struct Act {
    /// What: a ticket's subject, or what a message is about.
    pub(super) what: String,
    /// Our key.
    pub(super) key: String,
}

/// A status on its way.
#[derive(Clone, Debug)]
pub(super) struct Status {
    pub(super) due: At,
    pub(super) key: String,
}

/// How a call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    Done,
    /// Refused for now, this one or all.
    Later(Scope),
    /// The answer is lost, and nothing was done.
    Lost,
    /// It was done, and the answer is lost.
    Cut,
    /// It was done, and no answer comes at all.
    Silent,
}

/// What both are made of.
#[derive(Clone)]
struct Desk {
    books: Arc<Mutex<Books>>,
    chance: Arc<Mutex<Chance>>,
}

/// Recognises the key of a call that was made before.
struct Crm(Desk);

/// Does what it is told each time.
struct Messenger(Desk);

/// Accounts at both.
pub(super) fn accounts(books: &Arc<Mutex<Books>>, chance: &Arc<Mutex<Chance>>) -> Vec<Open> {
    let desk = Desk { books: Arc::clone(books), chance: Arc::clone(chance) };
    let (crm, messenger) = (Arc::new(Crm(desk.clone())), Arc::new(Messenger(desk)));
    let ticket = Performer::of::<CreateTicket, Crm>(Arc::clone(&crm));
    let template = Performer::of::<SendTemplate, Messenger>(Arc::clone(&messenger));
    vec![
        open("crm", "hubspot", crm, (CreateTicket::NAME, ticket)),
        open("whatsapp", "whatsapp.cloud_api", messenger, (SendTemplate::NAME, template)),
    ]
}

fn open(
    id: &str,
    connector: &'static str,
    connection: Arc<dyn Connection>,
    performer: (&'static str, Performer),
) -> Open {
    Open { id: id.into(), connector, connection, performers: [performer].into(), rate_per_second: 0, concurrency: 8 }
}

impl Connection for Crm {
    fn check(&self) -> BoxFuture<'_, Vec<Finding>> {
        Box::pin(async { Vec::new() })
    }
}

impl Connection for Messenger {
    fn check(&self) -> BoxFuture<'_, Vec<Finding>> {
        Box::pin(async { Vec::new() })
    }
}

impl Performs<CreateTicket> for Crm {
    /// It recognises keys for ever.
    const REPEAT: Repeat = Repeat::Keyed { window_s: 0 };

    async fn perform(&self, input: CreateTicket, call: &Call) -> Verdict<Record> {
        let desk = &self.0;
        desk.perform(|| {
            let mut books = desk.books.lock().unwrap();
            let known = books.acts.iter().any(|act| act.key == *call.key);
            if !known {
                books.acts.push(Act { what: input.subject.clone(), key: call.key.to_string() });
            }
            Record { id: call.key.to_string(), created: !known }
        })
        .await
    }
}

impl Performs<SendTemplate> for Messenger {
    /// A second call is a second message; the status of the first one brings its key.
    const REPEAT: Repeat = Repeat::Evidence { settle_s: 600 };

    async fn perform(&self, input: SendTemplate, call: &Call) -> Verdict<Accepted> {
        let desk = &self.0;
        desk.perform(|| {
            let told = desk.chance.lock().unwrap().random.below(UNTOLD) > 0;
            let after = Duration::from_millis(desk.chance.lock().unwrap().random.below(3_000));
            let mut books = desk.books.lock().unwrap();
            let about = input.params.get("id").cloned().unwrap_or_default();
            books.acts.push(Act { what: format!("confirm {about}"), key: call.key.to_string() });
            if told {
                books.statuses.push(Status { due: call.now.plus(after), key: call.key.to_string() });
            }
            Accepted { message_id: format!("wamid.{}", call.key) }
        })
        .await
    }
}

impl Desk {
    async fn perform<T>(&self, act: impl FnOnce() -> T) -> Verdict<T> {
        let (course, pauses) = self.course();
        sleep(pauses[0]).await;
        if let Course::Later(scope) = course {
            return Verdict::Later { after: None, scope, problem: Problem::new("busy", "come again") };
        }
        let lost = || Verdict::Unknown(Problem::new("broken", "the connection broke"));
        if course == Course::Lost {
            return lost();
        }
        let output = act();
        sleep(pauses[1]).await;
        match course {
            Course::Cut => lost(),
            Course::Silent => std::future::pending().await,
            _ => Verdict::done(output),
        }
    }

    fn course(&self) -> (Course, [Duration; 2]) {
        let random = &mut self.chance.lock().unwrap().random;
        let pauses = [0, 1].map(|_| Duration::from_millis(1 + random.below(120)));
        let mut books = self.books.lock().unwrap();
        if books.failures == 0 || !random.once_in(FAILS) {
            return (Course::Done, pauses);
        }
        books.failures -= 1;
        let course = match random.below(7) {
            0 | 1 => Course::Later(Scope::Item),
            2 => Course::Later(Scope::Connection),
            3 => Course::Lost,
            4 | 5 => Course::Cut,
            _ => Course::Silent,
        };
        (course, pauses)
    }
}
