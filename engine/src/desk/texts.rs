//! What a customer is told when nobody comes, where the team has no words of its own.

/// Nobody works now. `call_back`: the customer may leave a number and a time.
pub(super) fn away(language: &str, call_back: bool) -> &'static str {
    match (language, call_back) {
        ("ar", true) => "لا يوجد أحد من زملائنا الآن. اكتب رقمك والوقت الذي يناسبك، وسنتصل بك.",
        ("ar", false) => "لا يوجد أحد من زملائنا الآن. سنرد عليك حالما نعود.",
        ("it", true) => {
            "In questo momento non c'è nessuno dei nostri colleghi. Scrivi il tuo numero e l'ora che preferisci: ti richiamiamo."
        }
        ("it", false) => "In questo momento non c'è nessuno dei nostri colleghi. Ti rispondiamo appena torniamo.",
        ("ru", true) => "Сейчас никого из наших сотрудников нет. Напишите номер и удобное время, и мы вам перезвоним.",
        ("ru", false) => "Сейчас никого из наших сотрудников нет. Мы ответим, как только вернёмся.",
        ("zh", true) => "我们的同事现在不在。请留下电话号码和方便的时间，我们会给您回电。",
        ("zh", false) => "我们的同事现在不在。我们回来后会立即回复您。",
        (_, true) => {
            "None of our colleagues is here right now. Write your number and a time that suits you, and we will call you back."
        }
        (_, false) => "None of our colleagues is here right now. We will answer as soon as we are back.",
    }
}

/// Nobody took it in time.
pub(super) fn late(language: &str) -> &'static str {
    match language.split(['-', '_']).next().unwrap_or_default() {
        "ar" => "جميع زملائنا مشغولون الآن. لم ننسك، وسيرد عليك أحدهم في أقرب وقت.",
        "it" => "Tutti i nostri colleghi sono occupati. Non ti abbiamo dimenticato: qualcuno ti risponde appena può.",
        "ru" => "Все наши сотрудники сейчас заняты. Мы о вас помним: кто-нибудь ответит, как только сможет.",
        "zh" => "我们的同事现在都在忙。我们没有忘记您，会尽快有人回复。",
        _ => "All our colleagues are busy. We have not forgotten you: somebody will answer as soon as they can.",
    }
}
