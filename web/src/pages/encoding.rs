//! Which compressed forms of a file a client reads.

use axum::http::{HeaderMap, header};

/// The forms the build makes beside each file, the smallest first: the coding's name and the file's extension.
const FORMS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// Those that `Accept-Encoding` allows, in our order.
pub(super) fn accepted(headers: &HeaderMap) -> impl Iterator<Item = (&'static str, &'static str)> {
    let given = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given: Vec<&str> = given.split(',').filter_map(wanted).collect();
    FORMS.into_iter().filter(move |(coding, _)| given.iter().any(|one| one.eq_ignore_ascii_case(coding)))
}

/// The coding of one part of the header, unless its weight is 0: that forbids it.
fn wanted(part: &str) -> Option<&str> {
    let (coding, weight) = part.split_once(';').unwrap_or((part, "q=1"));
    let weight = weight.trim().trim_start_matches(['q', 'Q']).trim_start_matches('=');
    (weight.trim().parse::<f32>() != Ok(0.0)).then(|| coding.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(header: &str) -> Vec<&'static str> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, header.parse().unwrap());
        accepted(&headers).map(|(coding, _)| coding).collect()
    }

    #[test]
    fn the_smallest_form_the_client_reads_comes_first_and_a_weight_of_zero_forbids() {
        assert_eq!(forms("gzip, deflate, br"), ["br", "gzip"]);
        assert_eq!(forms("GZIP;q=0.5, br;q=0"), ["gzip"]);
        assert_eq!(forms("br;q=0.000, identity"), [""; 0]);
        assert_eq!(accepted(&HeaderMap::new()).count(), 0);
    }
}
