//! Statuses that came: whoever looks at the conversation is told, so that its ticks are there at once.

use engine::connector::Item;
use engine::event::EventKey;
use engine::runner::Change;
use engine::store::Talks;

use crate::app::App;

/// Most messages of one delivery that are looked up: those who watch look anew when more came.
const MOST: usize = 200;

/// Which messages the statuses among `items` of a connection are about, if anybody watches.
pub(crate) fn statuses(app: &App, connection: &str, items: &[Item]) -> Vec<[u8; 16]> {
    if !app.engine.is_watched() {
        return Vec::new();
    }
    let key = |item: &Item| match item {
        Item::Status(report) => Some(EventKey::new(connection, "message", &report.external_id).0),
        _ => None,
    };
    items.iter().filter_map(key).take(MOST).collect()
}

/// Tells in which conversations they were said. The statuses are stored: what cannot be looked up is seen at the next look.
pub(crate) async fn tell_statuses(app: &App, keys: Vec<[u8; 16]>) {
    if keys.is_empty() {
        return;
    }
    match app.engine.store().messages_by_key(keys).await {
        Ok(messages) => {
            for id in messages.into_iter().filter_map(|row| row.conversation_id) {
                app.engine.tell(Change::Conversation { id, contact: None });
            }
        }
        Err(problem) => tracing::warn!(%problem, "whoever watches a conversation was not told of a status"),
    }
}
