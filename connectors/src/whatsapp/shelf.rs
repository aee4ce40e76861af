//! The templates of an account as it told them last: what a message that is sent says, without asking again.

use std::sync::{Arc, PoisonError, RwLock};

use engine::connector::{ApprovedTemplate, ShownTemplate};

use super::common;

/// The templates of one account.
#[derive(Default)]
pub(super) struct Shelf(RwLock<Option<Arc<[ApprovedTemplate]>>>);

impl Shelf {
    /// From now on these.
    pub(super) fn put(&self, templates: &[ApprovedTemplate]) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(templates.into());
    }

    /// All of them; nothing before the account told them.
    pub(super) fn all(&self) -> Option<Arc<[ApprovedTemplate]>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A template with these values as the conversation's history shows it: the words the customer reads, as far as they are known.
    pub(super) fn shown(&self, template: &str, language: &str, values: &[(&str, &str)]) -> String {
        let all = self.all().unwrap_or_default();
        match all.iter().find(|known| known.name == template && known.language == language) {
            Some(known) => ShownTemplate::written(template, &known.words(values), &known.buttons),
            None => common::shown(template, values),
        }
    }
}
