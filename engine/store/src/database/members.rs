//! Contacts by page, for segments: all of them, or those with a tag.

use engine::ids::{ContactId, ConversationId};
use engine::store::Member;

use super::error::Error;
use super::query::{Conn, all, one, query};
use super::read::{CONTACT, CONVERSATIONS, TAGS};
use super::rows::{self, columns};

pub(crate) const ALL: &str = concat!(
    "select ",
    columns!(contact),
    " from contact where id > ? and erased_at is null and merged_into is null order by id limit ?"
);
/// Source 5 is a person who took the tag. A tag may have several sources.
/// Who is a part of another counts as that one.
pub(crate) const TAGGED: &str = "select distinct contact_id from contact_tag where tag = ? and contact_id > ? \
     and source <> 5 and not exists (select 1 from contact where contact.id = contact_id and merged_into is not null) \
     order by contact_id limit ?";

/// The contacts after `after`, each as of the same moment as its tags.
pub(crate) async fn page(
    conn: &mut Conn<'_>,
    tag: Option<&str>,
    after: ContactId,
    limit: u32,
) -> Result<Vec<Member>, Error> {
    let mut view = conn.view().await?;
    let found = page_now(&mut view.conn(), tag, after, limit).await?;
    view.end().await?;
    Ok(found)
}

async fn page_now(view: &mut Conn<'_>, tag: Option<&str>, after: ContactId, limit: u32) -> Result<Vec<Member>, Error> {
    let contacts = match tag {
        None => all(view, query(ALL).bind(after.0).bind(limit), rows::contact).await?,
        Some(tag) => {
            let ids = all(view, query(TAGGED).bind(tag).bind(after.0).bind(limit), rows::number).await?;
            let mut contacts = Vec::with_capacity(ids.len());
            for id in ids {
                contacts.extend(one(view, query(CONTACT).bind(id), rows::contact).await?);
            }
            contacts
        }
    };
    let mut members = Vec::with_capacity(contacts.len());
    for contact in contacts {
        let of = |text: &'static str| query(text).bind(contact.id.0);
        let tags = all(view, of(TAGS), rows::tag).await?;
        let conversations = all(view, of(CONVERSATIONS), rows::conversation).await?;
        let last = conversations.iter().max_by_key(|talk| (talk.last_in_at.max(talk.last_out_at), talk.id));
        let conversation: Option<ConversationId> = last.map(|talk| talk.id);
        members.push(Member { contact, tags, conversation });
    }
    Ok(members)
}
