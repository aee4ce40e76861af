//! Segments in a test: a slot goes over the contacts that are given, and `contact.find` finds among them.

use serde_json::Value;

use super::sim::Sim;
use crate::book::Published;
use crate::capability::contact::Find;
use crate::clock::At;
use crate::connector::{Problem, Verdict};
use crate::contact::Contact;
use crate::event;
use crate::handle::sweep::{Sweep, segment_of};
use crate::ids::{ContactId, EventId};
use crate::run::Plan;
use crate::segment::{self, Search};

impl Sim<'_> {
    /// A slot: each schedule of the flow that goes over a segment (the one named, when the test names one) gives its contacts
    /// events. Says whether that is all, as the flow has no other schedule.
    pub(super) fn slot(&mut self, fields: &Value) -> bool {
        let Published::Flow(version) = self.version.clone() else { return false };
        let schedules = || version.triggers.iter().filter(|trigger| *trigger.kind == *event::CRON);
        let asked = fields["segment"].as_str();
        for trigger in schedules() {
            let Some(segment) = segment_of(trigger).filter(|segment| asked.is_none_or(|asked| asked == *segment))
            else {
                continue;
            };
            let sweep = Sweep {
                flow: version.flow.clone(),
                trigger: trigger.id.clone(),
                segment: segment.into(),
                slot: slot_of(fields).unwrap_or(self.now),
                after: ContactId(i64::MIN),
                found: 0,
                failed: 0,
            };
            self.go_over(&sweep);
        }
        asked.is_some() || schedules().all(|trigger| segment_of(trigger).is_some())
    }

    /// As in production: who is not in the segment now gets no event, and who gets one is judged in a turn.
    fn go_over(&mut self, sweep: &Sweep) {
        let Some(segment) = segment::named(&self.book.segments, &sweep.segment) else { return };
        let inside = self.contacts().filter(|contact| segment.holds(contact, self.now).is_ok_and(|is| is.holds));
        for contact in inside.map(|contact| contact.id).collect::<Vec<_>>() {
            let talk = self.mails.values().flat_map(|mail| &mail.facts.conversations);
            let talk = talk.filter(|talk| talk.contact == contact).map(|talk| talk.id).next();
            let id = EventId(self.ids.next(self.now));
            self.arrive(sweep.event(contact, talk, id, self.now));
        }
    }

    /// What a search finds; `None` when its input is no search.
    pub(super) fn find(&self, plan: &Plan) -> Option<Verdict> {
        let find: Find = serde_json::from_value(plan.input.clone()).ok()?;
        let Some(segment) = segment::named(&self.book.segments, &find.segment) else {
            let words = format!("there is no segment `{}`: import one", find.segment);
            return Some(Verdict::Refused(Problem::new("unknown_segment", words)));
        };
        let after: ContactId = find.after.and_then(|after| after.parse().ok()).unwrap_or(ContactId(i64::MIN));
        let mut search = Search::new(segment, find.limit, self.now);
        let mut rest = self.contacts().filter(|contact| contact.id > after).peekable();
        while !search.is_full()
            && let Some(contact) = rest.next()
        {
            search.look(contact);
        }
        let found = search.end(rest.peek().is_none());
        serde_json::to_value(found).ok().map(Verdict::done)
    }

    /// The contacts of the test's world, in the order of their ids.
    fn contacts(&self) -> impl Iterator<Item = &Contact> {
        let given = &self.test.given;
        let hidden = (!given.contacts.is_empty() && given.contact.is_empty()).then_some(self.customer);
        let mails = self.mails.values().filter(move |mail| Some(mail.id) != hidden);
        mails.filter_map(|mail| mail.facts.contact.as_ref())
    }
}

fn slot_of(fields: &Value) -> Option<At> {
    let time = chrono::DateTime::parse_from_rfc3339(fields["slot"].as_str()?).ok()?;
    Some(time.to_utc().into())
}
