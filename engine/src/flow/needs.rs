//! What a step names of the installation: templates, segments, teams, tags.

use std::sync::Arc;

use serde_json::Value;

use super::lower::Lower;
use super::program::Expr;
use super::yaml::{Key, Node, Place, Val};
use crate::capability::contact::Find;
use crate::capability::whatsapp::Reply;
use crate::connector::Action;

impl Lower<'_> {
    /// Notes what the step of `action` needs, and says so where it is known not to be here. `with` is how `fields` were written.
    pub(super) fn note_needs(
        &mut self,
        action: &str,
        fields: &[(Arc<str>, Expr)],
        (with, at): (&[(Key, Node)], Place),
    ) {
        let node = |name: &str| with.iter().find(|(key, _)| key.text == name).map(|(_, node)| node);
        let get = |name: &str| fields.iter().find(|(field, _)| &**field == name).map(|(_, expr)| expr);
        let text = |name: &str| match get(name) {
            Some(Expr::Literal(Value::String(text))) => Some(text.clone()),
            _ => None,
        };
        match action {
            "whatsapp.send_template" | Reply::NAME => {
                let language = text("language").unwrap_or_default();
                self.needs.templates.extend(text("template").map(|template| (template, language)));
            }
            Find::NAME => {
                if let Some(segment) = text("segment") {
                    self.names_segment(&segment, at);
                }
            }
            "human.escalate" | "human.assign" => {
                if let Some((message, hint)) = text("team").and_then(|team| self.env.unknown_team(&team)) {
                    let place = node("team").map_or(at, |node| node.place);
                    self.problems.warn(place, "unknown_team", message, hint);
                }
                self.needs.teams.extend(text("team"));
            }
            "contact.add_tags" | "contact.remove_tags" => {
                if let Some(Expr::Literal(Value::Array(tags))) = get("tags") {
                    self.needs.tags.extend(tags.iter().filter_map(Value::as_str).map(str::to_owned));
                }
                if let Some(node) = node("tags") {
                    self.given_tags(node);
                }
            }
            _ => {}
        }
    }

    /// Says so of each tag of a list that the dictionary does not know.
    pub(super) fn given_tags(&mut self, list: &Node) {
        let Val::List(items) = &list.value else { return };
        for (item, tag) in items.iter().filter_map(|item| Some((item, &item.scalar()?.text))) {
            let fixed = !tag.starts_with("= ") && !tag.contains("{{");
            if let Some((message, hint)) = self.env.unknown_tag(tag).filter(|_| fixed) {
                self.problems.warn(item.place, "unknown_tag", message, hint);
            }
        }
    }
}
