//! Removing what is old enough: nothing goes that something needs, the chain holds, and what goes by hand is found.

use std::time::Duration;

use engine::audit::{self, Aged};
use engine::clock::At;
use engine::connector::Status;
use engine::ids::{BadItemId, ContactId, ConversationId, EventId, InputId, JournalId, MailboxId, RunId, VersionId};
use engine::inbox::{Inbox, Place};
use engine::store::{
    Arrival, BadItemRow, ContactsOp, EditOp, EffectOp, EventRow, InputKind, InputRow, JournalKind, JournalRow,
    LabelRow, Lane, Reads, Receipt, Removal, Retention, RunRow, RunStatus, Store, WaitKind, WaitOp, WaitRow, WaitState,
    Work,
};
use futures_util::future::join;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::Driver;
use super::make::{self, NOW, arrival, party, stored, text};

/// The key of the anchors and records.
const KEY: [u8; 32] = [3; 32];
/// Later than everything here.
const LATER: At = At(NOW.0 + 1_000_000);

/// Everything of a kind that may go.
async fn aged<S: Retention>(store: &S, of: Aged) -> Vec<i64> {
    let (mut ids, mut after) = (Vec::new(), i64::MIN);
    loop {
        let page = store.aged(of, LATER, after).await.unwrap();
        ids.extend(page.ids);
        let Some(next) = page.next else { return ids };
        after = next;
    }
}

fn order(of: Aged, ids: Vec<i64>) -> Removal {
    Removal { of, ids, before: LATER, record: JournalId(make::next()), at: NOW, key: KEY }
}

/// Removes these; how many rows of `table` went.
async fn remove<S: Retention>(store: &S, of: Aged, ids: Vec<i64>, table: &str) -> u64 {
    store.remove(order(of, ids)).await.unwrap().get(table).copied().unwrap_or_default()
}

/// Removes the two rows of each, one run after the other.
async fn remove_runs<S: Retention>(store: &S, runs: &[i64]) {
    for run in runs {
        assert_eq!(remove(store, Aged::Runs, vec![*run], "journal").await, 2);
    }
}

async fn check<S: Reads>(store: &S) -> audit::Report {
    audit::verify(store, Some(KEY), &[]).await.unwrap()
}

/// What the journal tells of an event that was handled.
fn handling(event: &EventRow) -> JournalRow {
    let run = RunRow { id: RunId(event.id.0), contact_id: event.contact_id, ..make::run(event.mailbox, VersionId(1)) };
    JournalRow { kind: JournalKind::Handling, ..make::journal(&run, 0, "what the rules saw") }
}

/// Somebody wrote, a run answered and is over.
struct Story {
    event: EventRow,
    run: RunRow,
    contact: ContactId,
    conversation: ConversationId,
}

impl Story {
    async fn told<S: Store>(store: &S, n: usize) -> Self {
        let who = party(&format!("49151234{n:04}"), "Anna Schmidt");
        let receipts = store.receive(vec![arrival(text(&format!("wamid.{n}"), Some(who), "hello"))]).await.unwrap();
        let (event, input) = stored(&receipts[0]);
        let (contact, conversation) = (event.contact_id.unwrap(), event.conversation_id.unwrap());
        let run = RunRow {
            event_id: event.id,
            conversation_id: Some(conversation),
            status: RunStatus::Done,
            state: Vec::new(),
            ended_at: Some(NOW),
            ..make::run(event.mailbox, VersionId(1))
        };
        let mut work = make::work(event.mailbox);
        work.consumed = vec![input.id];
        work.journal = vec![handling(&event), make::journal(&run, 0, "began"), make::journal(&run, 1, "ended")];
        let mut sent = make::message(&format!("out.{n}"), Status::Accepted, false, "good day");
        (sent.conversation_id, sent.effect_key) = (Some(conversation), Some(format!("{}/1", run.id)));
        work.messages = vec![sent];
        work.runs = vec![run.clone()];
        store.commit(work).await.unwrap();
        Self { event, run, contact, conversation }
    }

    fn work(&self) -> Work {
        make::work(self.event.mailbox)
    }
}

/// All that may go, in the order in which it goes; how many rows of the journal went.
async fn sweep<S: Retention>(store: &S) -> u64 {
    let mut gone = 0;
    for of in Aged::ALL {
        let ids = aged(store, of).await;
        for few in ids.chunks(3) {
            gone += remove(store, of, few.to_vec(), "journal").await;
        }
    }
    gone
}

/// Also against an anchor from before, and after a new start.
pub async fn what_is_old_enough_goes_and_the_chain_holds<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    for n in 0..4 {
        Story::told(&store, n).await;
    }
    let open = Story::told(&store, 4).await;
    let mut work = open.work();
    let still = RunRow { event_id: open.event.id, ..make::run(open.event.mailbox, VersionId(1)) };
    work.journal = vec![make::journal(&still, 0, "goes on")];
    work.runs = vec![still.clone()];
    store.commit(work).await.unwrap();
    let bad =
        BadItemRow { id: BadItemId(make::next()), connection: "wa".into(), at: NOW, raw: "x".into(), why: "y".into() };
    store.receive(vec![Arrival::Bad(bad)]).await.unwrap();
    let anchor = store.anchor(NOW, KEY).await.unwrap().unwrap();
    let before = check(&store).await;
    assert!(before.clean() && before.rows == 16, "{before:?}");

    assert_eq!(sweep(&store).await, 4 * 3 + 2, "but for what tells of the open run and of its event");
    let after = audit::verify(&store, Some(KEY), std::slice::from_ref(&anchor)).await.unwrap();
    assert!(after.clean(), "{after:?}");
    assert_eq!(after.removed, 14);
    assert_eq!(store.run(open.run.id).await.unwrap(), None);
    assert_eq!(store.journal(still.id.0).await.unwrap().len(), 1);
    assert!(store.event(open.event.id).await.unwrap().is_some());
    let left = store.mailbox(open.event.mailbox).await.unwrap();
    assert_eq!(left.runs.iter().map(|run| run.id).collect::<Vec<_>>(), [still.id]);
    assert!(store.bad_items(10).await.unwrap().is_empty());
    assert_eq!(sweep(&store).await, 0, "nothing is left to do");
    let records = store.removals(JournalId(i64::MIN), 100).await.unwrap();
    assert!(records.iter().all(|row| audit::Removed::of_row(row).unwrap().leaves <= 9), "{records:?}");

    driver.close(store).await;
    let store = driver.open(2).await;
    Story::told(&store, 5).await;
    assert_eq!(sweep(&store).await, 3);
    let report = audit::verify(&store, Some(KEY), &[anchor]).await.unwrap();
    assert!(report.clean() && report.removed == 17, "{report:?}");
    let mut lines = 0;
    audit::export(&store, true, |_| -> Result<(), engine::store::Error> {
        lines += 1;
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(lines, report.blocks + report.anchors + report.rows);
}

/// Each of these is held by one thing alone, and goes when that is over.
pub async fn nothing_goes_that_something_needs<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let mut stories = Vec::new();
    for n in 0..9 {
        stories.push(Story::told(&store, n).await);
    }
    let [free, called, waited, asked, talked, looked, held, marked, young] = &stories[..] else { unreachable!() };
    let commit = async |story: &Story, change: &dyn Fn(&mut Work)| {
        let mut work = story.work();
        change(&mut work);
        store.commit(work).await.unwrap();
    };
    let call = make::effect(&called.run, 1);
    commit(called, &|work| work.effects = vec![EffectOp::Plan(Box::new(call.clone()))]).await;
    let of_run = WaitRow { run_id: Some(waited.run.id), ..make::wait(waited.event.mailbox, WaitKind::Deadline, LATER) };
    commit(waited, &|work| work.waits = vec![WaitOp::Arm(Box::new(of_run.clone()))]).await;
    let escalation = engine::store::EscalationRow {
        mailbox: MailboxId::DESK,
        conversation_id: Some(asked.conversation),
        ..make::escalation(&asked.run, "a complaint")
    };
    commit(asked, &|work| work.escalations = vec![escalation.clone()]).await;
    let talk = |place: Place| engine::store::ConversationRow {
        inbox: Inbox { place, ..Inbox::default() },
        ..make::conversation(talked.conversation, talked.contact, "491512340004")
    };
    commit(talked, &|work| work.conversations = vec![talk(Place::Waits)]).await;
    let back = WaitRow { since: looked.event.id, ..make::wait(looked.event.mailbox, WaitKind::Event, LATER) };
    commit(looked, &|work| work.waits = vec![WaitOp::Arm(Box::new(back.clone()))]).await;
    let letter = InputRow {
        id: InputId(make::next()),
        shard: held.event.mailbox.shard(),
        mailbox: held.event.mailbox,
        lane: Lane::Interactive,
        kind: InputKind::Letter,
        reference: held.run.id.0,
        body: Some(b"{}".to_vec()),
    };
    commit(held, &|work| work.letters = vec![letter.clone()]).await;
    mark(&store, marked, true).await;
    let late = RunRow { ended_at: Some(LATER), ..young.run.clone() };
    commit(young, &|work| work.runs = vec![late.clone()]).await;

    let runs = |among: &[&Story]| among.iter().map(|story| story.run.id.0).collect::<Vec<_>>();
    let events = |among: &[&Story]| among.iter().map(|story| story.event.id.0).collect::<Vec<_>>();
    assert_eq!(aged(&store, Aged::Runs).await, runs(&[free, looked, marked]));
    assert!(aged(&store, Aged::Events).await.is_empty(), "their runs are there");
    let of_talks = |among: &[&Story]| among.len() * 2;
    assert_eq!(aged(&store, Aged::Messages).await.len(), of_talks(&[free, waited, looked, held, marked, young]));
    let all: Vec<i64> = stories.iter().map(|story| story.run.id.0).collect();
    assert_eq!(remove(&store, Aged::Runs, all.clone(), "run").await, 3, "asked again in the transaction");
    assert_eq!(aged(&store, Aged::Events).await, events(&[free]));

    commit(called, &|work| work.effects = vec![EffectOp::Withdraw(call.id)]).await;
    commit(waited, &|work| work.waits = vec![WaitOp::Close { id: of_run.id, to: WaitState::Cancelled }]).await;
    let over = engine::store::EscalationRow { done: true, ..escalation.clone() };
    commit(asked, &|work| work.escalations = vec![over.clone()]).await;
    commit(talked, &|work| work.conversations = vec![talk(Place::Closed)]).await;
    commit(looked, &|work| work.waits = vec![WaitOp::Close { id: back.id, to: WaitState::Answered }]).await;
    commit(held, &|work| work.consumed = vec![letter.id]).await;
    mark(&store, marked, false).await;
    let left = store.remove(order(Aged::Runs, all)).await.unwrap();
    assert_eq!((left["run"], left["wait"]), (5, 1), "and the wait that is over");
    assert_eq!(aged(&store, Aged::Events).await.len(), 8);
    sweep(&store).await;
    let report = check(&store).await;
    assert!(report.clean() && report.removed == 8 * 3, "{report:?}");
    assert_eq!(store.journal(young.run.id.0).await.unwrap().len(), 2);
}

/// A person marks a message as an example, or takes that back.
async fn mark<S: Store>(store: &S, story: &Story, marked: bool) {
    let row = LabelRow {
        event: story.event.id,
        contact: story.contact,
        text: "hello".into(),
        language: "en".into(),
        tags: marked.then(|| ("greeting".into(), true)).into_iter().collect(),
        by: "cli".into(),
        at: NOW,
    };
    let edits = vec![EditOp::Contacts(ContactsOp::Label(row))];
    store.commit(Work { edits, ..make::work(MailboxId::SYSTEM) }).await.unwrap();
}

/// By its number, by its seal, or by what it says.
pub async fn a_row_that_is_gone_without_a_record_is_found<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let [swept, whole] = [Story::told(&store, 0).await, Story::told(&store, 1).await];
    assert_eq!(remove(&store, Aged::Runs, vec![swept.run.id.0], "journal").await, 2);
    assert!(check(&store).await.clean());
    driver.lose(store.journal(swept.event.id.0).await.unwrap()[0].id).await;
    let report = check(&store).await;
    assert!(report.problems == 1 && report.findings[0].contains("; 2 were removed"), "{report:?}");
    driver.lose(store.journal(whole.run.id.0).await.unwrap()[0].id).await;
    assert_eq!(check(&store).await.problems, 2);

    let driver = D::fresh().await;
    let store = driver.open(1).await;
    for n in 0..2 {
        Story::told(&store, n).await;
    }
    let runs = aged(&store, Aged::Runs).await;
    store.remove(Removal { key: [9; 32], ..order(Aged::Runs, runs) }).await.unwrap();
    let report = check(&store).await;
    assert!(report.findings.iter().any(|words| words.contains("not sealed with this audit key")), "{report:?}");
    assert!(audit::verify(&store, None, &[]).await.unwrap().clean(), "without the key nobody can tell");
    let record = store.removals(JournalId(i64::MIN), 1).await.unwrap()[0].id;
    driver.lose(record).await;
    let report = audit::verify(&store, None, &[]).await.unwrap();
    assert!(report.findings.iter().any(|words| words.contains("never recorded")), "{report:?}");
}

/// What was altered would be found no more once it is gone.
pub async fn an_altered_row_is_not_removed<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let [altered, whole] = [Story::told(&store, 0).await, Story::told(&store, 1).await];
    driver.tamper(store.journal(altered.run.id.0).await.unwrap()[1].id).await;
    let before = check(&store).await;
    assert_eq!(before.problems, 1, "{before:?}");
    let gone = store.remove(order(Aged::Runs, vec![altered.run.id.0, whole.run.id.0])).await.unwrap();
    assert_eq!((gone["run"], gone["journal"]), (1, 2));
    assert_eq!(store.journal(altered.run.id.0).await.unwrap().len(), 2);
    let after = check(&store).await;
    assert_eq!((after.problems, after.findings), (1, before.findings));
    assert!(store.remove(order(Aged::Runs, vec![altered.run.id.0])).await.unwrap().is_empty());
    assert_eq!(check(&store).await.blocks, after.blocks, "no record of nothing");
}

/// What people did stays, whatever it was about.
pub async fn what_people_did_is_not_removed<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let story = Story::told(&store, 0).await;
    let mut work = story.work();
    let by = "user:usr_1 Ana".to_owned();
    work.journal = vec![JournalRow { by, ..make::journal(&story.run, 2, "cancelled") }];
    store.commit(work).await.unwrap();
    sweep(&store).await;
    let left = store.journal(story.run.id.0).await.unwrap();
    assert_eq!(left.iter().map(|row| row.seq).collect::<Vec<_>>(), [2]);
    assert!(check(&store).await.clean());
}

/// Providers repeat for days, and are told by the event's key.
pub async fn a_repeated_delivery_is_known_as_long_as_its_event<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let delivery = || arrival(text("wamid.1", Some(party("491512345678", "Anna Schmidt")), "hello"));
    let receipts = store.receive(vec![delivery()]).await.unwrap();
    let (event, input) = stored(&receipts[0]);
    assert!(aged(&store, Aged::Events).await.is_empty(), "it waits to be handled");
    let mut work = make::work(event.mailbox);
    work.consumed = vec![input.id];
    store.commit(work).await.unwrap();
    let younger = NOW.minus(Duration::from_secs(1));
    assert!(store.aged(Aged::Events, younger, i64::MIN).await.unwrap().ids.is_empty());
    let early = Removal { before: younger, ..order(Aged::Events, vec![event.id.0]) };
    assert!(store.remove(early).await.unwrap().is_empty());
    assert_eq!(store.receive(vec![delivery()]).await.unwrap(), [Receipt::Seen]);
    assert_eq!(remove(&store, Aged::Events, vec![event.id.0], "event").await, 1);
    assert!(matches!(store.receive(vec![delivery()]).await.unwrap()[..], [Receipt::New(_)]));
}

/// Blocks, rows and records are read one after the other. The second half goes once a check has met the first half gone.
pub async fn a_check_while_rows_go_finds_nothing_wrong<D: Driver>() {
    const STORIES: usize = 60;
    const ALL: u64 = 2 * STORIES as u64;
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    for n in 0..STORIES {
        Story::told(&store, n).await;
    }
    let runs = aged(&store, Aged::Runs).await;
    let (told, some_are_gone) = oneshot::channel();
    let removing = async {
        let (first, rest) = runs.split_at(STORIES / 2);
        remove_runs(&store, first).await;
        some_are_gone.await.unwrap();
        remove_runs(&store, rest).await;
    };
    let checking = async {
        let mut told = Some(told);
        loop {
            let report = check(&store).await;
            assert!(report.clean(), "{report:?}");
            match report.removed {
                0 => {}
                ALL => return,
                _ => drop(told.take().map(|told| told.send(()))),
            }
        }
    };
    join(removing, checking).await;
}

/// The oldest thing stored, and the room in use, are known.
pub async fn what_is_in_use_is_known<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    assert_eq!(store.oldest().await.unwrap(), None);
    let story = Story::told(&store, 0).await;
    let first = engine::ids::Ids::time_of(EventId(story.event.id.0).0);
    assert_eq!(store.oldest().await.unwrap(), Some(first));
}

/// A server counts rows some time after they came and went.
pub async fn what_is_in_use_falls_with_what_goes<D: Driver>() {
    const RUNS: usize = 40;
    const ROWS: i64 = 200;
    let words = "x".repeat(1_500);
    let all = RUNS as u64 * ROWS as u64 * words.len() as u64;
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    for _ in 0..RUNS {
        let run = RunRow { status: RunStatus::Done, ended_at: Some(NOW), ..make::run(MailboxId(7), VersionId(1)) };
        let mut work = make::work(run.mailbox);
        work.journal = (0..ROWS).map(|seq| make::journal(&run, seq, &words)).collect();
        work.runs = vec![run];
        store.commit(work).await.unwrap();
    }
    let grown = used_once(&store, |used| used > all).await;
    assert!(grown < 2 * all, "{grown} bytes for {all} and their indexes");
    assert_eq!(sweep(&store).await, RUNS as u64 * ROWS as u64);
    used_once(&store, |used| used < all / 10).await;
}

/// The bytes in use, once they are as awaited.
async fn used_once<S: Retention>(store: &S, awaited: impl Fn(u64) -> bool) -> u64 {
    let look = async {
        loop {
            let used = store.used().await.unwrap();
            if awaited(used) {
                return used;
            }
        }
    };
    timeout(Duration::from_secs(60), look).await.expect("so much is in use")
}
