//! Telephone numbers: one spelling to keep (E.164), one to send to (WhatsApp's id), one to compare by.
//!
//! A number is refused only when it cannot be read at all: numbering plans change faster than their metadata, and WhatsApp's
//! own spelling of Brazilian and Mexican mobiles is not valid E.164.

use rlibphonenumber::{PhoneNumber, PhoneNumberFormat, Region};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Fewest and most digits of an international number, country code included (ITU-T E.164: 15 at most).
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Why a text is not a telephone number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It cannot be read as a number.
    #[error("`{text}` is not a telephone number ({why}): write it with + and the country code, such as +8613800138000")]
    Unreadable {
        /// The text as given.
        text: String,
        /// What could not be read.
        why: String,
    },
    /// The default country is no country.
    #[error("`{0}` is not a country: write its two letters, such as CN")]
    Country(String),
}

/// A telephone number in international form: `+`, country code, number; 7 to 15 digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

impl Phone {
    /// From WhatsApp's id of a person: the digits of the international number without `+`. `None` for anything else.
    #[must_use]
    pub fn from_wa_id(wa_id: &str) -> Option<Self> {
        let is_number = DIGITS.contains(&wa_id.len())
            && wa_id.bytes().all(|digit| digit.is_ascii_digit())
            && !wa_id.starts_with('0');
        is_number.then(|| Self(format!("+{wa_id}")))
    }

    /// Reads a number as people write it, in digits of any script. Without `+` it is one of `default_country` (two
    /// letters, ISO 3166-1).
    ///
    /// # Errors
    /// When it cannot be read as a number, or `default_country` is no country.
    pub fn parse(text: &str, default_country: Option<&str>) -> Result<Self, Error> {
        let region = default_country.map(region_of).transpose()?;
        let unreadable =
            |why: String| Error::Unreadable { text: text.chars().take(40).collect(), why: why.to_lowercase() };
        let number = PhoneNumber::parse(text, region).map_err(|error| unreadable(error.to_string()))?;
        let e164 = number.format_as(PhoneNumberFormat::E164).into_owned();
        let wa_id = e164.strip_prefix('+').unwrap_or(&e164);
        Self::from_wa_id(wa_id).ok_or_else(|| unreadable("too short or too long".to_owned()))
    }

    /// As kept and shown to machines: `+8613800138000`.
    #[must_use]
    pub fn as_e164(&self) -> &str {
        &self.0
    }

    /// As WhatsApp addresses it: `8613800138000`.
    #[must_use]
    pub fn wa_id(&self) -> &str {
        &self.0[1..]
    }

    /// As shown to people: `+86 138 0013 8000`; the E.164 form where no grouping is known.
    #[must_use]
    pub fn international(&self) -> String {
        let parsed = PhoneNumber::parse(&self.0, None);
        parsed.map_or_else(|_| self.0.clone(), |number| number.format_as(PhoneNumberFormat::International).into_owned())
    }

    /// The digits two spellings of one number share. Never send to it.
    ///
    /// The same mobile is spelled in two ways in three countries: Brazil with and without the 9 before eight digits, Mexico
    /// 521 and 52, Argentina 549 and 54 (chatwoot#5840, pywa#155, chatwoot#13932).
    #[must_use]
    pub fn match_key(&self) -> String {
        let digits = self.wa_id();
        match (digits.len(), &digits[..3]) {
            (13, "521") => format!("52{}", &digits[3..]),
            (13, "549") => format!("54{}", &digits[3..]),
            (13, country) if country.starts_with("55") && digits.as_bytes()[4] == b'9' => {
                format!("{}{}", &digits[..4], &digits[5..])
            }
            _ => digits.to_owned(),
        }
    }

    /// The digits in every spelling of this number that [`Phone::match_key`] takes for the same.
    #[must_use]
    pub fn spellings(&self) -> Vec<String> {
        let key = self.match_key();
        let longer = match (key.len(), &key[..2]) {
            (12, "52") => Some(format!("521{}", &key[2..])),
            (12, "54") => Some(format!("549{}", &key[2..])),
            (12, "55") => Some(format!("{}9{}", &key[..4], &key[4..])),
            _ => None,
        };
        longer.into_iter().chain([key]).collect()
    }
}

impl TryFrom<String> for Phone {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        // A number WhatsApp gave must come back from the database whatever the metadata think of it.
        let as_kept = text.strip_prefix('+').and_then(Self::from_wa_id);
        as_kept.map_or_else(|| Self::parse(&text, None), Ok)
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}

impl std::fmt::Display for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text names a country whose numbers are known: two letters, ISO 3166-1.
#[must_use]
pub fn is_country(text: &str) -> bool {
    text.len() == 2 && region_of(text).is_ok()
}

fn region_of(country: &str) -> Result<Region, Error> {
    country.to_ascii_uppercase().parse().map_err(|_| Error::Country(country.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let table = [
            ("138 0013 8000", Some("CN"), "+8613800138000"),
            ("+86 138-0013-8000", None, "+8613800138000"),
            ("１３８００１３８０００", Some("CN"), "+8613800138000"),
            ("0912 345 678", Some("TW"), "+886912345678"),
            ("+886 0912 345 678", None, "+886912345678"),
            ("0 15 99999-9999", Some("BR"), "+5515999999999"),
            ("+55 11 9999-9999", None, "+551199999999"),
            ("011 15 2345-6789", Some("AR"), "+5491123456789"),
            ("06 698 12345", Some("it"), "+390669812345"),
            ("8 (912) 345-67-89", Some("RU"), "+79123456789"),
            ("٠٥٠١٢٣٤٥٦٧", Some("SA"), "+966501234567"),
            ("(415) 523-8886", Some("US"), "+14155238886"),
            ("+5215512345678", None, "+5215512345678"),
        ];
        for (text, country, expected) in table {
            let phone = Phone::parse(text, country).map(|phone| phone.as_e164().to_owned());
            assert_eq!(phone.as_deref(), Ok(expected), "{text} {country:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_the_way_out() {
        for text in ["", "hello", "+", "+999123456789", "12", "13800138000"] {
            let error = Phone::parse(text, None).unwrap_err();
            assert!(error.to_string().contains("with + and the country code"), "{text}: {error}");
        }
        assert_eq!(Phone::parse("13800138000", Some("China")), Err(Error::Country("China".to_owned())));
    }

    #[test]
    fn a_whatsapp_id_is_the_number_without_plus() {
        let phone = Phone::from_wa_id("8613800138000").unwrap();
        assert_eq!((phone.as_e164(), phone.wa_id()), ("+8613800138000", "8613800138000"));
        for other in
            ["", "123456", "1234567890123456", "+8613800138000", "86138x0138000", "٨٦١٣٨٠٠١٣٨", "0613800138000"]
        {
            assert_eq!(Phone::from_wa_id(other), None, "{other}");
        }
    }

    #[test]
    fn both_spellings_of_a_mobile_share_a_key_and_landlines_keep_theirs() {
        let same =
            [("5511999999999", "551199999999"), ("5215512345678", "525512345678"), ("5491123456789", "541123456789")];
        for (one, other) in same {
            let key = |wa_id| Phone::from_wa_id(wa_id).unwrap().match_key();
            assert_eq!(key(one), key(other));
        }
        for alone in ["551133334444", "8613800138000", "15215512345", "5541234567890", "5490000"] {
            assert_eq!(Phone::from_wa_id(alone).unwrap().match_key(), alone);
        }
    }

    #[test]
    fn every_spelling_has_the_same_key() {
        for wa_id in ["5511999999999", "551199999999", "5215512345678", "541123456789", "8613800138000"] {
            let phone = Phone::from_wa_id(wa_id).unwrap();
            let spellings = phone.spellings();
            assert!(spellings.iter().any(|known| known == wa_id), "{spellings:?}");
            for known in &spellings {
                assert_eq!(Phone::from_wa_id(known).unwrap().match_key(), phone.match_key());
            }
        }
        assert_eq!(Phone::from_wa_id("8613800138000").unwrap().spellings(), ["8613800138000"]);
    }

    #[test]
    fn people_see_it_grouped() {
        assert_eq!(Phone::from_wa_id("8613800138000").unwrap().international(), "+86 138 0013 8000");
        assert_eq!(Phone::from_wa_id("9990000000").unwrap().international(), "+9990000000");
    }

    #[test]
    fn json_holds_the_international_form() {
        let phone: Phone = serde_json::from_str("\"+86 138 0013 8000\"").unwrap();
        assert_eq!(serde_json::to_string(&phone).unwrap(), "\"+8613800138000\"");
        assert!(serde_json::from_str::<Phone>("\"nobody\"").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_answered_without_a_panic(text in ".{0,30}") {
            if let Ok(phone) = Phone::parse(&text, Some("IT")) {
                prop_assert_eq!(Phone::from_wa_id(phone.wa_id()), Some(phone));
            }
        }
    }
}
