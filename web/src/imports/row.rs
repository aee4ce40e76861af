//! A row of cells as what it says of a contact, or why it cannot be taken.

use csv::StringRecord;
use engine::contact::Priority;
use engine::expr::text::normalise;
use engine::import::{Imported, MAX_TEXT_CHARS};
use engine::phone::Phone;
use serde_json::{Number, Value, json};

use super::Target;

/// Longest tag, in characters.
const MAX_TAG_CHARS: usize = 64;
/// Words for yes and no: English, Italian, Russian, Chinese, Arabic, and what spreadsheets write.
const YES: [&str; 17] = [
    "yes",
    "y",
    "true",
    "1",
    "x",
    "on",
    "opt in",
    "subscribed",
    "si",
    "vero",
    "да",
    "истина",
    "是",
    "同意",
    "نعم",
    "✓",
    "ja",
];
const NO: [&str; 15] = [
    "no",
    "n",
    "false",
    "0",
    "off",
    "opt out",
    "unsubscribed",
    "falso",
    "нет",
    "ложь",
    "否",
    "不同意",
    "لا",
    "-",
    "nein",
];
const PRIORITIES: [(Priority, [&str; 5]); 3] = [
    (Priority::Low, ["low", "bassa", "низкии", "低", "منخفضة"]),
    (Priority::Medium, ["medium", "media", "среднии", "中", "متوسطة"]),
    (Priority::High, ["high", "alta", "высокии", "高", "عالية"]),
];

/// Why a row cannot be taken. The codes are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Stable.
    pub(crate) code: &'static str,
    /// The cell that is wrong. Not stored.
    pub(crate) cell: String,
}

/// Reads a row whose columns are `targets`. Numbers without `+` are of `country`.
pub(crate) fn read(row: &StringRecord, targets: &[Target], country: Option<&str>) -> Result<Imported, Refusal> {
    let mut told = Imported::default();
    let mut names = Vec::new();
    for (cell, target) in row.iter().zip(targets) {
        let cell = unguarded(cell.trim());
        if cell.is_empty() || *target == Target::Skip {
            continue;
        }
        let wrong = |code| Refusal { code, cell: cell.chars().take(60).collect() };
        if cell.chars().count() > MAX_TEXT_CHARS {
            return Err(wrong("too_long"));
        }
        match target {
            Target::Skip => {}
            Target::Phone if told.phone.is_some() => {}
            Target::Phone => {
                let phone = Phone::parse(cell, country).map_err(|_| wrong("bad_phone"))?;
                told.phone = Some(phone.as_e164().to_owned());
            }
            Target::Name => names.push(cell),
            Target::Language => told.language = Some(language(cell).ok_or_else(|| wrong("bad_language"))?),
            Target::Priority => told.priority = Some(priority(cell).ok_or_else(|| wrong("bad_priority"))?),
            Target::OrderStatus => told.order_status = Some(cell.to_owned()),
            Target::Tags => told.tags.extend(tags(cell).ok_or_else(|| wrong("bad_tag"))?),
            Target::Consent(purpose) => {
                told.consent.insert(purpose.clone(), answer(cell).ok_or_else(|| wrong("bad_consent"))?);
            }
            Target::Field(field) => {
                told.fields.insert(field.clone(), json!(cell));
            }
            Target::Number(field) => {
                told.fields.insert(field.clone(), number(cell).ok_or_else(|| wrong("bad_number"))?);
            }
        }
    }
    told.name = Some(names.join(" ")).filter(|name| !name.is_empty());
    if told.phone.is_none() {
        return Err(Refusal { code: "no_phone", cell: String::new() });
    }
    Ok(told)
}

/// A cell without the mark that keeps spreadsheets from taking it for a formula: see [`crate::api::contact_list`].
fn unguarded(cell: &str) -> &str {
    let bare = cell.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@']));
    bare.unwrap_or(cell)
}

fn language(cell: &str) -> Option<String> {
    let parts: Vec<&str> = cell.split(['-', '_']).collect();
    let fits = |part: &&str| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let first = parts.first().filter(|part| part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_alphabetic()))?;
    let rest = &parts[1..];
    let whole = || std::iter::once(first.to_ascii_lowercase()).chain(rest.iter().map(|part| (*part).to_owned()));
    parts.iter().all(fits).then(|| whole().collect::<Vec<_>>().join("_"))
}

fn priority(cell: &str) -> Option<Priority> {
    let cell = normalise(cell);
    PRIORITIES.iter().find(|(_, words)| words.iter().any(|word| normalise(word) == cell)).map(|(priority, _)| *priority)
}

fn answer(cell: &str) -> Option<bool> {
    let cell = normalise(&cell.replace('-', " "));
    let is = |words: &[&str]| words.iter().any(|word| normalise(&word.replace('-', " ")) == cell);
    if is(&YES) { Some(true) } else { is(&NO).then_some(false) }
}

fn tags(cell: &str) -> Option<Vec<String>> {
    let tags = cell.split([',', ';', '|']).map(str::trim).filter(|tag| !tag.is_empty());
    let tags: Vec<String> = tags.map(str::to_owned).collect();
    let fits = |tag: &String| tag.chars().count() <= MAX_TAG_CHARS && !tag.contains(char::is_control);
    tags.iter().all(fits).then_some(tags)
}

/// `1234.5`, `1234,5`: one mark, which parts the fraction.
fn number(cell: &str) -> Option<Value> {
    let plain = cell.replace(',', ".");
    if let Ok(whole) = plain.parse::<i64>() {
        return Some(whole.into());
    }
    let fraction = plain.parse::<f64>().ok().filter(|number| number.is_finite())?;
    Number::from_f64(fraction).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(texts: &[&str]) -> Vec<Target> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn told(columns: &[&str], cells: &[&str]) -> Result<Imported, Refusal> {
        read(&StringRecord::from(cells.to_vec()), &targets(columns), Some("IT"))
    }

    #[test]
    fn a_row_says_what_its_columns_mean() {
        let columns = [
            "name",
            "name",
            "phone",
            "language",
            "priority",
            "tags",
            "consent:marketing",
            "field:city",
            "number:total",
            "skip",
        ];
        let cells = ["Ada", "Byron", "333 123 4567", "zh-CN", "Alta", "vip; cold", "да", "Turin", "12,5", "x"];
        let found = told(&columns, &cells).unwrap();
        assert_eq!(found.name.as_deref(), Some("Ada Byron"));
        assert_eq!(found.phone.as_deref(), Some("+393331234567"));
        assert_eq!((found.language.as_deref(), found.priority), (Some("zh_CN"), Some(Priority::High)));
        assert_eq!((found.tags, found.consent["marketing"]), (vec!["vip".to_owned(), "cold".to_owned()], true));
        assert_eq!(found.fields["total"], 12.5);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_cell() {
        let table = [
            ("phone", "hello", "bad_phone"),
            ("name", "Ada", "no_phone"),
            ("priority", "urgentissimo", "bad_priority"),
            ("consent:marketing", "maybe", "bad_consent"),
            ("language", "Italian language", "bad_language"),
            ("number:total", "12 or so", "bad_number"),
        ];
        for (column, cell, code) in table {
            let refusal = told(&[column], &[cell]).unwrap_err();
            assert_eq!(refusal.code, code, "{cell}");
        }
        let long = "x".repeat(65);
        assert_eq!(told(&["tags"], &[&*long]).unwrap_err().code, "bad_tag");
    }

    #[test]
    fn what_our_own_export_guards_is_read_without_the_guard() {
        let found = told(&["phone", "name"], &["'+393331234567", "'=1+1"]).unwrap();
        assert_eq!((found.phone.as_deref(), found.name.as_deref()), (Some("+393331234567"), Some("=1+1")));
        assert_eq!(
            told(&["phone", "name"], &["+393331234567", "'s Gravenhage"]).unwrap().name.as_deref(),
            Some("'s Gravenhage")
        );
    }

    #[test]
    fn empty_cells_and_missing_ones_change_nothing() {
        let found = told(&["phone", "name", "consent:marketing"], &["+393331234567", " "]).unwrap();
        assert_eq!(found, Imported { phone: Some("+393331234567".into()), ..Imported::default() });
    }
}
