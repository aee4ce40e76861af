//! Sentences for people: an English text with names in braces, and what stands for each name, so that a page can say the
//! same in another language. The English form is what translations are found by.

use std::fmt;

use schemars::JsonSchema;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// A sentence. It prints as English.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Sentence {
    /// The English text; `{name}` stands for what `with` has under that name.
    form: &'static str,
    /// What stands for the names: texts, or sentences again.
    #[serde(serialize_with = "as_map")]
    #[schemars(with = "std::collections::BTreeMap<String, serde_json::Value>")]
    with: Vec<(&'static str, Part)>,
}

/// What stands for a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Part {
    /// The same in every language, or a phrase that has a translation of its own: `a list`.
    Text(String),
    /// A sentence inside the sentence.
    Sentence(Sentence),
    /// Several sentences, one after the other.
    List(Vec<Sentence>),
}

/// A text without a form: what another program said, or a schema. It stays English.
const PLAIN: &str = "{said}";

impl Sentence {
    /// The sentence of `form`; [`sentence!`](crate::sentence!) is shorter.
    #[must_use]
    pub fn new(form: &'static str, with: Vec<(&'static str, Part)>) -> Self {
        Self { form, with }
    }

    /// A text that has no form.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self::new(PLAIN, vec![("said", Part::Text(text.into()))])
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.form.is_empty()
    }
}

impl From<&'static str> for Sentence {
    fn from(form: &'static str) -> Self {
        Self::new(form, Vec::new())
    }
}

/// A text that was put together elsewhere: it stays English.
impl From<String> for Sentence {
    fn from(text: String) -> Self {
        Self::plain(text)
    }
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.form;
        while let Some(open) = rest.find('{') {
            f.write_str(&rest[..open])?;
            rest = &rest[open..];
            let named = self
                .with
                .iter()
                .find(|(name, _)| rest[1..].strip_prefix(name).is_some_and(|behind| behind.starts_with('}')));
            // Braces of a sample, such as `{ mon: … }`, are text.
            let width = match named {
                Some((name, part)) => {
                    write!(f, "{part}")?;
                    name.len() + 2
                }
                None => {
                    f.write_str("{")?;
                    1
                }
            };
            rest = &rest[width..];
        }
        f.write_str(rest)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Sentence(sentence) => sentence.fmt(f),
            Self::List(all) => all.iter().enumerate().try_for_each(|(at, sentence)| {
                f.write_str(if at == 0 { "" } else { ", " })?;
                sentence.fmt(f)
            }),
        }
    }
}

fn as_map<S: Serializer>(with: &[(&'static str, Part)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(with.len()))?;
    for (name, part) in with {
        map.serialize_entry(name, part)?;
    }
    map.end()
}

/// What can stand for a name.
pub trait Says {
    /// As a part.
    fn part(&self) -> Part;
}

impl Says for Sentence {
    fn part(&self) -> Part {
        Part::Sentence(self.clone())
    }
}

impl Says for Vec<Sentence> {
    fn part(&self) -> Part {
        Part::List(self.clone())
    }
}

impl<T: Says + ?Sized> Says for &T {
    fn part(&self) -> Part {
        T::part(self)
    }
}

macro_rules! text {
    ($($kind:ty)*) => {
        $(impl Says for $kind {
            fn part(&self) -> Part {
                Part::Text(self.to_string())
            }
        })*
    };
}

text!(str String std::sync::Arc<str> Box<str> usize u8 u16 u32 u64 i64 serde_json::Number chrono_tz::Tz);

/// `sentence!("the id `{id}` is on line {line}", id, line = place.line)`
#[macro_export]
macro_rules! sentence {
    ($form:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::sentence::Sentence::new(
            $form,
            vec![$((stringify!($name), $crate::sentence::Says::part(&$crate::sentence!(@ $name $(= $value)?)))),*],
        )
    };
    (@ $name:ident) => { $name };
    (@ $name:ident = $value:expr) => { $value };
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_prints_as_english_and_keeps_its_parts() {
        let inner = sentence!("{what} is text", what = "a choice");
        let outer = sentence!("{expected}; this is {kind}: { a: {b} }", expected = inner, kind = 5_u32);
        assert_eq!(outer.to_string(), "a choice is text; this is 5: { a: {b} }");
        let shown = json!({
            "form": "{expected}; this is {kind}: { a: {b} }",
            "with": { "expected": { "form": "{what} is text", "with": { "what": "a choice" } }, "kind": "5" },
        });
        assert_eq!(serde_json::to_value(&outer).unwrap(), shown);
    }

    #[test]
    fn what_stands_for_a_name_is_not_read_again() {
        assert_eq!(sentence!("`{a}` {b}", a = "{b}", b = "x").to_string(), "`{b}` x");
        assert_eq!(Sentence::plain("{said}").to_string(), "{said}");
    }
}
