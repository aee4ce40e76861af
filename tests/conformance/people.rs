//! What people read.

use engine::clock::At;
use engine::desk::Stage;
use engine::ids::{ContactId, EscalationId, MailboxId, RunId, UserId};
use engine::store::{EscalationFilter, EscalationRow, Reads, RunFilter, RunRow, RunStatus, Store, VersionState};

use super::Driver;
use super::make::{self, NOW, arrival, party, stored, text};

async fn listed<S: Reads>(store: &S, filter: RunFilter) -> Vec<RunId> {
    store.runs(filter).await.unwrap().iter().map(|run| run.id).collect()
}

/// Of a flow, of a contact, in a status, and of all three; a limit is at least 1.
pub async fn runs_are_listed_newest_first_in_pages<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (old, live) = (make::version("a", 1, VersionState::Old), make::version("a", 2, VersionState::Live));
    let other = make::version("b", 1, VersionState::Live);
    let on = |mailbox, version: &engine::store::VersionRow, status| RunRow {
        status,
        ..make::run(MailboxId(mailbox), version.id)
    };
    let (waiting, done) = (RunStatus::Waiting, RunStatus::Done);
    let runs =
        [on(1, &old, waiting), on(1, &live, done), on(2, &other, waiting), on(1, &old, done), on(2, &live, waiting)];
    let mut work = make::work(MailboxId(1));
    work.versions = vec![old, live, other];
    work.runs = runs.to_vec();
    store.commit(work).await.unwrap();
    let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(|n: usize| runs[n].id);
    let all = RunFilter { limit: 10, ..RunFilter::default() };
    assert_eq!(listed(&store, all.clone()).await, [e, d, c, b, a]);
    assert_eq!(listed(&store, RunFilter { limit: 2, before: Some(d), ..all.clone() }).await, [c, b]);
    assert_eq!(listed(&store, RunFilter { limit: 0, ..all.clone() }).await, [e]);
    let of_flow = RunFilter { flow: Some("a".into()), ..all.clone() };
    assert_eq!(listed(&store, of_flow.clone()).await, [e, d, b, a], "newest first across versions");
    assert_eq!(listed(&store, RunFilter { limit: 2, before: Some(e), ..of_flow.clone() }).await, [d, b]);
    assert_eq!(listed(&store, RunFilter { status: Some(waiting), ..all.clone() }).await, [e, c, a]);
    assert_eq!(listed(&store, RunFilter { status: Some(done), ..all.clone() }).await, [d, b]);
    let of_one = RunFilter { contact: Some(ContactId(1)), ..all };
    assert_eq!(listed(&store, of_one.clone()).await, [d, b, a]);
    let narrow = RunFilter { status: Some(waiting), flow: Some("a".into()), ..of_one };
    assert_eq!(listed(&store, narrow).await, [a]);
    assert_eq!(store.runs(of_flow).await.unwrap()[0].flow, "a");
}

/// And nobody else by them.
pub async fn a_contact_is_found_by_id_phone_and_address<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let receipts = store.receive(vec![arrival(text("a", Some(party("8613800138000", "Li Wei")), "x"))]).await.unwrap();
    let contact = stored(&receipts[0]).0.contact_id.unwrap();
    for who in [contact.to_string(), "+8613800138000".into(), "8613800138000".into()] {
        assert_eq!(store.find_contact(&who).await.unwrap().map(|row| row.id), Some(contact), "{who}");
    }
    for who in ["", "+861380013800", "Li Wei", &ContactId(1).to_string()] {
        assert_eq!(store.find_contact(who).await.unwrap(), None, "{who}");
    }
}

/// In every table, without the states of runs.
pub async fn a_persons_data_are_all_there<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let who = || Some(party("8613800138000", "Li Wei"));
    let received = vec![arrival(text("a", who(), "one")), arrival(text("b", who(), "two"))];
    let receipts = store.receive(received).await.unwrap();
    let mailbox = stored(&receipts[0]).0.mailbox;
    let run = make::run(mailbox, engine::ids::VersionId(1));
    let mut work = make::work(mailbox);
    work.journal = vec![make::journal(&run, 0, "one"), make::journal(&run, 1, "two")];
    work.escalations = vec![make::escalation(&run, "complaint")];
    work.runs = vec![run.clone()];
    store.commit(work).await.unwrap();
    let person = store.person(ContactId(mailbox.0)).await.unwrap();
    assert_eq!(person.contact.map(|contact| contact.name), Some("Li Wei".into()));
    assert_eq!((person.conversations.len(), person.events.len(), person.messages.len()), (1, 2, 2));
    assert_eq!((person.journal.len(), person.escalations.len()), (2, 1));
    assert_eq!(person.messages[1].text.as_deref(), Some("two"));
    assert_eq!((person.runs.len(), person.runs[0].id, person.runs[0].state.len()), (1, run.id, 0));
}

/// By whom and when is told afterwards.
pub async fn escalations_are_open_until_taken<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let run = make::run(MailboxId(1), engine::ids::VersionId(1));
    let (one, two) = (make::escalation(&run, "first"), make::escalation(&run, "second"));
    let commit = async |row: &EscalationRow| {
        let mut work = make::work(MailboxId(1));
        work.escalations = vec![row.clone()];
        store.commit(work).await.unwrap();
    };
    commit(&one).await;
    commit(&two).await;
    let some = async |filter: EscalationFilter| -> Vec<EscalationId> {
        store.escalations(filter).await.unwrap().iter().map(|row| row.id).collect()
    };
    let all = EscalationFilter { limit: 10, ..EscalationFilter::default() };
    let open = async || some(EscalationFilter { open: true, ..all.clone() }).await;
    assert_eq!(open().await, [two.id, one.id]);
    let taken = EscalationRow {
        accepted_at: Some(NOW),
        accepted_by: Some("Anna".into()),
        accepted_user: Some(UserId(7)),
        missed: true,
        stage: Stage::Taken,
        answered_at: Some(NOW),
        fallback_at: Some(NOW),
        told_at: Some(NOW),
        done: true,
        ..one
    };
    commit(&taken).await;
    assert_eq!(open().await, [two.id]);
    let (early, late) = (taken.id, two.id);
    assert_eq!(some(all.clone()).await, [late, early]);
    assert_eq!(some(EscalationFilter { limit: 1, ..all.clone() }).await, [late]);
    assert_eq!(some(EscalationFilter { before: Some(late), ..all.clone() }).await, [early]);
    assert_eq!(some(EscalationFilter { missed: true, ..all.clone() }).await, [early]);
    assert_eq!(some(EscalationFilter { taken_by: Some(UserId(7)), ..all.clone() }).await, [early]);
    assert_eq!(some(EscalationFilter { team: Some("sales".into()), ..all.clone() }).await, []);
    assert_eq!(some(EscalationFilter { since: Some(At(NOW.0 + 1)), ..all }).await, []);
    assert_eq!(store.escalation(taken.id).await.unwrap(), Some(taken));
    assert_eq!(store.mailbox(MailboxId(1)).await.unwrap().escalations.len(), 1);
}
