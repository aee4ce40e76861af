//! What people do in the inbox, order by order, and what it does to the flows.

mod crm;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Input, handle};
use crate::book::{Book, Live};
use crate::capability::whatsapp::{SendChoices, SendTemplate, SendText};
use crate::clock::At;
use crate::connector::{ActionSpec, Catalog, Done, Party, Problem, Repeat, Sent, Verdict};
use crate::contact::{Contact, Conversation, Priority, WINDOW};
use crate::desk::ToDesk;
use crate::event::{self, Event, EventKey, Origin};
use crate::flow::{Environment, check};
use crate::ids::{ContactId, ConversationId, EventId, Ids, MailboxId, MessageId, UserId, VersionId};
use crate::inbox::{Act, Inbox, PAUSE, Place, Question, RatingRow, SaidKind, SaidOp, SaidRow, SaidState, Say, Words};
use crate::letter::Letter;
use crate::mailbox::Mailbox;
use crate::order::{Actor, Error, Order};
use crate::store::{EffectOp, EffectRow, InputKind, Lane, WaitKind, WaitOp, Work};

const NOW: At = At(1_795_000_000_000);
const PERSON: ContactId = ContactId(7);
const TALK: ConversationId = ConversationId(8);
const ANA: UserId = UserId(21);
const BEN: UserId = UserId(22);
const FLOW: &str = r#"
format: 1
flow: echo
on: [whatsapp.message_received: { keywords: [size] }]
steps:
  - do: whatsapp.send_text
    with: { text: "You said {{event.text}}" }
  - do: whatsapp.send_template
    with: { template: receipt }
  - do: whatsapp.send_template
    with: { template: offer, during_human: hold }
"#;

struct Stage {
    book: Book,
    mail: Mailbox,
    ids: Ids,
    now: At,
}

fn book() -> Book {
    let mut catalog =
        Catalog { actions: crate::local::actions(), triggers: crate::trigger::all(), ..Catalog::default() };
    let evidence = Repeat::Evidence { settle_s: 600 };
    for spec in [
        ActionSpec::of::<SendText>(evidence),
        ActionSpec::of::<SendTemplate>(evidence),
        ActionSpec::of::<SendChoices>(evidence),
    ] {
        catalog.actions.insert(spec.name, spec);
    }
    let checked = check(FLOW, &Environment::new(&catalog));
    let version = checked.version.unwrap_or_else(|| panic!("{:#?}", checked.problems)).into_version(VersionId(1));
    Book::new(vec![Live { version: Arc::new(version), since: NOW }], Vec::new(), None)
}

impl Stage {
    fn new() -> Self {
        let mut mail = Mailbox::new(MailboxId::of_contact(PERSON));
        mail.facts.contact = Some(Contact { phone: Some("+4915112345678".into()), ..Contact::new(PERSON, [1; 16]) });
        mail.facts.conversations.push(Conversation {
            id: TALK,
            contact: PERSON,
            number: "n".into(),
            address: "4915112345678".into(),
            connection: "wa".into(),
            window_closes_at: None,
            session_messages: 0,
            session_opened_at: None,
            last_inbound_at: None,
            last_outbound_at: None,
            inbox: Inbox::default(),
            rev: 0,
        });
        Self { book: book(), mail, ids: Ids::new(0), now: NOW }
    }

    fn give(&mut self, input: Input) -> (Result<Value, Error>, Work) {
        let mut work = Work { mailbox: self.mail.id, ..Work::default() };
        let answer = handle(&self.book, &mut self.mail, input, self.now, &self.ids, &mut work);
        (answer, work)
    }

    fn event(&mut self, kind: &str, origin: Origin, fields: Value) -> Work {
        let id = EventId(self.ids.next(self.now));
        let event = Event {
            id,
            key: EventKey::new("", kind, &id.to_string()),
            mailbox: self.mail.id,
            contact: Some(PERSON),
            conversation: Some(TALK),
            connection: "wa".into(),
            kind: kind.into(),
            origin,
            at: self.now,
            provider_at: Some(self.now),
            depth: 0,
            seen: Arc::default(),
        };
        self.give(Input::Event { event: Arc::new(event.with_fields(fields)), input: None }).1
    }

    fn writes(&mut self, text: &str) -> Work {
        self.event(event::MESSAGE_RECEIVED, Origin::Customer, json!({ "text": text }))
    }

    fn does(&mut self, agent: UserId, act: Act) -> (Result<Value, Error>, Work) {
        self.acts(Actor { agent: Some(agent), everywhere: false }, act)
    }

    fn acts(&mut self, actor: Actor, act: Act) -> (Result<Value, Error>, Work) {
        let order = Order::Talk { conversation: TALK, actor, act };
        self.give(Input::Order { by: "user:ana".into(), order, about: None })
    }

    fn says(&mut self, agent: UserId, key: &str, text: &str) -> (Result<Value, Error>, Work) {
        let say = Say { key: key.into(), words: Words::Text(text.into()), quote: None };
        self.does(agent, Act::Say(Box::new(say)))
    }

    fn inbox(&self) -> &Inbox {
        &self.mail.facts.conversation(TALK).unwrap().inbox
    }

    fn settles(&mut self, effect: &EffectRow, verdict: Verdict) -> Work {
        let effect = Box::new(effect.clone());
        self.give(Input::Settled { effect, attempts: Vec::new(), verdict, input: None }).1
    }
}

fn planned(work: &Work) -> Vec<EffectRow> {
    let plan = |op: &EffectOp| if let EffectOp::Plan(row) = op { Some((**row).clone()) } else { None };
    work.effects.iter().filter_map(plan).collect()
}

fn put(work: &Work) -> Vec<SaidRow> {
    let put = |op: &SaidOp| if let SaidOp::Put(row) = op { Some((**row).clone()) } else { None };
    work.said.iter().filter_map(put).collect()
}

/// What the desk is told.
fn told(work: &Work) -> Vec<ToDesk> {
    let letters = work.letters.iter().filter(|row| row.kind == InputKind::Letter && row.mailbox == MailboxId::DESK);
    let desk = letters.filter_map(|row| match Letter::from_row(row) {
        Ok(Letter::Desk(letter)) => Some(letter),
        _ => None,
    });
    desk.collect()
}

fn accepted(address: &str) -> Verdict {
    let party = Party { number: "n".into(), address: address.into(), phone: None, name: None };
    let sent = Sent { external_id: "wamid.1".into(), party, text: "Hello".into() };
    Verdict::Done(Done { output: json!({ "message_id": "wamid.1" }), sent: Some(sent) })
}

#[test]
fn an_agents_message_is_a_call_of_its_own_kept_with_who_said_it() {
    let mut stage = Stage::new();
    stage.writes("hi");
    let (answer, work) = stage.says(ANA, "k1", "Hello");
    let message: MessageId = answer.unwrap()["message"].as_str().unwrap().parse().unwrap();
    let [said] = &put(&work)[..] else { panic!("{work:#?}") };
    assert_eq!(
        (said.id, said.by, said.state, said.text.as_deref()),
        (message, Some(ANA), SaidState::Sending, Some("Hello"))
    );
    let [effect] = &planned(&work)[..] else { panic!("{work:#?}") };
    assert_eq!(
        (effect.key.clone(), effect.n, effect.lane),
        (SaidRow::effect_key(message), -message.0, Lane::Escalation)
    );
    assert_eq!((effect.window, effect.yields, effect.connection.as_str()), (Some(TALK), false, "wa"));
    assert_eq!((stage.inbox().assignee, stage.inbox().place, stage.inbox().unread), (Some(ANA), Place::Held, 0));
    assert!(work.journal.iter().any(|row| row.by == "user:ana" && row.subject == TALK.0), "it is in the log");
    let done = stage.settles(effect, accepted("4915112345678"));
    assert_eq!(done.said, [SaidOp::Move { id: message, state: SaidState::Sent, error: None }]);
    assert_eq!(done.messages[0].effect_key, Some(SaidRow::effect_key(message)));
    assert_eq!(done.messages[0].conversation_id, Some(TALK));
}

#[test]
fn a_message_that_was_refused_says_why_and_no_run_hears_of_it() {
    let mut stage = Stage::new();
    stage.writes("hi");
    let (_, work) = stage.says(ANA, "k1", "Hello");
    let effect = planned(&work).remove(0);
    let refused = stage.settles(&effect, Verdict::Refused(Problem::new("131026", "undeliverable")));
    let id = put(&work)[0].id;
    let error = Some("131026 undeliverable".to_owned());
    assert_eq!(refused.said, [SaidOp::Move { id, state: SaidState::Failed, error }]);
    assert!(refused.runs.is_empty() && refused.messages.is_empty());
}

#[test]
fn the_same_key_is_the_same_message() {
    let mut stage = Stage::new();
    stage.writes("hi");
    let (first, _) = stage.says(ANA, "k1", "Hello");
    let (again, work) = stage.says(ANA, "k1", "Hello");
    assert_eq!(first.unwrap()["message"], again.unwrap()["message"]);
    assert!(planned(&work).is_empty() && work.said.is_empty());
    assert_eq!(planned(&stage.says(ANA, "k2", "Hello").1).len(), 1);
}

#[test]
fn free_text_needs_the_window_and_a_template_does_not() {
    let mut stage = Stage::new();
    stage.writes("hi");
    stage.now = NOW.plus(WINDOW);
    let (answer, work) = stage.says(ANA, "k1", "Too late");
    assert!(matches!(answer, Err(Error::Hindered { code: "window_closed", .. })), "{answer:?}");
    assert_eq!(work, Work { mailbox: work.mailbox, at: work.at, ..Work::default() });
    let words = Words::Template { name: "hello".into(), language: None, params: [("1".into(), "Udo".into())].into() };
    let (_, work) = stage.does(ANA, Act::Say(Box::new(Say { key: "k2".into(), words, quote: None })));
    assert_eq!((planned(&work)[0].window, put(&work)[0].text.as_deref()), (None, Some("[hello] Udo")));
}

#[test]
fn another_agents_conversation_is_theirs_until_a_lead_says_otherwise() {
    let mut stage = Stage::new();
    stage.writes("hi");
    stage.does(ANA, Act::Assign { agent: Some(ANA), team: None }).0.unwrap();
    for act in [Act::Close { ask: None }, Act::Assign { agent: Some(BEN), team: None }, Act::Pause] {
        let (answer, _) = stage.does(BEN, act);
        assert!(matches!(answer, Err(Error::Hindered { code: "not_yours", .. })), "{answer:?}");
    }
    assert!(matches!(stage.says(BEN, "k", "Hi").0, Err(Error::Hindered { code: "not_yours", .. })));
    stage.does(BEN, Act::Note { text: "I know them".into(), mentions: vec![ANA] }).0.unwrap();
    let lead = Actor { agent: Some(BEN), everywhere: true };
    stage.acts(lead, Act::Assign { agent: Some(BEN), team: Some("care".into()) }).0.unwrap();
    assert_eq!((stage.inbox().assignee, stage.inbox().last_agent), (Some(BEN), Some(ANA)));
}

#[test]
fn a_note_goes_to_nobody() {
    let mut stage = Stage::new();
    let (_, work) = stage.does(ANA, Act::Note { text: "Call back".into(), mentions: vec![BEN] });
    assert_eq!((put(&work)[0].kind, work.effects.len(), work.letters.len()), (SaidKind::Note, 0, 0));
    assert!(!stage.inbox().is_paused(NOW));
    let (_, work) = stage.does(BEN, Act::SeeMentions);
    assert_eq!(
        work.said,
        [SaidOp::Seen { conversation: TALK, agent: BEN }],
        "also of a conversation that is not theirs"
    );
    assert!(matches!(stage.does(ANA, Act::Note { text: "  ".into(), mentions: Vec::new() }).0, Err(Error::Refused(_))));
}

#[test]
fn closing_ends_the_session_and_reopening_makes_it_ones_own() {
    let mut stage = Stage::new();
    stage.writes("hi");
    stage.says(ANA, "k", "Done?").0.unwrap();
    let (_, work) = stage.does(ANA, Act::Close { ask: None });
    assert!(work.released, "what was held may go");
    let talk = stage.mail.facts.conversation(TALK).unwrap();
    assert_eq!((talk.session_opened_at, talk.session_messages, talk.inbox.place), (None, 0, Place::Closed));
    let closed = ToDesk::Held { conversation: TALK, contact: PERSON, agent: None, team: None, closed: true };
    assert_eq!(told(&work), [closed]);
    stage.does(BEN, Act::Reopen).0.unwrap();
    assert_eq!((stage.inbox().assignee, stage.inbox().place), (Some(BEN), Place::Held));
}

#[test]
fn reading_clears_what_is_unread_and_leaves_who_waits() {
    let mut stage = Stage::new();
    stage.writes("hi");
    stage.does(ANA, Act::Read).0.unwrap();
    assert_eq!((stage.inbox().unread, stage.inbox().place), (0, Place::Waits));
    assert_eq!(stage.mail.facts.contact.as_ref().unwrap().unread_count, 0);
}

#[test]
fn priority_and_order_status_are_the_contacts() {
    let mut stage = Stage::new();
    stage.does(ANA, Act::Prioritise { priority: Priority::High }).0.unwrap();
    stage.does(ANA, Act::OrderStatus { status: "shipped".into() }).0.unwrap();
    let contact = stage.mail.facts.contact.as_ref().unwrap();
    assert_eq!((contact.priority, contact.order_status.as_str()), (Priority::High, "shipped"));
    assert!(stage.does(ANA, Act::OrderStatus { status: "x".repeat(65) }).0.is_err());
}

#[test]
fn flows_yield_with_all_but_templates_that_tell_of_something_that_happened() {
    let mut stage = Stage::new();
    let mut yields = Vec::new();
    let mut work = stage.writes("size");
    while let Some(effect) = planned(&work).pop() {
        let input: Value = serde_json::from_slice(&effect.input).unwrap();
        let name = input["input"]["template"].as_str().unwrap_or("text").to_owned();
        yields.push((name, effect.yields));
        work = stage.settles(&effect, accepted("4915112345678"));
    }
    let expected = [("text", true), ("receipt", false), ("offer", true)];
    assert_eq!(yields, expected.map(|(name, yields)| (name.to_owned(), yields)));
}

#[test]
fn a_pause_ends_half_an_hour_after_the_last_message_and_not_before() {
    let mut stage = Stage::new();
    stage.writes("hi");
    let (_, work) = stage.says(ANA, "k1", "One");
    let armed = |work: &Work| {
        work.waits.iter().find_map(|op| match op {
            WaitOp::Arm(wait) if wait.kind == WaitKind::Pause => Some((wait.id, wait.due_at)),
            _ => None,
        })
    };
    let (wait, due) = armed(&work).unwrap();
    assert_eq!(due, NOW.plus(PAUSE));
    stage.now = NOW.plus(Duration::from_secs(60));
    let (_, work) = stage.says(ANA, "k2", "Two");
    assert_eq!(armed(&work), None, "the first one looks again");
    stage.now = due;
    let (_, work) = stage.give(Input::Due(wait));
    let (wait, later) = armed(&work).unwrap();
    assert_eq!((later, work.released), (due.plus(Duration::from_secs(60)), false));
    stage.now = later;
    let (_, work) = stage.give(Input::Due(wait));
    assert_eq!((work.released, stage.inbox().paused_until), (true, None));
}

#[test]
fn an_answer_from_the_phone_app_holds_the_flows_and_the_desk_hears_of_it() {
    let mut stage = Stage::new();
    stage.writes("hi");
    let work = stage.event(event::MESSAGE_ECHOED, Origin::AppEcho, json!({ "text": "hello" }));
    assert_eq!((stage.inbox().is_paused(NOW), stage.inbox().assignee, stage.inbox().unread), (true, None, 0));
    assert_eq!(told(&work), [ToDesk::Answered { conversation: TALK, agent: None, at: NOW }]);
}

#[test]
fn handing_back_goes_on_or_ends_the_runs() {
    for end in [false, true] {
        let mut stage = Stage::new();
        let effect = planned(&stage.writes("size")).remove(0);
        stage.says(ANA, "k", "Let me").0.unwrap();
        let (_, work) = stage.does(ANA, Act::HandBack { end, run: None });
        assert!(work.released && !stage.inbox().is_paused(NOW));
        assert_eq!(stage.mail.runs.is_empty(), end);
        let withdrawn = work.effects.iter().any(|op| matches!(op, EffectOp::Withdraw(id) if *id == effect.id));
        assert_eq!(withdrawn, end, "what was held of a run that ends does not go out");
        assert_eq!((stage.inbox().assignee, stage.inbox().place), (None, Place::Quiet));
    }
}

#[test]
fn what_the_desk_gives_is_the_agents_and_what_it_takes_back_is_nobodys() {
    let mut stage = Stage::new();
    stage.writes("hi");
    let taken = serde_json::from_value(json!({
        "told": "taken", "escalation": "esc_0000000000001", "conversation": TALK, "agent": ANA, "name": "Ana",
        "team": "care", "reason": "", "deadline": NOW, "at": NOW, "after_ms": 5,
    }));
    let letter = |letter| Input::Letter { letter: Box::new(Letter::FromDesk(letter)), input: None };
    stage.give(letter(taken.unwrap())).0.unwrap();
    assert_eq!((stage.inbox().assignee, stage.inbox().is_paused(NOW)), (Some(ANA), true));
    let back = json!({ "told": "taken_back", "escalation": "esc_0000000000001", "conversation": TALK });
    let (_, work) = stage.give(letter(serde_json::from_value(back).unwrap()));
    assert_eq!((stage.inbox().assignee, stage.inbox().is_paused(NOW), work.released), (None, false, true));
}

fn question() -> Question {
    let choices = ["1", "2", "3", "4", "5"].map(str::to_owned).to_vec();
    Question { text: "How was it?".into(), choices, thanks: "Thanks!".into() }
}

#[test]
fn the_question_after_closing_is_answered_once_and_opens_nothing() {
    let mut stage = Stage::new();
    stage.writes("hi");
    stage.says(ANA, "k", "Bye").0.unwrap();
    let (_, work) = stage.does(ANA, Act::Close { ask: Some(question()) });
    assert_eq!(put(&work)[0].kind, SaidKind::Choices);
    let work = stage.writes("4");
    let [RatingRow { stars: 4, of: 5, agent: Some(ANA), .. }] = &work.ratings[..] else { panic!("{work:#?}") };
    assert_eq!((stage.inbox().place, put(&work)[0].text.as_deref()), (Place::Closed, Some("Thanks!")));
    let work = stage.writes("5");
    assert_eq!((work.ratings.len(), stage.inbox().place), (0, Place::Waits));
}

#[test]
fn something_else_than_an_answer_is_a_message_like_any_other() {
    let mut stage = Stage::new();
    stage.writes("hi");
    stage.does(ANA, Act::Close { ask: Some(question()) }).0.unwrap();
    assert!(stage.writes("One more question").ratings.is_empty());
    assert_eq!(stage.inbox().place, Place::Waits);
    assert!(stage.writes("5").ratings.is_empty(), "the question is over");
}

#[test]
fn a_thumb_is_told_from_the_other_and_from_every_other_sign() {
    for (said, stars) in [("👎", Some(1)), ("👍", Some(2)), ("🙏", None), ("", None)] {
        let mut stage = Stage::new();
        stage.writes("hi");
        let choices = ["👎", "👍"].map(str::to_owned).to_vec();
        stage.does(ANA, Act::Close { ask: Some(Question { choices, ..question() }) }).0.unwrap();
        let rated = stage.writes(said).ratings.first().map(|row| row.stars);
        assert_eq!(rated, stars, "{said}");
    }
}

#[test]
fn nobody_is_asked_whose_window_is_closed() {
    let mut stage = Stage::new();
    stage.writes("hi");
    stage.now = NOW.plus(WINDOW);
    let (_, work) = stage.does(ANA, Act::Close { ask: Some(question()) });
    assert!(work.said.is_empty() && work.effects.is_empty());
}
