//! What happened in a time, read page by page.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use engine::clock::At;
use engine::event::Origin;
use engine::ids::{ConversationId, EventId, Ids, MessageId, RunId, UserId};
use engine::inbox::RatingRow;
use engine::store::{ClosingRow, EscalationRow, FIGURES_PAGE, PeopleFigures, Store, Talks};

use super::super::{figures, midnight};
use crate::error::ApiError;

/// Most pages of one kind.
const MOST_PAGES: usize = 100;

/// What happened in a time.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Escalations received.
    pub(super) escalations: Vec<EscalationRow>,
    /// Sessions closed.
    pub(super) closings: Vec<ClosingRow>,
    /// Answers to the question about a conversation.
    pub(super) ratings: Vec<RatingRow>,
    /// Where something was said, by the midnight before it.
    pub(super) days: BTreeMap<At, HashSet<ConversationId>>,
    /// Who wrote where and when by hand; `None` = somebody with the phone app.
    pub(super) wrote: Vec<(ConversationId, Option<UserId>, At)>,
    /// Which flows ran where; empty unless asked for.
    pub(super) ran: HashMap<ConversationId, BTreeSet<String>>,
    /// Which flow asked, of escalations; empty unless asked for.
    pub(super) asked: HashMap<RunId, String>,
    /// Whether that is all of it.
    pub(super) complete: bool,
}

/// Reads what happened at or after `from` and before `to`.
pub(super) async fn seen(
    store: &(impl PeopleFigures + Talks + Store),
    from: At,
    to: At,
    flows: bool,
) -> Result<Seen, ApiError> {
    let mut seen = Seen { complete: true, ..Seen::default() };
    seen.escalations = figures::since(store, from).await?;
    seen.escalations.retain(|row| row.received_at < to);
    seen.closings = store.closings(from, to).await?;
    seen.ratings = store.ratings(from, to).await?;
    heard(store, &mut seen, from, to).await?;
    let (wrote, all) = by_hand(store, from, to).await?;
    seen.wrote.extend(wrote);
    seen.complete &= all;
    for (conversation, _, at) in &seen.wrote {
        seen.days.entry(midnight(*at)).or_default().insert(*conversation);
    }
    if flows {
        ran(store, &mut seen, from, to).await?;
    }
    Ok(seen)
}

/// Who wrote to customers in the inbox, where and when; and whether that is all of it.
pub(in super::super) async fn by_hand(
    store: &impl PeopleFigures,
    from: At,
    to: At,
) -> Result<(Vec<(ConversationId, Option<UserId>, At)>, bool), ApiError> {
    let (mut wrote, mut after) = (Vec::new(), MessageId(Ids::floor(from)));
    for _ in 0..MOST_PAGES {
        let page = store.spoken_page(after, to).await?;
        let full = page.len() == FIGURES_PAGE;
        after = page.last().map_or(after, |last| last.message);
        let people = page.into_iter().filter(|said| said.by.is_some());
        wrote.extend(people.map(|said| (said.conversation, said.by, Ids::time_of(said.message.0))));
        if !full {
            return Ok((wrote, true));
        }
    }
    Ok((wrote, false))
}

async fn heard(store: &impl PeopleFigures, seen: &mut Seen, from: At, to: At) -> Result<(), ApiError> {
    let mut after = EventId(Ids::floor(from));
    for _ in 0..MOST_PAGES {
        let page = store.heard_page(after, to).await?;
        let full = page.len() == FIGURES_PAGE;
        after = page.last().map_or(after, |last| last.event);
        for event in page {
            let Some(conversation) = event.conversation else { continue };
            let at = Ids::time_of(event.event.0);
            match event.origin {
                Origin::Customer => {
                    seen.days.entry(midnight(at)).or_default().insert(conversation);
                }
                Origin::AppEcho => seen.wrote.push((conversation, None, at)),
                _ => {}
            }
        }
        if !full {
            return Ok(());
        }
    }
    seen.complete = false;
    Ok(())
}

async fn ran(store: &(impl PeopleFigures + Store), seen: &mut Seen, from: At, to: At) -> Result<(), ApiError> {
    let mut after = RunId(Ids::floor(from));
    seen.complete &= 'read: {
        for _ in 0..MOST_PAGES {
            let page = store.run_page(after, to).await?;
            let full = page.len() == FIGURES_PAGE;
            after = page.last().map_or(after, |last| last.run);
            for run in page {
                if let Some(conversation) = run.conversation {
                    seen.ran.entry(conversation).or_default().insert(run.flow);
                }
            }
            if !full {
                break 'read true;
            }
        }
        false
    };
    // A run that asked may have begun long before.
    let asked: BTreeSet<RunId> =
        seen.escalations.iter().map(|row| row.run_id).filter(|id| *id != RunId::NONE).collect();
    for id in asked {
        if let Some(run) = store.run(id).await? {
            seen.asked.insert(id, run.flow);
        }
    }
    Ok(())
}
