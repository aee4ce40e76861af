//! `wait` and `wait_for`: how long a run waits, and for what.

use std::time::Duration;

use serde_json::Value;

use super::blocks::{Here, Made};
use super::fields::{self, Fields, wrong};
use super::lower::Lower;
use super::program::{Expr, Op, Until, WaitFor};
use super::shape::Shape;
use super::time;
use super::values::Slot;
use super::yaml::{Node, Val};
use crate::sentence;

impl<'a> Lower<'a> {
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
}
