//! What both providers need: whom a message goes to, and what is refused before a call is made.

use std::collections::BTreeMap;

use engine::capability::file::{MAX_CAPTION_CHARS, SendMedia};
use engine::connector::{Call, Party, Problem, Verdict};

use crate::net::{Answer, Class, verdict_of_status};

/// How long proof of an unclear send is awaited, in seconds: statuses normally follow within seconds, ten minutes
/// cover a provider's bad day.
pub(super) const SETTLE_S: u32 = 600;

/// Digits of the longest number. Source: ITU-T E.164, 15 digits with country code.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 5..=15;

/// `address` as `+` and digits, if it is a number.
pub(super) fn phone_of(address: &str) -> Option<String> {
    let digits = address.strip_prefix('+').unwrap_or(address);
    let numeric = PHONE_DIGITS.contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    numeric.then(|| format!("+{digits}"))
}

/// Where a message goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum To {
    /// A number, `+` and digits.
    Phone(String),
    /// A business-scoped user id, for people who hide their number.
    User(String),
}

/// Whom a message goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recipient {
    /// Where it goes.
    pub(super) to: To,
    /// The customer's address in the conversation the run is about; `None` when the step names a number of its own.
    address: Option<String>,
}

impl Recipient {
    /// The number the step names, else the customer the run is about: the address they last wrote from, which is the
    /// spelling that works (Brazil, Mexico and Argentina have two), or their number when that address is a user id.
    ///
    /// # Errors
    /// When the number is not one, or there is nobody.
    pub(super) fn of(to: Option<&str>, call: &Call) -> Result<Self, Problem> {
        let named = to.map(str::trim).filter(|to| !to.is_empty());
        if let Some(named) = named {
            let spelled: String = named.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.')).collect();
            let why = "`to` is not a number in international form; write it like +8613800138000";
            let phone = phone_of(&spelled).ok_or_else(|| Problem::new("bad_number", why))?;
            return Ok(Self { to: To::Phone(phone), address: None });
        }
        let address = call.address.as_deref();
        let phone = address.and_then(phone_of).or_else(|| call.phone.as_deref().and_then(phone_of));
        let to = match (phone, address) {
            (Some(phone), _) => To::Phone(phone),
            (None, Some(user)) => To::User(user.to_owned()),
            (None, None) => {
                let why = "nobody to send to: the run is about no customer and the step has no `to`";
                return Err(Problem::new("no_recipient", why));
            }
        };
        Ok(Self { to, address: address.map(str::to_owned) })
    }

    /// The conversation a sent message belongs to: between our `number` and this customer, whom the provider calls
    /// `told`.
    pub(super) fn party(&self, number: &str, told: Option<&str>) -> Party {
        let (phone, plain) = match &self.to {
            To::Phone(phone) => (Some(phone.clone()), phone.trim_start_matches('+')),
            To::User(user) => (None, user.as_str()),
        };
        let address = self.address.as_deref().or(told).unwrap_or(plain).to_owned();
        Party { number: number.to_owned(), address, phone, name: None }
    }
}

/// Refuses a text the provider would refuse, before it costs a call.
pub(super) fn check_text(text: &str, most: usize) -> Result<(), Problem> {
    if text.trim().is_empty() {
        return Err(Problem::new("bad_input", "the text is empty"));
    }
    let length = text.chars().count();
    if length > most {
        let why = format!("the text has {length} characters, at most {most} are possible; split it");
        return Err(Problem::new("bad_input", why));
    }
    Ok(())
}

/// Where the provider finds a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum File<'a> {
    /// Its public address.
    Link(&'a str),
    /// The provider's id of it.
    Id(&'a str),
}

/// Refuses a file the provider would refuse, before it costs a call.
pub(super) fn file(input: &SendMedia) -> Result<File<'_>, Problem> {
    let wrong = |why: String| Err(Problem::new("bad_input", why));
    let length = input.caption.as_deref().unwrap_or_default().chars().count();
    if length > MAX_CAPTION_CHARS {
        return wrong(format!("the caption has {length} characters, at most {MAX_CAPTION_CHARS} are possible"));
    }
    if length > 0 && !input.kind.takes_caption() {
        return wrong(format!("no caption can stand under {}; send it as a text of its own", input.kind.name()));
    }
    match (input.link.as_deref(), input.media.as_deref()) {
        (Some(link), None) if link.starts_with("https://") || link.starts_with("http://") => Ok(File::Link(link)),
        (Some(_), None) => wrong("`link` is not an http or https address".to_owned()),
        (None, Some(id)) if !id.is_empty() => Ok(File::Id(id)),
        _ => wrong("name the file either by `link` or by `media`".to_owned()),
    }
}

/// Names and values of a template's variables.
pub(super) type Pairs<'a> = Vec<(&'a str, &'a str)>;

/// The values of a template's variables in their order, and whether they are named (not all of them are numbers).
///
/// # Errors
/// When numbered ones have a gap: the provider would put every later value into the wrong place.
pub(super) fn ordered(params: &BTreeMap<String, String>) -> Result<(bool, Pairs<'_>), Problem> {
    let mut numbered = params
        .iter()
        .filter_map(|(name, value)| Some((name.parse::<u16>().ok()?, (name.as_str(), value.as_str()))))
        .collect::<Vec<_>>();
    if numbered.len() != params.len() {
        return Ok((true, params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()));
    }
    numbered.sort_by_key(|(number, _)| *number);
    for (place, (number, _)) in (1..).zip(&numbered) {
        if *number != place {
            let why = format!("params are numbered 1, 2, 3 …, but {place} is missing or given twice");
            return Err(Problem::new("bad_input", why));
        }
    }
    Ok((false, numbered.into_iter().map(|(_, param)| param).collect()))
}

/// A template as the conversation's history shows it: `[name] first, second`.
pub(super) fn shown(template: &str, values: &[(&str, &str)]) -> String {
    let values = values.iter().map(|(_, value)| *value).collect::<Vec<_>>().join(", ");
    format!("[{template}] {values}").trim_end().to_owned()
}

/// The verdict that an answer's HTTP status gives, with these words; refused credentials are told in our own.
pub(super) fn by_status<T>(answer: &Answer, problem: Problem) -> Verdict<T> {
    match verdict_of_status::<T>(answer, Class::Once) {
        Some(Verdict::Later { after, scope, .. }) => Verdict::Later { after, scope, problem },
        Some(Verdict::Refused(_)) => Verdict::Refused(problem),
        Some(Verdict::Auth(own)) => Verdict::Auth(Problem { code: problem.code, ..own }),
        _ => Verdict::Unknown(problem),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use engine::clock::At;
    use engine::connector::Scope;
    use http::{HeaderMap, StatusCode};
    use serde_json::Value;

    use super::*;

    /// A call as performers get it.
    pub(in crate::whatsapp) fn call(address: Option<&str>, phone: Option<&str>) -> Call {
        Call {
            key: Arc::from("run_00000000000a1/3"),
            attempt: 1,
            tries: 0,
            now: At(1_760_000_000_000),
            address: address.map(Arc::from),
            phone: phone.map(Arc::from),
        }
    }

    /// An answer with a JSON body.
    pub(in crate::whatsapp) fn answer(status: u16, body: &Value) -> Answer {
        let status = StatusCode::from_u16(status).unwrap();
        Answer::new(status, HeaderMap::new(), Bytes::from(body.to_string()), "POST provider.test/messages".into())
    }

    /// A verdict in a word or two.
    pub(in crate::whatsapp) fn name(verdict: &Verdict<()>) -> &'static str {
        match verdict {
            Verdict::Later { scope: Scope::Item, .. } => "later item",
            Verdict::Later { scope: Scope::Connection, .. } => "later connection",
            other => other.name(),
        }
    }

    fn params(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn only_digits_make_a_phone_number() {
        assert_eq!(phone_of("5511987654321").as_deref(), Some("+5511987654321"));
        assert_eq!(phone_of("+5511987654321").as_deref(), Some("+5511987654321"));
        for no_phone in ["BR.8812345", "", "+", "++5511987654321", "1234", "1234567890123456", "٥٥١١٩٨٧٦٥٤٣٢١"]
        {
            assert_eq!(phone_of(no_phone), None, "{no_phone}");
        }
    }

    #[test]
    fn the_step_comes_before_the_customer_and_the_customers_address_before_their_number() {
        let customer = call(Some("551187654321"), Some("+5511987654321"));
        let named = Recipient::of(Some(" +86 138-0013-8000 "), &customer).unwrap();
        assert_eq!(named.to, To::Phone("+8613800138000".into()));
        assert_eq!(named.party("700", Some("8613800138000")).address, "8613800138000");

        let theirs = Recipient::of(None, &customer).unwrap();
        assert_eq!(theirs.to, To::Phone("+551187654321".into()));
        assert_eq!(theirs.party("700", Some("5511987654321")).address, "551187654321", "the conversation stays one");
    }

    #[test]
    fn a_user_id_is_used_when_no_number_is_known() {
        let hidden = Recipient::of(None, &call(Some("BR.8812345"), None)).unwrap();
        assert_eq!(hidden.to, To::User("BR.8812345".into()));
        let known = Recipient::of(None, &call(Some("BR.8812345"), Some("+5511987654321"))).unwrap();
        assert_eq!(known.to, To::Phone("+5511987654321".into()));
        assert_eq!(known.party("700", None).address, "BR.8812345");
    }

    #[test]
    fn nobody_and_nonsense_are_refused() {
        assert_eq!(Recipient::of(None, &call(None, None)).unwrap_err().code, "no_recipient");
        assert_eq!(Recipient::of(Some("call me"), &call(Some("551187654321"), None)).unwrap_err().code, "bad_number");
    }

    #[test]
    fn texts_are_measured_in_characters() {
        assert_eq!(check_text(&"价".repeat(4096), 4096), Ok(()));
        assert_eq!(check_text(&"价".repeat(4097), 4096).unwrap_err().code, "bad_input");
        assert_eq!(check_text(" \n", 4096).unwrap_err().code, "bad_input");
    }

    #[test]
    fn numbered_params_go_in_the_order_of_numbers_not_of_letters() {
        let many = (1..=11).map(|n| (n.to_string(), format!("v{n}"))).collect::<BTreeMap<_, _>>();
        let (named, values) = ordered(&many).unwrap();
        assert!(!named);
        assert_eq!(values[1], ("2", "v2"));
        assert_eq!(values[10], ("11", "v11"));
        assert_eq!(ordered(&params(&[("1", "a"), ("3", "b")])).unwrap_err().code, "bad_input");
        assert!(ordered(&params(&[("1", "a"), ("name", "b")])).unwrap().0);
    }

    #[test]
    fn a_template_is_shown_with_its_values() {
        assert_eq!(shown("order_ready", &[("name", "Ana"), ("order", "#42")]), "[order_ready] Ana, #42");
        assert_eq!(shown("hello", &[]), "[hello]");
    }
}
