//! Sweeps: reads the next page of a segment, and stores an event for each contact of it in that contact's mailbox.

use std::sync::Arc;

use super::core::Core;
use crate::connector::Sender;
use crate::handle::sweep::{Page, Sweep, segment_of};
use crate::handle::{Input, contact_from, event_from_row, row_from_event, schedule_mailbox};
use crate::ids::{EventId, InputId, MailboxId};
use crate::segment;
use crate::store::{self, Arrival, InputKind, InputRow, Lane, Member, Reads, Receipt, Store, Stored};

/// Contacts looked at at a time.
const PAGE: u32 = 100;
/// While more inputs than this wait for their turns, a sweep waits too: whoever writes comes first.
const MOST_QUEUED: i64 = 1_000;

impl<S: Store + Reads> Core<S> {
    /// Goes over the next page of `sweep`, whose wait is in `mailbox`, and tells the mailbox what came of it.
    pub(super) fn go_over(self: &Arc<Self>, mailbox: MailboxId, sweep: Sweep) {
        self.activity.add(1);
        let core = Arc::clone(self);
        tokio::spawn(async move {
            let page = match core.page(&sweep).await {
                Ok(page) => page,
                Err(problem) => {
                    tracing::warn!(flow = &*sweep.flow, %problem, "a page of a segment is tried again");
                    Page::unread(&sweep)
                }
            };
            core.post(mailbox, Input::Swept { key: sweep.key(), page }, None);
            core.activity.add(-1);
        });
    }

    /// The sweeps that are under way, of schedules that are live.
    pub(super) async fn sweeps(&self) -> Result<Vec<Sweep>, store::Error> {
        let book = self.book.load_full();
        let mut sweeps = Vec::new();
        for (live, trigger) in book.schedules().filter(|(_, trigger)| segment_of(trigger).is_some()) {
            let mailbox = schedule_mailbox(&live.version.flow, &trigger.id);
            let rows = self.parts.store.mailbox(mailbox).await?;
            sweeps.extend(rows.waits.iter().filter_map(Sweep::of));
        }
        Ok(sweeps)
    }

    async fn page(self: &Arc<Self>, sweep: &Sweep) -> Result<Page, store::Error> {
        let named = segment::named(&self.book.load().segments, &sweep.segment);
        let Some(segment) = named.filter(|_| self.boxes.queued() <= MOST_QUEUED) else {
            return Ok(Page::unread(sweep));
        };
        let members = self.parts.store.members(segment.narrow.tags.first().cloned(), sweep.after, PAGE).await?;
        let now = self.parts.clock.now();
        let mut page =
            Page { to: members.last().map_or(sweep.after, |member| member.contact.id), ..Page::unread(sweep) };
        page.last = members.len() < PAGE as usize;
        let mut arrivals = Vec::new();
        for Member { contact, tags, conversation } in members {
            let id = contact.id;
            // Only to narrow: the contact's own turn decides.
            match segment.holds(&contact_from(contact, tags), now) {
                Ok(decision) if decision.holds => {
                    page.found += 1;
                    let event = sweep.event(id, conversation, EventId(self.parts.ids.next(now)), now);
                    let input = InputRow {
                        id: InputId(self.parts.ids.next(now)),
                        shard: event.mailbox.shard(),
                        mailbox: event.mailbox,
                        lane: Lane::Bulk,
                        kind: InputKind::Event,
                        reference: event.id.0,
                        body: None,
                    };
                    arrivals.push(Arrival::Own(Box::new(Stored { event: row_from_event(&event), input, fresh: None })));
                }
                Ok(_) => {}
                Err(_) => page.failed += 1,
            }
        }
        if !arrivals.is_empty() {
            self.start_each(arrivals).await?;
        }
        Ok(page)
    }

    async fn start_each(self: &Arc<Self>, arrivals: Vec<Arrival>) -> Result<(), store::Error> {
        for receipt in self.store_arrivals(arrivals, Sender::Retried).await? {
            // One that is known was stored by a page before, and its input with it.
            if let Receipt::New(stored) = receipt {
                let Stored { event, input, .. } = *stored;
                let event = Arc::new(event_from_row(event));
                self.post(event.mailbox, Input::Event { event, input: Some(input.id) }, None);
            }
        }
        Ok(())
    }
}
