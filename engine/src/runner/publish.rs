//! Publishing: versions are stored with an audit row each, then the book is swapped whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::change::Change;
use super::core::Core;
use crate::book::{Book, Live, LiveRules, Published};
use crate::clock::At;
use crate::first_hour::{self, HourRow, Hours};
use crate::handle::{Input, schedule_mailbox};
use crate::ids::{ContactId, MailboxId, VersionId};
use crate::publication::{Choices, PublicationOp};
use crate::store::{self, EditOp, JournalRow, Reads, Store, VersionRow, VersionState, Work};

/// Conversations armed at a time when a silence is published; newest flows wait a moment for old conversations.
const WATCH_PAGE: u32 = 500;
/// Pause between such pages: about 5 000 conversations a second.
const WATCH_PAUSE: Duration = Duration::from_millis(100);

impl<S: Store + Reads> Core<S> {
    pub(super) async fn publish(
        self: &Arc<Self>,
        rows: Vec<VersionRow>,
        versions: Vec<Published>,
        by: &str,
        choices: &BTreeMap<String, Choices>,
        edits: Vec<EditOp>,
    ) -> Result<(), store::Error> {
        let _alone = self.publishing.lock().await;
        let now = self.parts.clock.now();
        let before = self.book.load_full();
        let told = self.publications(&before, &rows, choices, by).await?;
        let publications = told.iter().cloned().map(PublicationOp::Begin).collect();
        let (hours, begun) = hours_after(&before, &rows, &versions, now);
        let journal = rows.iter().map(|row| self.published(row, &edits, by, now)).collect();
        let changed: BTreeSet<String> =
            rows.iter().filter(|row| row.state != VersionState::Draft).map(|row| row.flow.clone()).collect();
        let since = rows.iter().map(|row| (row.id, row.at)).collect::<std::collections::HashMap<_, _>>();
        let work = Work {
            mailbox: MailboxId::SYSTEM,
            at: now,
            versions: rows,
            edits,
            journal,
            publications,
            hours: begun,
            ..Work::default()
        };
        let changes = Change::of(&work);
        self.watched(self.parts.store.commit(work).await)?;

        let since = |id| since.get(&id).copied().unwrap_or(now);
        let book = changed_book(&before, &changed, versions, since, self.parts.notify.clone());
        let book = book.with_hours(hours, self.parts.first_hour).with_alarms(before.alarms);
        self.misses.keep(&book);
        self.book.store(Arc::new(book));
        self.feed.tell(changes);
        if !self.parts.quiet {
            self.look_after_schedules(&before);
            self.look_after_silences(&before);
            self.tell_runs(told);
        }
        Ok(())
    }

    /// What is journaled of a version that is published, switched or removed.
    fn published(&self, row: &VersionRow, edits: &[EditOp], by: &str, now: At) -> JournalRow {
        let became = match row.state {
            VersionState::Live => "published",
            VersionState::Off => "off",
            VersionState::Old => "removed",
            VersionState::Draft => "saved",
        };
        let what = &format!("{}.{became}", row.kind.key());
        let mut data = json!({ "version": row.id, "meaning": hex::encode(row.meaning), "owner": row.owner });
        for edit in edits {
            if let EditOp::Published(publication) = edit
                && publication.version == row.id
            {
                data["comment"] = publication.comment.as_str().into();
                data["rollback"] = publication.rollback.into();
            }
        }
        self.change_row(by, what, &row.flow, data, now)
    }

    /// Every schedule that is live now, or was before, sees to its next slot.
    pub(super) fn look_after_schedules(self: &Arc<Self>, before: &Book) {
        let now = self.book.load_full();
        let mut seen = BTreeSet::new();
        for (live, trigger) in before.schedules().chain(now.schedules()) {
            let (flow, trigger) = (Arc::clone(&live.version.flow), Arc::clone(&trigger.id));
            if seen.insert((Arc::clone(&flow), Arc::clone(&trigger))) {
                self.post(schedule_mailbox(&flow, &trigger), Input::Schedule { flow, trigger }, None);
            }
        }
    }

    /// When thresholds of silence changed, conversations that are silent now arm the next one.
    pub(super) fn look_after_silences(self: &Arc<Self>, before: &Book) {
        let thresholds = |book: &Book| -> BTreeSet<_> {
            book.silences().iter().map(|silence| (silence.silent as u8, silence.after)).collect()
        };
        let book = self.book.load_full();
        let added = &thresholds(&book) - &thresholds(before);
        let Some(longest) = added.iter().map(|(_, after)| *after).max() else { return };
        let core = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(problem) = core.watch_conversations(longest).await {
                tracing::error!(%problem, "silences could not all be armed; they are with the next message of each");
            }
        });
    }

    async fn watch_conversations(self: &Arc<Self>, longest: Duration) -> Result<(), store::Error> {
        let since = self.parts.clock.now().minus(longest);
        let mut after = ContactId(i64::MIN);
        loop {
            let page = self.parts.store.active_contacts(since, after, WATCH_PAGE).await?;
            let Some(last) = page.last().copied() else { return Ok(()) };
            after = last;
            for contact in page {
                self.post(MailboxId::of_contact(contact), Input::Watch, None);
            }
            tokio::time::sleep(WATCH_PAUSE).await;
        }
    }
}

/// The first hours after `versions` were published. Flows of files have none unless they say so: who deploys files has looked at
/// them, and a server that begins with them must take all that comes.
fn hours_after(before: &Book, rows: &[VersionRow], versions: &[Published], now: At) -> (Hours, Vec<HourRow>) {
    let of_file = |id| rows.iter().any(|row| row.id == id && row.owner.starts_with("file:"));
    let flows = versions.iter().filter_map(|version| match version {
        Published::Flow(version) => Some(&**version),
        Published::Rules(_) | Published::Calendar(_) | Published::Segment(_) => None,
    });
    let guarded = flows.filter(|version| version.first_hour.is_some() || !of_file(version.id));
    first_hour::after(&before.hours, guarded.map(|version| (version, now)))
}

/// The book with `versions` in place of what stood in it under the names in `changed`.
fn changed_book(
    before: &Book,
    changed: &BTreeSet<String>,
    versions: Vec<Published>,
    since: impl Fn(VersionId) -> At,
    notify: Option<Arc<str>>,
) -> Book {
    let stays = |name: &str| !changed.contains(name);
    let mut live: Vec<Live> = before.live.iter().filter(|live| stays(&live.version.flow)).cloned().collect();
    let mut rules: Vec<LiveRules> = before.rules.iter().filter(|live| stays(&live.rules.file)).cloned().collect();
    let mut calendars: Vec<_> = before.calendars.values().filter(|kept| stays(&kept.name)).cloned().collect();
    let mut segments: Vec<_> = before.segments.values().filter(|kept| stays(&kept.name)).cloned().collect();
    for version in versions {
        let since = since(version.id());
        match version {
            Published::Flow(version) => live.push(Live { version, since }),
            Published::Rules(file) => rules.push(LiveRules { rules: file, since }),
            Published::Calendar(found) => calendars.push(found.calendar),
            Published::Segment(found) => segments.push(found.segment),
        }
    }
    live.sort_by(|one, other| one.version.flow.cmp(&other.version.flow));
    let others = before.versions.values().cloned().collect();
    let book = Book::new(live, others, notify).with_rules(rules).with_calendars(calendars).with_segments(segments);
    book.with_staff(Arc::clone(&before.staff)).with_crm(before.crm.clone())
}
