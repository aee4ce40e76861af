//! `ask`: becomes a question, a wait for the answer, and a check of it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::blocks::{Here, Made, is_id, readable};
use super::fields::{self, Fields};
use super::lower::Lower;
use super::program::{Check, Do, Expr, Into, Op, Retry, Step, StepIx, WaitFor};
use super::shape::{Member, Shape};
use super::values::Slot;
use super::yaml::{Node, Place};
use crate::capability::whatsapp::{MAX_CHOICE_CHARS, MAX_CHOICES, SendChoices, SendText};
use crate::connector::{Action, ActionSpec};
use crate::event;
use crate::sentence;

/// How often a question is asked when the step does not say.
const TRIES: u32 = 3;
/// Most often.
const MAX_TRIES: i64 = 10;
const KEYS: &[&str] =
    &["ask", "choices", "into", "check", "tries", "else_ask", "timeout", "then", "on_timeout", "connection"];

/// What the question and its repetition are sent with.
struct Sender<'a> {
    spec: &'a ActionSpec,
    connection: Option<Arc<str>>,
    named: bool,
    choices: Vec<Arc<str>>,
}

impl<'a> Lower<'a> {
    pub(super) fn ask_step(&mut self, node: &'a Node, keys: &mut Fields<'a>, here: &Here<'_>) -> Made {
        let choices = keys.take("choices").map_or(Some(Vec::new()), |node| self.choices(node));
        let into = keys.take("into").map(|node| self.into(node));
        let tries = keys.take("tries").map_or(Some(TRIES), |node| self.whole(node, "`tries`", 1, MAX_TRIES));
        let timeout = self.timeout(keys);
        self.contact_for("`ask`", here.place);
        let sender = choices.and_then(|choices| self.sender(keys.take("connection"), choices, here.place));
        let question = sender.as_ref().and_then(|sender| self.question(node, sender));
        let again = keys.take("else_ask");
        let repeated = match (again, &sender) {
            (Some(node), Some(sender)) => Some(self.question(node, sender)),
            _ => None,
        };
        let check = keys.take("check").map(|node| self.answer_check(node));

        self.at = here.place;
        let heard = self.reserve(2);
        let (checked, asked, before) = (heard + 1, here.ix, self.names.have.clone());
        let mut answered = before.clone();
        answered.steps.extend(here.id.map(str::to_owned));
        if let Some(Some(Into::Var(name))) = &into {
            answered.vars.insert(name.to_string());
        }
        let ways = [(keys.take("then"), "then", answered), (keys.take("on_timeout"), "on_timeout", before)];
        let ([then, on_timeout], ends) = self.branches(here, ways);

        let choices = sender.as_ref().map(|sender| sender.choices.clone()).unwrap_or_default();
        let repeat = repeated.map(|repeated| self.ask_again(here, heard, repeated));
        let parts = (|| {
            let into = into.map_or(Some(None), |into| into.map(Some))?;
            let check = check.map_or(Some(None), |check| check.map(Some))?;
            let again = repeat.map_or(Some(asked), |repeat| repeat)?;
            let check = Check { asked, heard, again, choices, check, tries: tries?, into, then };
            Some((question?, self.answer_wait(timeout?, checked, on_timeout, here)?, check))
        })();
        let Some((question, wait, check)) = parts else { return Made { op: None, ends, keys: KEYS } };
        let checks = part(here, "check", Op::Check(Box::new(check)), here.next);
        // Its output is the message, under a name that no expression can write.
        let id = Some(format!("{}.answer", here.path).into());
        let waits = Step { id, ..part(here, "answer", Op::WaitFor(Box::new(wait)), here.next) };
        self.steps[checked as usize] = Some(checks);
        self.steps[heard as usize] = Some(waits);
        self.goes_on_at = Some(heard);
        Made { op: Some(Op::Do(Box::new(question))), ends, keys: KEYS }
    }

    /// Keeps the step that asks once more with other words.
    fn ask_again(&mut self, here: &Here<'_>, heard: StepIx, question: Option<Do>) -> Option<StepIx> {
        self.at = here.place;
        let ix = self.reserve(1);
        self.steps[ix as usize] = Some(part(here, "else_ask", Op::Do(Box::new(question?)), Some(heard)));
        Some(ix)
    }

    fn sender(&mut self, connection: Option<&'a Node>, choices: Vec<Arc<str>>, at: Place) -> Option<Sender<'a>> {
        let action = if choices.is_empty() { SendText::NAME } else { SendChoices::NAME };
        let Some(spec) = self.env.catalog.actions.get(action) else {
            let message =
                sentence!("`ask` needs the action `{action}`, and no connector of this build performs it", action);
            self.problems.error(at, "unknown_action", message, "ask without `choices`");
            return None;
        };
        let named = connection.is_some();
        Some(Sender { spec, connection: self.connection(spec, connection, at), named, choices })
    }

    fn question(&mut self, node: &'a Node, sender: &Sender<'a>) -> Option<Do> {
        let Member::Known(shape) = Shape::new(sender.spec.input.as_value()).member("text") else { return None };
        let text = self.value(node, Slot { shape, name: "ask", expressions: true })?;
        let mut input = vec![(Arc::from("text"), text)];
        if !sender.choices.is_empty() {
            let choices = sender.choices.iter().map(|choice| Value::from(&**choice)).collect();
            input.push((Arc::from("choices"), Expr::Literal(Value::Array(choices))));
        }
        Some(Do {
            action: sender.spec.name.into(),
            connection: sender.connection.clone(),
            named: sender.named,
            input: Expr::Map(input),
            retry: Retry::standard(),
            expires: super::do_step::REPLY_EXPIRES,
            resend_unknown: false,
            needs_window: sender.spec.needs_window,
        })
    }

    fn answer_wait(
        &mut self,
        timeout: Option<Duration>,
        then: StepIx,
        on_timeout: Option<StepIx>,
        here: &Here<'_>,
    ) -> Option<WaitFor> {
        let spec = self.trigger_spec(event::MESSAGE_RECEIVED, here.place)?;
        let params = self.trigger_params(spec, None, here.place)?;
        let then = Some(then);
        Some(WaitFor { kind: spec.name.into(), params, matching: None, timeout, take: true, then, on_timeout })
    }

    fn choices(&mut self, node: &'a Node) -> Option<Vec<Arc<str>>> {
        let items = fields::list(node, "`choices`", &mut self.problems);
        if items.is_empty() || items.len() > MAX_CHOICES {
            let message =
                sentence!("`choices` has {n} items; WhatsApp shows 1 to {most}", n = items.len(), most = MAX_CHOICES);
            self.problems.error(node.place, "wrong_length", message, "up to 3 are buttons, more are a list");
            return None;
        }
        let mut choices: Vec<Arc<str>> = Vec::new();
        for item in items {
            let text = fields::text(item, "a choice", &mut self.problems)?;
            let most = if items.len() > 3 { MAX_CHOICE_CHARS.1 } else { MAX_CHOICE_CHARS.0 };
            if text.is_empty() || text.chars().count() > most {
                let message = sentence!("a choice here has 1 to {most} characters", most);
                self.problems.error(item.place, "wrong_length", message, "up to 3 choices: 20; a list: 24");
            }
            if choices.iter().any(|known| crate::expr::text::normalise(known) == crate::expr::text::normalise(text)) {
                let message = sentence!("the choice `{text}` is there already", text);
                self.problems.error(item.place, "duplicate_choice", message, "give each choice other words");
            }
            choices.push(text.into());
        }
        Some(choices)
    }

    fn into(&mut self, node: &'a Node) -> Option<Into> {
        let target = fields::text(node, "`into`", &mut self.problems)?;
        let own = |name: &str| is_id(name) && readable("vars", name);
        let parts: Vec<&str> = target.split('.').collect();
        match parts[..] {
            ["contact", "name"] => Some(Into::Name),
            ["contact", "language"] => Some(Into::Language),
            ["contact", "fields", name] if own(name) => Some(Into::Field(name.into())),
            ["vars", name] if own(name) => Some(Into::Var(name.into())),
            _ => {
                let message = sentence!("an answer cannot be kept in `{target}`", target);
                let hint = "write contact.fields.<name>, contact.name, contact.language or vars.<name>";
                self.problems.error(node.place, "unknown_choice", message, hint);
                None
            }
        }
    }

    /// `check`: sees the message as `reply` and the answer as `answer`.
    fn answer_check(&mut self, node: &'a Node) -> Option<crate::expr::Script> {
        let spec = self.env.catalog.triggers.get(event::MESSAGE_RECEIVED);
        self.names.reply = Some(spec.map_or(Shape::any(), |spec| Shape::new(spec.event.as_value())));
        self.names.locals.push(("answer".to_owned(), Shape::text()));
        let script = self.condition(node, "`check`");
        self.names.locals.pop();
        self.names.reply = None;
        script
    }
}

/// A step that the author did not write, part of the one at `here`: failures of it are that one's.
fn part(here: &Here<'_>, name: &str, op: Op, next: Option<StepIx>) -> Step {
    let path = format!("{}.{name}", here.path).into();
    Step::part(path, op, next, here.ix)
}
