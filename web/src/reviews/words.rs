//! What mails about approvals say, in five languages.

/// The texts in one language. `{who}` is a name, `{what}` a document's.
pub(super) struct Words {
    /// Somebody asks.
    pub(super) asked: &'static str,
    /// Somebody approved.
    pub(super) approved: &'static str,
    /// Somebody declined.
    pub(super) declined: &'static str,
    /// What stands before the address.
    pub(super) open: &'static str,
}

impl Words {
    /// The texts in `language`; English where it is none of ours.
    pub(super) fn of(language: &str) -> &'static Self {
        match language.split(['-', '_']).next().unwrap_or_default() {
            "zh" => &ZH,
            "ru" => &RU,
            "ar" => &AR,
            "it" => &IT,
            _ => &EN,
        }
    }
}

const EN: Words = Words {
    asked: "{who} asks you to approve: {what}",
    approved: "{who} approved: {what}",
    declined: "{who} declined: {what}",
    open: "Look at it:",
};

const ZH: Words = Words {
    asked: "{who} 请您批准：{what}",
    approved: "{who} 已批准：{what}",
    declined: "{who} 已拒绝：{what}",
    open: "查看：",
};

const RU: Words = Words {
    asked: "{who} просит вас одобрить: {what}",
    approved: "Одобрено ({who}): {what}",
    declined: "Отклонено ({who}): {what}",
    open: "Посмотреть:",
};

const AR: Words = Words {
    asked: "طلب {who} موافقتك على: {what}",
    approved: "وافق {who} على: {what}",
    declined: "رفض {who}: {what}",
    open: "للاطلاع:",
};

const IT: Words = Words {
    asked: "{who} ti chiede di approvare: {what}",
    approved: "{who} ha approvato: {what}",
    declined: "{who} ha rifiutato: {what}",
    open: "Guarda:",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_names_who_and_what() {
        for language in ["en", "zh_CN", "ru", "ar", "it-IT", "pt"] {
            let words = Words::of(language);
            for text in [words.asked, words.approved, words.declined] {
                assert!(text.contains("{who}") && text.contains("{what}"), "{language}: {text}");
            }
        }
        assert_eq!(Words::of("zh_CN").open, "查看：");
    }
}
