//! A notice as blocks of Slack.

use serde_json::{Value, json};

use crate::notice::{Notice, clipped, clock, shortened};

/// Longest headline, in characters. Source: Slack, "Header block".
const MOST_IN_TITLE: usize = 150;
/// Longest text of a section, in characters. Source: Slack, "Section block".
const MOST_IN_SECTION: usize = 3_000;
/// Longest text of a fact. Slack takes 2 000 characters; nobody reads as many beside a button. Source: as above.
const MOST_IN_FACT: usize = 300;

/// Longest text on a button, in characters. Source: Slack, "Button element".
const MOST_IN_LABEL: usize = 75;

/// The body of `chat.postMessage`, or of `chat.update` with the `ts` of the message to change. What people wrote stands in
/// `plain_text`, in which Slack follows no markup, so that nobody's words call a channel or hide a link.
pub(super) fn body(notice: &Notice, channel: &str, ts: Option<&str>) -> Value {
    let mut blocks = Vec::new();
    if !notice.title.is_empty() {
        let title = format!("{}{}", notice.sign(), notice.title);
        blocks.push(json!({ "type": "header", "text": plain(&title, MOST_IN_TITLE) }));
    }
    if !notice.text.is_empty() {
        blocks.push(json!({ "type": "section", "text": plain(&notice.text, MOST_IN_SECTION) }));
    }
    let facts: Vec<Value> =
        notice.facts.iter().map(|(name, value)| plain(&format!("{name}\n{value}"), MOST_IN_FACT)).collect();
    if !facts.is_empty() {
        blocks.push(json!({ "type": "section", "fields": facts }));
    }
    if let Some((seconds, spelled)) = notice.until.and_then(|seconds| Some((seconds, clock(seconds)?))) {
        // In the reader's own time zone. Source: Slack, "Formatting text for app surfaces", "Date formatting".
        let date = format!("⏱ <!date^{seconds}^{{time_secs}}|{spelled}>");
        blocks.push(json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": date }] }));
    }
    let elements = buttons(notice);
    if !elements.is_empty() {
        blocks.push(json!({ "type": "actions", "elements": elements }));
    }
    // What notifications and screen readers say.
    let spoken = escaped(&notice.plain(), MOST_IN_SECTION);
    let mut body = json!({
        "channel": channel, "text": spoken, "blocks": blocks, "unfurl_links": false, "unfurl_media": false,
    });
    if let Some(ts) = ts {
        body["ts"] = ts.into();
    }
    body
}

fn plain(text: &str, most: usize) -> Value {
    json!({ "type": "plain_text", "text": shortened(text, most), "emoji": false })
}

fn buttons(notice: &Notice) -> Vec<Value> {
    let label = |text: &str| plain(text, MOST_IN_LABEL);
    let mut all: Vec<Value> = (0..)
        .zip(&notice.buttons)
        .map(|(place, button)| {
            let mut shown = json!({
                "type": "button", "action_id": button.press.name(), "value": button.subject, "text": label(button.label),
            });
            if place == 0 {
                shown["style"] = "primary".into();
            }
            shown
        })
        .collect();
    if let Some((words, url)) = &notice.open {
        all.push(json!({ "type": "button", "action_id": "open", "url": url, "text": label(words) }));
    }
    all
}

/// Text without what Slack would follow (`<!channel>`, links). Source: Slack, "Formatting text for app surfaces", "Escaping
/// text".
fn escaped(text: &str, most: usize) -> String {
    clipped(text, most, |letter, out| match letter {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        letter => out.push(letter),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::Language;
    use crate::notice::tests::{escalation, said};

    #[test]
    fn what_a_customer_wrote_calls_nobody() {
        let body = body(&Notice::of_escalation(&escalation("offered"), Language::En), "C1", None);
        let reason = json!({ "type": "plain_text", "text": "complaint <!channel> & more", "emoji": false });
        assert_eq!(body["blocks"][1]["text"], reason);
        assert_eq!(body["blocks"][3]["elements"][0]["text"], "⏱ <!date^1767225620^{time_secs}|00:00:20 UTC>");
        let spoken = body["text"].as_str().unwrap();
        assert!(spoken.contains("complaint &lt;!channel&gt; &amp; more"), "{spoken}");
    }

    #[test]
    fn the_longest_text_fits_into_its_block() {
        let body = body(&Notice::of_send(&said(&"&é".repeat(1_501))), "C1", Some("1.2"));
        let shown = body["blocks"][1]["text"]["text"].as_str().unwrap();
        assert!(shown.chars().count() == 3_000 && shown.ends_with('…'), "{}", shown.chars().count());
        let spoken = body["text"].as_str().unwrap();
        assert!(spoken.len() <= 3_000 && spoken.ends_with('…'), "{}", spoken.len());
        assert_eq!((&body["ts"], body["blocks"].as_array().unwrap().len()), (&json!("1.2"), 2));
    }
}
