//! Erasing a person: the contact's own mailbox, and what is nobody's and yet tells of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::core::Core;
use crate::capability::contact::OWN_CONNECTION;
use crate::erasure::{Erased, Family, Names, Traces};
use crate::ids::{BadItemId, ContactId, EffectId, JournalId, MailboxId, RunId};
use crate::order::{DeskOrder, Error, Order};
use crate::run::journal::{self, Head};
use crate::run::{Entry, What};
use crate::store::{self, ContactRow, EffectState, FIRST_EFFECT, JournalKind, Reads, Store, Work};

/// Between two looks whether a search is over.
const SEARCH_PAUSE: Duration = Duration::from_millis(20);

impl<S: Store + Reads> Core<S> {
    /// The contact whom `who` (id, phone or address) names; a number in any of its spellings.
    pub(super) async fn whom(&self, who: &str) -> Result<Option<ContactRow>, store::Error> {
        let numbers = Names::of_number(who).unwrap_or_default();
        for who in std::iter::once(who.to_owned()).chain(numbers.numbers()) {
            if let Some(contact) = self.parts.store.find_contact(&who).await? {
                return Ok(Some(contact));
            }
        }
        Ok(None)
    }

    /// Erases whom `who` names: every contact with that number, or only what is nobody's.
    pub(super) async fn erase(self: &Arc<Self>, who: &str, by: &str) -> Result<Erased, Error> {
        let mut erased = Erased::default();
        while let Some(contact) = self.whom(who).await? {
            // One that is named by its id is still there.
            if erased.contacts.contains(&contact.id) {
                return Ok(erased);
            }
            // All that became one with it is the same person. The one that stays goes last: it knows of the others.
            for id in self.parts.store.same_person(contact.id).await?.into_iter().rev() {
                let part = self.parts.store.find_contact(&id.to_string()).await?;
                if let Some(part) = part.filter(|part| part.erased_at.is_none()) {
                    self.erase_contact(&part, by, &mut erased).await?;
                }
                erased.contacts.insert(id);
            }
        }
        if let Some(names) = Names::of_number(who).filter(|_| erased.contacts.is_empty()) {
            self.forget(&names, by, &mut erased).await?;
        }
        Ok(erased)
    }

    async fn erase_contact(self: &Arc<Self>, contact: &ContactRow, by: &str, erased: &mut Erased) -> Result<(), Error> {
        let mailbox = MailboxId::of_contact(contact.id);
        let names = Names::of(contact, &self.parts.store.mailbox(mailbox).await?.conversations);
        // The contact goes last: a process that ends half way still knows for whom to look when it is asked again.
        self.forget(&names, by, erased).await?;
        self.order(mailbox, by, Order::ErasePerson, None).await?;
        self.forget_at_desk(Some(contact.id), Vec::new(), by).await?;
        self.searches_ended().await?;
        // What came while it was read before.
        self.forget(&names, by, erased).await
    }

    /// Waits until searches that may have found the person before are over and in the journal, where they can be forgotten.
    async fn searches_ended(&self) -> Result<(), Error> {
        if self.parts.quiet {
            return Ok(());
        }
        let mut known: Option<BTreeSet<EffectId>> = None;
        loop {
            let flying = self.parts.store.effects(EffectState::InFlight, FIRST_EFFECT, u32::MAX).await?;
            let searches = flying.iter().filter(|row| row.connection == OWN_CONNECTION).map(|row| row.id).collect();
            let open = known.map_or_else(|| BTreeSet::clone(&searches), |known| &known & &searches);
            if open.is_empty() {
                return Ok(());
            }
            known = Some(open);
            tokio::time::sleep(SEARCH_PAUSE).await;
        }
    }

    /// Forgets all that is nobody's and holds one of `names`.
    async fn forget(self: &Arc<Self>, names: &Names, by: &str, erased: &mut Erased) -> Result<(), Error> {
        let traces = self.parts.store.traces(names.clone()).await?;
        erased.events.extend(traces.families.iter().map(|family| family.event));
        erased.items.extend(&traces.bad_items);
        self.forget_traces(traces, by).await
    }

    /// Forgets what is nobody's.
    pub(super) async fn forget_traces(self: &Arc<Self>, traces: Traces, by: &str) -> Result<(), Error> {
        let mut families: BTreeMap<MailboxId, Vec<Family>> = BTreeMap::new();
        for family in traces.families {
            families.entry(family.mailbox).or_default().push(family);
        }
        let runs = families.values().flatten().flat_map(|family| family.runs.clone()).collect();
        for (mailbox, families) in families {
            self.order(mailbox, by, Order::Forget { families }, None).await?;
        }
        self.forget_at_desk(None, runs, by).await?;
        self.forget_items(traces.bad_items, by).await
    }

    /// A letter has told the desk; this is done when it was read.
    async fn forget_at_desk(
        self: &Arc<Self>,
        contact: Option<ContactId>,
        runs: Vec<RunId>,
        by: &str,
    ) -> Result<(), Error> {
        if contact.is_some() || !runs.is_empty() {
            self.order(MailboxId::DESK, by, Order::Desk(DeskOrder::Forget { contact, runs }), None).await?;
        }
        Ok(())
    }

    async fn forget_items(&self, items: Vec<BadItemId>, by: &str) -> Result<(), Error> {
        if items.is_empty() {
            return Ok(());
        }
        let at = self.parts.clock.now();
        let erased = |item: &BadItemId| {
            let id = JournalId(self.parts.ids.next(at));
            let head = Head { id, subject: item.0, seq: id.0, kind: JournalKind::Erasure, by, person: None, at };
            journal::encode(head, &[Entry::bare(What::Erased)])
        };
        let journal = items.iter().map(erased).collect();
        let work = Work { mailbox: MailboxId::SYSTEM, at, journal, forget_items: items, ..Work::default() };
        Ok(self.watched(self.parts.store.commit(work).await)?)
    }
}
