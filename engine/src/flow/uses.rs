//! Where documents name a template, a tag, a team, a connection, a flow or a segment.

use std::str::FromStr;

use super::outline::escape;
use super::problem::Problems;
use super::yaml::{self, Node, Val};

/// What is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A template of WhatsApp.
    Template,
    /// A tag of contacts.
    Tag,
    /// A team.
    Team,
    /// A connection.
    Connection,
    /// A flow.
    Flow,
    /// A segment.
    Segment,
}

/// The word names nothing that documents name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is nothing that flows name: ask for template, tag, team, connection, flow or segment")]
pub struct UnknownNamed(String);

impl FromStr for Named {
    type Err = UnknownNamed;

    fn from_str(text: &str) -> Result<Self, UnknownNamed> {
        Ok(match text {
            "template" => Self::Template,
            "tag" => Self::Tag,
            "team" => Self::Team,
            "connection" => Self::Connection,
            "flow" => Self::Flow,
            "segment" => Self::Segment,
            other => return Err(UnknownNamed(other.to_owned())),
        })
    }
}

impl Named {
    /// The keys whose value, or whose list of values, names one.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Template => &["template"],
            Self::Tag => &["tag", "tags", "add_tags", "remove_tags"],
            Self::Team => &["team"],
            Self::Connection => &["connection"],
            Self::Flow => &["run_flow", "flow"],
            Self::Segment => &["each", "segment"],
        }
    }

    /// Whether the plain value `text` of `key` names `name`. A condition asks for a tag too.
    fn is_named(self, key: &str, text: &str, name: &str) -> bool {
        let asked = || {
            let of_nobody = text.strip_prefix("contacts with tag ").is_some_and(|tag| tag.trim() == name);
            of_nobody
                || [format!("tags.contains(\"{name}\")"), format!("\"{name}\" in contact.tags")]
                    .iter()
                    .any(|form| text.contains(form))
        };
        (self.keys().contains(&key) && text == name) || (self == Self::Tag && asked())
    }
}

/// A place where something is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedAt {
    /// Keys and places joined by `/`, such as `steps/2/with/template`, as an [`Outline`](super::Outline) has them.
    pub path: String,
    /// Line, from 1.
    pub line: u32,
}

/// Where the document `text` names `name`, in the order of the text. What its tests name does not count, nor its own id.
#[must_use]
pub fn uses(text: &str, named: Named, name: &str) -> Vec<UsedAt> {
    let mut found = Vec::new();
    if let Some(Node { value: Val::Map(entries), .. }) = yaml::read(text, &mut Problems::default()) {
        let own = ["flow", "rules", "calendar", "segment", "tests"];
        for (key, value) in entries.iter().filter(|(key, _)| !own.contains(&&*key.text)) {
            visit(value, &key.text, &escape(&key.text), (named, name), &mut found);
        }
    }
    found
}

fn visit(node: &Node, key: &str, path: &str, wanted: (Named, &str), found: &mut Vec<UsedAt>) {
    match &node.value {
        Val::Scalar(scalar) => {
            if wanted.0.is_named(key, &scalar.text, wanted.1) {
                found.push(UsedAt { path: path.to_owned(), line: node.place.line });
            }
        }
        Val::List(items) => {
            for (place, item) in items.iter().enumerate() {
                visit(item, key, &format!("{path}/{place}"), wanted, found);
            }
        }
        Val::Map(entries) => {
            for (inner, value) in entries {
                visit(value, &inner.text, &format!("{path}/{}", escape(&inner.text)), wanted, found);
            }
        }
        Val::Null | Val::Broken => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
format: 1
flow: care
on: { contact.tag_added: { tag: vip }, schedule.cron: { at: \"0 9 * * 1\", each: cold-leads } }
when: contact.tags.contains(\"asks\") && event.text == \"hot\"
steps:
  - do: contact.add_tags
    with: { tags: [hot, vip] }
  - do: human.escalate
    with: { team: care, reason: vip }
  - if: \"true\"
    then:
      - run_flow: care-later
tests:
  - name: one
    given: { tags: [vip] }
";

    fn found(named: Named, name: &str) -> String {
        let told = uses(TEXT, named, name).into_iter().map(|at| format!("{}:{}", at.path, at.line));
        told.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_a_document_names_is_found_where_it_is_named_and_nowhere_else() {
        assert_eq!(found(Named::Tag, "vip"), "on/contact.tag_added/tag:4 steps/0/with/tags/1:8");
        assert_eq!(found(Named::Tag, "asks"), "when:5", "a condition asks for it");
        assert_eq!(found(Named::Tag, "hot"), "steps/0/with/tags/0:8", "a word in a condition is no tag");
        assert_eq!(found(Named::Segment, "cold-leads"), "on/schedule.cron/each:4");
        assert_eq!(found(Named::Team, "care"), "steps/1/with/team:10");
        assert_eq!(found(Named::Flow, "care-later"), "steps/2/then/0/run_flow:13");
        assert_eq!(found(Named::Flow, "care"), "", "its own id is no use of it");
        assert_eq!(found(Named::Template, "care"), "");
        let segment = "segment: cold\ntags: [cold]\n";
        assert!(uses(segment, Named::Segment, "cold").is_empty(), "its own id");
        let told: Vec<String> = uses("on: { schedule.cron: { each: contacts with tag cold } }", Named::Tag, "cold")
            .into_iter()
            .map(|at| at.path)
            .collect();
        assert_eq!(told, ["on/schedule.cron/each"]);
    }
}
