//! What the catalogue says to people: the texts and names of it that the app shows, so that none stays without a translation.

use std::collections::BTreeSet;

use super::scope::NOTES;
use super::shape::Shape;
use crate::capability::{human, notify};
use crate::connector::{Action, Catalog};

/// How deep fields of fields are looked at: a schema may refer to itself.
const MOST_DEPTH: usize = 8;
/// The engine sends these itself: no form shows their fields.
const OURS: [&str; 2] = [human::NotifyEscalation::NAME, notify::TellAlarm::NAME];

/// What is to be translated, in the order of letters.
///
/// Texts, each on one line: what actions and triggers do, what their fields are, the notes beside names that expressions can
/// read. And names for which the app has words of its own: `action:whatsapp.reply`, `trigger:manual`, `field:team`,
/// `choice:high`.
#[must_use]
pub fn texts(catalog: &Catalog) -> BTreeSet<String> {
    let mut all = Texts(NOTES.map(str::to_owned).into());
    for spec in catalog.actions.values() {
        all.0.extend([spec.about.to_owned(), format!("action:{}", spec.name)]);
        if !OURS.contains(&spec.name) {
            all.form(Shape::new(spec.input.as_value()));
            all.below(Shape::new(spec.output.as_value()), 0);
        }
    }
    for spec in catalog.triggers.values() {
        all.0.extend([spec.about.to_owned(), format!("trigger:{}", spec.name)]);
        all.form(Shape::new(spec.params.as_value()));
        all.below(Shape::new(spec.event.as_value()), 0);
    }
    all.0
}

struct Texts(BTreeSet<String>);

impl Texts {
    /// What a form shows: the fields themselves, not what is below them.
    fn form(&mut self, shape: Shape<'_>) {
        for (name, field) in shape.members() {
            self.0.extend(field.about());
            self.0.insert(format!("field:{name}"));
            // Words in capitals are those of a protocol.
            let words = field.choices().into_iter().flatten().filter(|word| word.starts_with(char::is_lowercase));
            self.0.extend(words.map(|word| format!("choice:{word}")));
        }
    }

    /// What is said of a shape, of its fields and of its items.
    fn below(&mut self, shape: Shape<'_>, depth: usize) {
        self.0.extend(shape.about());
        if depth < MOST_DEPTH {
            shape.members().map(|(_, field)| field).chain(shape.items()).for_each(|part| self.below(part, depth + 1));
        }
    }
}
