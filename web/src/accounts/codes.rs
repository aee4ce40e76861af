//! Recovery codes: ten, each good once, for whoever lost the second factor.

use crate::error::ApiError;

/// How many there are.
const CODES: usize = 10;
/// Letters of a code; no l, o, 0, 1 to mistake. 32, so that five random bits are one.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Letters in a group, and groups in a code: 80 bits, so a plain digest of it can be kept.
const GROUP: usize = 4;
const GROUPS: usize = 4;

/// New ones, as people are shown them: `abcd-efgh-ijkm-npqr`.
///
/// # Errors
/// When the system gives no random bytes.
pub(crate) fn recovery_codes() -> Result<Vec<String>, ApiError> {
    (0..CODES).map(|_| one()).collect()
}

fn one() -> Result<String, ApiError> {
    let mut bytes = [0; GROUP * GROUPS];
    getrandom::fill(&mut bytes).map_err(ApiError::internal)?;
    let letters: Vec<char> = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect();
    let groups: Vec<String> = letters.chunks(GROUP).map(|group| group.iter().collect()).collect();
    Ok(groups.join("-"))
}

/// A code as it is compared: case, blanks and hyphens do not count. `None` when it cannot be one.
pub(super) fn normal(code: &str) -> Option<String> {
    let letters: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    (letters.len() == GROUP * GROUPS).then(|| letters.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_differ_and_are_read_however_they_are_typed() {
        let codes = recovery_codes().unwrap();
        assert_eq!(codes.iter().collect::<std::collections::BTreeSet<_>>().len(), CODES);
        assert_eq!(codes[0].len(), 19);
        assert_eq!(normal(&codes[0].to_uppercase()), normal(&codes[0].replace('-', " ")));
        assert_eq!(normal("123456"), None);
    }
}
