//! Sending through Twilio: one form per message, our key in the address of its status callback.
//!
//! Twilio has no idempotency key; but the callback's address comes back, signed, with every status: proof that a call
//! whose answer was lost happened. Source: Twilio, "Messages resource" (2010-04-01) and "Send templates with the
//! Content API".

use std::sync::PoisonError;
use std::time::Duration;

use engine::capability::file::{FileKind, SendMedia};
use engine::capability::whatsapp::{Accepted, SendChoices, SendTemplate, SendText};
use engine::clock::At;
use engine::connector::{Call, Done, Performs, Problem, Repeat, Sent, Verdict};
use serde_json::Value;

use super::decode::{KEY, PREFIX};
use super::{Twilio, contents, errors};
use crate::net::{Answer, Class, Outgoing};
use crate::whatsapp::choices;
use crate::whatsapp::common::{self, File, Recipient, SETTLE_S, To};

/// Longest text of a message, in characters. Source: Twilio, error 21617.
const TEXT_CHARS: usize = 1600;
/// How long what Twilio told of its templates counts for those that are not among them: a flow may send one to thousands.
const TOLD_FOR: Duration = Duration::from_secs(60);

impl Performs<SendText> for Twilio {
    /// Our key comes back in the message's statuses.
    const REPEAT: Repeat = Repeat::Evidence { settle_s: SETTLE_S };

    async fn perform(&self, input: SendText, call: &Call) -> Verdict<Accepted> {
        let message = Recipient::of(input.to.as_deref(), call).and_then(|to| Message::text(to, &input));
        self.send(message, call).await
    }
}

impl Performs<SendTemplate> for Twilio {
    /// Our key comes back in the message's statuses.
    const REPEAT: Repeat = Repeat::Evidence { settle_s: SETTLE_S };

    async fn perform(&self, input: SendTemplate, call: &Call) -> Verdict<Accepted> {
        let to = match Recipient::of(input.to.as_deref(), call) {
            Ok(to) => to,
            Err(problem) => return Verdict::Refused(problem),
        };
        if let Err(verdict) = self.learn(&input, call.now).await {
            return verdict;
        }
        self.send(self.template(to, &input), call).await
    }
}

impl Performs<SendChoices> for Twilio {
    /// Our key comes back in the message's statuses.
    const REPEAT: Repeat = Repeat::Evidence { settle_s: SETTLE_S };

    /// As text with numbered lines: Twilio has buttons and lists only in content that was made beforehand.
    async fn perform(&self, input: SendChoices, call: &Call) -> Verdict<Accepted> {
        let message = Recipient::of(input.to.as_deref(), call).and_then(|to| Message::choices(to, &input));
        self.send(message, call).await
    }
}

impl Performs<SendMedia> for Twilio {
    /// Our key comes back in the message's statuses.
    const REPEAT: Repeat = Repeat::Evidence { settle_s: SETTLE_S };

    /// By its address alone: Twilio takes no files in. A document has no name there and no caption.
    async fn perform(&self, input: SendMedia, call: &Call) -> Verdict<Accepted> {
        let message = Recipient::of(input.to.as_deref(), call).and_then(|to| Message::media(to, &input));
        self.send(message, call).await
    }
}

impl Twilio {
    async fn send(&self, message: Result<Message, Problem>, call: &Call) -> Verdict<Accepted> {
        let message = match message {
            Ok(message) => message,
            Err(problem) => return Verdict::Refused(problem),
        };
        let outgoing = Outgoing::new(http::Method::POST, self.url("/Messages.json"), Class::Once)
            .basic(&self.hook.account_sid, &self.hook.auth_token)
            .form(&self.form(&message, &call.key));
        match self.net.send(outgoing).await {
            Ok(answer) => message.outcome(&self.hook.from, &answer),
            Err(error) => error.into_verdict(),
        }
    }

    fn template(&self, recipient: Recipient, input: &SendTemplate) -> Result<Message, Problem> {
        let (language, content_sid) = self.content_sid(input)?;
        let (_, values) = common::ordered(&input.params)?;
        let mut content = vec![("ContentSid", content_sid)];
        if !values.is_empty() {
            let variables = values.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
            content.push(("ContentVariables", Value::from_iter(variables).to_string()));
        }
        Ok(Message { recipient, content, shown: self.shelf.shown(&input.template, &language, &values) })
    }

    /// Asks for the templates when this one is not among those of the settings, nor of those that Twilio told so far: it may have been
    /// approved since. Whoever sends it at the same time waits for the same answer, which counts for [`TOLD_FOR`].
    async fn learn<T>(&self, input: &SendTemplate, now: At) -> Result<(), Verdict<T>> {
        if self.content_sid(input).is_ok() {
            return Ok(());
        }
        let mut told_at = self.told_at.lock().await;
        if told_at.is_none_or(|at| now.since(at) >= TOLD_FOR) {
            contents::approved(self).await?;
            *told_at = Some(now);
        }
        Ok(())
    }

    /// The language a template is sent in, and Twilio's id of it there: `pt-BR` and `pt_BR` are the same, and `pt_BR` falls back to
    /// `pt`.
    fn content_sid(&self, input: &SendTemplate) -> Result<(String, String), Problem> {
        let (template, language) = (&input.template, input.language.as_deref().filter(|language| !language.is_empty()));
        let language = language.unwrap_or(&self.default_language);
        let problem = |why: String| Problem::new("no_template", why);
        let told = self.told.read().unwrap_or_else(PoisonError::into_inner);
        let languages = self.templates.get(template).or_else(|| told.get(template)).ok_or_else(|| {
            problem(format!(
                "Twilio tells no approved template `{template}`; have it approved there, or name its ContentSid in `templates`"
            ))
        })?;
        let plain = |language: &str| language.replace('-', "_").to_ascii_lowercase();
        let wanted = plain(language);
        let find = |wanted: &str| languages.iter().find(|(known, _)| plain(known) == wanted);
        let base = wanted.split('_').next().unwrap_or_default();
        find(&wanted).or_else(|| find(base)).map(|(language, sid)| (language.clone(), sid.clone())).ok_or_else(|| {
            let known = languages.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            problem(format!("template `{template}` has no ContentSid for `{language}`, only for: {known}"))
        })
    }

    /// The request's form.
    fn form(&self, message: &Message, key: &str) -> Vec<(String, String)> {
        let to = match &message.recipient.to {
            To::Phone(phone) => phone,
            To::User(user) => user,
        };
        let sender = match &self.hook.messaging_service_sid {
            Some(service) => ("MessagingServiceSid", service.clone()),
            None => ("From", format!("{PREFIX}{}", self.hook.from)),
        };
        let callback = url::form_urlencoded::Serializer::new(String::new()).append_pair(KEY, key).finish();
        let common =
            [("To", format!("{PREFIX}{to}")), sender, ("StatusCallback", format!("{}?{callback}", self.hook_url))];
        let content = message.content.iter().cloned();
        common.into_iter().chain(content).map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// A message about to be sent.
#[derive(Debug)]
struct Message {
    recipient: Recipient,
    content: Vec<(&'static str, String)>,
    /// As the conversation's history shows it.
    shown: String,
}

impl Message {
    fn text(recipient: Recipient, input: &SendText) -> Result<Self, Problem> {
        common::check_text(&input.text, TEXT_CHARS)?;
        Ok(Self { recipient, content: vec![("Body", input.text.clone())], shown: input.text.clone() })
    }

    fn media(recipient: Recipient, input: &SendMedia) -> Result<Self, Problem> {
        let File::Link(link) = common::file(input)? else {
            let why = "Twilio takes no files in: give the public address of the file as `link`";
            return Err(Problem::new("bad_input", why));
        };
        let mut content = vec![("MediaUrl", link.to_owned())];
        let caption = input.caption.clone().filter(|_| input.kind != FileKind::Document);
        content.extend(caption.map(|caption| ("Body", caption)));
        Ok(Self { recipient, content, shown: input.shown() })
    }

    fn choices(recipient: Recipient, input: &SendChoices) -> Result<Self, Problem> {
        choices::check(input)?;
        Self::text(recipient, &SendText { text: choices::numbered(input), to: None, quote: None })
    }

    /// What the answer says. 2xx means queued, not delivered.
    fn outcome(self, from: &str, answer: &Answer) -> Verdict<Accepted> {
        if !answer.status.is_success() {
            return errors::verdict_of(answer);
        }
        let body = answer.json().unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let Some(message_id) = text("sid").map(str::to_owned) else {
            let why = "Twilio answered 2xx without a message sid";
            return Verdict::Unknown(Problem::new("no_message_id", why).with_status(answer.status.as_u16()));
        };
        // A messaging service chooses the sender, and may tell it only later.
        let number = text("from").map_or_else(|| format!("{PREFIX}{from}"), str::to_owned);
        let told = text("to").and_then(|to| to.strip_prefix(PREFIX)).map(|to| to.trim_start_matches('+'));
        let party = self.recipient.party(&number, told);
        let sent = Sent { external_id: message_id.clone(), party, text: self.shown };
        Verdict::Done(Done { output: Accepted { message_id }, sent: Some(sent) })
    }
}

#[cfg(test)]
mod tests {
    use engine::capability::whatsapp::DuringHuman;
    use engine::connector::Party;
    use serde_json::json;

    use super::super::tests::twilio;
    use super::*;
    use crate::whatsapp::common::tests::{answer, call};

    fn recipient() -> Recipient {
        Recipient::of(None, &call(Some("5511987654321"), None)).unwrap()
    }

    fn text(text: &str) -> Result<Message, Problem> {
        Message::text(recipient(), &SendText { text: text.into(), to: None, quote: None })
    }

    fn template(language: Option<&str>, params: &[(&str, &str)]) -> Result<Message, Problem> {
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let language = language.map(Into::into);
        twilio().template(
            recipient(),
            &SendTemplate {
                template: "order_ready".into(),
                language,
                params,
                to: None,
                during_human: DuringHuman::Send,
            },
        )
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_text_goes_out_with_our_key_in_the_callback() {
        let expected = pairs(&[
            ("To", "whatsapp:+5511987654321"),
            ("From", "whatsapp:+14155238886"),
            ("StatusCallback", "https://flows.example.com/hooks/wa-backup?key=run_00000000000a1%2F3"),
            ("Body", "Pronto!"),
        ]);
        assert_eq!(twilio().form(&text("Pronto!").unwrap(), "run_00000000000a1/3"), expected);
    }

    #[test]
    fn a_messaging_service_sends_instead_of_the_number() {
        let mut twilio = twilio();
        twilio.hook.messaging_service_sid = Some("MG7".into());
        let form = twilio.form(&text("oi").unwrap(), "k");
        assert!(form.contains(&("MessagingServiceSid".into(), "MG7".into())), "{form:?}");
        assert!(form.iter().all(|(name, _)| name != "From"), "{form:?}");
    }

    #[test]
    fn a_template_is_a_content_sid_with_its_variables_as_json() {
        let message = template(Some("pt_BR"), &[("1", "Ana \"A\""), ("2", "#42")]).unwrap();
        let expected =
            [("ContentSid", "HX2".to_owned()), ("ContentVariables", r##"{"1":"Ana \"A\"","2":"#42"}"##.to_owned())];
        assert_eq!(message.content, expected);
        assert_eq!(message.shown, "[order_ready] Ana \"A\", #42");
        assert_eq!(template(None, &[]).unwrap().content, [("ContentSid", "HX1".to_owned())]);
    }

    #[test]
    fn a_language_is_found_in_either_spelling_or_by_its_base() {
        let sid = |language| template(Some(language), &[]).map(|message| message.content[0].1.clone());
        assert_eq!(sid("pt-br").unwrap(), "HX2");
        assert_eq!(sid("en_GB").unwrap(), "HX1");
        let refused = sid("it").unwrap_err();
        assert_eq!(refused.code, "no_template");
        assert!(refused.message.ends_with("only for: en, pt_BR"), "{}", refused.message);
    }

    #[test]
    fn a_question_goes_out_as_text_with_numbered_lines() {
        let choices = vec!["S".into(), "M".into()];
        let input = SendChoices { text: "Which size?".into(), choices, button: None, to: None };
        let message = Message::choices(recipient(), &input).unwrap();
        assert_eq!(message.content, [("Body", "Which size?\n1. S\n2. M".to_owned())]);
        let none = SendChoices { choices: Vec::new(), ..input };
        assert_eq!(Message::choices(recipient(), &none).unwrap_err().code, "bad_input");
    }

    #[test]
    fn bad_input_is_refused_before_a_call() {
        assert_eq!(text(&"x".repeat(1601)).unwrap_err().code, "bad_input");
        let input = SendTemplate {
            template: "none".into(),
            language: None,
            params: Default::default(),
            to: None,
            during_human: DuringHuman::Send,
        };
        assert_eq!(twilio().template(recipient(), &input).unwrap_err().code, "no_template");
    }

    #[test]
    fn an_accepted_message_names_its_conversation() {
        let (from, to) = ("whatsapp:+14155238886", "whatsapp:+5511987654321");
        let body = json!({ "sid": "SM01", "from": from, "to": to, "status": "queued" });
        let answer = answer(201, &body);
        let Verdict::Done(done) = text("oi").unwrap().outcome("+14155238886", &answer) else { panic!("not done") };
        let party = Party {
            number: "whatsapp:+14155238886".into(),
            address: "5511987654321".into(),
            phone: Some("+5511987654321".into()),
            name: None,
        };
        assert_eq!(done.output.message_id, "SM01");
        assert_eq!(done.sent, Some(Sent { external_id: "SM01".into(), party, text: "oi".into() }));
    }
}
