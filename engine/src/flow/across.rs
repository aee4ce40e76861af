//! What only shows when documents are seen together: a tag that nothing gives and one that is nearly it, a team without hours
//! beside one that has them, flows that start each other. What a flow that is called does to its caller is in [`called`].
//!
//! Tags and teams may come from people and other systems, so a name is told only when one that is known here is near to it, or when
//! the workspace keeps a dictionary of tags that does not have it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use super::called;
use super::env::{Environment, Needs};
use super::import::PlanItem;
use super::kinds::{CompiledDocument, Kind, check_document};
use super::problem::{Problem, Severity};
use super::program::{Expr, Op, Trigger};
use super::suggest;
use super::yaml::Place;
use crate::event;
use crate::sentence;
use crate::sentence::Sentence;
use crate::store::{VersionRow, VersionState};

/// What a document says of tags and of other documents.
#[derive(Default)]
struct Said {
    kind: Kind,
    gives: BTreeSet<String>,
    takes: BTreeSet<String>,
    listens: Vec<(Arc<str>, Value)>,
    needs: Needs,
}

/// Documents by id.
type All = BTreeMap<String, Said>;

/// Adds warnings to the items of a plan, in view of what is stored beside them.
pub(super) fn tell(items: &mut [PlanItem], stored: &[VersionRow], env: &Environment<'_>) {
    let mut all = All::new();
    let mut flows = Vec::new();
    for row in stored.iter().filter(|row| matches!(row.state, VersionState::Live | VersionState::Off)) {
        if let Some(document) = check_document(&row.source, env).version {
            if !items.iter().any(|item| item.flow.as_ref() == Some(&row.flow)) {
                all.insert(row.flow.clone(), said(&document));
            }
            if let CompiledDocument::Flow(flow) = document {
                flows.push(flow);
            }
        }
    }
    called::tell(items, &flows);
    all.extend(items.iter().filter_map(|item| Some((item.flow.clone()?, said(item.compiled.as_ref()?)))));
    for item in items.iter_mut().filter(|item| item.compiled.is_some()) {
        let Some((id, own)) = item.flow.as_ref().and_then(|id| all.get_key_value(id)) else { continue };
        let mut told = unknown_tags(own, &all, &env.tags);
        told.extend(unknown_teams(own, &all));
        told.extend(ring(id, &all));
        item.warn(told);
    }
}

fn said(document: &CompiledDocument) -> Said {
    let mut said = Said { kind: document.kind(), needs: document.needs().clone(), ..Said::default() };
    let listens = |on: &Trigger| (Arc::clone(&on.kind), on.params.clone());
    match document {
        CompiledDocument::Flow(flow) => {
            said.listens = flow.triggers.iter().map(listens).collect();
            for step in &flow.program.steps {
                let Op::Do(call) = &step.op else { continue };
                match &*call.action {
                    "contact.add_tags" => said.gives.extend(literal_tags(&call.input)),
                    "contact.remove_tags" => said.takes.extend(literal_tags(&call.input)),
                    _ => {}
                }
            }
        }
        CompiledDocument::Rules(file) => {
            for rule in &file.rules {
                said.listens.extend(rule.on.iter().map(listens));
                said.gives.extend(rule.then.add_tags.iter().map(ToString::to_string));
                said.takes.extend(rule.then.remove_tags.iter().map(ToString::to_string));
            }
        }
        CompiledDocument::Calendar(_) | CompiledDocument::Segment(_) => {}
    }
    said
}

fn literal_tags(input: &Expr) -> Vec<String> {
    let Expr::Map(fields) = input else { return Vec::new() };
    let tags = fields.iter().find(|(name, _)| &**name == "tags").map(|(_, value)| value);
    match tags {
        Some(Expr::Literal(Value::Array(tags))) => tags.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// `written`: the tags of the dictionary, which people and the CRM give.
fn unknown_tags(own: &Said, all: &All, written: &[String]) -> Vec<(&'static str, Sentence, Sentence)> {
    let given: BTreeSet<&str> = all.values().flat_map(|said| &said.gives).chain(written).map(String::as_str).collect();
    let digits = |tag: &str| tag.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    let unknown = own.needs.tags_read.iter().filter(|tag| !given.contains(tag.as_str()));
    let told = unknown.filter_map(|tag| {
        // `tier-1` is no misspelling of `tier-2`.
        let near = suggest::nearest(tag, given.iter().copied()).filter(|near| digits(near) != digits(tag));
        match (near, written) {
            (Some(near), _) => {
                let message = sentence!("no flow and no rule gives the tag `{tag}`", tag);
                Some(("unknown_tag", message, sentence!("did you mean `{name}`?", name = near)))
            }
            (None, []) => None,
            (None, _) => {
                let message = sentence!(
                    "no flow and no rule gives the tag `{tag}`, and the dictionary of tags does not know it",
                    tag
                );
                Some(("unknown_tag", message, "write there what it means, or use one that is there".into()))
            }
        }
    });
    told.collect()
}

/// Teams have their hours in calendars of the same name.
fn unknown_teams(own: &Said, all: &All) -> Vec<(&'static str, Sentence, Sentence)> {
    let calendars: Vec<&str> =
        all.iter().filter(|(_, said)| said.kind == Kind::Calendar).map(|(id, _)| id.as_str()).collect();
    let unknown = own.needs.teams.iter().filter(|team| !calendars.contains(&team.as_str()));
    let near = unknown.filter_map(|team| {
        let near = suggest::nearest(team, calendars.iter().copied())?;
        Some((
            "unknown_team",
            sentence!("the team `{team}` has no calendar", team),
            sentence!("did you mean `{name}`?", name = near),
        ))
    });
    near.collect()
}

/// The shortest way on which a document starts itself again by way of others.
fn ring(id: &str, all: &All) -> Option<(&'static str, Sentence, Sentence)> {
    let mut came: BTreeMap<&str, (&str, Sentence)> = BTreeMap::new();
    let mut open = VecDeque::from([id]);
    while let Some(here) = open.pop_front() {
        for (next, how) in all.keys().filter_map(|next| Some((next.as_str(), starts(here, next, all)?))) {
            if next == id {
                let mut ways = vec![how];
                let mut at = here;
                while let Some((before, how)) = came.get(at) {
                    ways.push(how.clone());
                    at = before;
                }
                ways.reverse();
                let hint = "each round is one event deeper, and the 9th starts nothing; take one way out, or let a condition end it";
                return Some(("flow_ring", sentence!("these may start each other: {ways}", ways), hint.into()));
            }
            if !came.contains_key(next) {
                came.insert(next, (here, how));
                open.push_back(next);
            }
        }
    }
    None
}

/// How `from` may start `to`, if it may. What a document does to itself is not told: a tag that is there is not given again.
fn starts(from: &str, to: &str, all: &All) -> Option<Sentence> {
    let (one, other) = (all.get(from)?, all.get(to)?);
    if from == to {
        return None;
    }
    if one.needs.flows.contains(to) {
        return Some(sentence!("`{from}` calls `{to}`", from, to));
    }
    other.listens.iter().find_map(|(kind, params)| {
        let tag = |tags: &BTreeSet<String>| {
            let asked = params["tag"].as_str();
            tags.iter().find(|tag| asked.is_none_or(|asked| asked == tag.as_str())).cloned()
        };
        match &**kind {
            event::TAG_ADDED => {
                Some(sentence!("`{from}` gives the tag `{tag}`, which starts `{to}`", from, tag = tag(&one.gives)?, to))
            }
            event::TAG_REMOVED => {
                Some(sentence!("`{from}` takes the tag `{tag}`, which starts `{to}`", from, tag = tag(&one.takes)?, to))
            }
            event::FLOW_FAILED if one.kind == Kind::Flow => {
                let asked = params["flow"].as_str();
                asked
                    .is_none_or(|asked| asked == from)
                    .then(|| sentence!("a failure of `{from}` starts `{to}`", from, to))
            }
            _ => None,
        }
    })
}

impl PlanItem {
    fn warn(&mut self, told: Vec<(&'static str, Sentence, Sentence)>) {
        let (line, column) = self.place;
        let problem =
            |(code, message, hint)| Problem::new(Place { line, column }, Severity::Warning, code, message, hint);
        self.problems.extend(told.into_iter().map(problem));
    }
}
