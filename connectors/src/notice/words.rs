//! The words of notices, in five languages.

use engine::capability::notify::Press;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Button;

/// The language in which people who work here are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "NoticeLanguage")]
pub(crate) enum Language {
    /// English.
    #[default]
    En,
    /// Chinese.
    Zh,
    /// Russian.
    Ru,
    /// Arabic.
    Ar,
    /// Italian.
    It,
}

/// Every text of ours in a notice.
pub(super) struct Words {
    pub(super) offered: &'static str,
    pub(super) to_team: &'static str,
    pub(super) missed: &'static str,
    pub(super) taken: &'static str,
    pub(super) out_of_hours: &'static str,
    pub(super) not_linked: &'static str,
    pub(super) how_to_link: &'static str,
    pub(super) your_id: &'static str,
    pub(super) team: &'static str,
    pub(super) customer: &'static str,
    pub(super) waits: &'static str,
    pub(super) minutes: &'static str,
    pub(super) state: &'static str,
    pub(super) still_open: &'static str,
    pub(super) acknowledged: &'static str,
    pub(super) ended: &'static str,
    pub(super) by: &'static str,
    pub(super) open: &'static str,
    take: &'static str,
    decline: &'static str,
    acknowledge: &'static str,
}

impl Language {
    /// The one that a BCP 47 tag means; English where it is none of ours.
    pub(super) fn of(tag: &str) -> Self {
        match tag.split(['-', '_']).next().unwrap_or_default() {
            "zh" => Self::Zh,
            "ru" => Self::Ru,
            "ar" => Self::Ar,
            "it" => Self::It,
            _ => Self::En,
        }
    }

    pub(super) fn words(self) -> &'static Words {
        match self {
            Self::En => &EN,
            Self::Zh => &ZH,
            Self::Ru => &RU,
            Self::Ar => &AR,
            Self::It => &IT,
        }
    }

    pub(super) fn button(self, press: Press, subject: &str) -> Button {
        let words = self.words();
        let label = match press {
            Press::Take => words.take,
            Press::Decline => words.decline,
            Press::Acknowledge => words.acknowledge,
        };
        Button { press, label, subject: subject.to_owned() }
    }
}

const EN: Words = Words {
    offered: "A customer needs a human",
    to_team: "Who takes this customer?",
    missed: "Nobody took this customer in time",
    taken: "Taken",
    out_of_hours: "A customer wrote outside working hours",
    not_linked: "your press did nothing: you are not linked to anybody here",
    how_to_link: "An administrator opens Settings, Teams, your name, and writes this id there. Until then, take customers in the inbox.",
    your_id: "Your id",
    team: "Team",
    customer: "Customer",
    waits: "Waits for",
    minutes: "min",
    state: "State",
    still_open: "still open, told again",
    acknowledged: "acknowledged",
    ended: "over",
    by: "By",
    open: "Open",
    take: "Take",
    decline: "Decline",
    acknowledge: "I look at it",
};

const ZH: Words = Words {
    offered: "有客户需要人工服务",
    to_team: "谁来接待这位客户？",
    missed: "没有人及时接待这位客户",
    taken: "已接手",
    out_of_hours: "客户在非工作时间联系",
    not_linked: "操作未生效：您的账号未与任何人员关联",
    how_to_link: "请管理员打开“设置”→“团队”→您的姓名，并填写此 ID。在此之前，请在收件箱中接手客户。",
    your_id: "您的 ID",
    team: "团队",
    customer: "客户",
    waits: "已等待",
    minutes: "分",
    state: "状态",
    still_open: "仍未处理，再次提醒",
    acknowledged: "已确认",
    ended: "已结束",
    by: "处理人",
    open: "打开",
    take: "接手",
    decline: "拒绝",
    acknowledge: "我来处理",
};

const RU: Words = Words {
    offered: "Клиенту нужен человек",
    to_team: "Кто возьмёт этого клиента?",
    missed: "Никто не взял клиента вовремя",
    taken: "Взято",
    out_of_hours: "Клиент написал в нерабочее время",
    not_linked: "нажатие не сработало: вы ни с кем здесь не связаны",
    how_to_link: "Администратор открывает «Настройки», «Команды», ваше имя и вписывает этот идентификатор. До тех пор берите клиентов во входящих.",
    your_id: "Ваш идентификатор",
    team: "Команда",
    customer: "Клиент",
    waits: "Ждёт",
    minutes: "мин",
    state: "Состояние",
    still_open: "всё ещё открыто, повтор",
    acknowledged: "подтверждено",
    ended: "завершено",
    by: "Кто",
    open: "Открыть",
    take: "Взять",
    decline: "Отказаться",
    acknowledge: "Я разберусь",
};

const AR: Words = Words {
    offered: "عميل يحتاج إلى موظف",
    to_team: "من يستلم هذا العميل؟",
    missed: "لم يستلم أحد هذا العميل في الوقت المحدد",
    taken: "تم الاستلام",
    out_of_hours: "راسلنا عميل خارج ساعات العمل",
    not_linked: "لم يُنفَّذ الضغط: حسابك غير مرتبط بأي شخص هنا",
    how_to_link: "يفتح المسؤول «الإعدادات» ثم «الفرق» ثم اسمك ويكتب هذا المعرّف. حتى ذلك الحين استلم العملاء من صندوق الوارد.",
    your_id: "معرّفك",
    team: "الفريق",
    customer: "العميل",
    waits: "ينتظر منذ",
    minutes: "د",
    state: "الحالة",
    still_open: "ما زال مفتوحًا، تذكير",
    acknowledged: "تم التأكيد",
    ended: "انتهى",
    by: "بواسطة",
    open: "فتح",
    take: "استلام",
    decline: "رفض",
    acknowledge: "سأتولى الأمر",
};

const IT: Words = Words {
    offered: "Un cliente ha bisogno di una persona",
    to_team: "Chi prende questo cliente?",
    missed: "Nessuno ha preso il cliente in tempo",
    taken: "Preso in carico",
    out_of_hours: "Un cliente ha scritto fuori orario",
    not_linked: "il pulsante non ha avuto effetto: non sei collegato a nessuno qui",
    how_to_link: "Un amministratore apre Impostazioni, Team, il tuo nome e scrive lì questo id. Fino ad allora prendi i clienti nella posta in arrivo.",
    your_id: "Il tuo id",
    team: "Team",
    customer: "Cliente",
    waits: "Aspetta da",
    minutes: "min",
    state: "Stato",
    still_open: "ancora aperto, ripetuto",
    acknowledged: "confermato",
    ended: "concluso",
    by: "Da",
    open: "Apri",
    take: "Prendi",
    decline: "Rifiuta",
    acknowledge: "Ci penso io",
};
