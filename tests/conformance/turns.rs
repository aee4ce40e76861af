//! What turns change.

use std::time::Duration;

use engine::clock::At;
use engine::ids::{ContactId, ConversationId, EventId, MailboxId, RunId, VersionId, WaitId};
use engine::store::{
    ContactRow, ConversationRow, EffectOp, FIRST_WAIT, Pages, Reads, RunRow, RunStatus, Store, TagOp, TagRow,
    VersionRow, VersionState, WaitKind, WaitOp, WaitRow, WaitState,
};

use super::Driver;
use super::make::{self, NOW, arrival, party, stored, text};

const BOX: MailboxId = MailboxId(77);

async fn wait_ops<S: Store>(store: &S, ops: Vec<WaitOp>) {
    let mut work = make::work(BOX);
    work.waits = ops;
    store.commit(work).await.unwrap();
}

async fn armed<S: Store>(store: &S) -> Vec<WaitId> {
    store.mailbox(BOX).await.unwrap().waits.iter().map(|wait| wait.id).collect()
}

/// To the last field; of another mailbox, nothing.
pub async fn a_mailbox_reads_back_what_was_committed<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let contact = make::contact(ContactId(BOX.0), "Li Wei", "+8613800138000");
    let conversation = make::conversation(ConversationId(make::next()), contact.id, "8613800138000");
    let version = make::version("order-to-ticket", 1, VersionState::Live);
    let run = make::run(BOX, version.id);
    let wait = WaitRow {
        run_id: Some(run.id),
        cursor: 3,
        on_kind: Some("whatsapp.message_received".into()),
        since: EventId(9),
        ..make::wait(BOX, WaitKind::Event, At::NEVER)
    };
    let effect = make::effect(&run, 1);
    let (tag, escalation) = (make::tag(contact.id, "vip", "rule-1"), make::escalation(&run, "VIP order"));
    let mut work = make::work(BOX);
    work.contact = Some(contact.clone());
    work.conversations = vec![conversation.clone()];
    work.versions = vec![version.clone()];
    work.runs = vec![run.clone()];
    work.journal = vec![make::journal(&run, 0, "hello")];
    work.waits = vec![WaitOp::Arm(Box::new(wait.clone()))];
    work.effects = vec![EffectOp::Plan(Box::new(effect.clone()))];
    work.tags = vec![TagOp::Add(tag.clone())];
    work.escalations = vec![escalation.clone()];
    let journal = work.journal.clone();
    store.commit(work).await.unwrap();

    let rows = store.mailbox(BOX).await.unwrap();
    assert_eq!(rows.contact, Some(contact));
    assert_eq!(rows.conversations, [conversation]);
    assert_eq!(rows.tags, [tag]);
    let run = RunRow { flow: version.flow.clone(), ..run };
    assert_eq!(rows.runs, std::slice::from_ref(&run));
    assert_eq!((rows.waits, rows.effects, rows.escalations), (vec![wait], vec![effect], vec![escalation]));
    assert_eq!(store.run(run.id).await.unwrap(), Some(run.clone()));
    assert_eq!(store.version(version.id).await.unwrap(), Some(version));
    let told = store.journal(run.id.0).await.unwrap();
    assert_eq!((told.len(), &told[0].body, &told[0].data), (1, &journal[0].body, &journal[0].data));
    assert_eq!(store.mailbox(MailboxId(78)).await.unwrap(), engine::store::MailboxRows::default());
}

/// 32 of them, oldest first.
pub async fn a_mailbox_looks_back_on_its_last_events<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let who = || Some(party("8613800138000", "Li Wei"));
    let events = (0..40).map(|n| arrival(text(&n.to_string(), who(), "x"))).collect();
    let receipts = store.receive(events).await.unwrap();
    let (rows, inputs): (Vec<_>, Vec<_>) = receipts.iter().map(stored).unzip();
    let mailbox = rows[0].mailbox;
    assert_eq!(store.mailbox(mailbox).await.unwrap().recent, [], "none is handled yet");
    let mut work = make::work(mailbox);
    work.consumed = inputs[..38].iter().map(|input| input.id).collect();
    store.commit(work).await.unwrap();
    assert_eq!(store.mailbox(mailbox).await.unwrap().recent, rows[6..38]);
}

/// And keeps its row.
pub async fn an_ended_run_leaves_the_mailbox<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let run = make::run(BOX, VersionId(1));
    let mut work = make::work(BOX);
    work.runs = vec![run.clone()];
    store.commit(work.clone()).await.unwrap();
    let over = RunRow { status: RunStatus::Done, state: Vec::new(), ended_at: Some(NOW), turns: 2, error: None, ..run };
    work.runs = vec![over.clone()];
    store.commit(work).await.unwrap();
    assert_eq!(store.mailbox(BOX).await.unwrap().runs, []);
    assert_eq!(store.run(over.id).await.unwrap(), Some(over));
}

/// A little, as nearly every turn does, or what it seldom does: another phone, another version, another contact.
pub async fn a_row_that_changes_is_read_back_changed<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let contact = make::contact(ContactId(BOX.0), "Li Wei", "+8613800138000");
    let conversation = make::conversation(ConversationId(make::next()), contact.id, "8613800138000");
    let run = make::run(BOX, VersionId(1));
    let change = async |contact: &ContactRow, conversation: &ConversationRow, run: &RunRow| {
        let mut work = make::work(BOX);
        work.contact = Some(contact.clone());
        work.conversations = vec![conversation.clone()];
        work.runs = vec![run.clone()];
        store.commit(work).await.unwrap();
        let rows = store.mailbox(BOX).await.unwrap();
        assert_eq!((rows.contact.as_ref(), &rows.runs[..]), (Some(contact), std::slice::from_ref(run)));
        assert_eq!(
            store.person(conversation.contact_id).await.unwrap().conversations,
            std::slice::from_ref(conversation)
        );
    };
    change(&contact, &conversation, &run).await;
    let contact = ContactRow { name: "Li".into(), unread: 2, last_at: Some(NOW), rev: 2, ..contact };
    let conversation = ConversationRow { session_messages: 7, last_in_at: Some(NOW), rev: 2, ..conversation };
    let run = RunRow { status: RunStatus::Waiting, state: vec![9], turns: 2, effects: 1, ..run };
    change(&contact, &conversation, &run).await;
    let contact = ContactRow { phone: Some("+8613900139000".into()), ..contact };
    let conversation = ConversationRow { contact_id: ContactId(78), connection: "wa-two".into(), ..conversation };
    let run = RunRow { version_id: VersionId(2), contact_id: None, conversation_id: None, ..run };
    change(&contact, &conversation, &run).await;
}

/// By whoever comes first, the timer or the answer; one armed by the same work can be closed by it.
pub async fn a_wait_is_closed_once<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (one, two) = (make::wait(BOX, WaitKind::Timer, NOW), make::wait(BOX, WaitKind::Timer, NOW));
    let close = |wait: &WaitRow, to| WaitOp::Close { id: wait.id, to };
    wait_ops(&store, vec![WaitOp::Arm(Box::new(one.clone()))]).await;
    assert_eq!(armed(&store).await, [one.id]);
    wait_ops(&store, vec![close(&one, WaitState::Answered)]).await;
    assert_eq!(armed(&store).await, []);
    wait_ops(&store, vec![close(&one, WaitState::Fired), close(&one, WaitState::Armed)]).await;
    assert_eq!(armed(&store).await, [], "closed for good");
    wait_ops(&store, vec![WaitOp::Arm(Box::new(two.clone())), close(&two, WaitState::Cancelled)]).await;
    assert_eq!(armed(&store).await, []);
    assert_eq!(store.due(FIRST_WAIT, At::NEVER, 10).await.unwrap(), []);
}

/// Those of the runs for times and events, the next to fall due first; not what is closed, of another kind or of another run.
pub async fn what_a_run_waits_for_is_listed<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (run, other) = (RunId(make::next()), RunId(make::next()));
    let of = |run, kind, due| WaitRow { run_id: Some(run), ..make::wait(BOX, kind, due) };
    let later = of(run, WaitKind::Event, At::NEVER);
    let soon = of(run, WaitKind::Timer, NOW);
    let closed = of(run, WaitKind::Timer, NOW);
    let arm = |wait: &WaitRow| WaitOp::Arm(Box::new(wait.clone()));
    let others = [of(other, WaitKind::Timer, NOW), of(run, WaitKind::Slot, NOW), make::wait(BOX, WaitKind::Timer, NOW)];
    let mut ops: Vec<WaitOp> = others.iter().chain([&later, &soon, &closed]).map(arm).collect();
    ops.push(WaitOp::Close { id: closed.id, to: WaitState::Answered });
    wait_ops(&store, ops).await;
    assert_eq!(store.waits_of(vec![(BOX, run)]).await.unwrap(), [soon.clone(), later.clone()]);
    assert_eq!(store.waits_of(vec![(BOX, run), (BOX, other)]).await.unwrap(), [soon, others[0].clone(), later]);
    assert_eq!(store.waits_of(Vec::new()).await.unwrap(), []);
}

/// Of its kind only; waits without a key replace none, and a closed one makes room.
pub async fn an_armed_wait_with_the_same_key_is_replaced<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let keyed = |kind| WaitRow { key: Some("conversation-1".into()), ..make::wait(BOX, kind, NOW) };
    let arm = |wait: &WaitRow| WaitOp::Arm(Box::new(wait.clone()));
    let silences = [keyed(WaitKind::Silence), keyed(WaitKind::Silence), keyed(WaitKind::Silence)];
    let (cron, free, other) =
        (keyed(WaitKind::Cron), make::wait(BOX, WaitKind::Silence, NOW), make::wait(BOX, WaitKind::Silence, NOW));
    wait_ops(&store, vec![arm(&silences[0]), arm(&cron), arm(&free), arm(&other)]).await;
    wait_ops(&store, vec![arm(&silences[1])]).await;
    assert_eq!(armed(&store).await, [silences[1].id, cron.id, free.id, other.id]);
    let close = WaitOp::Close { id: silences[1].id, to: WaitState::Fired };
    wait_ops(&store, vec![close, arm(&silences[2])]).await;
    assert_eq!(armed(&store).await, [silences[2].id, cron.id, free.id, other.id]);
}

/// Of (due, id), in pages, up to an instant.
pub async fn waits_fall_due_in_order<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let after = |ms| NOW.plus(Duration::from_millis(ms));
    let waits = [30, 10, 20, 10, 40].map(|ms| make::wait(BOX, WaitKind::Timer, after(ms)));
    wait_ops(&store, waits.iter().map(|wait| WaitOp::Arm(Box::new(wait.clone()))).collect()).await;
    let first = store.due(FIRST_WAIT, after(30), 2).await.unwrap();
    assert_eq!(first.iter().map(|row| row.id).collect::<Vec<_>>(), [waits[1].id, waits[3].id]);
    let next = store.due((first[1].due_at, first[1].id), after(30), 10).await.unwrap();
    assert_eq!(next.iter().map(|row| row.id).collect::<Vec<_>>(), [waits[2].id, waits[0].id]);
    assert!(next.iter().all(|row| row.mailbox == BOX));
}

/// A source twice is once, and keeps its time; the last word in one work counts.
pub async fn tags_are_counted_by_source<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let id = ContactId(BOX.0);
    let (rule, flow) = (make::tag(id, "vip", "rule-1"), TagRow { source: 1, ..make::tag(id, "vip", "flow-1") });
    let commit = async |tags| {
        let mut work = make::work(BOX);
        work.contact = Some(make::contact(id, "Li Wei", "+86138"));
        work.tags = tags;
        store.commit(work).await.unwrap();
        store.mailbox(BOX).await.unwrap().tags
    };
    let later = TagRow { at: NOW.plus(Duration::from_secs(1)), ..rule.clone() };
    assert_eq!(commit(vec![TagOp::Add(rule.clone()), TagOp::Add(flow.clone())]).await, [rule.clone(), flow.clone()]);
    assert_eq!(commit(vec![TagOp::Add(later.clone())]).await, [rule.clone(), flow.clone()]);
    assert_eq!(
        commit(vec![TagOp::Remove(rule.clone()), TagOp::Add(later.clone())]).await,
        [later.clone(), flow.clone()]
    );
    assert_eq!(commit(vec![TagOp::Add(rule.clone()), TagOp::Remove(rule)]).await, [flow]);
}

/// Making one live makes the one before it old, in whatever order they come.
pub async fn one_version_of_a_flow_is_live<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let [one, two, three] = [1, 2, 3].map(|meaning| make::version("a", meaning, VersionState::Live));
    let other = make::version("b", 1, VersionState::Live);
    let commit = async |versions: Vec<VersionRow>| {
        let mut work = make::work(MailboxId::SYSTEM);
        work.versions = versions;
        store.commit(work).await.unwrap();
        let mut states = Vec::new();
        for version in store.versions_of("a").await.unwrap() {
            states.push((version.id, version.state));
        }
        states
    };
    commit(vec![one.clone(), other.clone()]).await;
    let states = commit(vec![two.clone(), three.clone()]).await;
    let (old, live) = (VersionState::Old, VersionState::Live);
    assert_eq!(states, [(three.id, live), (two.id, old), (one.id, old)], "newest first");
    let states = commit(vec![one.clone()]).await;
    assert_eq!(states, [(three.id, old), (two.id, old), (one.id, live)], "back to the first");
    assert_eq!(store.versions().await.unwrap().iter().map(|row| row.id).collect::<Vec<_>>(), [one.id, other.id]);
    let twin = VersionRow { id: VersionId(make::next()), ..one };
    let mut work = make::work(MailboxId::SYSTEM);
    work.versions = vec![twin];
    assert!(store.commit(work).await.is_err(), "the same text of the same meaning");
}

/// Live or off, else the newest draft; removed flows are not listed.
pub async fn every_flow_is_listed_once<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let version = make::version;
    let (live, draft) = (version("a", 1, VersionState::Live), version("a", 2, VersionState::Draft));
    let off = version("b", 1, VersionState::Off);
    let (first, second) = (version("c", 1, VersionState::Draft), version("c", 2, VersionState::Draft));
    let removed = version("d", 1, VersionState::Old);
    let mut work = make::work(MailboxId::SYSTEM);
    work.versions = vec![live.clone(), draft, off.clone(), first, second.clone(), removed];
    store.commit(work).await.unwrap();
    assert_eq!(store.flows().await.unwrap(), [live, off, second]);
}

/// With the live ones, each once.
pub async fn versions_of_open_runs_are_read_at_start<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let [needed, ended, draft] = [1, 2, 3].map(|meaning| make::version("a", meaning, VersionState::Draft));
    let live = make::version("a", 4, VersionState::Live);
    let mut work = make::work(BOX);
    work.versions = vec![needed.clone(), ended.clone(), draft, live.clone()];
    let over = RunRow { status: RunStatus::Failed, ..make::run(BOX, ended.id) };
    work.runs = vec![make::run(BOX, needed.id), make::run(BOX, needed.id), make::run(BOX, live.id), over];
    store.commit(work).await.unwrap();
    assert_eq!(store.versions().await.unwrap(), [needed, live]);
}

/// A silence or a slot: the second is dropped.
pub async fn an_event_made_twice_is_stored_once<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let receipts = store.receive(vec![arrival(text("a", None, "x"))]).await.unwrap();
    let event = stored(&receipts[0]).0;
    let twin = engine::store::EventRow { id: EventId(make::next()), ..event.clone() };
    let mut work = make::work(BOX);
    work.events = vec![twin.clone()];
    work.runs = vec![make::run(BOX, VersionId(1))];
    store.commit(work).await.unwrap();
    assert_eq!(store.event(twin.id).await.unwrap(), None);
    assert_eq!(store.event(event.id).await.unwrap(), Some(event));
    assert_eq!(store.mailbox(BOX).await.unwrap().runs.len(), 1, "the rest of the work is there");
}

/// Whatever table it is in; ids of mailboxes may be less than zero.
pub async fn the_greatest_id_is_known<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    assert_eq!(store.last_id().await.unwrap(), 0);
    let mut work = make::work(MailboxId(-5));
    let wait = make::wait(MailboxId(-5), WaitKind::Timer, NOW);
    work.runs = vec![make::run(MailboxId(-5), VersionId(1))];
    work.waits = vec![WaitOp::Arm(Box::new(WaitRow { id: WaitId(1 << 40), ..wait }))];
    store.commit(work).await.unwrap();
    assert_eq!(store.last_id().await.unwrap(), 1 << 40);
}
