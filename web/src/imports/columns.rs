//! What a column of a file is: guessed by its header, in five languages, and by what stands in it.

use std::fmt;
use std::str::FromStr;

use engine::contact::MARKETING;
use engine::expr::text::normalise;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest name of a field or purpose.
const MAX_NAME: usize = 64;

/// What becomes of the cells of a column. As text: `phone`, `field:city`, `number:total`, `consent:marketing` …
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(rename = "ImportTarget", with = "String")]
pub(crate) enum Target {
    /// Nothing.
    Skip,
    /// The telephone number.
    Phone,
    /// The name; several such columns are joined in their order.
    Name,
    /// The language.
    Language,
    /// The priority.
    Priority,
    /// The status of the last order.
    OrderStatus,
    /// Tags, separated by `,`, `;` or `|`.
    Tags,
    /// Whether the person agreed to something.
    Consent(String),
    /// A field of our own, as text.
    Field(String),
    /// A field of our own, as a number.
    Number(String),
}

/// Words of headers, normalised, for each standard field: English, Italian, Russian, Chinese, Arabic.
const WORDS: [(&[&str], Target); 6] = [
    (
        &[
            "phone",
            "telephone",
            "mobile",
            "cell",
            "whatsapp",
            "msisdn",
            "tel",
            "telefono",
            "cellulare",
            "телефон",
            "мобильныи",
            "номер телефона",
            "电话",
            "手机",
            "手机号",
            "手机号码",
            "هاتف",
            "الهاتف",
            "جوال",
            "الجوال",
            "رقم الهاتف",
            "رقم الجوال",
        ],
        Target::Phone,
    ),
    (
        &[
            "name",
            "full name",
            "first name",
            "last name",
            "surname",
            "customer",
            "client",
            "nome",
            "cognome",
            "nominativo",
            "cliente",
            "имя",
            "фамилия",
            "фио",
            "клиент",
            "姓名",
            "名字",
            "姓",
            "名",
            "客户",
            "اسم",
            "الاسم",
            "العميل",
            "اسم العميل",
        ],
        Target::Name,
    ),
    (&["language", "lang", "locale", "lingua", "язык", "语言", "لغة", "اللغة"], Target::Language),
    (&["priority", "priorita", "приоритет", "优先级", "الاولوية", "اولوية"], Target::Priority),
    (&["order status", "stato ordine", "статус заказа", "订单状态", "حالة الطلب"], Target::OrderStatus),
    (
        &["tags", "tag", "labels", "label", "etichette", "etichetta", "теги", "тег", "метки", "标签", "وسوم", "الوسوم"],
        Target::Tags,
    ),
];
const CONSENT: [&str; 16] = [
    "marketing",
    "consent",
    "opt in",
    "optin",
    "newsletter",
    "marketing consent",
    "consenso",
    "consenso marketing",
    "согласие",
    "согласие на рассылку",
    "рассылка",
    "同意",
    "营销同意",
    "订阅",
    "موافقة",
    "الموافقة",
];
/// Columns of our own export that say nothing to bring in.
const SKIPPED: [&str; 3] = ["id", "contact id", "last interaction at"];

impl Target {
    /// What a column is, as its header and the first cells say.
    pub(crate) fn guess<'c>(header: &str, cells: impl Iterator<Item = &'c str>) -> Self {
        let words = normalise(&header.replace(['_', '-', '.', '/'], " "));
        // Our own export names a column as a target.
        if let Some(told) = header.trim().parse().ok().filter(|_| header.contains(':')) {
            return told;
        }
        if SKIPPED.contains(&&*words) {
            return Self::Skip;
        }
        if CONSENT.iter().any(|name| normalise(name) == words) {
            return Self::Consent(MARKETING.to_owned());
        }
        let known = WORDS.iter().find(|(names, _)| names.iter().any(|name| normalise(name) == words));
        if let Some((_, target)) = known {
            return target.clone();
        }
        let name = field_name(&words);
        if name.is_empty() {
            return Self::Skip;
        }
        let mut cells = cells.map(str::trim).filter(|cell| !cell.is_empty()).peekable();
        if cells.peek().is_some() && cells.all(is_number) { Self::Number(name) } else { Self::Field(name) }
    }
}

/// The name of a field: words joined by `_`.
fn field_name(words: &str) -> String {
    let letters = words.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect::<String>();
    letters.split_whitespace().collect::<Vec<_>>().join("_").chars().take(MAX_NAME).collect()
}

/// Whether it is a number that loses nothing when it is kept as one: no zero before it, no plus, not too long.
fn is_number(cell: &str) -> bool {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    let padded = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    plain && !padded && digits.len() <= 12 && cell.parse::<f64>().is_ok()
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Skip => f.write_str("skip"),
            Self::Phone => f.write_str("phone"),
            Self::Name => f.write_str("name"),
            Self::Language => f.write_str("language"),
            Self::Priority => f.write_str("priority"),
            Self::OrderStatus => f.write_str("order_status"),
            Self::Tags => f.write_str("tags"),
            Self::Consent(purpose) => write!(f, "consent:{purpose}"),
            Self::Field(name) => write!(f, "field:{name}"),
            Self::Number(name) => write!(f, "number:{name}"),
        }
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

/// The text names nothing a column can be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is nothing a column can be: write phone, name, language, priority, order_status, tags, skip, consent:PURPOSE, field:NAME or \
     number:NAME"
)]
pub(crate) struct NoTarget(String);

impl FromStr for Target {
    type Err = NoTarget;

    fn from_str(text: &str) -> Result<Self, NoTarget> {
        let wrong = || NoTarget(text.chars().take(40).collect());
        if let Some((kind, name)) = text.split_once(':') {
            let fits = !name.is_empty()
                && name.chars().count() <= MAX_NAME
                && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
            return match kind {
                "consent" if fits => Ok(Self::Consent(name.to_owned())),
                "field" if fits => Ok(Self::Field(name.to_owned())),
                "number" if fits => Ok(Self::Number(name.to_owned())),
                _ => Err(wrong()),
            };
        }
        let plain =
            [Self::Skip, Self::Phone, Self::Name, Self::Language, Self::Priority, Self::OrderStatus, Self::Tags];
        plain.into_iter().find(|target| target.to_string() == text).ok_or_else(wrong)
    }
}

impl TryFrom<String> for Target {
    type Error = NoTarget;

    fn try_from(text: String) -> Result<Self, NoTarget> {
        text.parse()
    }
}

/// A column of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ImportColumn")]
pub(crate) struct Column {
    /// What stands above it.
    pub(crate) header: String,
    /// What becomes of it.
    pub(crate) target: Target,
    /// What the first rows hold.
    pub(crate) samples: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(header: &str, cells: &[&str]) -> String {
        Target::guess(header, cells.iter().copied()).to_string()
    }

    #[test]
    fn headers_are_understood_in_five_languages() {
        let table = [
            ("phone", ["Phone", "Telefono", "Телефон", "手机号", "رقم الهاتف"]),
            ("name", ["Full name", "Nominativo", "ФИО", "姓名", "الاسم"]),
            ("tags", ["Tags", "Etichette", "Метки", "标签", "وسوم"]),
            ("consent:marketing", ["opt-in", "Consenso marketing", "Согласие", "同意", "موافقة"]),
            ("language", ["LANGUAGE", "lingua", "Язык", "语言", "اللغة"]),
            ("order_status", ["order_status", "Stato ordine", "Статус заказа", "订单状态", "حالة الطلب"]),
            ("priority", ["Priority", "Priorità", "Приоритет", "优先级", "الأولوية"]),
        ];
        for (target, headers) in table {
            for header in headers {
                assert_eq!(guess(header, &["x"]), target, "{header}");
            }
        }
    }

    #[test]
    fn other_columns_are_fields_and_numbers_only_when_nothing_is_lost() {
        assert_eq!(guess("City of birth", &["Turin"]), "field:city_of_birth");
        assert_eq!(guess("Total", &["12", "", "3.5"]), "number:total");
        assert_eq!(guess("ZIP", &["00184", "20121"]), "field:zip");
        assert_eq!(guess("Card", &["4929123412341234"]), "field:card");
        assert_eq!(guess("Empty", &["", ""]), "field:empty");
        assert_eq!((guess("", &["1"]), guess("id", &["con_1"])), ("skip".into(), "skip".into()));
    }

    #[test]
    fn targets_are_read_as_they_are_written() {
        for text in ["skip", "phone", "tags", "consent:marketing", "field:città", "number:a_b"] {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), text);
            // Our own export heads its columns so.
            assert!(!text.contains(':') || guess(text, &["x"]) == text);
        }
        for wrong in ["", "field:", "field:a b", "phones", "other:x"] {
            assert!(wrong.parse::<Target>().is_err(), "{wrong}");
        }
    }
}
