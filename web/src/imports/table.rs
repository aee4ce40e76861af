//! The bytes of a file as rows of cells: in which encoding they are and what separates the cells is found, unless it is told.

use std::borrow::Cow;

use csv::{ReaderBuilder, StringRecord};
use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1251, WINDOWS_1252};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Bytes that are looked at to find the encoding of a file without a mark.
const SAMPLE: usize = 256 * 1024;
/// Rows that are looked at to find the separator.
const SAMPLE_ROWS: usize = 50;
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How a file writes its letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ImportEncoding")]
pub(crate) enum Encoding {
    /// UTF-8.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, low byte first, as spreadsheets write "Unicode text".
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, high byte first.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// The Cyrillic one of Windows.
    #[serde(rename = "windows-1251")]
    Windows1251,
    /// The western one of Windows.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

impl Encoding {
    fn decoder(self) -> &'static encoding_rs::Encoding {
        match self {
            Self::Utf8 => UTF_8,
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
            Self::Windows1251 => WINDOWS_1251,
            Self::Windows1252 => WINDOWS_1252,
        }
    }

    /// The encoding of `bytes`: by its mark, else by what the bytes can be.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0xEF, 0xBB, 0xBF, ..] => return Self::Utf8,
            [0xFF, 0xFE, ..] => return Self::Utf16Le,
            [0xFE, 0xFF, ..] => return Self::Utf16Be,
            _ => {}
        }
        let sample = &bytes[..bytes.len().min(SAMPLE)];
        let zeros = |odd: usize| sample.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
        let (even, odd) = (zeros(0), zeros(1));
        if even + odd > sample.len() / 8 {
            return if odd > even { Self::Utf16Le } else { Self::Utf16Be };
        }
        match std::str::from_utf8(bytes) {
            Ok(_) => Self::Utf8,
            Err(_) if is_cyrillic(sample) => Self::Windows1251,
            Err(_) => Self::Windows1252,
        }
    }
}

/// Words of Cyrillic are letters beyond ASCII one after the other; accents of western languages stand alone among ASCII.
fn is_cyrillic(sample: &[u8]) -> bool {
    let is_letter = |byte: u8| byte >= 0xC0 || byte == 0xA8 || byte == 0xB8;
    let (mut joined, mut alone) = (0_usize, 0_usize);
    let mut word = 0_usize;
    for byte in sample.iter().copied().chain([b' ']) {
        if is_letter(byte) {
            word += 1;
            continue;
        }
        match word {
            0 => {}
            1 => alone += 1,
            more => joined += more,
        }
        word = 0;
    }
    joined > alone
}

/// How a file is to be read, as far as somebody said so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ImportReading")]
pub(crate) struct Reading {
    /// The encoding. Default: the one that is found.
    #[serde(default)]
    pub(crate) encoding: Option<Encoding>,
    /// What separates cells, one ASCII character. Default: the one that is found.
    #[serde(default)]
    pub(crate) separator: Option<char>,
}

/// A file as rows of cells.
pub(crate) struct Table {
    pub(crate) encoding: Encoding,
    pub(crate) separator: u8,
    text: String,
}

impl Table {
    /// Reads `bytes`.
    pub(crate) fn read(bytes: &[u8], reading: Reading) -> Self {
        let encoding = reading.encoding.unwrap_or_else(|| Encoding::of(bytes));
        let (text, _) = encoding.decoder().decode_with_bom_removal(bytes);
        let text = match text {
            Cow::Borrowed(text) => text.to_owned(),
            Cow::Owned(text) => text,
        };
        let told = reading.separator.and_then(|separator| u8::try_from(separator).ok()).filter(u8::is_ascii);
        let separator = told.unwrap_or_else(|| separator_of(&text));
        Self { encoding, separator, text }
    }

    /// Its rows, the headers first; each with the number of its line. A row that cannot be read ends them: only broken quotes at the
    /// very end can do that.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (u64, StringRecord)> {
        let rows = reader(&self.text, self.separator).into_records().map_while(Result::ok);
        rows.map(|row| (self.line(&row), row)).filter(|(_, row)| !is_empty(row))
    }

    /// The line on which a row begins: the reader counts empty lines above a row to the row.
    fn line(&self, row: &StringRecord) -> u64 {
        let Some(at) = row.position() else { return 0 };
        let from = usize::try_from(at.byte()).unwrap_or(usize::MAX).min(self.text.len());
        let above = self.text.as_bytes()[from..].iter().take_while(|byte| matches!(byte, b'\n' | b'\r'));
        at.line() + above.filter(|byte| **byte == b'\n').count() as u64
    }

    /// How many rows there are below the headers, counted up to one more than `most`.
    pub(crate) fn count(&self, most: u64) -> u64 {
        self.rows().skip(1).take(usize::try_from(most).unwrap_or(usize::MAX).saturating_add(1)).count() as u64
    }
}

fn is_empty(row: &StringRecord) -> bool {
    row.iter().all(|cell| cell.trim().is_empty())
}

fn reader(text: &str, separator: u8) -> csv::Reader<&[u8]> {
    ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(text.as_bytes())
}

/// The separator that gives most rows as many cells as the headers have, and more than one.
fn separator_of(text: &str) -> u8 {
    let score = |separator: u8| {
        let mut rows = reader(text, separator).into_records().map_while(Result::ok).take(SAMPLE_ROWS);
        let cells = rows.next().map_or(0, |row| row.len());
        let (mut all, mut fit) = (1, 1);
        for row in rows.filter(|row| !is_empty(row)) {
            all += 1;
            fit += usize::from(row.len() == cells);
        }
        // Fitting counts first, in tenths: a stray line decides nothing.
        if cells < 2 { (0, 0) } else { (fit * 10 / all, cells) }
    };
    // The first of the best: the comma is the ordinary one.
    let mut best = (SEPARATORS[0], (0, 0));
    for separator in SEPARATORS {
        let found = score(separator);
        if found > best.1 {
            best = (separator, found);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(bytes: &[u8]) -> Vec<Vec<String>> {
        let table = Table::read(bytes, Reading::default());
        table.rows().map(|(_, row)| row.iter().map(str::to_owned).collect()).collect()
    }

    fn encoded(encoding: Encoding, text: &str) -> Vec<u8> {
        match encoding {
            Encoding::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Encoding::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            other => other.decoder().encode(text).0.into_owned(),
        }
    }

    #[test]
    fn every_encoding_is_found_with_and_without_its_mark() {
        let table = [
            (Encoding::Utf8, "name;phone\nÀda;1\n王伟;2\n", ""),
            (Encoding::Utf8, "name;phone\nАнна;1\n", "\u{feff}"),
            (Encoding::Utf16Le, "name;phone\nАнна Иванова;1\n", "\u{feff}"),
            (Encoding::Utf16Be, "name;phone\nÀda;1\n", "\u{feff}"),
            (Encoding::Utf16Le, "name;phone;mail\nAda;1;a@b.c\nBob;2;b@b.c\n", ""),
            (Encoding::Windows1251, "имя;телефон\nАнна Иванова;1\nПётр;2\n", ""),
            (Encoding::Windows1252, "nome;città\nNiccolò;Forlì\nJosé;Málaga\n", ""),
        ];
        for (encoding, text, mark) in table {
            let bytes = encoded(encoding, &format!("{mark}{text}"));
            let read = Table::read(&bytes, Reading::default());
            assert_eq!((read.encoding, &*read.text, read.separator), (encoding, text, b';'), "{text}");
        }
    }

    #[test]
    fn separators_are_found_also_beside_others_in_the_cells() {
        assert_eq!(rows(b"name,note\nAda,\"a;b;c\"\nBob,d\n")[1], ["Ada", "a;b;c"]);
        assert_eq!(rows(b"name;price\nAda;1,50\nBob;2,00\n")[2], ["Bob", "2,00"]);
        assert_eq!(rows(b"name\tphone\nAda\t1\n")[1], ["Ada", "1"]);
        assert_eq!(rows(b"phone\n+391\n+392\n").len(), 3);
    }

    #[test]
    fn lines_have_the_numbers_a_text_editor_shows() {
        let table = Table::read(b"a,b\n\"two\nlines\",1\n\n3,4\n", Reading::default());
        let lines: Vec<u64> = table.rows().map(|(line, _)| line).collect();
        assert_eq!(lines, [1, 2, 5]);
        assert_eq!((table.count(10), table.count(1)), (2, 2));
    }

    #[test]
    fn what_is_told_counts_more_than_what_is_found() {
        let reading = Reading { encoding: Some(Encoding::Windows1252), separator: Some('|') };
        let table = Table::read("имя;1|2".as_bytes(), reading);
        assert_eq!((table.encoding, table.separator), (Encoding::Windows1252, b'|'));
    }
}
