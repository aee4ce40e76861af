//! Contacts by page, for segments: all of them, or those with a tag.

use engine::ids::{ContactId, ConversationId};
use engine::store::Member;
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;

use super::error::Error;
use super::read::{CONTACT, CONVERSATIONS, TAGS, all, one};
use super::rows::{self, columns};

pub(super) const ALL: &str =
    concat!("select ", columns!(contact), " from contact where id > ? and erased_at is null order by id limit ?");
/// Source 5 is a person who took the tag. A tag may have several sources.
pub(super) const TAGGED: &str = "select distinct contact_id from contact_tag where tag = ? and contact_id > ? \
     and source <> 5 order by contact_id limit ?";

/// The contacts after `after`, each as of the same moment as its tags.
pub(super) async fn page(
    conn: &mut SqliteConnection,
    tag: Option<&str>,
    after: ContactId,
    limit: u32,
) -> Result<Vec<Member>, Error> {
    let mut view = conn.begin().await?;
    let contacts = match tag {
        None => all(&mut view, sqlx::query(ALL).bind(after.0).bind(limit), rows::contact).await?,
        Some(tag) => {
            let ids = all(&mut view, sqlx::query(TAGGED).bind(tag).bind(after.0).bind(limit), rows::number).await?;
            let mut contacts = Vec::with_capacity(ids.len());
            for id in ids {
                contacts.extend(one(&mut view, sqlx::query(CONTACT).bind(id), rows::contact).await?);
            }
            contacts
        }
    };
    let mut members = Vec::with_capacity(contacts.len());
    for contact in contacts {
        let of = |text: &'static str| sqlx::query(text).bind(contact.id.0);
        let tags = all(&mut view, of(TAGS), rows::tag).await?;
        let conversations = all(&mut view, of(CONVERSATIONS), rows::conversation).await?;
        let last = conversations.iter().max_by_key(|talk| (talk.last_in_at.max(talk.last_out_at), talk.id));
        let conversation: Option<ConversationId> = last.map(|talk| talk.id);
        members.push(Member { contact, tags, conversation });
    }
    view.rollback().await?;
    Ok(members)
}
