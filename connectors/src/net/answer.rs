//! An answer, and what its status says about the call.

use std::time::Duration;

use bytes::Bytes;
use chrono::DateTime;
use engine::connector::{Problem, Scope, Verdict};
use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::Class;
use super::words::{Secrets, quoted};

/// The longest pause that is honoured: after it every effect is past its deadline anyway.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// HTTP status, any.
    pub(crate) status: StatusCode,
    /// All headers.
    pub(crate) headers: HeaderMap,
    /// The body, decompressed; at most [`BODY_CAP`](super::BODY_CAP) bytes.
    pub(crate) body: Bytes,
    place: String,
    secrets: Secrets,
}

impl Answer {
    /// An answer of `place`, which is `METHOD host/path`.
    pub(crate) fn new(status: StatusCode, headers: HeaderMap, body: Bytes, place: String) -> Self {
        Self { status, headers, body, place, secrets: Secrets::default() }
    }

    /// The same answer, to a call with these secrets.
    pub(super) fn hiding(mut self, secrets: Secrets) -> Self {
        self.secrets = secrets;
        self
    }

    /// The body as JSON, if it is JSON.
    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// `METHOD host/path` of the call.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// The pause that was asked for in `Retry-After`, in seconds or as a date; at most 24 h. A date is measured against
    /// the answer's own `Date`, so that a wrong clock on either side does no harm. Source: RFC 9110, sections 10.2.3
    /// and 6.6.1.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        let pause = match text.parse::<u64>() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => {
                let until = DateTime::parse_from_rfc2822(text).ok()?;
                let since = DateTime::parse_from_rfc2822(self.headers.get(DATE)?.to_str().ok()?).ok()?;
                (until - since).to_std().unwrap_or_default()
            }
        };
        Some(pause.min(LONGEST_PAUSE))
    }

    /// What the service said, as a problem may show it: on one line, at most 200 characters, stars for the call's
    /// secrets, gaps for telephone numbers and e-mail addresses. Every text out of an answer that goes into a problem
    /// or finding goes through here.
    pub(crate) fn words(&self, text: &str) -> String {
        quoted(&self.secrets.hidden_in(text))
    }

    /// The problem of an `Auth` verdict, in our own words: services quote the token they refuse.
    pub(crate) fn refused_credentials(&self, code: String) -> Problem {
        let status = self.status.as_u16();
        let message =
            format!("{} answered {status}: the credentials were refused; mend those of the connection", self.place);
        Problem::new(code, message).with_status(status)
    }

    /// A problem that names the call, its status and the beginning of the body. The body of a 401 or 403 is left out:
    /// services like to repeat the token there.
    pub(crate) fn problem(&self) -> Problem {
        let status = self.status.as_u16();
        let excerpt =
            if matches!(status, 401 | 403) { String::new() } else { self.words(&String::from_utf8_lossy(&self.body)) };
        let message =
            format!("{} answered {status}{}{excerpt}", self.place, if excerpt.is_empty() { "" } else { ": " });
        Problem::new(status.to_string(), message).with_status(status)
    }
}

/// What an answer's status says about the call when the service says nothing better; `None` for 2xx.
///
/// A gateway that gave up (502, 504) may have passed the call on, and 500 may come after the work was done: for a call
/// that must happen once both are unknown, since a double is worse than a question to a person.
pub(crate) fn verdict_of_status<T>(answer: &Answer, class: Class) -> Option<Verdict<T>> {
    if answer.status.is_success() {
        return None;
    }
    let problem = answer.problem();
    let later = |scope, problem| Verdict::Later { after: answer.retry_after(), scope, problem };
    Some(match (answer.status.as_u16(), class) {
        (429 | 503, _) | (502 | 504, Class::MayRepeat) => later(Scope::Connection, problem),
        // 403 is about this call: one missing permission must not hold everything else of the connection.
        (401, _) => Verdict::Auth(answer.refused_credentials(problem.code)),
        (408 | 425, _) => later(Scope::Item, problem),
        (500.., _) => Verdict::Unknown(problem),
        (300..=399, _) => {
            let message = format!("{}; redirects are not followed: use the final address", problem.message);
            Verdict::Refused(Problem { message, ..problem })
        }
        _ => Verdict::Refused(problem),
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &'static str) -> Answer {
        let headers = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        let status = StatusCode::from_u16(status).unwrap();
        Answer::new(status, headers, Bytes::from_static(body.as_bytes()), "POST crm.test/tickets".into())
    }

    #[test]
    fn a_status_says_what_became_of_the_call() {
        let table = [
            (200, Class::Once, "none"),
            (204, Class::Once, "none"),
            (302, Class::Once, "refused"),
            (400, Class::Once, "refused"),
            (401, Class::Once, "auth"),
            (403, Class::MayRepeat, "refused"),
            (404, Class::Once, "refused"),
            (408, Class::Once, "later item"),
            (409, Class::Once, "refused"),
            (425, Class::Once, "later item"),
            (429, Class::Once, "later connection"),
            (500, Class::Once, "unknown"),
            (500, Class::MayRepeat, "unknown"),
            (502, Class::Once, "unknown"),
            (502, Class::MayRepeat, "later connection"),
            (503, Class::Once, "later connection"),
            (504, Class::Once, "unknown"),
            (504, Class::MayRepeat, "later connection"),
            (520, Class::Once, "unknown"),
        ];
        for (status, class, expected) in table {
            let verdict = verdict_of_status::<()>(&answer(status, &[], ""), class);
            let name = match &verdict {
                None => "none",
                Some(Verdict::Later { scope: Scope::Item, .. }) => "later item",
                Some(Verdict::Later { scope: Scope::Connection, .. }) => "later connection",
                Some(other) => other.name(),
            };
            assert_eq!(name, expected, "{status} {class:?}");
        }
    }

    #[test]
    fn retry_after_is_read_in_seconds_and_as_a_date() {
        let date = ("date", "Sun, 22 Nov 2026 09:00:00 GMT");
        let table = [
            (vec![("retry-after", "7")], Some(7)),
            (vec![("retry-after", "99999999")], Some(24 * 60 * 60)),
            (vec![("retry-after", "Sun, 22 Nov 2026 09:02:05 GMT"), date], Some(125)),
            (vec![("retry-after", "Sun, 22 Nov 2026 08:00:00 GMT"), date], Some(0)),
            (vec![("retry-after", "Sun, 22 Nov 2026 09:02:05 GMT")], None),
            (vec![("retry-after", "soon")], None),
            (vec![], None),
        ];
        for (headers, seconds) in table {
            assert_eq!(answer(429, &headers, "").retry_after(), seconds.map(Duration::from_secs), "{headers:?}");
        }
    }

    #[test]
    fn a_problem_shows_at_most_200_characters_and_no_token() {
        let long = answer(400, &[], Box::leak("é\n ".repeat(900).into_boxed_str())).problem();
        assert_eq!(long.message.chars().filter(|letter| *letter == 'é').count(), 100, "{}", long.message);
        assert_eq!((long.code.as_str(), long.status), ("400", Some(400)));
        let auth = answer(401, &[], "invalid token s3cret");
        assert_eq!(auth.problem().message, "POST crm.test/tickets answered 401");
        let Some(Verdict::Auth(told)) = verdict_of_status::<()>(&auth, Class::Once) else { panic!("not auth") };
        assert!(told.message.contains("credentials") && !told.message.contains("s3cret"), "{}", told.message);
    }

    #[test]
    fn a_problem_quotes_nobodys_secret_number_or_address() {
        let mut secrets = Secrets::default();
        secrets.add("s3cret");
        let quoting = answer(400, &[], "bad key s3cret for +8613800138000, ana@example.com").hiding(secrets);
        assert_eq!(quoting.problem().message, "POST crm.test/tickets answered 400: bad key *** for …, …");
    }
}
