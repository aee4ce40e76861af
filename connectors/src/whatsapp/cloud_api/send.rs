//! Sending through the Cloud API: one POST per message, our key in `biz_opaque_callback_data`.
//!
//! Meta knows no idempotency key, but gives that field back in every status of the message: proof that a call whose
//! answer was lost happened, though its absence proves nothing. Source: Meta, "Cloud API, messages" (v23 to v25).

use engine::capability::file::{FileKind, SendMedia};
use engine::capability::whatsapp::{Accepted, SendChoices, SendTemplate, SendText};
use engine::connector::{Call, Done, Performs, Problem, Repeat, Sent, Verdict};
use serde_json::{Value, json};

use super::{CloudApi, errors};
use crate::net::{Answer, Class, Outgoing};
use crate::whatsapp::choices;
use crate::whatsapp::common::{self, File, Recipient, SETTLE_S, To};
use crate::whatsapp::shelf::Shelf;

/// Longest text of a message, in characters. Source: Meta, "Text messages".
const TEXT_CHARS: usize = 4096;
/// Longest name of a template. Source: Meta, "Message templates".
const TEMPLATE_CHARS: usize = 512;

impl Performs<SendText> for CloudApi {
    /// Our key comes back in the message's statuses.
    const REPEAT: Repeat = Repeat::Evidence { settle_s: SETTLE_S };

    async fn perform(&self, input: SendText, call: &Call) -> Verdict<Accepted> {
        let message = Recipient::of(input.to.as_deref(), call).and_then(|to| Message::text(to, &input));
        self.send(message, call).await
    }
}

impl Performs<SendTemplate> for CloudApi {
    /// Our key comes back in the message's statuses.
    const REPEAT: Repeat = Repeat::Evidence { settle_s: SETTLE_S };

    async fn perform(&self, input: SendTemplate, call: &Call) -> Verdict<Accepted> {
        let recipient = Recipient::of(input.to.as_deref(), call);
        let message = recipient.and_then(|to| Message::template(to, &input, &self.default_language, &self.shelf));
        self.send(message, call).await
    }
}

impl Performs<SendChoices> for CloudApi {
    /// Our key comes back in the message's statuses.
    const REPEAT: Repeat = Repeat::Evidence { settle_s: SETTLE_S };

    async fn perform(&self, input: SendChoices, call: &Call) -> Verdict<Accepted> {
        let message = Recipient::of(input.to.as_deref(), call).and_then(|to| Message::choices(to, &input));
        self.send(message, call).await
    }
}

impl Performs<SendMedia> for CloudApi {
    /// Our key comes back in the message's statuses.
    const REPEAT: Repeat = Repeat::Evidence { settle_s: SETTLE_S };

    async fn perform(&self, input: SendMedia, call: &Call) -> Verdict<Accepted> {
        let message = Recipient::of(input.to.as_deref(), call).and_then(|to| Message::media(to, &input));
        self.send(message, call).await
    }
}

impl CloudApi {
    async fn send(&self, message: Result<Message, Problem>, call: &Call) -> Verdict<Accepted> {
        let message = match message {
            Ok(message) => message,
            Err(problem) => return Verdict::Refused(problem),
        };
        let number = &self.hook.phone_number_id;
        let outgoing = Outgoing::new(http::Method::POST, self.url(&[number, "messages"]), Class::Once)
            .bearer(&self.access_token)
            .json(&message.body(&call.key));
        match self.net.send(outgoing).await {
            Ok(answer) => message.outcome(number, &answer, call.attempt),
            Err(error) => error.into_verdict(),
        }
    }
}

/// A message about to be sent.
struct Message {
    recipient: Recipient,
    kind: &'static str,
    content: Value,
    /// The customer's message that it answers, as the provider names it.
    quote: Option<String>,
    /// As the conversation's history shows it.
    shown: String,
}

impl Message {
    fn text(recipient: Recipient, input: &SendText) -> Result<Self, Problem> {
        common::check_text(&input.text, TEXT_CHARS)?;
        let content = json!({ "body": input.text, "preview_url": false });
        let quote = input.quote.clone().filter(|quote| !quote.is_empty());
        Ok(Self { recipient, kind: "text", content, quote, shown: input.text.clone() })
    }

    fn template(
        recipient: Recipient,
        input: &SendTemplate,
        default_language: &str,
        shelf: &Shelf,
    ) -> Result<Self, Problem> {
        check_template_name(&input.template)?;
        let (named, values) = common::ordered(&input.params)?;
        let language = input.language.as_deref().filter(|language| !language.is_empty()).unwrap_or(default_language);
        let mut content = json!({ "name": input.template, "language": { "code": language } });
        if !values.is_empty() {
            let parameter = |(name, value): &(&str, &str)| {
                let mut parameter = json!({ "type": "text", "text": value });
                if named {
                    parameter["parameter_name"] = (*name).into();
                }
                parameter
            };
            let parameters = values.iter().map(parameter).collect::<Vec<_>>();
            content["components"] = json!([{ "type": "body", "parameters": parameters }]);
        }
        let shown = shelf.shown(&input.template, language, &values);
        Ok(Self { recipient, kind: "template", content, quote: None, shown })
    }

    fn media(recipient: Recipient, input: &SendMedia) -> Result<Self, Problem> {
        let mut content = match common::file(input)? {
            File::Link(link) => json!({ "link": link }),
            File::Id(id) => json!({ "id": id }),
        };
        if let Some(caption) = &input.caption {
            content["caption"] = caption.as_str().into();
        }
        if let Some(name) = input.name.as_ref().filter(|_| input.kind == FileKind::Document) {
            content["filename"] = name.as_str().into();
        }
        let quote = input.quote.clone().filter(|quote| !quote.is_empty());
        Ok(Self { recipient, kind: input.kind.name(), content, quote, shown: input.shown() })
    }

    fn choices(recipient: Recipient, input: &SendChoices) -> Result<Self, Problem> {
        choices::check(input)?;
        let content = choices::interactive(input);
        Ok(Self { recipient, kind: "interactive", content, quote: None, shown: choices::numbered(input) })
    }

    /// The request's body.
    fn body(&self, key: &str) -> Value {
        let mut body = json!({
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "type": self.kind,
            "biz_opaque_callback_data": key,
        });
        body[self.kind] = self.content.clone();
        if let Some(quote) = &self.quote {
            body["context"] = json!({ "message_id": quote });
        }
        match &self.recipient.to {
            To::Phone(phone) => body["to"] = phone.as_str().into(),
            // In `to` a user id would be dropped without a word (seen by several open-source clients).
            To::User(user) => body["recipient"] = user.as_str().into(),
        }
        body
    }

    /// What the answer says. 2xx means accepted, not delivered.
    fn outcome(self, number: &str, answer: &Answer, attempt: u16) -> Verdict<Accepted> {
        if !answer.status.is_success() {
            return errors::verdict_of(answer, attempt);
        }
        let body = answer.json().unwrap_or_default();
        let text = |path: &str| body.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty());
        let Some(message_id) = text("/messages/0/id").map(str::to_owned) else {
            let why = "the Graph API answered 2xx without a message id";
            return Verdict::Unknown(Problem::new("no_message_id", why).with_status(answer.status.as_u16()));
        };
        let told = text("/contacts/0/wa_id").or_else(|| text("/contacts/0/user_id"));
        let party = self.recipient.party(number, told);
        let sent = Sent { external_id: message_id.clone(), party, text: self.shown };
        Verdict::Done(Done { output: Accepted { message_id }, sent: Some(sent) })
    }
}

/// Refuses what cannot be the name of a template. Source: Meta, "Message templates".
fn check_template_name(name: &str) -> Result<(), Problem> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if (1..=TEMPLATE_CHARS).contains(&name.len()) && name.chars().all(plain) {
        return Ok(());
    }
    let why = format!("`template` must be 1 to {TEMPLATE_CHARS} lower-case letters, digits and `_`, as approved");
    Err(Problem::new("bad_input", why))
}

#[cfg(test)]
mod tests {
    use engine::capability::whatsapp::DuringHuman;
    use engine::connector::{ApprovedTemplate, Party};

    use super::*;
    use crate::whatsapp::common::tests::{answer, call};

    fn recipient() -> Recipient {
        Recipient::of(None, &call(Some("5511987654321"), None)).unwrap()
    }

    fn text(text: &str) -> Result<Message, Problem> {
        Message::text(recipient(), &SendText { text: text.into(), to: None, quote: None })
    }

    fn template(name: &str, language: Option<&str>, params: &[(&str, &str)]) -> Result<Message, Problem> {
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let input = SendTemplate {
            template: name.into(),
            language: language.map(Into::into),
            params,
            to: None,
            during_human: DuringHuman::Send,
        };
        Message::template(recipient(), &input, "en", &shelf())
    }

    fn shelf() -> Shelf {
        let shelf = Shelf::default();
        shelf.put(&[ApprovedTemplate {
            name: "order_known".into(),
            language: "en".into(),
            category: "utility".into(),
            body: "Hi {{name}}, order {{order}} is ready.".into(),
            params: vec!["name".into(), "order".into()],
            header: "Order".into(),
            footer: String::new(),
            buttons: vec!["Thanks".into()],
        }]);
        shelf
    }

    #[test]
    fn a_text_goes_out_with_our_key() {
        let expected = json!({
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": "+5511987654321", "type": "text",
            "text": { "body": "Pronto!", "preview_url": false }, "biz_opaque_callback_data": "run_00000000000a1/3",
        });
        assert_eq!(text("Pronto!").unwrap().body("run_00000000000a1/3"), expected);
    }

    #[test]
    fn a_text_can_answer_a_message() {
        let input = SendText { text: "Yes".into(), to: None, quote: Some("wamid.IN1".into()) };
        let body = Message::text(recipient(), &input).unwrap().body("k");
        assert_eq!(body["context"], json!({ "message_id": "wamid.IN1" }));
    }

    #[test]
    fn a_user_id_goes_where_it_is_read() {
        let hidden = Recipient::of(None, &call(Some("BR.8812345"), None)).unwrap();
        let body = Message::text(hidden, &SendText { text: "oi".into(), to: None, quote: None }).unwrap().body("k");
        assert_eq!((&body["recipient"], body.get("to")), (&json!("BR.8812345"), None));
    }

    #[test]
    fn a_templates_params_are_named_or_numbered() {
        let named = template("order_ready", Some("pt_BR"), &[("order", "#42"), ("name", "Ana")]).unwrap();
        let parameters = json!([
            { "type": "text", "parameter_name": "name", "text": "Ana" },
            { "type": "text", "parameter_name": "order", "text": "#42" },
        ]);
        let expected = json!({
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": "+5511987654321", "type": "template",
            "template": {
                "name": "order_ready", "language": { "code": "pt_BR" },
                "components": [{ "type": "body", "parameters": parameters }],
            },
            "biz_opaque_callback_data": "k",
        });
        assert_eq!(named.body("k"), expected);
        assert_eq!(named.shown, "[order_ready] Ana, #42");

        let numbered = template("order_ready", None, &[("2", "#42"), ("1", "Ana")]).unwrap().body("k");
        let parameters = json!([{ "type": "text", "text": "Ana" }, { "type": "text", "text": "#42" }]);
        assert_eq!(numbered["template"]["components"][0]["parameters"], parameters);
        assert_eq!(numbered["template"]["language"]["code"], "en");
    }

    #[test]
    fn a_template_the_account_told_is_kept_in_the_words_the_customer_reads() {
        let sent = |language| template("order_known", language, &[("order", "#42"), ("name", "Ana")]).unwrap().shown;
        assert_eq!(sent(None), "[order_known]\n*Order*\nHi Ana, order #42 is ready.\n[Thanks]");
        assert_eq!(sent(Some("pt_BR")), "[order_known] Ana, #42", "nobody knows these words");
    }

    #[test]
    fn a_template_without_params_has_no_components() {
        let body = template("hello", Some(""), &[]).unwrap().body("k");
        assert_eq!(body["template"], json!({ "name": "hello", "language": { "code": "en" } }));
    }

    #[test]
    fn a_question_goes_out_as_buttons_with_our_key() {
        let choices = vec!["S".into(), "M".into()];
        let input = SendChoices { text: "Which size?".into(), choices, button: None, to: None };
        let message = Message::choices(recipient(), &input).unwrap();
        assert_eq!(message.shown, "Which size?\n1. S\n2. M");
        let body = message.body("k");
        assert_eq!((&body["type"], &body["biz_opaque_callback_data"]), (&json!("interactive"), &json!("k")));
        assert_eq!(body["interactive"]["action"]["buttons"][1]["reply"], json!({ "id": "choice_2", "title": "M" }));
    }

    #[test]
    fn a_file_is_named_by_its_id_or_its_address_and_never_by_both() {
        let input = |file: Value| serde_json::from_value::<SendMedia>(file).unwrap();
        let sent = |file: Value| Message::media(recipient(), &input(file)).map(|message| message.body("k"));
        let body = sent(
            json!({ "kind": "document", "media": "77", "name": "a.pdf", "caption": "Offer", "quote": "wamid.IN1" }),
        );
        let body = body.unwrap();
        assert_eq!(body["document"], json!({ "id": "77", "filename": "a.pdf", "caption": "Offer" }));
        assert_eq!((&body["type"], &body["context"]["message_id"]), (&json!("document"), &json!("wamid.IN1")));
        let picture = sent(json!({ "kind": "image", "link": "https://shop.test/a.png", "name": "a.png" })).unwrap();
        assert_eq!(picture["image"], json!({ "link": "https://shop.test/a.png" }));
        for wrong in [
            json!({ "kind": "image" }),
            json!({ "kind": "image", "media": "7", "link": "https://shop.test/a.png" }),
            json!({ "kind": "image", "link": "ftp://shop.test/a.png" }),
            json!({ "kind": "audio", "media": "7", "caption": "hm" }),
            json!({ "kind": "image", "media": "7", "caption": "x".repeat(1_025) }),
        ] {
            assert_eq!(sent(wrong.clone()).unwrap_err().code, "bad_input", "{wrong}");
        }
    }

    #[test]
    fn bad_input_is_refused_before_a_call() {
        for problem in [text("").err(), text(&"x".repeat(4097)).err(), template("Order Ready", None, &[]).err()] {
            assert_eq!(problem.unwrap().code, "bad_input");
        }
        assert!(template(&"x".repeat(513), None, &[]).is_err());
        assert!(template("", None, &[]).is_err());
    }

    #[test]
    fn an_accepted_message_names_its_conversation() {
        let body = json!({
            "contacts": [{ "input": "+5511987654321", "wa_id": "551187654321" }],
            "messages": [{ "id": "wamid.OUT1", "message_status": "accepted" }],
        });
        let Verdict::Done(done) = text("Pronto!").unwrap().outcome("700", &answer(200, &body), 1) else {
            panic!("not done")
        };
        let party = Party {
            number: "700".into(),
            address: "5511987654321".into(),
            phone: Some("+5511987654321".into()),
            name: None,
        };
        assert_eq!(done.output.message_id, "wamid.OUT1");
        assert_eq!(done.sent, Some(Sent { external_id: "wamid.OUT1".into(), party, text: "Pronto!".into() }));
    }

    #[test]
    fn an_answer_without_an_id_is_unknown_and_a_refusal_is_one() {
        let unclear = text("oi").unwrap().outcome("700", &answer(200, &json!({})), 1);
        assert!(matches!(unclear, Verdict::Unknown(_)), "{unclear:?}");
        let closed = json!({ "error": { "code": 131_047, "message": "Re-engagement message" } });
        let refused = text("oi").unwrap().outcome("700", &answer(400, &closed), 1);
        assert!(matches!(&refused, Verdict::Refused(problem) if problem.code == "131047"), "{refused:?}");
    }
}
