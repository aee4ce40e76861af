//! What a notification says, in five languages. It names no customer: screens are locked, and lie on tables.

/// The texts in one language.
pub(super) struct Words {
    /// Somebody is offered to whoever reads it.
    pub(super) offered: &'static str,
    /// Somebody waits, and the whole team is asked.
    pub(super) team: &'static str,
    /// Nobody came in time.
    pub(super) missed: &'static str,
    /// What to do.
    pub(super) tap: &'static str,
    /// A colleague names whoever reads it in a note.
    pub(super) mentioned: &'static str,
    /// What to do about that.
    pub(super) read: &'static str,
    /// An alarm.
    pub(super) alarm: &'static str,
    /// A trial.
    pub(super) trial: &'static str,
}

/// The texts in `language`; English where it is none of ours.
pub(super) fn words(language: &str) -> &'static Words {
    match language.split(['-', '_']).next().unwrap_or_default() {
        "zh" => &ZH,
        "ru" => &RU,
        "ar" => &AR,
        "it" => &IT,
        _ => &EN,
    }
}

const EN: Words = Words {
    offered: "A customer is waiting for you",
    team: "A customer is waiting for your team",
    missed: "A customer was not taken in time and still waits",
    tap: "Open the conversation to answer.",
    mentioned: "A colleague mentions you in a note",
    read: "Open the conversation to read it.",
    alarm: "Alarm",
    trial: "Notifications reach this device.",
};

const ZH: Words = Words {
    offered: "有客户在等您",
    team: "有客户在等您的团队",
    missed: "有客户未被及时接待，仍在等待",
    tap: "打开会话进行回复。",
    mentioned: "同事在备注中提到了您",
    read: "打开会话查看。",
    alarm: "告警",
    trial: "此设备可以收到通知。",
};

const RU: Words = Words {
    offered: "Вас ждёт клиент",
    team: "Вашу команду ждёт клиент",
    missed: "Клиента не взяли вовремя, он всё ещё ждёт",
    tap: "Откройте разговор, чтобы ответить.",
    mentioned: "Коллега упоминает вас в заметке",
    read: "Откройте разговор, чтобы прочитать.",
    alarm: "Тревога",
    trial: "Уведомления доходят до этого устройства.",
};

const AR: Words = Words {
    offered: "عميل في انتظارك",
    team: "عميل في انتظار فريقك",
    missed: "لم يُستلَم عميل في الوقت المحدد وما زال ينتظر",
    tap: "افتح المحادثة للرد.",
    mentioned: "زميل ذكرك في ملاحظة",
    read: "افتح المحادثة لقراءتها.",
    alarm: "تنبيه",
    trial: "تصل الإشعارات إلى هذا الجهاز.",
};

const IT: Words = Words {
    offered: "Un cliente ti aspetta",
    team: "Un cliente aspetta la tua squadra",
    missed: "Un cliente non è stato preso in tempo e aspetta ancora",
    tap: "Apri la conversazione per rispondere.",
    mentioned: "Una collega o un collega ti menziona in una nota",
    read: "Apri la conversazione per leggerla.",
    alarm: "Allarme",
    trial: "Le notifiche arrivano su questo dispositivo.",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_that_is_none_of_ours_is_english() {
        assert_eq!(words("pt_BR").alarm, "Alarm");
        assert_eq!((words("zh_CN").alarm, words("ar").alarm), ("告警", "تنبيه"));
    }
}
