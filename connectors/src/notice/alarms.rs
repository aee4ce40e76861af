//! What alarms are called and what to do about them, in the languages other than English. The engine says both in English, with details
//! that only it knows; the pages of the editor have the same words.

use super::Language;

/// Kind, headline and advice. `{name}` and `{other}` stand for what the alarm is about, `{team}` for the team that let a customer wait.
type Lines = [(&'static str, &'static str, &'static str); 9];

/// The headline and the advice of an alarm of `kind` with the key that says what it is about; nothing in English, and of a kind that has
/// no words here, or a team that is not known.
pub(super) fn told(language: Language, kind: &str, key: &str, team: Option<&str>) -> Option<(String, &'static str)> {
    let lines = match language {
        Language::En => return None,
        Language::Zh => &ZH,
        Language::Ru => &RU,
        Language::Ar => &AR,
        Language::It => &IT,
    };
    let (_, title, text) = lines.iter().find(|(of, ..)| *of == kind)?;
    // Of a time when it was not kept.
    if title.contains("{team}") && team.is_none() {
        return None;
    }
    let about = key.split_once('/').map_or("", |(_, about)| about);
    // A folder is a name with slashes.
    let (name, other) = if kind == "disk_low" { (about, "") } else { about.split_once('/').unwrap_or((about, "")) };
    let title = title.replace("{name}", name).replace("{other}", other);
    Some((title.replace("{team}", team.unwrap_or_default()), text))
}

const ZH: Lines = [
    ("connection_down", "连接 {name} 已中断", "无法访问或拒绝请求，请求按顺序等待。若凭据被拒，请更正。"),
    ("attention", "流程 {name} 对 {other} 的调用需人工处理", "有调用未能完成，最多等待人工处理 24 小时。"),
    ("flow_failed", "流程 {name} 失败", "一次运行以流程未处理的失败结束。"),
    ("starts_held", "流程 {name} 的启动被暂缓", "其触发条件在首小时内命中过多。请放行或丢弃这些启动。"),
    ("clock_jumped", "服务器时钟跳变", "在新时间稳定一分钟之前，长等待会被暂缓。"),
    ("disk_low", "{name} 所在磁盘即将写满", "请清理空间或扩容：写满后将不再接收新内容。"),
    ("escalation_missed", "团队 {team} 无人及时接待一位客户", "客户仍在等待。"),
    ("escalation_late", "团队 {team} 即将错过一位客户", "接待时限已过大半，仍无人接手。"),
    ("test", "Switchboard：测试", "这是一次测试。告警会发送到这里。"),
];

const RU: Lines = [
    (
        "connection_down",
        "Подключение {name} недоступно",
        "Оно недоступно или отвергает вызовы; они ждут по порядку. Если не подходят данные доступа, исправьте их.",
    ),
    (
        "attention",
        "Вызовы сценария {name} к {other} ждут человека",
        "Вызов не завершён и ждёт человека не более 24 часов.",
    ),
    ("flow_failed", "Сбой сценария {name}", "Запуск закончился сбоем, который сценарий не обрабатывает."),
    (
        "starts_held",
        "Запуски сценария {name} задержаны",
        "Его условие сработало слишком часто в первый час. Отпустите запуски или отмените их.",
    ),
    ("clock_jumped", "Часы сервера скакнули", "Долгие ожидания задержаны, пока новое время не продержится минуту."),
    (
        "disk_low",
        "Диск с {name} почти заполнен",
        "Освободите место или увеличьте диск: на полном ничего нового не принимается.",
    ),
    ("escalation_missed", "Никто из «{team}» не взял клиента вовремя", "Клиент всё ещё ждёт."),
    ("escalation_late", "«{team}» вот-вот пропустит клиента", "Больше половины времени прошло, и никто не взял."),
    ("test", "Switchboard: проба", "Это проба. Тревоги приходят сюда."),
];

const AR: Lines = [
    (
        "connection_down",
        "الاتصال {name} معطّل",
        "يتعذر الوصول إليه أو يرفض الطلبات؛ وهي تنتظر بالترتيب. إن رفض بيانات الدخول فصحّحها.",
    ),
    ("attention", "طلبات المسار {name} إلى {other} تحتاج إلى أحد", "لم يكتمل طلب وينتظر أحدًا، 24 ساعة كحد أقصى."),
    ("flow_failed", "فشل المسار {name}", "انتهى تشغيل بفشل لا يعالجه المسار."),
    ("starts_held", "عمليات بدء المسار {name} محجوزة", "تحقق شرطه كثيرًا في ساعته الأولى. أطلق عمليات البدء أو أسقطها."),
    ("clock_jumped", "قفزت ساعة الخادم", "تُؤجَّل فترات الانتظار الطويلة حتى يثبت الوقت الجديد دقيقة."),
    ("disk_low", "القرص الذي فيه {name} شبه ممتلئ", "أفرغ مساحة أو وسّع القرص: عند امتلائه لا يُقبل أي جديد."),
    ("escalation_missed", "لم يستلم أحد من {team} عميلًا في الوقت المحدد", "ما زال العميل ينتظر."),
    ("escalation_late", "{team}: عميل على وشك أن يُفوَّت", "انقضى أكثر من نصف الوقت ولم يستلمه أحد."),
    ("test", "Switchboard: تجربة", "هذه تجربة. التنبيهات تصلك هنا."),
];

const IT: Lines = [
    (
        "connection_down",
        "La connessione {name} è ferma",
        "Non è raggiungibile o rifiuta le chiamate, che aspettano in ordine. Se rifiuta le credenziali, correggile.",
    ),
    (
        "attention",
        "Chiamate del flusso {name} a {other} richiedono una persona",
        "Una chiamata non è finita e aspetta una persona, al massimo 24 ore.",
    ),
    ("flow_failed", "Il flusso {name} è fallito", "Un’esecuzione è finita con un errore che il flusso non gestisce."),
    (
        "starts_held",
        "Avvii del flusso {name} trattenuti",
        "La sua condizione è scattata troppo spesso nella prima ora. Rilascia gli avvii o scartali.",
    ),
    (
        "clock_jumped",
        "L’orologio del server è saltato",
        "Le attese lunghe sono sospese finché la nuova ora regge un minuto.",
    ),
    (
        "disk_low",
        "Il disco di {name} è quasi pieno",
        "Fai spazio o usa un disco più grande: quando è pieno, non entra più niente.",
    ),
    ("escalation_missed", "Nessuno di {team} ha preso un cliente in tempo", "Il cliente aspetta ancora."),
    (
        "escalation_late",
        "{team} sta per perdere un cliente",
        "Più della metà del tempo è passata e nessuno l’ha preso.",
    ),
    ("test", "Switchboard: una prova", "Questa è una prova. Gli allarmi arrivano qui."),
];

#[cfg(test)]
mod tests {
    use engine::alarm::{Kind, Raise};

    use super::*;

    #[test]
    fn every_kind_has_words_in_every_language() {
        for language in [Language::Zh, Language::Ru, Language::Ar, Language::It] {
            for kind in [
                Kind::ConnectionDown,
                Kind::Attention,
                Kind::FlowFailed,
                Kind::StartsHeld,
                Kind::ClockJumped,
                Kind::DiskLow,
                Kind::EscalationMissed,
                Kind::EscalationLate,
                Kind::Test,
            ] {
                let (title, text) = told(language, &kind.name(), "x/one/two", Some("care")).expect("words");
                assert!(
                    !title.is_empty() && !title.contains('{') && !text.is_empty(),
                    "{language:?} {kind:?}: {title}"
                );
            }
        }
    }

    #[test]
    fn what_it_is_about_stands_in_the_headline() {
        let of = |raise: &Raise| told(Language::It, &raise.kind.name(), &raise.key, None).map(|(title, _)| title);
        let calls = of(&Raise::attention("orders", "crm", "refused"));
        assert_eq!(calls.as_deref(), Some("Chiamate del flusso orders a crm richiedono una persona"));
        assert_eq!(of(&Raise::disk_low("/var/data", 1, 2)).as_deref(), Some("Il disco di /var/data è quasi pieno"));
        assert_eq!(told(Language::En, "flow_failed", "flow/orders", None), None);
    }
}
