//! Orders about runs that are over: once more from the step that failed, or from the beginning.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Handling, burst, sweep};
use crate::event::{CRON, FLOW_CALLED};
use crate::flow::{Trigger, Version};
use crate::ids::RunId;
use crate::matching;
use crate::order::{Error, Told};
use crate::run::{Block, Entry, Run, State, Wake, What};
use crate::sentence;
use crate::store::RunStatus;

impl Handling<'_> {
    /// A new run that stands where the old one failed.
    pub(super) fn retry_run(&mut self, told: Told, input: Option<Value>) -> Result<Value, Error> {
        let row = &told.row;
        if row.status != RunStatus::Failed {
            return Err(Error::Refused(sentence!("{run} did not fail: there is nothing to try again", run = row.id)));
        }
        if self.mail.erased.holds(row.id.0) {
            return Err(Error::Refused(sentence!("what {run} knew was erased", run = row.id)));
        }
        let (mut state, version) = before_failure(&told).ok_or_else(|| {
            Error::Refused(sentence!("{run} was ended by a `stop`: there is no failed step to try again", run = row.id))
        })?;
        make_ready(&mut state, row.id)?;
        state.edited = input;
        let gate = state.gate;
        let step = state.step(&version.program).map_or_else(|| "".into(), |step| Arc::clone(&step.path));
        let id = RunId(self.next_id());
        let run = Run {
            id,
            version,
            mailbox: self.mail.id,
            contact: row.contact_id,
            conversation: row.conversation_id,
            event: row.event_id,
            state: State { gate, ..State::default() },
            turns: 0,
            started_at: self.now,
        };
        let state = serde_json::to_value(&state).unwrap_or_default();
        self.give_turn(run, Wake::Resume { from: row.id, step: Arc::clone(&step), state });
        Ok(json!({ "run": id, "retries": row.id, "step": step }))
    }

    /// A new run of the flow as it is now, from the same event.
    pub(super) fn replay_run(&mut self, told: &Told) -> Result<Value, Error> {
        let Told { row, event, entries, .. } = told;
        let called = |entry: &Entry| matches!(&entry.what, What::Started { trigger, .. } if **trigger == *FLOW_CALLED);
        if entries.iter().any(called) {
            return Err(Error::Refused(sentence!("{run} was called by another flow: replay that one", run = row.id)));
        }
        if self.mail.erased.holds(row.id.0) {
            return Err(Error::Refused(sentence!("what started {run} was erased", run = row.id)));
        }
        let book = self.book;
        let live = book.live.iter().find(|live| *live.version.flow == *row.flow);
        let live = live.ok_or_else(|| Error::Refused(sentence!("the flow `{flow}` is not live", flow = row.flow)))?;
        let of_another = |trigger: &Trigger| *event.kind == *CRON && sweep::is_of_another(&row.flow, trigger, event);
        let mut triggers = live.version.triggers.iter();
        let trigger = triggers.find(|trigger| matching::hears(&trigger.kind, &event.kind) && !of_another(trigger));
        let trigger = trigger.ok_or_else(|| {
            let (flow, kind) = (&row.flow, &event.kind);
            Error::Refused(sentence!("no trigger of `{flow}` hears `{kind}` any more", flow, kind))
        })?;
        // What a burst started holds the words of all its events; they are stored with the run alone.
        let stored = entries.iter().find_map(|entry| entry.data.get("event").filter(|_| is_start(entry)));
        let gathers = stored.is_some() || live.version.limits.debounce.is_some();
        let mut event = event.clone();
        if gathers {
            let mut seen = stored.unwrap_or(&event.seen).clone();
            if seen.get("texts").is_none() {
                burst::alone(&mut seen);
            }
            event.seen = Arc::new(seen);
        }
        let begun = self.begin_again(live, &trigger.id, &event, row.id, gathers);
        let id = begun.map_err(|error| {
            Error::Refused(sentence!("the key of a limit cannot be worked out: {why}", why = error.to_string()))
        })?;
        Ok(json!({ "run": id, "replays": row.id }))
    }
}

fn is_start(entry: &Entry) -> bool {
    matches!(entry.what, What::Started { .. })
}

/// The state before the failure that no step of the flow handled, and the version the run was on then.
fn before_failure(told: &Told) -> Option<(State, Arc<Version>)> {
    let mut versions = told.earlier.iter().chain([&told.version]);
    let mut version = versions.next()?;
    let mut state = State::new((*told.event.seen).clone());
    for entry in &told.entries {
        if let What::Moved { .. } = entry.what {
            version = versions.next()?;
        }
        let before = matches!(entry.what, What::Failed { .. } | What::Overdue { .. }).then(|| state.clone());
        let handled_before = state.in_error_branch;
        state.apply(version, entry);
        if state.in_error_branch && !handled_before {
            return Some((before?, Arc::clone(version)));
        }
    }
    None
}

/// Makes the state before a failure one that can go on: its step is visited anew, and waits on other branches begin anew.
fn make_ready(state: &mut State, run: RunId) -> Result<(), Error> {
    let within = Arc::clone(&state.within);
    for cursor in &mut state.cursors {
        match cursor.block {
            Block::Branches => {}
            Block::Effect(_) | Block::Child(_) if cursor.within != within => {
                return Err(Error::Refused(sentence!(
                    "{run}: another branch had a call under way, which may have happened: replay the run instead",
                    run
                )));
            }
            _ => cursor.block = Block::Free,
        }
    }
    state.caller = None;
    state.deadlines.clear();
    state.stayed = None;
    state.queued = false;
    state.parked.clear();
    state.effects = 0;
    state.ended = None;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::book::{Book, Live};
    use crate::capability::web;
    use crate::clock::At;
    use crate::connector::{ActionSpec, Catalog, Problem, Repeat, Verdict};
    use crate::event::{Event, EventKey, Origin};
    use crate::flow::{Environment, check};
    use crate::handle::{Input, handle};
    use crate::ids::{EventId, Ids, MailboxId, VersionId};
    use crate::mailbox::Mailbox;
    use crate::order::{About, Order};
    use crate::publication::Publication;
    use crate::run::{Plan, journal};
    use crate::store::{EffectOp, JournalKind, RunRow, Work};

    const NOW: At = At(1_800_000_000_000);
    const FLOW: &str = "format: 1\nflow: tried\non: webhook.received\nsteps:\n  - set: { a: 1 }\n  - id: asked\n    do: http.request\n    with: { url: https://shop.example/one }\n  - set: { b: \"= steps.asked.status\" }\non_error:\n  - set: { failed: true }\n";

    /// A world of one mailbox, with what was written in it.
    struct World {
        book: Book,
        mail: Mailbox,
        ids: Ids,
        works: Vec<Work>,
        /// The version before the one that is live.
        earlier: Option<Arc<Version>>,
    }

    impl World {
        fn new() -> Self {
            Self::of(FLOW)
        }

        fn version(flow: &str, id: i64) -> Arc<Version> {
            let request = ActionSpec::of::<web::Request>(Repeat::OnlyIfRefused);
            let actions = BTreeMap::from([(request.name, request)]);
            let catalog = Catalog { actions, triggers: crate::trigger::all(), serves: BTreeMap::new() };
            let checked = check(flow, &Environment::new(&catalog));
            let version = checked.version.unwrap_or_else(|| panic!("{:#?}", checked.problems));
            Arc::new(version.into_version(VersionId(id)))
        }

        fn of(flow: &str) -> Self {
            let live = Live { version: Self::version(flow, 1), since: At(0) };
            let book = Book::new(vec![live], Vec::new(), None);
            Self { book, mail: Mailbox::new(MailboxId(7)), ids: Ids::new(0), works: Vec::new(), earlier: None }
        }

        /// Another version goes live, and the runs hear of it.
        fn publish(&mut self, flow: &str) {
            let before = Arc::clone(&self.book.live[0].version);
            let live = Live { version: Self::version(flow, 2), since: NOW };
            self.book = Book::new(vec![live], vec![Arc::clone(&before)], None);
            self.earlier = Some(before);
            let (flow, version, by) = ("tried".to_owned(), VersionId(2), "cli".to_owned());
            let choices = BTreeMap::new();
            let news = Publication { flow, version, removed: false, choices, by, at: NOW };
            self.give(Input::Published(Arc::new(news))).unwrap();
        }

        fn give(&mut self, input: Input) -> Result<Value, Error> {
            let mut work = Work::default();
            let answer = handle(&self.book, &mut self.mail, input, NOW, &self.ids, &mut work);
            self.works.push(work);
            answer
        }

        fn event() -> Event {
            let event = Event {
                id: EventId(70),
                key: EventKey::new("", "webhook", "70"),
                mailbox: MailboxId(7),
                contact: None,
                conversation: None,
                connection: "hooks".into(),
                kind: crate::event::WEBHOOK_RECEIVED.into(),
                origin: Origin::Api,
                at: NOW,
                provider_at: None,
                depth: 0,
                seen: Arc::default(),
            };
            event.with_fields(json!({ "method": "POST", "path": "", "query": {}, "body": {} }))
        }

        /// The last call that was planned.
        fn planned(&self) -> crate::store::EffectRow {
            let ops = self.works.iter().flat_map(|work| &work.effects);
            let mut planned =
                ops.filter_map(|op| if let EffectOp::Plan(row) = op { Some((**row).clone()) } else { None });
            planned.next_back().expect("a call was planned")
        }

        fn settle(&mut self, verdict: Verdict) {
            let effect = Box::new(self.planned());
            self.give(Input::Settled { effect, attempts: Vec::new(), verdict, input: None }).unwrap();
        }

        fn last_run(&self) -> RunRow {
            self.works.iter().flat_map(|work| &work.runs).next_back().expect("a run").clone()
        }

        fn told(&self, run: RunId) -> Box<Told> {
            let rows = self.works.iter().flat_map(|work| &work.journal);
            let own = rows.filter(|row| row.kind == JournalKind::Turn && row.subject == run.0);
            let entries = own.flat_map(|row| journal::decode(row).unwrap()).collect();
            let mut runs = self.works.iter().flat_map(|work| &work.runs);
            let row = runs.rfind(|row| row.id == run).expect("the run").clone();
            let version = Arc::clone(&self.book.live[0].version);
            let earlier = self.earlier.iter().cloned().collect();
            Box::new(Told { row, version, earlier, event: Self::event(), entries })
        }

        fn order(&mut self, order: Order, run: RunId) -> Result<Value, Error> {
            let about = Some(About::Run(self.told(run)));
            self.give(Input::Order { by: "ops".into(), order, about })
        }

        fn failed() -> (Self, RunId) {
            let mut world = Self::new();
            world.give(Input::Event { event: Arc::new(Self::event()), input: None }).unwrap();
            world.settle(Verdict::Refused(Problem::new("no", "no")));
            let run = world.last_run();
            assert_eq!(run.status, RunStatus::Failed);
            (world, run.id)
        }
    }

    #[test]
    fn a_failed_run_is_tried_again_from_its_failed_step_with_another_input() {
        let (mut world, failed) = World::failed();
        let input = json!({ "url": "https://shop.example/two", "method": "GET" });
        let answer = world.order(Order::RetryRun { run: failed, input: Some(input.clone()) }, failed).unwrap();
        assert_eq!((&answer["retries"], &answer["step"]), (&json!(failed), &json!("asked")));
        let call = world.planned();
        assert!(call.run_id != failed && call.n == 1, "another key");
        assert_eq!(serde_json::from_slice::<Plan>(&call.input).unwrap().input, input);
        let run = world.mail.runs[&call.run_id].state.clone();
        assert_eq!(run.vars.get("a"), Some(&json!(1)), "it knows what the old run knew");
        assert_eq!(State::fold(&world.book.live[0].version, Value::Null, &world.told(call.run_id).entries), run);
        world.settle(Verdict::done(json!({ "status": 200 })));
        assert_eq!(world.last_run().status, RunStatus::Done);
    }

    #[test]
    fn a_run_that_moved_after_it_failed_is_tried_again_on_the_version_it_failed_on() {
        let flow = format!("{FLOW}  - id: later\n    wait: 2h\n    on_publish: continue\n");
        let mut world = World::of(&flow);
        world.give(Input::Event { event: Arc::new(World::event()), input: None }).unwrap();
        world.settle(Verdict::Refused(Problem::new("no", "no")));
        let run = world.last_run().id;
        world.publish(&flow.replace("steps:\n", "steps:\n  - set: { first: 1 }\n  - set: { second: 2 }\n"));
        assert_eq!(world.last_run().version_id, VersionId(2), "it waits in the error branch of the new one");
        let wait = *world.mail.waits.keys().next().expect("it waits");
        world.give(Input::Due(wait)).unwrap();
        assert_eq!(world.last_run().status, RunStatus::Failed);
        let answer = world.order(Order::RetryRun { run, input: None }, run).unwrap();
        assert_eq!(answer["step"], json!("asked"));
        let tried = world.last_run();
        assert_eq!((tried.version_id, tried.status), (VersionId(1), RunStatus::Working));
        assert_eq!(world.mail.runs[&tried.id].state.vars.get("a"), Some(&json!(1)));
    }

    #[test]
    fn a_run_that_did_not_fail_is_not_tried_again() {
        let (mut world, failed) = World::failed();
        world.order(Order::ReplayRun { run: failed }, failed).unwrap();
        world.settle(Verdict::done(json!({ "status": 200 })));
        let done = world.last_run().id;
        let refused = world.order(Order::RetryRun { run: done, input: None }, done).unwrap_err();
        assert!(refused.to_string().contains("did not fail"), "{refused}");
    }

    #[test]
    fn a_replay_is_a_new_run_that_names_its_origin() {
        let (mut world, failed) = World::failed();
        let answer = world.order(Order::ReplayRun { run: failed }, failed).unwrap();
        assert_eq!(answer["replays"], json!(failed));
        let run = world.planned().run_id;
        let entries = world.told(run).entries;
        assert_eq!(entries[0].data["replays"], json!(failed));
    }
}
