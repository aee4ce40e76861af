//! What a message says, for people: the words of a template that was sent, the lines of an order.

use engine::connector::ShownTemplate;
use engine::event::ORDER_RECEIVED;
use engine::store::EventRow;
use engine::trigger::{Order, OrderItem};
use schemars::JsonSchema;
use serde::Serialize;

use super::blob;

/// An order as the customer made it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MessageOrder")]
pub(crate) struct OrderMade {
    /// Sum of its lines, in major units.
    total: f64,
    /// ISO 4217; empty when it has no line.
    currency: String,
    /// Its lines.
    items: Vec<OrderItem>,
}

impl OrderMade {
    /// The order that an event brought; nothing when it brought none, or its values are gone.
    pub(crate) fn of(event: &EventRow) -> Option<Self> {
        let body = event.body.as_deref().filter(|_| event.kind == ORDER_RECEIVED).map(blob)?;
        let Order { total, currency, items, .. } = serde_json::from_value(body.get("order")?.clone()).ok()?;
        Some(Self { total, currency, items })
    }
}

/// The stored text of a message, read for people.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Words {
    /// What was read, in the markup of WhatsApp; `[name] values` of a template whose words nobody knew.
    pub(crate) text: String,
    /// The template that it is.
    pub(crate) template: Option<String>,
    /// What could be tapped.
    pub(crate) buttons: Vec<String>,
}

impl Words {
    /// Of something that we sent.
    pub(crate) fn of_sent(stored: String) -> Self {
        let Some(shown) = ShownTemplate::of(&stored) else {
            return Self { text: stored, template: None, buttons: Vec::new() };
        };
        let template = Some(shown.name.to_owned());
        let buttons = shown.buttons.iter().map(|&words| words.to_owned()).collect();
        let text = if shown.whole { shown.text.to_owned() } else { stored };
        Self { text, template, buttons }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_told_in_its_words_as_far_as_they_were_known() {
        let told = Words::of_sent("[order_ready]\n*Order*\nHi Ana\n[Thanks]".into());
        assert_eq!((told.text.as_str(), told.template.as_deref()), ("*Order*\nHi Ana", Some("order_ready")));
        assert_eq!(told.buttons, ["Thanks"]);
        let bare = Words::of_sent("[order_ready] Ana, #42".into());
        assert_eq!((bare.text.as_str(), bare.template.as_deref()), ("[order_ready] Ana, #42", Some("order_ready")));
        assert_eq!(Words::of_sent("Hello".into()).template, None);
    }
}
