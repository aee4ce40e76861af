//! Text functions for any script: what `text.*` means in expressions and how keywords are found.
//!
//! Two texts are the same for a keyword when [`normalise`] makes them the same. There is no stemming: `цена` does not find
//! `цену`; write both. Chinese in simplified and traditional spelling are different words too.

use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

const CASES: CaseMapperBorrowed<'static> = CaseMapper::new();

/// Text made comparable: compatibility forms unified (NFKC), case folded, diacritics and Arabic marks dropped, Arabic
/// letter variants joined, `ё` read as `е`, digits of any script as `0`-`9`, invisible characters removed, white space
/// reduced to single spaces within.
#[must_use]
pub fn normalise(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut simple = true;
    for c in text.chars() {
        match simple_form(c) {
            Simple::Is(c) => push_spaced(&mut out, c),
            Simple::Nothing => {}
            Simple::Unknown => {
                simple = false;
                break;
            }
        }
    }
    if simple { trimmed(out) } else { normalise_any(text) }
}

/// Whether `text` mentions `word` as a word (or, in scripts without spaces, anywhere). Both are normalised here.
///
/// Korean words may carry particles, so theirs need to begin a word but not to end one. An empty word is never mentioned.
#[must_use]
pub fn mentions(text: &str, word: &str) -> bool {
    mentions_normalised(&normalise(text), &normalise(word))
}

/// As [`mentions`], of texts that went through [`normalise`] already: for many words in one text.
#[must_use]
pub fn mentions_normalised(text: &str, word: &str) -> bool {
    let (Some(first), Some(last)) = (word.chars().next(), word.chars().next_back()) else { return false };
    let mut from = 0;
    while let Some(found) = text[from..].find(word) {
        let (start, end) = (from + found, from + found + word.len());
        let begins = text[..start].chars().next_back().is_none_or(|before| !joined(before, first));
        let ends = is_hangul(last) || text[end..].chars().next().is_none_or(|after| !joined(last, after));
        if begins && ends {
            return true;
        }
        from = start + first.len_utf8();
    }
    false
}

/// What one character becomes when no neighbour can change that.
enum Simple {
    Is(char),
    Nothing,
    Unknown,
}

/// The scripts most messages are in, without tables: ASCII, Russian, Arabic, Chinese and Japanese.
fn simple_form(c: char) -> Simple {
    match c {
        '\0'..='\u{7f}' => Simple::Is(c.to_ascii_lowercase()),
        'а'..='я' | '\u{4e00}'..='\u{9fff}' | 'ぁ'..='ゖ' | 'ァ'..='ヺ' => Simple::Is(c),
        'А'..='Я' => Simple::Is(char::from_u32(u32::from(c) + 0x20).unwrap_or(c)),
        'ё' | 'Ё' => Simple::Is('е'),
        '\u{640}' | '\u{64b}'..='\u{655}' => Simple::Nothing,
        '\u{622}' | '\u{623}' | '\u{625}' => Simple::Is('ا'),
        '\u{624}' => Simple::Is('و'),
        '\u{626}' => Simple::Is('ي'),
        '\u{621}'..='\u{63a}' | '\u{641}'..='\u{64a}' | '\u{660}'..='\u{669}' => Simple::Is(joined_letter(c)),
        _ => Simple::Unknown,
    }
}

/// As [`normalise`], for any character.
fn normalise_any(text: &str) -> String {
    let decomposed: String = text.nfkd().collect();
    let folded = CASES.fold_string(&decomposed);
    let mut base = ' ';
    let kept = folded.nfkd().filter(move |c| {
        if is_combining_mark(*c) {
            return !is_dropped_mark(*c, base);
        }
        base = *c;
        !is_invisible(*c)
    });
    let mut out = String::with_capacity(text.len());
    for c in kept.map(joined_letter).nfc() {
        push_spaced(&mut out, c);
    }
    trimmed(out)
}

fn push_spaced(out: &mut String, c: char) {
    if !c.is_whitespace() {
        out.push(c);
    } else if !out.is_empty() && !out.ends_with(' ') {
        out.push(' ');
    }
}

fn trimmed(mut text: String) -> String {
    if text.ends_with(' ') {
        text.pop();
    }
    text
}

/// Letters that people write for each other, and digits.
fn joined_letter(c: char) -> char {
    match c {
        'ى' | 'ی' => 'ي',
        'ة' => 'ه',
        'ک' => 'ك',
        'ı' => 'i', // Turkish I and İ both fold to i
        _ if c.is_ascii() => c,
        _ => ascii_digit(c).unwrap_or(c),
    }
}

/// Zeros of the decimal digits that have no compatibility form (Unicode 16, general category Nd).
const ZEROS: [u32; 66] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20,
    0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0,
    0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0x104a0, 0x10d30, 0x10d40, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0,
    0x11450, 0x114d0, 0x11650, 0x116c0, 0x116d0, 0x116da, 0x11730, 0x118e0, 0x11950, 0x11bf0, 0x11c50, 0x11d50,
    0x11da0, 0x11f50, 0x16130, 0x16a60, 0x16ac0, 0x16b50, 0x1e140, 0x1e2f0, 0x1e4f0, 0x1e5f1, 0x1e950,
];

fn ascii_digit(c: char) -> Option<char> {
    let code = u32::from(c);
    let zero = ZEROS[..ZEROS.partition_point(|zero| *zero <= code)].last()?;
    char::from_digit(code - zero, 10)
}

/// Whether a mark goes: stresses, diacritics, vowel points; not the vowel signs of Indic and Thai script, not the mark that
/// makes `й` of `и` or `が` of `か`.
fn is_dropped_mark(mark: char, base: char) -> bool {
    let of_letter = matches!(mark, '\u{302}'..='\u{36f}') && !(mark == '\u{308}' && base == 'е');
    if matches!(base, '\u{400}'..='\u{52f}') && of_letter && !is_invisible(mark) {
        return false;
    }
    let general = matches!(mark, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}');
    let hebrew =
        matches!(mark, '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}');
    let arabic = matches!(mark, '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6ed}');
    general || hebrew || arabic || is_invisible(mark)
}

/// Characters without a shape: zero-width and direction marks, soft hyphens, variation selectors, the Arabic tatweel.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{640}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0100}'..='\u{e01ef}')
}

/// Whether two neighbours are of one word.
fn joined(left: char, right: char) -> bool {
    is_word_character(left) && is_word_character(right)
}

fn is_word_character(c: char) -> bool {
    (c.is_alphanumeric() || is_combining_mark(c)) && !is_unspaced(c)
}

/// Scripts that do not put spaces between words: Thai, Lao, Tibetan, Burmese, Khmer, Chinese, Japanese.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{fff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{312f}'
        | '\u{31a0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{a9e0}'..='\u{a9ff}'
        | '\u{aa60}'..='\u{aa7f}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

fn is_hangul(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7af}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keywords_are_found_in_five_languages() {
        let found = [
            ("What's the PRICE?", "price"),
            ("Price", "price"),
            ("Ｐｒｉｃｅ？", "price"),
            ("Какая Цена?", "цена"),
            ("ЦЕНА!!!", "цена"),
            ("всё ещё", "еще"),
            ("ещё", "ЕЩЕ"),
            ("كم السعر؟", "السعر"),
            ("كَم السِّعْر", "السعر"),
            ("الســـعر", "السعر"),
            ("أريد السعر", "اريد"),
            ("مدرسة", "مدرسه"),
            ("مستشفى", "مستشفي"),
            ("Qual è il prezzo?", "prezzo"),
            ("PERCHÉ no", "perche"),
            ("perche\u{301}", "perché"),
            ("这个价格是多少", "价格"),
            ("いくらですか", "いくら"),
            ("ราคาเท่าไหร่", "ราคา"),
            ("가격이 얼마예요", "가격"),
            ("FİYAT nedir", "fiyat"),
            ("IŞIK", "ışık"),
            ("Straße", "STRASSE"),
            ("zero\u{200b}width", "zerowidth"),
            ("नम्बर १२३", "123"),
            ("how   much\nis it", "How much"),
            ("买iphone吗", "iPhone"),
            ("xa a a", "a a"),
        ];
        for (text, word) in found {
            assert!(mentions(text, word), "{text:?} mentions {word:?}");
        }
    }

    #[test]
    fn parts_of_words_and_other_forms_are_not_mentions() {
        let not_found = [
            ("priceless", "price"),
            ("subprice", "price"),
            ("price2", "price"),
            ("Цену?", "цена"),
            ("мои", "мой"),
            ("بالسعر", "السعر"),
            ("क्या", "क"),
            ("無價格", "价格"),
            ("비가격", "가격"),
            ("anything", ""),
            ("anything", " \u{200b}"),
            ("", "price"),
        ];
        for (text, word) in not_found {
            assert!(!mentions(text, word), "{text:?} does not mention {word:?}");
        }
    }

    #[test]
    fn digits_of_any_script_are_ascii() {
        assert_eq!(
            normalise("٠١٢٣٤٥٦٧٨٩ ۰۱۲۳۴۵۶۷۸۹ ०१२३४५६७८९ ０１２３４５６７８９ ๐๑๒๓๔๕๖๗๘๙"),
            ["0123456789"; 5].join(" ")
        );
        assert!(ZEROS.is_sorted());
    }

    #[test]
    fn the_letter_that_needs_its_mark_keeps_it() {
        assert_eq!(normalise("Йод їжак ガ हिन्दी"), "йод їжак ガ हिन्दी");
    }

    proptest! {
        #[test]
        fn the_short_way_gives_what_the_long_way_gives(text in "[ -~А-яёЁء-غـ-ٕ٠-٩一-丰ぁ-ゖァ-ヺ\t\n]{0,30}") {
            prop_assert_eq!(normalise(&text), normalise_any(&text));
        }

        #[test]
        fn normalising_again_changes_nothing(text in "\\PC{0,30}") {
            let once = normalise(&text);
            prop_assert_eq!(normalise(&once), once);
        }

        #[test]
        fn any_text_mentions_itself_between_spaces(word in "\\PC{1,10}", around in "\\PC{0,10}") {
            prop_assume!(!normalise(&word).is_empty());
            prop_assume!(!is_combining_mark(normalise(&word).chars().next().unwrap()));
            let text = format!("{around} {word} {around}");
            prop_assert!(mentions(&text, &word));
        }
    }
}
