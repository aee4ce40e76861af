//! The tree becomes a segment: tags and a language that are fixed, and a condition over one contact.

use std::sync::Arc;

use super::env::Needs;
use super::fields::{self, Fields};
use super::kinds::{self, Kind};
use super::lower::{Lower, is_kebab};
use super::meaning;
use super::yaml::{Node, Place};
use crate::book::PublishedSegment;
use crate::event;
use crate::expr::Script;
use crate::ids::VersionId;
use crate::segment::{Narrow, Segment};
use crate::sentence;

const KEYS: &[&str] = &["format", "segment", "name", "note", "tags", "language", "when"];
/// What its condition may read.
pub(super) const ROOTS: [&str; 2] = ["contact", "now"];
/// Most tags: each is one more thing to look up.
const MAX_TAGS: usize = 16;

/// A segment that passed every check, before it is stored.
#[derive(Debug)]
pub struct CompiledSegment {
    /// The segment.
    pub segment: Segment,
    /// SHA-256 of its meaning.
    pub meaning: [u8; 32],
    /// The tags it asks for.
    pub needs: Needs,
}

impl CompiledSegment {
    /// The version that schedules and searches look at, under the id it is stored with.
    #[must_use]
    pub fn into_version(self, id: VersionId) -> PublishedSegment {
        PublishedSegment { id, segment: Arc::new(self.segment) }
    }
}

impl<'a> Lower<'a> {
    pub(super) fn segment(&mut self, root: &'a Node) -> Option<CompiledSegment> {
        let mut keys = Fields::of(root, "a segment", &mut self.problems)?;
        kinds::refuse_others(&keys, Kind::Segment, &mut self.problems);
        for other in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Segment) {
            keys.take(other.key());
        }
        self.format(&mut keys);
        let id = self.id(&mut keys, Kind::Segment);
        let title = keys.take("name").and_then(|node| fields::text(node, "`name`", &mut self.problems));
        keys.take("note").map(|node| fields::text(node, "`note`", &mut self.problems));
        let tags = keys.take("tags").map(|node| self.segment_tags(node)).unwrap_or_default();
        let language = keys.take("language").and_then(|node| fields::text(node, "`language`", &mut self.problems));
        let when = keys.take("when").and_then(|node| self.segment_condition(node));
        if ["tags", "language", "when"].iter().all(|key| keys.peek(key).is_none()) {
            let hint = "say who is in it: `when: contact.unread_count == 0`, `tags: [cold]`, `language: it`";
            self.problems.error(root.place, "missing_key", "a segment has no condition", hint);
        }
        keys.finish(KEYS, &mut self.problems);
        let name: Arc<str> = id?.into();
        let narrow = Narrow { tags, language: language.map(str::to_owned) };
        let narrow = when.as_ref().map_or(narrow.clone(), |when| narrow.with(when.source()));
        self.needs.tags_read.extend(narrow.tags.iter().cloned());
        let segment = Segment { title: title.unwrap_or(&name).to_owned(), name, narrow, when };
        Some(CompiledSegment { segment, meaning: meaning::of_segment(root), needs: std::mem::take(&mut self.needs) })
    }

    fn segment_tags(&mut self, node: &'a Node) -> Vec<String> {
        let items = fields::list(node, "`tags`", &mut self.problems);
        if items.is_empty() || items.len() > MAX_TAGS {
            let message = sentence!("`tags` has {n} tags; 1 to {most} are allowed", n = items.len(), most = MAX_TAGS);
            self.problems.error(node.place, "wrong_length", message, "a contact of the segment has all of them");
        }
        items.iter().filter_map(|item| fields::text(item, "a tag", &mut self.problems).map(str::to_owned)).collect()
    }

    fn segment_condition(&mut self, node: &'a Node) -> Option<Script> {
        let script = self.condition(node, "`when`")?;
        for path in script.paths() {
            let root = path.parts[0].as_str();
            if !ROOTS.contains(&root) {
                let at = Place { line: path.line, column: path.column };
                let message = sentence!("there is no `{root}` here: a segment looks at one contact", root);
                self.problems.error(
                    at,
                    "unknown_name",
                    message,
                    sentence!("names in scope: {names}", names = ROOTS.join(", ")),
                );
            }
        }
        Some(script)
    }

    /// Notes a segment that is named; says so when the text can be none.
    pub(super) fn names_segment(&mut self, text: &str, at: Place) {
        if is_kebab(text) {
            self.needs.segments.insert(text.to_owned());
        } else if let Some(short) = Segment::short(text) {
            self.needs.tags_read.extend(short.narrow.tags);
        } else {
            let hint = "write a segment's id, such as cold-leads, or: contacts with tag cold";
            self.problems.error(at, "bad_segment", sentence!("`{text}` names no segment", text), hint);
        }
    }

    /// A problem when something starts this flow for one person: others' data do not belong into that person's run.
    pub(super) fn finds_others(&mut self, at: Place) {
        // These have a contact only when the run has one that they tell of.
        let maybe = [event::FLOW_CALLED, event::FLOW_FAILED, event::ESCALATION_MISSED, event::ESCALATION_TAKEN];
        let with = self.names.sources.iter().find(|source| source.in_conversation && !maybe.contains(&source.kind));
        if let Some(source) = with {
            let message = sentence!(
                "`contact.find` finds other people, and `{kind}` starts a run about one person",
                kind = source.kind
            );
            let hint = "start it from a schedule without `each`, a webhook or by hand";
            self.problems.error(at, "others_data", message, hint);
        }
    }
}
