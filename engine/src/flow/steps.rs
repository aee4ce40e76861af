//! Each kind of step: its keys become an [`Op`].

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::blocks::{Here, Made, readable};
use super::env;
use super::fields::{self, Fields, wrong};
use super::lower::Lower;
use super::program::{Do, Expr, Op, Retry, Until, WaitFor};
use super::shape::Shape;
use super::suggest;
use super::time;
use super::values::Slot;
use super::yaml::{Key, Node, Place, Val};
use crate::capability::contact::{Find, OWN_CONNECTION};
use crate::capability::whatsapp::{Reply, SendTemplate, SendText};
use crate::connector::{Action, ActionSpec};
use crate::event;
use crate::sentence;

/// Latest start of a call that answers a customer who waits.
pub(super) const REPLY_EXPIRES: Duration = Duration::from_secs(10 * 60);
/// Latest start of any call.
const EXPIRES: Duration = Duration::from_secs(24 * 60 * 60);
/// Most pauses of a `retry`.
const MAX_PAUSES: usize = 10;

impl<'a> Lower<'a> {
    pub(super) fn do_step(&mut self, node: &'a Node, keys: &mut Fields<'a>, here: &Here<'_>) -> Made {
        let op = self.do_op(node, keys);
        self.ran(here);
        Made { op, ends: false, keys: &["do", "connection", "with"] }
    }

    fn do_op(&mut self, node: &'a Node, keys: &mut Fields<'a>) -> Option<Op> {
        let connection = keys.take("connection");
        let named = connection.is_some();
        let with = keys.take("with");
        let retry = keys.take("retry").map_or(Some(Retry::standard()), |node| self.retry(node));
        let expires = keys.take("expires").map(|node| self.expires(node));
        let resend_unknown = keys.take("on_unknown").is_some_and(|node| self.on_unknown(node));
        let name = fields::text(node, "`do`", &mut self.problems)?;
        let Some(spec) = self.env.catalog.actions.get(name) else {
            let hint = suggest::hint(name, self.env.catalog.actions.keys().copied());
            self.problems.error(node.place, "unknown_action", sentence!("there is no action `{name}`", name), hint);
            return None;
        };
        let connection = self.connection(spec, connection, node.place);
        let input = self.input(spec, connection.as_deref(), with, node.place);
        self.needs_contact(spec.name, with, node.place);
        let default = if spec.reply { REPLY_EXPIRES } else { EXPIRES };
        let call = Do {
            action: spec.name.into(),
            connection,
            named,
            input: input?,
            retry: retry?,
            expires: expires.map_or(Some(default), |expires| expires)?,
            resend_unknown,
            needs_window: spec.needs_window,
        };
        Some(if spec.name == Reply::NAME { reply(call) } else { Op::Do(Box::new(call)) })
    }

    pub(super) fn connection(&mut self, spec: &ActionSpec, node: Option<&'a Node>, at: Place) -> Option<Arc<str>> {
        let named = node.and_then(|node| Some((fields::text(node, "`connection`", &mut self.problems)?, node.place)));
        let own = (spec.name == Find::NAME).then(|| OWN_CONNECTION.into());
        if crate::local::is_local(spec.name) || own.is_some() {
            if let Some((_, place)) = named {
                let message = sentence!("`{name}` needs no connection: it happens here", name = spec.name);
                self.problems.error(place, "no_connection_needed", message, "remove the line");
            }
            return own;
        }
        match named {
            Some((name, _)) => self.needs.connections.insert(self.env.bindings.connection(name).to_owned()),
            None => self.needs.capabilities.insert(spec.name.split('.').next().unwrap_or_default().to_owned()),
        };
        Some(env::resolve(self.env, spec.name, named, at, &mut self.problems).into())
    }

    fn input(
        &mut self,
        spec: &'a ActionSpec,
        connection: Option<&str>,
        with: Option<&'a Node>,
        at: Place,
    ) -> Option<Expr> {
        let entries: &'a [(Key, Node)] = match with.map(|node| (&node.value, node)) {
            None | Some((Val::Null, _)) => &[],
            Some((Val::Map(entries), _)) => entries,
            Some((_, node)) => {
                wrong(node, "`with` is a map of fields", &mut self.problems);
                return None;
            }
        };
        let slot = Slot { shape: Shape::new(spec.input.as_value()), name: spec.name, expressions: true };
        let mut fields = self.object(entries, at, slot);
        for (name, expr) in &mut fields {
            if let Expr::Literal(Value::String(text)) = expr {
                let bound = self.env.bindings.literal(spec.name, name, text);
                if bound != text.as_str() {
                    *text = bound.to_owned();
                }
            }
        }
        self.note_needs(spec.name, &fields, (entries, at));
        if matches!(spec.name, SendTemplate::NAME | Reply::NAME) {
            self.approved(connection.unwrap_or_default(), &fields, (entries, at));
        }
        Some(Expr::Map(fields))
    }

    /// Says so when an action acts on the contact and nothing that starts this flow brings one.
    fn needs_contact(&mut self, action: &str, with: Option<&'a Node>, at: Place) {
        if action == Find::NAME {
            return self.finds_others(at);
        }
        let names_recipient = with.is_some_and(
            |node| matches!(&node.value, Val::Map(entries) if entries.iter().any(|(key, _)| key.text == "to")),
        );
        let needs = action.starts_with("contact.") || (action.starts_with("whatsapp.") && !names_recipient);
        if needs {
            self.contact_for(&format!("`{action}`"), at);
        }
    }

    /// A problem when there is no contact here, or may be none.
    pub(super) fn contact_for(&mut self, what: &str, at: Place) {
        let (some, all) = self.names.contact();
        let pressed = self.names.sources.iter().any(|source| source.kind == event::MANUAL);
        let hint = "start it from a message, or give a number with `to:`";
        if !some && !pressed {
            let message = sentence!("{what} acts on the contact, and nothing in `on` brings one", what);
            self.problems.error(at, "no_contact", message, hint);
        } else if !all {
            let message = sentence!("{what} acts on the contact, and not every trigger in `on` brings one", what);
            self.problems.warn(at, "no_contact", message, hint);
        }
    }

    fn retry(&mut self, node: &'a Node) -> Option<Retry> {
        match &node.value {
            Val::Scalar(word) if word.text == "standard" => Some(Retry::standard()),
            Val::Scalar(word) if word.text == "none" => Some(Retry { pauses: Vec::new() }),
            Val::List(items) if items.len() <= MAX_PAUSES => {
                let mut pauses = Vec::new();
                for item in items {
                    let text = fields::text(item, "a pause", &mut self.problems)?;
                    pauses.push(self.span(text, item.place, Duration::ZERO..=EXPIRES)?);
                }
                Some(Retry { pauses })
            }
            Val::Broken => None,
            _ => {
                let hint = sentence!("`standard`, `none`, or up to {most} pauses: [1s, 30s, 5m]", most = MAX_PAUSES);
                self.problems.error(node.place, "bad_retry", "`retry` says what is repeated", hint);
                None
            }
        }
    }

    fn expires(&mut self, node: &'a Node) -> Option<Duration> {
        let text = fields::text(node, "`expires`", &mut self.problems)?;
        self.span(text, node.place, Duration::from_secs(1)..=EXPIRES)
    }

    /// A duration within bounds.
    pub(super) fn span(
        &mut self,
        text: &str,
        at: Place,
        bounds: std::ops::RangeInclusive<Duration>,
    ) -> Option<Duration> {
        let span = time::duration(text, at, &mut self.problems)?;
        if bounds.contains(&span) {
            return Some(span);
        }
        let (low, high) = (crate::duration::format(*bounds.start()), crate::duration::format(*bounds.end()));
        let hint = sentence!("write a duration from {low} to {high}", low, high);
        self.problems.error(at, "out_of_range", sentence!("{text} is too short or too long here", text), hint);
        None
    }

    fn on_unknown(&mut self, node: &'a Node) -> bool {
        let resend = fields::text(node, "`on_unknown`", &mut self.problems) == Some("resend");
        if !resend && node.scalar().is_some() {
            let hint = "without the line, a call that may have happened is never repeated blindly";
            self.problems.error(node.place, "unknown_choice", "`on_unknown` can only be `resend`", hint);
        }
        resend
    }

    pub(super) fn if_step(&mut self, node: &'a Node, keys: &mut Fields<'a>, here: &Here<'_>) -> Made {
        let when = self.condition(node, "`if`");
        let then = keys.need("then", "list the steps for when it holds", &mut self.problems);
        let otherwise = keys.take("else");
        let have = self.names.have.clone();
        let ([then, otherwise], ends) = self.branches(here, [(then, "then", have.clone()), (otherwise, "else", have)]);
        Made { op: when.map(|when| Op::If { when, then, otherwise }), ends, keys: &["if", "then", "else"] }
    }

    pub(super) fn set_step(&mut self, node: &'a Node) -> Made {
        let keys: &[&str] = &["set"];
        let Val::Map(entries) = &node.value else {
            wrong(node, "`set` is a map of variables: { greeting: hello }", &mut self.problems);
            return Made { op: None, ends: false, keys };
        };
        let mut vars = Vec::new();
        let mut complete = true;
        for (key, value) in entries {
            let fits = key.text.len() <= 64
                && key.text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
                && key.text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if !fits || !readable("vars", &key.text) {
                let hint = "letters, digits and `_`, first a letter; it is read back as `vars.<name>`";
                self.problems.error(
                    key.place,
                    "bad_id",
                    sentence!("`{name}` is not a variable's name", name = key.text),
                    hint,
                );
            }
            let slot = Slot { shape: Shape::any(), name: &key.text, expressions: true };
            match self.value(value, slot) {
                Some(expr) => vars.push((Arc::from(key.text.as_str()), expr)),
                None => complete = false,
            }
            self.names.have.vars.insert(key.text.clone());
        }
        Made { op: complete.then_some(Op::Set(vars)), ends: false, keys }
    }

    pub(super) fn stop_step(&mut self, node: &'a Node) -> Made {
        Made { op: self.stop_op(node), ends: true, keys: &["stop"] }
    }

    fn stop_op(&mut self, node: &'a Node) -> Option<Op> {
        match &node.value {
            Val::Null => Some(Op::Stop { failed: false, reason: None }),
            Val::Map(_) => {
                let mut keys = Fields::of(node, "`stop`", &mut self.problems)?;
                let failed = keys.take("as").map_or(Some(false), |node| self.stop_as(node));
                let reason = keys.take("reason").map(|node| self.value(node, reason_slot()));
                keys.finish(&["as", "reason"], &mut self.problems);
                Some(Op::Stop { failed: failed?, reason: reason.map_or(Some(None), |reason| reason.map(Some))? })
            }
            _ => Some(Op::Stop { failed: false, reason: Some(self.value(node, reason_slot())?) }),
        }
    }

    fn stop_as(&mut self, node: &'a Node) -> Option<bool> {
        match fields::text(node, "`as`", &mut self.problems)? {
            "failed" => Some(true),
            "done" => Some(false),
            other => {
                let message = sentence!("a run cannot end as `{other}`", other);
                self.problems.error(node.place, "unknown_choice", message, "write `done` or `failed`");
                None
            }
        }
    }

    pub(super) fn wait_step(&mut self, node: &'a Node) -> Made {
        Made { op: self.until(node).map(|until| Op::Wait { until }), ends: false, keys: &["wait"] }
    }

    fn until(&mut self, node: &'a Node) -> Option<Until> {
        if let Val::Map(_) = &node.value {
            return self.instant(node);
        }
        let text = fields::text(node, "`wait`", &mut self.problems)?;
        if text.starts_with("= ") || text.contains("{{") {
            let hint = "for a time that is worked out: wait: { until: \"= event.order.due\" }";
            self.problems.error(node.place, "not_fixed", "`wait` takes a fixed duration", hint);
            return None;
        }
        time::duration(text, node.place, &mut self.problems).map(Until::For)
    }

    fn instant(&mut self, node: &'a Node) -> Option<Until> {
        let mut keys = Fields::of(node, "`wait`", &mut self.problems)?;
        if let Some(node) = keys.take("business_hours") {
            keys.finish(&["business_hours"], &mut self.problems);
            let name = fields::text(node, "`business_hours`", &mut self.problems)?;
            self.needs.calendars.insert(name.to_owned());
            return Some(Until::Open(name.into()));
        }
        let at = keys.need("until", "write a duration (`wait: 2h`) or `until`", &mut self.problems);
        let zone = match keys.take("zone") {
            None => Some(chrono_tz::UTC),
            Some(node) => fields::text(node, "`zone`", &mut self.problems)
                .and_then(|name| time::zone(name, node.place, &mut self.problems)),
        };
        keys.finish(&["until", "zone"], &mut self.problems);
        let at = at?;
        let expr = self.value(at, Slot { shape: Shape::text(), name: "until", expressions: true })?;
        if let Expr::Literal(Value::String(text)) = &expr {
            time::instant(text, at.place, &mut self.problems);
        }
        Some(Until::Instant { at: expr, zone: zone? })
    }

    pub(super) fn wait_for_step(&mut self, node: &'a Node, keys: &mut Fields<'a>, here: &Here<'_>) -> Made {
        let awaited = self.awaited(node);
        let timeout = self.timeout(keys);
        let matching = keys.take("match");
        let matching = match matching {
            Some(node) => {
                self.names.reply = Some(awaited.as_ref().map_or(Shape::any(), |(_, _, event)| *event));
                let script = self.condition(node, "`match`");
                self.names.reply = None;
                script.map(Some)
            }
            None => Some(None),
        };
        let take = keys.take("take").is_some_and(|node| self.boolean(node, "`take`"));
        let (then, on_timeout) = (keys.take("then"), keys.take("on_timeout"));
        if let (Some(node), Some(None)) = (on_timeout, timeout) {
            let hint = "give a `timeout`, or remove `on_timeout`";
            self.problems.warn(node.place, "unreachable_step", "with `timeout: never` this never happens", hint);
        }
        let before = self.names.have.clone();
        let mut answered = before.clone();
        answered.steps.extend(here.id.map(str::to_owned));
        let ([then, on_timeout], ends) = if timeout == Some(None) && on_timeout.is_none() {
            let ([then], ends) = self.branches(here, [(then, "then", answered)]);
            ([then, here.next], ends)
        } else {
            self.branches(here, [(then, "then", answered), (on_timeout, "on_timeout", before)])
        };
        let op = (|| {
            let (kind, params, _) = awaited?;
            Some(WaitFor { kind: kind.into(), params, matching: matching?, timeout: timeout?, take, then, on_timeout })
        })();
        let keys = &["wait_for", "match", "timeout", "take", "then", "on_timeout"];
        Made { op: op.map(|wait| Op::WaitFor(Box::new(wait))), ends, keys }
    }

    /// The event type, its parameters and what the event holds.
    fn awaited(&mut self, node: &'a Node) -> Option<(&'a str, Value, Shape<'a>)> {
        let (kind, place, params) = match &node.value {
            Val::Scalar(kind) => (kind.text.as_str(), node.place, None),
            Val::Map(entries) if entries.len() == 1 => {
                let (key, params) = &entries[0];
                (key.text.as_str(), key.place, Some(params))
            }
            _ => {
                wrong(node, "`wait_for` names one event type: whatsapp.message_received", &mut self.problems);
                return None;
            }
        };
        let spec = self.trigger_spec(kind, place)?;
        if !spec.can_be_awaited() {
            let hint = "wait for whatsapp.message_received or whatsapp.order_received";
            let message = sentence!("`{kind}` cannot be awaited: a run waits for what its contact does", kind);
            self.problems.error(place, "cannot_await", message, hint);
            return None;
        }
        self.contact_for("`wait_for`", place);
        let params = self.trigger_params(spec, params, place)?;
        if params["first"] == true {
            let message = "a run cannot wait for a contact's first message: there may have been one";
            self.problems.error(place, "cannot_await", message, "leave `first` out, or start a flow with it");
        }
        Some((spec.name, params, Shape::new(spec.event.as_value())))
    }

    /// `Some(None)` is `never`.
    #[expect(clippy::option_option, reason = "the outer one is whether it could be read")]
    pub(super) fn timeout(&mut self, keys: &mut Fields<'a>) -> Option<Option<Duration>> {
        let node = keys.need("timeout", "say how long: `timeout: 48h`, or `timeout: never`", &mut self.problems)?;
        match fields::text(node, "`timeout`", &mut self.problems)? {
            "never" => Some(None),
            text => time::duration(text, node.place, &mut self.problems).map(Some),
        }
    }

    pub(super) fn boolean(&mut self, node: &'a Node, what: &str) -> bool {
        match fields::text(node, what, &mut self.problems) {
            Some("true") => true,
            Some("false") | None => false,
            Some(_) => {
                wrong(node, sentence!("{what} is `true` or `false`", what), &mut self.problems);
                false
            }
        }
    }
}

/// A reply is two calls, of which one is made: free text, or the template.
fn reply(call: Do) -> Op {
    let Expr::Map(fields) = call.input else { return Op::Do(Box::new(call)) };
    let (text, template): (Vec<_>, Vec<_>) = fields.into_iter().partition(|(name, _)| &**name == "text");
    let part = |action: &str, input, needs_window, expires| Do {
        action: action.into(),
        connection: call.connection.clone(),
        named: call.named,
        input: Expr::Map(input),
        retry: call.retry.clone(),
        expires,
        resend_unknown: call.resend_unknown,
        needs_window,
    };
    let text = Box::new(part(SendText::NAME, text, true, call.expires));
    Op::Reply { text, template: Box::new(part(SendTemplate::NAME, template, false, call.expires)) }
}

fn reason_slot<'a>() -> Slot<'a> {
    Slot { shape: Shape::text(), name: "reason", expressions: true }
}
