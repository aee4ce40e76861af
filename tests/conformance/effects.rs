//! Outgoing calls, from plan to end.

use std::time::Duration;

use engine::connector::Status;
use engine::ids::{ContactId, ConversationId, EffectId, MailboxId, RunId, VersionId};
use engine::store::{
    Arrival, DispatchOp, EffectOp, EffectRow, EffectState, EventArrival, FIRST_EFFECT, InputKind, Reads, Receipt,
    RunRow, Store,
};

use super::Driver;
use super::make::{self, NOW};

const BOX: MailboxId = MailboxId(77);

/// A run with one planned effect, both stored.
async fn planned<S: Store>(store: &S) -> (RunRow, EffectRow) {
    let run = make::run(BOX, VersionId(1));
    let effect = make::effect(&run, 1);
    plan(store, &run, effect.clone()).await;
    (run, effect)
}

async fn plan<S: Store>(store: &S, run: &RunRow, effect: EffectRow) {
    let mut work = make::work(BOX);
    work.runs = vec![run.clone()];
    work.effects = vec![EffectOp::Plan(Box::new(effect))];
    store.commit(work).await.unwrap();
}

async fn apply<S: Store>(store: &S, op: EffectOp) {
    let mut work = make::work(BOX);
    work.effects = vec![op];
    store.commit(work).await.unwrap();
}

fn start(id: EffectId) -> DispatchOp {
    DispatchOp::Start { id, at: NOW }
}

fn again(id: EffectId) -> DispatchOp {
    DispatchOp::Again { id, attempt: 1, not_before: NOW.plus(Duration::from_secs(1)), attempts: b"[1]".to_vec() }
}

fn doubt(id: EffectId) -> DispatchOp {
    DispatchOp::Doubt { id, until: NOW.plus(Duration::from_secs(600)), attempts: b"[1]".to_vec() }
}

fn park(id: EffectId, why: &str) -> EffectOp {
    EffectOp::Park { id, why: why.into(), deadline: NOW.plus(Duration::from_secs(86_400)), attempts: b"[1]".to_vec() }
}

/// And nothing may be called for it.
pub async fn a_withdrawn_effect_does_not_start<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (_, effect) = planned(&store).await;
    apply(&store, EffectOp::Withdraw(effect.id)).await;
    assert_eq!(store.dispatch(vec![start(effect.id)]).await.unwrap(), []);
    assert_eq!(store.effect(effect.id).await.unwrap(), None);
}

/// Its outcome will come; only finishing deletes it.
pub async fn an_effect_in_flight_cannot_be_withdrawn<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (_, effect) = planned(&store).await;
    assert_eq!(store.dispatch(vec![start(effect.id)]).await.unwrap(), [effect.id]);
    apply(&store, EffectOp::Withdraw(effect.id)).await;
    let found = store.effect(effect.id).await.unwrap().unwrap();
    assert_eq!(found, EffectRow { state: EffectState::InFlight, sent_at: Some(NOW), ..effect.clone() });
    apply(&store, EffectOp::Finish(effect.id)).await;
    assert_eq!(store.effect(effect.id).await.unwrap(), None);
}

/// Whoever gives its run up awaits no proof; one that comes later proves nothing any more.
pub async fn an_effect_in_doubt_can_be_withdrawn<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (_, effect) = planned(&store).await;
    store.dispatch(vec![start(effect.id), doubt(effect.id)]).await.unwrap();
    apply(&store, EffectOp::Withdraw(effect.id)).await;
    assert_eq!(store.effect(effect.id).await.unwrap(), None);
    let late = make::status("wamid.out", Status::Delivered, Some(&effect.key));
    assert_eq!(store.receive(vec![late]).await.unwrap(), [Receipt::Noted(None)]);
}

/// Also when two ask at once.
pub async fn an_effect_starts_once<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (_, effect) = planned(&store).await;
    let both = futures_util::future::join_all([1, 2].map(|_| store.dispatch(vec![start(effect.id)]))).await;
    assert_eq!(both.into_iter().flat_map(Result::unwrap).collect::<Vec<_>>(), [effect.id]);
}

/// Nor does one whose conversation is not known; one that needs no window does.
pub async fn a_closed_window_does_not_start<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let conversation = ConversationId(make::next());
    let window = async |closes_at| {
        let mut work = make::work(BOX);
        let mut row = make::conversation(conversation, ContactId(BOX.0), "86138");
        row.window_closes_at = closes_at;
        work.conversations = vec![row];
        store.commit(work).await.unwrap();
    };
    let run = make::run(BOX, VersionId(1));
    let effect = EffectRow { window: Some(conversation), ..make::effect(&run, 1) };
    plan(&store, &run, effect.clone()).await;
    assert_eq!(store.dispatch(vec![start(effect.id)]).await.unwrap(), [], "no conversation");
    window(None).await;
    assert_eq!(store.dispatch(vec![start(effect.id)]).await.unwrap(), [], "never opened");
    window(Some(NOW)).await;
    assert_eq!(store.dispatch(vec![start(effect.id)]).await.unwrap(), [], "closes at this instant");
    window(Some(NOW.plus(Duration::from_millis(1)))).await;
    assert_eq!(store.dispatch(vec![start(effect.id)]).await.unwrap(), [effect.id]);
}

/// At the deadline it may still.
pub async fn an_effect_past_its_deadline_does_not_start<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (_, effect) = planned(&store).await;
    let late = effect.deadline.plus(Duration::from_millis(1));
    assert_eq!(store.dispatch(vec![DispatchOp::Start { id: effect.id, at: late }]).await.unwrap(), []);
    let last = DispatchOp::Start { id: effect.id, at: effect.deadline };
    assert_eq!(store.dispatch(vec![last]).await.unwrap(), [effect.id]);
}

/// Only a turn's parking goes from anywhere.
pub async fn every_move_names_the_state_it_starts_from<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (_, effect) = planned(&store).await;
    let id = effect.id;
    let moves = async |op| store.dispatch(vec![op]).await.unwrap() == [id];
    assert!(!moves(again(id)).await && !moves(doubt(id)).await, "planned");
    assert!(moves(start(id)).await);
    assert!(moves(doubt(id)).await);
    let doubtful = store.effect(id).await.unwrap().unwrap();
    assert_eq!(doubtful.settle_until, Some(NOW.plus(Duration::from_secs(600))));
    assert!(!moves(start(id)).await && !moves(doubt(id)).await, "in doubt");
    assert!(moves(again(id)).await);
    let planned = store.effect(id).await.unwrap().unwrap();
    assert_eq!((planned.state, planned.attempt, planned.settle_until), (EffectState::Planned, 1, None));
    assert_eq!((planned.not_before, &planned.attempts[..]), (NOW.plus(Duration::from_secs(1)), &b"[1]"[..]));
    apply(&store, park(id, "tries_used_up")).await;
    assert!(!moves(start(id)).await && !moves(again(id)).await && !moves(doubt(id)).await, "parked");
    apply(&store, EffectOp::Withdraw(id)).await;
    assert_eq!(store.effect(id).await.unwrap(), None, "a parked one can be withdrawn");
    apply(&store, park(id, "refused")).await;
    assert_eq!(store.effect(id).await.unwrap(), None, "what is gone cannot be parked");
}

/// Within one request.
pub async fn operations_on_one_effect_keep_their_order<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (_, effect) = planned(&store).await;
    let id = effect.id;
    let ops = vec![again(id), start(id), again(id), start(id), doubt(id)];
    assert_eq!(store.dispatch(ops).await.unwrap(), [id; 4]);
    assert_eq!(store.effect(id).await.unwrap().unwrap().state, EffectState::InDoubt);
}

/// With its reason, its attempts, and until when a person may answer.
pub async fn a_parked_effect_waits_for_a_person<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (_, effect) = planned(&store).await;
    store.dispatch(vec![start(effect.id)]).await.unwrap();
    apply(&store, park(effect.id, "tries_used_up")).await;
    let parked = store.effect(effect.id).await.unwrap().unwrap();
    assert_eq!((parked.state, parked.error.as_str()), (EffectState::Parked, "tries_used_up"));
    assert_eq!((parked.deadline, &parked.attempts[..]), (NOW.plus(Duration::from_secs(86_400)), &b"[1]"[..]));
}

/// Page by page, and of one run by their number.
pub async fn effects_are_read_by_state_oldest_first<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let run = make::run(BOX, VersionId(1));
    let rows: Vec<EffectRow> = (1..=5).map(|n| make::effect(&run, n)).collect();
    let mut work = make::work(BOX);
    work.runs = vec![run.clone()];
    work.effects = rows.iter().rev().map(|row| EffectOp::Plan(Box::new(row.clone()))).collect();
    store.commit(work).await.unwrap();
    let ids: Vec<EffectId> = rows.iter().map(|row| row.id).collect();
    store.dispatch(vec![start(ids[1]), start(ids[2]), doubt(ids[2])]).await.unwrap();
    apply(&store, park(ids[3], "refused")).await;
    let page = async |state, after, limit| -> Vec<EffectId> {
        store.effects(state, after, limit).await.unwrap().iter().map(|row| row.id).collect()
    };
    assert_eq!(page(EffectState::Planned, FIRST_EFFECT, 1).await, [ids[0]]);
    assert_eq!(page(EffectState::Planned, ids[0], 10).await, [ids[4]]);
    assert_eq!(page(EffectState::InFlight, FIRST_EFFECT, 10).await, [ids[1]]);
    assert_eq!(page(EffectState::InDoubt, FIRST_EFFECT, 10).await, [ids[2]]);
    assert_eq!(page(EffectState::Parked, FIRST_EFFECT, 10).await, [ids[3]]);
    let of_run: Vec<EffectId> = store.effects_of(run.id).await.unwrap().iter().map(|row| row.id).collect();
    assert_eq!(of_run, ids);
    let figures = store.figures().await.unwrap();
    assert_eq!((figures.planned, figures.in_doubt, figures.parked), (2, 1, 1));
}

/// Handed back with the receipt, and stored; a second status makes no second one.
pub async fn proof_of_an_effect_in_doubt_becomes_one_input<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (_, effect) = planned(&store).await;
    store.dispatch(vec![start(effect.id), doubt(effect.id)]).await.unwrap();
    let report = |status| make::status("wamid.out", status, Some(&effect.key));
    let receipts = store.receive(vec![report(Status::Sent), report(Status::Delivered)]).await.unwrap();
    let Receipt::Noted(Some(input)) = receipts[0].clone() else { panic!("{receipts:?}") };
    assert_eq!(receipts[1], Receipt::Noted(None));
    assert_eq!((input.mailbox, input.shard, input.kind), (BOX, BOX.shard(), InputKind::Evidence));
    assert_eq!((input.reference, input.body.as_deref()), (effect.id.0, Some(&b"wamid.out"[..])));
    assert_eq!(store.receive(vec![report(Status::Read)]).await.unwrap(), [Receipt::Noted(None)]);
    assert_eq!(store.inputs(engine::ids::InputId(0), 10).await.unwrap(), [input]);
}

/// Of the run that sent the message, one deeper than what started it; once, and not for a message that no run of ours sent.
pub async fn a_status_that_somebody_listens_to_is_one_event_of_its_sender<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (run, effect) = planned(&store).await;
    let told = |key: Option<&str>, external: &str| {
        let mut arrival = make::status(external, Status::Read, key);
        let Arrival::Status { event, .. } = &mut arrival else { panic!("not a status") };
        *event = Some(Box::new(EventArrival { message: None, ..make::text(external, None, "read") }));
        arrival
    };
    let receipts = store.receive(vec![told(Some(&effect.key), "wamid.out")]).await.unwrap();
    let Receipt::Told(stored, None) = &receipts[0] else { panic!("{receipts:?}") };
    let whose = (stored.event.mailbox, stored.event.contact_id, stored.event.conversation_id, stored.event.depth);
    assert_eq!(whose, (run.mailbox, run.contact_id, run.conversation_id, 1));
    assert_eq!(store.event(stored.event.id).await.unwrap().as_ref(), Some(&stored.event));
    assert_eq!(store.inputs(engine::ids::InputId(0), 10).await.unwrap(), std::slice::from_ref(&stored.input));
    let again = vec![told(Some(&effect.key), "wamid.out"), told(None, "wamid.other")];
    assert_eq!(store.receive(again).await.unwrap(), [Receipt::Noted(None), Receipt::Noted(None)]);
}

/// But not what was parked for another reason, and not for a key that is none of ours.
pub async fn proof_unparks_what_may_have_happened<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (_, maybe) = planned(&store).await;
    let (_, refused) = planned(&store).await;
    apply(&store, park(maybe.id, "may_have_happened")).await;
    apply(&store, park(refused.id, "refused")).await;
    let reports = [&maybe.key, &refused.key, "not/ours", "run_0000000000000/x", ""]
        .map(|key| make::status(key, Status::Delivered, Some(key)));
    let receipts = store.receive(reports.to_vec()).await.unwrap();
    assert!(matches!(&receipts[0], Receipt::Noted(Some(input)) if input.reference == maybe.id.0), "{receipts:?}");
    assert!(receipts[1..].iter().all(|receipt| *receipt == Receipt::Noted(None)), "{receipts:?}");
}

/// After a crash it is asked for.
pub async fn proof_of_an_effect_under_way_is_found_later<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (run, effect) = planned(&store).await;
    store.dispatch(vec![start(effect.id)]).await.unwrap();
    let report = |status| make::status("wamid.out", status, Some(&effect.key));
    assert_eq!(store.receive(vec![report(Status::Sent)]).await.unwrap(), [Receipt::Noted(None)], "not in doubt");
    store.receive(vec![report(Status::Delivered)]).await.unwrap();
    let asked = vec![effect.key.clone(), format!("{}/2", run.id), format!("{}/1", RunId(1))];
    let found = store.evidence(asked).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].key.as_str(), found[0].status), (effect.key.as_str(), Status::Delivered));
}
