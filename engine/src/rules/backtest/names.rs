//! What tags are called now. Texts and recorded facts may still say an old name; the dictionary knows which tag was meant.

use std::collections::HashMap;

use crate::contact::Contact;

/// The renamings that still hold.
#[derive(Clone, Debug, Default)]
pub struct TagNames {
    now: HashMap<String, String>,
}

impl TagNames {
    /// Of `renamings`, as (old, new), oldest first. A name that was taken up again is a tag of its own: another tag got it since, or
    /// it is `written` in the dictionary, which forgets a name that is given up.
    pub fn new(
        renamings: impl IntoIterator<Item = (String, String)>,
        written: impl IntoIterator<Item = String>,
    ) -> Self {
        let mut now = HashMap::new();
        for (from, to) in renamings {
            now.remove(&to);
            now.insert(from, to);
        }
        for tag in written {
            now.remove(&tag);
        }
        Self { now }
    }

    /// The name that `tag` has now.
    #[must_use]
    pub fn now<'a>(&'a self, tag: &'a str) -> &'a str {
        // The newest name leads nowhere, so this ends.
        let mut name = tag;
        while let Some(newer) = self.now.get(name) {
            name = newer;
        }
        name
    }

    /// Gives the contact each of its tags under all of the tag's names, as conditions may ask for any of them. What a person took stays
    /// taken under each.
    pub(crate) fn spread(&self, contact: &mut Contact) {
        for old in self.now.keys() {
            let new = self.now(old);
            if contact.tags_off.contains(old) || contact.tags_off.contains(new) {
                contact.tags_off.extend([old.clone(), new.to_owned()]);
            }
            let both = [old, new].map(|name| contact.tags.get(name).cloned().unwrap_or_default()).concat();
            for source in both {
                contact.give_tag(old, source.clone());
                contact.give_tag(new, source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(renamings: &[(&str, &str)], written: &[&str]) -> TagNames {
        let pairs = renamings.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned()));
        TagNames::new(pairs, written.iter().map(|tag| (*tag).to_owned()))
    }

    #[test]
    fn a_name_leads_to_the_one_it_has_now() {
        let known = names(&[("vip", "gold"), ("gold", "best")], &["best"]);
        assert_eq!(["vip", "gold", "best", "other"].map(|tag| known.now(tag)), ["best", "best", "best", "other"]);
    }

    #[test]
    fn a_name_that_was_taken_up_again_is_a_tag_of_its_own() {
        let back = names(&[("vip", "gold"), ("gold", "vip")], &[]);
        assert_eq!(["vip", "gold"].map(|tag| back.now(tag)), ["vip", "vip"]);
        let another = names(&[("vip", "gold"), ("big", "vip")], &[]);
        assert_eq!(["vip", "big"].map(|tag| another.now(tag)), ["vip", "vip"]);
        let written = names(&[("vip", "gold")], &["vip"]);
        assert_eq!(written.now("vip"), "vip");
    }
}
