//! `contact.find`: a call like any other, which the engine answers from its own store.
//!
//! A turn knows one contact. What looks at others is therefore no turn's doing: it is planned, put in flight and journaled as
//! an effect, and reads what is committed at that moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use schemars::JsonSchema;
use serde::Serialize;

use super::core::Core;
use crate::book::Book;
use crate::capability::contact::{Contacts, Find, OWN_CONNECTION};
use crate::connector::{Action, Call, Connection, Finding, Open, Performer, Performs, Problem, Repeat, Scope, Verdict};
use crate::handle::contact_from;
use crate::ids::ContactId;
use crate::segment::{self, Search, Segment};
use crate::store::{self, Reads, Store};

/// Contacts read at a time.
const PAGE: u32 = 200;
/// Most contacts that one call looks at: a page ends there, and `next` goes on.
const MOST: usize = 20_000;
/// Searches at once: each reads, and customers' turns read, too.
const AT_ONCE: u16 = 2;

/// The engine's own contacts, as a connection that flows call.
struct Finder<S> {
    store: S,
    book: Arc<ArcSwap<Book>>,
}

/// The connection that performs [`Find`].
pub(super) fn open<S: Store + Reads>(store: S, book: Arc<ArcSwap<Book>>) -> Open {
    let finder = Arc::new(Finder { store, book });
    let performer = Performer::of::<Find, Finder<S>>(Arc::clone(&finder));
    Open {
        id: OWN_CONNECTION.into(),
        connector: "switchboard",
        connection: finder,
        performers: BTreeMap::from([(Find::NAME, performer)]),
        rate_per_second: 0,
        concurrency: AT_ONCE,
    }
}

impl<S: Store + Reads> Connection for Finder<S> {
    fn check(&self) -> BoxFuture<'_, Vec<Finding>> {
        std::future::ready(Vec::new()).boxed()
    }
}

impl<S: Store + Reads> Performs<Find> for Finder<S> {
    /// It changes nothing.
    const REPEAT: Repeat = Repeat::Safe;

    async fn perform(&self, input: Find, call: &Call) -> Verdict<Contacts> {
        let refused = |code: &str, words: String| Verdict::Refused(Problem::new(code, words));
        let Some(segment) = segment::named(&self.book.load().segments, &input.segment) else {
            return refused("unknown_segment", format!("there is no segment `{}`: import one", input.segment));
        };
        let after = match input.after.as_deref().filter(|after| !after.is_empty()).map(str::parse) {
            None => ContactId(i64::MIN),
            Some(Ok(after)) => after,
            Some(Err(problem)) => return refused("bad_input", format!("`after`: {problem}")),
        };
        let tag = segment.narrow.tags.first().cloned();
        match self.search(Search::new(segment, input.limit, call.now), tag, after).await {
            Ok(found) => Verdict::done(found),
            Err(problem) => {
                let problem = Problem::new("store", problem.to_string());
                Verdict::Later { after: None, scope: Scope::Connection, problem }
            }
        }
    }
}

/// How many contacts are in a segment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "SegmentCount")]
pub struct Count {
    /// Contacts in it.
    pub contacts: u64,
    /// Contacts on which its condition failed; they are not in it.
    pub failed: u64,
    /// What the first of these failures said.
    pub error: Option<String>,
    /// Whether counting ended before all contacts were looked at.
    pub more: bool,
}

impl<S: Store + Reads> Core<S> {
    /// Counts a segment; ends after `most` contacts were looked at.
    pub(super) async fn count(&self, segment: &Segment, most: usize) -> Result<Count, store::Error> {
        let now = self.parts.clock.now();
        let (mut count, mut looked, mut after) = (Count::default(), 0, ContactId(i64::MIN));
        loop {
            let page = self.parts.store.members(segment.narrow.tags.first().cloned(), after, PAGE).await?;
            let last = page.len() < PAGE as usize;
            looked += page.len();
            for member in page {
                after = member.contact.id;
                match segment.holds(&contact_from(member.contact, member.tags), now) {
                    Ok(decision) => count.contacts += u64::from(decision.holds),
                    Err(problem) => {
                        count.failed += 1;
                        count.error.get_or_insert(problem.message);
                    }
                }
            }
            if last || looked >= most {
                count.more = !last;
                return Ok(count);
            }
        }
    }
}

impl<S: Store + Reads> Finder<S> {
    async fn search(
        &self,
        mut search: Search,
        tag: Option<String>,
        mut after: ContactId,
    ) -> Result<Contacts, store::Error> {
        let mut looked = 0;
        loop {
            let page = self.store.members(tag.clone(), after, PAGE).await?;
            let last = page.len() < PAGE as usize;
            let end = page.len();
            for (place, member) in page.into_iter().enumerate() {
                after = member.contact.id;
                search.look(&contact_from(member.contact, member.tags));
                if search.is_full() {
                    return Ok(search.end(last && place + 1 == end));
                }
            }
            looked += end;
            if last || looked >= MOST {
                return Ok(search.end(last));
            }
        }
    }
}
