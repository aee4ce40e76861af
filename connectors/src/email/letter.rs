//! A notice as a mail: text, and the same as HTML.

use std::time::{Duration, UNIX_EPOCH};

use engine::clock::At;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};

use crate::net::mail::Letter;
use crate::notice::{Notice, clipped};

/// Longest subject, in bytes; mail programs show less.
const MOST_IN_SUBJECT: usize = 200;

/// The mail's Message-ID: the same for a repeated call. Source: RFC 5322, section 3.6.4.
pub(super) fn id(from: &Mailbox, key: &str) -> String {
    let left: String = key.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '.' }).collect();
    format!("<{}@{}>", left.trim_matches('.'), from.email.domain())
}

/// Writes it out.
///
/// # Errors
/// In words, when it is no mail.
pub(super) fn write(notice: &Notice, from: &Mailbox, to: &[Mailbox], id: &str, now: At) -> Result<Letter, String> {
    let date = UNIX_EPOCH + Duration::from_millis(u64::try_from(now.0).unwrap_or(0));
    let mut builder = Message::builder()
        .from(from.clone())
        .subject(subject(notice))
        .date(date)
        .message_id(Some(id.to_owned()))
        // So that no absence note answers. Source: RFC 3834, section 5.
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".into()));
    for receiver in to {
        builder = builder.to(receiver.clone());
    }
    if let Some(earlier) = notice.earlier.as_deref().filter(|earlier| is_id(earlier)) {
        builder = builder.in_reply_to(earlier.to_owned()).references(earlier.to_owned());
    }
    let part = |kind, body| SinglePart::builder().header(kind).body(body);
    let parts = MultiPart::alternative()
        .singlepart(part(ContentType::TEXT_PLAIN, text(notice)))
        .singlepart(part(ContentType::TEXT_HTML, html(notice)));
    let message = builder.multipart(parts).map_err(|error| format!("the mail cannot be written: {error}"))?;
    let to = message.envelope().to().to_vec();
    Ok(Letter { from: from.email.clone(), to, bytes: message.formatted() })
}

/// What another mail of ours was called: nothing else may stand in a header.
fn is_id(text: &str) -> bool {
    let inside = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    inside.is_some_and(|id| id.len() <= 200 && id.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>".contains(&byte)))
}

/// One line: whatever a customer wrote, no further header begins in it.
fn subject(notice: &Notice) -> String {
    let line = if notice.title.is_empty() { &notice.text } else { &notice.title };
    let line = line.split(|letter: char| letter.is_control() || letter.is_whitespace());
    let line = line.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    format!("{}{}", notice.sign(), clipped(&line, MOST_IN_SUBJECT, |letter, out| out.push(letter)))
}

fn text(notice: &Notice) -> String {
    match &notice.open {
        Some((words, url)) => format!("{}\n\n{words}: {url}\n", notice.plain()),
        None => format!("{}\n", notice.plain()),
    }
}

fn html(notice: &Notice) -> String {
    let mut body = String::from("<!doctype html><html><body dir=\"auto\" style=\"font-family:sans-serif\">");
    if !notice.title.is_empty() {
        body.push_str(&format!("<h2>{}{}</h2>", notice.sign(), escaped(&notice.title)));
    }
    let lines = notice.text.lines().map(escaped).collect::<Vec<_>>().join("<br>");
    body.push_str(&format!("<p>{lines}</p>"));
    if !notice.facts.is_empty() {
        let row = |(name, value): &(&str, String)| {
            format!("<tr><th align=\"start\">{name}</th><td>{}</td></tr>", escaped(value))
        };
        body.push_str(&format!("<table>{}</table>", notice.facts.iter().map(row).collect::<String>()));
    }
    if let Some((words, url)) = notice.open.as_ref().filter(|(_, url)| is_web(url)) {
        body.push_str(&format!("<p><a href=\"{}\">{words}</a></p>", escaped(url)));
    }
    body + "</body></html>"
}

fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::Language;
    use crate::notice::tests::{escalation, said};

    fn written(notice: &Notice) -> String {
        let from: Mailbox = "Switchboard <alerts@flows.test>".parse().unwrap();
        let to = vec!["ana@flows.test".parse().unwrap()];
        let letter = write(notice, &from, &to, &id(&from, "run_1/2"), At(1_760_000_000_000)).unwrap();
        String::from_utf8(letter.bytes).unwrap()
    }

    #[test]
    fn nobodys_words_begin_a_header() {
        let mut notice = Notice::of_send(&said("x"));
        notice.title = "Hi\r\nBcc: all@flows.test\r\n\r\nbody".into();
        notice.earlier = Some("<a@b>\r\nBcc: all@flows.test".into());
        let mail = written(&notice);
        let head = mail.split("\r\n\r\n").next().unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
        assert!(head.contains("Subject: Hi Bcc: all@flows.test body"), "{head}");
        assert!(!head.contains("In-Reply-To"), "{head}");
    }

    #[test]
    fn a_mail_names_itself_and_what_it_follows() {
        let mut notice = Notice::of_escalation(&escalation("taken"), Language::Zh);
        notice.earlier = Some("<run.1.1@flows.test>".into());
        let mail = written(&notice);
        for line in [
            "Message-ID: <run.1.2@flows.test>",
            "In-Reply-To: <run.1.1@flows.test>",
            "Auto-Submitted: auto-generated",
            "Date: Thu, 09 Oct 2025 08:53:20",
        ] {
            assert!(mail.contains(line), "{line} in\n{mail}");
        }
    }

    #[test]
    fn markup_in_a_customers_words_is_shown_as_it_is() {
        let mut notice = Notice::of_escalation(&escalation("offered"), Language::En);
        notice.text = "<script>\"x\"</script>".into();
        notice.open = Some(("Open", "javascript:alert(1)".into()));
        let html = html(&notice);
        assert!(html.contains("&lt;script&gt;&quot;x&quot;"), "{html}");
        assert!(!html.contains("<a "), "{html}");
    }
}
