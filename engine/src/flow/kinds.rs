//! Kinds of documents: which one a text is, and the one place that sends each to its own reader.
//!
//! A document says by its id's key what it is: `flow: order-to-ticket`, `rules: customer-care`. A further kind is a variant
//! here, a reader of its own, and what becomes of it when it is published ([`crate::book::Published`]).

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::calendar::CompiledCalendar;
use super::case::TestCase;
use super::env::{Environment, Needs};
use super::fields::Fields;
use super::gaps::Lines;
use super::lower::{self, Checked, Compiled, Lower};
use super::outline::{self, Outline, PlacedProblem};
use super::problem::{Problem, Problems};
use super::rules::CompiledRules;
use super::segment::CompiledSegment;
use super::yaml::{self, Node, Val};
use crate::book::Published;
use crate::ids::VersionId;
use crate::sentence;

/// What a document is. The codes are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
#[schemars(rename = "DocumentKind")]
pub enum Kind {
    /// A flow: what starts it, and what it does.
    #[default]
    Flow = 0,
    /// Tag rules: an ordered list of conditions with what each changes of the contact.
    Rules = 1,
    /// A calendar: when a team works.
    Calendar = 2,
    /// A segment: a named group of contacts.
    Segment = 3,
}

impl Kind {
    /// Every kind, by code.
    pub const ALL: [Self; 4] = [Self::Flow, Self::Rules, Self::Calendar, Self::Segment];

    /// The key that holds the id of such a document.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Flow => "flow",
            Self::Rules => "rules",
            Self::Calendar => "calendar",
            Self::Segment => "segment",
        }
    }

    /// The kind with this code; unknown codes read as a flow.
    #[must_use]
    pub fn from_code(code: i64) -> Self {
        Self::ALL.into_iter().find(|kind| *kind as i64 == code).unwrap_or_default()
    }

    /// What such a document is called, for messages.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Flow => "flow",
            Self::Rules => "file of tag rules",
            Self::Calendar => "calendar",
            Self::Segment => "segment",
        }
    }

    /// The kind of a tree, by its first key that names one; a flow when there is none, as most documents are.
    pub(super) fn of(root: &Node) -> Self {
        let Val::Map(entries) = &root.value else { return Self::Flow };
        let named = |text: &str| Self::ALL.into_iter().find(|kind| kind.key() == text);
        entries.iter().find_map(|(key, _)| named(&key.text)).unwrap_or_default()
    }
}

/// A document of any kind that passed every check, before it is stored.
#[derive(Debug)]
pub enum CompiledDocument {
    /// A flow.
    Flow(Box<Compiled>),
    /// Tag rules.
    Rules(Box<CompiledRules>),
    /// A calendar.
    Calendar(Box<CompiledCalendar>),
    /// A segment.
    Segment(Box<CompiledSegment>),
}

impl From<Compiled> for CompiledDocument {
    fn from(compiled: Compiled) -> Self {
        Self::Flow(Box::new(compiled))
    }
}

impl From<CompiledRules> for CompiledDocument {
    fn from(compiled: CompiledRules) -> Self {
        Self::Rules(Box::new(compiled))
    }
}

impl From<CompiledCalendar> for CompiledDocument {
    fn from(compiled: CompiledCalendar) -> Self {
        Self::Calendar(Box::new(compiled))
    }
}

impl From<CompiledSegment> for CompiledDocument {
    fn from(compiled: CompiledSegment) -> Self {
        Self::Segment(Box::new(compiled))
    }
}

impl CompiledDocument {
    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Flow(_) => Kind::Flow,
            Self::Rules(_) => Kind::Rules,
            Self::Calendar(_) => Kind::Calendar,
            Self::Segment(_) => Kind::Segment,
        }
    }

    /// Its id, kebab-case.
    #[must_use]
    pub fn id(&self) -> &Arc<str> {
        match self {
            Self::Flow(flow) => &flow.flow,
            Self::Rules(rules) => &rules.file,
            Self::Calendar(compiled) => &compiled.calendar.name,
            Self::Segment(compiled) => &compiled.segment.name,
        }
    }

    /// SHA-256 of its meaning.
    #[must_use]
    pub fn meaning(&self) -> [u8; 32] {
        match self {
            Self::Flow(flow) => flow.meaning,
            Self::Rules(rules) => rules.meaning,
            Self::Calendar(compiled) => compiled.meaning,
            Self::Segment(compiled) => compiled.meaning,
        }
    }

    /// The flow, if it is one.
    pub(super) fn flow(&self) -> Option<&Compiled> {
        match self {
            Self::Flow(flow) => Some(flow),
            Self::Rules(_) | Self::Calendar(_) | Self::Segment(_) => None,
        }
    }

    /// What an installation must have for it to work.
    #[must_use]
    pub fn needs(&self) -> &Needs {
        match self {
            Self::Flow(flow) => &flow.needs,
            Self::Rules(rules) => &rules.needs,
            Self::Calendar(compiled) => &compiled.needs,
            Self::Segment(compiled) => &compiled.needs,
        }
    }

    /// The version that takes effect, under the id it is stored with.
    #[must_use]
    pub fn into_version(self, id: VersionId) -> Published {
        match self {
            Self::Flow(flow) => Published::Flow(Arc::new(flow.into_version(id))),
            Self::Rules(rules) => Published::Rules(Arc::new(rules.into_version(id))),
            Self::Calendar(compiled) => Published::Calendar(compiled.into_version(id)),
            Self::Segment(compiled) => Published::Segment(compiled.into_version(id)),
        }
    }

    /// Its tests.
    #[must_use]
    pub fn tests(&self) -> &[TestCase] {
        match self {
            Self::Flow(flow) => &flow.tests,
            Self::Rules(rules) => &rules.tests,
            Self::Calendar(_) | Self::Segment(_) => &[],
        }
    }
}

/// Parses and checks a document of any kind. It never stops at the first problem, and with one error there is no version.
#[must_use]
pub fn check_document(text: &str, env: &Environment<'_>) -> Checked<CompiledDocument> {
    let mut problems = Problems::default();
    let Some(root) = yaml::read(text, &mut problems) else {
        return Checked { kind: Kind::Flow, version: None, flow: None, problems: problems.sorted() };
    };
    match Kind::of(&root) {
        Kind::Flow => lower::finish(&root, Lower::new(env, problems), Kind::Flow, Lower::flow).map(Into::into),
        Kind::Rules => lower::finish(&root, Lower::new(env, problems), Kind::Rules, Lower::rules).map(Into::into),
        Kind::Calendar => {
            lower::finish(&root, Lower::new(env, problems), Kind::Calendar, Lower::calendar).map(Into::into)
        }
        Kind::Segment => lower::finish(&root, Lower::new(env, problems), Kind::Segment, Lower::segment).map(Into::into),
    }
}

/// The outline of a text; `None` when it is no YAML that is read.
#[must_use]
pub fn outline(text: &str) -> Option<Outline> {
    yaml::read(text, &mut Problems::default()).map(|root| Outline::of(&root))
}

/// Every problem of a text with its whole range and what it is about. `outline` is that of the text, if it has one.
#[must_use]
pub fn placed(problems: Vec<Problem>, text: &str, outline: Option<&Outline>) -> Vec<PlacedProblem> {
    let lines = Lines::new(text);
    let place = |problem| match outline {
        Some(outline) => outline.place(problem, text, &lines),
        None => outline::unplaced(problem, text, &lines),
    };
    problems.into_iter().map(place).collect()
}

/// Says so when `keys` are those of a document of another kind than `wanted`.
pub(super) fn refuse_others(keys: &Fields<'_>, wanted: Kind, problems: &mut Problems) {
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != wanted) {
        if let Some((key, _)) = keys.peek(kind.key()) {
            let message = sentence!(
                "this document is `{key}:` already; `{other}:` makes another kind of it",
                key = wanted.key(),
                other = kind.key()
            );
            problems.error(
                key.place,
                "two_kinds",
                message,
                "one file holds one flow, one list of tag rules, one calendar or one segment",
            );
        }
    }
}
