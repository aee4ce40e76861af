//! `do`: an action with its input, its connection and what becomes of it when it fails.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::blocks::{Here, Made};
use super::env;
use super::fields::{self, Fields, wrong};
use super::lower::Lower;
use super::program::{Do, Expr, Op, Retry};
use super::shape::Shape;
use super::suggest;
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

    fn on_unknown(&mut self, node: &'a Node) -> bool {
        let resend = fields::text(node, "`on_unknown`", &mut self.problems) == Some("resend");
        if !resend && node.scalar().is_some() {
            let hint = "without the line, a call that may have happened is never repeated blindly";
            self.problems.error(node.place, "unknown_choice", "`on_unknown` can only be `resend`", hint);
        }
        resend
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
