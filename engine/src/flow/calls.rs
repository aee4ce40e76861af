//! Steps that hand over: `script`, `run_flow`, `answer_webhook`.

use serde_json::Value;

use super::blocks::{Here, Made};
use super::fields::{self, Fields, wrong};
use super::lower::{Lower, is_kebab};
use super::program::{Expr, Op};
use super::shape::Shape;
use super::values::Slot;
use super::yaml::{Node, Val};
use crate::event;
use crate::sentence;

impl<'a> Lower<'a> {
    pub(super) fn script_step(&mut self, node: &'a Node, here: &Here<'_>) -> Made {
        let op = self.expression(node, "`script`").map(Op::Script);
        self.ran(here);
        Made { op, ends: false, keys: &["script"] }
    }

    pub(super) fn run_flow_step(&mut self, node: &'a Node, keys: &mut Fields<'a>, here: &Here<'_>) -> Made {
        let with = match keys.take("with") {
            Some(node) if matches!(node.value, Val::Map(_)) => {
                self.value(node, Slot { shape: Shape::any(), name: "with", expressions: true })
            }
            Some(node) => {
                wrong(node, "`with` is a map of what the flow is given", &mut self.problems);
                None
            }
            None => Some(Expr::Literal(Value::Object(serde_json::Map::new()))),
        };
        let wait = keys.take("wait").is_none_or(|node| self.boolean(node, "`wait`"));
        let flow = fields::text(node, "`run_flow`", &mut self.problems);
        if let Some(name) = flow.filter(|name| !is_kebab(name)) {
            let message = sentence!("`{name}` is not a flow id", name);
            self.problems.error(node.place, "bad_id", message, "name the flow to run: run_flow: collect-address");
        }
        self.needs.flows.extend(flow.map(str::to_owned));
        self.ran(here);
        let op = (|| Some(Op::RunFlow { flow: flow?.into(), with: with?, wait }))();
        Made { op, ends: false, keys: &["run_flow", "with", "wait"] }
    }

    pub(super) fn answer_step(&mut self, node: &'a Node) -> Made {
        Made { op: self.answer_op(node), ends: false, keys: &["answer_webhook"] }
    }

    fn answer_op(&mut self, node: &'a Node) -> Option<Op> {
        let sources = &self.names.sources;
        if !sources.is_empty() && sources.iter().all(|source| source.kind != event::WEBHOOK_RECEIVED) {
            let message = "nobody waits for an answer: no trigger of this flow is `webhook.received`";
            self.problems.error(node.place, "no_caller", message, "remove the step, or start the flow by a webhook");
        }
        let mut keys = Fields::of(node, "`answer_webhook`", &mut self.problems)?;
        let status = keys.take("status").map_or(Some(200), |node| self.whole(node, "`status`", 200, 599));
        let body = match keys.take("body") {
            Some(node) => self.value(node, Slot { shape: Shape::any(), name: "body", expressions: true }),
            None => Some(Expr::Literal(Value::Null)),
        };
        keys.finish(&["status", "body"], &mut self.problems);
        Some(Op::Answer { status: status?, body: body? })
    }
}
