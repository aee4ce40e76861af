//! What a problem may show of what a service said: no secret of the call, no telephone number, no e-mail address.
//!
//! Problems are stored, logged and handed out by the API, and services like to quote what they refuse.

use engine::secret::Secret;
use url::Url;

/// Shortest secret that is looked for, in bytes: a shorter one would tear holes into every text.
const SHORTEST: usize = 4;
/// A run of this many digits may be a telephone number.
const LONG: usize = 7;
/// How much of a service's words is shown, in characters.
const MOST: usize = 200;
/// What stands for what was left out.
const GAP: char = '…';

/// The secrets of one call: what proves who we are, and a path that is a secret itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Secrets(Vec<Secret>);

impl Secrets {
    /// Remembers a value, also as JSON with escaped slashes shows it (PHP's way, so Meta's).
    pub(super) fn add(&mut self, value: &str) {
        if value.len() < SHORTEST {
            return;
        }
        self.0.push(Secret::new(value));
        if value.contains('/') {
            self.0.push(Secret::new(value.replace('/', "\\/")));
        }
        // Longest first: a short one inside a long one would leave the rest of it readable.
        self.0.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
    }

    /// Remembers the parts of an address whose path is a secret.
    pub(super) fn add_path(&mut self, url: &Url) {
        url.path_segments().into_iter().flatten().chain(url.query()).for_each(|part| self.add(part));
    }

    /// The text with stars for every secret.
    pub(super) fn hidden_in(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret.expose(), "***"))
    }
}

/// What a service said, as a problem may show it: on one line, at most 200 characters, without numbers and addresses of
/// people. Words out of an answer go through [`Answer::words`](super::Answer::words), which knows the call's secrets.
pub(crate) fn quoted(text: &str) -> String {
    anonymous(text).split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MOST).collect()
}

/// The text without telephone numbers (7 digits or more in a row, or behind a `+` with blanks, dashes, dots and
/// brackets between them) and e-mail addresses.
fn anonymous(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let behind = &rest[letter.len_utf8()..];
        if let Some(length) = number_at(rest) {
            kept.push(GAP);
            rest = &rest[length..];
        } else if letter == '@' && kept.ends_with(is_of_mail) && behind.starts_with(is_of_mail) {
            kept.truncate(kept.trim_end_matches(is_of_mail).len());
            kept.push(GAP);
            rest = behind.trim_start_matches(is_of_mail);
        } else {
            kept.push(letter);
            rest = behind;
        }
    }
    kept
}

/// A path with a gap for every segment that holds a number or an address.
pub(super) fn anonymous_path(path: &str) -> String {
    let shown = |segment: &str| {
        // Most segments are words: every call has its path looked at, so these are let through without being taken apart.
        let digits = segment.bytes().filter(u8::is_ascii_digit).count();
        if digits < LONG && segment.is_ascii() && !segment.contains(['@', '%']) {
            return segment.to_owned();
        }
        let plain = segment.to_ascii_uppercase().replace("%2B", "+").replace("%40", "@").replace("%20", " ");
        if anonymous(&plain) == plain { segment.to_owned() } else { GAP.to_string() }
    };
    path.split('/').map(shown).collect::<Vec<_>>().join("/")
}

/// Length in bytes of the telephone number that `text` begins with, if it does.
fn number_at(text: &str) -> Option<usize> {
    let behind = text.strip_prefix('+');
    let (mut digits, mut end) = (0, 0);
    for (at, letter) in behind.unwrap_or(text).char_indices() {
        if letter.is_numeric() {
            digits += 1;
            end = at + letter.len_utf8();
        } else if behind.is_none() || !matches!(letter, ' ' | '-' | '.' | '(' | ')') {
            break;
        }
    }
    (digits >= LONG).then_some(end + usize::from(behind.is_some()))
}

fn is_of_mail(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '.' | '_' | '%' | '+' | '-' | GAP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_addresses_of_people_are_left_out_and_all_else_stays() {
        let table = [
            ("no such contact +8613800138000.", "no such contact …."),
            ("5511987654321 and 131047", "… and 131047"),
            ("call +55 (11) 98765-4321 now", "call … now"),
            ("1 + 2, +5 apples, 192.168.0.1", "1 + 2, +5 apples, 192.168.0.1"),
            ("<ana.maria+x@mail.example.com>: taken", "<…>: taken"),
            ("8613800138000@example.com", "…"),
            ("@all: me@, property \"sku_12\" é", "@all: me@, property \"sku_12\" é"),
            ("٠١٢٣٤٥٦٧", "…"),
            ("", ""),
        ];
        for (text, expected) in table {
            assert_eq!(anonymous(text), expected, "{text}");
        }
    }

    #[test]
    fn a_path_keeps_what_is_nobodys() {
        let table = [
            ("/crm/v3/objects/contacts/%2B8613800138000", "/crm/v3/objects/contacts/…"),
            ("/contacts/ana%40example.com/tags", "/contacts/…/tags"),
            ("/contacts/%2b55%2011%2098765", "/contacts/…"),
            ("/2010-04-01/Messages.json", "/2010-04-01/Messages.json"),
            ("/", "/"),
        ];
        for (path, expected) in table {
            assert_eq!(anonymous_path(path), expected, "{path}");
        }
    }

    #[test]
    fn every_secret_of_a_call_becomes_stars() {
        let mut secrets = Secrets::default();
        ["t0ken", "t0ken/long", "s"].into_iter().for_each(|secret| secrets.add(secret));
        secrets.add_path(&Url::parse("https://hooks.test/services/B0s3cret?k=v4lue").unwrap());
        let said = r#"Malformed token t0ken/long, "t0ken\/long", t0ken; POST /services/B0s3cret?k=v4lue"#;
        assert_eq!(secrets.hidden_in(said), r#"Malformed token ***, "***", ***; POST /***/***?***"#);
    }
}
